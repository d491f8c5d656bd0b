"""Groups of any number of extracts added to each other and taken off each other.

Of each group that looks alike a reader has the number of people, and how many of them have each sensitive value. Where whole groups lie in others, alone or
several together, sums and differences of these numbers describe people whom no extract shows as a group: those who came, those who were left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from policies.disclosure.errors import Unsafe
from policies.disclosure.extracts.kept import Joins
from policies.disclosure.extracts.parts import NOT_TOLD, Parts
from policies.disclosure.extracts.rows import Codes

MOST_TRIED: Final = 4
"""Extracts of which it is tried whether each is needed, so that a refusal names the right ones."""


def refuse_taken_off(new: Joins, *, earlier: Mapping[str, Joins], k: int, l: int) -> None:  # noqa: E741
    """Nothing, once it is certain that the groups of this extract and of all earlier ones that tell the same sensitive column cannot be added and taken off so that
    of somebody a reader knows to be one of fewer than `k` people, or to have one of fewer than `l` values.

    What a group of one earlier extract tells by itself of people whom this one leaves out is not looked at: it may have had laxer rules.
    Extracts on other people count where further ones connect them with these. Where several tell different values of somebody, each in turn is taken to have been
    true all along. Who looks alike is as `policies.disclosure.extracts.parts` has it.

    Raises:
        Unsafe: they can, or it could not be settled. The message names the extracts and the column, and no number of people.
    """
    for column in sorted(_columns(new, earlier)):
        telling = {name: one for name, one in earlier.items() if one.tells(column)}

        def leaves(names: Sequence[str], telling: Mapping[str, Joins] = telling, column: str = column) -> bool:
            return _leaves_some(new, {name: telling[name] for name in names}, column, k=k, l=l)

        if leaves(sorted(telling)):
            names = _needed(_connected(new, telling), leaves)
            raise Unsafe(
                f"taken off each other group by group, this extract and {', '.join(names)} may leave a few people, or people with fewer than {l} different values, and "
                f"{'both' if len(names) == 1 else 'all'} tell {column}: ask for the same people, for others, or for a table"
            )


def _needed(names: Sequence[str], leaves: Callable[[Sequence[str]], bool]) -> list[str]:
    """Some of these extracts that are enough; none that is not needed, unless that takes many attempts."""
    needed = next((list(names[:count]) for count in range(1, len(names)) if leaves(names[:count])), list(names))
    for name in needed[:-1] if len(needed) <= MOST_TRIED else ():
        fewer = [one for one in needed if one != name]
        needed = fewer if leaves(fewer) else needed
    return needed


def _columns(new: Joins, earlier: Mapping[str, Joins]) -> set[str]:
    if new.values is not None:
        return set(new.values)
    return {column for one in earlier.values() for column in one.values or {}}


def _connected(new: Joins, telling: Mapping[str, Joins]) -> list[str]:
    """The extracts that have somebody in common with the new one, or with another such extract."""
    people, found, left = set(new.group_of), list[str](), sorted(telling)
    while near := [name for name in left if not people.isdisjoint(telling[name].group_of)]:
        found += near
        left = [name for name in left if name not in near]
        people.update(*(telling[name].group_of for name in near))
    return sorted(found)


def _leaves_some(new: Joins, telling: Mapping[str, Joins], column: str, *, k: int, l: int) -> bool:  # noqa: E741
    """Whether of these extracts together somebody is known to be one of a few, or of some who are alike, whichever is believed first of what they tell of a person."""
    every = [new, *(telling[name] for name in _connected(new, telling))]
    if len(every) == 1:
        return False
    people = sorted(set().union(*(one.group_of for one in every)))
    groups = np.array([[one.group_of.get(p, -1) for one in every] for p in people], dtype=np.int64)
    before = set().union(*(_told_before(one, column, k=k, l=l) for one in every[1:])) - new.group_of.keys()
    parts = Parts(
        groups,
        valued=[one.values is not None for one in every],
        looked=np.array([p not in before for p in people]),
    )
    believed = {
        told.tobytes(): told for n in range(len(every)) for told in [_told([every[n], *every], people, column)]
    }
    return any(parts.few_or_alike(told, k=k, l=l) for told in believed.values())


def _told_before(one: Joins, column: str, *, k: int, l: int) -> set[str]:  # noqa: E741
    """The people of groups that are small or alike themselves, under the laxer rules of an earlier extract."""
    values = (one.values or {}).get(column)
    people, seen = defaultdict[int, list[str]](list), defaultdict[int, set[str]](set)
    for person, group in one.group_of.items():
        people[group].append(person)
        seen[group].update(() if values is None or person not in values else (values[person],))
    bare = [g for g, who in people.items() if len(who) < k or (values is not None and len(seen[g]) < l)]
    return {person for group in bare for person in people[group]}


def _told(every: Sequence[Joins], people: Sequence[str], column: str) -> Codes:
    """The value of each person as a number, as the first of these extracts that tells it has it."""
    values: dict[str, str] = {}
    for one in reversed(every):
        values.update((one.values or {}).get(column, {}))
    code = {value: n for n, value in enumerate(sorted(set(values.values())), start=NOT_TOLD + 1)}
    return np.array([code[values[p]] if p in values else NOT_TOLD for p in people], dtype=np.int64)
