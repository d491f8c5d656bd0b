"""What a linkage looks like in numbers, without knowing any truth: who was linked with whom, who could not be, how sure, and how people are made up.

After GUILD: Gilbert et al. (2018), "GUILD: GUidance for Information about Linking Data sets", Journal of Public Health 40(1). These are exact counts;
whoever shows them protects the small ones first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from linkage.central.assembly.pairs import ScoredRecords, merged
from linkage.central.assembly.people import Linkage
from linkage.central.assembly.records import Records
from linkage.central.report.calibration import CERTAIN, Expected, expected

Ints = npt.NDArray[np.int64]
BIN_BITS: Final = 2
MOST_BITS: Final = 40


@dataclass(frozen=True, slots=True)
class Evidence:
    """All scored pairs of a linkage, each with the best weight in bits that Splink gave it, and in how many of all `passes` it met; and in how many of them each
    record stands."""

    pairs: ScoredRecords
    weight: npt.NDArray[np.float64]
    met: Ints
    stands: Ints
    passes: int


@dataclass(frozen=True, slots=True)
class PartnerCounts:
    """One partner's records: how many; how many stand in no pass, and could not be compared; how many share a person with another partner's record, by
    partner; how many people they are."""

    records: int
    without_match_key: int
    linked: int
    linked_with: Mapping[str, int]
    people: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs whose weight in bits is from `low` to below `high`."""

    low: int
    high: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Report:
    """A linkage in exact counts: partners by name; people by how many records they have, and by how many partners know them; pairs scored and linked; their
    weights; and what the probabilities say."""

    partners: Mapping[str, PartnerCounts]
    by_records: Mapping[int, int]
    by_partners: Mapping[int, int]
    scored: int
    linked: int
    bins: Sequence[Bin]
    expected: Expected


def evidence_of(by_pass: Sequence[ScoredRecords], *, records: Records, stands: Ints, passes: int) -> Evidence:
    """The evidence of the pairs that each pass scored; they keep the best probability over the passes, as it came."""
    pairs = merged(by_pass)
    every = [np.unique(one.left * records.count + one.right) for one in by_pass]
    order = pairs.left * records.count + pairs.right
    pair, met = np.unique(np.concatenate(every, dtype=np.int64) if every else order, return_counts=True)
    return Evidence(
        pairs=pairs,
        weight=logit(np.clip(pairs.probability, 1 - CERTAIN, CERTAIN)) / np.log(2),
        met=met[np.searchsorted(pair, order)].astype(np.int64),
        stands=stands,
        passes=passes,
    )


def report_of(linkage: Linkage, *, evidence: Evidence) -> Report:
    """The linkage in numbers. Its pairs are those of the evidence, in the same order, with the probabilities that it was made by."""
    pairs = linkage.pairs
    linked = linked_pairs(linkage)
    person, known = linkage.person, known_to(linkage)
    return Report(
        partners={
            name: _partner(at, linkage=linkage, known=known, stands=evidence.stands)
            for at, name in enumerate(linkage.records.partners)
        },
        by_records=_counted(np.bincount(person)) if len(person) else {},
        by_partners=_counted(known.sum(axis=1)),
        scored=len(pairs.left),
        linked=int(linked.sum()),
        bins=_bins(evidence.weight),
        expected=expected(pairs.probability, linked=linked, met=evidence.met, passes=evidence.passes),
    )


def linked_pairs(linkage: Linkage) -> npt.NDArray[np.bool_]:
    """Which scored pairs are linked: at or above the threshold, and of one person. The others of one person hang together through third records."""
    pairs = linkage.pairs
    same: npt.NDArray[np.bool_] = linkage.person[pairs.left] == linkage.person[pairs.right]
    return same & (pairs.probability >= linkage.threshold)


def known_to(linkage: Linkage) -> npt.NDArray[np.bool_]:
    """Of each person, which partners have a record."""
    known = np.zeros((linkage.people, len(linkage.records.partners)), dtype=bool)
    known[linkage.person, linkage.records.partner] = True
    return known


def known_to_others(at: int, *, linkage: Linkage, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Of each of this partner's records, which other partners have one of the same person."""
    others: npt.NDArray[np.bool_] = known[linkage.person[linkage.records.partner == at]]
    others[:, at] = False
    return others


def _partner(at: int, *, linkage: Linkage, known: npt.NDArray[np.bool_], stands: Ints) -> PartnerCounts:
    its = linkage.records.partner == at
    others = known_to_others(at, linkage=linkage, known=known)
    return PartnerCounts(
        records=int(its.sum()),
        without_match_key=int((stands[its] == 0).sum()),
        linked=int(others.any(axis=1).sum()),
        linked_with={
            name: int(others[:, n].sum()) for n, name in enumerate(linkage.records.partners) if n != at
        },
        people=int(known[:, at].sum()),
    )


def _counted(sizes: npt.NDArray[np.int64]) -> dict[int, int]:
    values, counts = np.unique(sizes, return_counts=True)
    return {int(v): int(n) for v, n in zip(values, counts, strict=True)}


def _bins(weight: npt.NDArray[np.float64]) -> list[Bin]:
    low = (np.clip(weight, -MOST_BITS, MOST_BITS) // BIN_BITS).astype(np.int64) * BIN_BITS
    return [Bin(at, at + BIN_BITS, count) for at, count in _counted(low).items()]
