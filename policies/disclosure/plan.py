"""Which further cells to hide in a table of exact counts, so that no hidden count can be narrowed down.

Small tables get the cheapest choice there is (`policies.disclosure.cheapest`). Large tables get one hidden cell after another protected by the cheapest
arrangement that moves it far enough, and then every further cell that turns out not to be needed is shown again. Where that takes too long, or moves many cells by fractions of people alone,
as in tables of three and more dimensions, the others become corners of boxes (`policies.disclosure.boxes`), which costs more and always moves whole people. Either way the whole attack is run on the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.boxes import boxed
from policies.disclosure.cheapest import cheapest
from policies.disclosure.errors import Unsafe
from policies.disclosure.moving import Mover
from policies.disclosure.problem import CANNOT, Cells, Problem, told_by_one, too_narrow, wide
from policies.disclosure.system import WHOLE

MOST_FOR_BEST: Final = 80
"""Cells of a table for which the cheapest choice is looked for."""
MOST_SHOWN_AGAIN: Final = 5_000
"""Attacks on a large table with a cell shown again, times its cells."""
MOST_CHOICES: Final = 4
"""Choices, of which the cheapest is taken."""
MOST_CHOOSING: Final = 650_000
"""Coefficients of the linear programs that lead to these; a larger table gets fewer choices, and at least one."""
MOST_SPENT: Final = 1_000_000
"""Coefficients of the linear programs in which cells of a large table are looked at for that."""
CELLS_APIECE: Final = 100
"""Of so many cells of a table, one is moved at once with others."""
TOLD_APIECE: Final = 10
"""Of so many cells that single equations give away."""
MOST_PASSES: Final = 60
MOST_MOVING: Final = 2_500_000
"""Coefficients of the linear programs by which cells of a large table are moved; what is not moved by then becomes a corner of a box."""
MOST_BY_BRANCHING: Final = 20
"""Cells of a large table that are moved as whole people by branching, where fractions of people move them; if they are more, they become corners of boxes."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Cells to hide, what the further ones cost, and what the cheapest choice costs at least; None where that was not looked for."""

    hidden: Cells
    cost: float
    at_least: float | None


def plan(problem: Problem) -> Plan:
    """Cells to hide, so that every hidden one keeps a range at least as wide as wanted.

    Raises:
        Unsafe: hiding everything that may be hidden is not enough.
    """
    if not problem.first.any():
        return Plan(problem.first.copy(), 0.0, 0.0)
    mover = Mover(problem)
    chosen, by_boxes = _cheaply(problem, mover)
    near = _shown_again(problem, chosen, mover)
    if by_boxes and not np.array_equal(near, chosen) and problem.attacked(near).size:
        near = chosen
    if len(problem.counts) > MOST_FOR_BEST:
        return Plan(near, _cost(problem, near), None)
    best, at_least = cheapest(problem)
    taken = near if best is None else best
    return Plan(taken, _cost(problem, taken), at_least)


def _cost(problem: Problem, hidden: Cells) -> float:
    return float(problem.cost[hidden & ~problem.first].sum())


