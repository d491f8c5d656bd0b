"""From records to the rows of one pass: every way in which a record makes the match key, its block, and its block secret.

A record makes a key in several ways where names may stand in either order or a part has several values. The ways are numbered, and
digests, block and block secret follow from a record's row and the way's number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from keys import Secret, derive
from linkage.partner.records import Codes
from linkage.partner.tokens.prepared import PartTable
from linkage.partner.tokens.prf import Cmac, Words
from linkage.schema import NAMES, MatchKey, Part, Schema

CHUNK: Final = 65_536
MOST_WAYS: Final = 255
BLOCK_COUNTER: Final = 1
SECRET_COUNTER: Final = 2
Numbers = npt.NDArray[np.int32]
Swapped = npt.NDArray[np.bool_]
NOTHING: Final = np.int32(0)


class Tables(Protocol):
    """Gives the table of one part of one identifier."""

    def of(self, identifier: str, part: str) -> PartTable:
        """The table."""
        ...


class _Alone:
    """A part that is read from one table."""

    def __init__(self, table: PartTable) -> None:
        self._table = table
        self.single = table.single

    def count(self, codes: tuple[Codes, ...]) -> Numbers:
        """In how many ways rows with these codes make the part."""
        return self._table.count(codes[0])

    def codes(self, rows: slice | Codes) -> tuple[Codes, ...]:
        """The codes of these rows."""
        return (self._table.codes[rows],)

    def digests(
        self, codes: tuple[Codes, ...], which: Numbers | np.int32
    ) -> tuple[list[Words], Swapped | None]:
        """The digests of way number `which` of each row, and where the names stand the other way round."""
        return [self._table.digests.take(self._table.starts.take(codes[0]) + which, axis=0)], None


class _Names:
    """What parts of both names share: both tables' digests in one table, first those of forenames."""

    def __init__(self, part: str, tables: Tables) -> None:
        self._tables = tuple(tables.of(name, part) for name in NAMES)
        self._behind = np.int32(len(self._tables[0].digests))
        self._every = np.concatenate([t.digests for t in self._tables])
        self.single = False

    def codes(self, rows: slice | Codes) -> tuple[Codes, ...]:
        """The codes of these rows, of forenames and of surnames."""
        return tuple(t.codes[rows] for t in self._tables)


class _Either(_Names):
    """A part of forename and surname in turn."""

    def count(self, codes: tuple[Codes, ...]) -> Numbers:
        """In how many ways rows with these codes make the part."""
        first, second = (t.count(c) for t, c in zip(self._tables, codes, strict=True))
        return first + second

    def digests(
        self, codes: tuple[Codes, ...], which: Numbers | np.int32
    ) -> tuple[list[Words], Swapped | None]:
        """The digests of way number `which` of each row, and where the names stand the other way round."""
        first, second = (t.start(c) for t, c in zip(self._tables, codes, strict=True))
        firsts = self._tables[0].count(codes[0])
        swapped = which >= firsts
        at = np.where(swapped, second + self._behind - firsts, first) + which
        return [self._every.take(at, axis=0)], swapped


class _Both(_Names):
    """A part of both names in the order of the digests; where they are equal, the digests of the whole names decide who is swapped."""

    def __init__(self, part: str, tables: Tables) -> None:
        super().__init__(part, tables)
        self._whole = tuple(tables.of(name, "whole") for name in NAMES)
        self._first_words = np.ascontiguousarray(self._every[:, 0])
        self.single = all(t.single for t in self._tables)

    def count(self, codes: tuple[Codes, ...]) -> Numbers:
        """In how many ways rows with these codes make the part."""
        first, second = (t.count(c) for t, c in zip(self._tables, codes, strict=True))
        return first * second

    def digests(
        self, codes: tuple[Codes, ...], which: Numbers | np.int32
    ) -> tuple[list[Words], Swapped | None]:
        """The digests of way number `which` of each row, and where the names stand the other way round."""
        first, second = (t.starts.take(c) for t, c in zip(self._tables, codes, strict=True))
        if not self.single:
            of_second, of_first = np.divmod(which, self._tables[0].count(codes[0]))
            first, second = first + of_first, second + of_second
        second = second + self._behind
        a, b = self._first_words.take(first), self._first_words.take(second)
        swapped = a > b
        if len(equal := np.flatnonzero(a == b)):
            wholes = (t.digests[t.starts[c[equal]], 0] for t, c in zip(self._whole, codes, strict=True))
            swapped[equal] = np.greater(*wholes)
        low, high = np.where(swapped, second, first), np.where(swapped, first, second)
        return [self._every.take(low, axis=0), self._every.take(high, axis=0)], swapped


