"""Rows put where an incremental run finds them: see `resident`, which says how they stand and reads them."""

import json
import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, repeat
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
    source = np.repeat(np.arange(len(rows), dtype=np.uint8), sizes)[order]
    contents += [_heads(block, order), _pages(rows, source, lanes=lanes)]
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


def _heads(block: npt.NDArray[np.uint64], order: Refs) -> Iterator[bytes]:
    """The first halves of the blocks in their order, some at a time."""
    for begin in range(0, len(order), HEADS):
        yield (block[order[begin : begin + HEADS]] >> np.uint64(32)).astype("<u4").tobytes()


def _pages(rows: list[InOrder], source: npt.NDArray[np.uint8], *, lanes: tuple[str, ...]) -> Iterator[bytes]:
    """The rows in the order of all blocks, each with its lanes beside each other, several pages at a time, which fit the cache; `source` tells whose each is."""
    layout, upto = layout_of(lanes), [0] * len(rows)
    row = np.dtype((np.void, layout.itemsize))
    for begin in range(0, len(source), TURNED):
        whose = source[begin : begin + TURNED]
        apart = np.empty(len(whose), dtype=layout)
        ends = np.cumsum(np.bincount(whose, minlength=len(rows))).tolist()
        for part, (first, past) in enumerate(pairwise([0, *ends])):
            # Rows of one partner follow each other here as they do there.
            piece, its = apart[first:past], slice(upto[part], upto[part] + past - first)
            upto[part] = its.stop
            piece[SOURCE] = part
            for name in ("row_ref", "block", *lanes):
                piece[name] = rows[part].columns[name][its]
        together = np.empty_like(apart)
        # As bytes they are put in their places in a tenth of the time that numpy takes for them as fields.
        together.view(row)[np.argsort(whose, kind="stable")] = apart.view(row)
        yield together.tobytes()


def _sealed(plain: bytes, *, section: Section, first: int, cipher: AESGCM) -> memoryview:
    """What stands on some pages of a section, from the one numbered `first` on, each sealed by itself and one after another."""
    width = section.step * section.width
    begins = np.arange(0, len(plain), width)
    sealed = memoryview(bytearray(len(plain) + len(begins) * TAG))
    nonces = section.nonces(first + np.arange(len(begins)))
    pages = _cut(memoryview(plain), begins, width=width)
    into = _cut(sealed, begins + np.arange(len(begins)) * TAG, width=width + TAG)
    # No loop of ours stands between: it would take as long as sealing.
    deque(map(cipher.encrypt_into, nonces, pages, repeat(None), into), maxlen=0)
    return sealed


def _cut(memory: memoryview, begins: Refs, *, width: int) -> Iterator[memoryview]:
    """The pieces of the memory that begin there; the last one may be shorter than the others."""
    return map(memory.__getitem__, map(slice, begins.tolist(), (begins + width).tolist()))
