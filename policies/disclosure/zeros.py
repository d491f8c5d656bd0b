"""What a reader concludes from a table that prints no zero.

Zeros are shown all together or not at all, and they are hidden only where in some line everybody falls in one category. So either nobody is missing anywhere, and
every hidden count is at least 1, or some line has people in one cell alone. Each of these ways is a system of its own, and whatever one of them leaves open is open to a reader. A way counts
only if whole people were found who can be so: what was not looked at, or not settled, makes nothing safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure import progress
from policies.disclosure.arrangement import people
from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.joint import Joint, Reading
from policies.disclosure.printed import Grid, Printed
from policies.disclosure.system import WHOLE, Floats, System, room

MOST_WAYS: Final = 40
"""Ways in which zeros can be hidden that are looked at. What none of them leaves open counts as too narrow."""
MOST_COMPLETE: Final = 150
"""Sums, beyond which it is asked first which of those that are too narrow in the first way are so in all ways; and if these are many, no more ways are looked at."""
FIRST: Final = 0
LATER: Final = 2
"""The ways, by number, after which that is asked: in fractions of people, and again in whole people of what two further ways have not opened."""
NO_USE: Final = 10
"""Ways one after another that open none of so many sums, after which no more are looked at."""
MOST_LISTED: Final = 4_000
"""Ways among which these are chosen."""
MOST_TRIED: Final = 300
"""Ways that are tried, those among them that contradict what is printed."""
MOST_FIRST: Final = 50
"""Lines of a table that are tried as its first way, where somebody is missing from it for certain."""
Places = NDArray[np.int64]
NONE: Final = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line in which one cell may have everybody: that cell, and the hidden ones that are then empty; by their places in a table, or by their rows in a system."""

    held: int
    empty: Places


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """A table of which a reader cannot tell whether zeros are hidden, by rows of a system: its hidden cells, and every line in which one of them may have everybody."""

    hidden: Places
    lines: tuple[Line, ...]


_Way = tuple[Line | None, ...]
"""For each such table the line with everybody in one cell, or None where nobody is missing."""


def lines_of_one(table: Printed, spanned: Grid) -> list[Line]:
    """Every line of the cells that are divided no further in which, as far as the numbers printed there tell, one cell alone may have people."""
    places = [table.at.get(cell, -1) for cell in spanned.base_cells()]
    cells = np.array(places, dtype=np.int64).reshape(spanned.shape)
    shown = np.array([*(one.isdecimal() for one in table.shown), False], dtype=bool)
    return lines_among(cells, hidden=np.append(table.hidden, False), shown=shown)


def lines_among(cells: Places, *, hidden: NDArray[np.bool_], shown: NDArray[np.bool_]) -> list[Line]:
    """The same of cells (their numbers, laid out by dimension) of which some are hidden and some shown with people in them; lines that come first are of different places."""
    found = []
    for axis in range(cells.ndim):
        for line in np.moveaxis(cells, axis, -1).reshape(-1, cells.shape[axis]):
            closed, held = line[hidden[line]], line[shown[line]]
            if len(closed) + len(held) < 2 or len(held) > 1:
                continue
            found.append([Line(int(one), closed[closed != one]) for one in (held if len(held) else closed)])
    longest = max(map(len, found), default=0)
    return [its[n] for n in range(longest) for its in found if n < len(its)]


def doubts(together: Joint, readings: Sequence[Reading]) -> list[Doubt]:
    """The tables of which a reader cannot tell whether zeros are hidden."""
    found = []
    for rows, one in zip(together.rows, readings, strict=True):
        rules, hidden = one.table.rules, one.table.hidden
        if rules is None or rules.hide_zeros or one.hidden_from or not hidden.any():
            continue
        lines = lines_of_one(one.table, one.grid)
        found.append(Doubt(rows[hidden], tuple(Line(int(rows[its.held]), rows[its.empty]) for its in lines)))
    return found


