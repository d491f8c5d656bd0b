"""Watches an agency's values on their way through cleaning: why texts were refused, as counts, and a random sample of values for the search."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.partner.preflight.reasons import reason
from linkage.partner.records import CleanRecords

MOST_VALUES: Final = 20_000
RECORD_ID: Final = "record_id"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen: `reasons` by identifier, with how many rows each; `values` by identifier, to be searched for and then forgotten; `left_out`,
    how many values the sample does not hold (one that occurs in several pieces of a file may count more than once)."""

    reasons: Mapping[str, Mapping[str, int]]
    values: Mapping[str, pa.StringArray]
    left_out: int


class _Sample:
    """At most twice `most` values, those with the least random numbers."""

    def __init__(self, most: int, rng: np.random.Generator) -> None:
        self._most, self._rng = most, rng
        self._pieces: list[pa.StringArray] = []
        self._numbers: list[npt.NDArray[np.float64]] = []
        self._limit = 1.0
        self.given = 0

    def add(self, values: pa.StringArray) -> None:
        """Takes the values of a piece, each once."""
        numbers = self._rng.random(len(values))
        low = np.flatnonzero(numbers < self._limit)
        self._pieces.append(values if len(low) == len(values) else values.take(pa.array(low)))
        self._numbers.append(numbers[low])
        self.given += len(values)
        if sum(map(len, self._numbers)) > 2 * self._most:
            kept, least = self._least()
            self._pieces, self._numbers, self._limit = [kept], [least], float(least.max())

    def _least(self) -> tuple[pa.StringArray, npt.NDArray[np.float64]]:
        numbers = np.concatenate([np.empty(0), *self._numbers])
        values = pa.concat_arrays([pa.array([], pa.string()), *self._pieces])
        first = np.argsort(numbers)[: self._most]
        return values.take(pa.array(first)), numbers[first]

    def values(self) -> pa.StringArray:
        """At most `most` values in random order, each once."""
        return pc.unique(self._least()[0])


class Observed:
    """Takes what cleaning is given and what it makes of it, piece by piece; bounded memory, whatever the size of the file."""

    def __init__(self, *, randomness: Callable[[int], bytes], most: int = MOST_VALUES) -> None:
        self._rng = np.random.default_rng(int.from_bytes(randomness(16), "big"))
        self._most = most
        self._samples: dict[str, _Sample] = {}
        self._reasons: dict[str, Counter[str]] = {}

    def ids(self, ids: pa.StringArray) -> None:
        """Takes the local record ids of a piece."""
        self._sample(RECORD_ID).add(ids)

    def identifiers(self, identifier: str, raw: pa.DictionaryArray, clean: pa.StringArray) -> None:
        """Takes an identifier's texts of a piece; `clean` has the canonical value of each text of `raw.dictionary`, or null."""
        self._sample(identifier).add(raw.dictionary)
        rows = raw.indices.drop_null().to_numpy()
        counts = np.bincount(rows, minlength=len(raw.dictionary))
        refused = np.flatnonzero(clean.is_null().to_numpy(zero_copy_only=False) & (counts > 0))
        tally = self._reasons.setdefault(identifier, Counter())
        for text, count in zip(raw.dictionary.take(pa.array(refused)).to_pylist(), counts[refused].tolist(), strict=True):  # fmt: skip
            tally[reason(text, identifier=identifier)] += count

    def cleaned(self, clean: CleanRecords) -> None:
        """Takes the values of cleaned records as well."""
        for identifier, column in clean.columns.items():
            self._sample(identifier).add(column.values)

    def finish(self) -> Seen:
        """What was seen."""
        drawn = {i: sample.values() for i, sample in self._samples.items()}
        left, values, left_out = self._most, {}, 0
        few_first = sorted(drawn, key=lambda i: len(drawn[i]))
        for at, identifier in enumerate(few_first):
            values[identifier] = drawn[identifier].slice(0, left // (len(few_first) - at))
            left -= len(values[identifier])
            given = self._samples[identifier].given
            left_out += (given if given > self._most else len(drawn[identifier])) - len(values[identifier])
        reasons = {i: dict(tally.most_common()) for i, tally in self._reasons.items() if tally}
        return Seen(reasons, values, left_out)

    def _sample(self, identifier: str) -> _Sample:
        return self._samples.setdefault(identifier, _Sample(self._most, self._rng))
