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

from policies.disclosure.system import Floats, Solution, System, solve

MOST_STEPS: Final = 200_000
"""Of one program. Steps, and no seconds, so that the same statements get the same answer on every machine."""
PRIMAL: Final = 4
DUAL: Final = 1
"""What HiGHS calls the primal and the dual simplex method."""


def _highs() -> Any:
    try:
        return import_module("scipy.optimize._highspy._core")
    except ImportError:
        return None


class Programs:
    """Counts between `least` and `most` that satisfy the statements of one system, in fractions of people. `spent`: the effort so far, as `Solution.spent`."""

    def __init__(self, system: System, *, least: Floats, most: Floats) -> None:
        self._system, self._least, self._most = system, least, most
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

    def _next(self, objective: Floats) -> Solution | None:
        """The same, from where the last one ended; None if that led nowhere."""
        first = self._kept is None
        if first:
            self._kept = self._begun()
        highs, status = self._kept, self._core.HighsModelStatus
        costs = np.ascontiguousarray(objective, dtype=np.float64)
        highs.changeColsCost(len(self._columns), self._columns, costs)
        highs.run()
        told = highs.getModelStatus()
        info = highs.getInfo()
        spent = (1 + max(int(info.simplex_iteration_count), 0)) * self._system.matrix.nnz
        if first:
            highs.setOptionValue("simplex_strategy", PRIMAL)
        if told == status.kInfeasible:
            return Solution(None, -np.inf, impossible=True, spent=spent)
        if told != status.kOptimal:
            return None
        counts = np.array(highs.getSolution().col_value, dtype=np.float64)
        return Solution(counts, float(info.objective_function_value), impossible=False, spent=spent)

    def _begun(self) -> Any:
        core, matrix = self._core, csr_array(self._system.matrix)
        program = core.HighsLp()
        program.num_row_, program.num_col_ = matrix.shape
        program.a_matrix_.num_row_, program.a_matrix_.num_col_ = matrix.shape
        program.a_matrix_.format_ = core.MatrixFormat.kRowwise
        program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
        program.a_matrix_.value_ = matrix.data
        program.col_cost_ = np.zeros(matrix.shape[1])
        program.col_lower_, program.col_upper_ = self._least, self._most
        program.row_lower_, program.row_upper_ = self._system.low, self._system.high
        highs = core._Highs()
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("simplex_iteration_limit", MOST_STEPS)
        highs.passModel(program)
        return highs
