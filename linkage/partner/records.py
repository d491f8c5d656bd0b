"""Cleaned records, column by column, each column as codes into its distinct values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of text as codes into distinct `values`; -1 where there is none."""

    codes: Codes
    values: npt.NDArray[np.object_]

    @classmethod
    def of(cls, texts: pd.Series) -> "Column":
        """The column of a series; missing stays missing."""
        plain = texts.to_numpy(dtype=object).copy()
        plain[texts.isna().to_numpy()] = None
        codes, values = pd.factorize(plain, use_na_sentinel=True)
        return cls(codes.astype(np.int64), np.asarray(values, dtype=object))

    @classmethod
    def missing(cls, rows: int) -> "Column":
        """A column without any value."""
        return cls(np.full(rows, -1, dtype=np.int64), np.empty(0, dtype=object))

    def map(self, of: Callable[[str], str | None]) -> "Column":
        """Every value replaced by its image; None is missing. The function is called once a distinct value."""
        images = np.array([of(v) for v in self.values], dtype=object)
        if not len(images):
            return self
        codes, values = pd.factorize(images, use_na_sentinel=True)
        return Column(
            np.where(self.codes < 0, -1, codes[self.codes]).astype(np.int64), np.asarray(values, dtype=object)
        )

    def take(self, rows: Codes) -> "Column":
        """The column at these rows, in their order."""
        return Column(self.codes[rows], self.values)

    def texts(self) -> npt.NDArray[np.object_]:
        """One text or None a row."""
        out = np.full(len(self.codes), None, dtype=object)
        has = self.codes >= 0
        out[has] = self.values[self.codes[has]]
        return out

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which rows have a value."""
        return self.codes >= 0


@dataclass(frozen=True, slots=True)
class CleanRecords:
    """Cleaned records. Row i is of record `record_ids[record[i]]`; a record with several values for an identifier has more rows."""

    record_ids: npt.NDArray[np.object_]
    record: Codes
    columns: Mapping[str, Column]

    @property
    def rows(self) -> int:
        """How many rows there are, alternatives included."""
        return len(self.record)


@dataclass(frozen=True, slots=True)
class FieldQuality:
    """How one identifier fared: rows with a usable value, without any, and with one that is no valid value."""

    valid: int
    missing: int
    invalid: int


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What cleaning found, as counts only."""

    records: int
    fields: Mapping[str, FieldQuality]
