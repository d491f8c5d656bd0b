"""The rows of one pass in the order of their references: in memory, or, for files of many millions of records, sorted through scratch files.

The references are pseudonyms, so their order says nothing of the file's. Rows go to shelves by their highest bits, each shelf is sorted by itself,
and the shelves follow each other. Where too many people of the file share a value of the key, who of them stays is found once all rows are shelved.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.partner.blocks import Ways
from linkage.partner.records import Codes

ROW: Final = np.dtype(
    [("ref", "<i8"), ("block", "<i8"), ("secret", "<u8", (2,)), ("row", "<i4"), ("swapped", "?")]
)
ROWS_IN_MEMORY: Final = 4_000_000
BUCKET_BITS: Final = 24
Records = npt.NDArray[np.void]


class Shelves:
    """Takes a pass's rows piece by piece, then gives them in the order of their references. With no scratch folder all are kept in memory."""

    def __init__(self, *, expected: int, scratch: Path | None, in_memory: int = ROWS_IN_MEMORY) -> None:
        self._count = 1 if scratch is None else max(1, -(-expected // in_memory))
        self._scratch = scratch
        self._memory = np.empty(expected if self._count == 1 else 0, dtype=ROW)
        self._kept = 0
        self._buckets = 1 << min(BUCKET_BITS, max(8, expected.bit_length() + 3))

    def add(self, ways: Ways, refs: npt.NDArray[np.int64]) -> None:
        """The next rows, with their references."""
        rows = np.empty(len(refs), dtype=ROW)
        rows["ref"], rows["block"], rows["secret"] = refs, ways.block, ways.secret
        rows["row"], rows["swapped"] = ways.row, ways.swapped
        if self._count == 1:
            self._memory[self._kept : self._kept + len(rows)] = rows
        else:
            shelf = ((refs >> 31) * self._count) >> 32
            for number in range(self._count):
                with self._file(number).open("ab") as out:
                    rows[shelf == number].tofile(out)
        self._kept += len(rows)

    def _bucket(self, block: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return block & (self._buckets - 1)

    def _file(self, number: int) -> Path:
        assert self._scratch is not None  # noqa: S101  files are used only where there is a scratch folder
        return self._scratch / f"rows-{number}"

    def _shelf(self, number: int) -> Records:
        if self._count == 1:
            return self._memory[: self._kept]
        path = self._file(number)
        return np.fromfile(path, dtype=ROW) if path.exists() else np.empty(0, dtype=ROW)

    def surplus(self, *, person: Codes, most: int) -> tuple[npt.NDArray[np.int64], int]:
        """The references of the rows that do not stay, ascending, and how many blocks have such rows. Of the people in a block (`person` has the person of
        each row of the cleaned records) the `most` stay who have the lowest references there, with all their rows. Blocks are first counted by some of
        their bits; only those of buckets too full are looked at one by one."""
        counts = np.zeros(self._buckets, dtype=np.int64)
        for number in range(self._count):
            counts += np.bincount(self._bucket(self._shelf(number)["block"]), minlength=self._buckets)
        if int(counts.max(initial=0)) <= most:
            return np.empty(0, dtype=np.int64), 0
        suspects = np.concatenate(
            [
                rows[counts.take(self._bucket(rows["block"])) > most]
                for rows in map(self._shelf, range(self._count))
            ]
        )
        block, ref, of = suspects["block"], suspects["ref"], person[suspects["row"]]
        order = np.lexsort((ref, of, block))
        block, ref, of = block[order], ref[order], of[order]
        first = np.concatenate([[True], (block[1:] != block[:-1]) | (of[1:] != of[:-1])])
        group = np.cumsum(first) - 1
        lowest, its_block = ref[first], block[first]
        by_block = np.lexsort((lowest, its_block))
        begins = np.flatnonzero(np.concatenate([[True], np.diff(its_block[by_block]) != 0]))
        sizes = np.diff(np.concatenate([begins, [len(by_block)]]))
        place = np.empty(len(by_block), dtype=np.int64)
        place[by_block] = np.arange(len(by_block)) - np.repeat(begins, sizes)
        return np.unique(ref[place[group] >= most]), int((sizes > most).sum())

    def sorted(self, *, without: npt.NDArray[np.int64], rows_at_once: int) -> Iterator[Records]:
        """All rows but those with the references `without` (ascending), in the order of their references, and of rows with one reference the first that was
        added; afterwards nothing is left on disk."""
        for number in range(self._count):
            rows = self._shelf(number)
            refs = np.ascontiguousarray(rows["ref"])
            order = shuffled(refs)
            in_order = refs.take(order)
            keep = np.ones(len(order), dtype=bool)
            keep[1:] = in_order[1:] != in_order[:-1]
            if len(without):
                at = np.minimum(np.searchsorted(without, in_order), len(without) - 1)
                keep &= without[at] != in_order
            order = order[keep]
            for start in range(0, len(order), rows_at_once):
                yield rows.take(order[start : start + rows_at_once])
            if self._count > 1:
                self._file(number).unlink(missing_ok=True)


def shuffled(refs: npt.NDArray[np.int64]) -> Codes:
    """The order of the references, by 16 bits at a time from the lowest (numpy sorts 16-bit keys by radix, far faster than by comparison)."""
    order = np.arange(len(refs), dtype=np.int32)
    words = refs.view(np.uint64)
    for shift in (0, 16, 32, 48):
        digit = ((words >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.uint16)
        order = order.take(np.argsort(digit.take(order), kind="stable"))
    return order
