"""Arrays that do not fit in memory lie in a file beside the draft that has no name, encrypted under a key that only this process has.

AES-256 in counter mode (NIST SP 800-38A) under a fresh key; every byte of the file is written once, so that no part of the key stream is used
twice. The file goes with the process, however that ends, and what is left of it on the disk cannot be read. It is read and written, never mapped, so that what
is not used just then takes no memory. Reads and writes name their place, so that processes that were forked meanwhile can read beside each other.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linkage.drafts import telling

BLOCK: Final = 16
PIECE: Final = 1 << 20
MEMORY: Final = 64 << 20
Array = npt.NDArray[Any]
Kept = Callable[[], Array]


class _Held:
    """Gives an array back, from memory until it is moved to the file."""

    __slots__ = ("array", "read")

    def __init__(self, array: Array) -> None:
        self.array: Array | None = array
        self.read: Kept | None = None

    def __call__(self) -> Array:
        """The array."""
        if self.array is not None:
            return self.array
        assert self.read is not None  # noqa: S101  it was moved
        return self.read()


class Scratch:
    """Takes arrays and gives them back when they are asked for. The first `memory` bytes stay in memory, as everything does where there is no
    submission `out` beside which a file could lie."""

    def __init__(self, out: Path | None, *, memory: int = MEMORY) -> None:
        self._out, self._left = out, memory
        self._file: BinaryIO | None = None
        self._key = algorithms.AES(AESGCM.generate_key(256))
        self._end = 0
        self._held: list[_Held] = []

    def put(self, array: Array) -> Kept:
        """What gives the array back, as often as it is called. It is not to be changed meanwhile.

        Raises:
            NotWritten: the system refuses to write.
        """
        whole = np.ascontiguousarray(array)
        if self._out is None or whole.nbytes <= self._left:
            self._left -= whole.nbytes
            self._held.append(_Held(whole))
            return self._held[-1]
        return self._written(whole)

    def give_up(self, memory: int) -> None:
        """So many bytes of memory are let go, if so many are held: the arrays that came last lie in the file, and nothing more stays in memory.

        Raises:
            NotWritten: the system refuses to write.
        """
        if self._out is None:
            return
        self._left = 0
        while memory > 0 and self._held:
            held = self._held.pop()
            assert held.array is not None  # noqa: S101  it is moved once
            held.read, memory = self._written(held.array), memory - held.array.nbytes
            held.array = None

    def _written(self, whole: Array) -> Kept:
        assert self._out is not None  # noqa: S101  without it nothing is written
        with telling(self._out):
            at = self._write(self._out, whole.reshape(-1).view(np.uint8))
        return partial(self._read, at, whole.shape, whole.dtype)

    def close(self) -> None:
        """Nothing of the arrays is left on the disk, and none is held in memory here."""
        self._held.clear()
        if self._file is not None:
            self._file.close()

    def _cipher(self, at: int) -> Cipher[modes.CTR]:
        return Cipher(self._key, modes.CTR((at // BLOCK).to_bytes(BLOCK, "big")))

    def _write(self, out: Path, raw: npt.NDArray[np.uint8]) -> int:
        if self._file is None:
            out.parent.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=out.parent, buffering=0)  # noqa: SIM115  it stays open
        at = self._end
        self._end += -(-len(raw) // BLOCK) * BLOCK
        stream = self._cipher(at).encryptor()
        for start in range(0, len(raw), PIECE):
            _write_all(self._file, stream.update(raw[start : start + PIECE].data), at=at + start)
        return at

    def _read(self, at: int, shape: tuple[int, ...], kind: np.dtype[Any]) -> Array:
        assert self._file is not None  # noqa: S101  it was written
        out = np.empty(int(np.prod(shape)) * kind.itemsize, dtype=np.uint8)
        piece = np.empty(min(PIECE, len(out)), dtype=np.uint8)
        stream = self._cipher(at).decryptor()
        for start in range(0, len(out), PIECE):
            some = piece[: len(out) - start]
            _read_all(self._file, some, at=at + start)
            stream.update_into(some.data, out[start : start + PIECE].data)
        return out.view(kind).reshape(shape)


def _write_all(file: BinaryIO, data: bytes, *, at: int) -> None:
    view = memoryview(data)
    while view:
        done = _write_some(file, view, at)
        view, at = view[done:], at + done


def _read_all(file: BinaryIO, into: npt.NDArray[np.uint8], *, at: int) -> None:
    done = 0
    while done < len(into):
        got = _read_some(file, into[done:].data, at + done)
        if not got:
            raise OSError("a scratch file ended early")
        done += got


if sys.platform == "win32":

    def _write_some(file: BinaryIO, data: memoryview, at: int) -> int:
        file.seek(at)
        return file.write(data)

    def _read_some(file: BinaryIO, into: memoryview, at: int) -> int:
        file.seek(at)
        return file.readinto(into)

else:

    def _write_some(file: BinaryIO, data: memoryview, at: int) -> int:
        return os.pwrite(file.fileno(), data, at)

    def _read_some(file: BinaryIO, into: memoryview, at: int) -> int:
        return os.preadv(file.fileno(), [into], at)
