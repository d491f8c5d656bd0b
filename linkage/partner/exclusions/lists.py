"""Reads an exclusion list: one column of any file that records are read from, or a list without a header, one value a line.

The check for national data opt-outs sends its answer without a header, one NHS number and a comma a line. A list that is empty, or has a
cell that is no NHS number where NHS numbers are expected, is refused: it could hide somebody who objected.
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from linkage.attestations import Listed, Without
from linkage.errors import BadInput
from linkage.partner.exclusions.exclusions import Exclusion
from linkage.partner.identifiers import KINDS
from linkage.partner.sources.opened import open_source

PLAIN_SUFFIXES: Final = (".csv", ".dat", ".txt")
Cells = Iterator[tuple[int, str]]


def read_exclusion(
    path: Path,
    *,
    name: str,
    of: Listed,
    checked: date,
    column: str | None = None,
    keeps: bool = False,
    without: Without | None = None,
) -> Exclusion:
    """The list in the file. `column` names its column by the header; None is for a list without a header, whose first cells are read.

    Records that have no NHS number are left out by a list that `keeps`, and kept by any other, unless `without` says otherwise.

    Raises:
        BadInput: the file cannot be read, has no such column, no value, or a cell that is no valid value; the message names the row alone.
    """
    cells = _lines(path) if column is None else _column(path, column=column)
    values = frozenset(_canonical(cells, of=of, file=path.name, header=column is not None))
    if not values:
        raise BadInput(
            f"{path.name}: there is no value in this list. An empty list is refused: it is mostly a mistake"
        )
    return Exclusion(name, of, values, checked, path.name, keeps, without or ("excluded" if keeps else "kept"))


def _canonical(cells: Cells, *, of: Listed, file: str, header: bool) -> Iterator[str]:
    clean = KINDS["nhs_number"].clean if of == "nhs_number" else str
    for row, text in cells:
        value = clean(text)
        if value is None:
            hint = "" if header or row > 1 else "; if this row is the header, name the column"
            raise BadInput(
                f"{file}, row {row}: this is no valid NHS number{hint}. Correct the list: a number that cannot be read may be of somebody who objected"
            )
        yield value


def _column(path: Path, *, column: str) -> Cells:
    with open_source(path) as source:
        if column not in source.columns:
            # The header is not shown: where a list has none, its first row is somebody's number.
            raise BadInput(
                f"{path.name}: no column {column!r}. Write the name as it stands in the header; for a list without a header, name no column"
            )
        for batch in source.batches([column]):
            for at, text in enumerate(batch.table.column(0).to_pylist()):
                if text is not None:
                    yield batch.row(at), text.strip()


def _lines(path: Path) -> Cells:
    if not path.is_file():
        raise BadInput(f"no file {path.name}")
    if path.suffix.lower() not in PLAIN_SUFFIXES:
        raise BadInput(
            f"{path.name}: a list without a header is read from {', '.join(PLAIN_SUFFIXES)}; for this file, name its column"
        )
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            for row, cells in enumerate(csv.reader(source, strict=True), 1):
                if cells and cells[0].strip():
                    yield row, cells[0].strip()
    except (UnicodeDecodeError, csv.Error) as fault:
        raise BadInput(f"{path.name} is no readable list in UTF-8: save it again") from fault
