"""Sets of clauses as whole numbers, one bit a clause, so that one operation answers for every clause at once.

Bitmap indexes and bit-sliced sums are those of O'Neil and Quass, "Improved query performance with variant indexes",
SIGMOD 1997. A whole number of Python has as many bits as it needs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from datetime import date
from typing import Generic, TypeAlias, TypeVar

Bits: TypeAlias = int
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value", int, date)


def members(bits: Bits) -> Iterator[int]:
    """The positions in a set, the lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def by_value(pairs: Iterable[tuple[Key, int]]) -> dict[Key, Bits]:
    """For each value the set of positions that have it."""
    found: dict[Key, Bits] = {}
    for value, position in pairs:
        found[value] = found.get(value, 0) | 1 << position
    return found


def union(sets: Iterable[Bits]) -> Bits:
    """The positions that are in any of the sets."""
    bits = 0
    for one in sets:
        bits |= one
    return bits


class Ordered(Generic[Value]):
    """Positions by a value that can be compared, such as a date: who is below a limit, and the extremes within a set."""

    __slots__ = ("_bits", "_upto", "_values")

    def __init__(self, pairs: Iterable[tuple[Value, int]]) -> None:
        """`pairs`: a value and a position that has it."""
        found = by_value(pairs)
        self._values: list[Value] = sorted(found)
        self._bits = [found[value] for value in self._values]
        self._upto = [0]
        for bits in self._bits:
            self._upto.append(self._upto[-1] | bits)

    def below(self, limit: Value) -> Bits:
        """The positions whose value is smaller than the limit."""
        return self._upto[bisect_left(self._values, limit)]

    def smallest(self, within: Bits) -> Value:
        """The smallest value in a set.

        Raises:
            ValueError: nothing in the set has a value.
        """
        return _first(zip(self._values, self._bits, strict=True), within)

    def largest(self, within: Bits) -> Value:
        """The largest value in a set; raises like `smallest`."""
        return _first(zip(reversed(self._values), reversed(self._bits), strict=True), within)


def _first(rows: Iterable[tuple[Value, Bits]], within: Bits) -> Value:
    for value, bits in rows:
        if bits & within:
            return value
    raise ValueError("nothing in the set has a value")


class Tally:
    """How often each position was counted, as binary digits: plane i holds digit i of every count."""

    __slots__ = ("_planes",)

    def __init__(self) -> None:
        self._planes: list[Bits] = []

    def add(self, bits: Bits) -> None:
        """Count these positions once more."""
        planes = self._planes
        for digit, plane in enumerate(planes):
            if not bits:
                return
            planes[digit] = plane ^ bits
            bits &= plane
        if bits:
            planes.append(bits)

    def least(self, within: Bits) -> Bits:
        """Those of a set that were counted least often."""
        for plane in reversed(self._planes):
            within = within & ~plane or within
        return within

    def count(self, position: int) -> int:
        """How often one position was counted."""
        return sum(((plane >> position) & 1) << digit for digit, plane in enumerate(self._planes))
