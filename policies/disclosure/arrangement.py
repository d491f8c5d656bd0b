"""Whole people who satisfy statements, close to fractions of people who do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from policies.disclosure.diving import Dive
from policies.disclosure.mending import MOST_MOVES, Mender
from policies.disclosure.pieces import limit as endless
from policies.disclosure.pieces import part, pieces
from policies.disclosure.programs import MOST_EACH, Programs
from policies.disclosure.system import WHOLE, Floats, System, mostly_equations, room, solve

FURTHER: Final = 2
"""How far from fractions of people whole ones are looked for."""
LARGE: Final = 150
"""Counts in one piece, beyond which they are looked for by going down first, from sides that are drawn: branching may take seconds there."""
TRIAL: Final = 200
"""What it costs to look at one statement after another, as passes over their coefficients."""
MANY: Final = 150_000
"""Coefficients of statements, beyond which whole people are looked for by moving one at a time."""
MOST_DIVES: Final = 10
SEED: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Whole counts that satisfy every statement of a system, None if none were found; and the effort of looking for them, as `Solution.spent`."""

    counts: Floats | None
    spent: int


def arrangement(
    system: System, objective: Floats, *, least: Floats, most: Floats, programs: Programs | None = None
) -> People:
    """Counts of whole people, close to the fractions of people that minimise the objective.

    Where statements leave room, as those of rounded tables do, people are moved one at a time; where that does not help, whole ones are found by branching. Where statements
    have many coefficients they are only moved, for there branching may take minutes. `programs`: those of the system between these limits, if it was asked before: they go on from there.
    """
    programs = Programs(system, least=least, most=most) if programs is None else programs
    large, before = system.matrix.nnz > MANY, programs.spent
    found = programs.push(objective).counts
    if found is not None and (np.abs(found - np.round(found)) <= WHOLE).all():
        return People(np.round(found), programs.spent - before)
    spent = programs.spent - before
    if found is None and large:
        return People(None, spent)
    if found is not None and (large or not mostly_equations(system)):
        mender = Mender(system, csr_array((0, len(found))), least=least, most=most)
        near = mender.near(found, moves=min(MOST_MOVES, MOST_EACH // max(int(system.matrix.nnz), 1)))
        spent += mender.spent
        if near is not None or large:
            return People(near, spent)
    each = int(system.matrix.nnz) * min(system.matrix.shape)
    return People(_branched(system, objective, least=least, most=most, found=found), spent + each)


def _branched(
    system: System, objective: Floats, *, least: Floats, most: Floats, found: Floats | None
) -> Floats | None:
    """Whole counts close to those found in fractions, which are looked for if there are none."""
    if found is None:
        found = solve(system, objective, least=least, most=most, whole=False).counts
    if found is None:
        return None
    for further in range(FURTHER):
        below = np.maximum(least, np.floor(found + WHOLE) - further)
        above = np.minimum(most, np.ceil(found - WHOLE) + further)
        near = solve(system, objective, least=below, most=above, whole=True, gap=1.0).counts
        if near is not None:
            return np.round(near)
    return None


def people(system: System, *, thorough: bool = True) -> People:
    """Whole people who satisfy every statement. If not `thorough`, in large pieces by going down alone."""
    known, spent = room(system), int(system.matrix.nnz) * TRIAL
    if known is None:
        return People(None, spent)
    counts, most = known.least.copy(), np.minimum(known.most, endless(system, known))
    for columns, inside, _ in pieces(system, known, np.zeros(0, dtype=np.int64)):
        if len(columns) < 2:  # every whole number between its limits is possible
            continue
        piece = part(system, known, columns, inside)
        found = _in_piece(piece, least=known.least[columns], most=most[columns], thorough=thorough)
        spent += found.spent
        if found.counts is None:
            return People(None, spent)
        counts[columns] = found.counts
    return People(counts, spent)


def _in_piece(piece: System, *, least: Floats, most: Floats, thorough: bool) -> People:
    width, spent = len(least), 0
    if width > LARGE:
        sides = np.random.default_rng(SEED)
        for _ in range(MOST_DIVES):
            dive = Dive(piece, sides.choice([-1.0, 1.0], width), least=least, most=most)
            found = dive.down()
            spent += dive.spent
            if found is not None or dive.first is None:  # not even fractions of people satisfy them
                return People(found, spent)
        if not thorough:
            return People(None, spent)
    each = int(piece.matrix.nnz) * sum(piece.matrix.shape)
    for sign in (0.0, 1.0, -1.0):
        near = arrangement(piece, sign * np.ones(width), least=least, most=most)
        spent += max(near.spent, each)
        if near.counts is not None:
            break
    return People(near.counts, spent)
