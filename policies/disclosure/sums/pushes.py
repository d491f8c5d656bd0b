"""Arrangements of one piece of the statements in which sums are made as small or as large as they get, with whole people where they have to be.

People may be fractions at first: that bounds every sum, and mostly the people turn out whole, or are when each count is rounded and the sums are looked for again. Only what neither settles is branched on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from policies.disclosure.programs import Programs
from policies.disclosure.sums.mixed import partly_whole
from policies.disclosure.system import WHOLE, Floats, Solution, System

FEWEST_STEPS: Final = 100
"""That a program may take, however little effort is left."""
PROGRAMS: Final = 3
"""At least so many may be given up before no effort is left."""
MANY: Final = 5_000
"""Coefficients, beyond which the interior point method finds the first arrangement sooner than the simplex method (Wright, Primal-Dual Interior-Point Methods, 1997)."""
EXACT: Final = 1e-7
"""How far whole numbers may miss a statement, beside what floating numbers miss of their size: means and rates of up to three digits are missed by more, or not at all."""
FLOATING: Final = 1e-13
ROUNDINGS: Final = (np.round, np.ceil, np.floor)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Statements, scaled; the sums looked at, which are `base` and `by` times their value; how small and large each unknown can be, and which are people, who are whole; None if none has to be.

    `units`: the others, sums in units, are whole too, and only arrangements that satisfy every statement with whole numbers count.
    """

    system: System
    sums: csr_array
    base: Floats
    by: Floats
    least: Floats
    most: Floats
    whole: NDArray[np.bool_] | None = None
    units: bool = False

    def satisfied(self, counts: Floats) -> Floats | None:
        """These numbers, rounded where all are whole; None if they are then no arrangement."""
        if not self.units:
            return counts
        counts, system = np.round(counts), self.system
        at = system.matrix @ counts
        near = EXACT + FLOATING * (abs(system.matrix) @ counts)
        within = (at >= system.low - near) & (at <= system.high + near)
        return counts if within.all() and (counts >= self.least).all() and (counts <= self.most).all() else None


class Pushes:
    """Arrangements of one piece, one after another. `effort`: about how much may be spent, as `Solution.spent`; `spent`: how much was."""

    def __init__(self, piece: Piece, *, effort: int) -> None:
        self._piece, self._effort = piece, effort
        each = max(effort // PROGRAMS, FEWEST_STEPS * int(piece.system.matrix.nnz))
        first = quickest_first(piece.system.matrix.nnz)
        self._programs = Programs(piece.system, least=piece.least, most=piece.most, most_each=each, first=first)
        self._rounded: Programs | None = None
        self._each = each
        self._branched = 0

    @property
    def spent(self) -> int:
        """The effort so far."""
        return self._branched + self._programs.spent + (self._rounded.spent if self._rounded else 0)

    def push(self, weights: Floats) -> Solution:
        """An arrangement that makes the sums, so weighted, small, and a bound that none passes. Where people have to be whole, the arrangement need not be the best one."""
        aim = np.asarray(self._piece.sums.T @ weights)
        whole = self._piece.whole
        done = self._programs.push(aim)
        if whole is None or done.counts is None or not whole.any():
            return done
        near = np.abs(np.round(done.counts) - done.counts)
        if near[whole | self._piece.units].max() <= WHOLE and self._piece.satisfied(done.counts) is not None:
            return replace(done, counts=self._piece.satisfied(done.counts))
        for rounding in ROUNDINGS:
            counts = self._with(rounding(done.counts), aim)
            if counts is not None:
                return Solution(counts, done.bound, impossible=False)
        return self.whole(weights)

    def whole(self, weights: Floats) -> Solution:
        """The same with the best arrangement of whole people."""
        piece = self._piece
        if piece.whole is None:
            return self.push(weights)
        aim = np.asarray(piece.sums.T @ weights)
        whole = piece.whole | piece.units
        done = partly_whole(
            piece.system, aim, least=piece.least, most=piece.most, whole=whole, may=self._effort - self.spent
        )
        self._branched += done.spent
        return done if done.counts is None else replace(done, counts=piece.satisfied(done.counts))

    def _with(self, near: Floats, aim: Floats) -> Floats | None:
        """An arrangement with as many people as this, if there is one."""
        piece = self._piece
        if piece.whole is None:
            return None
        least, most = np.ceil(piece.least - WHOLE), np.floor(piece.most + WHOLE)
        people = np.clip(near, least, most)
        least, most = (np.where(piece.whole, people, ends) for ends in (piece.least, piece.most))
        if self._rounded is None:
            self._rounded = Programs(piece.system, least=least, most=most, most_each=self._each)
        self._rounded.bounded(least, most)
        if piece.units:
            self._rounded.limited(*self._in_units(people))
        found = self._rounded.push(aim).counts
        return None if found is None else piece.satisfied(found)

    def _in_units(self, people: Floats) -> tuple[Floats, Floats]:
        """The ends of all statements with so many people, moved inwards to whole numbers of units where sums are compared."""
        piece = self._piece
        sums = ~(piece.whole if piece.whole is not None else np.zeros(len(people), dtype=np.bool_))
        taken = piece.system.matrix @ np.where(sums, 0.0, people)
        compares = abs(piece.system.matrix) @ sums.astype(np.float64) > 0
        low = np.ceil(piece.system.low - taken - EXACT) + taken
        high = np.floor(piece.system.high - taken + EXACT) + taken
        return np.where(compares, low, piece.system.low), np.where(compares, high, piece.system.high)


def quickest_first(coefficients: int) -> str:
    """How HiGHS finds the first arrangement of statements with so many coefficients soonest, as `Programs` takes it."""
    return "ipm" if coefficients > MANY else "choose"
