"""Files that cannot be used are refused with their row or column named, and never with a value of theirs."""

import traceback
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import BadInput
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.read import read_rows
from linkage.schema import default_schema

SCHEMA = default_schema()
SECRET_WORDS = ("Mary", "Smith", "Zoë", "local-77", "1980")
CSV = "id,forename,surname,born\nlocal-77,Mary,Smith,1980-02-03\nlocal-78,Zoë,Jones,1981-02-03\n"


def file(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(path: Path, saying: str, *, encoding: str = "utf-8") -> None:
    with pytest.raises(BadInput, match=saying) as caught:
        read_rows(path, encoding=encoding)
    message = str(caught.value)
    assert not [w for w in SECRET_WORDS if w in message]
    assert str(path.parent) not in message


def test_a_csv_file_is_read_as_texts_and_empty_cells_as_missing(tmp_path: Path) -> None:
    rows = read_rows(file(tmp_path, "id,n,empty,na\n007,1.0,,NA\n008,x,, null\n"))
    assert rows.columns.tolist() == ["id", "n", "empty", "na"]
    assert rows["id"].tolist() == ["007", "008"]
    assert rows["n"].tolist() == ["1.0", "x"]
    assert rows["empty"].isna().all()
    assert rows["na"].tolist() == ["NA", " null"]


def test_quoted_cells_may_hold_commas_quotes_and_line_breaks(tmp_path: Path) -> None:
    rows = read_rows(file(tmp_path, 'id,address\n1,"Flat 2, Mill ""Old"" House\nMill Lane"\n\n2,x\n'))
    assert rows["address"].tolist() == ['Flat 2, Mill "Old" House\nMill Lane', "x"]


def test_a_byte_order_mark_is_no_part_of_the_first_header(tmp_path: Path) -> None:
    for encoding in ("utf-8", "UTF8"):
        assert read_rows(file(tmp_path, b"\xef\xbb\xbf" + CSV.encode()), encoding=encoding).columns[0] == "id"


def test_another_encoding_is_read_where_it_is_named(tmp_path: Path) -> None:
    path = file(tmp_path, CSV.encode("cp1252"))
    assert read_rows(path, encoding="cp1252")["forename"].tolist() == ["Mary", "Zoë"]
    refused(path, r"people\.csv, row 3: not utf-8 text; save it as UTF-8, or name its encoding")
    refused(path, "is no known encoding", encoding="klingon")


def test_a_character_cut_off_at_the_end_of_the_file_is_noticed(tmp_path: Path) -> None:
    refused(file(tmp_path, CSV.encode() + "local-79,Zoë".encode()[:-1]), "row 4: not utf-8 text")


@pytest.mark.parametrize(
    ("content", "saying"),
    [
        ("", "is empty"),
        ("\n\n", "is empty|no rows"),
        ("id,forename\n", "a header and no rows"),
        ("id,forename\nlocal-77,Mary,Smith\n", "row 2: it has 3 cells and the header 2"),
        ("id,forename\n1,2\nlocal-77,Mary,Smith\n", "row 3: it has 3 cells and the header 2"),
        ("id,forename\n1,2\nlocal-77\n", "row 3: it has 1 cells and the header 2"),
        ('id,forename\n1,"Mary\n2,Smith\n', "no readable CSV"),
    ],
)
def test_a_file_without_rows_or_with_ragged_ones_is_refused(tmp_path: Path, content: str, saying: str) -> None:
    refused(file(tmp_path, content), saying)


def test_a_missing_file_a_folder_and_another_kind_of_file_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "absent.csv", r"no file absent\.csv")
    (tmp_path / "folder.csv").mkdir()
    refused(tmp_path / "folder.csv", r"no file folder\.csv")
    for name in ("people.xlsx", "people", "people.csv.gz"):
        refused(file(tmp_path, CSV, name), r"only \.csv and \.parquet files are read")


def test_an_endless_cell_is_refused(tmp_path: Path) -> None:
    refused(file(tmp_path, "id,a\n1," + "x" * 200_000 + "\n"), "no readable CSV")


def test_a_parquet_file_is_read_as_texts_and_empty_texts_as_missing(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": [1, 2],
            "forename": ["Mary", ""],
            "born": pa.array([pd.Timestamp("1980-02-03"), None], pa.timestamp("s")),
            "kind": pa.array(["a", None]).dictionary_encode(),
            "nested": [[1], [2]],
            "raw": [b"x", b"y"],
        }
    )
    pq.write_table(table, tmp_path / "people.parquet")
    rows = read_rows(tmp_path / "people.parquet")
    assert rows.columns.tolist() == ["id", "forename", "born", "kind"]
    assert rows["id"].tolist() == ["1", "2"]
    assert rows["forename"].isna().tolist() == [False, True]
    assert rows["born"][0].startswith("1980-02-03")
    assert rows["kind"].isna().tolist() == [False, True]


def test_a_parquet_file_that_is_none_or_has_no_rows_is_refused(tmp_path: Path) -> None:
    refused(file(tmp_path, CSV, "people.parquet"), "no readable Parquet file")
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "none.parquet")
    refused(tmp_path / "none.parquet", "a header and no rows")


def mapped(rows: pd.DataFrame, **identifiers: str) -> str:
    """The message of the refusal."""
    with pytest.raises(BadInput) as caught:
        normalise(rows, schema=SCHEMA, mapping=ColumnMapping("id", identifiers), file="people.csv")
    assert not [w for w in SECRET_WORDS if w in "".join(traceback.format_exception_only(caught.value))]
    return str(caught.value)


PEOPLE = pd.DataFrame(
    {
        "id": ["local-77", "local-78", "local-77"],
        "forename": ["Mary", None, "Zoë"],
        "born": ["1980-02-03", "x", "31/31/1980"],
    },
    dtype="str",
)


def test_two_rows_of_one_record_id_are_named_and_the_id_is_not() -> None:
    message = mapped(PEOPLE, forename="forename")
    assert "people.csv, column 'id': rows 2 and 4 have the same record id (1 such rows in all)" in message


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_row_without_a_record_id_is_named(blank: str | None) -> None:
    rows = PEOPLE.assign(id=pd.Series(["a", "b", blank], dtype="str"))
    assert "row 4 has no record id" in mapped(rows, forename="forename")


def test_a_missing_column_an_unknown_identifier_and_an_unknown_date_order_are_named() -> None:
    assert "no column 'vorname'; it has id, forename, born" in mapped(PEOPLE, forename="vorname")
    assert "'shoe_size' is no identifier of the schema" in mapped(PEOPLE, shoe_size="forename")
    assert "map at least one" in mapped(PEOPLE)
    for mapping, saying in (
        (ColumnMapping("number", {"forename": "forename"}), "no column 'number'"),
        (ColumnMapping("id", {"forename": "forename"}, "DYM"), "date order should be one of YMD, DMY, MDY"),
        (ColumnMapping("id", {"forename": "forename"}, attributes=("custody",)), "no column 'custody'"),
    ):
        with pytest.raises(BadInput, match=saying):
            normalise(PEOPLE, schema=SCHEMA, mapping=mapping, file="people.csv")


def test_a_file_of_no_rows_is_refused() -> None:
    assert "a header and no rows" in mapped(PEOPLE.iloc[:0], forename="forename")
