"""Rows as the linker keeps them under seal between runs, so that an incremental run opens those that it needs and no others.

An update of one row in a hundred meets about one row in a hundred of those that were there. A partner's own file can only be opened from its beginning to its
end; here rows stand beside each other in pages of a few, each encrypted by itself (AES-256-GCM, NIST SP 800-38D) under a key that is drawn for the file and
sealed to the linker, with the page's number as its nonce. References and blocks of all rows stand before them in pages of their own.

The file lies in the partner's folder and goes with it when the partner withdraws. It is as safe as the sealed tokens beside it, and no safer.
"""

import json
import mmap
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
LENGTH: Final = 8
HEAD: Final = ("row_ref", "block")

Columns = dict[str, npt.NDArray[Any]]


def _layout(lanes: Sequence[str]) -> np.dtype[Any]:
    return np.dtype([(n, np.dtype(lane_type(n).to_pandas_dtype()).newbyteorder("<")) for n in lanes])


def _nonce(kind: int, number: int) -> bytes:
    return bytes([kind]) + number.to_bytes(11, "big")


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


def _pages(columns: Columns, names: Sequence[str], *, step: int) -> Iterator[memoryview]:
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
    """Rows in a file that `keep_rows` made, open to read. `row_ref` and `block` are those of all rows."""

    content: mmap.mmap
    cipher: AESGCM
    lanes: tuple[str, ...]
    upto: str
    row_ref: npt.NDArray[np.int64]
    block: npt.NDArray[np.int64]
    start: int

    def rows(self, places: npt.NDArray[np.int64]) -> Columns:
        """The rows at these places, which rise, with all their lanes.

        Raises:
            BadSeal: a page was altered.
        """
        layout = _layout(self.lanes)
        width, size = layout.itemsize * PAGE + TAG, len(self.row_ref)
        pages, first = np.unique(places // PAGE, return_index=True)
        plain = []
        for page in pages.tolist():
            end = min(
                self.start + (page + 1) * width, self.start + size * layout.itemsize + -(-size // PAGE) * TAG
            )
            plain.append(_opened(self.cipher, _nonce(1, page), self.content[self.start + page * width : end]))
        together = np.frombuffer(b"".join(plain), dtype=layout)
        number = np.repeat(np.arange(len(pages)), np.diff(np.append(first, len(places))))
        chosen = together[number * PAGE + places % PAGE]
        return {n: np.ascontiguousarray(chosen[n]) for n in self.lanes}


def _opened(cipher: AESGCM, nonce: bytes, data: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, data, None)
    except InvalidTag as fault:
        raise BadSeal("rows that the linker keeps were altered: run the linker in full") from fault


@contextmanager
def resident(path: Path, *, context: bytes, linker: Identity) -> Iterator[Resident]:
    """The rows in the file.

    Raises:
        BadSeal: it is not this linker's, was altered or cut short, or is of another pass, partner or round.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        length = int.from_bytes(content[-LENGTH:], "big")
        about = json.loads(open_sealed(content[:length], by=linker, context=context))
        if about["format"] != ROWS_FORMAT:
            raise BadSeal(f"rows that the linker keeps should be {ROWS_FORMAT}: run the linker in full")
        whole = (
            length
            + LENGTH
            + sum(
                size * _layout(names).itemsize + -(-size // step) * TAG
                for size, names, step in (
                    (int(about["rows"]), HEAD, HEADS),
                    (int(about["rows"]), about["lanes"], PAGE),
                )
            )
        )
        if len(content) != whole:
            raise BadSeal("rows that the linker keeps were cut short: run the linker in full")
        cipher, size, at = AESGCM(bytes.fromhex(about["key"])), int(about["rows"]), length
        layout, plain = _layout(HEAD), []
        for number in range(-(-size // HEADS)):
            end = at + min(HEADS, size - number * HEADS) * layout.itemsize + TAG
            plain.append(_opened(cipher, _nonce(0, number), content[at:end]))
            at = end
        heads = np.frombuffer(b"".join(plain), dtype=layout)
        row_ref, block = (np.ascontiguousarray(heads[n]) for n in HEAD)
        yield Resident(content, cipher, tuple(about["lanes"]), about["upto"], row_ref, block, at)
