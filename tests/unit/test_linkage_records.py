"""Columns as codes into distinct values, and records with their rows."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.partner.records import CleanRecords, Column

Texts = list[str | None]
texts = st.lists(st.none() | st.sampled_from(["a", "b", "c", "d", ""]), max_size=12)


def column(values: Texts) -> Column:
    return Column.of(pa.array(values, pa.string()))


def in_order(made: Column) -> Texts:
    """The column's texts, after a look at its form: values distinct, none of them null, every code of one of them."""
    values = made.values.to_pylist()
    assert None not in values
    assert len(set(values)) == len(values)
    assert made.codes.dtype == np.int32
    assert made.codes.min(initial=0) >= -1
    assert made.codes.max(initial=-1) < len(values)
    assert (made.present == (made.codes >= 0)).all()
    return list(made.texts())


def test_a_column_maps_each_distinct_value_once() -> None:
    asked: list[str] = []

    def image(value: str) -> str | None:
        asked.append(value)
        return None if value == "b" else value.upper()

    made = Column.of(pd.Series(["a", "b", "a", None, "A"], dtype="str")).map(image)
    assert sorted(asked) == ["A", "a", "b"]
    assert in_order(made) == ["A", None, "A", None, "A"]
    assert len(made.values) == 1


def test_a_column_without_values_stays_so() -> None:
    assert in_order(Column.missing(3).map(str.upper)) == [None] * 3
    assert in_order(Column.of(pd.Series([None, None], dtype="str"))) == [None, None]
    assert in_order(Column.joined([])) == []


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_every_way_of_being_missing_is_missing(missing: object) -> None:
    assert Column.of(pd.Series(["a", missing], dtype=object)).present.tolist() == [True, False]


@given(st.lists(texts, max_size=5), st.data())
def test_joined_pieces_are_the_column_of_all_their_texts(pieces: list[Texts], data: st.DataObject) -> None:
    forms = [
        lambda a: a,
        lambda a: a.dictionary_encode(),
        lambda a: pa.array(["before", *a.to_pylist()], pa.string()).dictionary_encode().slice(1),
        lambda a: pa.DictionaryArray.from_arrays(pa.array(range(len(a)), pa.int32()), a),
        lambda a: a.cast(pa.large_string()),
    ]
    chosen = [data.draw(st.sampled_from(forms))(pa.array(p, pa.string())) for p in pieces]
    assert in_order(Column.joined(chosen)) == [t for p in pieces for t in p]


@given(texts, texts)
def test_a_column_with_another_below_it_is_the_column_of_both(a: Texts, b: Texts) -> None:
    assert in_order(column(a).then(column(b))) == a + b
    assert in_order(Column.of(pa.chunked_array([pa.array(a, pa.string()), pa.array(b, pa.string())]))) == a + b


@given(texts, st.data())
def test_replaced_values_stand_in_every_row_of_their_value(values: Texts, data: st.DataObject) -> None:
    before = column(values)
    distinct = before.values.to_pylist()
    images = {v: data.draw(st.none() | st.sampled_from(["x", "y", "a"])) for v in distinct}
    made = before.replaced(pa.array([images[v] for v in distinct], pa.string()))
    assert in_order(made) == [None if v is None else images[v] for v in values]
    assert in_order(before) == values


@given(texts, st.data())
def test_rows_can_be_taken_in_any_order_and_more_than_once(values: Texts, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=20)) if values else []
    made = column(values).take(np.array(rows, dtype=np.int64))
    assert in_order(made) == [values[r] for r in rows]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=8))
def test_records_that_are_kept_keep_all_their_rows(records: list[tuple[bool, int]]) -> None:
    rows = np.array([n for n, (_, more) in enumerate(records) for _ in range(1 + more)], dtype=np.int32)
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    rows = rows[order]
    names = column([f"{r}-{at}" for at, r in enumerate(rows)])
    clean = CleanRecords(pa.array([f"id{n}" for n in range(len(records))]), rows, {"surname": names})
    kept = clean.keep(np.array([keep for keep, _ in records]))
    ids = kept.record_ids.to_pylist()
    assert ids == [f"id{n}" for n, (keep, _) in enumerate(records) if keep]
    assert kept.records == len(ids)
    assert kept.rows == len(kept.columns["surname"].codes)
    found = [(ids[r], t) for r, t in zip(kept.record, kept.columns["surname"].texts(), strict=True)]
    assert found == [(f"id{r}", f"{r}-{at}") for at, r in enumerate(rows) if records[r][0]]
