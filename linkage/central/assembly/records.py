"""The records of all partners, and a quick way to find pseudonyms among many."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.errors import BadSubmission
from linkage.tokens import PassMap

Bytes16 = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


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


def byte_order(refs: Bytes16) -> Ints:
    """The numbers of the pseudonyms in the order of their bytes."""
    high, low = halves(refs)
    order = np.argsort(high, kind="stable")
    if len(order) and (np.diff(high[order]) == 0).any():
        order = np.lexsort((low, high))
    return order


class Finder:
    """Finds pseudonyms among those known, by binary search over their first half."""

    def __init__(self, refs: Bytes16) -> None:
        self._order = byte_order(refs)
        high, low = halves(refs)
        self._high, self._low = high[self._order], low[self._order]

    @property
    def twice(self) -> bool:
        """Whether one is known twice."""
        same = (np.diff(self._high) == 0) & (np.diff(self._low) == 0)
        return bool(same.any())

    def find(self, refs: Bytes16) -> Ints:
        """The number of each pseudonym among those known, -1 where it is not."""
        high, low = halves(refs)
        found = np.full(len(high), -1, dtype=np.int64)
        place = np.searchsorted(self._high, high)
        open_ones = np.arange(len(high))
        while len(open_ones):
            at = place[open_ones]
            inside = at < len(self._high)
            open_ones, at = open_ones[inside], at[inside]
            alike = self._high[at] == high[open_ones]
            open_ones, at = open_ones[alike], at[alike]
            hit = self._low[at] == low[open_ones]
            found[open_ones[hit]] = self._order[at[hit]]
            open_ones = open_ones[~hit]
            place[open_ones] += 1
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
