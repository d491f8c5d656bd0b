"""The cheapest choice of further cells to hide, in small tables.

A master problem chooses cells, the attacker's linear programs refuse choices with cuts that their dual solutions give (Benders' decomposition of the cell
suppression problem: Fischetti and Salazar-González, Management Science 47, 2001).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from policies.disclosure.problem import Cells, Problem, too_narrow
from policies.disclosure.system import WHOLE, Floats, dual

MOST_ROUNDS: Final = 120
MOST_CUTS: Final = 12


def cheapest(problem: Problem) -> tuple[Cells | None, float]:
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
