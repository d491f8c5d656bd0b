"""Parquet files and spreadsheets are read as streams of texts, dates as YYYY-MM-DD and whole numbers without a decimal point."""

import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.partner.sources.opened import open_source
from tests.sources_read import cells, refused

# Parquet


def parquet(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    path = folder / "people.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_parquet_values_of_every_kind_become_texts(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        {
            "whole": pa.array([7, None], pa.int64()),
            "nhs": pa.array([9434765919.0, float("nan")]),
            "half": pa.array([0.5, -3.0]),
            "flag": [True, None],
            "born": [date(1980, 2, 3), None],
            "at": pa.array([datetime(1980, 2, 3), datetime(1980, 2, 3, 4, 5)], pa.timestamp("us")),
            "summer": pa.array([datetime(1980, 7, 1, 23), None], pa.timestamp("ns", "Europe/London")),
            "money": pa.array([Decimal("12.00"), Decimal("12.50")], pa.decimal128(8, 2)),
            "kind": pa.array(["a", " "]).dictionary_encode(),
            "clock": pa.array([time(4, 5), None]),
            "list": [[1], [2]],
            "raw": [b"x", b"y"],
            "parts": [{"a": 1}, {"a": 2}],
        },
    )
    source = open_source(path)
    assert source.columns == ("whole", "nhs", "half", "flag", "born", "at", "summer", "money", "kind", "clock")
    assert source.rows == 2
    assert cells(source) == [
        ("7", "9434765919", "0.5", "True", "1980-02-03", "1980-02-03", "1980-07-02", "12", "a", "04:05:00"),
        (None, None, "-3", None, None, "1980-02-03 04:05:00", None, "12.50", None, None),
    ]


def test_parquet_row_groups_follow_each_other_with_their_row_numbers(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"id": list(range(100_000)), "x": ["y"] * 100_000}, row_group_size=30_000)
    batches = list(open_source(path).batches(["id"], batch_rows=40_000))
    assert [b.first_row for b in batches] == [2, 40_002, 80_002]
    assert [b.table.num_rows for b in batches] == [40_000, 40_000, 20_000]
    assert batches[1].table.column("id")[0].as_py() == "40000"
    assert batches[-1].fraction == 1.0


def test_parquet_files_that_are_none_or_have_nothing_to_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "none.parquet").write_bytes(b"Mary")
    refused(tmp_path / "none.parquet", "is no readable Parquet file")
    refused(parquet(tmp_path, {"a": [[1]]}), "it has no column of texts, numbers or dates")
    refused(parquet(tmp_path, {"id": pa.array([], pa.string())}), "a header and no rows")
    path = parquet(tmp_path, {"id": ["Mary" * 9] * 200_000, "n": list(range(200_000))})
    broken = bytearray(path.read_bytes())
    broken[50_000:90_000] = bytes(40_000)
    path.write_bytes(broken)
    refused(path, "is no readable Parquet file: export it again")


# Spreadsheets


def excel(folder: Path, sheets: dict[str, list[list[Any]]], name: str = "people.xlsx") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / name)
    return folder / name


ROWS = [
    ["id", "born", "nhs", "seen", "ok"],
    [1, date(1980, 2, 3), 9434765919, datetime(2020, 1, 2, 3, 4), True],
    [2.5, datetime(1981, 2, 3), "943 476 5919", None, "  "],
]
READ = [
    ("1", "1980-02-03", "9434765919", "2020-01-02 03:04:00", "True"),
    ("2.5", "1981-02-03", "943 476 5919", None, None),
]


def test_a_sheets_typed_cells_become_texts(tmp_path: Path) -> None:
    source = open_source(excel(tmp_path, {"People": ROWS}))
    assert source.name == "people.xlsx, sheet 'People'"
    assert source.columns == ("id", "born", "nhs", "seen", "ok")
    assert cells(source) == READ
    assert cells(source, columns=["nhs", "id"]) == [("9434765919", "1"), ("943 476 5919", "2.5")]


def test_the_first_sheet_is_read_unless_another_is_named(tmp_path: Path) -> None:
    path = excel(tmp_path, {"Notes": [["a"], ["x"]], "People": ROWS, "Empty": []})
    assert open_source(path).columns == ("a",)
    assert cells(open_source(path, sheet="People")) == READ
    refused(path, "no sheet 'people'; it has 'Notes', 'People', 'Empty'", sheet="people")
    refused(path, r"sheet 'Empty' is empty", sheet="Empty")


def test_the_header_is_the_first_row_that_is_not_empty_and_row_numbers_are_the_sheets(tmp_path: Path) -> None:
    rows = [[], [None, "id", "forename"], [None, 1, "a"], [], [None, 2, "b"], [None, None, " "]]
    source = open_source(excel(tmp_path, {"S": rows}))
    (batch,) = source.batches()
    assert batch.table.to_pylist() == [{"id": "1", "forename": "a"}, {"id": "2", "forename": "b"}]
    assert [batch.row(0), batch.row(1)] == [3, 5]
    assert batch.first_row == 3


def test_a_header_with_a_blank_or_merged_cell_is_refused_by_the_cells_name(tmp_path: Path) -> None:
    refused(
        excel(tmp_path, {"S": [["id", None, "born"], [1, 2, 3]]}),
        "row 1: cell B1 of the header is blank or merged",
    )
    path = excel(tmp_path, {"S": [["id", "name", None, "born"], [1, "Mary", 2, 3]]})
    book = openpyxl.load_workbook(path)
    book.worksheets[0].merge_cells("B1:C1")
    book.save(path)
    refused(path, "cell C1 of the header is blank or merged")
    refused(excel(tmp_path, {"S": [["id", "id"], [1, 2]]}), "columns 1 and 2 have the same name")


def test_a_title_above_the_table_is_told_by_what_stands_beside_it(tmp_path: Path) -> None:
    rows = [["Export of March"], ["id", "forename"], [1, "Mary"]]
    refused(
        excel(tmp_path, {"S": rows}),
        "row 2: cell B2 stands beside the table, whose header is row 1 with 1 columns",
    )


def test_an_opendocument_sheet_is_read(tmp_path: Path) -> None:
    def row(*values: str) -> str:
        return f"<table:table-row>{''.join(values)}</table:table-row>"

    def text(value: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    born = '<table:table-cell office:value-type="date" office:date-value="1980-02-03"><text:p>03/02/80</text:p></table:table-cell>'
    number = (
        '<table:table-cell office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell>'
    )
    names = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text")
    )
    rows = row(text("id"), text("born")) + row(number, born)
    content = (
        f'<?xml version="1.0"?><office:document-content{names}><office:body><office:spreadsheet>'
        f'<table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    path = tmp_path / "people.ods"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        out.writestr(
            "META-INF/manifest.xml", '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:m"/>'
        )
        out.writestr("content.xml", content)
    assert cells(open_source(path)) == [("7", "1980-02-03")]


def test_what_is_no_spreadsheet_is_refused(tmp_path: Path) -> None:
    for suffix in (".xlsx", ".xls", ".ods", ".xlsb"):
        path = tmp_path / f"people{suffix}"
        path.write_bytes(b"Mary,Smith")
        refused(path, "is no readable spreadsheet")
