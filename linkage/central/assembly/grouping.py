"""From scored pairs to people: connected groups, and those of them parted that hang together by chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.central.assembly.bridges import bridges
from linkage.central.assembly.components import components
from linkage.central.assembly.contract import Contraction
from linkage.central.assembly.pairs import ScoredRecords
from linkage.central.assembly.records import Codes, Flags, Ints
from linkage.central.assembly.rules import CONFLICT, LARGE, UNIT, Rules

ONE_SIDE: Final = 2
AGAINST: Final = round(CONFLICT * UNIT)


class Mark(IntFlag):
    """What a user should know of a person: it was parted from others, hangs together by one tie, has very many records, or two different numbers that
    only one person can have."""

    PARTED = 1
    BRIDGE = 2
    LARGE = 4
    CONFLICT = 8


@dataclass(frozen=True, slots=True)
class Formed:
    """By record: the connected `group` that the kept pairs make, the `person` inside it, and the person's marks. Groups and people are numbered anyhow."""

    group: Ints
    person: Ints
    marks: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Knot:
    """One group that needs a closer look: its records in their settled order, and its pairs as places among them with their weights."""

    group: int
    records: Ints
    ties: dict[tuple[int, int], int]


def connected(pairs: ScoredRecords, *, count: int, threshold: float) -> Ints:
    """The number of the connected group of each of `count` records, by the pairs at or above the threshold."""
    keep = pairs.probability >= threshold
    return components(pairs.left[keep], pairs.right[keep], count=count)


def form(
    pairs: ScoredRecords, *, partner: Ints | Codes, rank: Ints, rules: Rules, partners: Sequence[str]
) -> Formed:
    """The people. `partner` numbers each record's partner into `partners`; `rank` settles draws: an order of the records that does not depend on how
    they came. A group is taken as it is where all its pairs were scored and kept; any other is contracted (`contract`).

    The people of a group depend on its records and the pairs among them alone: what happens elsewhere changes nothing.
    """
    count = len(partner)
    group = connected(pairs, count=count, threshold=rules.threshold)
    size = np.bincount(group, minlength=int(group.max(initial=-1)) + 1)
    inner = pairs.only(group[pairs.left] == group[pairs.right])
    weight = rules.weights(inner)
    single = np.array([name in rules.deduplicated for name in partners], dtype=np.bool_)
    told = np.bincount(group[inner.left][weight >= 0], minlength=len(size))
    knotted = told != size * (size - 1) // 2
    knotted |= _doubled(group, partner=partner, single=single, groups=len(size))
    person, marks = group.copy(), np.zeros(count, dtype=np.uint8)
    following, codes = len(size), frozenset(np.flatnonzero(single).tolist())
    for knot in _knots(inner, weight, group=group, knotted=knotted, rank=rank):
        its = Contraction(partner[knot.records].tolist(), knot.ties, deduplicated=codes).groups()
        for number, members in enumerate(its):
            where = knot.records[members]
            if number:
                person[where] = following
                following += 1
            marks[where] = _marks(members, knot.ties, parted=len(its) > 1)
    return Formed(group, person, marks | _large(person))


def _doubled(group: Ints, *, partner: Ints | Codes, single: Flags, groups: int) -> Flags:
    """The groups with two records of one partner whose file has no doubles; `single` says of each partner whether its file is one."""
    here = single[partner]
    key, many = np.unique(group[here] * (int(partner.max(initial=0)) + 1) + partner[here], return_counts=True)
    out = np.zeros(groups, dtype=np.bool_)
    out[key[many > 1] // (int(partner.max(initial=0)) + 1)] = True
    return out


def _knots(pairs: ScoredRecords, weight: Ints, *, group: Ints, knotted: Flags, rank: Ints) -> Iterator[_Knot]:
    records = np.flatnonzero(knotted[group])
    records = records[np.lexsort((rank[records], group[records]))]
    place = np.full(len(group), -1, dtype=np.int64)
    starts = np.flatnonzero(np.diff(group[records], prepend=-1))
    sizes = np.diff(np.append(starts, len(records)))
    place[records] = np.arange(len(records)) - np.repeat(starts, sizes)
    its = np.flatnonzero(knotted[group[pairs.left]])
    its = its[np.argsort(group[pairs.left[its]], kind="stable")]
    ends = place[pairs.left[its]], place[pairs.right[its]]
    low, high, says = np.minimum(*ends).tolist(), np.maximum(*ends).tolist(), weight[its].tolist()
    bounds = np.searchsorted(group[pairs.left[its]], group[records[starts]], side="right").tolist()
    first = 0
    for start, size, last in zip(starts.tolist(), sizes.tolist(), bounds, strict=True):
        ties = {(low[n], high[n]): says[n] for n in range(first, last)}
        yield _Knot(int(group[records[start]]), records[start : start + size], ties)
        first = last


def _marks(members: Sequence[int], ties: dict[tuple[int, int], int], *, parted: bool) -> int:
    if len(members) == 1:
        return int(Mark.PARTED) * parted
    place = {n: at for at, n in enumerate(members)}
    inside = {(place[a], place[b]): w for (a, b), w in ties.items() if a in place and b in place}
    marks = int(Mark.PARTED) * parted
    if len(members) >= 2 * ONE_SIDE:
        kept = [tie for tie, weight in inside.items() if weight >= 0]
        if any(min(n, len(members) - n) >= ONE_SIDE for n in bridges(len(members), kept)):
            marks |= int(Mark.BRIDGE)
    if AGAINST in inside.values():
        marks |= int(Mark.CONFLICT)
    return marks


def _large(person: Ints) -> npt.NDArray[np.uint8]:
    """The mark of those who have very many records."""
    many = np.bincount(person)[person] > LARGE if len(person) else np.zeros(0, dtype=np.bool_)
    return (many * np.uint8(Mark.LARGE)).astype(np.uint8)