class Ways:
    """The ways in which zeros can be hidden that do not contradict what is printed, each as a system, in the order in which they are asked for.

    At first nobody is missing from any table, or, where that cannot be, somebody is from as few as may be. Without a doubt, the statements as they are: whether these hold is not looked at.
    """

    def __init__(self, system: System, found: Sequence[Doubt], *, also: System | None = None) -> None:
        self.stated, self._doubts = system, tuple(found)
        """The statements without what any way says besides."""
        self._also = system if also is None else also
        self._standing = [] if found else [system]
        self._untried: list[_Way] | None = [] if not found else None
        self._tried = 0
        self._people: list[Floats | None] = [None] * len(self._standing)
        self._most_spent = progress.most_looked(system)
        self.spent = 0
        """The effort of finding out which ways do not contradict what is printed."""

    @property
    def doubtful(self) -> bool:
        """Whether there may be several."""
        return bool(self._doubts)

    def of(self, system: System) -> Ways:
        """The same of these statements, which are about the same rows."""
        return Ways(system, self._doubts)

    def among(self, system: System) -> Ways:
        """The same of the same statements, but for ways that contradict these sharper ones."""
        return Ways(self.stated, self._doubts, also=system)

    def at(self, number: int, *, narrow: Places = NONE) -> System | None:
        """The way of this number; None if no other was found. Another one is looked for among those that have somebody in these rows first, which are too narrow yet."""
        while number >= len(self._standing):
            way = self._next(narrow) if self.spent < self._most_spent else None
            if way is None:
                return None
            found = people(self._with(way, self._also), thorough=not self._standing)
            self.spent += found.spent
            if found.counts is not None:
                self._standing.append(self._with(way, self.stated))
                self._people.append(found.counts)
        return self._standing[number]

    def people(self, number: int) -> Floats | None:
        """Whole people who can be so in the way of this number, if any are known."""
        return self._people[number]

    def _next(self, narrow: Places) -> _Way | None:
        if self._tried == MOST_TRIED or self._untried == []:
            return None
        self._tried += 1
        if self._untried is None:
            first = tuple(self._first(one) for one in self._doubts)
            self._untried = list(islice(self._other(first), MOST_LISTED))
            return first
        rows = set(narrow.tolist())
        # A sum that is too narrow yet is wide at once where its cell has everybody.
        wide = (n for n, way in enumerate(self._untried) if any(one and one.held in rows for one in way))
        return self._untried.pop(next(wide, 0))

    def _first(self, doubt: Doubt) -> Line | None:
        """What every way has of this table at first: that nobody is missing, unless that cannot be."""
        for one in (None, *doubt.lines[:MOST_FIRST]):
            if room(_closed(self._also, doubt, one)) is not None:
                return one
        return None

    def _other(self, first: _Way) -> Iterator[_Way]:
        """The others, which differ from the first in few tables before they do in many."""
        choices = [
            [line for line in (None, *doubt.lines) if line is not own]
            for doubt, own in zip(self._doubts, first, strict=True)
        ]
        for count in range(1, len(first) + 1):
            which = list(combinations(range(len(first)), count))
            each = MOST_LISTED // len(which) + 1
            lines = [list(islice(product(*(choices[n] for n in tables)), each)) for tables in which]
            for n in range(max(map(len, lines))):
                for tables, its in zip(which, lines, strict=True):
                    if n < len(its):
                        changed = dict(zip(tables, its[n], strict=True))
                        yield tuple(changed.get(table, own) for table, own in enumerate(first))

    def _with(self, way: _Way, system: System) -> System:
        for doubt, line in zip(self._doubts, way, strict=True):
            system = _closed(system, doubt, line)
        return system


def _closed(system: System, doubt: Doubt, line: Line | None) -> System:
    """The statements with what this way says of one table besides."""
    low, high = system.low.copy(), system.high.copy()
    if line is None:
        low[doubt.hidden] = np.maximum(low[doubt.hidden], 1.0)
    else:
        low[line.held], high[line.empty] = max(low[line.held], 1.0), 0.0
    return replace(system, low=low, high=high)


