"""The records of all partners, and a quick way to find pseudonyms among many."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.errors import BadSubmission
from linkage.tokens import PassMap

Bytes16 = npt.NDArray[np.uint8]
Bytes12 = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint16]
Shorts = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Records:
    """All records of all partners, in the order of partner and pseudonym; `partner` is a number into `partners`, `record_ref` (n, 16) bytes."""

    partners: tuple[str, ...]
    partner: Ints
    record_ref: Bytes16

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.partner)


def halves(refs: Bytes16) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The pseudonyms as two numbers each, whose order is that of their bytes."""
    both = np.ascontiguousarray(refs).view(">u8").reshape(-1, 2)
    return both[:, 0].astype(np.uint64), both[:, 1].astype(np.uint64)


def first_halves(refs: Bytes16) -> npt.NDArray[np.uint64]:
    """The first of them: nearly always it is enough to tell pseudonyms apart."""
    return np.ascontiguousarray(refs).view(">u8").reshape(-1, 2)[:, 0].astype(np.uint64)


def byte_order(refs: Bytes16) -> Ints:
    """The numbers of the pseudonyms in the order of their bytes."""
    high = first_halves(refs)
    if _rises(high):
        return np.arange(len(high))
    order = np.argsort(high, kind="stable")
    if not _rises(high[order]):
        order = np.lexsort(halves(refs)[::-1])
    return order


def _rises(numbers: npt.NDArray[np.uint64]) -> bool:
    """Whether each is above the one before it."""
    return bool((numbers[1:] > numbers[:-1]).all())


class Finder:
    """Finds pseudonyms among those known, by binary search over their first half. Those that are known in the order of their bytes are not ordered again."""

    def __init__(self, refs: Bytes16) -> None:
        self._refs, self._high = refs, first_halves(refs)
        self._order: Ints | None = None
        if not _rises(self._high):
            self._order = byte_order(refs)
            self._high = self._high[self._order]

    @property
    def twice(self) -> bool:
        """Whether one is known twice."""
        alike = np.flatnonzero(self._high[1:] == self._high[:-1])
        one, other = (self._refs[self._known(at)] for at in (alike, alike + 1))
        return bool((one == other).all(axis=1).any())

    def _known(self, place: Ints) -> Ints:
        """The numbers of those at these places in the order of the first halves."""
        return place if self._order is None else self._order[place]

    def find(self, refs: Bytes16) -> Ints:
        """The number of each pseudonym among those known, -1 where it is not."""
        high, low = halves(refs)
        # In order, so that each search begins near where the one before it ended, and ends in memory that is still near.
        order = np.argsort(high)
        high, low = high[order], low[order]
        found = np.full(len(high), -1, dtype=np.int64)
        place = np.searchsorted(self._high, high)
        open_ones = np.arange(len(high))
        while len(open_ones):
            at = place[open_ones]
            inside = at < len(self._high)
            open_ones, at = open_ones[inside], at[inside]
            alike = self._high[at] == high[open_ones]
            open_ones, at = open_ones[alike], at[alike]
            known = self._known(at)
            hit = halves(self._refs.take(known, axis=0))[1] == low[open_ones]
            found[order[open_ones[hit]]] = known[hit]
            open_ones = open_ones[~hit]
            place[open_ones] += 1
        return found


class Numbered:
    """Finds the numbers of records by their pseudonyms: `number` has that of each."""

    def __init__(self, refs: Bytes16, *, number: Ints) -> None:
        self._finder, self._number = Finder(refs), number

    def find(self, refs: Bytes16) -> Ints:
        """The number of each pseudonym's record, -1 where there is no such record."""
        found = self._finder.find(refs)
        known = found >= 0
        found[known] = self._number[found[known]]
        return found


def gather(maps: Mapping[str, PassMap]) -> Records:
    """All records that the partners' `records` maps list, in the order of partner and pseudonym.

    Raises:
        BadSubmission: a partner lists a record twice.
    """
    partners = tuple(sorted(maps))
    for name in partners:
        if Finder(maps[name].record_ref).twice:
            raise BadSubmission(f"{name} lists a record twice")
    its = [maps[name].record_ref for name in partners]
    return Records(
        partners,
        np.repeat(np.arange(len(partners), dtype=np.int64), [len(refs) for refs in its]),
        np.concatenate([refs[byte_order(refs)] for refs in its]) if its else np.empty((0, 16), dtype=np.uint8),
    )
