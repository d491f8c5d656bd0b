"""What a reader can work out about every cell of a table, from it, from its rules and from every earlier table on the same people.

The reader knows that people are whole, that hidden counts are what the rules say, and that nothing is negative. Where a table prints a zero, or says
that zeros are shown, a hidden count is at least 1. Of exact tables that print no zero, see `policies.disclosure.zeros`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isinf
from typing import Final

import numpy as np

from policies.disclosure import progress
from policies.disclosure.because import Published, published_numbers
from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.doubts import doubts, lines_of_one
from policies.disclosure.errors import TableInvalid
from policies.disclosure.every_way import ranges_in_every_way
from policies.disclosure.joint import Joint, Reading, joint
from policies.disclosure.printed import Parents, Printed, grid, parents_of
from policies.disclosure.progress import Effort
from policies.disclosure.system import WHOLE, Room, room
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE
from policies.disclosure.zeros import Ways

MOST_EXPLAINED: Final = 30
FEWER_EXPLAINED: Final = 6
MANY: Final = 60_000
"""Findings of which it is said what gives them away: as many as have so many coefficients together in the statements that are searched for each, but neither more than the first number nor fewer than the second."""
STATUS: Final = {HIDDEN: "hidden", NOT_APPLICABLE: "not-applicable"}
SHOWN: Final = "shown"


@dataclass(frozen=True, slots=True)
class Bounded:
    """One cell: its categories, whether it is shown, the number printed, and what a reader can narrow it down to; `upper` None for no limit."""

    codes: tuple[str, ...]
    status: str
    value: int | None
    lower: int
    upper: int | None


@dataclass(frozen=True, slots=True)
class Narrow:
    """A hidden cell with too narrow a range: in which table, the range, and the published numbers that give it away.

    If not `settled`, the attack was given up before it was known whether the range is too narrow, and none of it can be ruled out.
    """

    table: str
    dimensions: tuple[str, ...]
    codes: tuple[str, ...]
    lower: int
    upper: int
    because: tuple[Published, ...]
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Attack:
    """The result: every cell of the table, and every hidden cell of any table that a reader could narrow down too far."""

    cells: tuple[Bounded, ...]
    findings: tuple[Narrow, ...]
    hidden: int
    tables: int

    @property
    def safe(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def attack(
    table: Printed,
    *,
    earlier: Sequence[Printed] = (),
    besides: Sequence[Reading] = (),
    effort: Effort | None = None,
) -> Attack:
    """Every cell of the table as its readers can bound it, read together with the earlier tables, which describe the same people, and with what readers know
    `besides`.

    Ranges are exact, except in large tables: there a range that is wide enough already may be given narrower than it is, and where many are too narrow, the others
    are given as wide as single statements leave them. Where zeros may be hidden, a range that is wide enough without them is given without them. `effort`: of the attack to which this belongs, if it is not one by itself.

    Raises:
        TableInvalid: the printed numbers contradict each other, or cannot come about under their rules.
    """
    return attack_as_said(table, earlier=earlier, besides=besides, effort=effort)[0]


def attack_as_said(
    table: Printed, *, earlier: Sequence[Printed], besides: Sequence[Reading], effort: Effort | None
) -> tuple[Attack, Said | None]:
    """The same, and everything that the readings say together in the sharpest way that does not contradict itself; None if no such way was found.

    Raises:
        TableInvalid: as `attack`.
    """
    readings = [*readings_of((table, *earlier)), *besides]
    effort = Effort(progress.MOST_SPENT) if effort is None else effort
    found, settled = None, True
    for said in readings_by_zeros(readings):
        together = said.together
        found = ranges_in_every_way(said.ways, together.demanded, wanted=together.wanted, effort=effort)
        if found is not None:
            break
    else:  # no way was found in which zeros are hidden as the rules say, so none of the ranges is known to be open
        found = ranges(
            together.system, together.demanded, wanted=together.wanted, proving=True,
            most_spent=max(effort.left, progress.MOST_SPENT // 8),
        )  # fmt: skip
        settled = False
    known = room(together.system)
    if found is None or known is None:
        raise TableInvalid(
            "the printed numbers contradict each other: check that the rules say how they came about (rounding, totals, rows left out) and that all tables describe the same people"
        )
    result = Attack(
        _cells(table, together, found, known),
        _narrow(readings, together, found, learnt=said.learnt, settled=settled),
        len(together.demanded),
        len(earlier) + 1,
    )
    return result, said if settled else None


def readings_of(tables: Sequence[Printed]) -> list[Reading]:
    """How a reader takes each of these tables, which describe the same people."""
    parents = parents_of(one.rules for one in tables)
    return [_reading(one, parents) for one in tables]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Everything that readings say together, and the ways in which zeros can be hidden. `learnt`: not without zeros hidden in some table that is rounded."""

    together: Joint
    ways: Ways
    learnt: bool


