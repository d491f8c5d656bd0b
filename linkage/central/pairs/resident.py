"""Rows as the linker keeps them under seal between runs, so that an incremental run opens those that it needs and no others.

An update of one row in a hundred meets about one row in a hundred of those that were there. A partner's own file can only be opened from its beginning to its
end; here rows stand beside each other in pages of a few, each encrypted by itself (AES-256-GCM, NIST SP 800-38D) under a key that is drawn for the file and
sealed to the linker, with the page's number as its nonce. References and blocks of all rows stand before them in pages of their own.

The file lies in the partner's folder and goes with it when the partner withdraws. It is as safe as the sealed tokens beside it, and no safer.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from io import FileIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys import BadSeal, Identity, open_sealed, seal
from linkage.drafts import hidden, rename_whole, telling
from linkage.tokens import lane_type

ROWS_FORMAT: Final = "linkage-rows/v1"
ROWS_SUFFIX: Final = ".rows.sealed"
PAGE: Final = 16
HEADS: Final = 1 << 16
TAG: Final = 16
NONCE: Final = 12
LENGTH: Final = 8
HEAD: Final = ("row_ref", "block")

Columns = dict[str, npt.NDArray[Any]]
# So many bytes of a file, from a place on.
ReadAt = Callable[[int, int], bytes]


@cache
def _layout(lanes: tuple[str, ...]) -> np.dtype[Any]:
    return np.dtype([(n, np.dtype(lane_type(n).to_pandas_dtype()).newbyteorder("<")) for n in lanes])


def _nonce(kind: int, number: int) -> bytes:
    return bytes([kind]) + number.to_bytes(NONCE - 1, "big")


def _nonces(kind: int, numbers: npt.NDArray[np.int64]) -> bytes:
    """The nonces of several pages, one after another."""
    out = np.zeros((len(numbers), NONCE), dtype=np.uint8)
    out[:, 0] = kind
    out[:, NONCE - 8 :] = numbers.astype(">u8").view(np.uint8).reshape(-1, 8)
    return out.tobytes()


def keep_rows(path: Path, columns: Columns, *, upto: str, context: bytes, linker: Identity) -> None:
    """The rows lie in the file for the linker alone; `upto` is the digest of the manifest of the last submission that they are of.

    Raises:
        NotWritten: the system refused.
    """
    key, size = AESGCM.generate_key(256), len(columns["row_ref"])
    about = {"format": ROWS_FORMAT, "key": key.hex(), "lanes": list(columns), "rows": size, "upto": upto}
    header = seal(json.dumps(about).encode(), to=linker.public, context=context)
    cipher = AESGCM(key)
    with telling(path):
        draft = hidden(path, "draft")
        with draft.open("wb") as out:
            out.write(header)
            for kind, names, step in ((0, HEAD, HEADS), (1, tuple(columns), PAGE)):
                for number, page in enumerate(_pages(columns, names, step=step)):
                    out.write(cipher.encrypt(_nonce(kind, number), page, None))
            out.write(len(header).to_bytes(LENGTH, "big"))
            out.flush()
            os.fsync(out.fileno())
        rename_whole(draft, path)


def _pages(columns: Columns, names: tuple[str, ...], *, step: int) -> Iterator[memoryview]:
    """The rows, each with its lanes beside each other, so many at a time; turned in pieces that fit the cache."""
    layout, size = _layout(names), len(columns["row_ref"])
    for begin in range(0, size, HEADS):
        piece = np.empty(min(HEADS, size - begin), dtype=layout)
        for name in names:
            piece[name] = columns[name][begin : begin + HEADS]
        plain, width = memoryview(piece.tobytes()), layout.itemsize * step
        for at in range(0, len(plain), width):
            yield plain[at : at + width]


@dataclass(frozen=True, slots=True)
class Resident:
    """Rows in a file that `keep_rows` made, open to read; `heads` and `pages` are where their references and their lanes begin."""

    read: ReadAt
    cipher: AESGCM
    lanes: tuple[str, ...]
    upto: str
    size: int
    heads: int
    pages: int

    def pieces(self) -> Iterator["Stretch"]:
        """All rows, some beside each other at a time, of which only references and blocks are opened yet.

        Raises:
            BadSeal: a page was altered.
        """
        for first in range(0, self.size, HEADS):
            pages = np.array([first // HEADS])
            plain = self.opened(0, pages, names=HEAD, step=HEADS, start=self.heads)
            heads = plain.view(_layout(HEAD))
            yield Stretch(
                self, first, np.ascontiguousarray(heads["row_ref"]), np.ascontiguousarray(heads["block"])
            )

    def opened(
        self, kind: int, pages: npt.NDArray[np.int64], *, names: tuple[str, ...], step: int, start: int
    ) -> npt.NDArray[np.uint8]:
        """What stands in these pages, one after another."""
        width = _layout(names).itemsize
        begin = start + pages * (step * width + TAG)
        size = np.minimum(step, self.size - pages * step) * width
        plain = np.empty(int(size.sum()), dtype=np.uint8)
        decrypt, read, out = self.cipher.decrypt_into, self.read, plain.data
        nonces, at = _nonces(kind, pages), 0
        try:
            for nonce, place, many in zip(
                range(0, len(nonces), NONCE), begin.tolist(), size.tolist(), strict=True
            ):
                decrypt(nonces[nonce : nonce + NONCE], read(many + TAG, place), None, out[at : at + many])
                at += many
        except (InvalidTag, ValueError) as fault:
            raise BadSeal("rows that the linker keeps were altered: run the linker in full") from fault
        return plain


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows that stand beside each other in the file, from the one numbered `first` on."""

    of: Resident
    first: int
    row_ref: npt.NDArray[np.int64]
    block: npt.NDArray[np.int64]

    def rows(self, places: npt.NDArray[np.int64]) -> Columns:
        """The rows at these places, which rise, with all their lanes.

        Raises:
            BadSeal: a page was altered.
        """
        lanes, number = self.of.lanes, self.first + places
        page, at = np.divmod(number, PAGE)
        new = np.diff(page, prepend=-1) > 0
        plain = self.of.opened(1, page[new], names=lanes, step=PAGE, start=self.of.pages)
        chosen = plain.view(_layout(lanes))[(np.cumsum(new) - 1) * PAGE + at]
        return {n: chosen[n] for n in lanes}


