"""Released tables attacked together, whatever they are: rounded or exact, at one level of a hierarchy or at several."""

from __future__ import annotations

from collections.abc import Sequence

from policies.disclosure.attack import Audit, Finding, audit, view
from policies.disclosure.errors import TableInvalid
from policies.disclosure.exact import exact_rules, restricted_to
from policies.disclosure.margins import parents_in
from policies.disclosure.printed import Printed
from policies.disclosure.reader import Narrow, attack
from policies.disclosure.rules import TableRules
from policies.disclosure.table import PublishedTable


def audit_together(tables: Sequence[tuple[str, PublishedTable]]) -> Audit:
    """What a reader of all these tables, which describe one population, could infer; each has the name that a finding calls it, and the first is the newest.

    Where all are rounded and none has levels, the attack is `policies.disclosure.attack`, and else `policies.disclosure.reader`, which also knows
    exact totals and hierarchies. Both ask the same of a hidden count: that it keeps a range as wide as that of the small counts.
    """
    if not any(one.exact or one.layout.levels for _, one in tables):
        return audit([view(one, name=name) for name, one in tables])
    told = [(name, one) for name, one in tables if all(restricted_to(one.layout).values())]
    if told[:1] != list(tables[:1]):
        return Audit((), 0, len(tables))  # its conditions leave nobody, so it says nothing of anybody
    newest, *earlier = [readable(one, name=name) for name, one in told]
    try:
        found = attack(newest, earlier=earlier)
    except TableInvalid as fault:
        code = "too-large" if "too many" in str(fault) else "contradiction"
        return Audit((Finding("all tables", (), code, 0, 0, 0, 0),), 0, len(tables))
    return Audit(tuple(_finding(one) for one in found.findings), found.hidden, found.tables)


def readable(published: PublishedTable, *, name: str) -> Printed:
    """The table as `policies.disclosure.reader` takes it: with the totals, where they tell more than the cells do."""
    layout, rule = published.layout, published.rule
    if published.exact:
        rules = exact_rules(layout, suppress=rule.suppress, width=published.width, hide_zeros=rule.hide_zeros)
    else:
        rules = TableRules(
            suppress=rule.suppress, round_to=rule.round_to, hide_zeros=rule.hide_zeros, totals="sums",
            hierarchies=parents_in(layout), restricted_to=restricted_to(layout),
        )  # fmt: skip
    totals = tuple(cell for cell, _ in published.margins)
    shown = (*published.cells, *(said for _, said in published.margins))
    return Printed(name, layout.dimensions, (*layout.cells(), *totals), shown, rules)


def _finding(one: Narrow) -> Finding:
    return Finding(one.table, one.codes, "narrowed", one.lower, one.upper, 0, 0)
