"""Statements about counts and sums together, where people are whole and what they contribute need not be."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from policies.disclosure.system import BRANCHING, MOST_NODES, SECONDS_EACH, Floats, Solution, System

ROOT: Final = 400
"""What it costs to begin where all unknowns are whole, beside one step of a linear program for each statement and each unknown: cuts, and searches inside the search."""
NODE: Final = 6
"""What each node costs then, as it was measured."""
SEARCH: Final = 1_500_000
"""What it costs for each unknown besides, as it was measured, where the root does not settle it: cuts and searches of the root, however few statements there are."""


def partly_whole(
    system: System, objective: Floats, *, least: Floats, most: Floats, whole: NDArray[np.bool_], may: int
) -> Solution:
    """As `system.solve`, with those unknowns whole that have to be. `may`: where these are all, about how much effort it may take; where that is too little, nothing is found."""
    step = int(system.matrix.nnz) * sum(system.matrix.shape)
    most_nodes = MOST_NODES
    if whole.all():
        if may < ROOT * step:
            return Solution(None, -np.inf, impossible=False, spent=max(may, 0))
        most_nodes = max(1, min(MOST_NODES, may // (NODE * max(step, 1))))
    found = milp(
        objective,
        integrality=whole.astype(np.int64),
        bounds=Bounds(least, most),
        constraints=LinearConstraint(system.matrix, system.low, system.high),
        options={"node_limit": most_nodes, "time_limit": SECONDS_EACH, "mip_rel_gap": 0.0},
    )
    counts = None if found.x is None else np.asarray(found.x, dtype=np.float64)
    bound = found.get("mip_dual_bound")
    nodes = int(found.get("mip_node_count") or 0)
    if whole.all():
        spent = (ROOT + NODE * nodes) * step + (SEARCH * len(objective) if nodes != 1 else 0)
    else:
        spent = BRANCHING * (1 + nodes // BRANCHING) * step
    return Solution(
        counts, -np.inf if bound is None else float(bound), impossible=found.status == 2, spent=spent
    )