_Choice = _Alone | _Either | _Both


def _choice(part: Part, tables: Tables) -> _Choice:
    if part.order is None:
        return _Alone(tables.of(part.identifier, part.part))
    return _Either(part.part, tables) if part.order == "any" else _Both(part.part, tables)


class KeyReader:
    """One match key over the cleaned records: which rows make it, and the block and secret of each."""

    def __init__(self, key: MatchKey, *, schema: Schema, secret: Secret, parts: Tables) -> None:
        self._choices = tuple(_choice(part, parts) for part in key.parts)
        self._cmac = Cmac(derive(secret, "pass-block", schema.digest, key.name))

    def ways(self, rows: slice) -> Numbers:
        """In how many ways each row of the slice makes the key; 0 where a part is missing."""
        out = self._choices[0].count(self._choices[0].codes(rows))
        for choice in self._choices[1:]:
            out = out * choice.count(choice.codes(rows))
        return np.minimum(out, MOST_WAYS)

    def digests(self, row: Codes, way: Numbers) -> tuple[list[Words], Swapped | None]:
        """The digests of the parts of each (row, way), and where the names stand the other way round."""
        left = way
        out: list[Words] = []
        swapped = None
        several = sum(not c.single for c in self._choices)
        for choice in self._choices:
            codes = choice.codes(row)
            which: Numbers | np.int32 = NOTHING
            if not choice.single:
                several -= 1
                which = left
                if several:
                    left, which = np.divmod(left, choice.count(codes))
            found, turned = choice.digests(codes, which)
            out += found
            swapped = turned if turned is not None else swapped
        return out, swapped

    def blocks(self, row: Codes, way: Numbers) -> tuple[npt.NDArray[np.int64], Words, Swapped]:
        """The block and the block secret of each (row, way), and where the names stand the other way round. The block is the first eight bytes of
        the first output block of the KDF, the secret is the second output block (NIST SP 800-108r1)."""
        digests, swapped = self.digests(row, way)
        named, secret = self._cmac.derive(digests, counters=[BLOCK_COUNTER, SECRET_COUNTER])
        turned = np.zeros(len(row), dtype=bool) if swapped is None else swapped
        return np.ascontiguousarray(named[:, 0]).view(np.int64), secret, turned


@dataclass(frozen=True, slots=True)
class Ways:
    """Some rows of a pass, in the order of the file: row of the cleaned records, block, block secret, and where forename and surname stand the
    other way round."""

    row: Codes
    block: npt.NDArray[np.int64]
    secret: Words = field(repr=False)
    swapped: Swapped


def every_way(reader: KeyReader, rows: int) -> Iterator[Ways]:
    """All rows of the pass, piece by piece; equal ways of one record (both names sound alike) are all among them."""
    for start in range(0, rows, CHUNK):
        ways = reader.ways(slice(start, min(start + CHUNK, rows)))
        made = np.flatnonzero(ways)
        if not len(made):
            continue
        ways = ways.take(made)
        row = np.repeat(made.astype(np.int32) + np.int32(start), ways)
        begins = np.repeat(np.cumsum(ways, dtype=np.int32) - ways, ways)
        way = np.arange(len(row), dtype=np.int32) - begins
        yield Ways(row, *reader.blocks(row, way))
