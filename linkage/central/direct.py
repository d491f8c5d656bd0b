"""Large files that are read or written once, past the system's cache (`O_DIRECT`, open(2) of Linux): a few megabytes at a time, through memory that is used again and again.

What goes through the cache the system copies, and finds memory for, page after page, which it keeps: an update of the centre writes some 100 MB, and reads hundreds,
that nobody looks at again before they have left the cache. Where a system or a disk cannot do it, files are read and written as ever, and they are the same.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import Any, Final

import numpy as np

if sys.platform == "linux":
    import fcntl

# What is read or written directly begins at a multiple of this, in the file and in memory: no disk's blocks are larger.
BLOCK: Final = 4096
# As much as is read or written directly at a time: the processor waits for each, and what it finds afterwards is no longer near it.
STRETCH: Final = 4 << 20
# As much as is read at a time of what the system holds, so that it is near the processor when it is opened.
NEAR: Final = 1 << 18
# Places that are looked at to know whether a file is in memory.
SAMPLES: Final = 4


def room_to_read() -> memoryview:
    """Memory for as much as is read at a time, and the blocks in which that begins and ends."""
    room = np.empty(STRETCH + 3 * BLOCK, dtype=np.uint8)
    return room.data[-room.ctypes.data % BLOCK :][: STRETCH + 2 * BLOCK]


def in_memory(file: FileIO) -> bool:
    """Whether the system holds the file, as far as a few places tell, or cannot say."""
    without_waiting, byte = getattr(os, "RWF_NOWAIT", 0), bytearray(1)
    for place in np.linspace(0, max(file.seek(0, os.SEEK_END) - 1, 0), SAMPLES, dtype=np.int64).tolist():
        try:
            if without_waiting:
                os.preadv(file.fileno(), [byte], place, without_waiting)
        except BlockingIOError:
            return False
        except OSError:
            # So say file systems that always wait.
            return True
    return True


def directly(path: Path) -> FileIO | None:
    """The file, to be read directly; None where that cannot be done, as where files are in memory alone."""
    flag = getattr(os, "O_DIRECT", None)
    if flag is None:
        return None
    try:
        return FileIO(path, opener=lambda name, flags: os.open(name, flags | flag))
    except OSError:
        return None


def stretch(file: FileIO, *, place: int, many: int, room: memoryview) -> memoryview:
    """What stands there in a file that is open directly, no more than `STRETCH`; less where the file ends. It stands in `room` until that is used again."""
    before = place % BLOCK
    wanted, read = -(-(before + many) // BLOCK) * BLOCK, 0
    file.seek(place - before)
    # A system may read less than it was asked for, but ends within a block only where the file does.
    while read < wanted and not read % BLOCK:
        more = file.readinto(room[read:wanted])
        if not more:
            break
        read += more
    return room[before : min(read, before + many)]


def body_of(path: Path, *, begin: int, room: memoryview) -> Iterator[memoryview]:
    """All that stands in the file from a place on, a stretch at a time; each stands in `room` until the next is asked for."""
    with ExitStack() as opened:
        file = opened.enter_context(path.open("rb", buffering=0))
        direct = None if in_memory(file) else directly(path)
        if direct is None:
            file.seek(begin)
            while many := file.readinto(room[:NEAR]):
                yield room[:many]
            return
        opened.enter_context(direct)
        while len(piece := stretch(direct, place=begin, many=STRETCH, room=room)):
            yield piece
            begin += len(piece)


class Written(io.RawIOBase):
    """A new file, to which a great deal is written from its beginning to its end, and then `finish` called once."""

    def __init__(self, file: FileIO) -> None:
        self._file, self._room, self._held = file, room_to_read()[:STRETCH], 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any, /) -> int:
        """Takes the bytes; gives back how many."""
        rest = whole = memoryview(data).cast("B")
        while len(rest):
            fits = rest[: STRETCH - self._held]
            self._room[self._held : self._held + len(fits)] = fits
            self._held, rest = self._held + len(fits), rest[len(fits) :]
            if self._held == STRETCH:
                self._put(past_the_cache=True)
        return len(whole)

    def finish(self) -> None:
        """All that was written is on the disk."""
        self._put(past_the_cache=False)
        os.fsync(self._file.fileno())

    def _put(self, *, past_the_cache: bool) -> None:
        direct = _set_direct(self._file, past_the_cache)
        rest = self._room[: self._held]
        while len(rest):
            try:
                rest = rest[self._file.write(rest) :]
            except OSError:
                if not direct:
                    raise
                # Some disks say only now that they cannot.
                direct = _set_direct(self._file, False)
        self._held = 0


def _set_direct(file: FileIO, wanted: bool) -> bool:
    """Whether what is written to the file goes past the cache from now on."""
    if sys.platform != "linux":
        return False
    flags = fcntl.fcntl(file, fcntl.F_GETFL)
    wished = flags | os.O_DIRECT if wanted else flags & ~os.O_DIRECT
    if wished != flags:
        try:
            fcntl.fcntl(file, fcntl.F_SETFL, wished)
        except OSError:
            return False
    return wanted
