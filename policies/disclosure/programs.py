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
MOST_EACH: Final = 800_000_000
"""Steps of one program times coefficients, one or two seconds. What takes longer settles nothing."""
PRIMAL: Final = 4
DUAL: Final = 1
"""What HiGHS calls the primal and the dual simplex method."""

INTERIOR: Final = 20_000
"""Coefficients, beyond which the interior point method finds the first arrangement sooner than the simplex method (Wright, Primal-Dual Interior-Point Methods, 1997)."""
INSIDE: Final = 100
"""What a step of the interior point method costs, beside one of the simplex method."""
PART: Final = 5
FEW: Final = 50
"""Where the objective changes at more than one in so many counts, and at more than so many, the next program begins with nothing: from the last vertex it would take more steps, not fewer."""
AGAIN: Final = 13
"""Steps of the interior point method, as it takes with all about it, for each three of the simplex method for a statement: as many as either mostly needs."""
MOST_INSIDE: Final = 2_000_000_000
"""What the interior point method may take for one program."""
LEAST_INSIDE: Final = 12
"""Steps of it, with fewer of which none is begun: hardly any program takes fewer."""
NO_LIMIT: Final = 2**62
SATISFIED: Final = 2
"""What HiGHS calls a solution that satisfies every statement."""
EACH: Final = 100_000
AROUND: Final = 100
STEP: Final = 6_000
CROSSED: Final = 8
"""What a program takes by itself, for each statement and count of it, and for each step beside the coefficients; and the share of the coefficients for each step from within to a vertex: measured, as `Solution.taken`."""
INSIDE_LEAST: Final = 20
INSIDE_PER: Final = 15
"""What a step of the interior point method takes for each coefficient, and for how many statements once more."""


def highs() -> Any:
    """HiGHS as SciPy brings it, None where it keeps it elsewhere."""
    try:
        return import_module("scipy.optimize._highspy._core")
    except ImportError:
        return None


