"""Parquet files of any size, one piece of a row group after another; only the columns asked for are decoded."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.errors import BadInput
from linkage.partner.sources.source import BATCH_ROWS, Batch, Source
from linkage.partner.sources.texts import as_texts, check_names, has_text, without_blanks

FIRST_ROW = 2


def open_parquet(path: Path) -> Source:
    """The file, its footer read. Columns of lists, records and bytes are left out.

    Raises:
        BadInput: it is no Parquet file, or has no column of texts, or a column without a name.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError):
        raise _unreadable(path) from None
    columns = tuple(f.name for f in schema if has_text(f.type))
    check_names(columns, file=path.name)
    return Source(path.name, columns, rows, path.stat().st_size, partial(_read, path=path, rows=rows))


def _read(columns: tuple[str, ...], *, path: Path, rows: int) -> Iterator[Batch]:
    done = 0
    try:
        # Without a buffer a whole column of a row group would be held at once.
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            for table in file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
                yield batch_of(table.select(list(columns)), first_row=FIRST_ROW + done, of=rows)
                done += table.num_rows
    except (pa.ArrowException, OSError):
        raise _unreadable(path) from None


def batch_of(table: pa.RecordBatch, *, first_row: int, of: int | None) -> Batch:
    """A batch of texts from a batch of any types; `of` is how many rows there are, if that is known."""
    texts = pa.RecordBatch.from_arrays([as_texts(c) for c in table.columns], names=table.schema.names)
    numbers = np.arange(first_row, first_row + table.num_rows, dtype=np.int64)
    fraction = min(1.0, (first_row - FIRST_ROW + table.num_rows) / of) if of else None
    return Batch(without_blanks(texts), numbers, fraction)


def _unreadable(path: Path) -> BadInput:
    return BadInput(f"{path.name} is no readable Parquet file: export it again")
