"""Which further cells to hide in a table of exact counts, so that no hidden count can be narrowed down.

Small tables get the cheapest choice there is: a master problem chooses cells, the attacker's linear programs refuse choices with cuts that their
dual solutions give (Benders' decomposition of the cell suppression problem: Fischetti and Salazar-González, Management Science 47, 2001). Large tables
get one hidden cell after another protected by the cheapest arrangement that moves it far enough, and then every further cell that turns out not to be needed is shown again. Either way the
whole attack is run on the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from policies.disclosure.bounds import ranges
from policies.disclosure.errors import Unsafe
from policies.disclosure.system import SECONDS_EACH, WHOLE, Floats, System, dual

MOST_FOR_BEST: Final = 80
"""Cells of a table for which the cheapest choice is looked for."""
MOST_ROUNDS: Final = 120
MOST_CUTS: Final = 12
MOST_SHOWN_AGAIN: Final = 16_000
"""Cells tried to be shown again in a large table, times its cells."""
MOST_PASSES: Final = 60
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
    near = _shown_again(problem, _one_by_one(problem))
    if len(problem.counts) > MOST_FOR_BEST:
        return Plan(near, _cost(problem, near), None)
    best, at_least = _cheapest(problem)
    chosen = near if best is None else best
    return Plan(chosen, _cost(problem, chosen), at_least)


def _cost(problem: Problem, hidden: Cells) -> float:
    return float(problem.cost[hidden & ~problem.first].sum())


def too_narrow(problem: Problem, hidden: Cells) -> NDArray[np.int64]:
    """Hidden cells that a reader could narrow down too far if these were hidden."""
    low = np.where(hidden, float(problem.floor), problem.counts.astype(float))
    high = np.where(hidden, np.inf, problem.counts.astype(float))
    rows = np.flatnonzero(hidden)
    wanted = np.full(len(rows), problem.wanted)
    found = ranges(System(problem.sums, low, high), rows, wanted=wanted, exact=False)
    return rows if found is None else rows[found.narrower(problem.wanted)]


def _one_by_one(problem: Problem) -> Cells:
    hidden = problem.first.copy()
    for _ in range(MOST_PASSES):
        left = too_narrow(problem, hidden)
        if not left.size:
            return hidden
        before = hidden.sum()
        moved = np.zeros(len(hidden), dtype=bool)
        for cell in left[np.argsort(-problem.counts[left], kind="stable")]:
            if moved[cell]:
                continue
            found = _moving(problem, hidden, int(cell), whole=False)
            if found is None:
                raise Unsafe(
                    "these counts cannot be protected even with every cell hidden that may be: combine categories"
                )
            further, by = found
            moved |= by >= problem.wanted - WHOLE
            hidden |= further
        if hidden.sum() == before:
            _more(problem, hidden, left)
    raise Unsafe("these counts could not be protected: combine categories, or ask for a smaller width")


def _more(problem: Problem, hidden: Cells, left: NDArray[np.int64]) -> None:
    """Where fractions of people would do and whole people do not: the cheapest whole arrangement, or else another cell."""
    for cell in left:
        found = _moving(problem, hidden, int(cell), whole=True)
        further = np.zeros_like(hidden) if found is None else found[0]
        if not further.any():
            others = np.flatnonzero(problem.allowed & ~hidden)
            if not others.size:
                raise Unsafe(
                    "these counts cannot be protected even with every cell hidden that may be: combine categories"
                )
            further[others[np.argmin(problem.cost[others])]] = True
        hidden |= further


def _moving(problem: Problem, hidden: Cells, cell: int, *, whole: bool) -> tuple[Cells, Floats] | None:
    """The cells to be hidden besides for two arrangements of people in which this cell differs by the width wanted, and how far each cell differs."""
    sums, count = problem.sums, len(problem.counts)
    atoms = sums.shape[1]
    free = np.flatnonzero(problem.allowed & ~hidden)
    fixed = np.flatnonzero(~problem.allowed & ~hidden)
    may = np.flatnonzero(problem.allowed | hidden)
    nothing = csr_array((len(free), atoms))
    pick = csr_array(eye_array(len(free)))
    room = problem.counts[may] - problem.floor
    bound: list[tuple[Any, Any, Any]] = [
        # Each arrangement leaves what stays shown as it is, and no hidden count below the floor.
        (hstack([sums[fixed], csr_array((len(fixed), atoms + len(free)))]), 0.0, 0.0),
        (hstack([csr_array((len(fixed), atoms)), sums[fixed], csr_array((len(fixed), len(free)))]), 0.0, 0.0),
        (hstack([sums[may], csr_array((len(may), atoms + len(free)))]), -room.astype(float), np.inf),
        (
            hstack([csr_array((len(may), atoms)), sums[may], csr_array((len(may), len(free)))]),
            -room.astype(float),
            np.inf,
        ),
        # What a cell moves has to be paid for.
        (hstack([sums[free], nothing, -pick]), -np.inf, 0.0),
        (hstack([sums[free], nothing, pick]), 0.0, np.inf),
        (hstack([nothing, sums[free], -pick]), -np.inf, 0.0),
        (hstack([nothing, sums[free], pick]), 0.0, np.inf),
        (hstack([sums[[cell]], -sums[[cell]], csr_array((1, len(free)))]), problem.wanted, np.inf),
    ]
    rows = vstack([matrix for matrix, _, _ in bound]).tocsr()
    low = np.concatenate([np.broadcast_to(lower, (matrix.shape[0],)) for matrix, lower, _ in bound])
    high = np.concatenate([np.broadcast_to(upper, (matrix.shape[0],)) for matrix, _, upper in bound])
    cost = np.concatenate([np.zeros(2 * atoms), problem.cost[free]])
    found = milp(
        cost,
        integrality=np.concatenate([np.full(2 * atoms, int(whole)), np.zeros(len(free))]),
        bounds=Bounds(np.concatenate([np.full(2 * atoms, -np.inf), np.zeros(len(free))]), np.inf),
        constraints=LinearConstraint(rows, low, high),
        options={"node_limit": 500, "time_limit": SECONDS_EACH},
    )
    if found.x is None:
        return None
    further = np.zeros(count, dtype=bool)
    further[free[found.x[2 * atoms :] > WHOLE]] = True
    return further, np.abs(sums @ (found.x[:atoms] - found.x[atoms : 2 * atoms]))


def _shown_again(problem: Problem, hidden: Cells) -> Cells:
    """Without the further cells that are not needed, the costliest looked at first."""
    further = np.flatnonzero(hidden & ~problem.first)
    tried = further[np.argsort(-problem.cost[further], kind="stable")]
    for cell in tried[: MOST_SHOWN_AGAIN // len(problem.counts)]:
        without = hidden.copy()
        without[cell] = False
        if not too_narrow(problem, without).size:
            hidden = without
    return hidden


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
