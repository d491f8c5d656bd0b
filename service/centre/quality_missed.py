"""Which true pairs a linkage with known truth did not find, and why: the match keys that they lack, the identifiers that differ. Counts alone, no value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, product
from operator import iand
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.central.pairs.cleartext import MOST_VARIANTS, part_column
from linkage.schema import MatchKey, Schema

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
KEYS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Missed:
    """True pairs that were not linked, as record numbers: those that `never_met` in any pass, and those that met and scored too low."""

    left: Ints
    right: Ints
    never_met: Flags


def true_pairs(truth: Ints, *, partner: Ints, between: bool) -> tuple[Ints, Ints]:
    """All pairs of records of one person, left below right; `between` leaves out those of one partner."""
    groups = pd.Series(np.arange(len(truth))).groupby(truth).indices.values()
    found = np.array([p for its in groups for p in combinations(sorted(its), 2)], dtype=np.int64).reshape(-1, 2)
    kept = found[partner[found[:, 0]] != partner[found[:, 1]]] if between else found
    return kept[:, 0], kept[:, 1]


def missed_of(true: tuple[Ints, Ints], *, scored: tuple[Ints, Ints], linked: Flags, records: int) -> Missed:
    """The true pairs that were not linked; `linked` says of each scored pair whether it was. All pairs are left below right."""
    of = true[0] * records + true[1]
    met = scored[0] * records + scored[1]
    left_out = ~np.isin(of, met[linked])
    return Missed(true[0][left_out], true[1][left_out], ~np.isin(of, met)[left_out])


def explained(missed: Missed, *, rows: pd.DataFrame, schema: Schema) -> dict[str, Any]:
    """Why: by group of missed pairs how often each identifier is equal, different or missing on a side; and of each match key, why it did not bring together
    those that never met. `rows` are cleaned values in the clear: `record`, a column an identifier, a column a match-key part."""
    keys = {key.name: _key(missed, rows, key) for key in schema.match_keys}
    held = [c.identifier for c in schema.comparisons.values() if c.identifier in rows.columns]
    agree = {name: _agree(missed, rows, name) for name in dict.fromkeys(held)}
    groups = {"never_met": missed.never_met, "scored_low": ~missed.never_met}
    return {
        "pairs": len(missed.left),
        "by_group": {
            name: {
                "pairs": int(here.sum()),
                "identifiers": {i: _tally(codes[here]) for i, codes in agree.items()},
            }
            for name, here in groups.items()
        },
        "match_keys": {name: _tally_key(codes[missed.never_met]) for name, codes in keys.items()},
    }


# What a tally calls the codes 0, 1 and 2.
AGREEMENT: Final = ("missing", "different", "equal")
SHARING: Final = ("missing", "different", "left_out")


def _tally(codes: Ints) -> dict[str, int]:
    return {name: int((codes == at).sum()) for at, name in enumerate(AGREEMENT)}


def _tally_key(codes: Ints) -> dict[str, int]:
    return {name: int((codes == at).sum()) for at, name in enumerate(SHARING)}


def _agree(missed: Missed, rows: pd.DataFrame, name: str) -> Ints:
    return _met(missed, rows[["record", name]].rename(columns={name: "value"}))


def _key(missed: Missed, rows: pd.DataFrame, key: MatchKey) -> Ints:
    """Of each missed pair: 0 where a side lacks a part of the key, 1 where the parts differ, 2 where they are the same and other people's stood in the way."""
    ways = [[c for c in _columns(p.order, p.identifier, p.part) if c in rows.columns] for p in key.parts]
    tables = []
    for chosen in product(*ways):
        whole = reduce(iand, (rows[c].notna() for c in chosen))
        value = (
            rows.loc[whole, list(chosen)].astype(str).agg("\x1f".join, axis=1)
            if whole.any()
            else pd.Series(dtype=str)
        )
        tables.append(pd.DataFrame({"record": rows.loc[whole, "record"], "value": value}))
    nothing = pd.DataFrame({"record": pd.Series(dtype=np.int64), "value": pd.Series(dtype=str)})
    return _met(missed, pd.concat([nothing, *tables], ignore_index=True))


def _columns(order: str | None, identifier: str, part: str) -> list[str]:
    name = f"name.{order}.{part}" if order else f"{identifier}.{part}"
    return [part_column(name, variant) for variant in range(MOST_VARIANTS)]


def _met(missed: Missed, values: pd.DataFrame) -> Ints:
    """Of each missed pair: 0 where a record has no value, 2 where they share one, else 1."""
    known = values.dropna().drop_duplicates()
    there = known["record"].unique()
    both = np.isin(missed.left, there) & np.isin(missed.right, there)
    pairs = pd.DataFrame({"pair": np.arange(len(missed.left)), "left": missed.left, "right": missed.right})
    at = pairs.merge(known, left_on="left", right_on="record").drop(columns="record")
    at = at.merge(known, left_on=["right", "value"], right_on=["record", "value"])
    out = both.astype(np.int64)
    out[at["pair"].to_numpy()] = 2
    return out


def told_missed(report: Mapping[str, Any]) -> list[str]:
    """The explanation in lines for the terminal."""
    lines = ["", f"missed: {report['pairs']:,} true pairs"]
    says = {"never_met": "never met in a pass", "scored_low": "met, and scored below the threshold"}
    for name, one in report["by_group"].items():
        lines.append(
            f"  {one['pairs']:,} {says[name]}" + (": records of one person in which" if one["pairs"] else "")
        )
        for identifier, n in _told_of(one["identifiers"]):
            lines.append(
                f"    {identifier:16} differs in {n['different']:>6,}, is missing in {n['missing']:>6,}, is equal in {n['equal']:>6,}"
            )
    if report["by_group"]["never_met"]["pairs"]:
        lines.append("  of those that never met, by match key:")
        for key, n in _nearest(report["match_keys"]):
            lines.append(
                f"    {key:20} lacks a part in {n['missing']:>6,}, differs in {n['different']:>6,}, another person stood there in {n['left_out']:>6,}"
            )
    return lines


def _told_of(identifiers: Mapping[str, Mapping[str, int]]) -> list[tuple[str, Mapping[str, int]]]:
    """The identifiers that any of the pairs has on both sides."""
    return [(name, n) for name, n in identifiers.items() if n["different"] or n["equal"]]


def _nearest(keys: Mapping[str, Mapping[str, int]]) -> Sequence[tuple[str, Mapping[str, int]]]:
    """The keys that most of them had whole: where to look first."""
    order = sorted(keys.items(), key=lambda item: (-item[1]["left_out"], item[1]["missing"], item[0]))
    return order[:KEYS_SHOWN]
