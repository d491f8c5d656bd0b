"""Each record's coarse codes as they leave: local codes through the mapping's table, and no code that only a few records have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.partner.ledger.changes import reference_order
from linkage.partner.records import Column
from linkage.subgroups import SUBGROUPS_KNOWN, UNKNOWN, Numbers, Refs, SubgroupCodes

FEWEST: Final = 10
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SubgroupColumn:
    """One kind in the partner's file: its column, and the code that each of the column's own values stands for."""

    column: str
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SubgroupCounts:
    """For the officer alone: how many records go with each code of a kind, and how many of those that go as unknown had a code that too few have."""

    kind: str
    column: str
    records: Mapping[str, int]
    folded: int


class SubgroupRows:
    """Takes the columns of a file's records portion by portion. `wanted` has the kinds that the mapping names."""

    def __init__(self, wanted: Mapping[str, SubgroupColumn]) -> None:
        self._wanted = dict(sorted(wanted.items()))
        self._pieces: dict[str, list[Numbers]] = {kind: [] for kind in self._wanted}

    def add(self, columns: Mapping[str, Column]) -> None:
        """The next records. A missing value is unknown."""
        for kind, one in self._wanted.items():
            known = SUBGROUPS_KNOWN[kind]
            column = columns[one.column]
            numbers = [known.index(one.codes[value]) for value in column.values.to_pylist()]
            # The last place is that of a missing value, whose code is -1.
            of = np.array([*numbers, UNKNOWN], dtype=np.uint8)
            self._pieces[kind].append(of[column.codes])

    def leaving(self, refs: Refs) -> SubgroupCodes:
        """The codes of all records, whose references these are, in the order of references."""
        order = reference_order(refs)
        return SubgroupCodes(refs[order], {kind: self._leaving(kind)[0][order] for kind in self._wanted})

    def counts(self) -> tuple[SubgroupCounts, ...]:
        """What leaves, counted."""
        out = []
        for kind, one in self._wanted.items():
            numbers, folded = self._leaving(kind)
            counts = np.bincount(numbers, minlength=len(SUBGROUPS_KNOWN[kind])).tolist()
            records = dict(zip(SUBGROUPS_KNOWN[kind], counts, strict=True))
            out.append(SubgroupCounts(kind, one.column, records, folded))
        return tuple(out)

    def _leaving(self, kind: str) -> tuple[Numbers, int]:
        numbers = np.concatenate([np.empty(0, dtype=np.uint8), *self._pieces[kind]])
        counts = np.bincount(numbers, minlength=len(SUBGROUPS_KNOWN[kind])).astype(np.int64)
        goes = too_few(counts)
        images = np.where(goes, UNKNOWN, np.arange(len(goes))).astype(np.uint8)
        return images[numbers], int(counts[goes].sum())


def no_codes(kinds: Sequence[str]) -> SubgroupCodes:
    """The codes of no record."""
    nobody = np.empty(0, dtype=np.uint8)
    return SubgroupCodes(nobody.reshape(0, 16), dict.fromkeys(sorted(kinds), nobody))


def too_few(counts: Counts) -> npt.NDArray[np.bool_]:
    """Which codes go as unknown: those that fewer than 10 records have. While all that are unknown then are fewer than 10 themselves, so that whoever knows what is
    missing could name them, the next rarest goes too."""
    goes = (counts > 0) & (counts < FEWEST)
    goes[UNKNOWN] = False
    while goes.any() and counts[goes].sum() + counts[UNKNOWN] < FEWEST:
        left = (counts > 0) & ~goes
        left[UNKNOWN] = False
        if not left.any():
            break
        goes[np.flatnonzero(left)[np.argmin(counts[left])]] = True
    return goes
