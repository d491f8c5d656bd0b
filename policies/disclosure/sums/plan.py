"""Which further cells to hide in a table whose totals are printed on their own, so that no hidden sum can be narrowed down.

Each sum that tells too much keeps its protection levels on both sides, and every hidden sum its width (Fischetti and Salazar-González, Management Science 47, 2001;
Hundepool and others, Statistical Disclosure Control, 2012, section 4.4). One sum after another is protected by the cheapest arrangement that moves it far enough, as the linear program of the
cell suppression problem has it; then further cells that turn out not to be needed are shown again. What follows exactly from an equation is the sum of the cells hidden in it, so the rule is
asked about that too. Sums are taken as printed exactly: rounding them is protection besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from policies.disclosure.errors import Unsafe
from policies.disclosure.rules import SumRules
from policies.disclosure.sums.contributions import Contributions
from policies.disclosure.sums.insiders import Arrangements, Pair
from policies.disclosure.sums.moves import Inside
from policies.disclosure.sums.ranges import LARGEST, Demand, Found, sum_ranges
from policies.disclosure.system import Floats, System

MOST_PASSES: Final = 60
MOST_SHOWN_AGAIN: Final = 16_000
"""Cells tried to be shown again, times the cells of the table."""
MOVE: Final = 100.0
"""How far a sum is moved in the program's own scale."""
MOVED: Final = 1e-6
BEYOND: Final = 1.000_01
"""How much further than demanded a sum is moved, so that no rounding of a program falls short of it."""
CANNOT: Final = "these sums cannot be protected even with every cell hidden that may be: combine categories, or print fewer totals"
MOST_TOLD: Final = 60
"""Pairs of an insider and a sum that are looked at before more is hidden."""
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SumProblem:
    """A table to be protected. Each printed cell is a row of `matrix` over the cells that are divided no further.

    `base`: those, their sums in thousandths. `first`: cells that are hidden anyway. `allowed`: cells that may be hidden to protect others. `lines`: equations, each a list of cells of which the first is the sum of the
    others.
    """

    cells: Contributions
    matrix: csr_array
    base: Contributions
    first: Cells
    allowed: Cells
    cost: Floats
    rules: SumRules
    lines: tuple[NDArray[np.int64], ...]

    def inside(self) -> Inside:
        """The sums that tell too much, for those who know their own part of one, in the scale of the programs."""
        cells, by = self.cells, self.scale
        undivided = np.diff(self.matrix.indptr) == 1
        rows = np.flatnonzero(cells.tell(rules=self.rules) & undivided)
        low, high = cells.ends(rules=self.rules)
        return Inside(
            rows=rows,
            sums=cells.sums[rows] / by,
            own=cells.largest[rows] / by,
            up=(high - cells.sums)[rows] / by,
            down=(cells.sums - low)[rows] / by,
            alone=cells.people[rows] == 1,
            known=np.full(len(rows), -1),
        )

    @property
    def scale(self) -> float:
        """What the programs divide every number by."""
        return max(float(self.cells.sums.max(initial=0)) / LARGEST, 1.0)


def plan_sums(problem: SumProblem) -> Cells:
    """Cells to hide, so that every hidden sum keeps what is demanded.

    Raises:
        Unsafe: hiding everything that may be hidden is not enough.
    """
    hidden = problem.first.copy()
    insiders = Arrangements(problem.matrix, inside=problem.inside(), start=problem.base.sums / problem.scale)
    for _ in range(MOST_PASSES):
        hidden |= _in_lines(problem, hidden)
        before = hidden.sum()
        rows, found, demand = _ranges(problem, hidden)
        left = found.too_narrow(demand)
        if not left.size:
            told = insiders.told(_printed(problem, hidden, scale=problem.scale), most=MOST_TOLD)
            if not told:
                return _shown_again(problem, hidden, insiders)
            hidden = _from_insiders(problem, hidden, told)
            continue
        reached = {sign: np.zeros(len(hidden)) for sign in (1.0, -1.0)}
        for n in left[np.argsort(-problem.cells.sums[rows[left]], kind="stable")]:
            cell = int(rows[n])
            for sign, by in _missing(float(problem.cells.sums[cell]), demand, found, int(n)).items():
                if by > reached[sign][cell]:
                    further, moved = _moving(problem, hidden, cell, sign * by * BEYOND)
                    hidden |= further
                    reached = {s: np.maximum(far, s * moved) for s, far in reached.items()}
        if hidden.sum() == before:
            hidden[_cheapest(problem, problem.allowed & ~hidden)] = True
    raise Unsafe("these sums could not be protected: combine categories, or ask for a smaller width")


def _cheapest(problem: SumProblem, among: Cells) -> int:
    which = np.flatnonzero(among)
    if not which.size:
        raise Unsafe(CANNOT)
    return int(which[np.argmin(problem.cost[which])])


def _in_lines(problem: SumProblem, hidden: Cells) -> Cells:
    """Cells to be hidden besides, so that no cells hidden in one equation, whose sum follows from it, tell too much together."""
    further = np.zeros(len(hidden), dtype=bool)
    for line in problem.lines:
        now = hidden | further
        while not now[line[0]] and _tells(problem, line[1:][now[line[1:]]]):
            parts = np.zeros(len(hidden), dtype=bool)
            parts[line[1:]] = True
            some = problem.allowed & ~now & parts
            further[
                _cheapest(
                    problem, some if some.any() else problem.allowed & ~now & (np.arange(len(now)) == line[0])
                )
            ] = True
            now = hidden | further
    return further


