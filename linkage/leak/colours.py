"""Colours of nodes as 64-bit words: what is alike has one colour, what differs has two but for a chance of about n² in 2^64.

Words instead of running numbers, so that the colours of two graphs can be compared without naming them together. The mixing is the finaliser of
SplitMix64 (Steele, Lea and Flood 2014); a multiset's colour is the sum of its mixed members.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


def mixed(words: npt.NDArray[np.generic]) -> Words:
    """Each word, an integer of any type, replaced by one that looks random; equal words stay equal."""
    z = np.asarray(words).astype(np.uint64) + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return np.asarray(z ^ (z >> np.uint64(31)))


def joined(first: npt.NDArray[np.generic], second: npt.NDArray[np.generic]) -> Words:
    """One colour for each ordered pair of colours."""
    return mixed(mixed(first) * np.uint64(3) + mixed(second))


def unordered(first: Words, second: Words) -> Words:
    """One colour for each pair of colours in either order."""
    return mixed(mixed(first) + mixed(second))


def multiset(words: npt.NDArray[np.generic], *, at: Numbers, size: int) -> Words:
    """For each of `size` places the colour of the multiset of words that stand `at` it; 0 where none does."""
    out = np.zeros(size, dtype=np.uint64)
    np.add.at(out, at, mixed(words))
    return out


def row_colours(table: npt.NDArray[np.generic]) -> Words:
    """One colour for each row of an (n, k) table of integers; all equal where k is 0."""
    out = np.zeros(len(table), dtype=np.uint64)
    for column in table.T:
        out = joined(out, column.astype(np.int64))
    return out


def dense(words: npt.NDArray[np.generic]) -> Numbers:
    """The words as running numbers from 0, in the order of their values."""
    numbers = np.unique(words, return_inverse=True)[1]
    return np.asarray(numbers, dtype=np.int64)