def _cheaply(problem: Problem, mover: Mover) -> tuple[Cells, bool]:
    """The cheapest of several choices, and whether it was made by boxes: the program that chooses draws what it prefers among equals anew each time."""
    moved = wide(problem, problem.first)
    chosen = _one_by_one(problem, moved, mover)
    each = mover.spent
    for _ in range(min(MOST_CHOICES, MOST_CHOOSING // max(each, 1)) - 1):
        other = _one_by_one(problem, moved, mover)
        if _cost(problem, other[0]) < _cost(problem, chosen[0]):
            chosen = other
    return chosen


def _one_by_one(problem: Problem, already: Cells, mover: Mover) -> tuple[Cells, bool]:
    hidden, moved = problem.first.copy(), already.copy()
    most: float = mover.spent + MOST_MOVING
    large = len(problem.counts) > MOST_FOR_BEST
    for _ in range(MOST_PASSES):
        hidden = _moved(problem, hidden, moved, mover, most=most)
        left = too_narrow(problem, hidden)
        if not left.size:
            return hidden, False
        if large and (len(left) > MOST_BY_BRANCHING or mover.spent >= most):
            needed = hidden & ~moved
            needed[left] = True
            by_boxes = boxed(problem, hidden, needed=needed, at_first=problem.first & ~already)
            if by_boxes is not None:
                return by_boxes, True
            most, large = np.inf, False
        before = hidden.sum()
        moved[left] = False
        hidden = _moved(problem, hidden, moved, mover, most=most)
        if hidden.sum() == before:
            _more(problem, hidden, left, mover)
    raise Unsafe("these counts could not be protected: combine categories, or ask for a smaller width")


def _moved(problem: Problem, hidden: Cells, moved: Cells, mover: Mover, *, most: float) -> Cells:
    """With the cheapest further cells hidden, so that every hidden cell can be moved, perhaps by fractions of people; `moved` tells which were. No more are moved once the mover has spent `most`.

    Those that single equations give away come first. If they are few, they are moved one at a time, which finds cheaper choices.
    """
    hidden = hidden.copy()
    told = told_by_one(problem, hidden) & ~moved
    many = len(hidden) // CELLS_APIECE
    few = min(many, int(told.sum()) // TOLD_APIECE)
    while (left := np.flatnonzero(hidden & ~moved)).size and mover.spent < most:
        left = left[np.lexsort((-problem.counts[left], ~told[left]))]
        together = mover.apart(left, most=max(1, few if told[left[0]] else many))
        found = mover.pair(together, hidden=hidden, may=problem.allowed)
        if found is None:
            together = left[:1]
            found = mover.pair(together, hidden=hidden, may=problem.allowed)
        if found is None:
            raise Unsafe(CANNOT)
        hidden |= (np.abs(found) > WHOLE).any(axis=0)
        moved |= np.abs(found[0] - found[1]) >= problem.wanted - WHOLE
    return hidden


def _more(problem: Problem, hidden: Cells, left: NDArray[np.int64], mover: Mover) -> None:
    """Where fractions of people would do and whole people do not: the cheapest whole arrangement, or else another cell."""
    for cell in left:
        found = mover.pair(np.array([cell]), hidden=hidden, may=problem.allowed, whole=True)
        further = np.zeros_like(hidden) if found is None else (np.abs(found) > WHOLE).any(axis=0) & ~hidden
        if not further.any():
            others = np.flatnonzero(problem.allowed & ~hidden)
            if not others.size:
                raise Unsafe(CANNOT)
            further[others[np.argmin(problem.cost[others])]] = True
        hidden |= further


def _shown_again(problem: Problem, hidden: Cells, mover: Mover) -> Cells:
    """Without the further cells that are not needed, the costliest looked at first."""
    further = np.flatnonzero(hidden & ~problem.first)
    attacks = MOST_SHOWN_AGAIN // len(problem.counts)
    most = mover.spent + (MOST_SPENT if mover.spent < MOST_MOVING else 0)
    for cell in further[np.argsort(-problem.cost[further], kind="stable")]:
        if not attacks or mover.spent >= most:
            break
        without = hidden.copy()
        without[cell] = False
        if not _told(problem, without, int(cell), mover):
            attacks -= 1
            if not too_narrow(problem, without).size:
                hidden = without
    return hidden


def _told(problem: Problem, hidden: Cells, shown: int, mover: Mover) -> bool:
    """Whether a cell that stands in an equation with the one that is shown could no longer be moved."""
    lines = [line[hidden[line]] for line in problem.lines if shown in line]
    if any(len(line) == 1 for line in lines):
        return True
    beside = np.unique(np.concatenate([*lines, np.zeros(0, dtype=np.int64)]))
    nothing = np.zeros_like(hidden)
    moved = nothing.copy()
    for cell in beside[np.argsort(problem.counts[beside], kind="stable")]:
        if not moved[cell]:
            found = mover.pair(np.array([cell]), hidden=hidden, may=nothing)
            if found is None:
                return True
            moved |= np.abs(found[0] - found[1]) >= problem.wanted - WHOLE
    return False
