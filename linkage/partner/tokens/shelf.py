"""The rows of one pass in the order of their references: in memory, or, for files of many records, sorted through scratch files.

The references are pseudonyms, so their order says nothing of the file's. Rows go to shelves by their highest bits, each shelf is sorted by itself,
and the shelves follow each other. Before that it is found out who stays where too many people of the file share a value of the key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.partner.records import Codes
from linkage.partner.tokens.ordering import Numbers, ascending, by_half, repeated
from linkage.partner.tokens.prf import Words
from linkage.partner.tokens.scratch import Kept, Scratch

ROWS_IN_MEMORY: Final = 250_000
REF_BITS: Final = 63
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Dropped:
    """Which rows of a pass do not stay, a mark a row; how many of them (those of one record in one block count once) because too many people
    share their value, and how many such values there are."""

    marks: Marks
    rows: int
    values: int


def dropped(*, block: Numbers, ref: Numbers, person: Codes, most: int) -> Dropped:
    """Of the people in a block the `most` stay who have the lowest references there, with all their rows; of rows with one reference (of one record,
    then, in one block) the first stays. Only rows whose block occurs again are looked at."""
    marks = np.zeros(len(block), dtype=bool)
    suspects = repeated(block)
    if not len(suspects):
        return Dropped(marks, 0, 0)
    b, r, p = block.take(suspects).view(np.uint64), ref.take(suspects), person.take(suspects)
    order = ascending(r)
    order = order.take(by_half(p.take(order), shift=0))
    order = order.take(ascending(b.take(order)))
    b, r, p = b.take(order), r.take(order), p.take(order)
    first, again = np.ones(len(b), dtype=bool), np.zeros(len(b), dtype=bool)
    first[1:] = (b[1:] != b[:-1]) | (p[1:] != p[:-1])
    again[1:] = ~first[1:] & (r[1:] == r[:-1])
    lowest, its_block = r[first], b[first]
    opens = np.diff(its_block, prepend=~its_block[0]) != 0
    begins = np.flatnonzero(opens)
    sizes = np.diff(begins, append=len(opens))
    by_lowest = ascending(lowest)
    by_block = by_lowest.take(by_half(np.cumsum(opens).take(by_lowest), shift=0))
    place = np.empty(len(by_block), dtype=np.int64)
    place[by_block] = np.arange(len(by_block)) - np.repeat(begins, sizes)
    surplus = place.take(np.cumsum(first) - 1) >= most
    marks[suspects.take(order[surplus | again])] = True
    return Dropped(marks, int((surplus & ~again).sum()), int((sizes > most).sum()))


class Shelves:
    """Takes rows of `width` words, whose first is the reference, piece by piece, and gives them in the order of their references. No two have the
    same. `expected` is how many there will be, `beside` the submission beside which those that are too many for memory may lie; without it all are kept in memory."""

    def __init__(
        self, *, width: int, expected: int, beside: Path | None, in_memory: int = ROWS_IN_MEMORY
    ) -> None:
        self.count = 1 if beside is None else max(1, -(-expected // in_memory))
        self._width = width
        self._memory = np.empty((expected if self.count == 1 else 0, width), dtype=np.uint64)
        self._kept = 0
        self._scratch = Scratch(beside, memory=0)
        self._shelves: list[list[Kept]] = [[] for _ in range(self.count)]

    def room(self, rows: int) -> Words:
        """Where so many rows may be written before they are added."""
        if self.count == 1:
            return self._memory[self._kept : self._kept + rows]
        return np.empty((rows, self._width), dtype=np.uint64)

    def add(self, rows: Words) -> None:
        """The next rows, in the room that was given for them."""
        if self.count == 1:
            self._kept += len(rows)
            return
        shelf = ((rows[:, 0] >> np.uint64(REF_BITS - 32)) * np.uint64(self.count)) >> np.uint64(32)
        order = np.argsort(shelf.astype(np.uint16), kind="stable")
        ends = np.searchsorted(shelf.take(order), np.arange(self.count), side="right").tolist()
        ordered = rows.take(order, axis=0)
        for its, start, end in zip(self._shelves, [0, *ends], ends, strict=False):
            if end > start:
                its.append(self._scratch.put(ordered[start:end]))

    def _rows(self, number: int) -> Words:
        if self.count == 1:
            return self._memory[: self._kept]
        return np.concatenate(
            [np.empty((0, self._width), dtype=np.uint64), *(k() for k in self._shelves[number])]
        )

    def sorted(self, *, rows_at_once: int) -> Iterator[Words]:
        """All rows in the order of their references, exactly so many at once but for the last; afterwards nothing is left on the disk."""
        left = np.empty((0, self._width), dtype=np.uint64)
        for number in range(self.count):
            rows = self._rows(number)
            order = ascending(rows[:, 0].astype(np.int64))
            start = rows_at_once - len(left) if len(left) else 0
            if start:
                left = np.concatenate([left, rows.take(order[:start], axis=0)])
                if len(left) < rows_at_once:
                    continue
                yield left
            whole = start + (len(order) - start) // rows_at_once * rows_at_once
            for at in range(start, whole, rows_at_once):
                yield rows.take(order[at : at + rows_at_once], axis=0)
            left = rows.take(order[whole:], axis=0)
        if len(left):
            yield left
        self._scratch.close()
