"""Rows as the linker keeps them under seal between runs, so that an incremental run opens those that it needs and no others.

An update of one row in a hundred meets about one row in a hundred of those that were there. A partner's own file can only be opened from its beginning to its
end; here rows stand beside each other in pages of a few, each encrypted by itself (AES-256-GCM, NIST SP 800-38D) under a key that is drawn for the file and
sealed to the linker, with the page's number as its nonce. References of all rows stand before them in pages of their own, and after these their blocks, which
rise, with the numbers of the rows: a few blocks are looked for among them, and not each of them among the few.

The file lies in the partner's folder and goes with it when the partner withdraws. It is as safe as the sealed tokens beside it, and no safer.
"""

import json
import os
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys import BadSeal, Identity, open_sealed, seal
from linkage.central.direct import room_to_read
from linkage.central.pairs.among import NONE, found_in
from linkage.central.scattered import Scattered, scattered
from linkage.drafts import drafted, sync_folder, telling
from linkage.tokens import lane_type

ROWS_FORMAT: Final = "linkage-rows/v3"
ROWS_SUFFIX: Final = ".rows.sealed"
PAGE: Final = 8
HEADS: Final = 1 << 16
# Pages of rows that are opened at a time.
OPENED: Final = 512
# Rows that are turned from lanes to pages at a time: whole pages.
TURNED: Final = 1 << 13
TAG: Final = 16
NONCE: Final = 12
LENGTH: Final = 8
LARGEST_HEADER: Final = 1 << 16
HEAD: Final = ("row_ref", "block")
REFERENCE: Final = 8
# A block, and the number of a row.
ENTRY: Final = 8 + 4

