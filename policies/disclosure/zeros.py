"""What a reader concludes from a table that prints no zero.

Each way in which zeros can be hidden (`policies.disclosure.doubts`) is a system of its own, and whatever one of them leaves open is open to a reader. A way counts
only if whole people were found who can be so: what was not looked at, or not settled, makes nothing safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice, product
from typing import Final

import numpy as np

from policies.disclosure import progress
from policies.disclosure.arrangement import people
from policies.disclosure.doubts import Doubt, Line, Places
from policies.disclosure.lattice import Lattices
from policies.disclosure.system import Floats, System, room

MOST_LISTED: Final = 4_000
"""Ways among which these are chosen."""
MOST_TRIED: Final = 300
"""Ways that are tried, those among them that contradict what is printed."""
MOST_SOON: Final = 5
"""The same, where another way is soon to be found."""
MOST_FIRST: Final = 50
"""Lines of a table that are tried as its first way, where somebody is missing from it for certain."""
NONE: Final = np.zeros(0, dtype=np.int64)

_Way = tuple[Line | None, ...]
"""For each such table the line with everybody in one cell, or None where nobody is missing."""


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
        self._later: list[_Way] = []
        self._tried = 0
        self._people: list[Floats | None] = [None] * len(self._standing)
        self._most_spent = progress.most_looked(system)
        self.spent = 0
        """The effort of finding out which ways do not contradict what is printed, as `Solution.taken`."""
        self.lattices = Lattices()
        """Of the equations of the last ways."""

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

    def at(self, number: int, *, narrow: Places = NONE, soon: bool = False) -> System | None:
        """The way of this number; None if no other was found. Another one is looked for among those that have somebody in these rows first, which are too narrow yet; if `soon`, among those that have somebody in most of these rows, where the fewest have to move
        of the people that are known, and those for which nobody is found close to them are left for later."""
        if not soon and self._untried is not None:
            self._untried += self._later
            self._later.clear()
        until = self._tried + (MOST_SOON if soon else MOST_TRIED)
        while number >= len(self._standing):
            known = next((one for one in self._people if one is not None), None)
            further = self.spent < self._most_spent and self._tried < until
            way = self._next(narrow, known if soon else None) if further else None
            if way is None:
                return None
            found = people(
                self._with(way, self._also), thorough=not self._standing, soon=soon and known is not None,
                may=int(self._most_spent - self.spent), close=known, lattices=self.lattices,
            )  # fmt: skip
            self.spent += found.spent
            if found.counts is not None:
                self._standing.append(self._with(way, self.stated))
                self._people.append(found.counts)
            elif soon:
                self._later.append(way)
        return self._standing[number]

    def people(self, number: int) -> Floats | None:
        """Whole people who can be so in the way of this number, if any are known."""
        return self._people[number]

    def _next(self, narrow: Places, known: Floats | None) -> _Way | None:
        if self._tried == MOST_TRIED or self._untried == []:
            return None
        self._tried += 1
        if self._untried is None:
            first = tuple(self._first(one) for one in self._doubts)
            self._untried = list(islice(self._other(first), MOST_LISTED))
            return first
        rows = set(narrow.tolist())
        if known is not None:
            counts = self.stated.matrix @ known
            empty = [[row for one in way if one for row in one.empty.tolist()] for way in self._untried]
            moved = [(len(rows.intersection(its)), counts[its].sum()) for its in empty]
            return self._untried.pop(min(range(len(moved)), key=moved.__getitem__))
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
