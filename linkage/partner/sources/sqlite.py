"""Tables of SQLite files through Python's own SQLite, opened read-only."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from linkage.errors import BadInput
from linkage.partner.sources.parquet import FIRST_ROW
from linkage.partner.sources.source import Batch, Source
from linkage.partner.sources.tables import choose, quoted, selection
from linkage.partner.sources.texts import cell_text, check_names

PIECE_ROWS: Final = 16_384
SCHEMA: Final = "main"


def open_sqlite(path: Path, *, table: str | None) -> Source:
    """A table or view of a SQLite file. Columns declared as BLOB are left out.

    Raises:
        BadInput: it is no SQLite file, or has no such table.
    """
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        listed = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall()
    except sqlite3.Error:
        raise BadInput(f"{path.name} is no readable SQLite database") from None
    tables = [(SCHEMA, str(t)) for (t,) in listed if not t.startswith("sqlite_")]
    one = choose(table, tables=tables, name=path.name)
    name = f"{path.name}, table {one[1]!r}"
    described = connection.execute(f"PRAGMA table_info({quoted(one[1])})").fetchall()
    columns = tuple(str(c[1]) for c in described if str(c[2]).upper() != "BLOB")
    check_names(columns, file=name)
    try:
        (rows,) = connection.execute(f"SELECT count(*) FROM {quoted(one[1])}").fetchone()  # noqa: S608  quoted
    except sqlite3.Error:
        raise BadInput(f"{name}: it cannot be read") from None
    reader = partial(_read, connection=connection, table=one[1], name=name, of=max(int(rows), 1))
    return Source(name, columns, int(rows), path.stat().st_size, reader, connection.close)


def _read(
    columns: tuple[str, ...], *, connection: sqlite3.Connection, table: str, name: str, of: int
) -> Iterator[Batch]:
    done = 0
    try:
        cursor = connection.execute(selection(columns, table=(SCHEMA, table)))
        while rows := cursor.fetchmany(PIECE_ROWS):
            for at, row in enumerate(rows):
                if any(isinstance(cell, bytes) for cell in row):
                    column = columns[next(i for i, cell in enumerate(row) if isinstance(cell, bytes))]
                    raise BadInput(
                        f"{name}, row {FIRST_ROW + done + at}, column {column!r}: bytes instead of text"
                    )
            arrays = [pa.array(map(cell_text, cells), pa.string()) for cells in zip(*rows, strict=True)]
            numbers = np.arange(FIRST_ROW + done, FIRST_ROW + done + len(rows), dtype=np.int64)
            done += len(rows)
            table_ = pa.RecordBatch.from_arrays(arrays, names=list(columns))
            yield Batch(table_, numbers, min(1.0, done / of))
    except sqlite3.Error:
        # Its message would repeat a text that is no UTF-8.
        raise BadInput(f"{name}: it cannot be read to its end; is every text in it UTF-8?") from None
