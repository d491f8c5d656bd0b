"""The attack on a table of sums by those who contribute to its hidden sums themselves: which other sum that tells too much each of them could narrow down too far."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from policies.disclosure.errors import TableInvalid
from policies.disclosure.programs import Programs
from policies.disclosure.sums.insiders import Arrangements, Pair, starting
from policies.disclosure.sums.magnitudes import SUM, Magnitudes
from policies.disclosure.sums.moves import NEAR, Inside
from policies.disclosure.sums.statements import Statements, first_of_sums
from policies.disclosure.sums.telling import Codes, Sides
from policies.disclosure.sums.tied import known_of
from policies.disclosure.sums.worlds import Worlds
from policies.disclosure.system import Room, System

MOST_PAIRS: Final = 60
FEW_PAIRS: Final = 6
MANY: Final = 200_000
"""Coefficients of all programs for one end of the range of each pair; where statements have so many that there would be more, there are fewer pairs, but not fewer than `FEW_PAIRS`."""
STEPS: Final = 20_000_000
"""The effort of one such program, as `Solution.spent`."""
EFFORT: Final = 200_000_000
"""As `Solution.spent`. What is not settled by then counts as told."""
CONTRADICTION: Final = "the printed sums do not agree with the true ones that they are said to come from: check that all tables describe the same people"


@dataclass(frozen=True, slots=True, eq=False)
class FromInside:
    """Whoever contributes most to `insider` can tell that the sum of `target`, in this row of the statements, lies between `low` and `high`. `said`: the statements with what they know besides.

    If not `settled`, the sum may as well lie as far away as it has to stay possible: that could not be found out.
    """

    insider: Codes
    target: Codes
    row: int
    low: float
    high: float
    said: Statements
    settled: bool


def told_inside(
    table: Magnitudes, every: Worlds, *, sides: Sides, to_all: Collection[Codes] = ()
) -> list[FromInside]:
    """What people in one hidden cell could tell about another one of the table, where that is too much in every way in which zeros can be hidden, of which each has statements of its own.

    `to_all`: sums that every reader can tell, of which nothing is asked.

    Raises:
        TableInvalid: the sums in `sides` cannot be the true ones of what is printed.
    """
    at = table.counts.at
    cells = [codes for codes, one in sides.items() if one.undivided and codes in at]
    if len(cells) < 2 or SUM not in table.columns:
        return []
    looked_at: list[tuple[Statements, Inside]] = []
    left: list[Pair] = []
    asked = np.array([one not in to_all for one in cells])
    if not asked.any():
        return []
    effort = EFFORT
    places = np.array([at[one] for one in cells], dtype=np.int64)
    for together in every.with_people(places, alone=np.array([sides[one].people == 1 for one in cells])):
        inside = _inside(table, together, cells, sides)
        start = starting(together.system, inside=inside, people=[float(sides[one].people) for one in cells])
        if start is None:  # what is true is another way
            continue
        matrix = together.system.matrix
        most = min(max(MANY // max(matrix.nnz, 1), FEW_PAIRS), MOST_PAIRS)
        found = Arrangements(matrix, inside=inside, start=start, asked=asked)
        told = found.told(together.system, most=most, effort=effort)
        cut_short = len(told) == most
        left = [one for one in left if cut_short or one in told] if looked_at else told
        looked_at.append((together, inside))
        effort -= found.spent
        if not left or effort <= 0 or (cut_short and len(looked_at) == 1):
            break
    if not looked_at:
        raise TableInvalid(CONTRADICTION)
    pairs = dict.fromkeys((one.insider, one.target) for one in left)
    ways = [_Way(together, inside) for together, inside in looked_at]
    ranges = {pair: _told(cells, *pair, ways) for pair in sorted(pairs, key=lambda pair: pair[1])}
    return [ranges[pair] for pair in pairs]


class _Way:
    """One way in which zeros can be hidden, asked for one range after another: those of one sum follow each other, and each program begins where the last one ended."""

    def __init__(self, said: Statements, inside: Inside) -> None:
        self.said, self.inside = said, inside
        width = said.system.matrix.shape[1]
        known = known_of(said.system) or Room(np.zeros(width), np.full(width, inf))
        self._programs = {
            sign: Programs(said.system, least=known.least, most=known.most, most_each=STEPS)
            for sign in (1.0, -1.0)
        }

    def range(self, system: System, row: int) -> tuple[float, float]:
        """Between which ends the sum in this row lies, as the statements with what an insider knows say; where a program has no end, or takes too long, what single statements say."""
        known = known_of(system)
        one = csr_array(system.matrix[[row]])
        low, high = (0.0, inf) if known is None else (float(end[0]) for end in known.of(one))
        low, high = max(low, float(system.low[row])), min(high, float(system.high[row]))
        ends = []
        for sign, programs in self._programs.items():
            programs.narrowed(system.low, system.high)
            ends.append(programs.push(sign * one.toarray().ravel()).bound)
        return max(low, ends[0]), min(high, -ends[1])


def _told(cells: Sequence[Codes], insider: int, target: int, ways: Sequence[_Way]) -> FromInside:
    """The range that these ways leave between them."""
    ends, settled = [], True
    for way in ways:
        inside, row = way.inside, int(way.inside.rows[target])
        low, high = way.range(_knowing(way.said.system, inside, insider), row)
        must = inside.sums[target] - inside.down[target], inside.sums[target] + inside.up[target]
        settled &= bool(low > must[0] + NEAR or high < must[1] - NEAR)
        ends.append((low * float(way.said.by[row]), high * float(way.said.by[row])))
    first = ways[0]
    said = replace(first.said, system=_knowing(first.said.system, first.inside, insider))
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    row = int(first.inside.rows[target])
    return FromInside(cells[insider], cells[target], row, low, high, said, settled)


def _inside(table: Magnitudes, together: Statements, cells: Sequence[Codes], sides: Sides) -> Inside:
    places = [table.counts.at[one] for one in cells]
    first = first_of_sums(together)
    rows = first + together.sums.rows[0][places]
    by = together.by[rows]
    total = np.array([sides[one].total for one in cells])
    alone = np.array([sides[one].people == 1 for one in cells])
    heads = together.counts.rows[0][places] if together.entangled else np.full(len(cells), -1)
    return Inside(
        rows=rows,
        sums=total / by,
        own=np.array([sides[one].largest for one in cells]) / by,
        up=(np.array([sides[one].high for one in cells]) - total) / by,
        down=(total - np.array([sides[one].low for one in cells])) / by,
        alone=alone,
        known=np.where(alone, heads, -1),
    )


def _knowing(system: System, inside: Inside, insider: int) -> System:
    low, high = system.low.copy(), system.high.copy()
    row, known = int(inside.rows[insider]), int(inside.known[insider])
    low[row] = max(low[row], float(inside.own[insider]))
    if inside.alone[insider]:
        high[row] = low[row]
        if known >= 0:
            low[known] = high[known] = 1.0
    return System(system.matrix, low, high, whole=False)
