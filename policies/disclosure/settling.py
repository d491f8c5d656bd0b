"""The ranges of sums of counts settled, one piece of a system after another. See `policies.disclosure.bounds`.

Fractions of people are found fast and prove what is too narrow. Whole people, who prove what is wide enough, are looked for close to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from policies.disclosure.pieces import part
from policies.disclosure.system import WHOLE, Floats, Room, Solution, System, solve

Places = NDArray[np.int64]
MOST_SINGLE: Final = 400
"""Searches for the end of one range that are made although nothing depends on it. Beyond, the range that is known is given."""
HARD: Final = 10
"""What a search in whole people counts for among these."""
MIXED: Final = 8
SEED: Final = 1
"""In large pieces, half of the sums are pushed up and half down, drawn anew so many times: where statements leave room, that settles most."""
LARGE: Final = 300
"""Counts in one piece, beyond which only those ranges are looked at that are not known to be wide enough."""
MOST_CERTAIN: Final = 30
"""Ranges that are too narrow for certain: after so many, the rest is left as it is known."""
MOST_UNSURE: Final = 60
"""In large pieces, searches in whole people for the end of a range that may be wide enough. What is not settled by then counts as too narrow."""
FEW: Final = 30
"""Statements about no more counts than this count as narrow in any piece."""


@dataclass(slots=True, eq=False)
class Work:
    """Ranges while they are being settled: `sums` has one row for each; none lies outside `least` to `most`, `low` and `high` were reached.

    `told`: how many were known to be too narrow from the start, where that is enough to know.
    """

    sums: csr_array
    least: Floats
    most: Floats
    low: Floats
    high: Floats
    wanted: Floats
    hurried: bool
    told: int
    found: int = 0
    single: int = MOST_SINGLE
    unsure: int = MOST_UNSURE

    @classmethod
    def of(
        cls, sums: csr_array, least: Floats, most: Floats, *, wanted: Floats, hurried: bool, told: int
    ) -> Work:
        """Nothing has been reached yet, except that what has no limit reaches any height."""
        nothing = np.full(len(least), np.inf)
        return cls(sums, least, most, nothing, np.where(np.isinf(most), np.inf, -np.inf), wanted, hurried, told)

    @property
    def cut_short(self) -> bool:
        """Whether so many are too narrow for certain that no other is looked at."""
        return max(self.told, self.found) >= MOST_CERTAIN

    def enough(self, which: Places) -> NDArray[np.bool_]:
        """Where arrangements were found that lie so far apart as wanted."""
        return self.high[which] >= self.low[which] + self.wanted[which] - WHOLE

    def certain(self, which: Places) -> NDArray[np.bool_]:
        """Where there are none."""
        return self.most[which] - self.least[which] < self.wanted[which] - WHOLE

    def may_look(self, index: int, *, whole: bool, large: bool) -> bool:
        """Whether this range is worth another search: always where the answer depends on it, and else a limited number of times."""
        one = np.array([index])
        certain = bool(self.certain(one)[0])
        if not (self.enough(one)[0] or certain):
            self.unsure -= int(whole and large)
            return not self.cut_short and self.unsure >= 0
        if large and not certain:
            return False
        self.single -= HARD if whole or large else 1
        return self.single >= 0

    def saw(self, counts: Floats, which: Places) -> None:
        """These counts are possible."""
        values = self.sums[which] @ counts
        self.low[which] = np.minimum(self.low[which], values)
        self.high[which] = np.maximum(self.high[which], values)

    def open(self, which: Places, *, sign: int) -> Places:
        """Those whose lower (`sign` 1) or upper (-1) end is not reached yet."""
        short = (
            self.low[which] > self.least[which] + WHOLE
            if sign > 0
            else self.high[which] < self.most[which] - WHOLE
        )
        return which[short]

    def tighten(self, index: int, value: float, *, sign: int, whole: bool) -> None:
        """The lower (`sign` 1) or upper (-1) end of one range lies no further out than this."""
        if not np.isfinite(value):
            return
        if whole:
            value = float(np.ceil(value - WHOLE)) if sign > 0 else float(np.floor(value + WHOLE))
        if sign > 0:
            self.least[index] = max(self.least[index], value)
        else:
            self.most[index] = min(self.most[index], value)


def settle(
    system: System,
    columns: Places,
    inside: Places,
    which: Places,
    *,
    known: Room,
    endless: float,
    work: Work,
) -> bool:
    """Whether the statements of one piece can hold together; the ranges of its sums are settled on the way."""
    counts = np.where(known.least == known.most, known.least, 0.0)
    if not len(columns):
        work.saw(counts, which)
        return True
    least, most = known.least[columns], np.minimum(known.most[columns], endless)
    if len(columns) == 1:  # every whole number between its limits is possible
        for value in (least, most):
            counts[columns] = value
            work.saw(counts, which)
        return True
    return _Piece(part(system, known, columns, inside), columns, which, least, most, counts, work).settle()


class _Piece:
    """Counts that statements connect, and the sums of them that are asked for."""

    def __init__(
        self,
        system: System,
        columns: Places,
        which: Places,
        least: Floats,
        most: Floats,
        counts: Floats,
        work: Work,
    ) -> None:
        self._system, self._columns, self._which = system, columns, which
        self._least, self._most, self._counts, self._work = least, most, counts, work
        width = len(columns)
        self._sums = csr_array(work.sums[which][:, columns]) if len(which) else csr_array((0, width))
        fixed = counts.copy()
        fixed[columns] = 0.0
        self._known = work.sums[which] @ fixed
        self._large = work.hurried or width > LARGE
        self._parted: list[
            tuple[Floats, Floats]
        ] = []  # objectives, and the fractions of people that they led to
        self._low, self._high = np.full(len(which), np.inf), np.full(len(which), -np.inf)

    def settle(self) -> bool:
        every = range(len(self._which))
        if self._push(every, sign=1).impossible:
            return False
        if self._work.cut_short and self._large:
            self._ends(np.flatnonzero(self._work.certain(self._which)))
            return True
        self._push(every, sign=-1)
        self._make_whole()
        if self._large:
            self._mix()
            self._prove_narrow()
        if not (self._work.cut_short and self._large):
            self._together()
            self._one_by_one()
        return True

    def _push(self, places: Sequence[int] | Places, *, sign: int | Floats) -> Solution:
        """The sums of these places made small (1) or large (-1) together."""
        objective = np.asarray(
            self._sums[places].T @ np.broadcast_to(np.asarray(sign, dtype=np.float64), len(places))
        )
        found = solve(self._system, objective, least=self._least, most=self._most, whole=False)
        if not self._keep(found) and found.counts is not None:
            self._parted.append((objective, found.counts))
        return found

    def _keep(self, found: Solution) -> bool:
        """Whether these are whole counts, or need not be; then what they show of the sums is kept."""
        if found.counts is None:
            return False
        sums: Floats = np.asarray(self._sums @ found.counts)
        self._low, self._high = np.minimum(self._low, sums), np.maximum(self._high, sums)
        if self._system.whole and (np.abs(found.counts - np.round(found.counts)) > WHOLE).any():
            return False
        self._counts[self._columns] = np.round(found.counts) if self._system.whole else found.counts
        self._work.saw(self._counts, self._which)
        return True

    def _make_whole(self) -> None:
        """Where fractions of people were found, whole people close by."""
        for objective, counts in self._parted:
            if self._large and self._work.enough(self._which).all():
                break
            for further in range(2):
                below = np.maximum(self._least, np.floor(counts + WHOLE) - further)
                above = np.minimum(self._most, np.ceil(counts - WHOLE) + further)
                if self._keep(solve(self._system, objective, least=below, most=above, whole=True, gap=1.0)):
                    break
        self._parted.clear()

    def _mix(self) -> None:
        """Half of the sums that are not known to be wide enough pushed up, and half down."""
        sides = np.random.default_rng(SEED)
        for _ in range(MIXED):
            left = np.flatnonzero(~self._work.enough(self._which))
            if len(left) < 2:
                break
            signs = sides.choice([-1.0, 1.0], len(left))
            self._push(left, sign=signs)
            self._push(left, sign=-signs)
            self._make_whole()

    def _prove_narrow(self) -> None:
        """What not even fractions of people make wide is too narrow for certain."""
        for place, index in enumerate(self._which):
            wide = self._high[place] - self._low[place] >= self._work.wanted[index] - WHOLE
            if self._work.cut_short:
                break
            if wide or self._work.enough(self._which[[place]])[0]:
                continue
            self._ends(np.array([place]))
            self._work.found += int(self._work.certain(self._which[[place]])[0])
        self._parted.clear()

    def _ends(self, places: Places) -> None:
        """Both ends of these ranges, as far as fractions of people reach, for as many as are looked at.

        Pushed together for as long as that helps, most reach what is known of them, and need no search of their own.
        """
        places = places[:MOST_CERTAIN]
        for sign in (1, -1):
            left, before = self._short(places, sign=sign), np.inf
            while 1 < len(left) < before:
                before = len(left)
                self._push(left, sign=sign)
                left = self._short(left, sign=sign)
            for place in left:
                if self._short(np.array([place]), sign=sign).size:
                    self._bound(int(place), self._push([place], sign=sign), sign=sign)

    def _short(self, places: Places, *, sign: int) -> Places:
        """Those whose lower (`sign` 1) or upper (-1) end not even fractions of people have reached yet."""
        which = self._which[places]
        if sign > 0:
            short = self._known[places] + self._low[places] > self._work.least[which] + WHOLE
        else:
            short = self._known[places] + self._high[places] < self._work.most[which] - WHOLE
        return np.asarray(places[short], dtype=np.int64)

    def _bound(self, place: int, found: Solution, *, sign: int) -> None:
        value = sign * found.bound + float(self._known[place])
        self._work.tighten(int(self._which[place]), value, sign=sign, whole=self._system.whole)

    def _together(self) -> None:
        """Sums that lie apart pushed to the same side in one solution."""
        narrow = np.diff(self._system.matrix.indptr) <= max(FEW, self._system.matrix.shape[1] // 3)
        touching = csc_array(self._system.matrix[np.flatnonzero(narrow)])
        for sign in (1, -1):
            tried = np.zeros(len(self._which), dtype=bool)
            while True:
                left = np.isin(self._which, self._work.open(self._which, sign=sign)) & ~tried
                if self._large:
                    left &= ~self._work.enough(self._which)
                chosen = _apart(np.flatnonzero(left), self._sums, touching)
                if len(chosen) < 2:
                    break
                tried[chosen] = True
                self._push(chosen, sign=sign)
                self._make_whole()

    def _one_by_one(self) -> None:
        for whole in (False, True):
            for place, one in enumerate(self._which):
                for sign in (1, -1):
                    if not self._work.open(np.array([one]), sign=sign).size:
                        continue
                    if not self._work.may_look(int(one), whole=whole, large=self._large):
                        continue
                    if whole:
                        objective = sign * self._sums[[place]].toarray().ravel()
                        found = solve(self._system, objective, least=self._least, most=self._most, whole=True)
                        self._keep(found)
                    else:
                        found = self._push([place], sign=sign)
                        if self._large:
                            self._parted.clear()
                        self._make_whole()
                    self._bound(place, found, sign=sign)
                if not whole and not self._large:
                    self._work.found += int(self._work.certain(np.array([one]))[0])


def _apart(places: Places, sums: csr_array, touching: csc_array) -> list[int]:
    """Some of the sums, no two of which occur in one narrow statement: pushed together, they seldom stand in each other's way."""
    used = np.zeros(touching.shape[0], dtype=bool)
    chosen = []
    for place in places:
        atoms = sums.indices[sums.indptr[place] : sums.indptr[place + 1]]
        rows = np.concatenate([touching.indices[touching.indptr[a] : touching.indptr[a + 1]] for a in atoms])
        if not used[rows].any():
            used[rows] = True
            chosen.append(int(place))
    return chosen
