"""Which of many pseudo-random words are among a few: blocks among those of new rows, references among those that updates name."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

Refs = npt.NDArray[np.int64]
Word = TypeVar("Word", np.int64, np.uint64, np.uint32)
Wanted = Callable[[Refs], npt.NDArray[np.bool_]]

NONE: Final = np.empty(0, dtype=np.int64)
# Bits by which a table is larger than what it holds.
SPARE: Final = 6


class Among:
    """Tells which words are among these, which rise and are each told once."""

    def __init__(self, words: Refs) -> None:
        self.words = words

    @cached_property
    def _first_bits(self) -> tuple[np.uint64, npt.NDArray[np.bool_]]:
        """Blocks and references are pseudo-random, so that a table of their first bits settles nearly all; and how many bits follow."""
        bits = min(26, max(8, len(self.words).bit_length() + SPARE))
        shift = np.uint64(64 - bits)
        table = np.zeros(1 << bits, dtype=bool)
        table[self.words.view(np.uint64) >> shift] = True
        return shift, table

    def __call__(self, words: Refs) -> npt.NDArray[np.bool_]:
        """Which of these words are."""
        shift, table = self._first_bits
        # No bit beyond the table's is left, so that nothing wraps: it spares numpy a look at each.
        marks = table.take((words.view(np.uint64) >> shift).view(np.int64), mode="wrap")
        likely = np.flatnonzero(marks)
        if len(likely):
            marks[likely] = self.each(words[likely])
        return marks

    def each(self, words: Refs) -> npt.NDArray[np.bool_]:
        """The same of words most of which are: each is looked for."""
        if not len(self.words):
            return np.zeros(len(words), dtype=bool)
        place = np.searchsorted(self.words, words).clip(max=len(self.words) - 1)
        found: npt.NDArray[np.bool_] = self.words.take(place) == words
        return found


def each_once(words: npt.NDArray[Word]) -> npt.NDArray[Word]:
    """The words, rising and each once."""
    ordered = np.sort(words)
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def found_in(several: npt.NDArray[Word], *, wanted: npt.NDArray[Word]) -> Refs:
    """The places of all wanted words among several, of which some may stand there more than once; both rise, and each is wanted once."""
    if not len(several):
        return NONE
    first, past = np.searchsorted(wanted, several[[0, -1]])
    likely = wanted[first : past + 1]
    at = np.searchsorted(several, likely).clip(max=len(several) - 1)
    at = at[several[at] == likely]
    found = [at]
    while len(at):
        at = at[at + 1 < len(several)]
        at = at[several[at + 1] == several[at]] + 1
        found.append(at)
    return np.concatenate(found)


class Names:
    """References that updates name, numbered as they rise."""

    def __init__(self, several: Iterable[Refs]) -> None:
        self._names = each_once(np.concatenate([NONE, *several]))

    @cached_property
    def _named(self) -> Wanted:
        return Among(self._names)

    def numbers(self, refs: Refs) -> Refs:
        """The numbers of references that all are names."""
        return np.searchsorted(self._names, refs)

    def marks(self, refs: Refs) -> npt.NDArray[np.bool_]:
        """Which of the names are among these references, all of which are names."""
        out = np.zeros(len(self._names), dtype=bool)
        out[self.numbers(refs)] = True
        return out

    def places(self, within: Refs) -> tuple[Refs, Refs]:
        """Where names stand among these references, and their numbers. References of a whole submission rise."""
        if (within[1:] >= within[:-1]).all():
            return self.places_in_order(within)
        found = np.flatnonzero(self._named(within))
        return found, self.numbers(within[found])

    def places_in_order(self, within: Refs) -> tuple[Refs, Refs]:
        """The same of references that rise: the few names are looked for among them, and not each of them among the names."""
        found = found_in(within, wanted=self._names)
        return found, self.numbers(within[found])
