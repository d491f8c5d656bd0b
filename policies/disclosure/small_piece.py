"""Every range of a small piece settled exactly."""

from __future__ import annotations

from typing import Final

import numpy as np

from policies.disclosure.apart import Apart
from policies.disclosure.piece import Piece
from policies.disclosure.progress import Places
from policies.disclosure.system import WHOLE, Solution

BY: Final = (1, 2, 1)
"""Of how many people at a time the moves of one sum are, each drawn anew."""
MOST_MOVES: Final = 100
"""Of mending. What that does not do, branching does, which is quick in a small piece."""


def settle_small(piece: Piece) -> bool:
    """Whether the statements of the piece can hold together; the ranges of its sums are settled on the way."""
    every = np.arange(len(piece.which))
    if _pushed(piece, every, sign=1).impossible:
        return False
    _pushed(piece, every, sign=-1)
    _together(piece)
    _one_by_one(piece)
    return True


def _pushed(piece: Piece, places: Places, *, sign: int) -> Solution:
    """Pushed in fractions of people, and whole people looked for close by."""
    found = piece.push(places, sign=sign)
    if found.counts is not None and not piece.keep(found.counts):
        quick = piece.equations and piece.system.whole
        if quick and (_found(piece, places, found, sign=sign) or piece.knows_people):
            return found
        objective = np.asarray(piece.sums[places].sum(axis=0) * sign, dtype=np.float64)
        if not piece.make_whole(found.counts, objective=objective, moves=MOST_MOVES) and not piece.equations:
            piece.boxed(found.counts, objective=objective)
    return found


def _found(piece: Piece, places: Places, found: Solution, *, sign: int) -> bool:
    """The same where statements are equations: one sum as far out as whole numbers may be, by moving people who are known; several, by going down."""
    if len(places) == 1:
        goal = sign * float(np.ceil(found.bound - WHOLE))
        told = piece.work.enough(piece.which[places])[0]
        moves = BY[:1] if told else BY
        if any(piece.shift(int(places[0]), goal=goal, sign=-sign, by=by) for by in moves) or told:
            return True
    return piece.dive(places, sign=sign)


def _together(piece: Piece) -> None:
    """Sums that lie apart pushed to the same side in one solution."""
    apart = Apart(piece.system.matrix, piece.sums)
    for sign in (1, -1):
        tried = np.zeros(len(piece.which), dtype=bool)
        while not piece.work.exhausted:
            left = np.isin(piece.which, piece.work.open(piece.which, sign=sign)) & ~tried
            chosen = apart.of(np.flatnonzero(left))
            if len(chosen) < 2:
                break
            tried[chosen] = True
            _pushed(piece, chosen, sign=sign)


def _one_by_one(piece: Piece) -> None:
    """Each end that is not reached yet looked for, in fractions of people and then by branching."""
    work = piece.work
    for whole in (False, True):
        for place, one in enumerate(piece.which):
            for sign in (1, -1):
                if not work.open(np.array([one]), sign=sign).size or not work.may_look(int(one), whole=whole):
                    continue
                if whole and work.exhausted:
                    return
                if whole:
                    objective = sign * piece.sums[[place]].toarray().ravel()
                    found = piece.search(objective, least=piece.least, most=piece.most)
                    piece.keep(found.counts)
                else:
                    found = _pushed(piece, np.array([place]), sign=sign)
                piece.bound(place, found, sign=sign)
            if not whole:
                work.found += int(work.certain(np.array([one]))[0])
