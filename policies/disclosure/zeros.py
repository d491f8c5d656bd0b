"""What a reader concludes from a table of exact counts that prints no zero.

Zeros are shown all together or not at all, and they are hidden only where in some line everybody falls in one category. So either nobody is missing anywhere, and
every hidden count is at least 1, or some line has people in one cell alone. Each of these ways is a system of its own, and whatever one of them leaves open is open to a reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure import progress
from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.joint import Joint, Reading
from policies.disclosure.printed import Grid, Printed
from policies.disclosure.system import WHOLE, System

MOST_WAYS: Final = 40
"""Ways in which zeros can be hidden that are looked at. What none of them leaves open counts as too narrow."""
MOST_LISTED: Final = 4_000
"""Ways among which these are chosen."""
MOST_TRIED: Final = 300
"""Ways that are tried, those among them that contradict what is printed."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line in which one cell may have everybody: that cell, and the hidden ones that are then empty, by their place in the table."""

    held: int
    empty: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """One way in which zeros can be hidden: for each table the line with everybody in one cell, or None; and the rows of these cells."""

    lines: tuple[Line | None, ...]
    held: frozenset[int]


def lines_of_one(table: Printed, spanned: Grid) -> list[Line]:
    """Every line of the cells that are divided no further in which, as far as the numbers printed there tell, one cell alone may have people."""
    places = [table.at.get(cell, -1) for cell in spanned.base_cells()]
    cells = np.array(places, dtype=np.int64).reshape(spanned.shape)
    hidden = np.append(table.hidden, False)
    shown = np.array([*(one.isdecimal() for one in table.shown), False], dtype=bool)
    found = []
    for axis in range(cells.ndim):
        for line in np.moveaxis(cells, axis, -1).reshape(-1, cells.shape[axis]):
            closed, held = line[hidden[line]], line[shown[line]]
            if len(closed) + len(held) < 2 or len(held) > 1:
                continue
            found.append([Line(int(one), closed[closed != one]) for one in (held if len(held) else closed)])
    longest = max(map(len, found), default=0)
    return [its[n] for n in range(longest) for its in found if n < len(its)]


def may_hide_zeros(readings: Sequence[Reading]) -> list[int]:
    """The tables, by number, of exact counts of which a reader cannot tell whether zeros are hidden."""
    return [
        n for n, one in enumerate(readings)
        if one.table.rules is not None and one.table.rules.exact and not one.table.rules.hide_zeros
        and not one.hidden_from
    ]  # fmt: skip


def ranges_in_every_way(together: Joint, readings: Sequence[Reading]) -> Ranges | None:
    """The range of each demanded sum over all ways in which zeros can be hidden, as far as it takes to make each wide enough; None if every way that was looked at contradicts
    what is printed.

    What was not looked at, beyond `MOST_WAYS` or the effort of one attack, leaves a range narrower than it is, and so unsafe.
    """
    wanted, rows = together.wanted, together.demanded
    doubtful = may_hide_zeros(readings)
    if not doubtful:
        return ranges(together.system, rows, wanted=wanted)
    union: Ranges | None = None
    left, looked_at = np.arange(len(rows)), 0
    pending = _ways(together, readings, doubtful)
    for _ in range(min(MOST_TRIED, len(pending))):
        spent = 0 if union is None else union.spent
        if union and (not left.size or looked_at == MOST_WAYS or spent >= progress.MOST_SPENT):
            break
        narrow = set(rows[left].tolist())
        # A sum that is too narrow yet is wide at once where its cell has everybody.
        chosen = pending.pop(next((n for n, one in enumerate(pending) if one.held & narrow), 0) if union else 0)
        system = _system(together, readings, doubtful, chosen)
        most_spent = progress.MOST_SPENT - spent
        found = ranges(system, rows[left], wanted=wanted[left], may_stop=False, most_spent=most_spent)
        if found is None:
            continue
        looked_at += 1
        union = found if union is None else _either(union, found, left)
        left = np.flatnonzero(~(union.reached_high >= union.reached_low + wanted - WHOLE))
    return union


def _either(one: Ranges, other: Ranges, at: NDArray[np.int64]) -> Ranges:
    """What the two leave open between them; the other is about the sums `at` these places alone. Only arrangements that were found count, for what was cut short in one is not known of both."""
    least, most, low, high = (x.copy() for x in (one.least, one.most, one.reached_low, one.reached_high))
    np.minimum.at(least, at, other.least)
    np.maximum.at(most, at, other.most)
    np.minimum.at(low, at, other.reached_low)
    np.maximum.at(high, at, other.reached_high)
    return Ranges(
        least, most, low, high, cut_short=False, exhausted=one.exhausted or other.exhausted,
        spent=one.spent + other.spent,
    )  # fmt: skip


def _ways(together: Joint, readings: Sequence[Reading], doubtful: Sequence[int]) -> list[_Way]:
    """Nothing empty is hidden in any table, then one line of one table, and so on."""
    each = max(2, round(MOST_LISTED ** (1 / len(doubtful))))
    lines = [lines_of_one(readings[n].table, readings[n].grid)[: each - 1] for n in doubtful]
    found = []
    for chosen in islice(product(*([None, *its] for its in lines)), MOST_LISTED):
        held = (int(together.rows[n][one.held]) for n, one in zip(doubtful, chosen, strict=True) if one)
        found.append(_Way(chosen, frozenset(held)))
    return found


def _system(together: Joint, readings: Sequence[Reading], doubtful: Sequence[int], way: _Way) -> System:
    system = together.system
    for n, line in zip(doubtful, way.lines, strict=True):
        system = _sharp(system, together, n, readings[n]) if line is None else _with(system, together, n, line)
    return system


def _sharp(system: System, together: Joint, table: int, reading: Reading) -> System:
    low = system.low.copy()
    rows = together.rows[table][reading.table.hidden]
    low[rows] = np.maximum(low[rows], 1.0)
    return replace(system, low=low)


def _with(system: System, together: Joint, table: int, line: Line) -> System:
    low, high = system.low.copy(), system.high.copy()
    held, empty = together.rows[table][line.held], together.rows[table][line.empty]
    low[held], high[empty] = max(low[held], 1.0), 0.0
    return replace(system, low=low, high=high)
