"""Which further cells to hide in a table of exact counts, so that no hidden count can be narrowed down.

Small tables get the cheapest choice there is (`policies.disclosure.cheapest`). In large tables the hidden cells that single equations give away are moved, one after another or several at once, by the cheapest
arrangement that moves them far enough; so is what an attack finds then; and every further cell that turns out not to be needed is shown again. Where whole people are not found for many cells, or that takes too long,
these become corners of boxes (`policies.disclosure.boxes`), which costs more. Where zeros may be hidden, or other tables are read with this one, the whole attack is run on the result, and what it finds gets boxes too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.boxes import boxed, withstanding
from policies.disclosure.cheapest import cheapest
from policies.disclosure.errors import Unsafe
from policies.disclosure.moving import Mover
from policies.disclosure.problem import CANNOT, Cells, Problem, told_by_one, too_narrow, wide
from policies.disclosure.system import WHOLE

MOST_FOR_BEST: Final = 80
"""Cells of a table for which the cheapest choice is looked for."""
MOST_SHOWN_AGAIN: Final = 5_000
"""Attacks on a large table with a cell shown again, times its cells."""
MOST_CHOICES: Final = 3
"""Choices beside the first, of which the cheapest is taken."""
MOST_CHOOSING: Final = 1_000_000
"""Coefficients of the linear programs that lead to these, about; a larger table gets fewer choices, or no other."""
SHOWN: Final = 0.6
"""The share of the further cells that is shown again at first in each of them."""
SEED: Final = 1
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
        hidden = withstanding(problem, problem.first.copy()) if problem.beside else problem.first.copy()
        return Plan(hidden, _cost(problem, hidden), 0.0)
    mover, already = Mover(problem), wide(problem, problem.first)
    near = _shown_again(problem, _one_by_one(problem, problem.first, already, mover), mover)
    if len(problem.counts) > MOST_FOR_BEST:
        near = _anew_in_part(problem, near, already, mover)
        # Where zeros may be hidden, the attack supposes more than `too_narrow` does, and beside other tables it knows more.
        near = withstanding(problem, near) if problem.beside or not problem.floor else near
        return Plan(near, _cost(problem, near), None)
    best, at_least = cheapest(problem)
    taken = near if best is None else best
    taken = withstanding(problem, taken) if problem.beside else taken
    return Plan(taken, _cost(problem, taken), at_least)


def _cost(problem: Problem, hidden: Cells) -> float:
    return float(problem.cost[hidden & ~problem.first].sum())


def _anew_in_part(problem: Problem, near: Cells, already: Cells, mover: Mover) -> Cells:
    """The cheapest of several choices, in each of which most of the further cells of the cheapest so far are shown again and others looked for (large neighbourhood search: Shaw, CP 1998)."""
    shown, each = np.random.default_rng(SEED), mover.spent
    for _ in range(min(MOST_CHOICES, MOST_CHOOSING // max(each, 1))):
        further = np.flatnonzero(near & ~problem.first)
        start = near.copy()
        start[shown.choice(further, int(len(further) * SHOWN), replace=False)] = False
        try:
            other = _shown_again(problem, _one_by_one(problem, start, already, mover), mover)
        except Unsafe:  # from there; the choice that there is stays good
            continue
        if _cost(problem, other) < _cost(problem, near):
            near = other
    return near


def _one_by_one(problem: Problem, start: Cells, already: Cells, mover: Mover) -> Cells:
    """With further cells hidden than at the start, so that an attack finds none too narrow."""
    most: float = mover.spent + MOST_MOVING
    hidden, large = start.copy(), len(problem.counts) > MOST_FOR_BEST
    # Once those can be moved that single equations give away, an attack mostly finds that all others can.
    moved = already | ~told_by_one(problem, hidden)
    for _ in range(MOST_PASSES):
        before, aimed = hidden.sum(), hidden & ~moved
        hidden = _moved(problem, hidden, moved, mover, most=most)
        left = too_narrow(problem, hidden)
        if not left.size:
            return hidden
        stuck = hidden.sum() == before and aimed[left].all()
        moved = hidden.copy()
        moved[left] = False
        if large and len(left) > MOST_BY_BRANCHING and (stuck or mover.spent >= most):
            by_boxes = boxed(problem, hidden, needed=hidden & ~moved, at_first=problem.first & ~already)
            if by_boxes is not None:
                return by_boxes
            large = False
        if stuck:
            _more(problem, hidden, left, mover)
        if len(left) <= MOST_BY_BRANCHING or not large:
            most = np.inf
    raise Unsafe("these counts could not be protected: combine categories, or ask for a smaller width")


def _moved(problem: Problem, hidden: Cells, moved: Cells, mover: Mover, *, most: float) -> Cells:
    """With the cheapest further cells hidden, so that every hidden cell of those that are not `moved` can be moved, perhaps by fractions of people. No more are moved once the mover has spent `most`.

    Those that single equations give away come first. If they are few, they are moved one at a time, which finds cheaper choices.
    """
    hidden, moved = hidden.copy(), moved.copy()
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
        further = (np.abs(found) > WHOLE).any(axis=0) & ~hidden
        hidden |= further
        moved |= further | (np.abs(found[0] - found[1]) >= problem.wanted - WHOLE)
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
