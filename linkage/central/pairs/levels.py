"""The levels of each comparison in one pass, over masked lanes: shared by training and by Splink, so that both number them alike."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from linkage.central.pairs.conditions import Absent, Alike, Condition, Every, InBand, Near, Never, Same, There
from linkage.central.pairs.relatives import RELATIVES, kinds_sharing
from linkage.schema import Comparison, MatchKey, Schema
from linkage.tokens import Compared, compared_names

BANDS: Final = ("rare", "middling", "common")
# Numbers that one person has one of: two that are both there and differ speak against a pair.
UNIQUE: Final = frozenset({"nhs_number", "upn", "pnc_id"})


PRIOR_M: Final[Mapping[int, tuple[float, ...]]] = {
    2: (0.95, 0.05),
    3: (0.85, 0.10, 0.05),
    4: (0.80, 0.08, 0.05, 0.07),
    6: (0.60, 0.10, 0.06, 0.05, 0.05, 0.14),
}
PRIOR_BANDS: Final = (0.25, 0.32, 0.33)


@dataclass(frozen=True, slots=True)
class LaneLevels:
    """One comparison of one pass: `missing` asks whether a value is absent, `levels` are asked in turn, best first; beyond them is disagreement. `dependent` says that
    strangers who share the key also tend to agree here, so that u must be learnt in this pass. `banded`: the first levels are equality, a
    band each. `unique`: a number that one person has one of. `shared`: the kinds of relatives between whom it agrees as it does for one person."""

    lane: str
    comparison: str
    missing: Condition
    levels: tuple[Condition, ...]
    labels: tuple[str, ...]
    dependent: bool
    banded: bool
    unique: bool = False
    shared: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """How many levels there are, disagreement included."""
        return len(self.levels) + 1

    @property
    def absent(self) -> str:
        """`missing` as SQL."""
        return self.missing.sql

    @property
    def conditions(self) -> tuple[str, ...]:
        """`levels` as SQL."""
        return tuple(one.sql for one in self.levels)

    @property
    def prior_m(self) -> tuple[float, ...]:
        """What m is taken for before any pair is seen; sums to 1."""
        if self.banded:
            rest = self.size - len(BANDS)
            left = 1.0 - sum(PRIOR_BANDS)
            return (*PRIOR_BANDS, *(left / rest for _ in range(rest)))
        if self.size in PRIOR_M:
            return PRIOR_M[self.size]
        return (0.8, *(0.2 / (self.size - 1) for _ in range(self.size - 1)))


@dataclass(frozen=True, slots=True)
class _Member:
    """How one comparison reads in one pass, for a group that it is scored in: `at` its conditions by level, `absent` when it says nothing."""

    absent: Condition
    at: tuple[Condition, ...]


def lane_levels(schema: Schema, key: MatchKey, *, held: Collection[str]) -> tuple[LaneLevels, ...]:
    """The levels of every comparison of the pass whose identifier is among those `held` by enough partners; comparisons that the schema
    scores together come as one."""
    grouped = {member: name for name, group in schema.together.items() for member in group.of}
    out: list[LaneLevels] = []
    members: dict[str, _Member] = {}
    standing = {one.comparison: one for one in compared_names(schema, key)}
    for name in schema.comparisons:
        one = standing.get(name)
        if one is None:
            if name in grouped and name in held:
                members[name] = _Member(Never(), (Every(()),) * len(schema.comparisons[name].levels))
            continue
        if name not in held:
            continue
        if name in grouped:
            members[name] = _member(schema, one)
        else:
            out.append(_lane(schema, key, one))
    for group in schema.together:
        if lane := _together(schema, key, group, members):
            out.append(lane)
    return tuple(out)


def _lane(schema: Schema, key: MatchKey, one: Compared) -> LaneLevels:
    comparison = schema.comparisons[one.comparison]
    conditions: list[Condition] = []
    labels: list[str] = []
    filtered = one.lane if one.filtered else None
    if one.place is not None:
        conditions.append(Same(*one.place))
        labels.append("equal")
    else:
        if one.banded:
            conditions += [Every((Alike(filtered), InBand(one.lane, n))) for n in range(len(BANDS))]
            labels += [f"equal, {name} name" for name in BANDS]
        else:
            conditions.append(Alike(filtered))
            labels.append("equal")
        if one.filtered:
            conditions += [Near(filtered, most) for most in comparison.levels[1:]]
            labels += [f"at most {most} bits apart" for most in comparison.levels[1:]]
    near = {comparison.identifier, *comparison.moves_with}
    symmetric = key.symmetric and one.lane != one.comparison
    return LaneLevels(
        lane=one.lane,
        comparison=one.comparison,
        missing=Absent(*one.presence),
        levels=tuple(conditions),
        labels=tuple(labels),
        dependent=symmetric or bool(near & key.identifiers),
        banded=one.banded,
        unique=comparison.part == "whole" and comparison.identifier in UNIQUE,
        shared=_shared(key, comparison, lane=one.lane),
    )


def _shared(key: MatchKey, comparison: Comparison, *, lane: str) -> frozenset[str]:
    """The kinds of relatives who share what stands in the lane. Where names may stand in either order, what the key holds of them is shared by all
    who meet; the name that it leaves is a forename as far as relatives go, for it is the surname that they meet by."""
    if not key.symmetric or lane not in ("name_a", "name_b"):
        return kinds_sharing(comparison.identifier)
    if lane == "name_a" or any(p.order == "both" for p in key.parts):
        return frozenset(RELATIVES)
    return kinds_sharing("forename")


def _member(schema: Schema, one: Compared) -> _Member:
    levels = schema.comparisons[one.comparison].levels
    filtered = one.lane if one.filtered else None
    reached = [Same(*one.place)] if one.place is not None else [Near(filtered, most) for most in levels]
    absent = Absent(*one.presence)
    return _Member(absent, tuple(There(absent, r) for r in reached))


def _together(schema: Schema, key: MatchKey, name: str, members: Mapping[str, _Member]) -> LaneLevels | None:
    """The group as one lane, if at least one of its comparisons is held."""
    group = schema.together[name]
    held = [m for m in group.of if m in members]
    if not held:
        return None
    conditions: list[Condition] = [
        Every(tuple(members[m].at[at] for m, at in level.items())) if set(level) <= set(held) else Never()
        for level in group.levels
    ]
    labels = [
        " and ".join(f"{m} {'equal' if at == 0 else 'close'}" for m, at in level.items())
        for level in group.levels
    ]
    near = {i for m in group.of for i in (schema.comparisons[m].identifier, *schema.comparisons[m].moves_with)}
    return LaneLevels(
        lane=name,
        comparison=name,
        missing=Every(tuple(members[m].absent for m in held)),
        levels=tuple(conditions),
        labels=tuple(labels),
        dependent=bool(near & key.identifiers),
        banded=False,
        shared=frozenset.intersection(*(kinds_sharing(schema.comparisons[m].identifier) for m in group.of)),
    )
