"""An exact count and another count of some of the same people, subtracted down to a few.

Rounding keeps the difference of two printed numbers open; an exact number does not. The attack of `policies.disclosure.together` looks at hidden cells and at
groups between cohorts that are certain to be somebody. Here every two printed numbers are looked at of which the one counts some of the people of the other, for
what can be told of the rest, be it that there are hardly any.

Across an update `policies.disclosure.updates` asks what somebody concludes who knows how many came and left. Whoever knows only that most people are the same
subtracts the numbers of both all the same, as if one population lay in the other: what is left has come, or gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from policies.disclosure.errors import Unsafe
from policies.disclosure.exact import restricted_to
from policies.disclosure.margins import parents_in
from policies.disclosure.rules import TOTAL
from policies.disclosure.table import PublishedTable

Values = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Number:
    """A printed number: whom it counts, as the values that they have in each dimension, and the counts that it can stand for."""

    whom: Values
    low: int
    high: int


def refuse_subtracted(
    new: PublishedTable, *, earlier: Sequence[tuple[str, PublishedTable]], suppress: int
) -> None:
    """Nothing, once it is certain that no printed number of the table, less one of an earlier table or from it, tells closely of a small group.

    Looked at where one of the two tables is exact. Closely is within a range narrower than small counts keep, which are hidden up to `suppress`. Between tables on two
    populations, before and after an update, a difference tells only if it cannot be nothing: that nobody came is no news of anybody.

    Raises:
        Unsafe: some difference does; the message names the release and no number.
    """
    for name, table in earlier:
        if not new.exact and not table.exact:
            continue
        inside = {**_leaves(new), **_leaves(table)}
        here, there = _numbers(new, inside), _numbers(table, inside)
        updated = new.layout.population != table.layout.population
        if any(_tells(*both, suppress, updated=updated) for both in ((here, there), (there, here))):
            fix = "combine categories" if updated else "use the same conditions again, or combine categories"
            raise Unsafe(
                f"a number of this table and one of {name} could be subtracted to tell of a few people: {fix}"
            )


def _tells(whole: list[_Number], part: list[_Number], suppress: int, *, updated: bool) -> bool:
    """Whether some number of the first, less one that counts some of the same people, tells closely of a small group; `updated`, if they are of two populations."""
    least = np.array([one.low for one in whole])[:, None] - np.array([one.high for one in part])[None, :]
    most = np.array([one.high for one in whole])[:, None] - np.array([one.low for one in part])[None, :]
    close = (least <= suppress) & (most >= 1) & (most - least < max(suppress - 1, 1))
    if updated:
        close &= least >= 1
    return any(
        (updated or part[b].whom != whole[a].whom) and _lies_in(part[b].whom, whole[a].whom)
        for a, b in np.argwhere(close)
    )


def _leaves(table: PublishedTable) -> dict[tuple[str, str], frozenset[str]]:
    """What each category takes in, of dimensions that have levels."""
    found: dict[tuple[str, str], set[str]] = {}
    for dimension, within in parents_in(table.layout).items():
        for code in within.keys() - set(within.values()):
            above: str | None = code
            while above is not None:
                found.setdefault((dimension, above), set()).add(code)
                above = within.get(above)
    return {key: frozenset(codes) for key, codes in found.items()}


def _numbers(table: PublishedTable, inside: Mapping[tuple[str, str], frozenset[str]]) -> list[_Number]:
    layout, found = table.layout, []
    conditions = {name: _spread(name, kept, inside) for name, kept in restricted_to(layout).items()}
    # A total of rounded numbers leaves out what is hidden, so it stands for no range; one of exact numbers is a count.
    for cell, shown in (*zip(layout.cells(), table.cells, strict=True), *table.margins):
        if shown.isdecimal():
            whom = dict(conditions)
            for name, code in zip(layout.dimensions, cell, strict=True):
                own = whom.get(name) if code == TOTAL else _spread(name, (code,), inside)
                if own is not None:
                    whom[name] = own & whom.get(name, own)
            found.append(_Number(whom, *table.rule.range_of_shown(int(shown))))
    return found


def _spread(
    dimension: str, codes: Sequence[str], inside: Mapping[tuple[str, str], frozenset[str]]
) -> frozenset[str]:
    return frozenset().union(*(inside.get((dimension, code), frozenset({code})) for code in codes))


def _lies_in(part: Values, whole: Values) -> bool:
    """Whether everybody who has these values has those."""
    return all(name in part and part[name] <= values for name, values in whole.items())
