"""The order of many 64-bit numbers that look random, such as references and blocks, by radix: numpy sorts numbers of 16 bits that way, several times faster
than it compares long ones."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Unsigned = npt.NDArray[np.uint64]
Small = npt.NDArray[np.int32]
Order = npt.NDArray[np.int64]
HALF: Final = 32
DIGIT: Final = 16
AT_ONCE: Final = 1 << 20


def by_half(numbers: Numbers | Unsigned | Small, *, shift: int) -> Order:
    """The order of the 32 bits from `shift` on; numbers that are alike there stay in their order."""
    low, high = ((numbers >> (shift + s)).astype(np.uint16) for s in (0, DIGIT))
    order = np.argsort(low, kind="stable")
    return order.take(np.argsort(high.take(order), kind="stable"))


def ascending(numbers: Numbers | Unsigned) -> Order:
    """The order of numbers that look random, signed ones from 0 on; equal ones stay in their order. Different ones that share their highest 32 bits are
    few, and stand side by side."""
    order = by_half(numbers, shift=HALF if numbers.dtype == np.uint64 else HALF - 1)
    there = numbers.take(order)
    wrong = np.flatnonzero(there[1:] < there[:-1])
    while len(wrong):
        wrong = wrong[np.diff(wrong, prepend=-2) > 1]
        for column in (order, there):
            column[wrong], column[wrong + 1] = column[wrong + 1], column[wrong]
        wrong = np.flatnonzero(there[1:] < there[:-1])
    return order


def repeated(numbers: Numbers) -> Order:
    """The places of all numbers that occur more than once, and of very few others, ascending."""
    marked = np.zeros(len(numbers), dtype=bool)
    for places in shares(numbers):
        some = numbers if places is None else numbers.take(places)
        order = by_half(some, shift=0)
        halves = some.astype(np.uint32).take(order)
        same = np.flatnonzero(halves[1:] == halves[:-1])
        both = order.take(np.concatenate([same, same + 1]))
        marked[both if places is None else places.take(both)] = True
    return np.flatnonzero(marked)


def shares(numbers: Numbers) -> Iterator[Order | None]:
    """The places of the numbers, so many at once as are dealt with in little memory; equal ones together. None stands for all."""
    count = shares_of(len(numbers))
    for share in range(count):
        yield None if count == 1 else np.flatnonzero(in_share(numbers, share=share, of=count))


def shares_of(count: int) -> int:
    """Into how many shares so many numbers are best dealt."""
    return max(1, -(-count // AT_ONCE))


def in_share(numbers: Numbers, *, share: int, of: int) -> npt.NDArray[np.bool_]:
    """Which of the numbers are in this share, by their highest bits."""
    high = (numbers.view(np.uint64) >> np.uint64(32)).astype(np.uint32)
    return half_in_share(high, share=share, of=of)


def half_in_share(high: npt.NDArray[np.uint32], *, share: int, of: int) -> npt.NDArray[np.bool_]:
    """The same, of the numbers' higher halves."""
    begin, end = (at * (1 << 32) // of for at in (share, share + 1))
    return (high >= np.uint32(begin)) & (high <= np.uint32(end - 1))
