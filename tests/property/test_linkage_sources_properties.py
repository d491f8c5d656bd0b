"""Whatever table Python's own CSV writer writes is read back the same, in batches of any size."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linkage.partner.sources.opened import open_source

NO_TEXT = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\x1c\x1d\x1e\x1f")
CELL = st.one_of(
    st.text(NO_TEXT, max_size=6),
    st.text(alphabet=" ,;\t|\"\r\n'ab", max_size=8),
    st.sampled_from(["", " ", '"', '""', "\n", "\r\n"]),
)
NAMES = st.lists(
    st.text(NO_TEXT, min_size=1, max_size=5).filter(lambda n: n.strip() and n[0] != "\ufeff"),
    min_size=1,
    max_size=4,
    unique=True,
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    header = draw(NAMES)
    return header, draw(
        st.lists(st.lists(CELL, min_size=len(header), max_size=len(header)), min_size=1, max_size=12)
    )


def written(header: list[str], rows: list[list[str]], *, delimiter: str, quoting: int, end: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


@settings(deadline=None, max_examples=150)
@given(
    tables(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 5),
)  # fmt: skip
def test_a_table_is_read_back_as_it_was_written(
    table: tuple[list[str], list[list[str]]], delimiter: str, quoting: int, end: str, batch_rows: int
) -> None:
    header, rows = table
    expected = [
        (number, [cell if cell.strip() else None for cell in row])
        for number, row in enumerate(rows, 2)
        if any(cell.strip() for cell in row)
    ]
    if end == "\n" and quoting == csv.QUOTE_MINIMAL:
        # This writer quotes no carriage return where lines do not end in one.
        assume("\r" not in "".join("".join(row) for row in [header, *rows]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(written(header, rows, delimiter=delimiter, quoting=quoting, end=end))
        source = open_source(path, delimiter=delimiter)
        assert list(source.columns) == header
        if not expected:
            return
        for size in (batch_rows, 1000):
            found = [
                (batch.row(at), list(row.values()))
                for batch in source.batches(batch_rows=size)
                for at, row in enumerate(batch.table.to_pylist())
            ]
            assert found == expected
