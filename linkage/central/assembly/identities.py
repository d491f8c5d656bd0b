"""Person ids that outlast updates: who keeps which id when groups of records change, and what is told of it.

The rule. A former person and a new group that share records may be one; such couples are settled one by one, those that share most records first, then
those whose id is oldest, then by id. Whoever is settled keeps the id. So a person who gains or loses records keeps it; of people who become one, the id
with the most records in the new group stays; of the parts of a person, the one with the most records keeps it and others get ids that nobody had before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from linkage.central.assembly.records import Ints, Shorts

Kind = Literal["merged", "split", "moved", "ended"]
NOBODY: Final = -1
Ids = npt.NDArray[np.bytes_]


@dataclass(frozen=True, slots=True)
class People:
    """All people by number: `ids` as 24 hexadecimal digits, `made` the number of the assembly that made each."""

    ids: Ids
    made: Shorts

    def with_new(self, ids: Sequence[str], *, made: int) -> "People":
        """These people, and new ones after them."""
        return People(
            np.concatenate([self.ids, np.array(ids, dtype="S24")]),
            np.concatenate([self.made, np.full(len(ids), made, dtype=np.int32)]),
        )


def nobody() -> People:
    """No people yet."""
    return People(np.empty(0, dtype="S24"), np.empty(0, dtype=np.int32))


@dataclass(frozen=True, slots=True)
class Change:
    """So many records of one former person, by number, are now another's (`NOBODY`: the person has no record any more).

    `merged`: the former id is no more. `split`: both live, and the other is new. `moved`: both live and lived. `ended`: no record is left.
    """

    kind: Kind
    before: int
    after: int
    records: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The person number of each new group, `NOBODY` where a new one is needed."""

    person: Ints
    _former: Ints
    _group: Ints
    _shared: Ints

    def changes(self, person: Ints, *, left: Shorts) -> Iterator[Change]:
        """What is to be told, once `person` has the numbers of all groups. `left` are the former people of records that are no longer here."""
        kept = np.isin(self._former, self.person)
        new = self.person == NOBODY
        for former, group, shared, lives in zip(self._former, self._group, self._shared, kept, strict=True):
            after = int(person[group])
            if after != former:
                kind: Kind = "merged" if not lives else "split" if new[group] else "moved"
                yield Change(kind, int(former), after, int(shared))
        ended, records = np.unique(left, return_counts=True)
        for former, many in zip(ended, records, strict=True):
            if former != NOBODY and not (self._former == former).any():
                yield Change("ended", int(former), NOBODY, int(many))


def settle(former: Ints, group: Ints, *, groups: int, people: People) -> Settled:
    """Who keeps which id. `former` is the former person of each record, `NOBODY` where it had none, and `group` its new group; records stand in an order
    that does not depend on how they came."""
    had = np.flatnonzero(former != NOBODY)
    key, first, shared = np.unique(
        former[had] * max(groups, 1) + group[had], return_index=True, return_counts=True
    )
    before, after = key // max(groups, 1), key % max(groups, 1)
    person = np.full(groups, NOBODY, dtype=np.int64)
    alone = (np.bincount(after, minlength=groups)[after] == 1) & (_counted(before) == 1)
    person[after[alone]] = before[alone]
    taken: set[int] = set()
    couples = np.flatnonzero(~alone)
    order = np.lexsort(
        (first[couples], people.ids[before[couples]], people.made[before[couples]], -shared[couples])
    )
    for at in couples[order]:
        if person[after[at]] == NOBODY and int(before[at]) not in taken:
            person[after[at]] = before[at]
            taken.add(int(before[at]))
    return Settled(person, before, after, shared)


def _counted(values: Ints) -> Ints:
    """How often each value occurs."""
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    out: Ints = many[place.ravel()]
    return out
