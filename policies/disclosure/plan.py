"""Which further cells to hide in a table of exact counts, so that no hidden count can be narrowed down.

Small tables get the cheapest choice there is: a master problem chooses cells, the attacker's linear programs refuse choices with cuts that their
dual solutions give (Benders' decomposition of the cell suppression problem: Fischetti and Salazar-González, Management Science 47, 2001). Large tables
get one hidden cell after another protected by the cheapest arrangement that moves it far enough, and then every further cell that turns out not to be needed is shown again. Either way the
whole attack is run on the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.errors import Unsafe
from policies.disclosure.moving import Mover
from policies.disclosure.system import WHOLE, Floats, System, dual, room

MOST_FOR_BEST: Final = 80
"""Cells of a table for which the cheapest choice is looked for."""
MOST_ROUNDS: Final = 120
MOST_CUTS: Final = 12
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
CANNOT: Final = "these counts cannot be protected even with every cell hidden that may be: combine categories"
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A table to be protected. Each printed cell is a row of `sums` over the cells that are divided no further.

    `first`: cells that the rule hides. `allowed`: cells that may be hidden to protect others. `floor`: what a reader knows a hidden count to be at
    least. `lines`: equations, each a list of cells of which the first is the sum of the others.
    """

    counts: NDArray[np.int64]
    sums: csr_array
    first: Cells
    allowed: Cells
    cost: Floats
    wanted: float
    floor: int
    lines: tuple[NDArray[np.int64], ...]


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
    near = _shown_again(problem, _cheaply(problem, mover), mover)
    if len(problem.counts) > MOST_FOR_BEST:
        return Plan(near, _cost(problem, near), None)
    best, at_least = _cheapest(problem)
    chosen = near if best is None else best
    return Plan(chosen, _cost(problem, chosen), at_least)


def _cost(problem: Problem, hidden: Cells) -> float:
    return float(problem.cost[hidden & ~problem.first].sum())


def too_narrow(problem: Problem, hidden: Cells) -> NDArray[np.int64]:
    """Hidden cells that a reader could narrow down too far if these were hidden."""
    rows, found = _attacked(problem, hidden)
    return rows if found is None else rows[found.narrower(problem.wanted)]


def _wide(problem: Problem, hidden: Cells) -> Cells:
    """Hidden cells for which arrangements of whole people that lie far enough apart were found; whatever is hidden besides, these stay possible."""
    rows, found = _attacked(problem, hidden)
    wide = np.zeros_like(hidden)
    if found is not None:
        wide[rows[found.reached_high >= found.reached_low + problem.wanted - WHOLE]] = True
    return wide


def _attacked(problem: Problem, hidden: Cells) -> tuple[NDArray[np.int64], Ranges | None]:
    rows = np.flatnonzero(hidden)
    wanted = np.full(len(rows), problem.wanted)
    return rows, ranges(_printed(problem, hidden), rows, wanted=wanted, exact=False)


def _told_by_one(problem: Problem, hidden: Cells) -> Cells:
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


