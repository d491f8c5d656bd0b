"""Released tables attacked together, whatever they are: rounded or exact, at one level of a hierarchy or at several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from policies.disclosure import progress
from policies.disclosure.attack import MOST_FINDINGS, Audit, Finding, audit, view
from policies.disclosure.errors import TableInvalid
from policies.disclosure.exact import exact_rules, restricted_to
from policies.disclosure.joint import Joint
from policies.disclosure.left_out import Places, small_groups_left_out
from policies.disclosure.margins import parents_in
from policies.disclosure.printed import Printed
from policies.disclosure.progress import Effort
from policies.disclosure.reader import Narrow, Said, attack_as_said
from policies.disclosure.rules import TableRules
from policies.disclosure.stated import values_told
from policies.disclosure.table import PublishedTable


def audit_together(tables: Sequence[tuple[str, PublishedTable]], *, effort: Effort | None = None) -> Audit:
    """What a reader of all these tables, which describe one population, could infer; each has the name that a finding calls it, and the first is the newest.

    Where all are rounded and none has levels, the attack is `policies.disclosure.attack`, and else `policies.disclosure.reader`, which also knows
    exact totals and hierarchies. Both ask the same of a hidden count: that it keeps a range as wide as that of the small counts. Both then look at
    the groups that no table prints (`policies.disclosure.left_out`). `effort`: of the whole attack, if more is asked after this.
    """
    effort = Effort(progress.MOST_SPENT) if effort is None else effort
    if not any(one.exact or one.layout.levels for _, one in tables):
        return audit([view(one, name=name) for name, one in tables], effort=effort)
    told = [(name, one) for name, one in tables if all(restricted_to(one.layout).values())]
    if told[:1] != list(tables[:1]):
        return Audit((), 0, len(tables))  # its conditions leave nobody, so it says nothing of anybody
    newest, *earlier = [readable(one, name=name) for name, one in told]
    try:
        besides = values_told([one.layout for _, one in told])
        found, said = attack_as_said(newest, earlier=earlier, besides=besides, effort=effort)
    except TableInvalid as fault:
        code = "too-large" if "too many" in str(fault) else "contradiction"
        return Audit((Finding("all tables", (), code, 0, 0, 0, 0),), 0, len(tables))
    findings = tuple(_finding(one) for one in found.findings)
    effort.until = progress.WITH_GROUPS
    return Audit(findings or _left_out(told, said, effort), found.hidden, found.tables)


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


def most_hidden(published: PublishedTable) -> int:
    """The largest count that is hidden for being small."""
    return published.width + 1 if published.exact else published.rule.largest_hidden


def _left_out(
    told: Sequence[tuple[str, PublishedTable]], said: Said | None, effort: Effort
) -> tuple[Finding, ...]:
    """Groups that no table prints and that come out as a few people."""
    if len({one.layout.restrictions for _, one in told}) < 2:
        return ()
    if said is None:
        return (Finding("all tables", (), "contradiction", 0, 0, 0, 0),)
    names, layouts = [name for name, _ in told], [one.layout for _, one in told]
    most = max(most_hidden(one) for _, one in told)
    cell_of = np.stack([_cells_in(said.together, n, layout.size) for n, layout in enumerate(layouts)])
    found = small_groups_left_out(said.ways, layouts, cell_of, most=most, effort=effort)
    return tuple(
        Finding(one.group.named(names), one.group.cell, "left-out", one.low, one.high, 1, most)
        for one in islice(found, MOST_FINDINGS)
    )


def _cells_in(together: Joint, table: int, cells: int) -> Places:
    """For each unknown, the cell of the table in which it is counted, or -1."""
    its = together.system.matrix[together.rows[table][:cells]].tocoo()
    found = np.full(its.shape[1], -1, dtype=np.int64)
    found[its.col] = its.row
    return found


def _finding(one: Narrow) -> Finding:
    code = "narrowed" if one.settled else "unsettled"
    return Finding(one.table, one.codes, code, one.lower, one.upper, 0, 0)
