"""Whole people who satisfy statements, close to fractions of people who do."""

from __future__ import annotations

from typing import Final

import numpy as np

from policies.disclosure.pieces import limit as endless
from policies.disclosure.pieces import part, pieces
from policies.disclosure.system import WHOLE, Floats, System, room, solve

FURTHER: Final = 2
"""How far from fractions of people whole ones are looked for."""


def arrangement(system: System, objective: Floats, *, least: Floats, most: Floats) -> Floats | None:
    """Counts of whole people, close to the fractions of people that minimise the objective; None if none were found."""
    found = solve(system, objective, least=least, most=most, whole=False).counts
    if found is None or (np.abs(found - np.round(found)) <= WHOLE).all():
        return None if found is None else np.round(found)
    for further in range(FURTHER):
        below = np.maximum(least, np.floor(found + WHOLE) - further)
        above = np.minimum(most, np.ceil(found - WHOLE) + further)
        near = solve(system, objective, least=below, most=above, whole=True, gap=1.0).counts
        if near is not None:
            return np.round(near)
    return None


def stands(system: System) -> bool:
    """Whether whole people were found who satisfy every statement."""
    known = room(system)
    if known is None:
        return False
    most = np.minimum(known.most, endless(system, known))
    for columns, inside, _ in pieces(system, known, np.zeros(0, dtype=np.int64)):
        if len(columns) < 2:  # every whole number between its limits is possible
            continue
        piece, least = part(system, known, columns, inside), known.least[columns]
        objectives = (sign * np.ones(len(columns)) for sign in (0.0, 1.0, -1.0))
        if all(arrangement(piece, one, least=least, most=most[columns]) is None for one in objectives):
            return False
    return True
