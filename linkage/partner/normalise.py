"""From an agency's rows to cleaned records."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from linkage.errors import BadInput
from linkage.partner.identifiers import KINDS, Kind
from linkage.partner.identifiers.dates import ORDERS, clean_many_in_order
from linkage.partner.identifiers.kind import no_alternatives
from linkage.partner.record_ids import twice
from linkage.partner.records import CleanRecords, Codes, Column, FieldQuality, QualityReport, image
from linkage.partner.sources.texts import listed
from linkage.schema import IDENTIFIERS, Schema

ALTERNATIVES: Final = {
    "previous_surname": "surname",
    "alias_surname": "surname",
    "alias_forename": "forename",
    "previous_postcode": "postcode",
    "former_upn": "upn",
}
FIRST_ROW: Final = 2


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which of the agency's columns is what. `identifiers` maps the schema's identifier (or an alternative of one) to a column; `latest_years` has, for
    columns whose years have two digits, the latest year that they can mean."""

    record_id: str
    identifiers: Mapping[str, str]
    date_order: str = "YMD"
    attributes: tuple[str, ...] = field(default=())
    date_orders: Mapping[str, str] = field(default_factory=dict)
    latest_years: Mapping[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        return tuple(dict.fromkeys((self.record_id, *self.identifiers.values(), *self.attributes)))

    def order_of(self, column: str) -> str:
        """In which order the column writes its dates."""
        return self.date_orders.get(column, self.date_order)

    def check(self, columns: list[str], *, file: str) -> None:
        """Nothing, if every column is there.

        Raises:
            BadInput: a column is missing, or an identifier or date order unknown.
        """
        if not {self.date_order, *self.date_orders.values()} <= set(ORDERS):
            raise BadInput(f"{file}: date order should be one of {', '.join(ORDERS)}")
        if unknown := [i for i in self.identifiers if i not in IDENTIFIERS and i not in ALTERNATIVES]:
            known = ", ".join((*IDENTIFIERS, *ALTERNATIVES))
            raise BadInput(f"{file}: {unknown[0]!r} is no identifier of the schema; known are {known}")
        if absent := [
            c for c in (self.record_id, *self.identifiers.values(), *self.attributes) if c not in columns
        ]:
            raise BadInput(f"{file}: no column {absent[0]!r}; it has {listed(columns)}")
        if not self.identifiers:
            raise BadInput(f"{file}: no column is mapped to an identifier; map at least one")


class Watch(Protocol):
    """Sees what is cleaned, piece by piece."""

    def ids(self, ids: pa.StringArray) -> None:
        """Takes the record ids of a piece."""
        ...

    def identifiers(self, identifier: str, raw: pa.DictionaryArray, clean: pa.StringArray) -> None:
        """Takes an identifier's texts of a piece, and the canonical value of each text of the dictionary, or null."""
        ...


class Cleaner:
    """Takes an agency's rows piece by piece; keeps of them only what is mapped, as codes into distinct values. `also` are identifiers to keep though
    the schema does not read them; a `watch` sees what is cleaned, and into what."""

    def __init__(
        self,
        *,
        schema: Schema,
        mapping: ColumnMapping,
        file: str,
        also: Collection[str] = (),
        watch: Watch | None = None,
    ) -> None:
        self._schema, self._mapping, self._file = schema, mapping, file
        self._also, self._watch = frozenset(also), watch
        self._ids: list[pa.StringArray] = []
        self._identifiers: dict[str, list[pa.DictionaryArray]] = {i: [] for i in mapping.identifiers}
        self._attributes: dict[str, list[pa.DictionaryArray]] = {a: [] for a in mapping.attributes}
        self._given = dict.fromkeys(mapping.identifiers, 0)
        self._numbers: list[Codes] = []

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return sum(map(len, self._numbers))

    @property
    def numbers(self) -> Codes:
        """The numbers of the rows, as a spreadsheet shows them."""
        return np.concatenate(self._numbers)

    def row_number(self, record: int) -> int:
        """The number of the row that the record stands in, as a spreadsheet shows it."""
        return int(self.numbers[record])

    def add(self, piece: pa.RecordBatch, *, numbers: npt.NDArray[np.int64] | None = None) -> None:
        """The next rows, as text columns; `numbers` are those of the rows as a spreadsheet shows them, if not one after another from 2.

        Raises:
            BadInput: a row has no record id; the message names the row.
        """
        if numbers is None:
            numbers = np.arange(self.rows, self.rows + piece.num_rows) + FIRST_ROW
        ids = _texts(piece.column(self._mapping.record_id))
        blank = pc.or_kleene(pc.is_null(ids), pc.equal(pc.utf8_trim_whitespace(ids), ""))
        if pc.any(blank).as_py():
            row = int(numbers[pc.index(blank, pa.scalar(value=True)).as_py()])
            raise BadInput(f"{self._file}, column {self._mapping.record_id!r}: row {row} has no record id")
        self._ids.append(ids)
        if self._watch is not None:
            self._watch.ids(ids)
        for identifier, column in self._mapping.identifiers.items():
            raw = _texts(piece.column(column)).dictionary_encode()
            self._given[identifier] += len(raw) - raw.null_count
            clean = _cleaned(
                identifier,
                raw.dictionary,
                order=self._mapping.order_of(column),
                latest_year=self._mapping.latest_years.get(column),
            )
            if self._watch is not None:
                self._watch.identifiers(identifier, raw, clean)
            self._identifiers[identifier].append(pa.DictionaryArray.from_arrays(raw.indices, clean))
        for column, pieces in self._attributes.items():
            pieces.append(pc.utf8_trim_whitespace(_texts(piece.column(column))).dictionary_encode())
        self._numbers.append(numbers.astype(np.int32))

    def finish(self) -> tuple[CleanRecords, QualityReport, Mapping[str, Column]]:
        """The cleaned records, what cleaning found, and the attribute columns by the file's names, one entry a record.

        Raises:
            BadInput: there are no rows, or a record id stands twice; the message names the rows, never the id.
        """
        if not self.rows:
            raise BadInput(f"{self._file}: the file has a header and no rows")
        ids = pa.concat_arrays(self._ids)
        self._check_once(ids)
        clean = {i: Column.joined(pieces) for i, pieces in self._identifiers.items()}
        fields = {i: _quality(clean[i], self._given[i]) for i in clean}
        wanted = self._schema.reads | (self._also & set(clean))
        columns: dict[str, Column] = {
            i: clean.get(i, Column.missing(self.rows)) for i in IDENTIFIERS if i in wanted
        }
        record, columns = _with_alternatives(columns, clean)
        attributes = {c: Column.joined(pieces) for c, pieces in self._attributes.items()}
        return CleanRecords(ids, record, columns), QualityReport(self.rows, fields), attributes

    def _check_once(self, ids: pa.StringArray) -> None:
        again = len(ids) - pc.count_distinct(ids).as_py()
        if not again:
            return
        codes = ids.dictionary_encode().indices.to_numpy()
        order = np.argsort(codes, kind="stable")
        second = int(order[1:][codes[order[1:]] == codes[order[:-1]]].min())
        first = int(np.flatnonzero(codes == codes[second])[0])
        rows = self.row_number(first), self.row_number(second)
        raise twice(self._file, column=self._mapping.record_id, rows=rows, count=again)


def normalise(
    rows: pd.DataFrame, *, schema: Schema, mapping: ColumnMapping, file: str
) -> tuple[CleanRecords, QualityReport]:
    """The rows as cleaned records of the schema's identifiers, and what cleaning found.

    Raises:
        BadInput: a column is missing, there are no rows, or record ids are missing or not unique.
    """
    mapping.check(list(rows.columns), file=file)
    cleaner = Cleaner(schema=schema, mapping=mapping, file=file)
    texts = {c: pa.array(rows[c], pa.string(), from_pandas=True) for c in mapping.columns}
    cleaner.add(pa.record_batch(texts))
    return cleaner.finish()[:2]


def _texts(column: pa.Array) -> pa.StringArray:
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def _cleaned(identifier: str, values: pa.StringArray, *, order: str, latest_year: int | None) -> pa.StringArray:
    if identifier == "date_of_birth":
        return clean_many_in_order(values, order, latest_year=latest_year)
    kind: Kind = KINDS[ALTERNATIVES.get(identifier, identifier)]
    return kind.clean_many(values) if kind.clean_many is not None else image(values, kind.clean)


def _quality(clean: Column, given: int) -> FieldQuality:
    valid = int(clean.present.sum())
    return FieldQuality(valid, len(clean.codes) - given, given - valid)


def _with_alternatives(
    columns: dict[str, Column], clean: Mapping[str, Column]
) -> tuple[Codes, dict[str, Column]]:
    """One row a record, and one more for every other value of an identifier by which the record's person may be known: those of columns mapped
    for that purpose, and those that the identifier's own rule gives (a half of a double surname)."""
    count, columns = len(next(iter(columns.values())).codes), dict(columns)
    records, extra = [np.arange(count, dtype=np.int32)], []
    for alternative, identifier in ALTERNATIVES.items():
        if alternative in clean and identifier in columns:
            both = columns[identifier].then(clean[alternative])
            main, other = both.codes[:count], both.codes[count:]
            rows = np.flatnonzero((other >= 0) & (other != main)).astype(np.int32)
            extra.append((identifier, rows, Column(other[rows], both.values)))
    for identifier, column in columns.items():
        kind = KINDS[identifier]
        rows, values = _own_alternatives(column, kind)
        if len(rows):
            extra.append((identifier, rows, values))
        if kind.main is not None:
            columns[identifier] = column.map(kind.main)
    records += [rows for _, rows, _ in extra]
    every = np.concatenate(records)
    if not extra:
        return every, columns
    out = {}
    for identifier, column in columns.items():
        pieces = [column]
        for changed, rows, values in extra:
            pieces.append(values if changed == identifier else column.take(rows))
        out[identifier] = _stacked(pieces)
    return every, out


def _own_alternatives(column: Column, kind: Kind) -> tuple[Codes, Column]:
    if kind.alternatives is no_alternatives:
        return np.empty(0, dtype=np.int32), Column.missing(0)
    found = [kind.alternatives(v) for v in column.values.to_pylist()]
    counts = np.fromiter(map(len, found), dtype=np.int32, count=len(found))
    if not counts.sum():
        return np.empty(0, dtype=np.int32), Column.missing(0)
    starts = np.cumsum(counts) - counts
    rows = np.flatnonzero(column.present).astype(np.int32)
    codes = column.codes[rows]
    each = counts[codes]
    where = np.repeat(np.arange(len(rows)), each)
    begins = np.repeat(np.cumsum(each) - each, each)
    value = starts[codes][where] + np.arange(len(where)) - begins
    every = Column.of(pa.array([v for values in found for v in values], pa.string()))
    return rows[where], every.take(value)


def _stacked(pieces: list[Column]) -> Column:
    """The pieces below each other; pieces that share their values are not encoded again."""
    values = pieces[0].values
    if all(p.values is values for p in pieces):
        return Column(np.concatenate([p.codes for p in pieces]), values)
    out = pieces[0]
    for piece in pieces[1:]:
        out = out.then(piece)
    return out
