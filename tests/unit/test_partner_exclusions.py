"""Opt-outs: who is on a list that forbids, or not on a list that allows, is gone before anything is tokenised; a list that cannot be trusted is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest

from linkage.attestations import Attestation
from linkage.errors import BadInput
from linkage.partner.exclusions.exclusions import Exclusion
from linkage.partner.exclusions.lists import read_exclusion
from linkage.partner.records import CleanRecords, Column
from tests.in_one_portion import exclude

DAY = date(2026, 3, 1)
ONE, TWO, THREE, FOUR = "9434765919", "9434765870", "4505577104", "9876543210"


def records() -> CleanRecords:
    """Five records; the third has two rows with different NHS numbers, the fourth has none."""
    return CleanRecords(
        pa.array(["a-1", "b-2", "c-3", "d-4", "e-5"], pa.string()),
        np.array([0, 1, 2, 3, 4, 2], dtype=np.int32),
        {
            "nhs_number": Column.of(pd.Series([ONE, TWO, THREE, None, FOUR, ONE], dtype=object)),
            "surname": Column.of(pd.Series(["ABLE", "BAKER", "CHARLIE", "DOG", "EASY", "OTHER"], dtype=object)),
        },
    )


def opt_out(**changes: Any) -> Exclusion:
    one = Exclusion("local", "nhs_number", frozenset([TWO]), DAY, "list.csv", keeps=False, without="kept")
    return replace(one, **changes)


def ids(clean: CleanRecords) -> list[str]:
    return [str(i) for i in clean.record_ids.to_pylist()]


def test_who_is_on_a_list_of_objections_is_left_out_and_nobody_else() -> None:
    left = exclude(records(), exclusions=[opt_out()], on=DAY)
    assert ids(left.clean) == ["a-1", "c-3", "d-4", "e-5"]
    assert left.kept.tolist() == [True, False, True, True, True]
    assert left.excluded == (1,)


def test_one_listed_number_among_several_of_a_record_is_enough() -> None:
    left = exclude(records(), exclusions=[opt_out(values=frozenset([ONE]))], on=DAY)
    assert ids(left.clean) == ["b-2", "d-4", "e-5"]


def test_an_allow_list_keeps_only_those_on_it_with_every_number_they_have() -> None:
    allowed = opt_out(keeps=True, without="excluded", values=frozenset([TWO, THREE, FOUR]))
    left = exclude(records(), exclusions=[allowed], on=DAY)
    assert ids(left.clean) == ["b-2", "e-5"]


def test_records_without_a_number_are_treated_as_the_list_says() -> None:
    everyone = frozenset([ONE, TWO, THREE, FOUR])
    kept = exclude(records(), exclusions=[opt_out(keeps=True, without="kept", values=everyone)], on=DAY)
    strict = exclude(records(), exclusions=[opt_out(without="excluded")], on=DAY)
    assert ids(kept.clean) == ["a-1", "b-2", "c-3", "d-4", "e-5"]
    assert ids(strict.clean) == ["a-1", "c-3", "e-5"]


def test_several_lists_each_take_out_their_own() -> None:
    by_id = opt_out(name="objections", of="record_id", values=frozenset(["e-5", "of somebody else"]))
    left = exclude(records(), exclusions=[opt_out(), by_id], on=DAY)
    assert ids(left.clean) == ["a-1", "c-3", "d-4"]
    assert left.excluded == (1, 1)
    assert [a.name for a in left.attestations] == ["local", "objections"]


def test_nothing_of_the_excluded_is_left_not_even_an_unused_value() -> None:
    left = exclude(records(), exclusions=[opt_out(values=frozenset([THREE, TWO]))], on=DAY).clean
    assert left.columns["surname"].values.to_pylist() == ["ABLE", "DOG", "EASY"]
    assert left.columns["surname"].texts().tolist() == ["ABLE", "DOG", "EASY"]
    assert left.columns["nhs_number"].texts().tolist() == [ONE, None, FOUR]
    assert left.record.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": frozenset()}, "empty"),
        ({"checked": date(2026, 3, 2)}, "still to come"),
        ({"checked": date(2026, 1, 1)}, "more than 28 days ago"),
        ({"name": "John Smith"}, "small letters"),
        ({"values": frozenset([ONE, TWO, THREE, FOUR]), "without": "excluded"}, "no record is left"),
    ],
)
def test_a_list_that_cannot_be_relied_on_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        exclude(records(), exclusions=[opt_out(**changes)], on=DAY, most_days=28)


def test_two_lists_of_one_name_are_refused() -> None:
    with pytest.raises(BadInput, match="two exclusion lists"):
        exclude(records(), exclusions=[opt_out(), opt_out()], on=DAY)


def test_a_list_of_nhs_numbers_is_refused_where_no_record_has_one() -> None:
    clean = records()
    without = CleanRecords(
        clean.record_ids, clean.record, {**clean.columns, "nhs_number": Column.missing(clean.rows)}
    )
    with pytest.raises(BadInput, match="no record has one"):
        exclude(without, exclusions=[opt_out()], on=DAY)


def test_the_attestation_has_rounded_counts_and_comes_back_from_the_manifest() -> None:
    count = 160
    clean = CleanRecords(
        pa.array([str(n) for n in range(1000)], pa.string()),
        np.arange(1000, dtype=np.int32),
        {"surname": Column.missing(1000)},
    )
    listed = opt_out(of="record_id", values=frozenset(str(n) for n in range(count)))
    (stated,) = exclude(clean, exclusions=[listed], on=DAY).attestations
    assert (stated.listed, stated.excluded, stated.checked) == (200, 200, DAY)
    assert Attestation.from_json(stated.to_json()) == stated
    assert "about 200 records" in stated.says()


@pytest.mark.parametrize(
    "change",
    [
        {"excluded": 7}, {"excluded": -100}, {"listed": True}, {"name": "Jane Doe"}, {"of": "surname"}, {"without": "asked"},
        {"keeps": 1}, {"checked": "20260301"}, {"note": "more"},
    ],
)  # fmt: skip
def test_an_attestation_that_nobody_wrote_is_not_read(change: dict[str, Any]) -> None:
    good = Attestation("local", "nhs_number", False, "kept", DAY, 100, 0).to_json()
    assert Attestation.from_json(good)
    with pytest.raises(ValueError, match="attestation"):
        Attestation.from_json(good | change)


Write = Callable[[Path, list[str]], None]


def excel(path: Path, rows: list[str]) -> None:
    book = openpyxl.Workbook()
    for row in ["nhs", *rows]:
        assert book.active is not None
        book.active.append([int(row) if row.isdigit() else row])
    book.save(path)


WRITERS: dict[str, Write] = {
    "list.csv": lambda path, rows: path.write_text("\n".join(["nhs", *rows]) + "\n", "utf-8") and None,
    "list.parquet": lambda path, rows: pd.DataFrame({"nhs": rows}).to_parquet(path),
    "list.xlsx": excel,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_list_is_read_from_the_column_named(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name, [ONE, f"{TWO[:3]} {TWO[3:6]} {TWO[6:]}"])
    found = read_exclusion(tmp_path / name, name="local", of="nhs_number", checked=DAY, column="nhs")
    assert found.values == {ONE, TWO}
    assert (found.source, found.keeps, found.without) == (name, False, "kept")


def test_the_answer_of_the_national_check_is_read_and_keeps_by_default_nobody_it_does_not_name(
    tmp_path: Path,
) -> None:
    (tmp_path / "answer.dat").write_bytes(f"{ONE},\n{TWO},\n".encode())
    found = read_exclusion(tmp_path / "answer.dat", name="ndoo", of="nhs_number", checked=DAY, keeps=True)
    assert found.values == {ONE, TWO}
    assert found.without == "excluded"


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("rows", [["not one"], [ONE, "943476591"], [ONE, "9434765918"]])
def test_a_cell_that_is_no_nhs_number_refuses_the_list_and_is_not_repeated(
    name: str, rows: list[str], tmp_path: Path
) -> None:
    WRITERS[name](tmp_path / name, rows)
    with pytest.raises(BadInput, match=rf"row {len(rows) + 1}: this is no valid NHS number") as refused:
        read_exclusion(tmp_path / name, name="local", of="nhs_number", checked=DAY, column="nhs")
    assert rows[-1] not in str(refused.value)


def test_a_list_without_its_header_is_refused_without_repeating_its_first_row(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"{ONE}\n{TWO}\n", "utf-8")
    with pytest.raises(BadInput, match="no column 'nhs'") as refused:
        read_exclusion(tmp_path / "list.csv", name="local", of="nhs_number", checked=DAY, column="nhs")
    assert ONE not in str(refused.value)


def test_a_header_that_was_not_named_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"nhs\n{ONE}\n", "utf-8")
    with pytest.raises(BadInput, match=r"row 1: .*name the column"):
        read_exclusion(tmp_path / "list.csv", name="local", of="nhs_number", checked=DAY)


@pytest.mark.parametrize("text", ["", "\n\n", "nhs\n", "nhs\n\n \n"])
@pytest.mark.parametrize("column", ["nhs", None])
def test_an_empty_list_is_never_nobody(text: str, column: str | None, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(text, "utf-8")
    with pytest.raises(BadInput):
        read_exclusion(tmp_path / "list.csv", name="local", of="nhs_number", checked=DAY, column=column)


@pytest.mark.parametrize("name", ["missing.csv", "list.docx"])
def test_a_file_of_another_kind_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "list.docx").write_bytes(b"PK")
    with pytest.raises(BadInput, match=r"no file|header"):
        read_exclusion(tmp_path / name, name="local", of="nhs_number", checked=DAY)
