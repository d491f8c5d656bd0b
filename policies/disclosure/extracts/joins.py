"""Several extracts on some of the same people, laid beside each other.

Each has groups of at least k rows that look alike. Whoever knows that somebody is in two of them, and what others can know of that person, is left with
the people who are in the same group of both; these can be few although each group is large, or many who all have the same sensitive value. The danger is
composition: Ganta, Kasiviswanathan and Smith, "Composition attacks and auxiliary information in data privacy" (2008).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from policies.disclosure.errors import Unsafe
from policies.disclosure.extracts.kept import Joins
from policies.disclosure.extracts.measures import distinct_in, groups_of
from policies.disclosure.extracts.rows import Codes
from policies.disclosure.extracts.taken_off import refuse_taken_off

MOST_TOGETHER: Final = 3
"""Earlier extracts that are laid beside a new one at once."""
MOST_EXTRACTS: Final = 30
"""Earlier extracts on some of these people up to which three are; beyond, each is compared alone."""


def refuse_joined(new: Joins, *, earlier: Mapping[str, Joins], k: int, l: int) -> None:  # noqa: E741
    """Nothing, once it is certain that of the people who are in this extract and in up to three earlier ones at least `k` look alike in all of them, and that
    whoever look alike have at least `l` different values of each sensitive column.

    Of a column that several of the extracts have, their groups also have `l` values in common: one that stands in one group alone is nobody's who is in both.
    And of all extracts that have a sensitive column in common, no groups can be added and taken off so that few or alike people are left, see `refuse_taken_off`.

    Raises:
        Unsafe: fewer do, or have, or are left; or an extract was kept without its values. The message names the extracts and the columns, and no number of people.
    """
    near = {name: one for name, one in earlier.items() if not new.group_of.keys().isdisjoint(one.group_of)}
    people = tuple(new.group_of)
    every = {name: _Seen(one, people) for name, one in near.items()}
    own = _Seen(new, people)
    most = MOST_TOGETHER if len(near) <= MOST_EXTRACTS else 1
    for count in range(1, most + 1):
        for names in combinations(sorted(near), count):
            together = [own, *(every[name] for name in names)]
            both = np.flatnonzero(np.all([one.group >= 0 for one in together], axis=0))
            if not len(both):
                continue
            groups = groups_of(np.stack([one.group[both] for one in together], axis=1))
            if np.bincount(groups).min() < k:
                columns = sorted({*new.columns, *(column for name in names for column in near[name].columns)})
                raise Unsafe(
                    f"beside {', '.join(names)} fewer than {k} of the people in both look alike by {', '.join(columns)}: ask for the columns that left "
                    "already, for other people, or for a table"
                )
            if l > 1:
                _refuse_alike(together, both, groups, names=names, l=l)
    refuse_taken_off(new, earlier=earlier, k=k, l=l)


class _Seen:
    """One extract as far as these people are in it: each one's group, -1 for none, and the sensitive values; and which values each whole group has."""

    def __init__(self, one: Joins, people: Sequence[str]) -> None:
        self.group: Codes = np.array([one.group_of.get(person, -1) for person in people], dtype=np.int64)
        self.values = None if one.values is None else dict(self._coded(one, people))
        self.in_group: dict[str, dict[int, set[str]]] = {}
        for column, its in (one.values or {}).items():
            found = self.in_group.setdefault(column, {})
            for person, value in its.items():
                found.setdefault(one.group_of[person], set()).add(value)

    @staticmethod
    def _coded(one: Joins, people: Sequence[str]) -> Iterator[tuple[str, Codes]]:
        for column, its in (one.values or {}).items():
            code = {value: n for n, value in enumerate(dict.fromkeys(its.values()))}
            yield column, np.array([code[its[p]] if p in its else -1 for p in people], dtype=np.int64)


def _refuse_alike(
    together: Sequence[_Seen],
    both: Codes,
    groups: Codes,
    *,
    names: Sequence[str],
    l: int,  # noqa: E741
) -> None:
    if any(one.values is None for one in together):
        raise Unsafe(
            f"of one of {', '.join(names)} it was not kept which sensitive values people have, so that nothing can be told of what both tell together: "
            "ask for other people, or for a table"
        )
    alike = {
        column
        for one in together
        for column, values in (one.values or {}).items()
        if distinct_in(groups, values[both], count=int(groups.max()) + 1).min() < l
    }
    shared = {
        column for one in together for column in one.in_group if sum(column in o.in_group for o in together) > 1
    }
    for column in sorted(shared - alike):
        its = [one for one in together if column in one.in_group]
        met = {tuple(int(one.group[person]) for one in its) for person in both}
        if any(
            len(set.intersection(*(o.in_group[column][g] for o, g in zip(its, key, strict=True)))) < l
            for key in met
        ):
            alike.add(column)
    if alike:
        raise Unsafe(
            f"beside {', '.join(names)} people in both who look alike have fewer than {l} different values of {', '.join(sorted(alike))}: ask for the columns "
            "that left already, for other people, or for a table"
        )
