"""How far the ranges of sums of counts are settled, and how much more may be spent on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from policies.disclosure.system import WHOLE, Floats, System

Places = NDArray[np.int64]
MOST_SINGLE: Final = 400
"""Searches for the end of one range that are made although nothing depends on it. Beyond, the range that is known is given."""
HARD: Final = 10
"""What a search in whole people counts for among these."""
MOST_CERTAIN: Final = 30
"""Ranges that are too narrow for certain: after so many, the rest is left as it is known."""
MOST_UNSURE: Final = 60
"""In large pieces, searches by branching for a range that may be wide enough, where statements are equations, for there it is quick; else each counts as `HARD`.
What is not settled by then counts as too narrow."""
MOST_LOOKED: Final = 650_000_000
"""The effort of one attack in pieces where statements are equations, for each `PER` statements, as `Solution.taken`; in all ways in which zeros can be hidden together. What is not known to be wide enough by then counts as too narrow."""
PER: Final = 3_600
"""As many as a table and one before it have cells at most that are to be attacked in 3 s. Fewer may take the effort of so many."""
MOST_SPENT: Final = 1_900_000_000
"""The effort of the first question of an attack, about its hidden cells, as `Solution.taken`; 4 to 6 s. Beyond, nothing more is looked for, and what is not known to be wide enough counts as too narrow."""
WITH_GROUPS: Final = 2_450_000_000
"""The same with the second question, about the groups that no table prints."""
WITH_UPDATES: Final = 3_000_000_000
"""The same with the last questions, about updates."""


def most_looked(system: System) -> float:
    """The effort of one attack on these statements where they are equations."""
    return MOST_LOOKED * max(1.0, system.matrix.shape[0] / PER)


@dataclass(slots=True, eq=False)
class Effort:
    """What one attack has `taken`, as `Solution.taken`, and `until` how much its present question may go on. What a question leaves is for the next ones, and each has some that none before it can take."""

    until: int
    taken: int = 0

    @property
    def left(self) -> int:
        """How much the present question may still take."""
        return max(self.until - self.taken, 0)

    def in_turn(self, count: int) -> Iterator[Effort]:
        """The same for so many questions one after another, of which each may take an equal part of what is left, and what those before it left of theirs."""
        end = self.until
        for number in range(count):
            self.until = self.taken + max(end - self.taken, 0) // (count - number)
            yield self

    def took(self, effort: int) -> None:
        """So much was taken."""
        self.taken += effort


@dataclass(slots=True, eq=False)
class Work:
    """Ranges while they are being settled: `sums` has one row for each; none lies outside `least` to `most`, `low` and `high` were reached.

    If `hurried`, only which are wide enough is settled; if `proving`, only which are not; if `people_first`, whole people are looked for before it is proved which are not; if `walking`, only what a walk shows soon. Below `floor` it does not matter how small a sum can be. `told`: how many were known to be too narrow from the start, where that is enough to know. `spent`: the effort so far, as `Solution.taken`, of at most `most_spent`;
    `looked`: that where statements are equations, of at most `most_looked`.
    """

    sums: csr_array
    least: Floats
    most: Floats
    low: Floats
    high: Floats
    wanted: Floats
    hurried: bool
    proving: bool
    people_first: bool
    walking: bool
    told: int
    most_spent: int
    most_looked: float
    floor: Floats
    unsure: int
    single: int = MOST_SINGLE
    found: int = 0
    spent: int = 0
    looked: int = 0

    @classmethod
    def of(
        cls,
        sums: csr_array,
        least: Floats,
        most: Floats,
        *,
        wanted: Floats,
        hurried: bool,
        proving: bool,
        people_first: bool,
        walking: bool,
        told: int,
        most_spent: int,
        most_looked: float,
        floor: Floats,
    ) -> Work:
        """Nothing has been reached yet, except that what has no limit reaches any height."""
        nothing = np.full(len(least), np.inf)
        high = np.where(np.isinf(most), np.inf, -np.inf)
        return cls(
            sums, least, most, nothing, high, wanted, hurried, proving, people_first, walking, told,
            most_spent, most_looked, floor, MOST_UNSURE,
        )  # fmt: skip

    @property
    def cut_short(self) -> bool:
        """Whether so many are too narrow for certain that no other is looked at."""
        return max(self.told, self.found) >= MOST_CERTAIN

    @property
    def exhausted(self) -> bool:
        """Whether all effort is spent."""
        return self.spent >= self.most_spent or self.looked >= self.most_looked

    def left(self, *, equations: bool) -> int:
        """The effort that may still be spent on statements that are mostly equations, or on others."""
        looked = self.most_looked - self.looked if equations else np.inf
        return max(int(min(self.most_spent - self.spent, looked)), 0)

    def enough(self, which: Places) -> NDArray[np.bool_]:
        """Where arrangements were found that lie so far apart as wanted."""
        low = np.maximum(self.low[which], self.floor[which])
        return self.high[which] >= low + self.wanted[which] - WHOLE

    def certain(self, which: Places) -> NDArray[np.bool_]:
        """Where there are none."""
        least = np.maximum(self.least[which], self.floor[which])
        return self.most[which] - least < self.wanted[which] - WHOLE

    def may_look(self, index: int, *, whole: bool) -> bool:
        """Whether this range is worth another search: always where the answer depends on it, and else a limited number of times."""
        one = np.array([index])
        if self.exhausted:
            return False
        if not (self.enough(one)[0] or self.certain(one)[0]):
            return not self.cut_short
        self.single -= HARD if whole else 1
        return self.single >= 0

    def saw(self, values: Floats, which: Places) -> None:
        """These sums are possible, all together."""
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
