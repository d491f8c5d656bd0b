"""CSV files of any size: decoded and checked block by block, parsed by Arrow, every cell a text.

Quotes, doubled quotes and line breaks inside them are as in RFC 4180; a row without any value is no row, but counts in row numbers.
"""

import codecs
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from linkage.partner.sources.csv_faults import LONGEST_CELL, endless, ragged, unreadable, where_broken
from linkage.partner.sources.csv_layout import Layout, layout_of
from linkage.partner.sources.source import Batch, Source
from linkage.partner.sources.texts import without_blanks

BLOCK: Final = 1 << 21
READ: Final = 1 << 20
# Ends the last line and adds a blank one. Where the blank one does not come back as a row, a quote is still open.
SENTINEL: Final = b"\n\n"


def open_csv(path: Path, *, encoding: str = "utf-8", delimiter: str | None = None) -> Source:
    """The file, its header read.

    Raises:
        BadInput: see `layout_of`; and while it is read, a row that is not as wide as the header, or is no text.
    """
    layout = layout_of(path, encoding=encoding, delimiter=delimiter)
    return Source(
        path.name, layout.columns, None, path.stat().st_size, partial(_read, path=path, layout=layout)
    )


class Utf8Stream(io.RawIOBase):
    """The file's data as UTF-8 with the sentinel at its end. What is no text ends the stream early and sets `broken`."""

    def __init__(self, path: Path, *, codec: str, skip: int) -> None:
        self._source = path.open("rb")
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._skip = skip
        self._ready = b""
        self._ended = False
        self._taken = 0
        self.marks: list[int] = []
        self.broken = False

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, `size` of them unless the file ends; `marks` then has how much of the file they reach to."""
        ready = bytearray(self._ready)
        while not self._ended and (size < 0 or len(ready) < size):
            ready += self._next()
        most = len(ready) if size < 0 else size
        self._ready = bytes(ready[most:])
        self.marks.append(self._taken)
        return bytes(ready[:most])

    def _next(self) -> bytes:
        block = self._source.read(READ)
        self._taken += len(block)
        self._ended = not block
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            return self._break()
        if "\0" in text:
            return self._break()
        skipped = min(self._skip, len(text))
        self._skip -= skipped
        return text[skipped:].encode() + (SENTINEL if self._ended else b"")

    def _break(self) -> bytes:
        self.broken = self._ended = True
        return b""

    def close(self) -> None:
        """Shuts the file."""
        self._source.close()
        super().close()


def _read(columns: tuple[str, ...], *, path: Path, layout: Layout) -> Iterator[Batch]:
    size = path.stat().st_size
    row = layout.header_row + 1
    closed = False
    with Utf8Stream(path, codec=layout.codec, skip=layout.skip) as stream:
        for table, wrong, reached in _parsed(stream, path, layout):
            if stream.broken:
                break
            if wrong:
                at, cells = wrong[0]
                raise ragged(
                    path.name, row=layout.header_row + at, cells=cells, expected=len(layout.columns), delimiter=layout.delimiter,
                )  # fmt: skip
            _check_lengths(table, file=path.name, row=row)
            closed = not any(c[-1].is_valid for c in table.columns)
            numbers = np.arange(row, row + table.num_rows, dtype=np.int64)
            row += table.num_rows
            yield _without_blank_rows(Batch(without_blanks(table), numbers, reached / size), columns)
        if stream.broken:
            raise where_broken(path, codec=layout.codec, delimiter=layout.delimiter, columns=layout.columns)
    if not closed:
        raise unreadable(path.name, row=row - 1, why="a quote is opened and never closed")


Wrong = list[tuple[int, int]]


def _parsed(stream: Utf8Stream, path: Path, layout: Layout) -> Iterator[tuple[pa.RecordBatch, Wrong, int]]:
    """Arrow's batches, with the rows met so far that are not as wide as the header (their place after it, their number of cells) and the bytes
    of the file up to about here: Arrow reads ahead, but makes one batch of each block."""
    wrong: Wrong = []

    def note(row: pcsv.InvalidRow) -> str:
        wrong.append((row.number, row.actual_columns))
        return "skip"

    try:
        reader = pcsv.open_csv(
            stream,
            read_options=pcsv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=layout.columns),
            parse_options=pcsv.ParseOptions(
                delimiter=layout.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pcsv.ConvertOptions(
                column_types=dict.fromkeys(layout.columns, pa.string()),
                check_utf8=False,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        for at, table in enumerate(reader):
            if table.num_rows or wrong:
                yield table, wrong, stream.marks[min(at, len(stream.marks) - 1)]
    except pa.ArrowInvalid:
        if not stream.broken:
            raise where_broken(
                path, codec=layout.codec, delimiter=layout.delimiter, columns=layout.columns
            ) from None


def _without_blank_rows(batch: Batch, columns: tuple[str, ...]) -> Batch:
    """These columns of the batch, without the rows that have no value in any column."""
    kept = batch.table.select(list(columns))
    blank = np.ones(len(batch.numbers), dtype=bool)
    for column in sorted(batch.table.columns, key=lambda c: c.null_count):
        if not blank.any():
            break
        blank &= column.is_null().to_numpy(zero_copy_only=False)
    if blank.any():
        kept = kept.filter(pa.array(~blank))
    return Batch(kept, batch.numbers[~blank], batch.fraction)


def _check_lengths(table: pa.RecordBatch, *, file: str, row: int) -> None:
    for name, column in zip(table.schema.names, table.columns, strict=True):
        lengths = pc.binary_length(column)
        if (pc.max(lengths).as_py() or 0) > LONGEST_CELL:
            at = int(np.argmax(lengths.fill_null(0).to_numpy(zero_copy_only=False)))
            raise endless(file, row=row + at, column=f"column {name!r}")
