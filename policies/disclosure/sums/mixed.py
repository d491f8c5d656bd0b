"""Statements about counts and sums together, where people are whole and what they contribute need not be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from policies.disclosure.system import BRANCHING, MOST_NODES, SECONDS_EACH, Floats, Solution, System


def partly_whole(
    system: System, objective: Floats, *, least: Floats, most: Floats, whole: NDArray[np.bool_]
) -> Solution:
    """As `system.solve`, with those unknowns whole that have to be."""
    found = milp(
        objective,
        integrality=whole.astype(np.int64),
        bounds=Bounds(least, most),
        constraints=LinearConstraint(system.matrix, system.low, system.high),
        options={"node_limit": MOST_NODES, "time_limit": SECONDS_EACH, "mip_rel_gap": 0.0},
    )
    counts = None if found.x is None else np.asarray(found.x, dtype=np.float64)
    bound = found.get("mip_dual_bound")
    steps = BRANCHING * (1 + int(found.get("mip_node_count") or 0) // BRANCHING)
    spent = steps * int(system.matrix.nnz) * sum(system.matrix.shape)
    return Solution(
        counts, -np.inf if bound is None else float(bound), impossible=found.status == 2, spent=spent
    )
