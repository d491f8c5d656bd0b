"""What a level asks of two rows, over arrays, against DuckDB's answer to its SQL; and which rows meet, against every pair looked at."""

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.central.pairs.conditions import (
    MACROS,
    Absent,
    Alike,
    Condition,
    Every,
    InBand,
    Near,
    Never,
    Same,
    Sides,
    There,
)
from linkage.central.pairs.meeting import Rows, meeting
from linkage.central.store import open_locked
from linkage.tokens import PassTable

CONDITIONS: tuple[Condition, ...] = (
    *(Absent("word", shift) for shift in (0, 6, 54)),
    *(Same("word", shift) for shift in (0, 16, 48)),
    *(Near("name", most) for most in (0, 17, 64)),
    *(InBand("name", band) for band in range(3)),
    Alike("name"),
    Alike(None),
    Near(None, 0),
    Never(),
    Every(()),
    Every((Alike("name"), InBand("name", 1))),
    There(Absent("word", 6), Near("name", 29)),
    There(Never(), Every(())),
    Every((Absent("word", 0), Never(), Absent("word", 6))),
)
COLUMNS = ("word", "name_0", "name_1")


def sides(rng: np.random.Generator, count: int) -> dict[str, Any]:
    """Two rows a pair, many of which differ in few bits or none, of either sign."""
    out: dict[str, Any] = {}
    for name in COLUMNS:
        left = rng.integers(-(1 << 63), (1 << 63) - 1, count)
        flips = (
            rng.integers(0, 1 << 62, count) & rng.integers(0, 1 << 62, count) & rng.integers(0, 1 << 62, count)
        )
        many = rng.integers(0, 4, count)
        out[f"{name}_l"] = left
        out[f"{name}_r"] = np.select(
            [many == 0, many == 1, many == 2], [left, left ^ flips, left ^ (1 << 40)], ~left
        )
    for end in ("l", "r"):
        out[f"name_band_{end}"] = rng.integers(0, 3, count).astype(np.int8)
    return out


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: c.sql)
def test_a_condition_holds_of_the_pairs_that_its_sql_finds(condition: Condition) -> None:
    columns = sides(np.random.default_rng(7), 4_000)
    with open_locked() as connection:
        for macro in MACROS:
            connection.execute(macro)
        connection.register("pairs", pa.table(columns | {"pair": np.arange(4_000)}))
        told = connection.sql(f"SELECT pair FROM pairs WHERE {condition.sql} ORDER BY pair").fetchall()  # noqa: S608
    pairs = Sides(4_000, lambda name: (columns[f"{name}_l"], columns[f"{name}_r"]))
    holds = np.broadcast_to(np.asarray(condition.holds(pairs)), 4_000)
    assert np.flatnonzero(holds).tolist() == [at for (at,) in told]
    assert condition.sql in ("FALSE", "TRUE", "0 = 0", "0 <= 0") or isinstance(condition, Every | There) or told


ROWS = st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 6), st.booleans()), max_size=14)


@given(
    several=st.lists(ROWS, min_size=1, max_size=3), link_type=st.sampled_from(["link_only", "link_and_dedupe"])
)
@settings(max_examples=200, deadline=None)
def test_rows_that_share_a_block_meet_once_and_no_others_do(several: list[Any], link_type: Any) -> None:
    names = [f"partner-{n}" for n in range(len(several))]
    tables = {
        name: PassTable("k", {"row_ref": np.array([r for _, r, _ in its], dtype=np.int64), "block": np.array([b for b, _, _ in its], dtype=np.int64)})
        for name, its in zip(names, several, strict=True)
    }  # fmt: skip
    rows = Rows.of(tables, partners=names)
    every = [(at, *row) for at, its in enumerate(several) for row in its]
    marked = np.array([new for *_, new in every], dtype=np.bool_)
    expected: dict[bool, list[Any]] = {True: [], False: []}
    for one, other in itertools.combinations(every, 2):
        inside = one[0] == other[0]
        if one[1] != other[1] or (inside and (link_type == "link_only" or one[2] == other[2])):
            continue
        first, second = sorted((one, other), key=lambda row: row[2]) if inside else (one, other)
        pair = (first[0], first[2], second[0], second[2])
        expected[False].append(pair)
        if one[3] or other[3]:
            expected[True].append(pair)
    for only_new, pairs in expected.items():
        left, right = meeting(rows, link_type=link_type, among=marked if only_new else None)
        found: list[Any] = [rows.source[left], rows.row_ref[left], rows.source[right], rows.row_ref[right]]
        assert sorted(zip(*(x.tolist() for x in found), strict=True)) == sorted(pairs)
