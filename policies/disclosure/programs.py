"""The same statements asked one question after another: linear programs of which each begins where the last one ended.

The next optimum mostly lies a few steps of the primal simplex method from the last one, while a program of its own begins with nothing (Dantzig and Thapa, Linear
Programming 1, 1997, chapter 3). SciPy brings HiGHS, whose state can be kept; where a release of SciPy keeps it elsewhere, each question is a program of its own, with the same answer.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_array

from policies.disclosure.system import (
    MOST_NODES,
    SECONDS_EACH,
    Floats,
    Solution,
    System,
    solve,
)

MOST_STEPS: Final = 200_000
"""Of one program. Steps, and no seconds, so that the same statements get the same answer on every machine."""
MOST_EACH: Final = 800_000_000
"""Steps of one program times coefficients, one or two seconds. What takes longer settles nothing."""
PRIMAL: Final = 4
DUAL: Final = 1
"""What HiGHS calls the primal and the dual simplex method."""

INTERIOR: Final = 20_000
"""Coefficients, beyond which the interior point method finds the first arrangement sooner than the simplex method (Wright, Primal-Dual Interior-Point Methods, 1997)."""
INSIDE: Final = 100
"""What a step of the interior point method costs, beside one of the simplex method."""
SATISFIED: Final = 2
"""What HiGHS calls a solution that satisfies every statement."""
DEARER: Final = 10
"""What one step costs where whole counts are looked for, beside one step of a program that is kept."""
FIRST_FOUND: Final = {
    "mip_max_improving_sols": 1, "mip_max_nodes": MOST_NODES, "time_limit": SECONDS_EACH,
    "mip_pool_soft_limit": 1, "mip_pool_age_limit": 1, "mip_lp_age_limit": 1,
}  # fmt: skip
"""Stop at the first whole counts, and keep no cuts."""


def _highs() -> Any:
    try:
        return import_module("scipy.optimize._highspy._core")
    except ImportError:
        return None


def some_whole(system: System, objective: Floats, *, least: Floats, most: Floats) -> Solution:
    """Whole counts between `least` and `most` that satisfy every statement, the first that are found where the objective is small.

    Cuts are few: where statements are equations, as in tables with their totals, they take most of the time and help little.
    """
    core = _highs()
    if core is None:
        return solve(system, objective, least=least, most=most, whole=True, gap=1.0)
    highs = _begun(core, system, least=least, most=most)
    width = system.matrix.shape[1]
    columns = np.arange(width, dtype=np.int32)
    highs.changeColsCost(width, columns, np.ascontiguousarray(objective, dtype=np.float64))
    highs.changeColsIntegrality(width, columns, np.full(width, core.HighsVarType.kInteger))
    for name, value in FIRST_FOUND.items():
        highs.setOptionValue(name, value)
    highs.run()
    counts = np.array(highs.getSolution().col_value, dtype=np.float64)
    info, told = highs.getInfo(), highs.getModelStatus()
    found = counts if info.primal_solution_status == SATISFIED and counts.size else None
    steps = sum(system.matrix.shape) + DEARER * max(int(info.simplex_iteration_count), 0)
    spent = int(system.matrix.nnz) * steps
    return Solution(found, -np.inf, impossible=told == core.HighsModelStatus.kInfeasible, spent=spent)


class Programs:
    """Counts between `least` and `most` that satisfy the statements of one system, in fractions of people. `spent`: the effort so far, as `Solution.spent`.

    `most_each`: the effort of one question, beyond which it is not settled. `first`: how HiGHS solves the first one, `choose` or `ipm`, if it is not to be by the number of coefficients.
    """

    def __init__(
        self,
        system: System,
        *,
        least: Floats,
        most: Floats,
        most_each: int = MOST_EACH,
        first: str | None = None,
    ) -> None:
        self._system, self._least, self._most = system, least, most
        self._most_each = most_each
        self._solver = first or ("ipm" if system.matrix.nnz > INTERIOR else "choose")
        self._core = _highs()
        self._kept: Any = None
        self._columns = np.arange(system.matrix.shape[1], dtype=np.int32)
        self.spent = 0

    def push(self, objective: Floats) -> Solution:
        """Counts that minimise the objective."""
        found = None if self._core is None else self._next(objective)
        if found is None:
            self._kept = None
            found = solve(self._system, objective, least=self._least, most=self._most, whole=False)
        self.spent += found.spent
        return found

    def limited(self, low: Floats, high: Floats) -> None:
        """The statements have these ends from now on, and the next program begins with nothing: that is quick where what costs least is that nothing moves."""
        before, self._system = self._system, replace(self._system, low=low, high=high)
        if self._kept is not None:
            for row in np.flatnonzero((low != before.low) | (high != before.high)):
                self._kept.changeRowBounds(int(row), float(low[row]), float(high[row]))
            self._kept.clearSolver()
            self._kept.setOptionValue("presolve", "off")
            self._kept.setOptionValue("simplex_strategy", DUAL)

    def bounded(self, least: Floats, most: Floats) -> None:
        """Counts lie between these from now on, and the next program begins where the last one ended."""
        if self._kept is not None:
            for column in np.flatnonzero((least != self._least) | (most != self._most)):
                self._kept.changeColBounds(int(column), float(least[column]), float(most[column]))
            self._kept.setOptionValue("presolve", "off")
            self._kept.setOptionValue("simplex_strategy", DUAL)
        self._least, self._most = least, most

    def _steps(self) -> int:
        return min(MOST_STEPS, self._most_each // max(int(self._system.matrix.nnz), 1))

    def _next(self, objective: Floats) -> Solution | None:
        """The same, from where the last one ended; None if that led nowhere."""
        first = self._kept is None
        if first:
            self._kept = _begun(self._core, self._system, least=self._least, most=self._most)
            self._kept.setOptionValue("simplex_iteration_limit", self._steps())
            self._kept.setOptionValue("solver", self._solver)
        highs, status = self._kept, self._core.HighsModelStatus
        costs = np.ascontiguousarray(objective, dtype=np.float64)
        highs.changeColsCost(len(self._columns), self._columns, costs)
        highs.run()
        told = highs.getModelStatus()
        info = highs.getInfo()
        steps = 1 + max(int(info.simplex_iteration_count), 0) + INSIDE * max(int(info.ipm_iteration_count), 0)
        spent = steps * self._system.matrix.nnz
        if first:
            highs.setOptionValue("solver", "choose")
            highs.setOptionValue("simplex_strategy", PRIMAL)
        if told == status.kInfeasible:
            return Solution(None, -np.inf, impossible=True, spent=spent)
        if told == status.kIterationLimit:
            return Solution(None, -np.inf, impossible=False, spent=spent)
        if told != status.kOptimal:
            return None
        counts = np.array(highs.getSolution().col_value, dtype=np.float64)
        return Solution(counts, float(info.objective_function_value), impossible=False, spent=spent)


def _begun(core: Any, system: System, *, least: Floats, most: Floats) -> Any:
    """A program of these statements that costs nothing yet."""
    program, matrix = core.HighsLp(), csr_array(system.matrix)
    program.num_row_, program.num_col_ = matrix.shape
    program.a_matrix_.num_row_, program.a_matrix_.num_col_ = matrix.shape
    program.a_matrix_.format_ = core.MatrixFormat.kRowwise
    program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
    program.a_matrix_.value_ = matrix.data
    program.col_cost_ = np.zeros(matrix.shape[1])
    program.col_lower_, program.col_upper_ = least, most
    program.row_lower_, program.row_upper_ = system.low, system.high
    highs = core._Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("simplex_iteration_limit", MOST_STEPS)
    highs.passModel(program)
    return highs
