"""A table of exact counts at the release desk: small counts are hidden, and others besides, so that no total gives one away."""

from __future__ import annotations

import numpy as np

from policies.disclosure.hiding import suppress_and_round
from policies.disclosure.margins import margin_cells, parents_in, spanning
from policies.disclosure.printed import Printed
from policies.disclosure.protect_table import protect_table
from policies.disclosure.rounding import Rule
from policies.disclosure.rules import TableRules
from policies.disclosure.table import NOT_APPLICABLE, CountTable, Layout, PublishedTable


def exact_rules(layout: Layout, *, suppress: int, width: int, hide_zeros: bool) -> TableRules:
    """The rules of a table of exact counts with this layout."""
    return TableRules(
        mode="exact", suppress=suppress, width=width, hide_zeros=hide_zeros, hierarchies=parents_in(layout),
        restricted_to=restricted_to(layout),
    )  # fmt: skip


def restricted_to(layout: Layout) -> dict[str, tuple[str, ...]]:
    """The values that somebody who is counted has, of each dimension with a condition."""
    kept: dict[str, tuple[str, ...]] = {}
    for one in layout.restrictions:
        kept[one.dimension] = tuple(v for v in kept.get(one.dimension, one.kept) if v in one.kept)
    return kept


def show_exactly(table: CountTable, *, least: int, width: int, hide_zeros: bool) -> PublishedTable:
    """The table with counts from `least` on as they are, and every hidden count within a range at least `width` wide of what its totals tell.

    Totals are exact too, or hidden. Method: `policies.disclosure.plan`.

    Raises:
        Unsafe: exact counts cannot be protected by hiding others.
    """
    layout, rule = table.layout, Rule(least - 1, 1, hide_zeros)
    totals = margin_cells(layout)
    if not totals:
        alone = suppress_and_round(table, rule=rule)
        return PublishedTable(layout, rule, alone.cells, width=width)
    spanned = spanning(layout, totals)
    own = np.where(table.structural, NOT_APPLICABLE, table.counts.astype(str)).ravel()
    sums = np.atleast_1d(spanned.sums(table.counts, codes=totals))
    absent = np.atleast_1d(spanned.sums((~table.structural).astype(np.int64), codes=totals)) == 0
    above = np.where(absent, NOT_APPLICABLE, sums.astype(str))
    given = Printed(
        "this table", layout.dimensions, (*layout.cells(), *totals), tuple(map(str, (*own, *above))),
    )  # fmt: skip
    rules = exact_rules(layout, suppress=rule.suppress, width=width, hide_zeros=hide_zeros)
    shown = dict(zip(*_told(protect_table(given, rules=rules).table), strict=True))
    cells = tuple(shown[cell] for cell in layout.cells())
    return PublishedTable(
        layout, rule, cells, width=width, margins=tuple((cell, shown[cell]) for cell in totals)
    )


def _told(printed: Printed) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    return printed.codes, printed.shown
