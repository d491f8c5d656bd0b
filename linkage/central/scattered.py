"""Pieces that lie scattered over a large file, read as is quickest: one by one where the system holds the file in memory, and else in stretches, past its cache.

A file that nobody looked at for a while lies on the disk alone. To have some of its pieces the system reads much more than these, keeps it in memory, and looks after
every page of it. Read directly (`O_DIRECT`, open(2) of Linux) a stretch of the file, gaps and all, comes into memory that is used again and again: a disk hands it out as
quickly as the pieces alone. What is in memory already is quicker to read from there.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from io import FileIO
from itertools import pairwise
from mmap import mmap
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

# What is read directly begins at a multiple of this: no disk's blocks are larger.
BLOCK: Final = 4096
# As much as is read at a time.
STRETCH: Final = 1 << 20
# Where nothing is needed for so long, another stretch begins.
GAP: Final = 1 << 17
# Places that are looked at to know whether the file is in memory.
SAMPLES: Final = 16

Ints = npt.NDArray[np.int64]


class Scattered(Protocol):
    """A file, open to read pieces of it."""

    size: int

    def pieces(self, places: Ints, *, width: int, last: int) -> Iterable[bytes | memoryview]:
        """What stands at these places, which rise: of each so many bytes, and of the last one `last`; less where the file ends. A piece stands until the next one is
        asked for. No piece is longer than a stretch."""


class Held:
    """A file of which each piece is read by itself. Pieces are not mapped: the system would map, and unmap, many times as much as is looked at."""

    def __init__(self, file: FileIO) -> None:
        self._file, self.size = file, file.seek(0, os.SEEK_END)

    def pieces(self, places: Ints, *, width: int, last: int) -> Iterator[bytes]:
        """See `Scattered`."""
        yield from map(self._read(width), places[:-1].tolist())
        yield from map(self._read(last), places[-1:].tolist())

    def _read(self, many: int) -> "partial[bytes]":
        if sys.platform == "win32":
            return partial(self._sought, many)
        return partial(os.pread, self._file.fileno(), many)

    def _sought(self, many: int, place: int) -> bytes:
        self._file.seek(place)
        return self._file.read(many) or b""


class Direct:
    """A file that is read in stretches, into memory that the next stretch is read into again."""

    def __init__(self, file: FileIO, *, room: mmap) -> None:
        self._file, self._room, self.size = file, memoryview(room), file.seek(0, os.SEEK_END)

    def pieces(self, places: Ints, *, width: int, last: int) -> Iterator[memoryview]:
        """See `Scattered`."""
        for first, past in pairwise(stretches(places, width=width)):
            begin = int(places[first])
            read = self._stretch(int(places[past - 1]) + width - begin, begin)
            its = (places[first:past] - begin).tolist()
            ends = [at + width for at in its]
            if past == len(places):
                ends[-1] = its[-1] + last
            for at, end in zip(its, ends, strict=True):
                yield read[at:end]

    def _stretch(self, many: int, place: int) -> memoryview:
        before = place % BLOCK
        wanted, read = -(-(before + many) // BLOCK) * BLOCK, 0
        self._file.seek(place - before)
        # A system may read less than it was asked for, but ends within a block only where the file does.
        while read < wanted and not read % BLOCK:
            more = self._file.readinto(self._room[read:wanted])
            if not more:
                break
            read += more
        return self._room[before : min(read, before + many)]


def room_to_read() -> mmap:
    """Memory for as much as is read at a time, whose beginning is one of the system's pages."""
    return mmap(-1, STRETCH + 2 * BLOCK)


@contextmanager
def scattered(path: Path, *, room: mmap) -> Iterator[Scattered]:
    """The file, to be read into `room` (see `room_to_read`) where it is not in memory."""
    with path.open("rb", buffering=0) as file:
        its = None if _in_memory(file) else _directly(path)
        if its is None:
            yield Held(file)
            return
        with its:
            yield Direct(its, room=room)


def _in_memory(file: FileIO) -> bool:
    """Whether the system holds nearly all of the file, as far as a few places tell, or cannot say."""
    without_waiting, byte = getattr(os, "RWF_NOWAIT", 0), bytearray(1)
    missing = 0
    for place in np.linspace(0, max(file.seek(0, os.SEEK_END) - 1, 0), SAMPLES, dtype=np.int64).tolist():
        try:
            if without_waiting:
                os.preadv(file.fileno(), [byte], place, without_waiting)
        except BlockingIOError:
            missing += 1
        except OSError:
            # So say file systems that always wait.
            return True
    return missing <= 1


def _directly(path: Path) -> FileIO | None:
    """The file, to be read directly; None where that cannot be done, as where files are in memory alone."""
    flag = getattr(os, "O_DIRECT", None)
    if flag is None:
        return None
    try:
        return FileIO(path, opener=lambda name, flags: os.open(name, flags | flag))
    except OSError:
        return None


def stretches(places: Ints, *, width: int) -> list[int]:
    """Pieces of a file, of this width and at places that rise, in stretches that are each read at once: the number of the first piece of each, and that of all
    pieces."""
    ends = places + width
    begins, first = [], 0
    apart = np.flatnonzero(places[1:] - ends[:-1] > GAP) + 1
    for past in [*apart.tolist(), len(places)]:
        while first < past:
            begins.append(first)
            full = int(np.searchsorted(ends, places[first] + STRETCH, side="right"))
            first = min(past, max(first + 1, full))
    return [*begins, len(places)]