def _reading(file: FileIO) -> ReadAt:
    """Reads the file anywhere. Pages that are read here and there are not mapped: the system would map, and unmap, many times as much as is looked at."""
    if sys.platform == "win32":

        def read(many: int, place: int) -> bytes:
            file.seek(place)
            return file.read(many)

        return read
    return partial(os.pread, file.fileno())


@contextmanager
def resident(path: Path, *, context: bytes, linker: Identity) -> Iterator[Resident]:
    """The rows in the file.

    Raises:
        BadSeal: it is not this linker's, was altered or cut short, or is of another pass, partner or round.
    """
    with path.open("rb", buffering=0) as file:
        read, end = _reading(file), file.seek(0, os.SEEK_END)
        length = int.from_bytes(read(LENGTH, max(end - LENGTH, 0)), "big")
        about = json.loads(open_sealed(read(min(length, end), 0), by=linker, context=context))
        if about["format"] != ROWS_FORMAT:
            raise BadSeal(f"rows that the linker keeps should be {ROWS_FORMAT}: run the linker in full")
        size, lanes = int(about["rows"]), tuple(about["lanes"])
        heads, pages = (
            size * _layout(names).itemsize + -(-size // step) * TAG
            for names, step in ((HEAD, HEADS), (lanes, PAGE))
        )
        if end != length + heads + pages + LENGTH:
            raise BadSeal("rows that the linker keeps were cut short: run the linker in full")
        cipher = AESGCM(bytes.fromhex(about["key"]))
        yield Resident(read, cipher, lanes, about["upto"], size, length, length + heads)
