"""Whole people who satisfy statements, close to fractions of people who do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from policies.disclosure.diving import Dive
from policies.disclosure.lattice import Lattices
from policies.disclosure.mending import MOST_MOVES, Mender
from policies.disclosure.network import network
from policies.disclosure.pieces import limit as endless
from policies.disclosure.pieces import part, pieces
from policies.disclosure.programs import MOST_EACH, Programs
from policies.disclosure.progress import MOST_SPENT
from policies.disclosure.system import WHOLE, Floats, System, mostly_equations, room, satisfies, solve
from policies.disclosure.walking import Walk
from policies.disclosure.whole import some_whole

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
    """Whole counts that satisfy every statement of a system, None if none were found; and the effort of looking for them, as `Solution.taken`."""

    counts: Floats | None
    spent: int


def arrangement(
    system: System,
    objective: Floats,
    *,
    least: Floats,
    most: Floats,
    programs: Programs | None = None,
    may: int = MOST_SPENT,
) -> People:
    """Counts of whole people, close to the fractions of people that minimise the objective.

    Where statements leave room, as those of rounded tables do, people are moved one at a time; where they are equations, whole ones are found by going down; and where that does not help,
    by branching. Where statements have many coefficients they are only moved, for there branching may take minutes. `programs`: those of the system between these limits, if it was asked before:
    they go on from there. `may`: about how much it may take.
    """
    near = _near(system, objective, least=least, most=most, programs=programs, may=may)
    if near.counts is not None and not satisfies(system, near.counts, least=least, most=most):
        return People(None, near.spent)
    return near


def _near(
    system: System, objective: Floats, *, least: Floats, most: Floats, programs: Programs | None, may: int
) -> People:
    """The same, as the ways of finding them have it, whose tolerances are their own."""
    programs = Programs(system, least=least, most=most) if programs is None else programs
    large, before = system.matrix.nnz > MANY, programs.taken
    found = programs.push(objective).counts
    if found is not None and (np.abs(found - np.round(found)) <= WHOLE).all():
        return People(np.round(found), programs.taken - before)
    spent = programs.taken - before
    if found is None and large:
        return People(None, spent)
    equations = mostly_equations(system)
    if found is not None and (large or not equations):
        mender = Mender(system, csr_array((0, len(found))), least=least, most=most)
        near = mender.near(found, moves=min(MOST_MOVES, MOST_EACH // max(int(system.matrix.nnz), 1)))
        spent += mender.taken
        if near is not None or large:
            return People(near, spent)
    if found is not None and equations and len(found) > LARGE and spent < may:
        dive = Dive(system, objective, least=least, most=most, may=may - spent)
        near = dive.down()
        spent += dive.taken
        if near is not None:
            return People(near, spent)
    branched = _branched(system, objective, least=least, most=most, found=found, may=may - spent)
    return People(branched.counts, spent + branched.spent)


def _branched(
    system: System, objective: Floats, *, least: Floats, most: Floats, found: Floats | None, may: int
) -> People:
    """Whole counts close to those found in fractions, which are looked for if there are none."""
    spent = 0
    if found is None and may > 0:
        first = solve(system, objective, least=least, most=most, whole=False)
        found, spent = first.counts, first.taken
    for further in range(FURTHER):
        if found is None or spent >= may:
            break
        below = np.maximum(least, np.floor(found + WHOLE) - further)
        above = np.minimum(most, np.ceil(found - WHOLE) + further)
        near = some_whole(system, objective, least=below, most=above, may=may - spent)
        spent += near.taken
        if near.counts is not None:
            return People(np.round(near.counts), spent)
    return People(None, spent)


def people(
    system: System,
    *,
    thorough: bool = True,
    soon: bool = False,
    may: int = MOST_SPENT,
    close: Floats | None = None,
    lattices: Lattices | None = None,
) -> People:
    """Whole people who satisfy every statement. If not `thorough`, in large pieces by going down alone; if `soon`, only by moving those who are `close`. `may`: about how much it may take. `close`: whole people who satisfy most of them, if any are known.
    `lattices`: of equations that were asked for before."""
    lattices = Lattices() if lattices is None else lattices
    known, spent = room(system), int(system.matrix.nnz) * TRIAL
    if known is None:
        return People(None, spent)
    counts, most = known.least.copy(), np.minimum(known.most, endless(system, known))
    for columns, inside, _ in pieces(system, known, np.zeros(0, dtype=np.int64)):
        if len(columns) < 2:  # every whole number between its limits is possible
            continue
        found = _in_piece(
            part(system, known, columns, inside), least=known.least[columns], most=most[columns], thorough=thorough,
            soon=soon, may=may - spent, close=None if close is None else close[columns], lattices=lattices,
        )  # fmt: skip
        spent += found.spent
        if found.counts is None:
            return People(None, spent)
        counts[columns] = found.counts
    return People(counts, spent)


def _moved(
    piece: System,
    objective: Floats,
    *,
    least: Floats,
    most: Floats,
    soon: bool,
    may: int,
    close: Floats | None,
    lattices: Lattices,
) -> People:
    """Whole people who are moved until they satisfy every statement: at first those who are close, and then some between both ends of an objective."""
    walk = Walk(piece, csr_array((0, len(objective))), least=least, most=most, lattices=lattices)
    found = [] if close is None else walk.near(np.clip(close, least, most))
    if found or soon or walk.taken >= may:
        return People(found[0] if found else None, walk.taken)
    programs = Programs(piece, least=least, most=most, may=may - walk.taken)
    both = [end for sign in (1.0, -1.0) if (end := programs.push(sign * objective).counts) is not None]
    if both:
        found = walk.near(np.mean(both, axis=0))
    return People(found[0] if found else None, programs.taken + walk.taken)


def _in_piece(
    piece: System,
    *,
    least: Floats,
    most: Floats,
    thorough: bool,
    soon: bool,
    may: int,
    close: Floats | None,
    lattices: Lattices,
) -> People:
    width, spent = len(least), 0
    if width > LARGE:
        sides, nothing = np.random.default_rng(SEED), csr_array((0, width))
        if mostly_equations(piece) and network(piece, nothing, least=least, most=most) is None:
            moved = _moved(
                piece, sides.choice([-1.0, 1.0], width), least=least, most=most, soon=soon, may=may, close=close, lattices=lattices
            )  # fmt: skip
            spent += moved.spent
            if moved.counts is not None or soon:
                return moved
        for _ in range(MOST_DIVES):
            if 2 * spent >= may:  # the other half is for branching
                break
            dive = Dive(piece, sides.choice([-1.0, 1.0], width), least=least, most=most, may=may - spent)
            found = dive.down()
            spent += dive.taken
            if dive.first is None:  # not even fractions of people satisfy them
                return People(None, spent)
            if found is not None and satisfies(piece, found, least=least, most=most):
                return People(found, spent)
        if not thorough:
            return People(None, spent)
    for sign in (0.0, 1.0, -1.0):
        if spent >= may:
            break
        near = arrangement(piece, sign * np.ones(width), least=least, most=most, may=may - spent)
        spent += near.spent
        if near.counts is not None:
            return People(near.counts, spent)
    return People(None, spent)