def _tells(problem: SumProblem, cells: NDArray[np.int64]) -> bool:
    """Whether these cells, several of them, tell too much by their sum. What a single one keeps is for the attack."""
    return len(cells) > 1 and bool(problem.cells.together(cells).tell(rules=problem.rules)[0])


def _from_insiders(problem: SumProblem, hidden: Cells, told: Sequence[Pair]) -> Cells:
    """With further cells hidden, so that none of these can tell the other's sum: an arrangement that leaves the insider's own cell as it is."""
    inside, hidden = problem.inside(), hidden.copy()
    for one in told:
        need = (inside.up if one.sign > 0 else inside.down)[one.target] * problem.scale
        cell, own = int(inside.rows[one.target]), int(inside.rows[one.insider])
        hidden |= _moving(problem, hidden, cell, one.sign * need * BEYOND, keeping=own)[0]
    return hidden


def _shown_again(problem: SumProblem, hidden: Cells, insiders: Arrangements) -> Cells:
    """Without the further cells that are not needed, the costliest looked at first."""
    further = np.flatnonzero(hidden & ~problem.first)
    tried = further[np.argsort(-problem.cost[further], kind="stable")]
    for cell in tried[: MOST_SHOWN_AGAIN // len(hidden)]:
        without = hidden.copy()
        without[cell] = False
        _, found, demand = _ranges(problem, without)
        if found.too_narrow(demand).size or _in_lines(problem, without).any():
            continue
        if not insiders.told(_printed(problem, without, scale=problem.scale), most=1):
            hidden = without
    return hidden


def _demand(problem: SumProblem, rows: NDArray[np.int64]) -> Demand:
    unit, step = problem.rules.units
    many = np.ones(len(rows))
    low, high = problem.cells.ends(rules=problem.rules)
    return Demand(
        problem.rules.width * many,
        step * many,
        unit * many,
        low[rows].astype(np.float64),
        high[rows].astype(np.float64),
    )


def _ranges(problem: SumProblem, hidden: Cells) -> tuple[NDArray[np.int64], Found, Demand]:
    rows = np.flatnonzero(hidden)
    demand = _demand(problem, rows)
    found = sum_ranges(_printed(problem, hidden, scale=1.0), rows, demand=demand)
    if found is None:
        raise Unsafe(CANNOT)
    return rows, found, demand


def _printed(problem: SumProblem, hidden: Cells, *, scale: float) -> System:
    """What a reader has who sees the sums that are not hidden, and knows how many people there are; divided by `scale`."""
    sums = problem.cells.sums / scale
    low, high = problem.cells.known(rules=problem.rules)
    return System(
        problem.matrix,
        np.where(hidden, low / scale, sums),
        np.where(hidden, high / scale, sums),
        whole=False,
    )


def _missing(total: float, demand: Demand, found: Found, n: int) -> dict[float, float]:
    """How far the sum has to be moved up (1) and down (-1) to keep what is demanded."""
    low = min(float(found.low[n]), float(demand.low_at_most[n]))
    high = max(float(found.high[n]), float(demand.high_at_least[n]))
    inside = low + 2 * float(demand.unit[n])  # the ends are moved inwards to the unit when they are judged
    high = max(high, inside / (1 - float(demand.share[n])), inside + float(demand.width[n]))
    missing = {1.0: high - total} if high > found.high[n] + found.near else {}
    return {**missing, -1.0: total - low} if low < found.low[n] - found.near else missing


def _moving(
    problem: SumProblem, hidden: Cells, cell: int, by: float, *, keeping: int | None = None
) -> tuple[Cells, Floats]:
    """The cells to be hidden besides for an arrangement in which this sum differs by so much, or as much as it can, and that of the cell `keeping` does not, and how far each sum differs."""
    matrix = problem.matrix
    low, high = problem.cells.known(rules=problem.rules)
    by = float(np.clip(by, (low - problem.cells.sums)[cell], (high - problem.cells.sums)[cell]))
    if not by:  # the sum is as small or as large as it can be, as everybody knows
        return np.zeros(len(hidden), dtype=bool), np.zeros(len(hidden))
    scale = abs(by) / MOVE
    base = matrix.shape[1]
    free = np.flatnonzero(problem.allowed & ~hidden)
    still = ~problem.allowed & ~hidden
    if keeping is not None:
        still[keeping] = True
    fixed = matrix[np.flatnonzero(still)]
    paid, touching = csr_array(eye_array(len(free))), matrix[free]
    # What a shown cell moves has to be paid for; what may not be hidden does not move.
    upper: Any = vstack([hstack([touching, -paid]), hstack([-touching, -paid])]).tocsr()
    equal: Any = hstack([vstack([fixed, matrix[[cell]]]), csr_array((fixed.shape[0] + 1, len(free)))]).tocsr()
    low, high = problem.base.known(rules=problem.rules)
    least = np.concatenate([(low - problem.base.sums) / scale, np.zeros(len(free))])
    most = np.concatenate([(high - problem.base.sums) / scale, np.full(len(free), np.inf)])
    ends: Any = np.column_stack([least, most])
    done = linprog(
        np.concatenate([np.zeros(base), problem.cost[free]]),
        A_ub=upper,
        b_ub=np.zeros(2 * len(free)),
        A_eq=equal,
        b_eq=np.append(np.zeros(fixed.shape[0]), by / scale),
        bounds=ends,
        method="highs",
    )
    if done.status != 0 or done.x is None:
        raise Unsafe(CANNOT)
    further = np.zeros(len(hidden), dtype=bool)
    further[free[done.x[base:] > MOVED]] = True
    return further, np.asarray(matrix @ done.x[:base]) * scale
