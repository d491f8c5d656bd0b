"""What several ways in which zeros can be hidden leave open between them: of the sums that are asked for, those that none opens are too narrow."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.doubts import Places
from policies.disclosure.progress import MOST_CERTAIN
from policies.disclosure.system import WHOLE, Floats, System, room
from policies.disclosure.zeros import Ways


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Whether the sum in each of these rows is as wide as wanted over all ways, with at most so much effort. Below `floor` the width of a range does not count. `stops`: where many are too narrow in every way, no others are looked at.
    `before`: the effort of finding ways that was spent before."""

    ways: Ways
    rows: Places
    wanted: Floats
    floor: Floats
    stops: bool
    most_spent: int
    before: int

    def taken(self, union: Ranges | None) -> int:
        """The effort so far."""
        return self._finding + (0 if union is None else union.spent)

    def looked(self, union: Ranges | None) -> int:
        """That where statements are equations."""
        return self._finding + (0 if union is None else union.looked)

    @property
    def _finding(self) -> int:
        return self.ways.spent - self.before

    def may(self, union: Ranges | None) -> int:
        """The effort that is left."""
        return max(self.most_spent - self.taken(union), 0)

    def left(self, union: Ranges) -> Places:
        """The sums that are not known to be wide enough."""
        reached = np.maximum(union.reached_low, self.floor)
        return np.flatnonzero(~(union.reached_high >= reached + self.wanted - WHOLE))

    def asked_in(
        self, number: int, system: System, left: Places, union: Ranges | None, *, walking: bool
    ) -> Ranges | None:
        """What the way of this number leaves open of those that are left; None if it contradicts what is printed. `walking`: only what a walk soon shows."""
        return ranges(
            system, self.rows[left], wanted=self.wanted[left], floor=self.floor[left], may_stop=False, walking=walking,
            people_first=not walking, start=self.ways.people(number), lattices=self.ways.lattices,
            looked=self.looked(union), most_spent=self.may(union),
        )  # fmt: skip

    def told(self) -> Ranges | None:
        """What is too narrow in every way, where single statements tell of so many that no others are looked at; else None."""
        ways, rows = self.ways, self.rows
        known = room(ways.stated)
        if known is None or not self.stops:
            return None
        least, most = known.of(csr_array(ways.stated.matrix[rows]))
        least, most = np.maximum(least, ways.stated.low[rows]), np.minimum(most, ways.stated.high[rows])
        if (most - least < self.wanted - WHOLE).sum() < MOST_CERTAIN or ways.at(0) is None:
            return None
        found = ranges(
            ways.stated, rows, wanted=self.wanted, proving=True, looked=self.looked(None), most_spent=self.may(None)
        )  # fmt: skip
        if found is None or not found.cut_short:
            return None
        nothing = np.full(len(rows), np.inf)  # people who satisfy the statements need not do so in any way
        return replace(found, reached_low=nothing, reached_high=-nothing)

    def without_the_narrow(self, union: Ranges, left: Places, *, proving: bool) -> tuple[Ranges, Places]:
        """With what is too narrow in every way, as it is even where no way says anything besides; and which of those that are left are not. If `proving`, only what is so in fractions of people.

        Where it is so many that no others are looked at, the range that the others have is what the statements leave without any way.
        """
        wanted, floor = self.wanted[left], self.floor[left]
        found = ranges(
            self.ways.stated, self.rows[left], wanted=wanted, proving=proving, may_stop=False, floor=floor,
            most_spent=self.may(union), looked=self.looked(union),
        )  # fmt: skip
        if found is None:
            return union, left
        narrow = found.most - np.maximum(found.least, floor) < wanted - WHOLE
        cut_short = self.stops and found.cut_short
        known = np.arange(len(left)) if cut_short else np.flatnonzero(narrow)
        least, most = union.least.copy(), union.most.copy()
        least[left[known]], most[left[known]] = found.least[known], found.most[known]
        return replace(
            union, least=least, most=most, cut_short=cut_short, exhausted=union.exhausted or found.exhausted,
            spent=union.spent + found.spent, looked=union.looked + found.looked,
        ), left[~narrow]  # fmt: skip


def either(one: Ranges | None, other: Ranges, at: Places) -> Ranges:
    """What the two leave open between them; the other is about the sums `at` these places alone. Only arrangements that were found count, for what was cut short in one is not known of both."""
    if one is None:
        return other
    least, most, low, high = (x.copy() for x in (one.least, one.most, one.reached_low, one.reached_high))
    np.minimum.at(least, at, other.least)
    np.maximum.at(most, at, other.most)
    np.minimum.at(low, at, other.reached_low)
    np.maximum.at(high, at, other.reached_high)
    return Ranges(
        least, most, low, high, cut_short=False, exhausted=one.exhausted or other.exhausted,
        spent=one.spent + other.spent, looked=one.looked + other.looked,
    )  # fmt: skip