def readings_by_zeros(readings: Sequence[Reading]) -> Iterator[Said]:
    """What these readings say together: first as if no rounded table hid zeros, which is the sharper attack; and then, for where that contradicts what is printed, as if those that print none could.

    Raises:
        TableInvalid: as `joint`.
    """
    weaker = [
        replace(one, hidden_from=0) if one.hidden_from and not one.shows_a_zero() else one for one in readings
    ]
    for learnt, given in enumerate((readings, weaker) if weaker != readings else (readings,)):
        together = joint(given)
        yield Said(together, Ways(together.system, doubts(together, given)), bool(learnt))


def _reading(table: Printed, parents: Parents) -> Reading:
    """The sharpest reading that does not contradict the table itself."""
    rules = table.rules
    spanned = grid(table.dimensions, codes=table.codes, parents=parents, name=table.name)
    shows_zeros = rules is not None and not rules.hide_zeros
    if rules is not None and rules.exact and "0" not in table.shown:
        shows_zeros &= not lines_of_one(table, spanned)
    given = {"zero": (2,), "unknown": (0,)}.get((rules.missing if rules else None) or "", (2, 1))
    for absent in given:
        reading = Reading(table, spanned, int(shows_zeros), absent)
        full = spanned.size == len(table.codes) if absent == 2 else True
        if full or not _contradicts(reading):
            return reading
    return Reading(table, spanned, int(shows_zeros), 0 if given == (2, 1) else given[0])


def _contradicts(reading: Reading) -> bool:
    """Whether what is printed contradicts the reading, whichever of its hidden counts are zero."""
    together = joint([replace(reading, hidden_from=0)])
    return ranges(together.system, together.demanded[:0], wanted=together.wanted[:0]) is None


def _narrow(
    readings: Sequence[Reading], together: Joint, found: Ranges, *, learnt: bool, settled: bool
) -> tuple[Narrow, ...]:
    """`learnt`: the tables together tell that zeros are hidden, so every cell that may be one has been given away in part. If not `settled`, no range is known to be open."""
    given_away = learnt & (found.least < 1)
    narrow = np.flatnonzero(found.narrower(together.wanted) | given_away | (not settled))
    certain = given_away | (found.most - found.least < together.wanted - WHOLE)
    explained = min(MOST_EXPLAINED, max(FEWER_EXPLAINED, MANY // max(together.system.matrix.nnz, 1)))
    result = []
    for number, n in enumerate(narrow):
        row = int(together.demanded[n])
        first = next(one for one in together.said[row] if one.shown == HIDDEN)
        table = readings[first.table].table
        because = (
            published_numbers(
                together, row, tables=[one.table for one in readings], range_=(found.least[n], found.most[n])
            )
            if number < explained and certain[n]
            else ()
        )
        upper = found.most[n] if not isinf(found.most[n]) else found.least[n]
        result.append(
            Narrow(
                table.name, table.dimensions, first.codes, int(found.least[n]), int(upper), because,
                bool(certain[n]),
            )
        )  # fmt: skip
    return tuple(result)


def _cells(table: Printed, together: Joint, found: Ranges, known: Room) -> tuple[Bounded, ...]:
    rows = together.rows[0]
    low, high = known.of(together.system.matrix[rows])
    low = np.maximum(low, together.system.low[rows])
    high = np.minimum(high, together.system.high[rows])
    place = {int(row): n for n, row in enumerate(together.demanded)}
    cells = []
    for n, (codes, shown) in enumerate(zip(table.codes, table.shown, strict=True)):
        least, most = float(low[n]), float(high[n])
        if (target := place.get(int(rows[n]))) is not None:
            reached = float(found.reached_low[target]), float(found.reached_high[target])
            wide = reached[1] - reached[0] >= together.wanted[target] and not found.settled[target]
            least, most = reached if wide else (float(found.least[target]), float(found.most[target]))
        number = None if shown in STATUS else int(shown)
        cells.append(
            Bounded(codes, STATUS.get(shown, SHOWN), number, round(least), None if isinf(most) else round(most))
        )
    return tuple(cells)
