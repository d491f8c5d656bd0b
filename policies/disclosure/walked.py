"""Ranges shown to be wide enough by whole people who wander, where statements are equations."""

from __future__ import annotations

from typing import Final

import numpy as np

from policies.disclosure.piece import Piece
from policies.disclosure.system import Floats
from policies.disclosure.walking import CHAINS, Walk

SEED: Final = 1
FREE: Final = 24
MANY: Final = 2 * CHAINS
"""Times every move is made before any sum is aimed at, where more sums than this are open."""
AIMED: Final = 24
"""Times it is made for the same sums."""
MOST_IDLE: Final = 3
"""Rounds of aiming that show nothing new."""
LESS: Final = 0.75
FEW: Final = 32
IDLE_SOON: Final = 2
"""What is soon shown ends with a round that leaves more than this share of the sums open and not few, or with so many that show nothing."""
FIRST_REST: Final = 2
REST: Final = 5
"""One part in so many of the effort that is left is left for what follows its first and its further rounds, if anything does."""
KEPT: Final = 4
"""Arrangements that are kept for other searches."""


class Walked:
    """A walk through one piece, which begins at whole people who are known, or else at some who are close to these fractions of people. Where there are none it shows nothing."""

    def __init__(self, piece: Piece, fractions: list[Floats | None]) -> None:
        self._piece, self._sides = piece, np.random.default_rng(SEED)
        self._counted = 0
        self._walk = (
            None if piece.work.exhausted or piece.work.enough(piece.which).all() else self._begun(fractions)
        )

    def _begun(self, fractions: list[Floats | None]) -> Walk | None:
        piece = self._piece
        one = Walk(piece.system, piece.sums, least=piece.least, most=piece.most, lattices=piece.lattices)
        some = [counts for counts in fractions if counts is not None]
        begun = one.may_move and (
            one.begin(piece.people) or (bool(some) and one.begin(one.near(np.mean(some, axis=0))))
        )
        self._count(one)
        return one if begun else None

    def soon(self) -> None:
        """Shows what a few rounds show, and more for as long as each shows much."""
        if self._walk is not None:
            rest = 0 if self._piece.work.walking else self._piece.left // FIRST_REST
            self._look(self._walk)
            before: float = len(self._piece.open)
            for _ in range(FREE if before > MANY else 0):
                if not self._goes_on(self._walk, rest=rest):
                    break
                self._walk.wander()
                self._look(self._walk)
            before, idle = (before if before > MANY else np.inf), 0
            while len(left := self._piece.open) <= max(LESS * before, FEW) and idle < IDLE_SOON:
                if not self._goes_on(self._walk, rest=rest):
                    break
                before, idle = len(left), 0 if self._aimed(self._walk, rest=rest) else idle + 1
            self._end(self._walk)

    def on(self) -> None:
        """Shows what further rounds show, until several show nothing new."""
        if self._walk is not None:
            idle = 0
            rest = self._piece.left // REST
            while idle < MOST_IDLE and self._goes_on(self._walk, rest=rest):
                idle = 0 if self._aimed(self._walk, rest=rest) else idle + 1
            self._end(self._walk)

    def _aimed(self, one: Walk, *, rest: int) -> bool:
        """Whether moves made for some of the open sums showed anything new."""
        left = self._piece.open
        if not left.size:
            return False
        aims = np.resize(self._sides.permutation(left), CHAINS)
        signs = self._sides.choice([-1.0, 1.0], CHAINS)
        for _ in range(AIMED):
            if not self._goes_on(one, rest=rest):
                break
            one.make_for(aims, signs)
            self._look(one)
        return len(self._piece.open) < len(left)

    def _goes_on(self, one: Walk, *, rest: int) -> bool:
        return bool(self._piece.open.size) and one.weight + rest <= self._piece.left

    def _look(self, one: Walk) -> None:
        places = self._piece.open
        if places.size:
            self._piece.shown(places, *one.apart(places))
        self._count(one)

    def _end(self, one: Walk) -> None:
        for people in one.people(KEPT):
            self._piece.keep(people)

    def _count(self, one: Walk) -> None:
        self._piece.count(one.taken - self._counted)
        self._counted = one.taken
