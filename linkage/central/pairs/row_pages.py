"""The form of the files in which the linker keeps rows: which sections they have, and where each page of them stands."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from linkage.tokens import lane_type

ROWS_FORMAT: Final = "linkage-rows/v4"
ROWS_SUFFIX: Final = ".rows.sealed"
PAGE: Final = 8
HEADS: Final = 1 << 16
TAG: Final = 16
NONCE: Final = 12
LENGTH: Final = 8
# A reference, and the number of its row.
ENTRY: Final = 8 + 4
# The first half of a block.
HEAD: Final = 4
REFERENCES: Final = 0
ROWS: Final = 1
BLOCKS: Final = 2
# The partner of a row, by its place among those of the file.
SOURCE: Final = "source"

Refs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Section:
    """Pages of one `kind` that stand in a file one after another, from `start` on: `size` entries of `width` bytes, `step` on each page but the last. Where a file has
    several sections of a kind, `part` numbers them."""

    kind: int
    part: int
    start: int
    size: int
    width: int
    step: int

    @property
    def end(self) -> int:
        """Where the next section begins."""
        return self.start + self.size * self.width + -(-self.size // self.step) * TAG

    @property
    def pages(self) -> Refs:
        """The numbers of all pages."""
        return np.arange(-(-self.size // self.step))

    def nonces(self, numbers: Refs) -> list[bytes]:
        """The nonces of some pages: no two of a file are the same."""
        out = np.zeros((len(numbers), NONCE), dtype=np.uint8)
        out[:, 0], out[:, 1] = self.kind, self.part
        out[:, NONCE - 8 :] = numbers.astype(">u8").view(np.uint8).reshape(-1, 8)
        return [nonce for (nonce,) in struct.iter_unpack(f"{NONCE}s", out.data)]


def sections(start: int, sizes: Sequence[int], lanes: tuple[str, ...]) -> Iterator[Section]:
    """Those of a file with so many rows of each partner, in order: the references of each, the first halves of all blocks, all rows."""
    all_rows = sum(sizes)
    parts = [(REFERENCES, part, size, ENTRY, HEADS) for part, size in enumerate(sizes)]
    whole = [(BLOCKS, 0, all_rows, HEAD, HEADS), (ROWS, 0, all_rows, layout_of(lanes).itemsize, PAGE)]
    for kind, part, size, width, step in (*parts, *whole):
        section = Section(kind, part, start, size, width, step)
        yield section
        start = section.end


@cache
def layout_of(lanes: tuple[str, ...]) -> np.dtype[Any]:
    """How a row with these lanes stands on its page."""
    own = [(SOURCE, np.dtype("u1")), ("row_ref", np.dtype("<i8")), ("block", np.dtype("<i8"))]
    return np.dtype([*own, *((n, np.dtype(lane_type(n).to_pandas_dtype()).newbyteorder("<")) for n in lanes)])
