"""From an agency's rows to cleaned records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from linkage.errors import BadInput
from linkage.partner.identifiers import KINDS
from linkage.partner.identifiers.dates import ORDERS, clean_in_order
from linkage.partner.records import CleanRecords, Codes, Column, FieldQuality, QualityReport
from linkage.schema import IDENTIFIERS, Schema

ALTERNATIVES: Final = {"previous_surname": "surname", "alias_forename": "forename"}


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which of the agency's columns is what. `identifiers` maps the schema's identifier (or an alternative of one) to a column."""

    record_id: str
    identifiers: Mapping[str, str]
    date_order: str = "YMD"
    attributes: tuple[str, ...] = field(default=())

    def check(self, columns: list[str], *, file: str) -> None:
        """Nothing, if every column is there.

        Raises:
            BadInput: a column is missing, or an identifier or date order unknown.
        """
        if self.date_order not in ORDERS:
            raise BadInput(f"{file}: date order should be one of {', '.join(ORDERS)}")
        if unknown := [i for i in self.identifiers if i not in IDENTIFIERS and i not in ALTERNATIVES]:
            known = ", ".join((*IDENTIFIERS, *ALTERNATIVES))
            raise BadInput(f"{file}: {unknown[0]!r} is no identifier of the schema; known are {known}")
        if absent := [
            c for c in (self.record_id, *self.identifiers.values(), *self.attributes) if c not in columns
        ]:
            raise BadInput(f"{file}: no column {absent[0]!r}; it has {', '.join(columns)}")
        if not self.identifiers:
            raise BadInput(f"{file}: no column is mapped to an identifier; map at least one")


def check_record_ids(ids: pd.Series, *, file: str) -> None:
    """Nothing, if every row has a record id of its own.

    Raises:
        BadInput: an id is missing or stands twice; the message names the rows, never the id.
    """
    if ids.empty:
        raise BadInput(f"{file}: the file has a header and no rows")
    blank = ids.isna() | (ids.astype("string").str.strip() == "").fillna(value=True)
    if blank.any():
        raise BadInput(
            f"{file}, column {ids.name!r}: row {int(np.flatnonzero(blank.to_numpy())[0]) + 2} has no record id"
        )
    again = ids.duplicated().to_numpy()
    if again.any():
        row = int(np.flatnonzero(again)[0])
        first = int(np.flatnonzero((ids == ids.iloc[row]).to_numpy())[0])
        raise BadInput(
            f"{file}, column {ids.name!r}: rows {first + 2} and {row + 2} have the same record id"
            f" ({int(again.sum())} such rows in all); every record needs an id of its own"
        )


def normalise(
    rows: pd.DataFrame, *, schema: Schema, mapping: ColumnMapping, file: str
) -> tuple[CleanRecords, QualityReport]:
    """The rows as cleaned records of the schema's identifiers, and what cleaning found.

    Raises:
        BadInput: a column is missing, or record ids are not unique.
    """
    mapping.check(list(rows.columns), file=file)
    check_record_ids(rows[mapping.record_id], file=file)
    raw = {i: Column.of(rows[c]) for i, c in mapping.identifiers.items()}
    clean = {i: column.map(_cleaner(i, mapping.date_order)) for i, column in raw.items()}
    fields = {i: _quality(raw[i], clean[i]) for i in mapping.identifiers}
    wanted = {c.identifier for c in schema.comparisons.values()} | {
        i for k in schema.match_keys for i in k.identifiers
    }
    columns: dict[str, Column] = {
        i: clean.get(i, Column.missing(len(rows))) for i in IDENTIFIERS if i in wanted
    }
    record = np.arange(len(rows), dtype=np.int64)
    for alternative, identifier in ALTERNATIVES.items():
        if alternative in clean and identifier in columns:
            record, columns = _with_alternative(record, columns, clean[alternative], identifier)
    ids = rows[mapping.record_id].astype(str).to_numpy(dtype=object)
    return CleanRecords(ids, record, columns), QualityReport(len(rows), fields)


def _cleaner(identifier: str, order: str) -> Callable[[str], str | None]:
    if identifier == "date_of_birth":
        return lambda text: clean_in_order(str(text), order)
    kind = KINDS[ALTERNATIVES.get(identifier, identifier)]
    return lambda text: kind.clean(str(text))


def _quality(raw: Column, clean: Column) -> FieldQuality:
    valid, given = int(clean.present.sum()), int(raw.present.sum())
    return FieldQuality(valid, len(raw.codes) - given, given - valid)


def _with_alternative(
    record: Codes, columns: dict[str, Column], other: Column, identifier: str
) -> tuple[Codes, dict[str, Column]]:
    """The rows, and one more row for every record whose alternative value differs from its main one."""
    more = np.flatnonzero(
        other.present & (other.texts() != columns[identifier].take(np.arange(len(other.codes))).texts())
    )
    rows = np.concatenate([np.arange(len(record)), more])
    taken = {i: c.take(rows) for i, c in columns.items()}
    main, extra = columns[identifier].texts(), other.texts()[more]
    taken[identifier] = Column.of(pd.Series(np.concatenate([main, extra]), dtype=object))
    return record[rows], taken
