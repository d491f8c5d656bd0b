"""Ranges shown to be wide enough by whole people who wander, where statements are equations."""

from __future__ import annotations

from typing import Final

import numpy as np

from policies.disclosure.piece import Piece
from policies.disclosure.system import Floats
from policies.disclosure.walking import CHAINS, Walk

SEED: Final = 1
FREE: Final = 24
"""Times every move is made before any sum is aimed at."""
AIMED: Final = 24
"""Times it is made for the same sums."""
MOST_IDLE: Final = 3
"""Rounds of aiming that show nothing new."""
LESS: Final = 0.75
FEW: Final = 32
"""If only what is soon shown is asked for, it ends once a round leaves more than this share of the sums open and they are not few, or shows nothing."""
REST: Final = 5
"""One part in so many of the effort that is left is left for what follows a walk."""
KEPT: Final = 4
"""Arrangements that are kept at the end for other searches."""


def walk(piece: Piece, fractions: list[Floats | None]) -> None:
    """What a walk from whole people who are known shows of the sums, or else from some who are close to these fractions of people; nothing if there are none."""
    work = piece.work
    if work.exhausted or work.enough(piece.which).all():
        return
    one = Walk(piece.system, piece.sums, least=piece.least, most=piece.most, lattices=piece.lattices)
    if one.may_move and _begun(one, piece, fractions):
        _wandered(one, piece, until=piece.left - (0 if work.walking else piece.left // REST))
        for people in one.people(KEPT):
            piece.keep(people)
    piece.count(one.taken)


def _begun(one: Walk, piece: Piece, fractions: list[Floats | None]) -> bool:
    if one.begin(piece.people):
        return True
    some = [counts for counts in fractions if counts is not None]
    return bool(some) and one.begin(one.near(np.mean(some, axis=0)))


def _wandered(one: Walk, piece: Piece, *, until: int) -> None:
    sides, idle = np.random.default_rng(SEED), 0
    _look(one, piece)
    before = len(piece.open)
    for _ in range(FREE):
        if not piece.open.size or one.taken + one.weight > until:
            return
        one.wander()
        _look(one, piece)
    while (left := piece.open).size and idle < MOST_IDLE:
        if piece.work.walking and len(left) > max(LESS * before, FEW):
            return
        before = len(left)
        aims = np.resize(sides.permutation(left), CHAINS)
        signs = sides.choice([-1.0, 1.0], CHAINS)
        for _ in range(AIMED):
            if one.taken + one.weight > until:
                return
            one.make_for(aims, signs)
            _look(one, piece)
        idle = 0 if len(piece.open) < before else MOST_IDLE if piece.work.walking else idle + 1


def _look(one: Walk, piece: Piece) -> None:
    places = piece.open
    if places.size:
        piece.shown(places, *one.apart(places))
