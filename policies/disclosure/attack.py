"""What a reader could infer about each hidden cell, from everything published and the published rule.

Groups that no table prints, of those whom a condition leaves out, are looked at too (`policies.disclosure.left_out`).

The reader's knowledge is a set of linear statements about the people of one population, cross-classified by every
dimension that any table uses: each printed cell says that a sum of unknown counts lies in a range. A hidden cell is safe
if the unknown counts can still be arranged so that it is 1 (or less), and so that it is the largest hidden count. Only
arrangements in whole people count, because the reader knows that people are whole.

Method: the interval audit of Fischetti and Salazar-González (Management Science, 2001), in `policies.disclosure.bounds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from policies.disclosure import progress
from policies.disclosure.because import giving_away
from policies.disclosure.bounds import Ranges
from policies.disclosure.doubts import Doubt, Line, lines_among
from policies.disclosure.every_way import ranges_in_every_way
from policies.disclosure.left_out import small_groups_left_out
from policies.disclosure.progress import Effort
from policies.disclosure.system import WHOLE, System
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE, Layout, PublishedTable
from policies.disclosure.zeros import Ways

MOST_COMBINATIONS: Final = 200_000
MOST_FINDINGS: Final = 20
MOST_EXPLAINED: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One table as statements: each cell is from `low` to `high` (a large number for no limit); some cells are hidden.

    `name` is what a finding calls it. A published total that is not a sum of the printed cells is a view of its own.
    `zeros_may_hide`: a hidden cell could be zero, although `low` says at least one, if some line has everybody in one cell. `small`: the largest count that its rule hides.
    """

    name: str
    layout: Layout
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    hidden: NDArray[np.bool_]
    zeros_may_hide: bool = False
    small: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """A hidden cell that is not hidden enough, or of which that could not be found out (`unsettled`), or a group that no table prints and that comes out as a few people (`left-out`): the range it could be narrowed to, and
    the range it has to keep.

    `because`: the printed cells, by table and categories, from which that follows; of the first few findings.
    """

    table: str
    cell: tuple[str, ...]
    code: str
    low: int
    high: int
    keep_low: int
    keep_high: int
    because: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Audit:
    """The result: what was found, how many hidden cells were checked, in how many tables read together."""

    findings: tuple[Finding, ...]
    hidden: int
    tables: int


def view(published: PublishedTable, *, name: str) -> View:
    """What a reader who knows the rule can tell from each printed cell on its own."""
    rule = published.rule
    known = {HIDDEN: (0 if rule.hide_zeros else 1, rule.largest_hidden), NOT_APPLICABLE: (0, 0)}
    ranges = [known[cell] if cell in known else rule.range_of_shown(int(cell)) for cell in published.cells]
    low, high = np.array(ranges, dtype=np.int64).reshape(-1, 2).T
    hidden = np.array([cell == HIDDEN for cell in published.cells], dtype=bool)
    zeros_may_hide = not rule.hide_zeros and "0" not in published.cells
    return View(name, published.layout, low, high, hidden, zeros_may_hide, rule.largest_hidden)


def audit(views: Sequence[View], *, effort: Effort | None = None) -> Audit:
    """Every hidden cell of every view, attacked with all of them together. All describe the same population.

    A table that shows no zero either has none, or hides all it has. The first is the sharper attack, and everything that
    it leaves open is open to a reader; where it is impossible, the reader knows that zeros are hidden, as
    `policies.disclosure.zeros` says. `effort`: of the attack to which this belongs, if it is not one by itself.
    """
    effort = Effort(progress.MOST_SPENT) if effort is None else effort
    hidden = int(sum(one.hidden.sum() for one in views))
    if len(views) < 2:
        return Audit(
            (), hidden, len(views)
        )  # cells of one table share no people, so each keeps the range of its own
    count, views = len(views), _different(views)
    dimensions = _dimensions(views)
    if prod(len(levels) for levels in dimensions.values()) > MOST_COMBINATIONS:
        return Audit((_about_all("too-large"),), hidden, count)
    cell_of = _cells_of(views, dimensions)
    system = _system(views, cell_of)
    for ways in (Ways(system, ()), _hiding_zeros(system, views)):
        findings = _attack(ways, views, effort)
        if findings is not None:
            effort.until = progress.WITH_GROUPS
            return Audit(findings or _left_out(ways, views, cell_of, effort), hidden, count)
    return Audit((_about_all("contradiction"),), hidden, count)


def _hiding_zeros(system: System, views: Sequence[View]) -> Ways:
    """The ways in which the tables that show no zero can hide some."""
    zero = np.concatenate([one.hidden & one.zeros_may_hide for one in views])
    found = []
    first = 0
    for one in views:
        cells = np.arange(len(one.low)).reshape(one.layout.shape)
        if one.zeros_may_hide and one.hidden.any():
            its = lines_among(cells, hidden=one.hidden, shown=~one.hidden & (one.high > 0))
            lines = tuple(Line(first + line.held, first + line.empty) for line in its)
            found.append(Doubt(first + np.flatnonzero(one.hidden), lines))
        first += len(one.low)
    return Ways(replace(system, low=np.where(zero, 0.0, system.low)), found)


def _different(views: Sequence[View]) -> list[View]:
    """Each table once, for one that is printed again says nothing new: it hides the same zeros. Where its rule hides larger counts it is another, for groups are few by that."""
    found: dict[tuple[Layout, bytes, bytes, bytes, bool, int], View] = {}
    for one in views:
        said = one.low.tobytes(), one.high.tobytes(), one.hidden.tobytes()
        found.setdefault((one.layout, *said, one.zeros_may_hide, one.small), one)
    return list(found.values())


