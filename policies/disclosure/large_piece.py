"""The ranges of a large piece settled as far as it matters whether they are wide enough.

Many sums at once are pushed up and down, and whole people looked for close by. Then each sum that is not known to be wide enough is looked at alone: what not even fractions of
people make wide is too narrow for certain. For the others whole people are looked for who put the sum where it has to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.piece import Piece
from policies.disclosure.progress import HARD, MOST_CERTAIN, Places
from policies.disclosure.shifted import shift
from policies.disclosure.system import WHOLE, Floats
from policies.disclosure.walked import Walked

MIXED: Final = 6
SEED: Final = 1
"""Half of the sums are pushed up and half down, drawn anew so many times: where statements leave room, that settles most."""
MOST_DIVES: Final = 12
FEW_LEFT: Final = 4
"""The same where statements are equations, while there are more sums than this."""
LESS: Final = 0.97
"""In one of several ways, while each time leaves no more than this share of them."""
MIXED_FIRST: Final = 12
"""Of these in fractions of people alone, to see what not even they make wide enough: while each leaves no more than `FEWER` of them."""
FEWER: Final = 0.9
TRIED: Final = 3
"""Searches for whole people who put one sum where it has to be, each drawn anew."""


@dataclass(frozen=True, slots=True, eq=False)
class _Pushed:
    """Fractions of people, and which sums were pushed there, and to which side."""

    places: Places
    signs: Floats
    counts: Floats | None


def _push(piece: Piece, places: Places, signs: Floats) -> _Pushed:
    found = piece.push(places, sign=signs).counts
    piece.keep(found)  # in tables with their totals they are whole now and then, which is cheap to see
    return _Pushed(places, signs, found)


def settle_large(piece: Piece) -> bool:
    """Whether the statements of the piece can hold together; the ranges of its sums are settled on the way."""
    every, work = np.arange(len(piece.which)), piece.work
    found = piece.push(every, sign=1)
    if found.impossible:
        return False
    if work.cut_short:
        _ends(piece, np.flatnonzero(work.certain(piece.which)))
        return True
    ones = np.ones(len(every))
    sides = [_Pushed(every, ones, found.counts), _push(piece, every, -ones)]
    equations = piece.equations and piece.system.whole
    walked = Walked(piece, [one.counts for one in sides]) if equations and not work.proving else None
    if walked is not None:
        walked.soon()
    early = work.people_first and equations
    if early:
        _dive(piece, sides)
    parted = _prove_narrow(piece)
    if work.cut_short or work.proving:
        return True
    if walked is not None:
        walked.on()
        if not early:
            _dive(piece, [*sides, *parted])
        shift(piece, every)
    else:
        _mix(piece, [*sides, *parted])
    for place in every:
        if work.exhausted:
            break
        one = piece.which[[place]]
        # Of several ways in which zeros can be hidden each may leave another narrow range, so there whole people are looked for at its ends.
        if not (work.enough(one)[0] or (work.certain(one)[0] and not work.people_first)):
            _look(piece, int(place))
    return True


def _prove_narrow(piece: Piece) -> list[_Pushed]:
    """Ranges that not even fractions of people make wide are too narrow for certain. The arrangements that were found on the way."""
    work, sides = piece.work, np.random.default_rng(SEED)
    found: list[_Pushed] = []
    before = np.inf
    for number in range(MIXED_FIRST):
        left = np.flatnonzero(~(_wide(piece) | work.enough(piece.which)))
        if len(left) < 2 or work.exhausted or (number > 1 and len(left) > FEWER * before):
            break
        before = len(left)
        signs = sides.choice([-1.0, 1.0], len(left))
        found.extend(_push(piece, left, sign) for sign in (signs, -signs))
    for place in np.arange(len(piece.which)):
        if work.cut_short or work.exhausted:
            break
        if not (_wide(piece)[place] or work.enough(piece.which[[place]])[0]):
            _ends(piece, np.array([place]))
            work.found += int(work.certain(piece.which[[place]])[0])
    return found


def _wide(piece: Piece) -> NDArray[np.bool_]:
    """Where fractions of people were found that lie so far apart as wanted."""
    low, high = piece.low + piece.known, piece.high + piece.known
    if piece.work.proving and piece.system.whole:
        low, high = np.ceil(low - WHOLE), np.floor(high + WHOLE)
    low = np.maximum(low, piece.work.floor[piece.which])
    return np.asarray(high - low >= piece.work.wanted[piece.which] - WHOLE, dtype=bool)


def _mix(piece: Piece, found: list[_Pushed]) -> None:
    """Whole people looked for close to these fractions, and others: half of the sums that are not known to be wide enough pushed up, and half down."""
    work, sides = piece.work, np.random.default_rng(SEED)
    for one in found:
        if not work.enough(piece.which).all() and not work.exhausted:
            _near(piece, one)
    for _ in range(MIXED):
        left = np.flatnonzero(~(work.enough(piece.which) | work.certain(piece.which)))
        if len(left) < 2 or work.exhausted:
            break
        signs = sides.choice([-1.0, 1.0], len(left))
        for sign in (signs, -signs):
            _near(piece, _push(piece, left, sign))


def _dive(piece: Piece, found: list[_Pushed]) -> None:
    """The same where statements are equations. Nothing is cheap there before the first whole people are known."""
    work, sides = piece.work, np.random.default_rng(SEED)
    if not work.enough(piece.which).all():
        for one in found[:2]:
            _ = piece.keep(one.counts) or piece.dive(one.places, sign=one.signs)
    before = np.inf
    for _ in range(MOST_DIVES):
        left = np.flatnonzero(~(work.enough(piece.which) | work.certain(piece.which)))
        if len(left) <= FEW_LEFT or work.exhausted or (work.people_first and len(left) > LESS * before):
            break
        before = len(left)
        signs = sides.choice([-1.0, 1.0], len(left))
        for sign in (signs, -signs):
            piece.dive(left, sign=sign)
    for one in found:
        if piece.knows_people or work.exhausted or work.enough(piece.which).all():
            break
        _near(piece, one)


def _near(piece: Piece, pushed: _Pushed) -> None:
    """Whole people close to these counts, if any are found, show what they show."""
    if pushed.counts is None or piece.keep(pushed.counts) or not piece.system.whole:
        return
    piece.make_whole(pushed.counts, objective=np.asarray(piece.sums[pushed.places].T @ pushed.signs))


def _ends(piece: Piece, places: Places) -> None:
    """Both ends of these ranges, as far as fractions of people reach, for as many as are looked at.

    Pushed together for as long as that helps, most reach what is known of them, and need no search of their own.
    """
    places = places[:MOST_CERTAIN]
    for sign in (1, -1):
        left, before = piece.short(places, sign=sign), np.inf
        while 1 < len(left) < before:
            before = len(left)
            piece.push(left, sign=sign)
            left = piece.short(left, sign=sign)
        for place in left:
            if piece.short(np.array([place]), sign=sign).size and not piece.work.exhausted:
                found = piece.push([place], sign=sign)
                piece.bound(int(place), found, sign=sign)
                piece.keep(found.counts)


def _look(piece: Piece, place: int) -> None:
    """One sum that is not known to be wide enough."""
    work, one = piece.work, piece.which[[place]]
    ends = []
    for sign in (1.0, -1.0):
        found = piece.push([place], sign=np.array([sign]))
        piece.bound(place, found, sign=int(sign))
        ends.append(_Pushed(np.array([place]), np.array([sign]), found.counts))
    if work.certain(one)[0] and piece.equations and piece.system.whole:
        for end in ends:
            _ = piece.keep(end.counts) or piece.dive([place], sign=end.signs)
        return
    lowest, highest = (end.counts for end in ends)
    if lowest is None or highest is None or not piece.system.whole:
        for end in ends:
            _near(piece, end)
    elif piece.equations:
        for sign in (1, -1):
            piece.dive([place], sign=sign)
        shift(piece, np.array([place]))
        for end in ends:
            if not work.enough(one)[0]:
                _near(piece, end)
    else:
        _put(piece, place, lowest, highest)
    if piece.system.whole and not (work.certain(one)[0] or work.enough(one)[0]):
        _branch(piece, place)


def _put(piece: Piece, place: int, lowest: Floats, highest: Floats) -> None:
    """Whole people looked for who put this sum so far out as it has to be.

    Between the two ends every value is one of fractions of people, as a mixture of the two.
    """
    work, index, one = piece.work, int(piece.which[place]), piece.which[[place]]
    least, most, wanted, floor = (float(x[index]) for x in (work.least, work.most, work.wanted, work.floor))
    least = max(least, min(floor, most))
    its, beside = piece.sums[[place]].toarray().ravel(), float(piece.known[place])
    reach = [float(its @ counts) + beside for counts in (lowest, highest)]
    for _ in range(TRIED):
        seen = max(float(work.low[index]), floor), float(work.high[index])
        for goal in (seen[1] - wanted, seen[0] + wanted, least, min(least + wanted, most), most):
            if work.enough(one)[0] or work.exhausted:
                return
            if not least - WHOLE <= goal <= most + WHOLE or work.low[index] <= goal <= work.high[index]:
                continue
            share = (goal - reach[0]) / (reach[1] - reach[0]) if reach[1] > reach[0] else 0.0
            counts = (1.0 - share) * lowest + share * highest
            piece.make_whole(counts, objective=its, at=(place, goal - beside))


def _branch(piece: Piece, place: int) -> None:
    """One sum that fractions of people make wide enough, and whole people were not found for."""
    work = piece.work
    for sign in (1, -1):
        work.unsure -= 1 if piece.equations else HARD
        if work.unsure < 0 or work.exhausted:
            return
        objective = sign * piece.sums[[place]].toarray().ravel()
        found = piece.search(objective, least=piece.least, most=piece.most)
        piece.keep(found.counts)
        piece.bound(place, found, sign=sign)
