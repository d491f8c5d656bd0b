"""Whole people who satisfy statements, found by branching (Land and Doig, Econometrica 28, 1960), with the effort that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from policies.disclosure.programs import SATISFIED, STEP, begun, highs, taken_by
from policies.disclosure.system import MOST_NODES, SECONDS_EACH, Floats, Solution, System, solve

DEARER: Final = 10
"""What one step costs where whole counts are looked for, beside one step of a program that is kept."""
OF_PEOPLE: Final = 3
"""The same as it was measured, as `Solution.taken`."""
ROOT: Final = 8
"""Steps for each statement, of which it takes about as many before the first node: where these are too many, none is begun."""
NODE: Final = 130
"""What one node takes, times coefficients."""
FIRST_FOUND: Final[Mapping[str, float]] = {
    "mip_max_improving_sols": 1, "mip_max_nodes": MOST_NODES, "time_limit": SECONDS_EACH,
    "mip_pool_soft_limit": 1, "mip_pool_age_limit": 1, "mip_lp_age_limit": 1, "mip_allow_restart": False,
    "mip_heuristic_run_rens": False, "mip_heuristic_run_rins": False, "mip_heuristic_run_root_reduced_cost": False,
}  # fmt: skip
"""Stop at the first whole counts, keep no cuts, and begin no searches inside the search: those take longer than it does, and are not counted among its nodes."""
BEST: Final[Mapping[str, float]] = {
    "mip_max_nodes": MOST_NODES, "time_limit": SECONDS_EACH, "mip_rel_gap": 0.0,
}  # fmt: skip
"""Go on until none are better."""


def some_whole(
    system: System, objective: Floats, *, least: Floats, most: Floats, may: int | None = None
) -> Solution:
    """Whole counts between `least` and `most` that satisfy every statement, the first that are found where the objective is small. `may`: about how much it may take, as `Solution.taken`.

    Cuts are few: where statements are equations, as in tables with their totals, they take most of the time and help little.
    """
    return _whole(system, objective, least=least, most=most, may=may, options=FIRST_FOUND)


def best_whole(
    system: System, objective: Floats, *, least: Floats, most: Floats, may: int | None = None
) -> Solution:
    """The same that minimise the objective, as far as that is found out."""
    return _whole(system, objective, least=least, most=most, may=may, options=BEST)


def _whole(
    system: System,
    objective: Floats,
    *,
    least: Floats,
    most: Floats,
    may: int | None,
    options: Mapping[str, float],
) -> Solution:
    core = highs()
    if core is None or not system.matrix.shape[1]:
        return solve(system, objective, least=least, most=most, whole=True, gap=options.get("mip_rel_gap", 1.0))
    width, size = system.matrix.shape[1], int(system.matrix.nnz)
    if may is not None and may < ROOT * system.matrix.shape[0] * (size + STEP):
        return Solution(None, -np.inf, impossible=False)
    one = begun(core, system, least=least, most=most)
    columns = np.arange(width, dtype=np.int32)
    one.changeColsCost(width, columns, np.ascontiguousarray(objective, dtype=np.float64))
    one.changeColsIntegrality(width, columns, np.full(width, core.HighsVarType.kInteger))
    for name, value in options.items():
        one.setOptionValue(name, value)
    if may is not None:
        one.setOptionValue("mip_max_nodes", max(1, min(MOST_NODES, may // (NODE * (size + STEP)))))
    one.run()
    counts = np.array(one.getSolution().col_value, dtype=np.float64)
    info, told = one.getInfo(), one.getModelStatus()
    found = counts if info.primal_solution_status == SATISFIED and counts.size else None
    simplex = max(int(info.simplex_iteration_count), 0)
    return Solution(
        found,
        -np.inf if options is FIRST_FOUND else float(info.mip_dual_bound),
        impossible=told == core.HighsModelStatus.kInfeasible,
        spent=size * (sum(system.matrix.shape) + DEARER * simplex),
        taken=taken_by(system, simplex=OF_PEOPLE * simplex),
    )
