"""Excel and OpenDocument spreadsheets: one sheet, its header the first row that is not empty.

A sheet has at most 1,048,576 rows and is held in memory as the library reads it; what is handed on is a stream all the same.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from linkage.errors import BadInput
from linkage.partner.sources.source import Batch, Source
from linkage.partner.sources.texts import cell_text, check_names

PIECE_ROWS: Final = 16_384


def open_excel(path: Path, *, sheet: str | None = None) -> Source:
    """The sheet of that name, or the first.

    Raises:
        BadInput: it is no spreadsheet or locked, has no such sheet, or a column of the header has no name.
    """
    try:
        with CalamineWorkbook.from_path(path) as book:
            names = book.sheet_names
            if not names or (sheet is not None and sheet not in names):
                raise BadInput(
                    f"{path.name}: no sheet {sheet!r}; it has {', '.join(map(repr, names)) or 'none'}"
                )
            one = book.get_sheet_by_name(sheet or names[0])
    except PasswordError:
        raise BadInput(f"{path.name} is locked by a password: save a copy without one") from None
    except (CalamineError, OSError):
        raise BadInput(f"{path.name} is no readable spreadsheet: save it again as .xlsx or as CSV") from None
    name = f"{path.name}, sheet {one.name!r}"
    number, header = _header(one, name=name)
    columns = _columns(one, number=number, header=header, name=name)
    rows = one.total_height - number
    reader = partial(_read, sheet=one, number=number, header=columns, name=name, of=max(rows, 1))
    return Source(name, columns, None, path.stat().st_size, reader)


def _header(sheet: CalamineSheet, *, name: str) -> tuple[int, Sequence[Any]]:
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if any(cell_text(c) for c in cells):
            return number, cells
    raise BadInput(f"{name} is empty")


def _columns(sheet: CalamineSheet, *, number: int, header: Sequence[Any], name: str) -> tuple[str, ...]:
    names = [cell_text(c) or "" for c in header]
    used = max(i for i, n in enumerate(names, 1) if n.strip())
    first = sheet.start[1] if sheet.start else 0
    for at, one in enumerate(names[:used]):
        if not one.strip():
            raise BadInput(
                f"{name}, row {number}: cell {letters(first + at)}{number} of the header is blank or merged with another;"
                " give every column a name in a cell of its own"
            )
    columns = tuple(names[:used])
    check_names(columns, file=name)
    return columns


def letters(at: int) -> str:
    """A column's letters as a spreadsheet shows them; 0 is A."""
    out = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        out = chr(ord("A") + rest) + out
    return out


def _read(
    columns: tuple[str, ...], *, sheet: CalamineSheet, number: int, header: tuple[str, ...], name: str, of: int
) -> Iterator[Batch]:
    places = [header.index(c) for c in columns]
    piece: list[list[str | None]] = []
    numbers: list[int] = []

    def made() -> Batch:
        arrays = [pa.array([row[p] for row in piece], pa.string()) for p in places]
        table = pa.RecordBatch.from_arrays(arrays, names=list(columns))
        return Batch(table, np.array(numbers, dtype=np.int64), min(1.0, (numbers[-1] - number) / of))

    for row, cells in enumerate(sheet.iter_rows(), 1):
        texts = [cell_text(c) for c in cells]
        if row <= number or not any(texts):
            continue
        if any(texts[len(header) :]):
            at = next(i for i, t in enumerate(texts) if i >= len(header) and t)
            first = sheet.start[1] if sheet.start else 0
            raise BadInput(
                f"{name}, row {row}: cell {letters(first + at)}{row} stands beside the table, whose header is row {number}"
                f" with {len(header)} columns; give that column a name, or delete what stands above the header"
            )
        piece.append(texts)
        numbers.append(row)
        if len(piece) == PIECE_ROWS:
            yield made()
            piece, numbers = [], []
    if piece:
        yield made()
