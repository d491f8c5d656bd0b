"""From records to the rows of one pass: every way in which a record makes the match key, its block, and its block secret.

A record makes a key in several ways where names may stand in either order or a part has several values. The ways are numbered, and
digests, block and block secret follow from a record's row and the way's number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from keys import Secret, derive
from linkage.partner.prepared import PartTable, PartTables
from linkage.partner.prf import Cmac, Words
from linkage.partner.records import Codes
from linkage.schema import NAMES, MatchKey, Part, Schema

CHUNK: Final = 16_384
MOST_WAYS: Final = 255
BLOCK_COUNTER: Final = 1
SECRET_COUNTER: Final = 2


@dataclass(frozen=True, slots=True)
class _Choice:
    """One part of a key as it is read from one table, or from two whose names are put in order."""

    part: Part
    tables: tuple[PartTable, ...]
    wholes: tuple[PartTable, ...] = ()

    def count(self, rows: slice) -> npt.NDArray[np.int32]:
        """In how many ways each row of the slice makes this part."""
        counts = [t.count(rows) for t in self.tables]
        if self.part.order == "both":
            return counts[0] * counts[1]
        return sum(counts[1:], start=counts[0])


class KeyReader:
    """One match key over the cleaned records: which rows make it, and the block and secret of each."""

    def __init__(self, key: MatchKey, *, schema: Schema, secret: Secret, parts: PartTables) -> None:
        self._choices = tuple(_choice(part, parts) for part in key.parts)
        self._cmac = Cmac(derive(secret, "pass-block", schema.digest, key.name))

    def ways(self, rows: slice) -> npt.NDArray[np.int32]:
        """In how many ways each row of the slice makes the key; 0 where a part is missing."""
        out = self._choices[0].count(rows)
        for choice in self._choices[1:]:
            out = out * choice.count(rows)
        return np.minimum(out, MOST_WAYS)

    def digests(
        self, row: Codes, way: npt.NDArray[np.uint8]
    ) -> tuple[list[Words], npt.NDArray[np.bool_] | None]:
        """The digests of the parts of each (row, way), and where the names stand the other way round."""
        left = way.astype(np.int32)
        out: list[Words] = []
        swapped = None
        for choice in self._choices:
            counts = [_counts(t, row) for t in choice.tables]
            if choice.part.order is None:
                left, which = np.divmod(left, counts[0])
                out.append(choice.tables[0].digest(row, which))
            elif choice.part.order == "any":
                left, which = np.divmod(left, counts[0] + counts[1])
                swapped = which >= counts[0]
                out.append(_either(choice, row, which, counts[0], swapped))
            else:
                left, which = np.divmod(left, counts[0] * counts[1])
                first, second, swapped = _ordered(choice, row, which, counts[0])
                out += [first, second]
        return out, swapped

    def blocks(
        self, row: Codes, way: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], Words, npt.NDArray[np.bool_]]:
        """The block and the block secret of each (row, way), and where the names stand the other way round. The block is the first eight bytes of
        the first output block of the KDF, the secret is the second output block (NIST SP 800-108r1)."""
        digests, swapped = self.digests(row, way)
        named, secret = self._cmac.derive(digests, counters=[BLOCK_COUNTER, SECRET_COUNTER])
        turned = np.zeros(len(row), dtype=bool) if swapped is None else swapped
        return np.ascontiguousarray(named[:, 0]).view(np.int64), secret, turned


def _counts(table: PartTable, row: Codes) -> npt.NDArray[np.int32]:
    codes = table.codes[row]
    return (
        np.where(codes < 0, 0, table.counts[codes]).astype(np.int32)
        if len(table.counts)
        else np.zeros(len(row), dtype=np.int32)
    )


def _choice(part: Part, parts: PartTables) -> _Choice:
    if part.order is None:
        return _Choice(part, (parts.of(part.identifier, part.part),))
    tables = tuple(parts.of(n, part.part) for n in NAMES)
    return _Choice(part, tables, tuple(parts.of(n, "whole") for n in NAMES) if part.order == "both" else ())


def _either(
    choice: _Choice,
    row: Codes,
    which: npt.NDArray[np.int32],
    firsts: npt.NDArray[np.int32],
    swapped: npt.NDArray[np.bool_],
) -> Words:
    out = np.empty((len(row), 2), dtype=np.uint64)
    for table, here, less in ((choice.tables[0], ~swapped, 0), (choice.tables[1], swapped, firsts)):
        at = np.flatnonzero(here)
        out[at] = table.digest(row[at], (which - less)[at])
    return out


def _ordered(
    choice: _Choice, row: Codes, which: npt.NDArray[np.int32], firsts: npt.NDArray[np.int32]
) -> tuple[Words, Words, npt.NDArray[np.bool_]]:
    """The digests of both names in the order of the digests; where they are equal, the digests of the whole names decide who is swapped."""
    second, first = np.divmod(which, firsts)
    a, b = choice.tables[0].digest(row, first), choice.tables[1].digest(row, second)
    nothing = np.zeros(len(row), dtype=np.int32)
    whole_a, whole_b = (t.digest(row, nothing)[:, 0] for t in choice.wholes)
    swapped = np.where(a[:, 0] == b[:, 0], whole_a > whole_b, a[:, 0] > b[:, 0])
    turned = swapped[:, None]
    return np.where(turned, b, a), np.where(turned, a, b), swapped


@dataclass(frozen=True, slots=True)
class Ways:
    """Some rows of a pass, in the order of the file: row of the cleaned records, block, block secret, and where forename and surname stand the
    other way round."""

    row: Codes
    block: npt.NDArray[np.int64]
    secret: Words
    swapped: npt.NDArray[np.bool_]


def count_ways(reader: KeyReader, rows: int) -> int:
    """In how many ways the first `rows` rows make the key, equal ways of one row counted each."""
    return sum(int(reader.ways(piece).sum()) for piece in _pieces(rows))


def every_way(reader: KeyReader, rows: int) -> Iterator[Ways]:
    """All rows of the pass, piece by piece; equal ways of one record (both names sound alike) are all among them."""
    for piece in _pieces(rows):
        ways = reader.ways(piece)
        row = np.repeat(np.arange(piece.start, piece.stop, dtype=np.int32), ways)
        if not len(row):
            continue
        begins = np.repeat(np.cumsum(ways, dtype=np.int64) - ways, ways)
        way = (np.arange(len(row)) - begins).astype(np.uint8)
        yield Ways(row, *reader.blocks(row, way))


def _pieces(rows: int) -> Iterator[slice]:
    for start in range(0, rows, CHUNK):
        yield slice(start, min(start + CHUNK, rows))
