"""Attack (c): frequency ranks. The largest block is taken for the most frequent key value, and so on down.

Naveed, Kamara and Wright 2015 ("Inference attacks on property-preserving encrypted databases"), rank alignment. Ties are broken at random,
so that what counts is the expected share.
"""

import numpy as np

from linkage.leak.colours import Numbers, Shares


def expected_right(seen: Numbers, known: Numbers, *, truth: Numbers) -> float:
    """The expected share of rows whose block is given the right key value. `seen` are the rows of each block, `known` those of each key value in
    the plaintext, and `truth` is the key value of each block, -1 where the plaintext does not have it."""
    if not len(seen) or not len(known):
        return 0.0
    first, last = _ranks(seen)
    begin, end = _ranks(known)
    overlap = np.minimum(last, end[truth]) - np.maximum(first, begin[truth])
    chance = np.where(truth < 0, 0, np.maximum(overlap, 0)) / ((last - first) * (end - begin)[truth])
    return float((chance * seen).sum() / seen.sum())


def _ranks(sizes: Numbers) -> tuple[Shares, Shares]:
    """The first and the last-but-one rank that each may take, largest first: those of one size share their ranks."""
    _, at, counts = np.unique(-sizes, return_inverse=True, return_counts=True)
    end = np.cumsum(counts)
    return (end - counts)[at].astype(np.float64), end[at].astype(np.float64)
