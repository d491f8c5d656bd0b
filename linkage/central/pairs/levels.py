"""The levels of each comparison in one pass, as SQL over masked lanes: shared by training and by Splink, so that both number them alike.

Inside a block the masks cancel: `bit_count(xor(a, b))` is the Hamming distance of the unmasked filters.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import duckdb

from linkage.schema import MatchKey, Schema
from linkage.tokens import EXACT_BITS, PRESENCE_BITS, Compared, compared_names

MACROS: Final = (
    f"CREATE OR REPLACE MACRO absent(l, r, shift) AS ((xor(l, r) >> shift) & {(1 << PRESENCE_BITS) - 1}) <> 0",
    f"CREATE OR REPLACE MACRO same(l, r, shift) AS ((xor(l, r) >> shift) & {(1 << EXACT_BITS) - 1}) = 0",
    "CREATE OR REPLACE MACRO apart(l0, r0, l1, r1) AS bit_count(xor(l0, r0))::INT + bit_count(xor(l1, r1))::INT",
)
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
    """One comparison of one pass. `conditions` are SQL for the levels, best first; beyond them is disagreement. `dependent` says that
    strangers who share the key also tend to agree here, so that u must be learnt in this pass. `banded`: the first levels are equality, a
    band each. `unique`: a number that one person has one of."""

    lane: str
    comparison: str
    absent: str
    conditions: tuple[str, ...]
    labels: tuple[str, ...]
    dependent: bool
    banded: bool
    unique: bool = False

    @property
    def size(self) -> int:
        """How many levels there are, disagreement included."""
        return len(self.conditions) + 1

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

    absent: str
    at: tuple[str, ...]


def add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the macros that the level conditions use known to the connection."""
    for macro in MACROS:
        connection.execute(macro)


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
                members[name] = _Member("FALSE", ("TRUE",) * len(schema.comparisons[name].levels))
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


def _absent(one: Compared) -> str:
    lane, shift = one.presence
    return f"absent({lane}_l, {lane}_r, {shift})"


def _apart(one: Compared) -> str:
    lane = one.lane
    return f"apart({lane}_0_l, {lane}_0_r, {lane}_1_l, {lane}_1_r)" if one.filtered else "0"


def _same(place: tuple[str, int]) -> str:
    lane, shift = place
    return f"same({lane}_l, {lane}_r, {shift})"


def _lane(schema: Schema, key: MatchKey, one: Compared) -> LaneLevels:
    comparison = schema.comparisons[one.comparison]
    conditions: list[str] = []
    labels: list[str] = []
    if one.place is not None:
        conditions.append(_same(one.place))
        labels.append("equal")
    else:
        if one.banded:
            band = f"greatest({one.lane}_band_l, {one.lane}_band_r)"
            conditions += [f"{_apart(one)} = 0 AND {band} = {n}" for n in range(len(BANDS))]
            labels += [f"equal, {name} name" for name in BANDS]
        else:
            conditions.append(f"{_apart(one)} = 0")
            labels.append("equal")
        if one.filtered:
            conditions += [f"{_apart(one)} <= {most}" for most in comparison.levels[1:]]
            labels += [f"at most {most} bits apart" for most in comparison.levels[1:]]
    near = {comparison.identifier, *comparison.moves_with}
    symmetric = key.symmetric and one.lane != one.comparison
    return LaneLevels(
        lane=one.lane,
        comparison=one.comparison,
        absent=_absent(one),
        conditions=tuple(conditions),
        labels=tuple(labels),
        dependent=symmetric or bool(near & key.identifiers),
        banded=one.banded,
        unique=comparison.part == "whole" and comparison.identifier in UNIQUE,
    )


def _member(schema: Schema, one: Compared) -> _Member:
    levels = schema.comparisons[one.comparison].levels
    reached = [_same(one.place)] if one.place is not None else [f"{_apart(one)} <= {most}" for most in levels]
    return _Member(_absent(one), tuple(f"(NOT {_absent(one)} AND {r})" for r in reached))


def _together(schema: Schema, key: MatchKey, name: str, members: Mapping[str, _Member]) -> LaneLevels | None:
    """The group as one lane, if at least one of its comparisons is held."""
    group = schema.together[name]
    held = [m for m in group.of if m in members]
    if not held:
        return None
    conditions = [
        " AND ".join(members[m].at[at] for m, at in level.items()) if set(level) <= set(held) else "FALSE"
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
        absent=" AND ".join(members[m].absent for m in held),
        conditions=tuple(conditions),
        labels=tuple(labels),
        dependent=bool(near & key.identifiers),
        banded=False,
    )
