"""Blocks of one pass, by their size: which rows share a block, and the pairs among them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linkage.leak.colours import Numbers


@dataclass(frozen=True, slots=True)
class Blocks:
    """All blocks of one size: `number` of each, and its `rows`, (blocks, size)."""

    number: Numbers
    rows: Numbers

    @property
    def size(self) -> int:
        """Rows of each block."""
        return int(self.rows.shape[1])

    def pairs(self) -> tuple[Numbers, Numbers]:
        """The rows on the left and on the right of every pair, each (blocks, size (size - 1) / 2)."""
        left, right = np.triu_indices(self.size, 1)
        return self.rows[:, left], self.rows[:, right]

    def neighbours(self) -> tuple[Numbers, Numbers]:
        """Every row beside every other row of its block, each (blocks x size, size - 1)."""
        size = self.size
        other = np.array([[k for k in range(size) if k != at] for at in range(size)], dtype=np.int64)
        own = np.repeat(self.rows[:, :, None], size - 1, axis=2)
        return own.reshape(-1, size - 1), self.rows[:, other].reshape(-1, size - 1)


def sizes_of(block: Numbers) -> Numbers:
    """The number of rows of each block."""
    return np.bincount(block).astype(np.int64)


def by_size(block: Numbers, *, least: int = 2) -> Iterator[Blocks]:
    """The blocks of at least `least` rows, smallest size first; `block` numbers the block of each row from 0."""
    sizes = sizes_of(block)
    order = np.argsort(block, kind="stable")
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes[sizes >= least]):
        which = np.flatnonzero(sizes == size)
        yield Blocks(which, order[starts[which][:, None] + np.arange(size)])


def pairs_of(block: Numbers) -> tuple[Numbers, Numbers]:
    """The rows on the left and on the right of every pair inside a block, smallest blocks first."""
    ends = [same.pairs() for same in by_size(block)]
    if not ends:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    left, right = (np.concatenate([e[at].ravel() for e in ends]) for at in (0, 1))
    return left, right
