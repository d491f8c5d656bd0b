"""Counts a file's values portion by portion, for what the data officer reads before anything leaves. The values themselves are not kept: once there is a
second portion, digests under a throw-away key stand for them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys import Secret
from linkage.partner.preflight.reasons import NO_PLACEHOLDERS_IN, WORDS
from linkage.partner.records import CleanRecords, Column
from linkage.partner.tokens.prf import Cmac
from linkage.partner.tokens.scratch import Kept, Scratch

WHOLE_NAME: Final = ("forename", "surname", "date_of_birth", "postcode")
DATE: Final = "date_of_birth"
MEMORY: Final = 16 << 20
Counts = npt.NDArray[np.int64]
Held = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Records that agree with another on forename, surname, date of birth and postcode, and how many groups they form."""

    records: int
    groups: int


class Tally:
    """Takes records portion by portion; of a record with several rows its first counts. What does not fit in memory lies beside the submission
    `beside`."""

    def __init__(self, *, beside: Path | None = None) -> None:
        self._scratch = Scratch(beside, memory=MEMORY)
        self._cmac = Cmac(Secret(AESGCM.generate_key(256), name="throw-away"))
        self._only: Held | None = None
        self._values: dict[str, list[tuple[Kept, Kept]]] = {}
        self._whole: list[Kept] = []
        self._placeholders: Counter[str] = Counter()
        self._present: Counter[str] = Counter()
        self._dates: Counter[str] = Counter()
        self.records = 0

    @classmethod
    def of(cls, clean: CleanRecords) -> "Tally":
        """The counts of these records."""
        tally = cls()
        tally.add(clean)
        return tally

    def add(self, clean: CleanRecords) -> None:
        """The next records."""
        main = np.unique(clean.record, return_index=True)[1]
        held = {i: c.take(main) for i, c in clean.columns.items()}
        for identifier, column in held.items():
            counts = _counts(column)
            self._present[identifier] += int(counts.sum())
            self._placeholders[identifier] += _placeholders(identifier, column, counts)
            if identifier == DATE:
                self._dates.update(dict(zip(column.values.to_pylist(), counts.tolist(), strict=True)))
        if self.records == 0:
            self._only = held
        else:
            self._put_first()
            self._put(held)
        self.records += clean.records

    def _put_first(self) -> None:
        if self._only is not None:
            self._put(self._only)
        self._only = None

    def _put(self, held: Held) -> None:
        digests = {}
        for identifier, column in held.items():
            digests[identifier] = self._cmac.texts(column.values)
            counts = _counts(column)
            used = np.flatnonzero(counts)
            put = self._scratch.put
            kept = put(digests[identifier][used, 0]), put(counts[used])
            self._values.setdefault(identifier, []).append(kept)
        if set(WHOLE_NAME) <= set(held):
            rows = np.flatnonzero(np.logical_and.reduce([held[i].present for i in WHOLE_NAME]))
            of = [digests[i].take(held[i].codes[rows], axis=0) for i in WHOLE_NAME]
            if len(rows):
                self._whole.append(self._scratch.put(self._cmac.derive(of, counters=[1])[0][:, 0]))

    def holds(self, identifier: str) -> bool:
        """Whether the identifier is a column of the records."""
        return identifier in self._present

    def counts(self, identifier: str) -> Counts | None:
        """How many records have each value of the identifier; None where it is not held at all."""
        if not self.holds(identifier):
            return None
        if self._only is not None:
            counts = _counts(self._only[identifier])
            return counts[counts > 0]
        digest, counts = (
            np.concatenate([k() for k in kept]) for kept in zip(*self._values[identifier], strict=True)
        )
        order = np.argsort(digest)
        digest, counts = digest.take(order), counts.take(order)
        begins = np.flatnonzero(np.append(True, digest[1:] != digest[:-1])[: len(digest)])
        return np.add.reduceat(counts, begins) if len(begins) else counts

    def placeholders(self, identifier: str) -> int:
        """How many records have a word for "not known" in the identifier."""
        return self._placeholders[identifier]

    def dates(self) -> Mapping[str, int]:
        """How many records have each date of birth."""
        return {date: count for date, count in self._dates.items() if count}

    def duplicates(self) -> Duplicates | None:
        """Records that agree with another; None where an identifier that this needs is not held."""
        if not all(self._present[i] for i in WHOLE_NAME):
            return None
        if self._only is not None:
            shared = np.bincount(_combined(self._only))
        else:
            every = np.concatenate([np.empty(0, dtype=np.uint64), *(k() for k in self._whole)])
            shared = np.unique(every, return_counts=True)[1]
        return Duplicates(int(shared[shared > 1].sum()), int((shared > 1).sum()))


def _combined(held: Held) -> Counts:
    """A number for each record that has all of a whole name, equal for those that agree."""
    columns = [held[i] for i in WHOLE_NAME]
    whole = np.logical_and.reduce([c.present for c in columns])
    code = np.zeros(int(whole.sum()), dtype=np.int64)
    for column in columns:
        code = np.unique(code * len(column.values) + column.codes[whole], return_inverse=True)[1].astype(
            np.int64
        )
    return code


def _counts(column: Column) -> Counts:
    """How many of the column's rows have each of its values."""
    return np.bincount(column.codes[column.present], minlength=len(column.values)).astype(np.int64)


def _placeholders(identifier: str, column: Column, counts: Counts) -> int:
    if identifier in NO_PLACEHOLDERS_IN:
        return 0
    plain = pc.replace_substring(column.values, " ", "")
    words = pc.is_in(plain, value_set=pa.array(sorted(WORDS), pa.string())).to_numpy(zero_copy_only=False)
    return int(counts[words].sum())
