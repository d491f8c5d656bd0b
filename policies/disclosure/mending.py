"""Whole people close to fractions of them: counts are rounded, and one person after another is moved until every statement holds again.

Method: local search with weights, the *feasibility jump* of Luteberget and Sartor (Mathematical Programming Computation 15, 2023), with steps of one person. What it finds is
certain, for every statement is looked at; where it finds nothing, nothing follows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import csc_array, csr_array, vstack

from policies.disclosure.system import WHOLE, Floats, System

SEED: Final = 1
MOST_MOVES: Final = 3_000
EACH: Final = 15_000
"""What one move takes beside the coefficients, as `Solution.taken`."""
AGAIN: Final = 3
"""Moves for which a count that was just changed is left alone."""


class Mender:
    """Looks for whole counts between `least` and `most` that satisfy a system. `spent`: the effort so far, as `Solution.spent`."""

    def __init__(self, system: System, sums: csr_array, *, least: Floats, most: Floats) -> None:
        self._least, self._most = least, most
        self._rows = csr_array(vstack([system.matrix, sums]))
        self._turned = csr_array(self._rows.T)
        self._columns = csc_array(self._rows)
        free = np.full(sums.shape[0], np.inf)
        self._low, self._high = np.append(system.low, -free), np.append(system.high, free)
        self._first = system.matrix.shape[0]
        self._random = np.random.default_rng(SEED)
        self.spent = self.taken = 0

    def near(
        self, counts: Floats, *, at: tuple[int, float] | None = None, moves: int = MOST_MOVES
    ) -> Floats | None:
        """Whole counts close to these; None if none were found. `at`: a sum, by its place, and the value that it has to have."""
        low, high = self._low, self._high
        if at is not None:
            low, high = low.copy(), high.copy()
            low[self._first + at[0]] = high[self._first + at[0]] = at[1]
        counts = np.clip(np.round(counts), self._least, self._most)
        sums = self._rows @ counts
        weight = np.ones(len(low))
        moved = np.full(len(counts), -AGAIN - 1)
        indptr, indices = self._columns.indptr, self._columns.indices
        for move in range(moves):
            short, over = sums < low - WHOLE, sums > high + WHOLE
            wrong = short | over
            if not wrong.any():
                self._count(move + 1)
                return counts
            # What one person more, or fewer, in each count would cost: statements that would begin to fail, less those that would come closer.
            more = self._turned @ (weight * ((sums > high - 1 + WHOLE).astype(np.float64) - short))
            fewer = self._turned @ (weight * ((sums < low + 1 - WHOLE).astype(np.float64) - over))
            still = move - moved <= AGAIN
            more[still | (counts > self._most - 1 + WHOLE)] = np.inf
            fewer[still | (counts < self._least + 1 - WHOLE)] = np.inf
            best = min(more.min(), fewer.min())
            if not np.isfinite(best):
                break
            if best >= 0:
                weight[wrong] += 1.0
            step = 1.0 if more.min() <= fewer.min() else -1.0
            equal = np.flatnonzero((more if step > 0 else fewer) == best)
            one = equal[self._random.integers(len(equal))]
            counts[one] += step
            moved[one] = move
            sums[indices[indptr[one] : indptr[one + 1]]] += step
        self._count(moves)
        return None

    def _count(self, moves: int) -> None:
        self.spent += moves * self._rows.nnz
        self.taken += moves * (self._rows.nnz + EACH)
