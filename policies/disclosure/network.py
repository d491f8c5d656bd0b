"""Statements that are a network: every count, and every sum that is told, is how much flows through one edge.

That is so where the sums fall into two families in each of which any two lie in each other or have nothing in common, as lines and columns of a flat table with their totals do,
with levels of either, and whatever of it is hidden. Whole numbers in the statements then leave whole numbers at both ends of each range, so that fractions of people and whole
people reach equally far (Hoffman and Kruskal 1956; for tables Gusfield, SIAM Journal on Computing 17, 1988, and Cox, Journal of the American Statistical Association 90, 1995).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from policies.disclosure.progress import Places
from policies.disclosure.system import WHOLE, Floats, System

ENDLESS: Final = 2**40
"""Stands for no limit."""
MOST_NODES: Final = 1_500
"""Sums of several counts in one network."""
MOST_MEETINGS: Final = 5_000_000
"""Pairs of sums with a count in common, beyond which it is not looked at whether they are a network."""
FROM: Final = 0
TO: Final = 1
"""The nodes where everybody comes from and goes to; a sum of several counts has a node of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """As much flows into every node as out of it, from `low` to `high` through each edge, which leads from `tail` to `head`. The first edges are the counts, by their number.

    `asked`: the edge of each sum that is asked for; `sums`: the counts that flow through each edge but the last, which leads everybody back.
    """

    tail: Places
    head: Places
    low: Places
    high: Places
    nodes: int
    asked: Places
    sums: csr_array


def network(system: System, sums: csr_array, *, least: Floats, most: Floats) -> Network | None:
    """Statements about whole counts between `least` and `most`, and sums of them, as a network; None if they are none, or too large to be looked at."""
    width = len(least)
    if not system.whole or (system.matrix.data != 1.0).any() or (sums.data != 1.0).any():
        return None
    support, row_of = _different(system.matrix, sums, width=width)
    if support is None:
        return None
    side = _two_families(support)
    if side is None:
        return None
    count = support.shape[0]
    low, high = np.zeros(width + count), np.full(width + count, float(ENDLESS))
    low[:width], high[:width] = least, np.minimum(most, ENDLESS)
    told = row_of[: system.matrix.shape[0]]
    said = told >= 0
    np.maximum.at(low, told[said], system.low[said])
    np.minimum.at(high, told[said], system.high[said])
    tail, head = _edges(support, side, width=width)
    return Network(
        np.append(tail, TO), np.append(head, FROM),
        np.append(np.ceil(low - WHOLE), 0).astype(np.int64),
        np.append(np.floor(high + WHOLE), ENDLESS).astype(np.int64),
        2 + count, row_of[system.matrix.shape[0] :], _counted(support, width=width),
    )  # fmt: skip


def _different(matrix: csr_array, sums: csr_array, *, width: int) -> tuple[csr_array | None, Places]:
    """The different sets of several counts that statements or sums are about, and for each of those its edge (-1 for none at all); no sets if they are too many."""
    number: dict[bytes, int] = {}
    edges: list[int] = []
    listed: list[Places] = []
    for rows in (matrix, sums):
        rows = csr_array(rows)
        rows.sort_indices()
        for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
            its = rows.indices[start:end].astype(np.int64)
            if len(its) < 2:
                edges.append(int(its[0]) if len(its) else -1)
                continue
            edge = number.setdefault(its.tobytes(), width + len(number))
            if edge == width + len(listed):
                listed.append(its)
            edges.append(edge)
    ends = np.cumsum([0, *map(len, listed)])
    touched = np.concatenate([*listed, np.zeros(0, dtype=np.int64)])
    meetings = int((np.bincount(touched, minlength=width) ** 2).sum())
    places = np.array(edges, dtype=np.int64)
    if len(listed) > MOST_NODES or meetings > MOST_MEETINGS or (places[matrix.shape[0] :] < 0).any():
        return None, places
    return csr_array((np.ones(len(touched)), touched, ends), shape=(len(listed), width)), places


def _two_families(support: csr_array) -> NDArray[np.bool_] | None:
    """Which of two families each set is in, so that sets of one never overlap without one lying in the other; None if there are no two such families.

    Sets that overlap are in different families: that is to colour a graph with two colours, which can be done if and only if nothing leads from a set with one colour to itself with
    the other.
    """
    count = support.shape[0]
    shared = coo_array(support @ support.T)
    size = np.diff(support.indptr)
    one, other = shared.coords
    overlap = shared.data < np.minimum(size[one], size[other])
    one, other = one[overlap], other[overlap]
    twice = coo_array(
        (np.ones(2 * len(one)), (np.append(one, one + count), np.append(other + count, other))),
        shape=(2 * count, 2 * count),
    )
    _, label = connected_components(twice, directed=False)
    if (label[:count] == label[count:]).any():
        return None
    return np.asarray(label[:count] < label[count:], dtype=bool)


def _edges(support: csr_array, side: NDArray[np.bool_], *, width: int) -> tuple[Places, Places]:
    """Where each edge begins and ends: first those of the counts, then those of the sets.

    People go from the larger sets of the first family down to the smaller ones, through the counts, and from the smaller sets of the second up to the larger ones.
    """
    size = np.diff(support.indptr)
    tail, head = (np.zeros(width + len(size), dtype=np.int64) for _ in range(2))
    inmost = {True: np.full(width, FROM, dtype=np.int64), False: np.full(width, TO, dtype=np.int64)}
    for one in np.argsort(-size, kind="stable"):
        its, first = support.indices[support.indptr[one] : support.indptr[one + 1]], bool(side[one])
        above, node = inmost[first][its[0]], 2 + one
        tail[width + one], head[width + one] = (above, node) if first else (node, above)
        inmost[first][its] = node
    tail[:width], head[:width] = inmost[True], inmost[False]
    return tail, head


def _counted(support: csr_array, *, width: int) -> csr_array:
    """Each count, and after them each set."""
    ends = np.concatenate([np.arange(width), width + support.indptr])
    indices = np.concatenate([np.arange(width), support.indices])
    return csr_array((np.ones(len(indices)), indices, ends), shape=(width + support.shape[0], width))
