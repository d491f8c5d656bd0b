"""Who is who, what is left to doubt, and an id for each person."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from keys import Secret
from linkage.central.assembly.grouping import Mark, form
from linkage.central.assembly.identities import ID_BYTES
from linkage.central.assembly.pairs import ScoredRecords
from linkage.central.assembly.records import Ints, Records, Shorts
from linkage.central.assembly.rules import Rules


@dataclass(frozen=True, slots=True)
class Linkage:
    """Who is who: a person number a record, from 0, in the order of the records; and what it was made with. `group` and `marks`, if the rules were
    applied: the connected group of each record before any was parted, and what a user should know of its person (`grouping.Mark`)."""

    records: Records
    person: Ints
    threshold: float
    pairs: ScoredRecords
    group: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    marks: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, dtype=np.uint8))

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.person.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the forming of people leaves to doubt, in numbers: connected groups that were parted, kept pairs of records that were not taken for one person after
    all, and people who hang together by one tie, have very many records, or two different numbers that only one person can have."""

    groups_parted: int
    pairs_overruled: int
    held_by_one_tie: int
    very_large: int
    two_numbers: int
    to_look_at: int

    def to_json(self) -> dict[str, int]:
        """Plain values."""
        return {name: int(getattr(self, name)) for name in self.__slots__}

    def says(self) -> str:
        """One sentence for a terminal."""
        return f"{self.groups_parted:,} groups parted, {self.pairs_overruled:,} links overruled, {self.to_look_at:,} people to look at"


def people_of(
    pairs: ScoredRecords, *, records: Records, threshold: float, deduplicated: Collection[str] = ()
) -> Linkage:
    """The people, by the rules of `grouping`; a record without a pair at or above the threshold is one person. No two records of one of the
    `deduplicated` partners are."""
    formed = form(
        pairs,
        partner=records.partner,
        rank=np.arange(records.count),
        rules=Rules(threshold, frozenset(deduplicated)),
        partners=records.partners,
    )
    return Linkage(records, formed.person, threshold, pairs, formed.group, formed.marks)


def doubt_of(linkage: Linkage) -> Doubt:
    """What is left to doubt in a linkage."""
    return doubt(
        linkage.pairs,
        group=linkage.group,
        person=linkage.person,
        marks=linkage.marks,
        threshold=linkage.threshold,
    )


def doubt(
    pairs: ScoredRecords,
    *,
    group: Ints | Shorts,
    person: Ints | Shorts,
    marks: npt.NDArray[np.uint8],
    threshold: float,
) -> Doubt:
    """What is left to doubt among these records, each with its connected group, its person and the person's marks."""

    def marked(mark: Mark, labels: Ints | Shorts) -> int:
        # The labels are small numbers: marking them off spares a search for equal ones.
        found = np.zeros(int(labels.max(initial=-1)) + 1, dtype=np.bool_)
        found[labels[which[(told & int(mark)) > 0]]] = True
        return int(np.count_nonzero(found))

    # Flags are counted off in a fraction of the time that numbers take.
    which = np.flatnonzero(marks > 0)
    told = marks[which]
    apart = (pairs.probability >= threshold) & (person[pairs.left] != person[pairs.right])
    return Doubt(
        groups_parted=marked(Mark.PARTED, group),
        pairs_overruled=int(apart.sum()),
        held_by_one_tie=marked(Mark.BRIDGE, person),
        very_large=marked(Mark.LARGE, person),
        two_numbers=marked(Mark.CONFLICT, person),
        to_look_at=marked(Mark.BRIDGE | Mark.LARGE | Mark.CONFLICT, person),
    )


def person_ids(linkage: Linkage, *, secret: Secret) -> npt.NDArray[np.object_]:
    """One id a record, in hexadecimal and equal for the records of a person: HMAC-SHA-256 of the person's least record pseudonym, cut to 96 bits."""
    _, first = np.unique(linkage.person, return_index=True)
    ids = np.array(
        [id_of(bytes(linkage.records.record_ref[at]), secret=secret).hex() for at in first], dtype=object
    )
    return ids[linkage.person]


def id_of(record_ref: bytes, *, secret: Secret, made_in: int = 0) -> bytes:
    """The id of a person whose least record this is: HMAC-SHA-256 cut to 96 bits. `made_in` counts the assemblies before it, so that no id is
    given to two people, one after the other."""
    message = record_ref if made_in == 0 else record_ref + made_in.to_bytes(8, "big")
    return hmac.digest(secret.expose(), message, "sha256")[:ID_BYTES]


def expected_error(probability: npt.NDArray[np.float64], *, threshold: float) -> dict[str, str]:
    """What the match probabilities themselves say of the linkage: the share of linked pairs expected to be wrong, and the share of the
    expected matches among the scored pairs that were not linked, in per cent."""
    linked = probability >= threshold
    wrong = float((1 - probability[linked]).mean()) if linked.any() else 0.0
    missed = float(probability[~linked].sum() / probability.sum()) if probability.sum() else 0.0
    return {"expected_wrong": f"{wrong:.1%}", "expected_missed": f"{missed:.1%}"}
