"""What readers know beside the printed tables, as readings of their own: which values a dimension can have, how many people came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from policies.disclosure.joint import Range, Reading
from policies.disclosure.printed import Parents, Printed, grid
from policies.disclosure.rules import TableRules
from policies.disclosure.table import Layout


@dataclass(frozen=True, slots=True, eq=False)
class Stated(Reading):
    """Groups of people, by their categories, with the range of each in place of a printed number. Nothing is hidden, and nobody is absent for want of a row."""

    limits: tuple[Range, ...] = ()

    def ranges(self) -> list[Range]:
        """What is stated of each group."""
        return list(self.limits)


def stated(
    dimensions: Sequence[str],
    *,
    codes: Sequence[tuple[str, ...]],
    limits: Sequence[Range] = (),
    among: Mapping[str, tuple[str, ...]] | None = None,
    parents: Parents | None = None,
) -> Stated:
    """These groups, `among` those who have certain values; any number of people where no limits are given."""
    rules = TableRules(restricted_to=among or {}, hierarchies=parents or {})
    table = Printed("known", tuple(dimensions), tuple(codes), ("0",) * len(codes), rules)
    spanned = grid(table.dimensions, codes=table.codes, parents=parents or {}, name=table.name)
    return Stated(table, spanned, 0, 0, tuple(limits) or ((0.0, inf),) * len(codes))


def values_told(layouts: Sequence[Layout]) -> list[Stated]:
    """That a dimension with a condition has the values that its condition chooses from, and no others."""
    told: dict[str, dict[str, None]] = {}
    for layout in layouts:
        for one in layout.restrictions:
            told.setdefault(one.dimension, {}).update(dict.fromkeys(one.all))
    return [stated((name,), codes=[(code,) for code in codes]) for name, codes in told.items() if codes]
