"""What the assembler knows between two runs: records, pairs, groups, people. Records keep their number while updates come and go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from keys import Secret
from linkage.central.assembly.grouping import form
from linkage.central.assembly.identities import NOBODY, Change, People, nobody, settle
from linkage.central.assembly.pairs import ScoredRecords, no_pairs
from linkage.central.assembly.people import id_of
from linkage.central.assembly.records import Bytes16, Codes, Flags, Ints, Shorts, byte_order
from linkage.central.assembly.rules import Rules
from linkage.central.assembly.weakest import ONE_RECORD, WEAKEST_LINK, weakest_links

T = TypeVar("T", bound=np.generic)
GONE: Final = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Standing:
    """All records by number. Those that are gone stay, blank, until the next full assembly: `told` is then `GONE`, and else the place in its partner's
    chain of the submission that brought the record as it is. `group` is the connected group, `person` the number of its person in `people`, `marks` and
    `band` what is told of that person (`grouping.Mark`, `weakest`)."""

    partners: tuple[str, ...]
    partner: Codes
    record_ref: Bytes16
    told: Shorts
    group: Shorts
    person: Shorts
    marks: npt.NDArray[np.uint8]
    band: npt.NDArray[np.uint8]
    people: People
    pairs: ScoredRecords

    @property
    def here(self) -> Flags:
        """Which records are here."""
        out: Flags = self.told != GONE
        return out

    def of(self, partner: str, *, since: int = 0) -> Ints:
        """The numbers of a partner's records that are here, as the submissions from the place `since` in its chain on brought them."""
        if partner not in self.partners:
            return np.empty(0, dtype=np.int64)
        its = (self.partner == self.partners.index(partner)) & self.here
        return np.flatnonzero(its & (self.told >= since) if since else its)

    def settled_order(self, which: Ints) -> Ints:
        """These records in the order of their partners' names and their pseudonyms."""
        by_name = sorted(range(len(self.partners)), key=self.partners.__getitem__)
        partner, out, begin = self.partner[which], np.empty_like(which), 0
        for at in by_name:
            its = which[partner == at]
            out[begin : begin + len(its)] = its[byte_order(self.record_ref.take(its, axis=0))]
            begin += len(its)
        return out


def nothing() -> Standing:
    """No records yet."""
    none, bytes_ = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint8)
    return Standing(
        (), none.astype(np.uint16), np.empty((0, 16), dtype=np.uint8), none, none, none, bytes_, bytes_, nobody(), no_pairs(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrived:
    """New records of a partner, and the place in its chain of the submission that brought each."""

    partner: str
    record_ref: Bytes16
    told: Ints


def with_records(before: Standing, arrived: Sequence[Arrived]) -> Standing:
    """The records after new ones have come; they belong to no group and nobody yet. All that is said of records is copied."""
    partners = tuple(dict.fromkeys([*before.partners, *(one.partner for one in arrived)]))
    code = [np.full(len(one.told), partners.index(one.partner), dtype=np.uint16) for one in arrived]
    nobody_yet = np.full(sum(len(one.told) for one in arrived), NOBODY, dtype=np.int32)
    return replace(
        before,
        partners=partners,
        # The longest first, while memory that was let go of is in one piece.
        record_ref=np.concatenate([before.record_ref, *(one.record_ref for one in arrived)]),
        partner=np.concatenate([before.partner, *code]),
        told=np.concatenate([before.told, *(one.told.astype(np.int32) for one in arrived)]),
        group=np.concatenate([before.group, nobody_yet]),
        person=np.concatenate([before.person, nobody_yet]),
        marks=np.concatenate([before.marks, np.zeros(len(nobody_yet), dtype=np.uint8)]),
        band=np.concatenate([before.band, np.full(len(nobody_yet), ord(ONE_RECORD), dtype=np.uint8)]),
    )


def without_former(before: Standing) -> Standing:
    """The same, without people who have no record any more."""
    here = before.person != NOBODY
    living, number = np.unique(before.person[here], return_inverse=True)
    return replace(
        before,
        person=_put(before.person, np.flatnonzero(here), number.ravel()),
        people=People(before.people.ids[living], before.people.made[living]),
    )


@dataclass(frozen=True, slots=True)
class Regrouped:
    """The records after some of them were grouped anew, and what became of their people."""

    standing: Standing
    changes: tuple[Change, ...]


def regrouped(
    before: Standing, which: Ints, *, left: Shorts, rules: Rules, secret: Secret, number: int
) -> Regrouped:
    """These records grouped anew, each person with the id that it keeps or a new one of the assembly of this number. What was said of them is written over.

    `which` has all records of every connected group that may have changed, so that no kept pair leads out of them; `left` are the former
    people of records that are gone.
    """
    which = before.settled_order(which)
    chosen, place = np.zeros(len(before.told), dtype=np.bool_), np.empty(len(before.told), dtype=np.int32)
    chosen[which], place[which] = True, np.arange(len(which))
    pairs = before.pairs.only(chosen[before.pairs.left] & chosen[before.pairs.right])
    ends = place[pairs.left], place[pairs.right]
    local = replace(pairs, left=np.minimum(*ends), right=np.maximum(*ends))
    formed = form(
        local,
        partner=before.partner[which],
        rank=np.arange(len(which)),
        rules=rules,
        partners=before.partners,
    )
    groups = int(formed.person.max(initial=-1)) + 1
    former = before.person[which].astype(np.int64)
    settled = settle(former, formed.person, groups=groups, people=before.people)
    new = np.flatnonzero(settled.person == NOBODY)
    least = np.full(groups, len(which), dtype=np.int64)
    np.minimum.at(least, formed.person, np.arange(len(which)))
    ids = [id_of(bytes(ref), secret=secret, made_in=number) for ref in before.record_ref[which[least[new]]]]
    person = settled.person.copy()
    person[new] = len(before.people.made) + np.arange(len(new))
    letters = weakest_links(
        formed.person,
        left=local.left,
        right=local.right,
        probability=local.probability,
        threshold=rules.threshold,
    )[WEAKEST_LINK]
    before.group[which] = formed.group + int(before.group.max(initial=-1)) + 1
    before.person[which] = person[formed.person]
    before.marks[which] = formed.marks
    before.band[which] = np.frombuffer(letters.encode("ascii"), dtype=np.uint8)
    after = replace(before, people=before.people.with_new(ids, made=number))
    return Regrouped(after, tuple(settled.changes(person, left=left)))


def _put(values: npt.NDArray[T], where: Ints, new: npt.NDArray[Any]) -> npt.NDArray[T]:
    out = values.copy()
    out[where] = new
    return out
