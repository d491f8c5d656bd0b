"""A file's records as every pass needs them, portion by portion: digests, q-grams and bands of values, kept where they may lie on a disk.

A portion is so many records that what is made of it fits in memory many times over. No pass needs more than one at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from keys import Secret
from linkage.partner.freed_memory import give_back_memory
from linkage.partner.records import CleanRecords, Codes
from linkage.partner.tokens.grams import Grams, Heavy
from linkage.partner.tokens.name_bands import NameBands
from linkage.partner.tokens.prepared import PartTable, PartTables, Prepared, joined_values, prepare
from linkage.partner.tokens.same_person import People
from linkage.partner.tokens.scratch import MEMORY, Array, Kept, Scratch
from linkage.schema import NAMES, Schema

# Files up to so many records have this much more memory for what every pass reads again: at 2 million it is less than what is known of all records of 10 million.
FEW_RECORDS: Final = 2_000_000
MORE_MEMORY: Final = 320 << 20
Bands = npt.NDArray[np.int8]
Numbers = Mapping[str, npt.NDArray[np.int32]]
Refs = npt.NDArray[np.uint8]


class _Keeper:
    """Puts arrays away, one that is used twice only once."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._kept: dict[int, tuple[Array, Kept]] = {}

    def put(self, array: Array) -> Kept:
        """What gives the array back."""
        if id(array) not in self._kept:
            self._kept[id(array)] = array, self._scratch.put(array)
        return self._kept[id(array)][1]


@dataclass(frozen=True, slots=True)
class _KeptTable:
    """A part table put away."""

    columns: tuple[Kept, ...]

    @classmethod
    def of(cls, table: PartTable, *, keeper: _Keeper) -> "_KeptTable":
        """The table, put away."""
        every = (table.codes, table.counts, table.starts, table.digests)
        return cls(tuple(keeper.put(a) for a in every))

    def back(self) -> PartTable:
        """The table."""
        return PartTable(*(c() for c in self.columns))


@dataclass(frozen=True, slots=True)
class _KeptValues:
    """What a comparison needs of each value, put away; its bands are known only after the last portion."""

    codes: Kept
    grams: tuple[Kept, ...] | None
    weights: tuple[int, ...]
    digest: Kept | None

    @classmethod
    def of(cls, one: Prepared, *, keeper: _Keeper) -> "_KeptValues":
        """The values, put away."""
        put, grams = keeper.put, one.grams
        digest = put(one.digest) if one.digest is not None else None
        if grams is None:
            return cls(put(one.codes), None, (), digest)
        kept = (put(grams.codes), put(grams.lengths), *(put(h.codes) for h in grams.heavy))
        return cls(put(one.codes), kept, tuple(h.weight for h in grams.heavy), digest)

    def back(self, band: Bands | None) -> Prepared:
        """The values, with their bands."""
        grams = None
        if self.grams is not None:
            codes, lengths, *heavy = (k() for k in self.grams)
            grams = Grams(codes, lengths, tuple(map(Heavy, heavy, self.weights)))
        return Prepared(self.codes(), grams, band, self.digest() if self.digest is not None else None)


