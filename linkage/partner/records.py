"""Cleaned records, column by column, each column as codes into its distinct values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Codes = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64] | npt.NDArray[np.int32]
SOME_VALUES = 100_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of text as codes into distinct `values`; -1 where there is none."""

    codes: Codes
    values: pa.StringArray

    @classmethod
    def of(cls, texts: pd.Series | pa.Array | pa.ChunkedArray) -> "Column":
        """The column of a series or an Arrow array; missing stays missing."""
        if isinstance(texts, pd.Series):
            texts = pa.array(texts, pa.string(), from_pandas=True)
        return cls.joined(texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts])

    @classmethod
    def joined(cls, pieces: Sequence[pa.Array]) -> "Column":
        """The column of the pieces one after another: text arrays, or dictionaries of them whose values may repeat."""
        encoded = [
            p if isinstance(p, pa.DictionaryArray) else p.cast(pa.string()).dictionary_encode() for p in pieces
        ]
        encoded = [p for p in encoded if len(p)]
        if not encoded:
            return cls.missing(0)
        whole = pa.chunked_array([_plain(p) for p in encoded]).unify_dictionaries()
        codes = [c.indices.fill_null(-1).to_numpy(zero_copy_only=False) for c in whole.chunks]
        values = whole.chunk(0).dictionary
        return cls(np.concatenate(codes).astype(np.int32, copy=False), values)._without_repeats()

    def _without_repeats(self) -> "Column":
        again = self.values.dictionary_encode()
        if len(again.dictionary) == len(self.values) and not self.values.null_count:
            return self
        new = again.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        return Column(_through(new, self.codes), again.dictionary)

    @classmethod
    def missing(cls, rows: int) -> "Column":
        """A column without any value."""
        return cls(np.full(rows, -1, dtype=np.int32), pa.array([], pa.string()))

    def map(self, of: Callable[[str], str | None]) -> "Column":
        """Every value replaced by its image; None is missing. The function is called once a distinct value."""
        return self.replaced(image(self.values, of))

    def replaced(self, images: pa.StringArray) -> "Column":
        """Every value replaced by the image in its place; null is missing."""
        return Column(self.codes, images)._without_repeats()

    def take(self, rows: Rows) -> "Column":
        """The column at these rows, in their order."""
        return Column(self.codes[rows], self.values)

    def then(self, other: "Column") -> "Column":
        """This column with the other below it."""
        return Column.joined([self._encoded(), other._encoded()])

    def _encoded(self) -> pa.DictionaryArray:
        codes = pa.array(self.codes, pa.int32(), mask=self.codes < 0)
        return pa.DictionaryArray.from_arrays(codes, self.values)

    def texts(self) -> npt.NDArray[np.object_]:
        """One text or None a row."""
        out = np.full(len(self.codes), None, dtype=object)
        has = self.codes >= 0
        out[has] = np.array(self.values.to_pylist(), dtype=object)[self.codes[has]]
        return out

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which rows have a value."""
        return self.codes >= 0


def _plain(piece: pa.DictionaryArray) -> pa.DictionaryArray:
    """The piece with codes of 32 bits, and no null among its values: Arrow does not join dictionaries that have one."""
    codes, values = piece.indices.cast(pa.int32()), piece.dictionary.cast(pa.string())
    if values.null_count:
        again = values.dictionary_encode()
        codes, values = again.indices.take(codes), again.dictionary
    return pa.DictionaryArray.from_arrays(codes, values)


def _through(images: Codes, codes: Codes) -> Codes:
    out = np.full(len(codes), -1, dtype=np.int32)
    has = codes >= 0
    out[has] = images[codes[has]]
    return out


def image(values: pa.StringArray, of: Callable[[str], str | None]) -> pa.StringArray:
    """The function's value at every text, null where it is None; as many as there are texts."""
    pieces = [
        pa.array([of(v) for v in values.slice(at, SOME_VALUES).to_pylist()], pa.string())
        for at in range(0, len(values), SOME_VALUES)
    ]
    return pa.concat_arrays(pieces) if pieces else pa.array([], pa.string())


def image_of_others(
    values: pa.StringArray, of: Callable[[str], str | None], *, usual: pa.BooleanArray, plain: pa.StringArray
) -> pa.StringArray:
    """What stands in `plain` wherever `usual` says so, and the function's value at every other text, null where it is None."""
    others = pc.invert(usual)
    return pc.replace_with_mask(plain, others, image(values.filter(others), of))


def text_bytes(
    texts: pa.StringArray,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The UTF-8 bytes that the texts lie in, where each begins there, and how many bytes it has."""
    ends = np.frombuffer(texts.buffers()[1] or bytes(4), dtype=np.int32)
    offsets = ends[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    raw = texts.buffers()[2]
    data = np.frombuffer(raw, dtype=np.uint8) if raw is not None else np.empty(0, dtype=np.uint8)
    return data, offsets[:-1], np.diff(offsets)


@dataclass(frozen=True, slots=True)
class CleanRecords:
    """Cleaned records. Row i is of record `record_ids[record[i]]`; a record with several values for an identifier has more rows."""

    record_ids: pa.StringArray
    record: Codes
    columns: Mapping[str, Column]

    @property
    def rows(self) -> int:
        """How many rows there are, alternatives included."""
        return len(self.record)

    @property
    def records(self) -> int:
        """How many records there are."""
        return len(self.record_ids)

    def keep(self, kept: npt.NDArray[np.bool_]) -> "CleanRecords":
        """The records marked in `kept`, one mark a record, with all their rows."""
        new = np.cumsum(kept, dtype=np.int32) - 1
        rows = np.flatnonzero(kept[self.record])
        return CleanRecords(
            self.record_ids.filter(pa.array(kept)),
            new[self.record[rows]].astype(np.int32),
            {i: c.take(rows) for i, c in self.columns.items()},
        )


@dataclass(frozen=True, slots=True)
class FieldQuality:
    """How one identifier fared: rows with a usable value, without any, and with one that is no valid value."""

    valid: int
    missing: int
    invalid: int

    def then(self, other: "FieldQuality") -> "FieldQuality":
        """That of these rows and the others."""
        return FieldQuality(
            self.valid + other.valid, self.missing + other.missing, self.invalid + other.invalid
        )


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What cleaning found, as counts only."""

    records: int
    fields: Mapping[str, FieldQuality]

    def then(self, other: "QualityReport") -> "QualityReport":
        """What was found in these records and the others, whose fields are the same."""
        fields = {i: one.then(other.fields[i]) for i, one in self.fields.items()}
        return QualityReport(self.records + other.records, fields)
