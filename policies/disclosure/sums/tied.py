"""The range of each hidden sum or count where statements compare sums with counts: printed means and rates, and what one person can contribute.

Method: as `ranges`. What is known already, by one statement after another, is taken off first, and what no statement connects is looked at apart. In small pieces people are whole, in large ones they may be
fractions, which only makes ranges wider than a patient reader finds them. Where a true mean or rate compares a sum with a count and neither is known, sums are whole too, in their unit
(see `units`), and a piece that is too large for that is not settled.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

from policies.disclosure.programs import Programs
from policies.disclosure.sums.pushes import Piece
from policies.disclosure.sums.ranges import (
    LARGEST,
    MOST_CERTAIN,
    MOST_SINGLE,
    NEAR,
    Budget,
    Demand,
    Found,
    largest,
    saw,
    settle,
)
from policies.disclosure.sums.units import NO_UNITS, Units
from policies.disclosure.system import WHOLE, Floats, Room, System, room

LARGE: Final = 300
"""Unknowns that are open, beyond which programs for one end of one range are slow, so that fewer are made."""
FEW_CERTAIN: Final = 10
"""Ranges that are too narrow for certain, after which the search ends then."""
MOST_WHOLE: Final = 40
"""Counts of one piece, up to which people are whole."""
BEYOND: Final = 100.0
"""How far beyond every number that can follow from the statements an unknown may go: what gets there has no limit."""
SAME: Final = 1e-9
GROWS: Final = 0.5
"""What can grow without end does so by 1 in the program that asks; what cannot, not at all."""
Ints = NDArray[np.int64]


def known_of(system: System) -> Room | None:
    """What follows for each unknown from one statement after another, where those that compare serve as far as one side is known; None if two of them contradict each other."""
    matrix = system.matrix
    compares = np.zeros(matrix.shape[0], dtype=bool)
    compares[np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[matrix.data < 0]] = True
    plain = np.flatnonzero(~compares)
    known = room(System(csr_array(matrix[plain]), system.low[plain], system.high[plain], whole=False))
    if known is None or not compares.any():
        return known
    counts = csr_array((-matrix).maximum(0.0))
    is_open = (known.most > known.least).astype(np.float64)
    serve = np.flatnonzero(~compares | (counts @ is_open == 0))
    taken = counts @ np.where(is_open > 0, 0.0, known.least)
    sums = csr_array(matrix[serve].maximum(0.0))
    return room(System(sums, (system.low + taken)[serve], (system.high + taken)[serve], whole=False))


def tied_ranges(
    system: System,
    rows: Ints,
    *,
    by: Floats,
    demand: Demand,
    people: int,
    effort: int,
    units: Units = NO_UNITS,
) -> Found | None:
    """The range of each of these rows, `by` times what it is in the system, which is scaled already; None if the statements contradict each other.

    `people`: so many unknowns, the first ones, are counts. `effort`: as `sum_ranges`. `units`: where printed means and rates ask for it, sums are whole numbers of units; in a piece that is too
    large for that, what its ranges come to is not known, so that none of them is kept.
    """
    known = known_of(system)
    if known is not None and units.ratios.size:
        known = units.room(known)
    if known is None:
        return None
    low, high = known.of(csr_array(system.matrix[rows]))
    low, high = np.maximum(low, system.low[rows]) * by, np.minimum(high, system.high[rows]) * by
    nothing = np.full(len(rows), np.inf)
    found = Found(low, high, nothing, -nothing, float(by.max(initial=1.0)) * LARGEST * NEAR)
    is_open = known.most - known.least > SAME
    fixed = np.where(is_open, 0.0, known.least)
    taken = system.matrix @ fixed
    matrix = csr_array(system.matrix[:, np.flatnonzero(is_open)])
    unknown = np.flatnonzero(is_open)
    if units.ratios.size:
        system = units.inward(system, matrix, taken, unknown)
        shut = np.diff(matrix.indptr) == 0
        if (np.maximum(system.low - taken, taken - system.high)[shut] > WHOLE).any():
            return None
    finite = np.concatenate([system.high, system.low])
    reach = BEYOND * float(1_000.0 + finite[np.isfinite(finite)].sum() + LARGEST * len(finite))
    most = np.minimum(known.most, reach)
    small = len(unknown) <= LARGE
    budget = Budget(
        MOST_SINGLE * min(LARGE, len(unknown)) // max(len(unknown), 1),
        effort,
        MOST_CERTAIN if small else FEW_CERTAIN,
    )
    for columns, inside, which in _pieces(system, matrix, known, rows):
        if not len(columns):
            saw(found, which, by[which] * taken[rows[which]])
            continue
        mine = unknown[columns]
        if len(columns) == 1 and not len(inside):  # every number between its limits is possible
            fits = _alone(
                known.least[mine],
                most[mine],
                which,
                found,
                by[which, None] * matrix[rows[which]][:, columns].toarray(),
                by[which] * taken[rows[which]],
                whole=bool(mine[0] < people),
                reach=reach,
            )
            if not fits:
                return None
            continue
        tie = units.ties(csr_array(matrix[:, columns]), mine, inside)
        whole = mine < people if (mine < people).sum() <= MOST_WHOLE else None
        piece = Piece(
            System(
                csr_array(matrix[inside][:, columns]),
                system.low[inside] - taken[inside],
                system.high[inside] - taken[inside],
                whole=False,
            ),
            csr_array(matrix[rows[which]][:, columns]),
            by[which] * taken[rows[which]],
            by[which],
            known.least[mine],
            most[mine],
            whole,
        )
        asked = units.counted_in(piece, mine < people) if tie and whole is not None else piece
        if not settle(asked, which, found=found, demand=demand, budget=budget):
            return None
        _endless(piece, which, found, largest(system), reach=reach)
        if tie and whole is None:
            found.low[which], found.high[which] = np.inf, -np.inf
    found.cut_short, found.spent = budget.cut_short, effort - budget.effort
    return found


def _alone(
    least: Floats,
    most: Floats,
    which: Ints,
    found: Found,
    times: Floats,
    base: Floats,
    *,
    whole: bool,
    reach: float,
) -> bool:
    """One unknown of which no statement says more than its limits reaches both: whole numbers between them, if it is `whole`; whether there is one. The sums are `base` and `times` its value."""
    endless = most[0] >= reach
    if whole:
        least, most = np.ceil(least - WHOLE), np.floor(most + WHOLE)
    if least[0] > most[0]:
        return False
    for end in (least, most):
        saw(found, which, base + times @ end)
    if endless:
        grows = times[:, 0] > 0
        found.most[which[grows]] = found.high[which[grows]] = np.inf
    return True


def _endless(piece: Piece, which: Ints, found: Found, most: float, *, reach: float) -> None:
    """No limit where an arrangement of the piece went far beyond every number there is, and no statement stops it. Counts go with their sums, less far where people have large ones.

    What can be added to an arrangement without end is a cone (Schrijver, Theory of Linear and Integer Programming, 1986, section 8.2), so one program finds every unknown that can grow so.
    """
    if not (found.high[which] > most * piece.by).any():
        return
    system, width = piece.system, piece.system.matrix.shape[1]
    upwards, downwards = np.isfinite(system.high), np.isfinite(system.low)
    cone = System(
        csr_array(hstack([system.matrix, system.matrix])),
        np.where(downwards, 0.0, -np.inf),
        np.where(upwards, 0.0, np.inf),
        whole=False,
    )
    free = np.where(piece.most >= reach, np.inf, 0.0)  # the first one of each unknown, and what is beyond that
    aim = np.concatenate([-np.ones(width), np.zeros(width)])
    ends = np.concatenate([np.minimum(free, 1.0), free])
    counts = Programs(cone, least=np.zeros(2 * width), most=ends).push(aim).counts
    if counts is not None:
        grows = piece.sums @ (counts[:width] > GROWS).astype(np.float64) > 0
        found.most[which[grows]] = found.high[which[grows]] = np.inf


def connected(rows: csr_array) -> Ints:
    """For each column the number of the piece that it lies in: no row connects two pieces."""
    count, width = rows.shape
    both = csr_array((np.ones(len(rows.data)), rows.indices, rows.indptr), shape=(count, width))
    _, label = connected_components(block_array([[None, both], [both.T, None]], format="csr"), directed=False)
    return np.unique(label[count:], return_inverse=True)[1].astype(np.int64)


def _pieces(system: System, matrix: csr_array, known: Room, rows: Ints) -> list[tuple[Ints, Ints, Ints]]:
    """The open unknowns in pieces that no statement connects: columns of the matrix, statements, and which of the rows asked for lie there; the rows about what is known come first."""
    (up_low, up_high), (down_low, down_high) = (
        known.of(csr_array((sign * system.matrix).maximum(0.0))) for sign in (1.0, -1.0)
    )
    low, high = up_low - down_high, up_high - down_low
    says = (low < system.low - SAME) | (high > system.high + SAME)
    asked = np.isin(np.arange(len(says)), rows)
    keep = np.flatnonzero((says | asked) & (np.diff(matrix.indptr) > 0))
    kept = csr_array(matrix[keep])
    label = connected(kept)
    of_row = np.full(len(says), -1)
    of_row[keep] = label[kept.indices[kept.indptr[:-1]]]
    everywhere = of_row[rows]
    found = [(np.zeros(0, dtype=np.int64),) * 2 + (np.flatnonzero(everywhere < 0),)]
    for n in np.unique(everywhere[everywhere >= 0]):
        inside = keep[of_row[keep] == n]
        found.append((np.flatnonzero(label == n), inside[says[inside]], np.flatnonzero(everywhere == n)))
    return found
