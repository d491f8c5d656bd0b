"""A pass in chunks: ranges of its blocks, so that no more than a chunk is compared at a time. Pairs share a block, so that none falls between two chunks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.tokens import PassTable

HALF: Final = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Room:
    """How much memory a linkage may take: bytes of rows in one chunk, and bytes of rows held open at once; and how many threads compare."""

    chunk: int = 384 << 20
    held: int = 4 << 30
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Share:
    """The chunks from `first` up to but without `last`, out of `of`."""

    first: int
    last: int
    of: int

    @property
    def whole(self) -> bool:
        """Whether these are all chunks of the pass."""
        return self.last - self.first == self.of


def shares(size: int, *, room: Room) -> list[Share]:
    """The chunks of a pass whose rows have so many bytes, in the groups that are opened together. It depends on nothing else, so that a
    run that is taken up again finds the same chunks."""
    of = max(1, -(-size // room.chunk))
    together = max(1, room.held * of // max(size, 1))
    return [Share(first, min(first + together, of), of) for first in range(0, of, together)]


def chunk_of(block: npt.NDArray[np.int64], *, of: int) -> npt.NDArray[np.int64]:
    """The chunk of every block: blocks are pseudo-random, so that equal ranges of them hold about as many rows."""
    high = block.view(np.uint64) >> HALF
    number: npt.NDArray[np.int64] = ((high * np.uint64(of)) >> HALF).astype(np.int64)
    return number


def ordered(columns: dict[str, npt.NDArray[np.int64]], order: npt.NDArray[np.int64]) -> None:
    """The rows stand in this order. The columns given are used up, so that rows stand in memory once."""
    for name in list(columns):
        columns[name] = columns.pop(name)[order]


def inside(block: npt.NDArray[np.int64], *, share: Share) -> npt.NDArray[np.bool_]:
    """Which blocks belong to one of the share's chunks."""
    number = chunk_of(block, of=share.of)
    marks: npt.NDArray[np.bool_] = (number >= share.first) & (number < share.last)
    return marks


def block_order(block: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers of the rows in the order of their blocks, and so of chunks."""
    return np.argsort(block.view(np.uint64))


def split(
    columns: dict[str, npt.NDArray[np.int64]], *, key: str, share: Share
) -> Iterator[tuple[int, PassTable]]:
    """The rows of each chunk of the share, in its order. The columns given are used up, so that rows stand in memory once."""
    if share.last - share.first == 1:
        yield share.first, PassTable(key, columns)
        return
    number = chunk_of(columns["block"], of=share.of)
    if (number[1:] < number[:-1]).any():
        order = np.argsort(number.astype(np.int16), kind="stable")
        number = number[order]
        ordered(columns, order)
    ends = np.searchsorted(number, np.arange(share.first, share.last), side="right")
    begins = np.concatenate([[0], ends[:-1]])
    for chunk, begin, end in zip(range(share.first, share.last), begins, ends, strict=True):
        yield chunk, PassTable(key, {n: c[begin:end] for n, c in columns.items()})
