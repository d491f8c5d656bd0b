"""Arrangements of one piece of the statements in which sums are made as small or as large as they get, with whole people where they have to be.

People may be fractions at first: that bounds every sum, and mostly the people turn out whole, or are when each count is rounded and the sums are looked for again. Only what neither settles is branched on.
"""

from __future__ import annotations

from dataclasses import dataclass
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
ROUNDINGS: Final = (np.round, np.ceil, np.floor)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Statements, scaled; the sums looked at, which are `base` and `by` times their value; how small and large each unknown can be, and which are whole; None if none has to be."""

    system: System
    sums: csr_array
    base: Floats
    by: Floats
    least: Floats
    most: Floats
    whole: NDArray[np.bool_] | None = None


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
        if np.abs(np.round(done.counts) - done.counts)[whole].max() <= WHOLE:
            return done
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
        done = partly_whole(piece.system, aim, least=piece.least, most=piece.most, whole=piece.whole)
        self._branched += done.spent
        return done

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
        return self._rounded.push(aim).counts


def quickest_first(coefficients: int) -> str:
    """How HiGHS finds the first arrangement of statements with so many coefficients soonest, as `Programs` takes it."""
    return "ipm" if coefficients > MANY else "choose"
