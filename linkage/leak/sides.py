"""The two sides of an attack on one pass, in one form: what stands in the token file, and what the attacker computes from plaintext.

Each side gives its blocks, its bands, and for pairs of rows inside a block how each comparison stands and how far apart the two are. Where both
names make the key in alphabetical order of their digests, the attacker cannot know which name a lane holds; `turns` lists the ways in
which the lanes may stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from linkage.leak.colours import Numbers, Words, row_colours
from linkage.schema import MatchKey, Schema
from linkage.tokens import EXACT_BITS, PRESENCE_BITS, Compared, PassTable, compared_names

ABSENT: Final = 0
EQUAL: Final = 1
APART: Final = 2

States = npt.NDArray[np.uint8]
Bands = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which comparisons of a pass have a frequency band, and which can be measured between two rows; `turns` are orders of the latter two, one
    or two each."""

    banded: tuple[Compared, ...]
    measured: tuple[Compared, ...]
    turns: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]


def layout_of(schema: Schema, key: MatchKey) -> Layout:
    """The layout of the key's pass file."""
    compared = compared_names(schema, key)
    banded = tuple(c for c in compared if c.banded)
    measured = tuple(c for c in compared if c.filtered or c.exact)
    straight = (tuple(range(len(banded))), tuple(range(len(measured))))
    if not any(p.order == "both" for p in key.parts):
        return Layout(banded, measured, (straight,))
    turned = (_turned(banded), _turned(measured))
    return Layout(banded, measured, (straight,) if turned == straight else (straight, turned))


def _turned(lanes: tuple[Compared, ...]) -> tuple[int, ...]:
    """The order of the lanes after both names have changed places."""
    place = {c.lane: at for at, c in enumerate(lanes)}
    if not {"name_a", "name_b"} <= place.keys():
        return tuple(range(len(lanes)))
    change = {place["name_a"]: place["name_b"], place["name_b"]: place["name_a"]}
    return tuple(change.get(at, at) for at in range(len(lanes)))


class Side(Protocol):
    """One side's rows of one pass."""

    @property
    def layout(self) -> Layout:
        """Which lanes there are."""
        ...

    @property
    def block(self) -> Numbers:
        """The block of each row, numbered from 0."""
        ...

    @property
    def bands(self) -> Bands:
        """(rows, banded) frequency bands."""
        ...

    def present(self, left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
        """Whether both rows have a value, (pairs, measured), as far as this side can tell."""
        ...


def band_colours(side: Side) -> tuple[Words, ...]:
    """The colour of each row's bands, once for each way in which the lanes may stand."""
    return tuple(row_colours(side.bands[:, list(order)]) for order, _ in side.layout.turns)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the token file of a pass shows."""

    layout: Layout
    block: Numbers
    bands: Bands
    columns: Mapping[str, npt.NDArray[np.generic]]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.block)

    def words(self, one: Compared) -> Words:
        """The (rows, 2) words of a filter as they stand in the file."""
        return np.column_stack([self.columns[f"{one.lane}_{half}"].view(np.uint64) for half in (0, 1)])

    def present(self, left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
        """Whether both rows have a value: their masked presence bits are equal (one time in 63 also where both have none)."""
        out = np.empty((len(left), len(self.layout.measured)), dtype=np.bool_)
        for at, one in enumerate(self.layout.measured):
            lane, shift = one.presence
            out[:, at] = _same_bits(self.columns[lane], left, right, shift=shift, bits=PRESENCE_BITS)
        return out

    def distances(self, left: Numbers, right: Numbers) -> npt.NDArray[np.uint8]:
        """Distances in bits, (pairs, measured); of an exact comparison 0 or 1."""
        out = np.empty((len(left), len(self.layout.measured)), dtype=np.uint8)
        for at, one in enumerate(self.layout.measured):
            if one.place is not None:
                lane, shift = one.place
                out[:, at] = ~_same_bits(self.columns[lane], left, right, shift=shift, bits=EXACT_BITS)
            else:
                out[:, at] = bits_apart(self.words(one), left, right)
        return out


def see(table: PassTable, *, schema: Schema) -> Seen:
    """What the pass file shows whoever opens it."""
    layout = layout_of(schema, schema.match_key(table.key))
    bands = [table.columns[f"{c.lane}_band"].astype(np.int8) for c in layout.banded]
    block = np.unique(table.columns["block"], return_inverse=True)[1].astype(np.int64)
    return Seen(layout, block, _beside(bands, table.rows), table.columns)


def _beside(columns: list[Bands], rows: int) -> Bands:
    return np.column_stack(columns) if columns else np.empty((rows, 0), dtype=np.int8)


def _same_bits(
    lane: npt.NDArray[np.generic], left: Numbers, right: Numbers, *, shift: int, bits: int
) -> npt.NDArray[np.bool_]:
    words = lane.view(np.uint64)
    differing = (words[left] ^ words[right]) >> np.uint64(shift)
    return np.asarray((differing & np.uint64((1 << bits) - 1)) == 0)


def bits_apart(words: Words, left: Numbers, right: Numbers) -> npt.NDArray[np.uint8]:
    """The Hamming distance of each pair of (n, 2) words."""
    return np.asarray(np.bitwise_count(words[left] ^ words[right]).sum(axis=1), dtype=np.uint8)
