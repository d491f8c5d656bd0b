"""Attack (b) with the passes joined, one part: in how many rows of each pass a record stands, laid over a register.

A row is left out where its key is shared too often in the file; how often it is, a register does not say for certain. It bounds the number of rows:
those that nobody else in the register shares are there for certain, and more than the register has are never there.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.leak.colours import Numbers
from linkage.leak.refinement import NOBODY

Counts = npt.NDArray[np.int16]
MOST_RARE: Final = 3_000
AT_ONCE: Final = 32


def counts_of(record: Numbers, *, records: int) -> Counts:
    """The number of rows of each record."""
    return np.bincount(record, minlength=records).astype(np.int16)


def only_fitting(file: Counts, *, least: Counts, most: Counts) -> Numbers:
    """For each record of the file the register's record it must be, or `NOBODY`: no other's bounds hold its numbers of rows. Arrays are (records,
    passes). Records whose numbers another of the file has as well are not tried, nor more than `MOST_RARE` others."""
    kinds, first, counts = np.unique(file, axis=0, return_index=True, return_counts=True)
    rare = np.flatnonzero(counts == 1)[:MOST_RARE]
    bounds, place, people = np.unique(np.hstack([least, most]), axis=0, return_index=True, return_counts=True)
    low, high = bounds[:, : file.shape[1]], bounds[:, file.shape[1] :]
    claim = np.full(len(file), NOBODY, dtype=np.int64)
    for at in range(0, len(rare), AT_ONCE):
        some = rare[at : at + AT_ONCE]
        wanted = kinds[some][:, None, :]
        fits = np.all((low <= wanted) & (wanted <= high), axis=2)
        alone = np.flatnonzero(fits @ people == 1)
        claim[first[some[alone]]] = place[fits[alone].argmax(axis=1)]
    return claim
