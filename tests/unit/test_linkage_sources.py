"""Text files of any size are read as a stream of texts; what cannot be read is refused with its row and column, never with a value."""

import csv
import io
from pathlib import Path

import pytest

from linkage.errors import BadInput
from linkage.partner.sources.csv_layout import guess_encoding
from linkage.partner.sources.opened import SUFFIXES, open_source
from linkage.partner.sources.source import Source

SECRETS = ("Mary", "Smith", "Zoë", "Zo", "local-77", "943")
CSV = "id,forename,surname\nlocal-77,Mary,Smith\nlocal-78,Zoë,Jones\n"


def file(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cells(source: Source, **asked: object) -> list[tuple[str | None, ...]]:
    return [tuple(row.values()) for batch in source.batches(**asked) for row in batch.table.to_pylist()]  # type: ignore[arg-type]


def numbers(source: Source, batch_rows: int) -> list[int]:
    return [
        batch.row(at) for batch in source.batches(batch_rows=batch_rows) for at in range(batch.table.num_rows)
    ]


def refused(path: Path, saying: str, **options: str) -> None:
    with pytest.raises(BadInput, match=saying) as caught, open_source(path, **options) as source:  # type: ignore[arg-type]
        list(source.batches())
    said = str(caught.value)
    assert not [w for w in SECRETS if w in said]
    assert str(path.parent) not in said
    assert caught.value.__cause__ is None or not [w for w in SECRETS if w in str(caught.value.__cause__)]


def test_a_source_says_its_name_columns_and_size_before_anything_is_read(tmp_path: Path) -> None:
    with open_source(file(tmp_path, CSV)) as source:
        assert (source.name, source.columns, source.rows) == ("people.csv", ("id", "forename", "surname"), None)
        assert source.size == len(CSV.encode())


def test_cells_are_texts_and_empty_or_blank_ones_are_missing(tmp_path: Path) -> None:
    source = open_source(file(tmp_path, 'id,n,x\n007,1.0,\n008,"  ",NA\n009,"",\u00a0\n'))
    assert cells(source) == [("007", "1.0", None), ("008", None, "NA"), ("009", None, None)]


def test_only_the_columns_asked_for_are_given_in_their_order_and_each_once(tmp_path: Path) -> None:
    source = open_source(file(tmp_path, CSV))
    assert cells(source, columns=["surname", "id", "surname"]) == [("Smith", "local-77"), ("Jones", "local-78")]
    with pytest.raises(BadInput, match=r"people\.csv: no column 'vorname'; it has id, forename, surname"):
        source.batches(["vorname"])


def test_the_first_row_of_a_file_without_a_header_is_not_shown(tmp_path: Path) -> None:
    for row in ("Mary,Smith,1980-02-03", "Mary,Smith,OX4 1AB", "Mary,Smith,x@y.org", "Mary,Smith,local-7777"):
        with pytest.raises(BadInput, match="it has 3 columns, some of them named like data") as caught:
            open_source(file(tmp_path, f"{row}\na,b,c\n")).batches(["surname"])
        assert "Mary" not in str(caught.value)


def test_a_missing_value_in_the_columns_asked_for_does_not_take_the_row_away(tmp_path: Path) -> None:
    source = open_source(file(tmp_path, "id,forename\n1,\n2,x\n"))
    assert cells(source, columns=["forename"]) == [(None,), ("x",)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_header(tmp_path: Path, delimiter: str) -> None:
    text = (
        f'id{delimiter}"name, or names; all|of them"{delimiter}born\n1{delimiter}x,y;z{delimiter}2\n'.replace(
            f"x,y;z{delimiter}", f'"x{delimiter}y"{delimiter}'
        )
    )
    source = open_source(file(tmp_path, text))
    assert source.columns == ("id", "name, or names; all|of them", "born")
    assert cells(source) == [("1", f"x{delimiter}y", "2")]


def test_a_delimiter_that_is_named_is_taken_and_a_wrong_one_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "a;b,c\n1;2,3\n")
    assert open_source(path, delimiter=",").columns == ("a;b", "c")
    assert open_source(path, delimiter="semicolon").columns == ("a", "b,c")
    refused(path, "a delimiter is one character", delimiter="ab")
    refused(path, "a delimiter is one character", delimiter='"')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16", "UTF8"])
def test_every_usual_encoding_is_read_where_it_is_named(tmp_path: Path, encoding: str) -> None:
    source = open_source(file(tmp_path, CSV.encode(encoding)), encoding=encoding)
    assert source.columns[0] == "id"
    assert cells(source)[1] == ("local-78", "Zoë", "Jones")


def test_a_file_that_its_encoding_is_not_is_refused_with_row_and_column(tmp_path: Path) -> None:
    one = 'id,forename,surname\n1,a,b\n\n2,"x\ny",c\n3,Zoë,Smith\n'
    refused(file(tmp_path, one.encode("cp1252")), r"row 5: not utf-8 text; .* It is in column 'forename'")
    refused(file(tmp_path, one.encode("utf-16")), "row 1: not utf-8 text")
    refused(file(tmp_path, one.encode("utf-16-le")), "row 1, column 1: a NUL character")
    refused(file(tmp_path, one.encode()[:-8] + b"\xc3"), r"row 5: not utf-8 text; .* column 'forename'")
    refused(file(tmp_path, one.encode("utf-16") + b"\x00"), "not utf-16 text", encoding="utf-16")
    refused(file(tmp_path, CSV), "hex is no known encoding", encoding="hex")


def test_the_encoding_can_be_guessed_from_the_bytes(tmp_path: Path) -> None:
    for encoding, guessed in (
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
    ):
        path = file(tmp_path, CSV.encode(encoding))
        assert guess_encoding(path) == guessed
        assert cells(open_source(path, encoding=guessed))[1][1] == "Zoë"


def test_a_nul_is_refused_with_row_and_column(tmp_path: Path) -> None:
    refused(file(tmp_path, CSV.replace("Zoë", "Mary\0")), "row 3, column 'forename': a NUL character")


@pytest.mark.parametrize(
    ("header", "saying"),
    [
        ("id,forename,id", "columns 1 and 3 have the same name; rename one"),
        ("id,,surname", "column 2 has no name"),
        ('id," ",surname', "column 2 has no name"),
        ("id,forename,", "column 3 has no name"),
    ],
)
def test_headers_without_a_name_of_their_own_are_refused(tmp_path: Path, header: str, saying: str) -> None:
    refused(file(tmp_path, f"{header}\n1,2,3\n"), saying)


@pytest.mark.parametrize(
    ("rows", "saying"),
    [
        ("1,a\n2,b,Smith\n", "row 3: it has 3 cells and the header 2; quote cells that contain commas"),
        ("1,a\n\n\n2\n", "row 5: it has 1 cells and the header 2"),
        ('1,"a\nb\n\nc"\n2,b,Smith\n', "row 3: it has 3 cells"),
        ('1,"a\n2,Smith\n', "row 2: a quote is opened and never closed; this is no readable CSV"),
        ('1,a\n2,"Smith', "row 3: a quote is opened and never closed"),
        ("1,a\n2," + "x" * 200_000 + "\n", "row 3: a cell in column 'b' has more than 131,072 characters"),
        (
            '1,a\n2,"' + "x\n" * 5_000_000,
            "row 3: a cell has more than 131,072 characters, perhaps after a quote",
        ),
        ("", "the file has a header and no rows"),
        ("\n,\n\n", "the file has a header and no rows"),
    ],
)
def test_rows_that_are_not_as_the_header_says_are_refused_with_their_number(
    tmp_path: Path, rows: str, saying: str
) -> None:
    refused(file(tmp_path, f"a,b\n{rows}"), saying)


def test_a_ragged_row_far_into_a_large_file_has_its_right_number(tmp_path: Path) -> None:
    body = '1,"Mill ""Old"" House,\nMill Lane"\n' * 400_000
    refused(file(tmp_path, f"id,address\n{body}\n2,x,Smith\n{body}"), "row 400003: it has 3 cells")


def test_blank_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    source = open_source(file(tmp_path, '\n\nid,a\n1,x\n\n,\n2,"y\n\nz"\n"",""\n3,w\n\n'))
    assert [row[0] for row in cells(source)] == ["1", "2", "3"]
    assert numbers(source, 100) == numbers(source, 1) == [4, 7, 9]
    first = next(iter(source.batches()))
    assert (first.first_row, first.row(2)) == (4, 9)


def test_lines_that_end_in_carriage_returns_twice_or_alone_are_read(tmp_path: Path) -> None:
    for end in ("\r", "\r\n", "\r\r\n"):
        assert cells(open_source(file(tmp_path, f"id,a{end}1,x{end}2,y"))) == [("1", "x"), ("2", "y")]


def test_a_list_of_one_column_is_read_and_its_blank_lines_left_out(tmp_path: Path) -> None:
    source = open_source(file(tmp_path, 'nhs_number\n1\n\n2\n""\n3'))
    assert cells(source) == [("1",), ("2",), ("3",)]
    assert numbers(source, 2) == [2, 4, 6]


def test_batches_are_of_the_size_asked_for_and_say_how_far_they_are(tmp_path: Path) -> None:
    source = open_source(file(tmp_path, "id,a\n" + "".join(f"{i},x\n" for i in range(10))))
    batches = list(source.batches(batch_rows=4))
    assert [b.table.num_rows for b in batches] == [4, 4, 2]
    assert [b.first_row for b in batches] == [2, 6, 10]
    assert batches[-1].fraction == 1.0


def test_a_large_file_is_read_in_blocks_whose_progress_rises(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "address"])
    writer.writerows([str(i), f"{i}, Mill Lane\nOxford"] for i in range(300_000))
    path.write_text(out.getvalue(), newline="")
    last, row, fractions = None, 1, []
    with open_source(path) as source:
        for batch in source.batches(batch_rows=10_000):
            assert batch.first_row == row + 1
            row, last = batch.row(-1), batch.table.column("id")[-1].as_py()
            fractions.append(batch.fraction or 0.0)
    assert (row, last) == (300_001, "299999")
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 1


def test_a_source_can_be_read_again_and_a_reading_left_half_way(tmp_path: Path) -> None:
    source = open_source(file(tmp_path, CSV))
    assert source.sample(1).table.num_rows == 1
    assert source.sample(100).table.num_rows == 2
    assert cells(source) == cells(source)


def test_what_is_no_file_of_a_known_kind_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "absent.csv", r"no file absent\.csv")
    (tmp_path / "folder.csv").mkdir()
    refused(tmp_path / "folder.csv", r"no file folder\.csv")
    refused(file(tmp_path, CSV, "people.docx"), r"only \.csv, .* files are read")
    for suffix in SUFFIXES:
        refused(file(tmp_path, "", f"none{suffix}"), "is empty")
    refused(file(tmp_path, "\n \n"), "is empty|no name")
    refused(file(tmp_path, CSV), "it has no sheet; leave that out", sheet="1")
    refused(file(tmp_path, CSV), "it has no table; leave that out", table="people")