def taken_by(system: System, *, simplex: int = 0, crossed: int = 0) -> int:
    """What a program with so many steps takes, as `Solution.taken`."""
    (statements, counts), size = system.matrix.shape, int(system.matrix.nnz)
    steps = simplex * (size + STEP) + crossed * (size // CROSSED + 3 * statements)
    return EACH + AROUND * (statements + counts) + steps


def inside(system: System) -> int:
    """What one step of the interior point method takes: more for each coefficient where there are more statements, for these are solved step by step too."""
    return int(system.matrix.nnz) * (INSIDE_LEAST + system.matrix.shape[0] // INSIDE_PER)


class Programs:
    """Counts between `least` and `most` that satisfy the statements of one system, in fractions of people. `spent`, `taken`: the effort so far, as those of a `Solution`.

    `most_each`: the effort of one question, beyond which it is not settled. `first`: how HiGHS solves the first one, `choose` or `ipm`, if it is not to be by the number of coefficients.
    `may`: the effort of all together, as `Solution.taken`, if there is such a limit; then each begins with nothing where so much else is pushed that the last vertex is of no use.
    """

    def __init__(
        self,
        system: System,
        *,
        least: Floats,
        most: Floats,
        most_each: int = MOST_EACH,
        first: str | None = None,
        may: int | None = None,
    ) -> None:
        self._system, self._least, self._most = system, least, most
        self._most_each = most_each
        self._solver = first or ("ipm" if system.matrix.nnz > INTERIOR else "choose")
        self._core = highs()
        self._kept: Any = None
        self._columns = np.arange(system.matrix.shape[1], dtype=np.int32)
        self._costs = np.zeros(system.matrix.shape[1])
        self._may = may
        self._begun, self._again, self._primal = False, may is not None, False
        self._inside = inside(system)
        self.spent = self.taken = 0

    def push(self, objective: Floats) -> Solution:
        """Counts that minimise the objective."""
        if self._core is not None and self.hopeless:
            return Solution(None, -np.inf, impossible=False)
        found = None if self._core is None else self._next(objective)
        if found is None:
            self._kept, self._begun = None, False
            found = solve(self._system, objective, least=self._least, most=self._most, whole=False)
        self.spent += found.spent
        self.taken += found.taken
        return found

    def limited(self, low: Floats, high: Floats) -> None:
        """The statements have these ends from now on, and the next program begins with nothing: that is quick where what costs least is that nothing moves."""
        self.narrowed(low, high)
        if self._kept is not None:
            self._kept.clearSolver()

    def narrowed(self, low: Floats, high: Floats) -> None:
        """The statements have these ends from now on, and the next program begins where the last one ended: that is quick where few ends changed."""
        before, self._system = self._system, replace(self._system, low=low, high=high)
        self._again = self._primal = False
        if self._kept is not None:
            for row in np.flatnonzero((low != before.low) | (high != before.high)):
                self._kept.changeRowBounds(int(row), float(low[row]), float(high[row]))
            self._kept.setOptionValue("presolve", "off")
            self._kept.setOptionValue("simplex_strategy", DUAL)

    def bounded(self, least: Floats, most: Floats) -> None:
        """Counts lie between these from now on, and the next program begins where the last one ended."""
        self._again = self._primal = False
        if self._kept is not None:
            for column in np.flatnonzero((least != self._least) | (most != self._most)):
                self._kept.changeColBounds(int(column), float(least[column]), float(most[column]))
            self._kept.setOptionValue("presolve", "off")
            self._kept.setOptionValue("simplex_strategy", DUAL)
        self._least, self._most = least, most

    def _steps(self) -> int:
        size = int(self._system.matrix.nnz)
        return min(MOST_STEPS, self._most_each // max(size, 1), max(1, self._left // (size + STEP)))

    def _next(self, objective: Floats) -> Solution | None:
        """The same, from where the last one ended; None if that led nowhere."""
        if self._kept is None:
            self._kept = begun(self._core, self._system, least=self._least, most=self._most)
        self._kept.setOptionValue("simplex_iteration_limit", self._steps())
        inner = max(1, min(MOST_INSIDE, self._left) // max(self._inside, 1))
        self._kept.setOptionValue("ipm_iteration_limit", inner)
        highs, status = self._kept, self._core.HighsModelStatus
        costs = np.ascontiguousarray(objective, dtype=np.float64)
        self._begin(costs)
        highs.changeColsCost(len(self._columns), self._columns, costs)
        highs.run()
        told = highs.getModelStatus()
        info = highs.getInfo()
        inner = max(int(info.ipm_iteration_count), 0)
        simplex = max(int(info.simplex_iteration_count), 0)
        crossed = max(int(info.crossover_iteration_count), 0)
        spent = (1 + simplex + INSIDE * inner) * self._system.matrix.nnz
        taken = taken_by(self._system, simplex=simplex, crossed=crossed) + inner * self._inside
        if told == status.kInfeasible:
            return Solution(None, -np.inf, impossible=True, spent=spent, taken=taken)
        if told == status.kIterationLimit:
            return Solution(None, -np.inf, impossible=False, spent=spent, taken=taken)
        if told != status.kOptimal:
            return None
        counts = np.array(highs.getSolution().col_value, dtype=np.float64)
        return Solution(
            counts, float(info.objective_function_value), impossible=False, spent=spent, taken=taken
        )

    def _begin(self, costs: Floats) -> None:
        """From where the last program ended, or with nothing."""
        first = not self._begun
        changed = int(np.count_nonzero(costs != self._costs))
        self._begun, self._costs = True, costs
        if first or (self._may_begin_again and changed > max(FEW, len(costs) // PART)):
            self._kept.clearSolver()
            self._kept.setOptionValue("solver", self._solver)
            self._kept.setOptionValue("simplex_strategy", DUAL)
            self._primal = True
        else:
            self._kept.setOptionValue("solver", "choose")
            if self._primal:
                self._kept.setOptionValue("simplex_strategy", PRIMAL)

    @property
    def hopeless(self) -> bool:
        """Whether no program ends within what it may take."""
        if self._kept is None and self._solver == "ipm":
            return LEAST_INSIDE * self._inside > min(MOST_INSIDE, self._left)
        return self._left <= 0

    @property
    def _left(self) -> int:
        return NO_LIMIT if self._may is None else self._may - self.taken

    @property
    def _may_begin_again(self) -> bool:
        if not self._again or self._solver != "ipm":
            return self._again
        rows, size = self._system.matrix.shape[0], int(self._system.matrix.nnz)
        return AGAIN * self._inside < rows * (size + STEP)


def begun(core: Any, system: System, *, least: Floats, most: Floats) -> Any:
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
