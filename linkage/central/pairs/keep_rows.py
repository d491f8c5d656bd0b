"""Rows put where an incremental run finds them: see `resident`, which says how they stand and reads them."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys import Identity, seal
from linkage.central.pairs.row_pages import (
    HEADS,
    LENGTH,
    ROWS_FORMAT,
    SOURCE,
    TAG,
    Refs,
    Section,
    layout_of,
    sections,
)
from linkage.drafts import drafted, sync_folder, telling

# Rows that are turned from lanes to pages at a time: whole pages.
TURNED: Final = 1 << 13

Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class InOrder:
    """A partner's rows of a pass in the order of their blocks, taken as unsigned. `came` has, of each, its place among them as they came, most often in that of their
    references; `upto` is the digest of the manifest of the last submission that they are of."""

    columns: Columns
    came: Refs
    upto: str


def keep_rows(path: Path, several: Mapping[str, InOrder], *, context: bytes, linker: Identity) -> None:
    """The partners' rows of a pass lie in the file for the linker alone.

    Raises:
        NotWritten: the system refused.
    """
    key, rows = AESGCM.generate_key(256), list(several.values())
    lanes = tuple(name for name in rows[0].columns if name not in ("row_ref", "block"))
    sizes = [len(one.came) for one in rows]
    partners = [[name, size, one.upto] for (name, one), size in zip(several.items(), sizes, strict=True)]
    about = {"format": ROWS_FORMAT, "key": key.hex(), "lanes": list(lanes), "partners": partners}
    header = seal(json.dumps(about).encode(), to=linker.public, context=context)
    block = np.concatenate([one.columns["block"] for one in rows]).view(np.uint64)
    # The blocks of each partner rise already: they are merged.
    order = np.argsort(block, kind="stable")
    number = np.empty(len(order), dtype=np.uint32)
    number[order] = np.arange(len(order), dtype=np.uint32)
    begins = np.cumsum([0, *sizes])
    contents = [_references(one, number[begin:]) for one, begin in zip(rows, begins, strict=False)]
    contents += [_blocks(block, order), _pages(rows, order, begins, lanes=lanes)]
    cipher = AESGCM(key)
    with telling(path), drafted(path) as draft:
        draft.parent.mkdir(exist_ok=True)
        with draft.open("wb", buffering=1 << 20) as out:
            out.write(header)
            for section, content in zip(sections(len(header), sizes, lanes), contents, strict=True):
                first = 0
                for plain in content:
                    out.write(_sealed(plain, section=section, first=first, cipher=cipher))
                    first += -(-len(plain) // (section.step * section.width))
            out.write(len(header).to_bytes(LENGTH, "big"))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        sync_folder(path.parent)


def _references(one: InOrder, number: npt.NDArray[np.uint32]) -> Iterator[bytes]:
    """The references of a partner, which rise, and the numbers of these rows; some of the ones and then as many of the others at a time."""
    refs, numbers = np.empty_like(one.columns["row_ref"]), np.empty(len(one.came), dtype=np.uint32)
    refs[one.came], numbers[one.came] = one.columns["row_ref"], number[: len(one.came)]
    if (refs[1:] < refs[:-1]).any():
        rising = np.argsort(refs)
        refs, numbers = refs[rising], numbers[rising]
    for begin in range(0, len(refs), HEADS):
        its = slice(begin, begin + HEADS)
        yield refs[its].astype("<i8").tobytes() + numbers[its].astype("<u4").tobytes()


def _blocks(block: npt.NDArray[np.uint64], order: Refs) -> Iterator[bytes]:
    """The blocks in their order, some at a time."""
    for begin in range(0, len(order), HEADS):
        yield block[order[begin : begin + HEADS]].astype("<u8").tobytes()


def _pages(rows: list[InOrder], order: Refs, begins: Refs, *, lanes: tuple[str, ...]) -> Iterator[bytes]:
    """The rows in the order of all blocks, each with its lanes beside each other, several pages at a time, which fit the cache."""
    layout, upto = layout_of(lanes), begins[:-1].copy()
    for begin in range(0, len(order), TURNED):
        its = order[begin : begin + TURNED]
        piece = np.empty(len(its), dtype=layout)
        piece[SOURCE] = source = np.searchsorted(begins, its, side="right") - 1
        for part, one in enumerate(rows):
            # Rows of one partner stand here as they stand there.
            where = np.flatnonzero(source == part)
            first = upto[part] - begins[part]
            upto[part] += len(where)
            for name in ("row_ref", *lanes):
                piece[name][where] = one.columns[name][first : first + len(where)]
        yield piece.tobytes()


def _sealed(plain: bytes, *, section: Section, first: int, cipher: AESGCM) -> memoryview:
    """What stands on some pages of a section, from the one numbered `first` on, each sealed by itself and one after another."""
    width = section.step * section.width
    begins = range(0, len(plain), width)
    pages, sealed, at = memoryview(plain), memoryview(bytearray(len(plain) + len(begins) * TAG)), 0
    for nonce, begin in zip(section.nonces(np.arange(first, first + len(begins))), begins, strict=True):
        page = pages[begin : begin + width]
        cipher.encrypt_into(nonce, page, None, sealed[at : at + len(page) + TAG])
        at += width + TAG
    return sealed
