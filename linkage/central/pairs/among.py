"""Which of many pseudo-random words are among a few: blocks among those of new rows, references among those that updates name."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Refs = npt.NDArray[np.int64]
Wanted = Callable[[Refs], npt.NDArray[np.bool_]]

NONE: Final = np.empty(0, dtype=np.int64)
# Bits by which a table is larger than what it holds.
SPARE: Final = 6


def among(words: Refs) -> Wanted:
    """Tells which words are among these, which rise. Blocks and references are pseudo-random, so that a table of their first bits settles nearly all."""
    bits = min(26, max(8, len(words).bit_length() + SPARE))
    shift = np.uint64(64 - bits)
    table = np.zeros(1 << bits, dtype=bool)
    table[words.view(np.uint64) >> shift] = True

    def wanted(block: Refs) -> npt.NDArray[np.bool_]:
        # No bit beyond the table's is left, so that nothing wraps: it spares numpy a look at each.
        marks = table.take((block.view(np.uint64) >> shift).view(np.int64), mode="wrap")
        likely = np.flatnonzero(marks)
        if len(likely):
            place = np.searchsorted(words, block[likely]).clip(max=len(words) - 1)
            marks[likely] = words[place] == block[likely]
        return marks

    return wanted


class Names:
    """References that updates name, numbered as they rise."""

    def __init__(self, several: Iterable[Refs]) -> None:
        self._names = np.unique(np.concatenate([NONE, *several]))

    @cached_property
    def _named(self) -> Wanted:
        return among(self._names)

    def numbers(self, refs: Refs) -> Refs:
        """The numbers of references that all are names."""
        return np.searchsorted(self._names, refs)

    def marks(self, refs: Refs) -> npt.NDArray[np.bool_]:
        """Which of the names are among these references, all of which are names."""
        out = np.zeros(len(self._names), dtype=bool)
        out[self.numbers(refs)] = True
        return out

    def places(self, within: Refs) -> tuple[Refs, Refs]:
        """Where names stand among these references, and their numbers. References of a whole submission rise, and then the few names are looked for among them instead
        of each of them among the names."""
        names = self._names
        if not len(names) or not len(within):
            return NONE, NONE
        if not (within[1:] > within[:-1]).all():
            found = np.flatnonzero(self._named(within))
            return found, self.numbers(within[found])
        first, past = np.searchsorted(names, within[[0, -1]])
        likely = names[first : past + 1]
        place = np.searchsorted(within, likely).clip(max=len(within) - 1)
        its = np.flatnonzero(within[place] == likely)
        return place[its], its + first
