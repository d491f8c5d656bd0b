"""The ranges of a piece that is a network settled, one sum after another, by moving people round."""

from __future__ import annotations

from typing import Final

import numpy as np

from policies.disclosure.circulation import Circulation
from policies.disclosure.network import Network, network
from policies.disclosure.piece import Piece
from policies.disclosure.system import WHOLE, Floats

TAKES: Final = 2
"""What it takes to look at one edge, as `Solution.taken`."""


def settle_network(piece: Piece, *, start: Floats | None, exact: bool) -> bool | None:
    """Whether the statements of the piece can hold together, the ranges of its sums being settled on the way; None if the piece is no network.

    If not `exact`, ranges that are wide enough are left as they are known. `start`: whole counts that satisfy the statements, if any are known.
    """
    net = network(piece.system, piece.sums, least=piece.least, most=piece.most)
    if net is None:
        return None
    if start is None:
        found = piece.push(np.arange(len(piece.which)), sign=1)
        if found.impossible:
            return False
        if found.counts is None or not piece.keep(found.counts):
            return None
        start = np.round(found.counts)
    people = Circulation(net, start)
    if not people.holds:
        return None
    settler = _Settler(piece, net, people)
    for place in range(len(piece.which)):
        work = piece.work
        if work.exhausted or (work.cut_short and work.hurried and not work.proving):
            break
        settler.settle(place, exact=exact)
    settler.note()
    return True


class _Settler:
    """Of the sums of one piece."""

    def __init__(self, piece: Piece, net: Network, people: Circulation) -> None:
        self._piece, self._work, self._which, self._people = piece, piece.work, piece.which, people
        self._asked, self._known = net.asked, np.round(piece.known).astype(np.int64)

    def settle(self, place: int, *, exact: bool) -> None:
        """As far as possible up and then down; if not `exact`, as far as makes the range wide enough."""
        work, people, one = self._work, self._people, self._which[[place]]
        index, edge, beside = int(one[0]), int(self._asked[place]), int(self._known[place])
        wanted, floor = float(work.wanted[index]), float(work.floor[index])
        before = people.spent
        for sign in (1, -1):
            low, high = float(people.low[edge] + beside), float(people.high[edge] + beside)
            end = float(work.most[index] if sign > 0 else work.least[index])
            if np.isinf(end) or (not exact and high - max(low, floor) >= wanted - WHOLE):
                continue
            if sign > 0:
                far = int(np.ceil(end if exact else min(end, max(low, floor) + wanted) - WHOLE))
                short = (value := people.moved(edge, goal=far - beside) + beside) < far
            else:
                far = int(np.floor(end if exact else max(end, high - wanted) + WHOLE))
                short = (value := people.moved(edge, goal=far - beside) + beside) > far
            if short:
                work.tighten(index, float(value), sign=-sign, whole=True)
        self._piece.count(TAKES * (people.spent - before))
        work.found += int(work.certain(one)[0])

    def note(self) -> None:
        """What was found on the way is kept."""
        low, high = self._people.low[self._asked] + self._known, self._people.high[self._asked] + self._known
        work, which = self._work, self._which
        work.low[which] = np.minimum(work.low[which], low)
        work.high[which] = np.maximum(work.high[which], high)
