"""Statements about unknown counts as linear constraints, made small, and solved with HiGHS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

WHOLE: Final = 1e-6
MOST_NODES: Final = 2_000
"""Of one search for whole counts. Nodes come before seconds, so that the same statements get the same answer on every machine."""
SECONDS_EACH: Final = 60.0
"""A search that takes longer, which none is meant to, settles nothing: the cell then counts as too narrow."""
BRANCHING: Final = 30
"""What branching costs, beside one step of a linear program for each statement and each count."""
MOST_PASSES: Final = 30
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """low <= matrix @ counts <= high, counts not negative, and whole if `whole`. One row for each statement; `high` may be infinite."""

    matrix: csr_array
    low: Floats
    high: Floats
    whole: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Counts that satisfy every statement, if any were found; a bound that the objective cannot pass; whether there are no such counts.

    `spent`: the effort, as steps of the simplex method times coefficients of the statements, or about as much. `taken`: the same with all that it takes besides, so that
    it is about as many seconds everywhere, some 500 million of them each.
    """

    counts: Floats | None
    bound: float
    impossible: bool
    spent: int = 0
    taken: int = 0


def satisfies(
    system: System, counts: Floats, *, least: Floats | float = 0.0, most: Floats | float = np.inf
) -> bool:
    """Whether these counts satisfy every statement and lie between `least` and `most`, whatever found them."""
    said = system.matrix @ counts
    within = (counts >= least - WHOLE).all() and (counts <= most + WHOLE).all()
    return bool(within and (said >= system.low - WHOLE).all() and (said <= system.high + WHOLE).all())


def mostly_equations(system: System) -> bool:
    """Whether most statements with an upper end about several counts leave no room, as in exact tables with their totals."""
    said = np.isfinite(system.high) & (np.diff(system.matrix.indptr) > 1)
    return bool(2 * (system.low == system.high)[said].sum() > said.sum())


def solve(
    system: System, objective: NDArray[Any], *, least: Floats, most: Floats, whole: bool, gap: float = 0.0
) -> Solution:
    """Counts between `least` and `most` that satisfy every statement and minimise the objective.

    If not `whole`, counts may be fractions of people. `gap`: how far from the best, as a share, they may stay.
    """
    if not system.matrix.shape[1]:  # nothing is unknown
        holds = bool((system.low <= WHOLE).all() and (system.high >= -WHOLE).all())
        return Solution(np.zeros(0) if holds else None, 0.0, impossible=not holds)
    result = milp(
        np.asarray(objective, dtype=np.float64),
        integrality=np.full(system.matrix.shape[1], int(whole)),
        bounds=Bounds(least, most),
        constraints=LinearConstraint(system.matrix, system.low, system.high),
        options={"node_limit": MOST_NODES, "time_limit": SECONDS_EACH, "mip_rel_gap": gap},
    )
    counts = None if result.x is None else np.asarray(result.x, dtype=np.float64)
    reached = result.get("mip_dual_bound") if whole else result.fun
    spent = int(system.matrix.nnz) * sum(system.matrix.shape)
    if whole:
        spent *= BRANCHING * (1 + int(result.get("mip_node_count") or 0) // BRANCHING)
    bound = -np.inf if reached is None else float(reached)
    return Solution(counts, bound, impossible=result.status == 2, spent=spent, taken=spent)


def dual(objective: Floats, *, rows: csr_array, limits: Floats, signed: bool) -> tuple[float, Floats] | None:
    """The least value of the objective where rows @ counts <= limits, and each row's dual value, not negative; None if there is no such value.

    Counts may be negative if `signed`. A limit may be infinite.
    """
    finite = np.flatnonzero(np.isfinite(limits))
    given: Any = rows[finite]  # the stubs of scipy know no sparse matrix here
    found = linprog(
        objective, A_ub=given, b_ub=limits[finite], bounds=(None if signed else 0, None), method="highs"
    )
    if found.status != 0 or found.fun is None:
        return None
    duals = np.zeros(len(limits))
    duals[finite] = -np.asarray(found.ineqlin.marginals, dtype=np.float64)
    return float(found.fun), duals


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """How small and how large each count can be, as far as single statements say."""

    least: Floats
    most: Floats

    def of(self, rows: csr_array) -> tuple[Floats, Floats]:
        """The same for sums of counts."""
        endless = np.isinf(self.most)
        upper = rows @ np.where(endless, 0.0, self.most)
        return rows @ self.least, np.where(rows @ endless.astype(np.float64) > 0, np.inf, upper)


def room(system: System) -> Room | None:
    """What follows for each count from one statement after another, repeated until nothing changes; None if two of them contradict each other.

    Each pass is bound propagation (Savelsbergh, ORSA Journal on Computing, 1994) over all statements at once.
    """
    matrix = system.matrix.tocsr()
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    columns = matrix.indices
    least, most = np.zeros(matrix.shape[1]), np.full(matrix.shape[1], np.inf)
    for _ in range(MOST_PASSES):
        low, high = Room(least, most).of(matrix)
        endless = np.bincount(rows, weights=np.isinf(most[columns]), minlength=matrix.shape[0])
        finite = matrix @ np.where(np.isinf(most), 0.0, most)
        cap = system.high[rows] - (low[rows] - least[columns])
        others = finite[rows] - np.where(np.isinf(most[columns]), 0.0, most[columns])
        alone = endless[rows] - np.isinf(most[columns]) == 0
        floor = np.where(alone, system.low[rows] - others, -np.inf)
        new_most, new_least = most.copy(), least.copy()
        np.minimum.at(new_most, columns, cap)
        np.maximum.at(new_least, columns, floor)
        if system.whole:
            new_most, new_least = np.floor(new_most + WHOLE), np.ceil(new_least - WHOLE)
        if (new_most < new_least - WHOLE).any() or (
            (low > system.high + WHOLE) | (high < system.low - WHOLE)
        ).any():
            return None
        if (new_most == most).all() and (new_least == least).all():
            break
        most, least = new_most, np.minimum(new_least, new_most)
    return Room(least, most)
