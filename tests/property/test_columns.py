"""Columns as arrays and back, against pyarrow's own conversions."""

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from linkage import columns
from linkage.columns import as_arrow, as_numpy, fixed_texts, named, texts

KINDS = st.sampled_from(["int8", "int32", "int64", "float64", "bool"])
VALUES = KINDS.flatmap(lambda kind: arrays.arrays(kind, st.integers(0, 40)))


@given(values=VALUES, begin=st.integers(0, 5), end=st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_a_column_is_as_pyarrow_makes_it_and_reads_it(values: Any, begin: int, end: int) -> None:
    column = as_arrow(values)
    assert column.type == pa.array(values).type
    np.testing.assert_array_equal(column.to_numpy(zero_copy_only=False), values)
    piece = column[begin : max(begin, end)]
    np.testing.assert_array_equal(as_numpy(piece), piece.to_numpy(zero_copy_only=False))
    assert as_numpy(piece).dtype == values.dtype


@given(several=st.lists(arrays.arrays("int64", st.integers(0, 5)), max_size=4))
@settings(max_examples=50, deadline=None)
def test_pieces_are_read_as_one(several: list[Any]) -> None:
    whole = pa.chunked_array([as_arrow(one) for one in several], pa.int64())
    assert as_numpy(whole).tolist() == whole.to_pylist()
    assert as_numpy(whole).dtype == np.int64


@given(names=st.lists(st.text(max_size=6), min_size=1, unique=True))
@settings(max_examples=50, deadline=None)
def test_texts_are_what_they_were(names: list[str]) -> None:
    assert texts(names).to_pylist() == names
    assert named(np.arange(len(names), dtype=np.int8)[::-1], names).to_pylist() == names[::-1]


@given(values=st.lists(st.text("0123456789abcdef", min_size=24, max_size=24), max_size=20))
@settings(max_examples=50, deadline=None)
def test_texts_of_one_length_are_what_they_were(values: list[str]) -> None:
    column = fixed_texts(np.array(values, dtype="S24"))
    column.validate(full=True)
    assert (column.type, column.to_pylist()) == (pa.string(), values)


def test_more_text_than_short_texts_hold_is_told_in_long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "LARGEST_SHORT", 9)
    assert fixed_texts(np.array(["abc"] * 3, dtype="S3")).type == pa.string()
    assert fixed_texts(np.array(["abc"] * 4, dtype="S3")).type == pa.large_string()
    assert fixed_texts(np.array(["abc"] * 4, dtype="S3")).to_pylist() == ["abc"] * 4


def test_a_missing_value_is_no_number() -> None:
    with pytest.raises(ValueError, match="missing values"):
        as_numpy(pa.array([1, None]))


def test_a_column_that_was_read_from_a_file_is_as_it_was_written() -> None:
    table = pa.table({"a": as_arrow(np.arange(7)), "b": as_arrow(np.arange(7) % 2 == 0)})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table, max_chunksize=3)
    with pa.ipc.open_stream(sink.getvalue()) as source:
        again = source.read_all()
    assert as_numpy(again.column("a")).tolist() == list(range(7))
    assert as_numpy(again.column("b")).tolist() == [True, False] * 3 + [True]


@pytest.mark.parametrize("module", ["linkage.central.link", "linkage.central.assembly.keeping"])
def test_whoever_links_loads_none_of_what_only_charts_yardsticks_and_fitting_need(module: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"splink", "altair", "duckdb", "scipy", "pandas"} & set(told)
