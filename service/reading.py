"""Reads an agency's file into cleaned records, piece by piece, as its mapping says."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from linkage.errors import BadInput
from linkage.partner.normalise import Cleaner
from linkage.partner.observed import Observed
from linkage.partner.records import CleanRecords, Column, QualityReport
from linkage.schema import Schema
from service.mapping_file import MappingFile
from service.opening import open_named
from service.progress import Progress, Step, silent

READING = "reading"
WHOLE = 100


@dataclass(frozen=True, slots=True)
class Read:
    """A file as read: its cleaned records, what cleaning found, its attribute columns by the file's names, and the cleaner, which knows the
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
    watch: Observed | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Read:
    """The file as read; only what is mapped is kept, whatever the file's size.

    Raises:
        BadInput: the file or the mapping cannot be used.
    """
    wanted = mapping.columns()
    with open_named(file, options=mapping.read_as, environment=environment) as source:
        wanted.check(list(source.columns), file=source.name)
        cleaner = Cleaner(
            schema=schema,
            mapping=wanted,
            file=source.name,
            also=[e.of for e in mapping.exclusions if e.of != "record_id"],
            watch=watch,
        )
        for batch in source.batches(wanted.columns):
            cleaner.add(batch.table, numbers=batch.numbers)
            progress(_step(cleaner.rows, source.rows, batch.fraction))
    clean, quality, columns = cleaner.finish()
    progress(Step(READING, cleaner.rows, cleaner.rows, "records"))
    return Read(clean, quality, columns, cleaner)


def _step(rows: int, known: int | None, fraction: float | None) -> Step:
    total = known if known is not None else round(rows / fraction) if fraction else None
    return Step(READING, rows, None if total is None else max(total, rows + 1), "records")


def check_usable(read: Read, *, mapping: MappingFile, file: str) -> None:
    """Nothing, if every mapped identifier that the file gives has a usable value somewhere.

    Raises:
        BadInput: a column has none; the mapping, or its order of dates, is wrong.
    """
    fields = read.quality.fields
    nothing = not any(f.valid for f in fields.values())
    if empty := [i for i, f in fields.items() if not f.valid and (f.invalid or nothing)]:
        raise BadInput(
            f"{file}, column {mapping.identifiers[empty[0]]!r}: no usable value for {empty[0]} in any row; check the mapping"
            " (and the order of dates), or take the column out of it"
        )


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
        column = read.columns[name]
        known = pc.is_in(column.values, pa.array(values[attribute], pa.string()))
        rows = column.present.copy()
        rows[rows] = ~known.to_numpy(zero_copy_only=False)[column.codes[rows]]
        if rows.any():
            row = read.cleaner.row_number(int(rows.argmax()))
            raise BadInput(
                f"{file}, column {name!r}, row {row}: not a value of {attribute} ({int(rows.sum())} such rows);"
                f" the catalogue has {', '.join(values[attribute])}"
            )