def _cheaply(problem: Problem, mover: Mover) -> Cells:
    """The cheapest of several choices: the program that chooses draws what it prefers among equals anew each time."""
    wide = _wide(problem, problem.first)
    chosen = _one_by_one(problem, wide, mover)
    each = mover.spent
    for _ in range(min(MOST_CHOICES, MOST_CHOOSING // max(each, 1)) - 1):
        other = _one_by_one(problem, wide, mover)
        if _cost(problem, other) < _cost(problem, chosen):
            chosen = other
    return chosen


def _one_by_one(problem: Problem, wide: Cells, mover: Mover) -> Cells:
    hidden, moved = problem.first.copy(), wide.copy()
    for _ in range(MOST_PASSES):
        hidden = _moved(problem, hidden, moved, mover)
        left = too_narrow(problem, hidden)
        if not left.size:
            return hidden
        before = hidden.sum()
        moved[left] = False
        hidden = _moved(problem, hidden, moved, mover)
        if hidden.sum() == before:
            _more(problem, hidden, left, mover)
    raise Unsafe("these counts could not be protected: combine categories, or ask for a smaller width")


def _moved(problem: Problem, hidden: Cells, moved: Cells, mover: Mover) -> Cells:
    """With the cheapest further cells hidden, so that every hidden cell can be moved, perhaps by fractions of people; `moved` tells which were.

    Those that single equations give away come first. If they are few, they are moved one at a time, which finds cheaper choices.
    """
    hidden = hidden.copy()
    told = _told_by_one(problem, hidden) & ~moved
    most = len(hidden) // CELLS_APIECE
    few = min(most, int(told.sum()) // TOLD_APIECE)
    while (left := np.flatnonzero(hidden & ~moved)).size:
        left = left[np.lexsort((-problem.counts[left], ~told[left]))]
        together = mover.apart(left, most=max(1, few if told[left[0]] else most))
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
    most = mover.spent + MOST_SPENT
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


def _cheapest(problem: Problem) -> tuple[Cells | None, float]:
    """The cheapest choice, or None if it was not reached; and a bound that no choice undercuts."""
    count = len(problem.counts)
    cuts, least = _line_cuts(problem)
    at_least = 0.0
    lower = problem.first.astype(float)
    upper = (problem.first | problem.allowed).astype(float)
    cost = np.where(problem.first, 0.0, problem.cost)
    for _ in range(MOST_ROUNDS):
        given = () if not cuts else LinearConstraint(csr_array(np.array(cuts)), np.array(least), np.inf)
        found = milp(
            cost,
            integrality=np.ones(count, dtype=np.int64),
            bounds=Bounds(lower, upper),
            constraints=given,
            options={"node_limit": 5_000},
        )
        if found.status != 0 or found.x is None:
            return None, at_least
        at_least = max(at_least, float(found.fun))
        hidden = found.x > 0.5
        left = too_narrow(problem, hidden)
        if not left.size:
            return hidden, at_least
        for cell in left[:MOST_CUTS]:
            cuts.append(_cut(problem, hidden, int(cell)))
            least.append(0.0)
    return None, at_least


def _line_cuts(problem: Problem) -> tuple[list[Floats], list[float]]:
    """In each equation a hidden cell needs another hidden one, or the equation gives it away."""
    cuts = []
    for line in problem.lines:
        for cell in line:
            cut = np.zeros(len(problem.counts))
            cut[line] = 1.0
            cut[cell] = -1.0
            if problem.first[cell] or problem.allowed[cell]:
                cuts.append(cut)
    return cuts, [0.0] * len(cuts)


def _cut(problem: Problem, hidden: Cells, cell: int) -> Floats:
    """What every choice that protects this cell satisfies, and this choice does not: coefficients that sum up to at least 0."""
    most = float(problem.counts.sum() + problem.wanted)
    down = np.maximum(problem.counts - problem.floor, 0).astype(float)
    limits = np.concatenate([np.where(hidden, most, 0.0), np.where(hidden, down, 0.0)])
    rows = vstack([problem.sums, -problem.sums]).tocsr()
    target = problem.sums[[cell]].toarray().ravel()
    weight = np.zeros(len(problem.counts))
    reach = 0.0
    for sign in (1.0, -1.0):
        found = dual(-sign * target, rows=rows, limits=limits, signed=True)
        if found is None:
            return np.where(np.arange(len(hidden)) == cell, -1.0, np.where(hidden, 0.0, 1.0))
        value, duals = found
        weight += duals[: len(hidden)] * most + duals[len(hidden) :] * down
        reach -= value
    if (
        reach >= problem.wanted - WHOLE
    ):  # whole people reach less far than fractions: any other choice has one more cell
        cut = np.where(hidden, 0.0, 1.0)
    else:
        cut = np.minimum(weight, problem.wanted) / problem.wanted
    cut[cell] -= 1.0
    return np.asarray(cut, dtype=np.float64)
