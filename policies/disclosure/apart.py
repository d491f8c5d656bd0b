"""Sums that lie apart: pushed or moved together, they seldom stand in each other's way."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import csc_array, csr_array

from policies.disclosure.progress import Places

FEW: Final = 30
"""Statements about no more counts than this count as narrow in any piece."""


class Apart:
    """Of sums of counts that these statements are about."""

    def __init__(self, matrix: csr_array, sums: csr_array) -> None:
        narrow = np.diff(matrix.indptr) <= max(FEW, matrix.shape[1] // 3)
        self._touching = csc_array(matrix[np.flatnonzero(narrow)])
        self._sums = sums

    def of(self, places: Places) -> Places:
        """Some of these sums, no two of which occur in one narrow statement."""
        touching, sums = self._touching, self._sums
        used = np.zeros(touching.shape[0], dtype=bool)
        chosen = []
        for place in places:
            atoms = sums.indices[sums.indptr[place] : sums.indptr[place + 1]]
            rows = np.concatenate(
                [touching.indices[touching.indptr[a] : touching.indptr[a + 1]] for a in atoms]
            )
            if not used[rows].any():
                used[rows] = True
                chosen.append(int(place))
        return np.array(chosen, dtype=np.int64)