def _about_all(code: str) -> Finding:
    return Finding("all tables", (), code, 0, 0, 0, 0)


def _left_out(
    ways: Ways, views: Sequence[View], cell_of: NDArray[np.int64], effort: Effort
) -> tuple[Finding, ...]:
    """Groups that no table prints and that come out as a few people."""
    most, names = max(one.small for one in views), [one.name for one in views]
    found = small_groups_left_out(ways, [one.layout for one in views], cell_of, most=most, effort=effort)
    return tuple(
        Finding(one.group.named(names), one.group.cell, "left-out", one.low, one.high, 1, most)
        for one in found[:MOST_FINDINGS]
    )


def _attack(ways: Ways, views: Sequence[View], effort: Effort) -> tuple[Finding, ...] | None:
    """Hidden cells that are narrowed too far; None if every way in which zeros can be hidden contradicts the statements."""
    rows = np.flatnonzero(np.concatenate([one.hidden for one in views]))
    if not len(rows):
        return ()
    system = ways.stated
    keep = np.maximum(system.low[rows], 1.0)
    wanted = system.high[rows] - keep
    found = ranges_in_every_way(ways, rows, wanted=wanted, floor=keep, may_stop=False, effort=effort)
    if found is None:
        return None
    short = (found.reached_low > keep + WHOLE) | (found.reached_high < system.high[rows] - WHOLE)
    certain = (found.least > keep + WHOLE) | (found.most < system.high[rows] - WHOLE)
    told = np.flatnonzero(certain if found.cut_short and certain.any() else short)
    narrowed = told[np.argsort(~certain[told], kind="stable")][:MOST_FINDINGS]
    return tuple(
        _finding(
            system,
            views,
            int(rows[n]),
            found,
            int(n),
            settled=bool(certain[n]),
            explain=number < MOST_EXPLAINED,
        )
        for number, n in enumerate(narrowed)
    )


def _finding(
    system: System, views: Sequence[View], row: int, found: Ranges, n: int, *, settled: bool, explain: bool
) -> Finding:
    keep_low, keep_high = max(int(system.low[row]), 1), int(system.high[row])
    table, cell = _locate(views, row)
    if not settled:
        return Finding(table, cell, "unsettled", int(system.low[row]), keep_high, keep_low, keep_high)
    given = giving_away(system, row, range_=(found.least[n], found.most[n])) if explain else []
    because = tuple(_locate(views, other) for other in given)
    return Finding(
        table, cell, "narrowed", int(found.least[n]), int(found.most[n]), keep_low, keep_high, because
    )


def _dimensions(views: Sequence[View]) -> dict[str, tuple[str, ...]]:
    """Every dimension that a table is divided or restricted by, with all values that any table gives it."""
    found: dict[str, dict[str, None]] = {}
    for one in views:
        for name, values in zip(one.layout.dimensions, one.layout.categories, strict=True):
            found.setdefault(name, {}).update(dict.fromkeys(values))
        for restriction in one.layout.restrictions:
            found.setdefault(restriction.dimension, {}).update(dict.fromkeys(restriction.all))
    return {name: tuple(values) for name, values in sorted(found.items())}


def _cells_of(views: Sequence[View], dimensions: dict[str, tuple[str, ...]]) -> NDArray[np.int64]:
    """For each table and each unknown, the cell in which it is counted, or -1. Combinations that no table tells apart are one unknown."""
    shape = tuple(len(levels) for levels in dimensions.values())
    grid = dict(zip(dimensions, np.indices(shape).reshape(len(shape), -1), strict=True))
    every = np.stack([_cell_of(one.layout, dimensions, grid, prod(shape)) for one in views])
    return np.unique(every, axis=1)


def _system(views: Sequence[View], cell_of: NDArray[np.int64]) -> System:
    offsets = np.cumsum([0, *(len(one.low) for one in views)])
    rows, columns = [], []
    for index, offset in enumerate(offsets[:-1]):
        inside = np.flatnonzero(cell_of[index] >= 0)
        rows.append(cell_of[index][inside] + offset)
        columns.append(inside)
    row, column = np.concatenate(rows), np.concatenate(columns)
    matrix = csr_array((np.ones(len(row)), (row, column)), shape=(int(offsets[-1]), cell_of.shape[1]))
    high = np.concatenate([one.high for one in views]).astype(np.float64)
    return System(matrix, np.concatenate([one.low for one in views]).astype(np.float64), high)


def _cell_of(
    layout: Layout, dimensions: dict[str, tuple[str, ...]], grid: dict[str, NDArray[np.int64]], count: int
) -> NDArray[np.int64]:
    """For each combination of all dimensions, the cell of this table it is counted in, or -1."""
    cell = np.zeros(count, dtype=np.int64)
    inside = np.ones(count, dtype=bool)
    for name, categories in zip(layout.dimensions, layout.categories, strict=True):
        place = {value: index for index, value in enumerate(categories)}
        step = np.array([place.get(value, -1) for value in dimensions[name]])[grid[name]]
        inside &= step >= 0
        cell = cell * len(categories) + step
    for restriction in layout.restrictions:
        kept = np.array([value in restriction.kept for value in dimensions[restriction.dimension]])
        inside &= kept[grid[restriction.dimension]]
    return np.where(inside, cell, -1)


def _locate(views: Sequence[View], row: int) -> tuple[str, tuple[str, ...]]:
    for one in views:
        if row < len(one.low):
            return one.name, next(cell for index, cell in enumerate(one.layout.cells()) if index == row)
        row -= len(one.low)
    raise IndexError(row)
