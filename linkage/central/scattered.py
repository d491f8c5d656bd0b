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
from itertools import chain, pairwise
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from linkage.central.direct import STRETCH, directly, in_memory, stretch

# Where nothing is needed for so long, another stretch begins.
GAP: Final = 1 << 17

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
        # No loop of ours stands between: for small pieces it would take a third as long as reading them.
        return chain(map(self._read(width), places[:-1].tolist()), map(self._read(last), places[-1:].tolist()))

    def _read(self, many: int) -> "partial[bytes]":
        if sys.platform == "win32":
            return partial(self._sought, many)
        return partial(os.pread, self._file.fileno(), many)

    def _sought(self, many: int, place: int) -> bytes:
        self._file.seek(place)
        return self._file.read(many) or b""


class Direct:
    """A file that is read in stretches, into memory that the next stretch is read into again."""

    def __init__(self, file: FileIO, *, room: memoryview) -> None:
        self._file, self._room, self.size = file, room, file.seek(0, os.SEEK_END)

    def pieces(self, places: Ints, *, width: int, last: int) -> Iterator[memoryview]:
        """See `Scattered`."""
        return chain.from_iterable(self._stretches(places, width=width, last=last))

    def _stretches(self, places: Ints, *, width: int, last: int) -> Iterator[Iterator[memoryview]]:
        """The pieces of one stretch after another, each read when it is asked for."""
        for first, past in pairwise(stretches(places, width=width)):
            begin = int(places[first])
            many = int(places[past - 1]) + width - begin
            read = stretch(self._file, place=begin, many=many, room=self._room)
            its = places[first:past] - begin
            ends = its + width
            if past == len(places):
                ends[-1] = its[-1] + last
            yield map(read.__getitem__, map(slice, its.tolist(), ends.tolist()))


@contextmanager
def scattered(path: Path, *, room: memoryview) -> Iterator[Scattered]:
    """The file, to be read into `room` (see `direct.room_to_read`) where it is not in memory."""
    with path.open("rb", buffering=0) as file:
        its = None if in_memory(file) else directly(path)
        if its is None:
            yield Held(file)
            return
        with its:
            yield Direct(its, room=room)


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
