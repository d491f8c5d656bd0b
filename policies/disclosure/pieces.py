"""A system in pieces that no statement connects, each without the counts that are known already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from policies.disclosure.system import WHOLE, Room, System


def limit(system: System, known: Room) -> float:
    """A number that stands for no limit in a solution: more than every finite number together."""
    finite = [float(a[np.isfinite(a)].sum()) for a in (system.high, system.low, known.least)]
    return 1_000.0 + sum(finite)


def part(system: System, known: Room, columns: NDArray[np.int64], inside: NDArray[np.int64]) -> System:
    """The statements of one piece, about its open counts alone; the counts that are known already are taken off."""
    matrix = system.matrix[inside]
    fixed = np.zeros(system.matrix.shape[1], dtype=bool)
    fixed[known.least == known.most] = True
    taken = matrix @ np.where(fixed, known.least, 0.0)
    return System(
        csr_array(matrix[:, columns]), system.low[inside] - taken, system.high[inside] - taken, system.whole
    )


def pieces(
    system: System, known: Room, rows: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """The open counts in pieces that no statement connects: columns, rows, and which of the sums asked for lie there."""
    low, high = known.of(system.matrix)
    says = (low < system.low - WHOLE) | (high > system.high + WHOLE)
    says[rows] = True
    is_open = known.least < known.most
    matrix = csr_array(system.matrix[:, np.flatnonzero(is_open)])
    touched = np.diff(matrix.indptr) > 0
    keep = np.flatnonzero(says & touched)
    columns = np.flatnonzero(is_open)
    kept = csr_array(matrix[keep])
    count, label = connected_components(_who_meets_what(kept), directed=False)
    label, row_label = label[: len(columns)], label[len(columns) :]
    place = np.full(system.matrix.shape[0], -1)
    place[keep] = row_label
    target_label = place[rows]
    order = np.argsort(label, kind="stable")
    ends = np.searchsorted(label[order], np.arange(count + 1))
    row_order = np.argsort(row_label, kind="stable")
    row_ends = np.searchsorted(row_label[row_order], np.arange(count + 1))
    target_order = np.argsort(target_label, kind="stable")
    target_ends = np.searchsorted(target_label[target_order], np.arange(-1, count + 1))
    none = np.zeros(0, dtype=np.int64)
    found = [(none, none, target_order[target_ends[0] : target_ends[1]])]
    for n in range(count):
        inside = keep[row_order[row_ends[n] : row_ends[n + 1]]]
        if len(inside):
            found.append(
                (
                    columns[order[ends[n] : ends[n + 1]]],
                    inside,
                    target_order[target_ends[n + 1] : target_ends[n + 2]],
                )
            )
    return found


def _who_meets_what(matrix: csr_array) -> csr_array:
    """The counts, and after them the statements, as a graph in which each statement touches its counts. Which counts share a statement would be many times as much."""
    rows, columns = matrix.shape
    ends = np.concatenate([np.zeros(columns, dtype=matrix.indptr.dtype), matrix.indptr])
    return csr_array((matrix.data, matrix.indices, ends), shape=(rows + columns, rows + columns))
