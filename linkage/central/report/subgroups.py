"""Linkage by subgroup: of each partner's records with each code, how many are of a person whom another partner knows too. Exact counts, for whoever protects
them; no two kinds are ever crossed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.central.assembly.codes import standing_codes
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.people import Linkage
from linkage.central.report.report import known_to, known_to_others, linked_pairs
from linkage.errors import BadSubmission
from linkage.manifest import Manifest
from linkage.subgroups import SUBGROUPS_KNOWN, Numbers

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KindCounts:
    """One partner's records by the codes of one kind, in the order of its list: those linked to another partner's, the others, and by what the probabilities say
    the matches that were compared and those of them that were not linked."""

    linked: Ints
    not_linked: Ints
    expected: Floats
    missed: Floats


@dataclass(frozen=True, slots=True)
class SubgroupCounts:
    """One partner's records by code of each kind. `known` and `person` are of each record: whether another partner knows its person, and which person that is."""

    kinds: Mapping[str, KindCounts]
    known: npt.NDArray[np.bool_]
    person: Ints


def read_codes(reader: Reader, manifests: Sequence[Manifest]) -> dict[str, Mapping[str, Numbers]]:
    """Partner -> kind -> the code of each of its records, in the order of their references; of partners that send any.

    Raises:
        BadSubmission, BadSeal: as `standing_codes`.
    """
    return {m.partner: standing_codes(reader, m) for m in manifests if m.subgroups}


def by_subgroup(linkage: Linkage, *, codes: Mapping[str, Mapping[str, Numbers]]) -> dict[str, SubgroupCounts]:
    """The counts of each partner that sends codes; of none where there is no other partner to be linked with.

    Raises:
        BadSubmission: the codes are of other records than the linkage.
    """
    known, (expected, missed) = known_to(linkage), _matches(linkage)
    out: dict[str, SubgroupCounts] = {}
    if len(linkage.records.partners) < 2:
        return out
    for name, kinds in codes.items():
        at = linkage.records.partners.index(name)
        its = linkage.records.partner == at
        elsewhere = np.asarray(known_to_others(at, linkage=linkage, known=known).any(axis=1), dtype=np.bool_)
        if any(len(numbers) != len(elsewhere) for numbers in kinds.values()):
            raise BadSubmission(f"{name} has other records than subgroup codes: start the run again")
        counted = {
            kind: _counted(numbers, len(SUBGROUPS_KNOWN[kind]), elsewhere, expected[its], missed[its])
            for kind, numbers in kinds.items()
        }
        out[name] = SubgroupCounts(counted, elsewhere, linkage.person[its])
    return out


def _matches(linkage: Linkage) -> tuple[Floats, Floats]:
    """Of each record, how many matches with other partners' records are to be expected among the compared pairs, and how many of them were not linked."""
    pairs, partner = linkage.pairs, linkage.records.partner
    across = partner[pairs.left] != partner[pairs.right]
    lost = across & ~linked_pairs(linkage)

    def of(which: npt.NDArray[np.bool_]) -> Floats:
        ends = np.concatenate([pairs.left[which], pairs.right[which]])
        weights = np.tile(pairs.probability[which], 2)
        return np.bincount(ends, weights=weights, minlength=linkage.records.count).astype(np.float64)

    return of(across), of(lost)


def _counted(
    numbers: Numbers, codes: int, elsewhere: npt.NDArray[np.bool_], expected: Floats, missed: Floats
) -> KindCounts:
    def sums(weights: npt.NDArray[np.generic]) -> Floats:
        return np.bincount(numbers, weights=weights, minlength=codes).astype(np.float64)

    return KindCounts(
        linked=sums(elsewhere).astype(np.int64),
        not_linked=sums(~elsewhere).astype(np.int64),
        expected=sums(expected),
        missed=sums(missed),
    )
