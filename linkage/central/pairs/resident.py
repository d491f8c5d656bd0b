"""Rows as the linker keeps them under seal between runs, so that an incremental run opens those that it needs and no others.

An update of one row in a hundred meets about one row in a hundred of those that were there. A partner's own file can only be opened from its beginning to its
end; here the rows of a pass, those of all partners, stand in the order of their blocks in pages of a few, each encrypted by itself (AES-256-GCM, NIST SP 800-38D)
under a key that is drawn for the file and sealed to the linker, with the page's number in its nonce: rows that meet are near each other, and often on one page. The
number of a row is its place in that order. Before the rows stand the first halves of all blocks, which rise, and before these the references of each partner, which rise
too, with the numbers of their rows: a few blocks, and a few references, are looked for among them, and not each of them among the few. Halves of blocks are read in half the
time; in a million rows hardly one has the half of another block, and each row says its whole block.

The files lie beside the submissions, and all of them go when one partner withdraws. They are as safe as the sealed tokens, and no safer.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys import BadSeal, Identity, open_sealed
from linkage.central.direct import room_to_read
from linkage.central.pairs.among import NONE, each_once, found_in
from linkage.central.pairs.row_pages import (
    ENTRY,
    HEADS,
    LENGTH,
    PAGE,
    ROWS_FORMAT,
    TAG,
    Refs,
    Section,
    layout_of,
    sections,
)
from linkage.central.scattered import Scattered, scattered

# Pages of rows that are opened at a time.
OPENED: Final = 512
LARGEST_HEADER: Final = 1 << 16

Columns = dict[str, npt.NDArray[Any]]


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


@dataclass(frozen=True, slots=True)
class Resident:
    """Rows in a file that `keep_rows` made, open to read. `upto` tells of each partner the digest of the manifest of the last submission that its rows are of; partners
    are numbered as they stand there. Pages are opened into `space`, those of one file after those of another: memory that is asked for anew costs more than what is
    opened into it."""

    upto: Mapping[str, str]
    file: Scattered
    cipher: AESGCM
    lanes: tuple[str, ...]
    sections: tuple[Section, ...]
    space: Space

    def references(self, partner: str) -> Iterator[tuple[Refs, npt.NDArray[np.uint32]]]:
        """The references of the partner's rows, which rise, and the numbers of these, some at a time, which stand in memory until the next are asked for.

        Raises:
            BadSeal: a page was altered.
        """
        section = self.sections[list(self.upto).index(partner)]
        for plain in self._opened(section, section.pages, most=1):
            size = len(plain) // ENTRY
            yield plain[: size * 8].view("<i8"), plain[size * 8 :].view("<u4")

    def near(self, wanted: Refs) -> Refs:
        """The numbers of the rows whose blocks begin as one of these does, which rise: all rows of these blocks, and hardly any other.

        Raises:
            BadSeal: a page was altered.
        """
        begins, numbers, seen = (
            each_once((wanted.view(np.uint64) >> np.uint64(32)).astype(np.uint32)),
            [NONE],
            0,
        )
        section = self.sections[-2]
        for plain in self._opened(section, section.pages, most=1):
            heads = plain.view("<u4")
            numbers.append(np.sort(found_in(heads, wanted=begins)) + seen)
            seen += len(heads)
        return np.concatenate(numbers)

    def rows(self, numbers: Refs) -> Columns:
        """The rows of these numbers, which rise: all lanes, and the `source`, the partner's number.

        Raises:
            BadSeal: a page was altered.
        """
        layout, section = layout_of(self.lanes), self.sections[-1]
        page, at = np.divmod(numbers, PAGE)
        new = np.diff(page, prepend=-1) > 0
        place = (np.cumsum(new) - 1) * PAGE + at
        # Bytes are chosen in a tenth of the time that numpy takes for fields.
        chosen, begin, before = np.empty((len(numbers), layout.itemsize), dtype=np.uint8), 0, 0
        most = len(self.space.pages(PAGE * layout.itemsize))
        for plain in self._opened(section, page[new], most=most):
            end = int(np.searchsorted(place, before + most * PAGE))
            chosen[begin:end] = plain.reshape(-1, layout.itemsize).take(place[begin:end] - before, axis=0)
            begin, before = end, before + most * PAGE
        found = chosen.view(layout)[:, 0]
        return {n: found[n] for n in found.dtype.names or ()}

    def _opened(self, section: Section, pages: Refs, *, most: int) -> Iterator[npt.NDArray[np.uint8]]:
        """What stands in these pages of the section, which rise, at most so many of them at a time and one after another."""
        full = section.step * section.width
        plain, nonces, decrypt = self.space.plain, section.nonces(pages), self.cipher.decrypt_into
        room = self.space.pages(full)
        for begin in range(0, len(pages), most):
            its = pages[begin : begin + most]
            # Only the last page of the section may have fewer entries than the others.
            short = full - min(full, (section.size - int(its[-1]) * section.step) * section.width)
            places = section.start + its * (full + TAG)
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
        BadSeal: it is not this linker's, was altered or cut short, or is of another pass or round.
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
        lanes = tuple(about["lanes"])
        its = tuple(sections(length, [int(size) for _, size, _ in about["partners"]], lanes))
        if end != its[-1].end + LENGTH:
            raise BadSeal("rows that the linker keeps were cut short: run the linker in full")
        upto = {str(name): str(digest) for name, _, digest in about["partners"]}
        yield Resident(upto, file, AESGCM(bytes.fromhex(about["key"])), lanes, its, space)
