"""Counts that statements connect, the sums of them that are asked for, and what every search shows of these sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from policies.disclosure.diving import Dive
from policies.disclosure.lattice import Lattices
from policies.disclosure.mending import Mender
from policies.disclosure.programs import Programs
from policies.disclosure.progress import Places, Work
from policies.disclosure.shifting import Shifters
from policies.disclosure.system import WHOLE, Floats, Solution, System, mostly_equations, satisfies
from policies.disclosure.whole import best_whole, some_whole

MOST_MOVES: Final = 1_500
"""Of people, while whole ones are looked for close to fractions: nearly all that are found are found with fewer."""


class Piece:
    """One piece. `which`: its sums, by their place in `work`; `known`: what counts outside of it add to each.

    `low`, `high`: what fractions of people reached, without `known`. `equations`: most statements about several counts are, so that nobody can be moved alone.
    """

    def __init__(
        self,
        system: System,
        columns: Places,
        which: Places,
        *,
        least: Floats,
        most: Floats,
        counts: Floats,
        work: Work,
        lattices: Lattices,
    ) -> None:
        self.system, self.which, self.work, self.lattices = system, which, work, lattices
        self.least, self.most = least, most
        width = len(columns)
        self.sums = csr_array(work.sums[which][:, columns]) if len(which) else csr_array((0, width))
        fixed = counts.copy()
        fixed[columns] = 0.0
        self.known = work.sums[which] @ fixed
        self.low, self.high = np.full(len(which), np.inf), np.full(len(which), -np.inf)
        self.equations = mostly_equations(system)
        self._programs = Programs(system, least=least, most=most, may=self.left)
        self._mender = Mender(system, self.sums, least=least, most=most)
        self._shifters = Shifters(system, self.sums, least=least, most=most)

    @property
    def left(self) -> int:
        """The effort that may still be spent on it, as `Solution.taken`."""
        return self.work.left(equations=self.equations)

    def push(self, places: Sequence[int] | Places, *, sign: int | Floats) -> Solution:
        """The sums of these places made small (1) or large (-1) together, in fractions of people."""
        weights = np.broadcast_to(np.asarray(sign, dtype=np.float64), len(places))
        found = self._programs.push(np.asarray(self.sums[places].T @ weights))
        self.count(found.taken)
        if found.counts is not None:
            sums: Floats = np.asarray(self.sums @ found.counts)
            self.low, self.high = np.minimum(self.low, sums), np.maximum(self.high, sums)
        return found

    def dive(self, places: Sequence[int] | Places, *, sign: int | Floats) -> bool:
        """Whether whole people were found where the sums of these places are small (1) or large (-1) together; what they show of the sums is kept."""
        weights = np.broadcast_to(np.asarray(sign, dtype=np.float64), len(places))
        objective = np.asarray(self.sums[places].T @ weights)
        if self.work.exhausted:
            return False
        one = Dive(self.system, objective, least=self.least, most=self.most, may=self.left)
        found = one.down()
        self.count(one.taken)
        return self.keep(found)

    def search(self, objective: Floats, *, least: Floats, most: Floats) -> Solution:
        """Whole people, by branching."""
        if self._programs.hopeless:
            return Solution(None, -np.inf, impossible=False)
        return self._counted(best_whole(self.system, objective, least=least, most=most, may=self.left))

    def some(self, objective: Floats, *, least: Floats, most: Floats) -> Solution:
        """Whole people, the first that are found by branching."""
        if self._programs.hopeless:
            return Solution(None, -np.inf, impossible=False)
        return self._counted(some_whole(self.system, objective, least=least, most=most, may=self.left))

    def _counted(self, found: Solution) -> Solution:
        self.count(found.taken)
        return found

    def count(self, spent: int) -> None:
        """So much effort was spent, as `Solution.taken`."""
        self.work.spent += spent
        if self.equations:
            self.work.looked += spent

    def make_whole(
        self, counts: Floats, *, objective: Floats, at: tuple[int, float] | None = None, moves: int = MOST_MOVES
    ) -> bool:
        """Whether whole people close to these fractions of them were found; what they show of the sums is kept.

        `at`: a place and the value that its sum has to have, without `known`; else the objective is to be small.
        """
        if not self.equations:
            return self.keep(self._mended(counts, at=at, moves=moves))
        return self.boxed(counts, objective=objective)

    def boxed(self, counts: Floats, *, objective: Floats) -> bool:
        """The same by branching, no further away than the next whole number but one."""
        for further in range(2):
            if self.work.exhausted:
                break
            below = np.maximum(self.least, np.floor(counts + WHOLE) - further)
            above = np.minimum(self.most, np.ceil(counts - WHOLE) + further)
            if self.keep(self.some(objective, least=below, most=above).counts):
                return True
        return False

    @property
    def knows_people(self) -> bool:
        """Whether any whole people were found."""
        return bool(self.people)

    @property
    def people(self) -> list[Floats]:
        """Whole people who were found, the first of them."""
        return self._shifters.starts

    @property
    def open(self) -> Places:
        """The sums that are neither known to be wide enough nor to be too narrow."""
        return np.flatnonzero(~(self.work.enough(self.which) | self.work.certain(self.which)))

    def shown(self, places: Places, low: Floats, high: Floats) -> None:
        """Whole people were found with the sums of these places as small, and others with them as large."""
        for values in (low, high):
            self.work.saw(values + self.known[places], self.which[places])

    def shift(self, place: int, *, goal: float, sign: int, by: int) -> bool:
        """Whether whole people, moved from those who come closest so far, were found who make this sum, without `known`, at least (sign 1) or at most (-1) as large as the goal.

        `by`: so many people at a time.
        """
        if self.work.exhausted:
            return False
        before = self._shifters.taken
        found = self._shifters.to(place, goal=goal, sign=sign, by=by)
        self.count(self._shifters.taken - before)
        return self.keep(found)

    def _mended(self, counts: Floats, *, at: tuple[int, float] | None, moves: int) -> Floats | None:
        before = self._mender.taken
        found = self._mender.near(counts, at=at, moves=moves)
        self.count(self._mender.taken - before)
        return found

    def keep(self, counts: Floats | None) -> bool:
        """Whether these are whole counts, or need not be; then what they show of the sums is kept."""
        if counts is None:
            return False
        if self.system.whole and (np.abs(counts - np.round(counts)) > WHOLE).any():
            return False
        counts = np.round(counts) if self.system.whole else counts
        # A program's own tolerances are wider than a person is, where numbers are large.
        if self.system.whole and not satisfies(self.system, counts):
            return False
        self._shifters.know(counts)
        self.work.saw(self.sums @ counts + self.known, self.which)
        return True

    def short(self, places: Places, *, sign: int) -> Places:
        """Those whose lower (`sign` 1) or upper (-1) end not even fractions of people have reached yet."""
        which = self.which[places]
        if sign > 0:
            short = self.known[places] + self.low[places] > self.work.least[which] + WHOLE
        else:
            short = self.known[places] + self.high[places] < self.work.most[which] - WHOLE
        return np.asarray(places[short], dtype=np.int64)

    def bound(self, place: int, found: Solution, *, sign: int) -> None:
        """The end of one range lies no further out than the bound of a search for it."""
        value = sign * found.bound + float(self.known[place])
        self.work.tighten(int(self.which[place]), value, sign=sign, whole=self.system.whole)
