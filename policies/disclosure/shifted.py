"""Ranges that are wide enough for fractions of people shown to be so for whole ones, where statements are equations: whole people who are known are moved further."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.piece import Piece
from policies.disclosure.progress import Places
from policies.disclosure.system import WHOLE

BY: Final = (2, 4, 1, 2, 1)
"""Of how many people at a time the moves of one sum are, each drawn anew, while they turn out not to be of whole people."""


def shift(piece: Piece, places: Places) -> None:
    """Of these sums every one of which neither is known moved up and down by whole people as far as it takes, where such moves are found; some people have to be known."""
    for by in BY:
        for place in places[_open(piece)[places]]:
            _shift(piece, int(place), by)


def _open(piece: Piece) -> NDArray[np.bool_]:
    if piece.work.exhausted or piece.work.cut_short:
        return np.zeros(len(piece.which), dtype=bool)
    return ~(piece.work.enough(piece.which) | piece.work.certain(piece.which))


def _shift(piece: Piece, place: int, by: int) -> None:
    """As far as it takes for a range that is wide enough, or as far as fractions of people are known to reach."""
    work, index, known = piece.work, int(piece.which[place]), float(piece.known[place])
    for sign in (1, -1):
        low, high = max(work.low[index], work.floor[index]), work.high[index]
        if high - low >= work.wanted[index] - WHOLE or work.exhausted:
            return
        if sign > 0:
            goal = min(low + work.wanted[index], np.floor(piece.high[place] + known + WHOLE))
            far = goal > high + WHOLE
        else:
            goal = max(high - work.wanted[index], np.ceil(piece.low[place] + known - WHOLE))
            far = goal < low - WHOLE
        if far:
            piece.shift(place, goal=float(goal - known), sign=sign, by=by)