def ranges_in_every_way(
    ways: Ways, rows: Places, *, wanted: Floats, floor: Floats | None = None, may_stop: bool = True
) -> Ranges | None:
    """The range of the sum in each of these rows over all ways in which zeros can be hidden, as far as it takes to make each wide enough; None if every way that was looked at contradicts
    what is printed.

    What was not looked at, beyond `MOST_WAYS` or the effort of one attack, leaves a range narrower than it is, and so unsafe. `floor`, `may_stop`: as in `ranges`; where zeros are in doubt it stops at what is too narrow in every way.
    """
    if not ways.doubtful:
        system = ways.at(0)
        return None if system is None else ranges(system, rows, wanted=wanted, floor=floor, may_stop=may_stop)
    union: Ranges | None = None
    before, of_no_use = ways.spent, 0
    left, least = np.arange(len(rows)), np.zeros(len(rows)) if floor is None else floor
    for number in range(MOST_WAYS):
        spent, looked = (0, 0) if union is None else (union.spent, union.looked)
        if union is not None and (not left.size or union.exhausted):
            break
        system = ways.at(number, narrow=rows[left])
        if system is None:
            break
        found = ranges(
            system, rows[left], wanted=wanted[left], may_stop=False, people_first=True, floor=least[left],
            most_spent=progress.MOST_SPENT - spent, looked=looked + ways.spent - before, start=ways.people(number),
        )  # fmt: skip
        if found is None:
            continue
        union = found if union is None else _either(union, found, left)
        reached = np.maximum(union.reached_low, least)
        before_it, left = len(left), np.flatnonzero(~(union.reached_high >= reached + wanted - WHOLE))
        of_no_use = of_no_use + 1 if len(left) == before_it else 0
        if of_no_use == NO_USE and len(rows) > MOST_COMPLETE:
            break
        if number in (FIRST, LATER) and left.size and len(rows) > MOST_COMPLETE:
            union, settled = _narrow_in_all(
                ways, rows, union, left, wanted=wanted, floor=least, proving=number == FIRST,
                stops=may_stop and not least.any(), looked=ways.spent - before,
            )  # fmt: skip
            if union.cut_short:
                break
            left = left[~settled]
    return union


def _narrow_in_all(
    ways: Ways,
    rows: Places,
    union: Ranges,
    left: Places,
    *,
    wanted: Floats,
    floor: Floats,
    proving: bool,
    stops: bool,
    looked: int,
) -> tuple[Ranges, NDArray[np.bool_]]:
    """With what is too narrow in every way, as it is even where no way says anything besides; and which of those that are left that is. If `proving`, only what is so in fractions of people.

    Where it is so many that no others are looked at (`stops`), the range that the others have is what the statements leave without any way.
    """
    found = ranges(
        ways.stated, rows[left], wanted=wanted[left], proving=proving, may_stop=False, floor=floor[left],
        most_spent=max(progress.MOST_SPENT - union.spent, 0), looked=looked + union.looked,
    )  # fmt: skip
    if found is None:
        return union, np.zeros(len(left), dtype=bool)
    narrow = found.most - np.maximum(found.least, floor[left]) < wanted[left] - WHOLE
    cut_short = stops and found.cut_short
    known = np.arange(len(left)) if cut_short else np.flatnonzero(narrow)
    least, most = union.least.copy(), union.most.copy()
    least[left[known]], most[left[known]] = found.least[known], found.most[known]
    return replace(
        union, least=least, most=most, cut_short=cut_short, exhausted=union.exhausted or found.exhausted,
        spent=union.spent + found.spent, looked=union.looked + found.looked,
    ), narrow  # fmt: skip


def holds(ways: Ways) -> bool:
    """Whether some way in which zeros can be hidden does not contradict what is printed, as far as that was found out."""
    return ranges_in_every_way(ways, NONE, wanted=np.zeros(0)) is not None


def _either(one: Ranges, other: Ranges, at: Places) -> Ranges:
    """What the two leave open between them; the other is about the sums `at` these places alone. Only arrangements that were found count, for what was cut short in one is not known of both."""
    least, most, low, high = (x.copy() for x in (one.least, one.most, one.reached_low, one.reached_high))
    np.minimum.at(least, at, other.least)
    np.maximum.at(most, at, other.most)
    np.minimum.at(low, at, other.reached_low)
    np.maximum.at(high, at, other.reached_high)
    return Ranges(
        least, most, low, high, cut_short=False, exhausted=one.exhausted or other.exhausted,
        spent=one.spent + other.spent, looked=one.looked + other.looked,
    )  # fmt: skip
