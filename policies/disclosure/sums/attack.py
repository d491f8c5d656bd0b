"""What a reader can work out about every hidden count and every hidden sum, from all printed counts, sums, means and rates of a table and of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, floor, inf, isinf
from typing import Final

import numpy as np

from policies.disclosure.errors import TableInvalid
from policies.disclosure.reader import SHOWN, STATUS, Attack, attack, readings_of
from policies.disclosure.sums.because import Explaining, giving_away
from policies.disclosure.sums.inside import FromInside, told_inside
from policies.disclosure.sums.magnitudes import COUNT, SUM, Magnitudes, thousandths
from policies.disclosure.sums.ranges import EFFORT, Demand, Found, sum_ranges
from policies.disclosure.sums.ratios import beside, few_fit, unsettled_inside
from policies.disclosure.sums.result import (
    Measured,
    Result,
    Told,
    counts_measured,
    counts_told,
    reported,
    reported_sum,
)
from policies.disclosure.sums.somebody import somebody
from policies.disclosure.sums.statements import Statements
from policies.disclosure.sums.targets import Target, targets_of
from policies.disclosure.sums.telling import Sides
from policies.disclosure.sums.tied import tied_ranges
from policies.disclosure.sums.worlds import MOST_WAYS, Worlds, worlds
from policies.disclosure.system import WHOLE, room
from policies.disclosure.zeros import NONE

MOST_EXPLAINED: Final = 10
NO_USE: Final = 3
"""Ways in which zeros can be hidden after which as many numbers are too narrow as before: then no more are looked at."""
CONTRADICTION: Final = (
    "the printed sums contradict each other, or their means or rates: check that the rules say how they came about (`step`, `unit`, `of`, totals) and that all "
    "tables describe the same people"
)


def attack_magnitudes(
    table: Magnitudes, *, earlier: Sequence[Magnitudes] = (), sides: Sides | None = None
) -> Result:
    """Every count and sum of the table as its readers can bound it, read together with the earlier tables, which describe the same people.

    Counts are attacked as whole people first, of whom there is at least one where a sum cannot be 0; then counts and sums together as linear programs. `sides`: what whoever protects the table knows about sums of it that tell too much, and a
    reader does not. These may not be narrowed down to what they demand, neither by a reader nor by somebody who contributes to another one of them.

    Raises:
        TableInvalid: the printed numbers contradict each other, or cannot come about under their rules.
    """
    tables = (table, *earlier)
    of = next((one.of for one in tables if one.of is not None), None)
    counts = attack(table.counts, earlier=[one.counts for one in earlier], besides=somebody(tables, of=of))
    told_in, together, targets, found, demand = _bounded(tables, of, sides or {})
    narrow = np.union1d(found.too_narrow(demand), few_fit(together, targets, found, demand))
    known = {(one.table, one.codes) for one in counts.findings}
    effort = Explaining()
    told = [
        _told(
            tables,
            together,
            targets[n],
            found,
            int(n),
            explain=k < MOST_EXPLAINED,
            settled=found.certainly(demand, int(n)),
            effort=effort,
        )
        for k, n in enumerate(narrow)
    ]
    findings = tuple(one for one in told if one.measure == SUM or (one.table, one.codes) not in known)
    name = table.counts.name
    to_all = {one.codes for one in findings if one.measure == SUM and one.table == name}
    inside = told_inside(table, told_in, sides=sides or {}, to_all=to_all)
    findings += tuple(
        _told_inside(tables, one, explain=k < MOST_EXPLAINED, effort=effort) for k, one in enumerate(inside)
    )
    found_already = {(one.table, one.codes) for one in findings}
    further = unsettled_inside(tables, together) if sides else ()
    findings += tuple(one for one in further if (one.table, one.codes) not in found_already)
    return Result(
        _cells(table, counts, together, targets, found),
        (*counts_told(counts), *findings),
        {COUNT: counts.hidden, SUM: len(together.sums.demanded)},
        len(tables),
    )


def _bounded(
    tables: Sequence[Magnitudes], of: str | None, sides: Sides
) -> tuple[Worlds, Statements, list[Target], Found, Demand]:
    """Everything said together, in every way in which zeros can be hidden and in the first that holds; what is demanded, and what follows."""
    for every in worlds(tables, readings_of([one.counts for one in tables]), of=of):
        first: Statements | None = None
        targets: list[Target] = []
        left, of_no_use, effort = NONE, 0, EFFORT
        for number in range(MOST_WAYS):
            narrow = NONE if first is None else np.array([targets[n].row for n in left], dtype=np.int64)
            together = every.at(number, narrow=narrow)
            if together is None:
                break
            if first is None:
                targets, demand = targets_of(tables, together, sides)
                left = np.arange(len(targets))
            one = _ranges(together, [targets[n] for n in left], demand.of(left), effort=effort)
            if one is None:
                continue
            effort -= one.spent
            if first is None:
                first, found = together, one
            else:
                found.either(one, left)
            before, left = len(left), found.too_narrow(demand)
            of_no_use = of_no_use + 1 if len(left) == before else 0
            if not left.size or not every.doubtful or of_no_use == NO_USE or effort <= 0:
                break
        if first is not None:
            return every, first, targets, found, demand
    raise TableInvalid(CONTRADICTION)


def _ranges(together: Statements, targets: Sequence[Target], demand: Demand, *, effort: int) -> Found | None:
    """The ranges of these numbers; None if the statements contradict each other."""
    rows = np.array([one.place for one in targets], dtype=np.int64)
    if not together.entangled:
        return sum_ranges(together.sums.system, rows, demand=demand, effort=effort)
    people = together.counts.system.matrix.shape[1]
    return tied_ranges(
        together.system,
        rows,
        by=together.by[rows],
        demand=demand,
        people=people,
        effort=effort,
        units=together.units,
    )


def _told(
    tables: Sequence[Magnitudes],
    together: Statements,
    target: Target,
    found: Found,
    n: int,
    *,
    explain: bool,
    settled: bool,
    effort: Explaining,
) -> Told:
    said = (together.counts if target.measure == COUNT else together.sums).said[target.row]
    first = next(one for one in said if tables[one.table].hides(one.codes, measure=target.measure))
    table = tables[first.table]
    low, high = float(found.least[n]), float(found.most[n])
    if isinf(high):
        high = low
    counts = [one.counts for one in tables]
    ends = float(found.least[n]), float(found.most[n])
    explain &= settled
    because = giving_away(together, target.place, tables=counts, ends=ends, effort=effort) if explain else ()
    because = because if settled else beside(together, target)
    dimensions = table.counts.dimensions
    low, high = reported(target.measure, low, high)
    return Told(table.counts.name, dimensions, first.codes, target.measure, low, high, because, settled=settled)


def _told_inside(tables: Sequence[Magnitudes], one: FromInside, *, explain: bool, effort: Explaining) -> Told:
    counts = tables[0].counts
    every = [table.counts for table in tables]
    explain &= one.settled
    ends = one.low, one.high
    because = giving_away(one.said, one.row, tables=every, ends=ends, effort=effort) if explain else ()
    own = (counts.name, tuple(zip(counts.dimensions, one.insider, strict=True)))
    because = tuple(given for given in because if (given.table, given.cell) != own)
    ends = reported(SUM, one.low, one.low if isinf(one.high) else one.high)
    return Told(counts.name, counts.dimensions, one.target, SUM, *ends, because, one.insider, one.settled)


def _cells(
    table: Magnitudes, counts: Attack, together: Statements, targets: Sequence[Target], found: Found
) -> tuple[Measured, ...]:
    place = {(one.measure, one.row): n for n, one in enumerate(targets)}
    measured = list(counts_measured(counts))
    for n, one in enumerate(measured):
        at = place.get((COUNT, int(together.counts.rows[0][n])))
        if at is not None:
            low, high = _range(found, at)
            upper = inf if one.upper is None else one.upper
            upper = min(upper, inf if isinf(high) else floor(high + WHOLE))
            measured[n] = replace(
                one, lower=max(one.lower, ceil(low - WHOLE)), upper=None if isinf(upper) else upper
            )
    if SUM not in table.columns:
        return tuple(measured)
    return tuple(
        one for pair in zip(measured, _sums(table, together, place, found), strict=True) for one in pair
    )


def _sums(
    table: Magnitudes, together: Statements, place: Mapping[tuple[str, int], int], found: Found
) -> list[Measured]:
    system = together.sums.system
    rows = together.sums.rows[0]
    low, high = system.low[rows], system.high[rows]
    known = room(system)
    if known is not None:
        single = known.of(system.matrix[rows])
        low, high = np.maximum(low, single[0]), np.minimum(high, single[1])
    cells = []
    for n, (codes, shown) in enumerate(zip(table.counts.codes, table.columns[SUM], strict=True)):
        least, most = float(low[n]), float(high[n])
        at = place.get((SUM, int(rows[n])))
        if at is not None:
            least, most = _range(found, at)
        number = None if shown in STATUS else reported_sum(thousandths(shown))
        upper = None if isinf(most) else reported_sum(most)
        cells.append(Measured(codes, SUM, STATUS.get(shown, SHOWN), number, reported_sum(least), upper))
    return cells


def _range(found: Found, n: int) -> tuple[float, float]:
    """The range that is known for certain, where it is known exactly; or else the one that was reached."""
    reached = found.low[n] <= found.high[n]
    if reached and not (
        found.low[n] <= found.least[n] + found.near and found.high[n] >= found.most[n] - found.near
    ):
        return max(float(found.low[n]), float(found.least[n])), min(float(found.high[n]), float(found.most[n]))
    return float(found.least[n]), float(found.most[n])
