"""Reads an agency's file into cleaned records, piece by piece, as its mapping says."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.errors import BadInput
from linkage.partner.normalise import Cleaner
from linkage.partner.preflight.observed import Observed
from linkage.partner.record_ids import RecordIds
from linkage.partner.records import CleanRecords, Column, QualityReport
from linkage.schema import Schema
from service.custody.opening import open_named
from service.officer.mapping_file import MappingFile
from service.progress import Progress, Step, silent

READING = "reading"
WHOLE = 100
PORTION: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Read:
    """A file, or a portion of one, as read: its cleaned records, what cleaning found, its attribute columns by the file's names, and the cleaner, which knows the
    rows' numbers."""

    clean: CleanRecords
    quality: QualityReport
    columns: Mapping[str, Column]
    cleaner: Cleaner


def read_clean(
    file: Path,
    *,
    mapping: MappingFile,
    schema: Schema,
    progress: Progress = silent,
    environment: Mapping[str, str] = os.environ,
) -> Read:
    """The file as read; only what is mapped is kept.

    Raises:
        BadInput: the file or the mapping cannot be used.
    """
    portions = read_portions(
        file, mapping=mapping, schema=schema, progress=progress, environment=environment, most=sys.maxsize
    )
    return next(portions)


def read_portions(
    file: Path,
    *,
    mapping: MappingFile,
    schema: Schema,
    progress: Progress = silent,
    watch: Observed | None = None,
    environment: Mapping[str, str] = os.environ,
    most: int = PORTION,
    beside: Path | None = None,
) -> Iterator[Read]:
    """The file portion by portion, each of about `most` records, so that no more than one has to be in memory; only what is mapped is kept. What has to be
    known of all of them lies beside the submission `beside` where it does not fit.

    Raises:
        BadInput: the file or the mapping cannot be used.
    """
    wanted = mapping.columns()
    with open_named(file, options=mapping.read_as, environment=environment) as source:
        wanted.check(list(source.columns), file=source.name)

        def cleaner() -> Cleaner:
            also = [e.of for e in mapping.exclusions if e.of != "record_id"]
            return Cleaner(schema=schema, mapping=wanted, file=source.name, also=also, watch=watch)

        ids = RecordIds(file=source.name, column=wanted.record_id, beside=beside)
        done, one = 0, cleaner()
        for batch in source.batches(wanted.columns):
            if one.rows >= most:
                done += one.rows
                yield _read(one, ids=ids)
                one = cleaner()
            one.add(batch.table, numbers=batch.numbers)
            progress(_step(done + one.rows, source.rows, batch.fraction))
        yield _read(one, ids=ids if done else None)
        if done:
            ids.check()
    progress(Step(READING, done + one.rows, done + one.rows, "records"))


def _read(cleaner: Cleaner, *, ids: RecordIds | None) -> Read:
    clean, quality, columns = cleaner.finish()
    if ids is not None:
        ids.add(clean.record_ids, numbers=cleaner.numbers)
    return Read(clean, quality, columns, cleaner)


def _step(rows: int, known: int | None, fraction: float | None) -> Step:
    total = known if known is not None else round(rows / fraction) if fraction else None
    return Step(READING, rows, None if total is None else max(total, rows + 1), "records")


def check_usable(quality: QualityReport, *, mapping: MappingFile, file: str) -> None:
    """Nothing, if every mapped identifier that the file gives has a usable value somewhere.

    Raises:
        BadInput: a column has none; the mapping, or its order of dates, is wrong.
    """
    fields = quality.fields
    nothing = not any(f.valid for f in fields.values())
    if empty := [i for i, f in fields.items() if not f.valid and (f.invalid or nothing)]:
        raise BadInput(
            f"{file}, column {mapping.identifiers[empty[0]]!r}: no usable value for {empty[0]} in any row; check the mapping"
            " (and the order of dates), or take the column out of it"
        )


def check_subgroups(read: Read, *, mapping: MappingFile, file: str) -> None:
    """Nothing, if the mapping says of every value in the columns of subgroups what it stands for.

    Raises:
        BadInput: it does not; the message names column and row, never the value.
    """
    for kind, one in mapping.subgroups.items():
        rows = _rows_with_others(read.columns[one.column], known=list(one.codes))
        if rows.any():
            row = read.cleaner.row_number(int(rows.argmax()))
            raise BadInput(
                f"{file}, column {one.column!r}, row {row}: the mapping does not say which {kind} its value stands for ({int(rows.sum())} such rows);"
                f" add it under subgroups, {kind}, codes"
            )


def _rows_with_others(column: Column, *, known: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which rows have a value that is not among these."""
    among = pc.is_in(column.values, pa.array(known, pa.string()))
    rows = column.present.copy()
    rows[rows] = ~among.to_numpy(zero_copy_only=False)[column.codes[rows]]
    return rows


def check_values(read: Read, *, mapping: MappingFile, values: Mapping[str, tuple[str, ...]], file: str) -> None:
    """Nothing, if every attribute is in the catalogue and holds its values alone; `values` are the catalogue's by attribute, none for any.

    Raises:
        BadInput: an attribute is not in the catalogue, or a row has another value; the message names column and row.
    """
    for attribute, name in mapping.attributes.items():
        if attribute not in values:
            raise BadInput(f"{file}: {attribute} is not among {mapping.partner}'s attributes in the catalogue")
        if not values[attribute]:
            continue
        rows = _rows_with_others(read.columns[name], known=values[attribute])
        if rows.any():
            row = read.cleaner.row_number(int(rows.argmax()))
            raise BadInput(
                f"{file}, column {name!r}, row {row}: not a value of {attribute} ({int(rows.sum())} such rows);"
                f" the catalogue has {', '.join(values[attribute])}"
            )
