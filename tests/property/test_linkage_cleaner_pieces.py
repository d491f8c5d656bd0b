"""A file that is cleaned piece by piece gives what it gives at once, wherever it is cut."""

import itertools
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import BadInput
from linkage.partner.normalise import Cleaner, ColumnMapping
from linkage.schema import default_schema

SCHEMA = default_schema()
MAPPING = ColumnMapping(
    "id",
    {
        "forename": "first",
        "surname": "last",
        "previous_surname": "born_as",
        "date_of_birth": "dob",
        "sex": "sex",
        "postcode": "home",
        "previous_postcode": "home_before",
        "nhs_number": "nhs",
    },
    date_order="DMY",
    attributes=("ward", "home"),
)
CHOICES: dict[str, list[str | None]] = {
    "first": ["Mary", "mary ", "Tom", "-", None, ""],
    "last": ["Smith", "SMITH", "O'Neill", "Jones", "unknown", None],
    "born_as": ["Smith", "Okafor", "??", None],
    "dob": ["03/02/1980", "31/12/1999", "99/99/1980", "1980-02-03", None],
    "sex": ["M", "female", "x-x", None],
    "home": ["OX4 1AB", "ox41ab", "nowhere", None, " "],
    "home_before": ["OX4 1AB", "RG1 3EE", None],
    "nhs": ["943 476 5919", "9434765918", None],
    "ward": ["north", " south ", "", None],
}
people = st.fixed_dictionaries({c: st.sampled_from(v) for c, v in CHOICES.items()})


def batch(rows: list[dict[str, Any]], *, form: pa.DataType) -> pa.RecordBatch:
    return pa.record_batch({c: pa.array([r[c] for r in rows], form) for c in MAPPING.columns})


def cleaned(pieces: list[list[dict[str, Any]]], *, form: pa.DataType) -> dict[str, Any]:
    """All that cleaning gives, as plain values."""
    cleaner = Cleaner(schema=SCHEMA, mapping=MAPPING, file="f.csv")
    for piece in pieces:
        cleaner.add(batch(piece, form=form))
    clean, quality, attributes = cleaner.finish()
    return {
        "ids": clean.record_ids.to_pylist(),
        "record": clean.record.tolist(),
        "columns": {i: c.texts().tolist() for i, c in clean.columns.items()},
        "quality": quality,
        "attributes": {a: c.texts().tolist() for a, c in attributes.items()},
    }


@settings(deadline=None, max_examples=60)
@given(
    st.lists(people, min_size=1, max_size=12),
    st.lists(st.integers(0, 12), max_size=5),
    st.sampled_from([pa.string(), pa.large_string()]),
)
def test_pieces_of_any_size_give_the_same_records(rows: list[Any], cuts: list[int], form: pa.DataType) -> None:
    rows = [{"id": f"r{n}", **r} for n, r in enumerate(rows)]
    at = [0, *sorted(min(c, len(rows)) for c in cuts), len(rows)]
    pieces = [rows[a:b] for a, b in itertools.pairwise(at)]
    whole = cleaned([rows], form=pa.string())
    assert cleaned(pieces, form=form) == whole
    assert whole["quality"].records == len(whole["ids"]) == len(rows)
    assert whole["record"][: len(rows)] == list(range(len(rows)))
    for field in whole["quality"].fields.values():
        assert field.valid + field.missing + field.invalid == len(rows)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9), st.integers(0, 8), st.integers(0, 8))
def test_the_row_that_is_named_does_not_depend_on_the_pieces(size: int, first: int, second: int) -> None:
    def rows_with(ids: dict[int, str | None]) -> list[dict[str, Any]]:
        return [{**dict.fromkeys(CHOICES), "id": ids.get(n, f"r{n}")} for n in range(9)]

    def fault(rows: list[dict[str, Any]]) -> str:
        with pytest.raises(BadInput) as caught:
            cleaned([rows[at : at + size] for at in range(0, len(rows), size)], form=pa.string())
        return str(caught.value)

    low, high = sorted((first, second))
    for blank in (None, "", "  "):
        assert f"row {low + 2} has no record id" in fault(rows_with({first: blank, second: blank}))
    if low != high:
        assert f"rows {low + 2} and {high + 2} have the same record id (1 such" in fault(
            rows_with({low: "same", high: "same"})
        )


def test_a_file_without_rows_is_refused() -> None:
    nothing: list[list[list[dict[str, Any]]]] = [[], [[]], [[], []]]
    for pieces in nothing:
        with pytest.raises(BadInput, match="a header and no rows"):
            cleaned(pieces, form=pa.string())