Columns = dict[str, npt.NDArray[Any]]
Refs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Space:
    """Memory for as much as is read at a time, and for as much as is opened."""

    sealed: memoryview
    plain: npt.NDArray[np.uint8]
    _pages: dict[int, list[memoryview]] = field(default_factory=dict)

    def pages(self, width: int) -> list[memoryview]:
        """The memory for what is opened, in so many pages of this width as fit, and not more than are opened at a time."""
        if width not in self._pages:
            most = min(OPENED, len(self.plain) // width)
            self._pages[width] = [self.plain.data[at : at + width] for at in range(0, most * width, width)]
        return self._pages[width]


@cache
def _layout(lanes: tuple[str, ...]) -> np.dtype[Any]:
    return np.dtype([(n, np.dtype(lane_type(n).to_pandas_dtype()).newbyteorder("<")) for n in lanes])


def _nonces(kind: int, numbers: Refs) -> list[bytes]:
    """The nonces of several pages."""
    out = np.zeros((len(numbers), NONCE), dtype=np.uint8)
    out[:, 0] = kind
    out[:, NONCE - 8 :] = numbers.astype(">u8").view(np.uint8).reshape(-1, 8)
    return [nonce for (nonce,) in struct.iter_unpack(f"{NONCE}s", out.data)]


def keep_rows(
    path: Path, columns: Columns, *, order: Refs, upto: str, context: bytes, linker: Identity
) -> None:
    """The rows lie in the file for the linker alone. `order` has their numbers in the order of their blocks, taken as unsigned; `upto` is the digest of the manifest
    of the last submission that they are of.

    Raises:
        NotWritten: the system refused.
    """
    key, size = AESGCM.generate_key(256), len(columns["row_ref"])
    lanes = tuple(name for name in columns if name not in HEAD)
    about = {"format": ROWS_FORMAT, "key": key.hex(), "lanes": list(lanes), "rows": size, "upto": upto}
    header = seal(json.dumps(about).encode(), to=linker.public, context=context)
    cipher = AESGCM(key)
    with telling(path), drafted(path) as draft:
        with draft.open("wb", buffering=1 << 20) as out:
            out.write(header)
            for kind, several, width in (
                (0, _references(columns), HEADS * REFERENCE),
                (2, _blocks(columns, order), HEADS * ENTRY),
                (1, _pages(columns, lanes), PAGE * _layout(lanes).itemsize),
            ):
                number = 0
                for plain in several:
                    sealed = _sealed(plain, kind=kind, first=number, width=width, cipher=cipher)
                    number += -(-len(plain) // width)
                    out.write(sealed)
            out.write(len(header).to_bytes(LENGTH, "big"))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        sync_folder(path.parent)


def _references(columns: Columns) -> Iterator[bytes]:
    """The references of some rows at a time."""
    for begin in range(0, len(columns["row_ref"]), HEADS):
        yield columns["row_ref"][begin : begin + HEADS].astype("<i8").tobytes()


def _blocks(columns: Columns, order: Refs) -> Iterator[bytes]:
    """The blocks of some rows and then the numbers of these rows, in the order of all blocks."""
    for begin in range(0, len(order), HEADS):
        its = order[begin : begin + HEADS]
        yield columns["block"][its].astype("<i8").tobytes() + its.astype("<u4").tobytes()


def _pages(columns: Columns, lanes: tuple[str, ...]) -> Iterator[bytes]:
    """The rows, each with its lanes beside each other, several pages at a time, which fit the cache."""
    layout, size = _layout(lanes), len(columns["row_ref"])
    for begin in range(0, size, TURNED):
        piece = np.empty(min(TURNED, size - begin), dtype=layout)
        for name in lanes:
            piece[name] = columns[name][begin : begin + TURNED]
        yield piece.tobytes()


def _sealed(plain: bytes, *, kind: int, first: int, width: int, cipher: AESGCM) -> memoryview:
    """What stands on some pages, from the one numbered `first` on, each sealed by itself and one after another."""
    begins = range(0, len(plain), width)
    pages, sealed, at = memoryview(plain), memoryview(bytearray(len(plain) + len(begins) * TAG)), 0
    for nonce, begin in zip(_nonces(kind, np.arange(first, first + len(begins))), begins, strict=True):
        page = pages[begin : begin + width]
        cipher.encrypt_into(nonce, page, None, sealed[at : at + len(page) + TAG])
        at += width + TAG
    return sealed


@dataclass(frozen=True, slots=True)
class Resident:
    """Rows in a file that `keep_rows` made, open to read; `heads`, `blocks` and `pages` are where their references, their blocks and their lanes begin. Pages are
    opened into `space`, those of one file after those of another: memory that is asked for anew costs more than what is opened into it."""

    file: Scattered
    cipher: AESGCM
    lanes: tuple[str, ...]
    upto: str
    size: int
    heads: int
    blocks: int
    pages: int
    space: Space

    def references(self) -> Iterator[Refs]:
        """The references of all rows, some at a time, which stand in memory until the next are asked for.

        Raises:
            BadSeal: a page was altered.
        """
        for plain in self._opened(0, self._heads, rows=HEADS, width=REFERENCE, start=self.heads, most=1):
            yield plain.view("<i8")

    def of_blocks(self, wanted: Refs) -> tuple[Refs, Refs]:
        """The numbers of the rows whose blocks are among these, each told once; and the block of each row. The numbers rise.

        Raises:
            BadSeal: a page was altered.
        """
        rising, numbers, blocks = np.sort(wanted.view(np.uint64)), [NONE], [NONE]
        for plain in self._opened(2, self._heads, rows=HEADS, width=ENTRY, start=self.blocks, most=1):
            size = len(plain) // ENTRY
            block, number = plain[: size * 8].view("<u8"), plain[size * 8 :].view("<u4")
            at = found_in(block, wanted=rising)
            numbers.append(number[at].astype(np.int64))
            blocks.append(block[at].view(np.int64))
        number, block = np.concatenate(numbers), np.concatenate(blocks)
        order = np.argsort(number)
        return number[order], block[order]

    @property
    def _heads(self) -> Refs:
        """The numbers of all pages of references, and of blocks."""
        return np.arange(-(-self.size // HEADS))

    def rows(self, numbers: Refs) -> Columns:
        """All other lanes of the rows of these numbers, which rise.

        Raises:
            BadSeal: a page was altered.
        """
        layout = _layout(self.lanes)
        page, at = np.divmod(numbers, PAGE)
        new = np.diff(page, prepend=-1) > 0
        place = (np.cumsum(new) - 1) * PAGE + at
        chosen, begin, before = np.empty(len(numbers), dtype=layout), 0, 0
        most = min(OPENED, len(self.space.plain) // (PAGE * layout.itemsize))
        for plain in self._opened(1, page[new], rows=PAGE, width=layout.itemsize, start=self.pages, most=most):
            end = int(np.searchsorted(place, before + most * PAGE))
            chosen[begin:end] = plain.view(layout)[place[begin:end] - before]
            begin, before = end, before + most * PAGE
        return {n: chosen[n] for n in self.lanes}

    def _opened(
        self, kind: int, pages: Refs, *, rows: int, width: int, start: int, most: int
    ) -> Iterator[npt.NDArray[np.uint8]]:
        """What stands in these pages, which rise, at most so many of them at a time and one after another."""
        full = rows * width
        plain, nonces, decrypt = self.space.plain, _nonces(kind, pages), self.cipher.decrypt_into
        room = self.space.pages(full)
        for begin in range(0, len(pages), most):
            its = pages[begin : begin + most]
            # Only the last page of the file may have fewer rows than the others.
            short = full - min(full, (self.size - int(its[-1]) * rows) * width)
            places = start + its * (full + TAG)
            sealed = self.file.pieces(places, width=full + TAG, last=full + TAG - short)
            into = chain(room[: len(its) - 1], [room[len(its) - 1][: full - short]])
            try:
                # As for reading them: no loop of ours stands between.
                deque(map(decrypt, nonces[begin : begin + most], sealed, repeat(None), into), maxlen=0)
            except (InvalidTag, ValueError) as fault:
                raise BadSeal("rows that the linker keeps were altered: run the linker in full") from fault
            yield plain[: len(its) * full - short]


def _piece(file: Scattered, many: int, place: int) -> bytes:
    return b"".join(file.pieces(np.array([place]), width=many, last=many))


def space_to_open() -> Space:
    """Memory for as much as is read and opened at a time."""
    return Space(room_to_read(), np.empty(HEADS * ENTRY, dtype=np.uint8))


@contextmanager
def resident(path: Path, *, context: bytes, linker: Identity, space: Space) -> Iterator[Resident]:
    """The rows in the file, which are opened into `space` (see `space_to_open`).

    Raises:
        BadSeal: it is not this linker's, was altered or cut short, or is of another pass, partner or round.
    """
    with scattered(path, room=space.sealed) as file:
        end = file.size
        length = int.from_bytes(_piece(file, LENGTH, max(end - LENGTH, 0)), "big")
        try:
            header = _piece(file, min(length, end, LARGEST_HEADER), 0)
            about = json.loads(open_sealed(header, by=linker, context=context))
        except BadSeal as fault:
            raise BadSeal(
                "rows that the linker keeps were altered or cut short, or belong elsewhere: run the linker in full"
            ) from fault
        if about["format"] != ROWS_FORMAT:
            raise BadSeal(f"rows that the linker keeps should be {ROWS_FORMAT}: run the linker in full")
        size, lanes = int(about["rows"]), tuple(about["lanes"])
        heads, blocks, pages = (
            size * width + -(-size // step) * TAG
            for width, step in ((REFERENCE, HEADS), (ENTRY, HEADS), (_layout(lanes).itemsize, PAGE))
        )
        if end != length + heads + blocks + pages + LENGTH:
            raise BadSeal("rows that the linker keeps were cut short: run the linker in full")
        cipher = AESGCM(bytes.fromhex(about["key"]))
        yield Resident(
            file, cipher, lanes, about["upto"], size, length, length + heads, length + heads + blocks, space
        )
