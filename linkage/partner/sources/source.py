"""A partner's file or table as a stream of batches of texts: never more than a few batches in memory, whatever its size."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.errors import BadInput
from linkage.partner.sources.texts import listed

BATCH_ROWS: Final = 65_536
RowNumbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows one after another: text columns (null where a cell is empty), each row's number, and how much of the file is read.

    Row numbers are those that a spreadsheet shows: the header is row 1 and blank rows count, though they are left out here.
    """

    table: pa.RecordBatch
    numbers: RowNumbers
    fraction: float | None

    @property
    def first_row(self) -> int:
        """The number of the first row."""
        return int(self.numbers[0])

    def row(self, at: int) -> int:
        """The number of the row at this place of the batch; `first_row + at` unless blank rows stand between."""
        return int(self.numbers[at])


Reader = Callable[[tuple[str, ...]], Iterator[Batch]]


def _nothing() -> None:
    """Nothing has to be shut."""


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file or table. It can be read several times; leaving it (`with`) shuts it.

    `rows` and `size` (bytes) are None where they are not known without reading. `reader` gives batches of any size of the columns asked for.
    """

    name: str
    columns: tuple[str, ...]
    rows: int | None
    size: int | None
    reader: Reader = field(repr=False)
    shut: Callable[[], None] = field(default=_nothing, repr=False)

    def __enter__(self) -> "Source":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shut()

    def batches(self, columns: Sequence[str] | None = None, batch_rows: int = BATCH_ROWS) -> Iterator[Batch]:
        """All rows from the first, in batches of exactly `batch_rows` but for the last; all columns unless some are named.

        Raises:
            BadInput: a column is not there (at once), the file has no rows, or it turns out to be unreadable on the way.
        """
        wanted = self.columns if columns is None else tuple(dict.fromkeys(columns))
        if absent := [c for c in wanted if c not in self.columns]:
            raise BadInput(f"{self.name}: no column {absent[0]!r}; it has {listed(self.columns)}")
        return self._batches(wanted, batch_rows)

    def sample(self, rows: int) -> Batch:
        """The first rows, or all where there are no more.

        Raises:
            BadInput: as `batches`.
        """
        batches = self._batches(self.columns, rows)
        try:
            return next(batches)
        finally:
            batches.close()

    def _batches(self, wanted: tuple[str, ...], batch_rows: int) -> Generator[Batch]:
        none = True
        for batch in cut(self.reader(wanted), batch_rows=batch_rows):
            none = False
            yield batch
        if none:
            raise BadInput(f"{self.name}: the file has a header and no rows")


def cut(batches: Iterable[Batch], *, batch_rows: int) -> Iterator[Batch]:
    """The same rows in batches of exactly `batch_rows`, the last perhaps smaller."""
    waiting: list[Batch] = []
    held = 0
    for batch in batches:
        if not len(batch.numbers):
            continue
        waiting.append(batch)
        held += len(batch.numbers)
        if held >= batch_rows:
            whole = _joined(waiting)
            for at in range(0, held - batch_rows + 1, batch_rows):
                yield _part(whole, at, batch_rows)
            kept = held % batch_rows
            waiting = [_part(whole, held - kept, kept)] if kept else []
            held = kept
    if waiting:
        yield _part(_joined(waiting), 0, held)


def _joined(batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    table = pa.concat_batches([b.table for b in batches])
    return Batch(table, np.concatenate([b.numbers for b in batches]), batches[-1].fraction)


def _part(batch: Batch, first: int, rows: int) -> Batch:
    return Batch(batch.table.slice(first, rows), batch.numbers[first : first + rows], batch.fraction)
