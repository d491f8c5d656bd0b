"""Tables before and after an update of the linked data, attacked together: a cell after it is the cell before, with those who came and without those who left.

The reader is taken to know how many people came to the linked data and how many left it, which the notes on its people tell. Whoever is in both may have changed
category; then they left one cell and came to another. That nobody did is what the reader assumes, unless the tables themselves tell that some must have. See
`docs/decisions/0031-before-and-after-an-update.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from policies.disclosure import progress
from policies.disclosure.attack import MOST_FINDINGS, Finding
from policies.disclosure.errors import TableInvalid
from policies.disclosure.every_way import holds, ranges_in_every_way
from policies.disclosure.exact import restricted_to
from policies.disclosure.joint import Joint
from policies.disclosure.margins import margin_cells, parents_in
from policies.disclosure.pieces import limit
from policies.disclosure.printed import Printed
from policies.disclosure.programs import Programs
from policies.disclosure.progress import Effort
from policies.disclosure.reader import readings_by_zeros, readings_of
from policies.disclosure.small_groups import Places, small_in_every_way
from policies.disclosure.stated import Stated, stated, values_told
from policies.disclosure.system import WHOLE, Floats, System, room
from policies.disclosure.table import HIDDEN, PublishedTable
from policies.disclosure.together import most_hidden, readable
from policies.disclosure.zeros import Ways

Named = tuple[str, PublishedTable]
UPDATE: Final = "\0update"
QUESTIONS: Final = 4
"""Of one update, each with its part of the effort: how many changed category at least, whether all tables hold together, what is narrowed, and who is few."""
CAME, STAYED, LEFT = "came", "stayed", "left"


@dataclass(frozen=True, slots=True)
class Change:
    """How many people the linked data have that they had not before, and how many they have no longer, which readers may know."""

    came: int
    left: int


class _NotSettled(Exception):
    """Within the steps that one program may take."""


def across_update(
    after: Sequence[Named],
    *,
    before: Sequence[Named],
    change: Change | None,
    effort: Effort | None = None,
) -> tuple[Finding, ...]:
    """The hidden cells, before or after, that the tables together narrow too far, and the groups of those who came to a cell or left it that come out as a few.

    `after` are the tables on the people as they are now, the newest first. Without a `change`, nobody came or left unless the tables tell it. Where all tables
    together are too many to compute with, the newest is read with one earlier table at a time. `effort`: of the whole attack, if anything was asked before.
    """
    effort = Effort(progress.WITH_UPDATES) if effort is None else effort
    sides = [[one for one in side if all(restricted_to(one[1].layout).values())] for side in (after, before)]
    if not all(sides) or sides[0][0] != after[0]:
        return ()  # conditions that leave nobody say nothing of anybody
    try:
        return _across(sides[0], sides[1], change, effort)
    except _NotSettled:
        return (Finding("all tables", (), "unsettled", 0, 0, 0, 0),)
    except TableInvalid:
        if len(sides[0]) + len(sides[1]) > 2:
            shares = zip(sides[1], effort.in_turn(len(sides[1])), strict=True)
            return tuple(
                one
                for each, share in shares
                for one in across_update(after[:1], before=[each], change=change, effort=share)
            )
        return (Finding("all tables", (), "too-large", 0, 0, 0, 0),)


def _across(
    after: list[Named], before: list[Named], change: Change | None, effort: Effort
) -> tuple[Finding, ...]:
    tables = [
        *(_when(readable(one, name=name), STAYED, CAME) for name, one in after),
        *(_when(readable(one, name=name), STAYED, LEFT) for name, one in before),
    ]
    of = [*(("came to", CAME, one) for _, one in after), *(("left", LEFT, one) for _, one in before)]
    moved = [_moved(one, which) for _, which, one in of]
    total = stated((UPDATE,), codes=((CAME,), (LEFT,)))
    told = values_told([one.layout for _, one in (*after, *before)])
    every = list(readings_by_zeros([*readings_of(tables), *moved, total, *told]))
    together = every[-1].together
    most = max(most_hidden(one) for _, one in (*after, *before))
    rows = together.rows[len(tables) + len(moved)]
    turn = effort.in_turn(QUESTIONS)
    limits = _totals(together.system, rows, change=change or Change(0, 0), spare=most - 1, effort=next(turn))
    ways = (
        None if limits is None else _with_totals([one.ways for one in every], rows, limits, effort=next(turn))
    )
    if ways is None:
        return (Finding("all tables", (), "contradiction", 0, 0, 0, 0),)
    narrow = tuple(islice(_narrowed(together, ways, tables, effort=next(turn)), MOST_FINDINGS))
    few = _few(together, ways, moved, first=len(tables), most=most, effort=next(turn))
    return narrow or tuple(
        Finding(f"those who {of[n][0]} {tables[n].name}", cell, "left-out", low, high, 1, most)
        for n, cell, low, high in islice(few, MOST_FINDINGS)
    )


def _when(table: Printed, *which: str) -> Printed:
    assert table.rules is not None  # noqa: S101  a published table has rules
    among = {**table.rules.restricted_to, UPDATE: which}
    return replace(table, rules=table.rules.model_copy(update={"restricted_to": among}))


def _moved(published: PublishedTable, which: str) -> Stated:
    """Those who came to, or left, each cell and total of a table."""
    layout = published.layout
    parents = {d: {child: (up,) for child, up in its.items()} for d, its in parents_in(layout).items()}
    codes = (*layout.cells(), *margin_cells(layout))
    return stated(
        layout.dimensions, codes=codes, among={**restricted_to(layout), UPDATE: (which,)}, parents=parents
    )


def _totals(
    system: System, rows: Places, *, change: Change, spare: int, effort: Effort
) -> tuple[Floats, Floats] | None:
    """How many people came to cells or left them at least and at most; None if the statements contradict each other.

    If more must have come to cells or left them than came or left the data, some changed category. How many did nobody tells: at least so many, and the reader
    is given that it is no more than `spare` people above that, which is as little as of a small count. What is least is asked of the statements without what any
    way to hide zeros says besides, for no way leaves fewer.
    """
    lower = np.array([change.came, change.left], dtype=np.float64)
    fewest = _fewest_who_changed(system, rows, lower, effort=effort)
    return None if fewest is None else (lower, lower + (fewest + spare if fewest else 0))


def _with_totals(
    every: Sequence[Ways], rows: Places, limits: tuple[Floats, Floats], *, effort: Effort
) -> Ways | None:
    """The first of these with that said besides, if it holds."""
    for ways in every:
        low, high = ways.stated.low.copy(), ways.stated.high.copy()
        low[rows], high[rows] = limits
        known = ways.of(replace(ways.stated, low=low, high=high))
        if holds(known, effort):
            return known
    return None


def _fewest_who_changed(system: System, rows: Places, lower: Floats, *, effort: Effort) -> int | None:
    """The least number of people who are in both data and have another category, as far as fractions of people tell.

    Raises:
        _NotSettled: that takes too many steps to be found out.
    """
    known = room(system)
    if known is None:
        return None
    count, (statements, unknowns) = len(rows), system.matrix.shape
    low, high = system.low.copy(), system.high.copy()
    low[rows], high[rows] = lower, np.inf
    own = hstack([system.matrix, csr_array((statements, 1))])
    # How many came, less those who only changed, is no more than came to the data; and the same of those who left.
    less = hstack([system.matrix[rows], csr_array(-np.ones((count, 1)))])
    wider = System(
        csr_array(vstack([own, less])),
        np.append(low, np.full(count, -np.inf)),
        np.append(high, lower),
        whole=False,
    )
    objective = np.append(np.zeros(unknowns), 1.0)
    endless = limit(system, known) + float(lower.sum())
    least, most = np.append(known.least, 0.0), np.append(np.minimum(known.most, endless), endless)
    found = Programs(wider, least=least, most=most, may=effort.left).push(objective)
    effort.took(found.taken)
    if found.counts is None and not found.impossible:
        raise _NotSettled
    return None if found.counts is None else int(np.ceil(found.counts[-1] - WHOLE))


def _narrowed(together: Joint, ways: Ways, tables: Sequence[Printed], *, effort: Effort) -> Iterator[Finding]:
    """Hidden cells that keep no range as wide as they have to, or of which that could not be shown."""
    found = ranges_in_every_way(ways, together.demanded, wanted=together.wanted, effort=effort)
    if found is None:
        yield Finding("all tables", (), "contradiction", 0, 0, 0, 0)
        return
    for n in np.flatnonzero(found.narrower(together.wanted)):
        first = next(one for one in together.said[together.demanded[n]] if one.shown == HIDDEN)
        low, high = found.least[n], min(found.most[n], np.iinfo(np.int32).max)
        yield Finding(tables[first.table].name, first.codes, "narrowed", int(low), int(high), 0, 0)


def _few(
    together: Joint, ways: Ways, moved: Sequence[Stated], *, first: int, most: int, effort: Effort
) -> Iterator[tuple[int, tuple[str, ...], int, int]]:
    """The groups of those who moved, by the number of the table, that come out as a few; how many did in all, the reader knew before."""
    totals = set(together.rows[first + len(moved)].tolist())
    where = {
        int(row): (n, cell)
        for n, one in enumerate(moved)
        for row, cell in zip(together.rows[first + n], one.table.codes, strict=True)
        if int(row) not in totals
    }
    rows = np.array(list(where), dtype=np.int64)
    groups = csr_array(together.system.matrix[rows])
    for one in small_in_every_way(ways, groups, most=most, effort=effort):
        yield *where[int(rows[one.group])], one.low, one.high
