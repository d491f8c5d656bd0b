"""Linkage rates by subgroup as a report shows them, and whether a difference is larger than chance.

Everything comes from shown counts, so that nothing tells more than they do. An interval is as wide as chance and rounding together make it: score
intervals (Wilson 1927; for differences Newcombe 1998, method 10) at the ends of what each rounded count can be, of as many independent cases as the records of
different people are worth (Kish 1965).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import NormalDist
from typing import Any, Final

from linkage.central.report.subgroups import KindCounts, SubgroupCounts
from linkage.subgroups import SUBGROUPS_KNOWN
from policies.disclosure import HIDDEN
from service.centre.quality_counts import RULE, Shown, rate
from service.centre.subgroup_tables import Range, ShownCounts, range_of, shown_counts
from service.officer.fairness import Z_95, Difference, Share, design_effect, difference, wilson

LEVEL: Final = 0.05
FEW_EXPECTED: Final = 10


@dataclass(frozen=True, slots=True)
class Part:
    """Records linked and not linked, as shown numbers, with what each can be."""

    linked: int
    not_linked: int
    linked_range: Range
    not_linked_range: Range

    @classmethod
    def of(cls, linked: Shown, not_linked: Shown) -> "Part | None":
        """Two shown counts; nothing where one is hidden."""
        if isinstance(linked, str) or isinstance(not_linked, str):
            return None
        return cls(linked, not_linked, RULE.range_of_shown(linked), RULE.range_of_shown(not_linked))

    @property
    def records(self) -> int:
        """Both together."""
        return self.linked + self.not_linked

    def without(self, other: "Part") -> "Part":
        """The rest of these records without the others."""
        return Part(
            max(self.linked - other.linked, 0),
            max(self.not_linked - other.not_linked, 0),
            _less(self.linked_range, other.linked_range),
            _less(self.not_linked_range, other.not_linked_range),
        )

    def share(self, *, effect: float, z: float) -> Share:
        """The share that is linked, with its interval."""
        (low, high), (low_not, high_not) = self.linked_range, self.not_linked_range
        return Share(
            self.linked / self.records if self.records else 0.0,
            self.records,
            wilson(low / effect, (low + high_not) / effect, z=z)[0],
            wilson(high / effect, (high + low_not) / effect, z=z)[1],
        )


def _less(one: Range, other: Range) -> Range:
    low, high = one[0] - other[1], one[1] - other[0]
    return max(low, 0), max(high, 0)


def subgroup_rows(
    counted: Mapping[str, SubgroupCounts],
    *,
    gateways: Mapping[str, Mapping[str, str]],
    partners: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """A row for each partner, kind and code, its keys as in docs/formats.md; `partners` has what the report shows of each partner."""
    found: list[tuple[dict[str, Any], Part | None, Part | None, float]] = []
    for name, counts in sorted(counted.items()):
        effect = ceil(10 * design_effect(counts.known, person=counts.person)) / 10
        whole = _whole(partners[name])
        shown = shown_counts(counts.kinds, known=_linked_range(partners[name]))
        for kind, its in sorted(shown.items()):
            for at, code in enumerate(SUBGROUPS_KNOWN[kind]):
                part = Part.of(its.linked[code], its.not_linked[code])
                row = {
                    "partner": name,
                    "kind": kind,
                    "gateway": gateways[name][kind],
                    "code": code,
                    **_counts(its, code),
                    "missed": _missed(counts.kinds[kind], at) if part is not None else None,
                }
                found.append((row, part, whole, effect))
    many = sum(_difference(part, whole, effect, Z_95) is not None for _, part, whole, effect in found)
    strict = NormalDist().inv_cdf(1 - LEVEL / 2 / max(many, 1))
    return [
        row | _told(part, whole, effect=effect, strict=max(strict, Z_95)) for row, part, whole, effect in found
    ]


def _linked_range(partner: Mapping[str, Any]) -> Range:
    """How many of a partner's records can be linked, by what the report shows of it: no fewer than with any other partner, no more than with all of them."""
    low, high = range_of(partner["linked"])
    others = [range_of(count) for count in partner["linked_with"].values()]
    return max(low, *(least for least, _ in others)), min(high, sum(most for _, most in others))


def _whole(partner: Mapping[str, Any]) -> Part | None:
    """All of a partner's records, from what the report shows of it."""
    records, linked = partner["records"], partner["linked"]
    if isinstance(records, str) or isinstance(linked, str):
        return None
    of, hits = RULE.range_of_shown(records), RULE.range_of_shown(linked)
    return Part(linked, max(records - linked, 0), hits, _less(of, hits))


def _counts(shown: ShownCounts, code: str) -> dict[str, Any]:
    records = shown.records(code)
    return {
        "records": records,
        "linked": shown.linked[code],
        "not_linked": shown.not_linked[code],
        "linked_rate": rate(shown.linked[code], of=records),
    }


def _missed(counts: KindCounts, at: int) -> int | None:
    """In whole per cent: of the matches expected among compared pairs, those that were not linked; nothing where few are expected."""
    expected = float(counts.expected[at])
    return round(100 * float(counts.missed[at]) / expected) if expected >= FEW_EXPECTED else None


def _difference(part: Part | None, whole: Part | None, effect: float, z: float) -> Difference | None:
    """The group's share less the partner's own, of which the group is a part: the difference to the rest, less the weight that the group has itself."""
    if part is None or whole is None or not part.records:
        return None
    rest = whole.without(part)
    if not rest.records:
        return None
    found = difference(part.share(effect=effect, z=z), less=rest.share(effect=effect, z=z))
    if found is None:
        return None
    weight = rest.records / (rest.records + part.records)
    return Difference(weight * found.value, weight * found.low, weight * found.high)


def _told(part: Part | None, whole: Part | None, *, effect: float, strict: float) -> dict[str, Any]:
    shown, judged = (_difference(part, whole, effect, z) for z in (Z_95, strict))
    if shown is None or judged is None:
        return dict.fromkeys(("difference", "low", "high", "beyond_chance"))
    points = {name: round(100 * getattr(shown, at), 1) for name, at in POINTS.items()}
    return {**points, "beyond_chance": judged.flag or None}


POINTS: Final[Mapping[str, str]] = {"difference": "value", "low": "low", "high": "high"}


def spoken_code(code: str) -> str:
    """A code as people read it."""
    return code.replace("_", " ")


def in_kinds(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, list[Mapping[str, Any]]]]:
    """The rows by partner and kind, those that have a record."""
    out: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["linked"] == HIDDEN or row["not_linked"] == HIDDEN or row["records"]:
            out.setdefault((row["partner"], row["kind"]), []).append(row)
    return [(partner, kind, its) for (partner, kind), its in out.items()]
