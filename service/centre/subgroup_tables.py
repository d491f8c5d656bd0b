"""Counts by subgroup as they may be shown: a group is hidden where few of it are linked, or few are not, and as many more as it takes that no few follow from the rest.

The reader to guard against is the partner itself, or whoever has its file: it knows how many records it has with each code. So what is linked and what is not tell
each other, and both are hidden or both shown. Beside that it has what the report says of the partner as a whole, and every kind's table, which add up to the same
people. Kinds are never crossed, so nothing but that sum joins two tables, and the range of a hidden count follows from sums alone: the interval audit of Fischetti
and Salazar-González (2001), "Solving the cell suppression problem on tabular data with linear constraints", where it needs no solver.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from linkage.central.report.subgroups import KindCounts
from linkage.subgroups import SUBGROUPS_KNOWN
from policies.disclosure import HIDDEN
from service.centre.quality_counts import RULE, Shown, shown

FEW: Final = RULE.largest_hidden
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ShownCounts:
    """One kind's counts by code as they may be shown: of each code both, or neither."""

    linked: Mapping[str, Shown]
    not_linked: Mapping[str, Shown]

    def records(self, code: str) -> Shown:
        """Their sum, hidden where they are."""
        linked, not_linked = self.linked[code], self.not_linked[code]
        return HIDDEN if isinstance(linked, str) or isinstance(not_linked, str) else linked + not_linked


def range_of(count: Shown) -> Range:
    """What a shown count of the report can be."""
    return (1, FEW) if isinstance(count, str) else RULE.range_of_shown(count)


@dataclass(slots=True)
class _Kind:
    """One kind's records by code, how many of them are linked, and which codes are hidden so far."""

    records: tuple[int, ...]
    linked: tuple[int, ...]
    hidden: list[bool]

    @classmethod
    def of(cls, counts: KindCounts) -> "_Kind":
        """The kind with those codes hidden of which few are linked, or few are not; that all are, or none, is hidden too."""
        linked = tuple(counts.linked.tolist())
        records = tuple((counts.linked + counts.not_linked).tolist())
        return cls(
            records, linked, [of > 0 and min(n, of - n) <= FEW for n, of in zip(linked, records, strict=True)]
        )

    def ranges(self) -> list[Range]:
        """How many records of each code can be linked, by what is shown of it."""
        out = []
        for linked, of, hidden in zip(self.linked, self.records, self.hidden, strict=True):
            if hidden:
                out.append((0, of))
            else:
                (low, high), (low_not, high_not) = range_of(shown(linked)), range_of(shown(of - linked))
                out.append((max(low, of - high_not), min(high, of - low_not)))
        return out

    def sums(self) -> Range:
        """How many of all records can be linked."""
        every = self.ranges()
        return sum(low for low, _ in every), sum(high for _, high in every)

    def narrow(self, total: Range) -> bool:
        """Whether some few could be narrowed down further than by whoever knows the sum alone, and the rule that they are from 1 to 7."""
        (least, most), every = self.sums(), self.ranges()
        for linked, of, hidden, (low, high) in zip(self.linked, self.records, self.hidden, every, strict=True):
            if not hidden:
                continue
            others = sum(self.records) - of
            by_sum = max(0, total[0] - others), min(of, total[1])
            low, high = max(0, total[0] - (most - high)), min(of, total[1] - (least - low))
            if linked <= FEW and (low > max(1, by_sum[0]) or high < min(FEW, by_sum[1])):
                return True
            if of - linked <= FEW and (high < min(of - 1, by_sum[1]) or low > max(of - FEW, by_sum[0])):
                return True
        return False

    def hide_one_more(self) -> None:
        """The smallest code that is shown is hidden too."""
        left = [at for at, of in enumerate(self.records) if of and not self.hidden[at]]
        self.hidden[min(left, key=lambda at: self.records[at])] = True


def shown_counts(kinds: Mapping[str, KindCounts], *, known: Range) -> dict[str, ShownCounts]:
    """The tables of one partner's kinds, each of all its records; `known` is how many can be linked by all else that the report shows of the partner."""
    made = {kind: _Kind.of(counts) for kind, counts in kinds.items()}
    while True:
        sums = [one.sums() for one in made.values()]
        total = max(known[0], *(low for low, _ in sums)), min(known[1], *(high for _, high in sums))
        narrow = [one for one in made.values() if one.narrow(total)]
        if not narrow:
            return {kind: _shown(one, SUBGROUPS_KNOWN[kind]) for kind, one in made.items()}
        for one in narrow:
            one.hide_one_more()


def _shown(one: _Kind, codes: tuple[str, ...]) -> ShownCounts:
    every = list(zip(codes, one.linked, one.records, one.hidden, strict=True))
    return ShownCounts(
        {code: HIDDEN if hidden else shown(linked) for code, linked, _, hidden in every},
        {code: HIDDEN if hidden else shown(of - linked) for code, linked, of, hidden in every},
    )
