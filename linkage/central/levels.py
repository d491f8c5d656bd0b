"""The levels of each comparison in one pass, as SQL over masked lanes: shared by training and by Splink, so that both number them alike.

Inside a block the masks cancel: `bit_count(xor(a, b))` is the Hamming distance of the unmasked filters.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import duckdb

from linkage.schema import MatchKey, Schema
from linkage.tokens import EXACT_BITS, PRESENCE_BITS, compared_names

MACROS: Final = (
    f"CREATE OR REPLACE MACRO absent(l, r, shift) AS ((xor(l, r) >> shift) & {(1 << PRESENCE_BITS) - 1}) <> 0",
    f"CREATE OR REPLACE MACRO same(l, r, shift) AS ((xor(l, r) >> shift) & {(1 << EXACT_BITS) - 1}) = 0",
    "CREATE OR REPLACE MACRO apart(l0, r0, l1, r1) AS bit_count(xor(l0, r0))::INT + bit_count(xor(l1, r1))::INT",
)
BANDS: Final = ("rare", "middling", "common")


@dataclass(frozen=True, slots=True)
class LaneLevels:
    """One comparison of one pass. `conditions` are SQL for the levels, best first; beyond them is disagreement. `dependent` says that
    strangers who share the key also tend to agree here, so that u must be learnt in this pass."""

    lane: str
    comparison: str
    absent: str
    conditions: tuple[str, ...]
    labels: tuple[str, ...]
    dependent: bool

    @property
    def size(self) -> int:
        """How many levels there are, disagreement included."""
        return len(self.conditions) + 1


def add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the macros that the level conditions use known to the connection."""
    for macro in MACROS:
        connection.execute(macro)


def lane_levels(schema: Schema, key: MatchKey, *, held: Collection[str]) -> tuple[LaneLevels, ...]:
    """The levels of every comparison of the pass whose identifier is among those `held` by enough partners."""
    out, exact = [], 0
    for one in compared_names(schema, key):
        comparison = schema.comparisons[one.comparison]
        place, exact = exact, exact + one.exact
        if one.comparison not in held:
            continue
        conditions: list[str] = []
        labels: list[str] = []
        if one.exact:
            conditions.append(f"same(exact_l, exact_r, {EXACT_BITS * place})")
            labels.append("equal")
        else:
            apart = (
                f"apart({one.lane}_0_l, {one.lane}_0_r, {one.lane}_1_l, {one.lane}_1_r)"
                if one.filtered
                else "0"
            )
            if one.banded:
                band = f"greatest({one.lane}_band_l, {one.lane}_band_r)"
                conditions += [f"{apart} = 0 AND {band} = {n}" for n in range(len(BANDS))]
                labels += [f"equal, {name} name" for name in BANDS]
            else:
                conditions.append(f"{apart} = 0")
                labels.append("equal")
            conditions += [f"{apart} <= {most}" for most in comparison.levels[1:]]
            labels += [f"at most {most} bits apart" for most in comparison.levels[1:]]
        near = {comparison.identifier, *comparison.moves_with}
        symmetric = key.symmetric and one.lane != one.comparison
        out.append(
            LaneLevels(
                lane=one.lane,
                comparison=one.comparison,
                absent=f"absent(presence_l, presence_r, {PRESENCE_BITS * one.slot})",
                conditions=tuple(conditions),
                labels=tuple(labels),
                dependent=symmetric or bool(near & key.identifiers),
            )
        )
    return tuple(out)
