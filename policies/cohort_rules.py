"""What a request may do with a date: select people by it, or count them by month, quarter or year; nothing else. A date of an event points to a person."""

from __future__ import annotations

from collections.abc import Iterator

from policies.case import Case
from policies.cohort import Window
from policies.reasons import Reason, because


def cohort_rules(case: Case) -> Iterator[Reason]:
    """A refusal for each date that is shown, compared or asked for without a window, and for each window on something that is no date."""
    request, table = case.request, case.facts.catalogue.attributes
    inside = frozenset().union(*request.windowed)
    compared = frozenset(one.attribute for one in request.conditions if not isinstance(one, Window))
    dated = frozenset(name for name in request.requested if name in table and table[name].dated)
    if shown := dated & (frozenset(request.group_by) | compared | (dated - inside)):
        yield because("date-shown", attributes=shown)
    if undated := (inside & table.keys()) - dated:
        yield because("not-a-date", attributes=undated)
