"""A table to be protected, and what a reader could narrow down if these or those of its cells were hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.system import WHOLE, Floats, System, room

CANNOT: Final = "these counts cannot be protected even with every cell hidden that may be: combine categories"
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A table to be protected. Each printed cell is a row of `sums` over the cells that are divided no further.

    `first`: cells that the rule hides. `allowed`: cells that may be hidden to protect others. `floor`: what a reader knows a hidden count to be at
    least. `lines`: equations, each a list of cells of which the first is the sum of the others. `axes`: for each dimension, which of the categories that are divided no further
    each category takes in (categories x those); `places`: the categories of each cell (cells x dimensions). `attacked`: the cells that the attack on what is printed finds too narrow, or does
    not settle, if these are hidden, and those by which it does so in other tables. `beside`: it is read with such.
    """

    counts: NDArray[np.int64]
    sums: csr_array
    first: Cells
    allowed: Cells
    cost: Floats
    wanted: float
    floor: int
    lines: tuple[NDArray[np.int64], ...]
    axes: tuple[NDArray[np.bool_], ...]
    places: NDArray[np.int64]
    attacked: Callable[[Cells], NDArray[np.int64]]
    beside: bool = False


def too_narrow(problem: Problem, hidden: Cells) -> NDArray[np.int64]:
    """Hidden cells that a reader could narrow down too far if these were hidden."""
    rows, found = _attacked(problem, hidden)
    return rows if found is None else rows[found.narrower(problem.wanted)]


def wide(problem: Problem, hidden: Cells) -> Cells:
    """Hidden cells for which arrangements of whole people that lie far enough apart were found; whatever is hidden besides, these stay possible."""
    rows, found = _attacked(problem, hidden)
    found_wide = np.zeros_like(hidden)
    if found is not None:
        found_wide[rows[found.reached_high >= found.reached_low + problem.wanted - WHOLE]] = True
    return found_wide


def _attacked(problem: Problem, hidden: Cells) -> tuple[NDArray[np.int64], Ranges | None]:
    rows = np.flatnonzero(hidden)
    wanted = np.full(len(rows), problem.wanted)
    return rows, ranges(_printed(problem, hidden), rows, wanted=wanted, exact=False)


def told_by_one(problem: Problem, hidden: Cells) -> Cells:
    """Hidden cells that a reader could narrow down too far by one statement after another."""
    system = _printed(problem, hidden)
    known = room(system)
    if known is None:
        return hidden
    low, high = known.of(system.matrix)
    return hidden & (high - low < problem.wanted - WHOLE)


def _printed(problem: Problem, hidden: Cells) -> System:
    counts = problem.counts.astype(np.float64)
    return System(
        problem.sums, np.where(hidden, float(problem.floor), counts), np.where(hidden, np.inf, counts)
    )