@dataclass(frozen=True, slots=True)
class Portion:
    """Some records one after another: the number of the first, how many, and how many rows they have; their references; and, put away, the number (from 0) of
    each row's record, the tables of parts, and the values that are compared."""

    first: int
    records: int
    rows: int
    refs: Kept
    record: Kept
    tables: Mapping[tuple[str, str], _KeptTable]
    values: Mapping[str, _KeptValues]
    bands: Mapping[str, Bands]

    def of(self, identifier: str, part: str) -> PartTable:
        """The table of one part of one identifier."""
        return self.tables[identifier, part].back()

    def prepared(self, names: Sequence[str]) -> dict[str, Prepared]:
        """These comparisons' values."""
        return {n: self.values[n].back(self.bands.get(n)) for n in names}


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a file in any order: the number of each one's record, and of every comparison the rows' values."""

    record: Codes
    prepared: Mapping[str, Prepared]


class Portions:
    """All records of a file. What does not fit in memory lies beside the submission `beside`, if there is one."""

    def __init__(self, *, schema: Schema, secret: Secret, beside: Path | None) -> None:
        self._schema, self._secret = schema, secret
        self._scratch = Scratch(beside, memory=MEMORY + MORE_MEMORY)
        self._people = People(schema=schema, secret=secret, beside=beside)
        self._every: list[Portion] = []
        self._names = {
            n: NameBands() for n, c in schema.comparisons.items() if not c.exact and (c.banded or n in NAMES)
        }
        self._numbers: list[Numbers] = []
        self._held = dict.fromkeys(schema.comparisons, 0)
        self.rows = self.records = 0
        self.few = True

    def __iter__(self) -> Iterator[Portion]:
        return iter(self._every)

    def add(self, clean: CleanRecords, *, refs: Refs) -> None:
        """The next records and their references."""
        schema, keeper = self._schema, _Keeper(self._scratch)
        parts = PartTables(clean, schema=schema, secret=self._secret)
        prepared = prepare(clean, schema=schema, parts=parts)
        self._people.add(clean, parts=parts)
        for name, one in prepared.items():
            self._held[name] += int(np.count_nonzero(one.codes >= 0))
        self._numbers.append(
            {n: b.add(clean.columns[schema.comparisons[n].identifier]) for n, b in self._names.items()}
        )
        self._every.append(
            Portion(
                first=self.records,
                records=clean.records,
                rows=clean.rows,
                refs=keeper.put(refs),
                record=keeper.put(clean.record),
                tables={at: _KeptTable.of(parts.of(*at), keeper=keeper) for at in sorted(set(_needed(schema)))},
                values={n: _KeptValues.of(one, keeper=keeper) for n, one in prepared.items()},
                bands={},
            )
        )
        self.records += clean.records
        self.rows += clean.rows
        if self.few and self.records > FEW_RECORDS:
            self.few = False
            self._scratch.give_up(MORE_MEMORY)
            give_back_memory()

    def finish(self) -> Codes:
        """The number of each record's person, now that all records are there."""
        if not self.few:
            give_back_memory()
        banded = [n for n in self._names if self._schema.comparisons[n].banded]
        bands = {n: self._names[n].bands(self._schema.bands) for n in banded}
        self._every = [
            replace(p, bands=self._bands_of(numbers, bands=bands))
            for p, numbers in zip(self._every, self._numbers, strict=True)
        ]
        self._numbers = []
        return self._people.finish()

    def _bands_of(self, numbers: Numbers, *, bands: Mapping[str, Bands]) -> dict[str, Bands]:
        """The bands of a portion's values. Forename and surname share their values, so that each has the bands of both."""
        its = {n: bands[n].take(number) for n, number in numbers.items() if n in bands}
        both = [n for n in NAMES if n in numbers]
        if len(both) < len(NAMES) or any(self._schema.comparisons[n].exact for n in both):
            return its
        joined = np.concatenate([its.get(n, np.zeros(len(numbers[n]), dtype=np.int8)) for n in both])
        return its | dict.fromkeys((n for n in both if n in its), joined)

    def sample(self, rows: Array) -> Sample:
        """The rows with these numbers, counted from 0 over all portions."""
        names = tuple(self._schema.comparisons)
        record = np.empty(len(rows), dtype=np.int32)
        codes = {n: np.full(len(rows), -1, dtype=np.int32) for n in names}
        found: dict[str, list[Prepared]] = {n: [] for n in names}
        begin = 0
        for portion in self._every:
            here = np.flatnonzero((rows >= begin) & (rows < begin + portion.rows))
            there = (rows[here] - begin).astype(np.int32)
            record[here] = portion.record()[there] + np.int32(portion.first)
            for name, one in portion.prepared(names).items():
                its = one.codes.take(there)
                has = np.flatnonzero(its >= 0)
                before = sum(len(f.codes) for f in found[name])
                codes[name][here[has]] = np.arange(len(has), dtype=np.int32) + np.int32(before)
                found[name].append(one.only(its[has]))
            begin += portion.rows
        return Sample(record, {n: joined_values(found[n], codes=codes[n]) for n in names})

    def held(self, comparison: str) -> float:
        """The share of rows that have a value of the comparison."""
        return self._held[comparison] / max(self.rows, 1)

    def refs(self) -> Refs:
        """The references of all records."""
        every = [p.refs() for p in self._every]
        return every[0] if len(every) == 1 else np.concatenate([np.empty((0, 16), dtype=np.uint8), *every])


def _needed(schema: Schema) -> Iterator[tuple[str, str]]:
    """Every part of an identifier that some match key reads."""
    for key in schema.match_keys:
        for part in key.parts:
            yield from ((i, part.part) for i in part.identifiers)
            if part.order == "both":
                yield from ((i, "whole") for i in part.identifiers)
