"""Person ids that outlast updates: who keeps which id when groups of records change, and what is told of it.

The rule. A former person and a new group that share records may be one; such couples are settled one by one, those that share most records first, then
those whose id is oldest, then by id. Whoever is settled keeps the id. So a person who gains or loses records keeps it; of people who become one, the id
with the most records in the new group stays; of the parts of a person, the one with the most records keeps it and others get ids that nobody had before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from linkage.central.assembly.records import Bytes12, Flags, Ints, Shorts

Kind = Literal["merged", "split", "moved", "ended"]
NOBODY: Final = -1
ID_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class People:
    """All people by number: `ids` as 12 bytes each, which are told as hexadecimal digits, `made` the number of the assembly that made each."""

    ids: Bytes12
    made: Shorts

    def with_new(self, ids: Sequence[bytes], *, made: int) -> "People":
        """These people, and new ones after them."""
        return People(
            np.concatenate([self.ids, id_rows(b"".join(ids))]),
            np.concatenate([self.made, np.full(len(ids), made, dtype=np.int32)]),
        )

    def named(self, number: int) -> str:
        """The id of the person of this number, in hexadecimal digits."""
        return bytes(self.ids[number]).hex()

    def numbers(self, person: str) -> Ints:
        """The number of the person of this id, in hexadecimal digits; none where nobody has it."""
        return np.flatnonzero((self.ids == id_rows(bytes.fromhex(person))).all(axis=1))


def id_rows(ids: bytes) -> Bytes12:
    """Ids that stand one after another, as a row each."""
    return np.frombuffer(ids, dtype=np.uint8).reshape(-1, ID_BYTES)


def nobody() -> People:
    """No people yet."""
    return People(id_rows(b""), np.empty(0, dtype=np.int32))


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
        known = max(self._former.max(initial=NOBODY), left.max(initial=NOBODY)) + 1
        new, after = self.person == NOBODY, person[self._group]
        lives = _among(self.person[~new], known=known)
        for at in np.flatnonzero(after != self._former):
            former, group = int(self._former[at]), self._group[at]
            kind: Kind = "merged" if not lives[former] else "split" if new[group] else "moved"
            yield Change(kind, former, int(after[at]), int(self._shared[at]))
        ended, records = np.unique(left[left != NOBODY], return_counts=True)
        gone = ~_among(self._former, known=known)[ended]
        for former, many in zip(ended[gone], records[gone], strict=True):
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
    # The last of the keys counts first: of the words of an id, the last one least.
    words = np.ascontiguousarray(people.ids[before[couples]]).view(">u4").T[::-1]
    order = np.lexsort((first[couples], *words, people.made[before[couples]], -shared[couples]))
    for at in couples[order]:
        if person[after[at]] == NOBODY and int(before[at]) not in taken:
            person[after[at]] = before[at]
            taken.add(int(before[at]))
    return Settled(person, before, after, shared)


def _among(numbers: Ints, *, known: int) -> Flags:
    """Of each of so many numbers, whether it is among these."""
    out = np.zeros(known, dtype=np.bool_)
    out[numbers] = True
    return out


def _counted(values: Ints) -> Ints:
    """How often each value occurs."""
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    out: Ints = many[place.ravel()]
    return out
