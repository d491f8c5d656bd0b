"""From cleaned records to tokens: one table a match key, none of which can be compared outside its block.

For every record and every match key whose parts are all there: `block` and block secret from the digests of the parts under a key of this
pass; for each identifier outside the key a Bloom filter whose positions and mask come from the block secret (Schnell, Bachteler and
Reiher 2009 for filters over q-grams; the block keying and its reasons: docs/decisions/0001; how it is made fast: docs/decisions/0012).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import Secret, derive
from linkage.partner.blocks import KeyReader, Ways, count_ways, every_way
from linkage.partner.filters import USE_EXACT, filters, keyed, masks
from linkage.partner.prepared import PartTables, Prepared, prepare
from linkage.partner.prf import Cmac, Fresh, Prp, Words
from linkage.partner.records import CleanRecords, Codes
from linkage.partner.same_person import same_person
from linkage.partner.shelf import Shelves
from linkage.partner.statistics import estimate
from linkage.schema import MatchKey, Schema
from linkage.tokens import (
    EXACT_BITS,
    PRESENCE_BITS,
    Compared,
    Lane,
    PartnerStatistics,
    PassMap,
    PassTable,
    TokenTable,
    compared_names,
    lanes_of,
)

Randomness = Callable[[int], bytes]
CHUNK_ROWS: Final = 8192
# Where more than one row in so many has no value, the others are picked out first.
MANY: Final = 5
MASK_PRESENCE: Final = 200
MASK_EXACT: Final = 220


@dataclass(frozen=True, slots=True)
class PassSummary:
    """What became of one pass, as counts: records with at least one row, rows, rows that were left out because too many people share their value, and
    how many such values there are."""

    key: str
    records: int
    rows: int
    dropped_rows: int
    dropped_values: int


@dataclass(frozen=True, slots=True)
class PassChunk:
    """Some rows of a pass: its lanes, and for the assembler's map the records' references, (n, 16) bytes."""

    lanes: dict[str, Lane]
    refs: npt.NDArray[np.uint8]


class Tokeniser:
    """The passes of one file's cleaned records. `secret` is the project secret of this round; `own` the partner's own secret, which alone can
    make or reverse `row_ref` and `record_ref`. `scratch` is a folder for what does not fit in memory. Same arguments, same tokens."""

    def __init__(
        self,
        clean: CleanRecords,
        *,
        schema: Schema,
        secret: Secret,
        own: Secret,
        randomness: Randomness,
        scratch: Path | None = None,
    ) -> None:
        self._clean, self._schema, self._secret, self._own = clean, schema, secret, own
        self._scratch = scratch
        self._randomness = randomness
        self._parts = PartTables(clean, schema=schema, secret=secret)
        self._prepared = prepare(clean, schema=schema, parts=self._parts)
        self._person = same_person(clean, schema=schema, secret=secret, parts=self._parts)
        self.refs = record_refs(clean.record_ids, own=own)
        self._keyed = np.zeros(clean.records, dtype=bool)

    def statistics(self) -> PartnerStatistics:
        """What the partner tells about its file as a whole."""
        throw_away = Prp(Secret(self._randomness(32), name="statistics"))
        return estimate(
            self._clean,
            schema=self._schema,
            prepared=self._prepared,
            prf=throw_away,
            randomness=self._randomness,
        )

    def passes(self) -> "Iterator[OpenedPass]":
        """Every pass of the schema in its order. A pass is to be used up before the next is asked for."""
        for key in self._schema.match_keys:
            yield OpenedPass(key, self)

    def make(self, key: MatchKey, summarise: Callable[[PassSummary], None]) -> Iterator[PassChunk]:
        """The rows of one pass, chunk by chunk, in the order of `row_ref`; what became of it is told at the end. A record has one row in a block at
        most: two of its rows there (an alias beside the name) would tell the linker how far apart the names of one person are."""
        record = self._clean.record
        reader = KeyReader(key, schema=self._schema, secret=self._secret, parts=self._parts)
        shelves = Shelves(expected=count_ways(reader, len(record)), scratch=self._scratch)
        for ways in every_way(reader, len(record)):
            shelves.add(ways, self._row_refs(ways, key))
        surplus, shared = shelves.surplus(
            person=self._person.take(record), most=self._schema.most_people_per_key
        )
        fresh = Fresh(self._randomness(32))
        prf = Prp(derive(self._secret, "pass-filter", self._schema.digest, key.name))
        names = lanes_of(self._schema, key)
        seen, left = np.zeros(self._clean.records, dtype=bool), 0
        for some in shelves.sorted(without=surplus, rows_at_once=CHUNK_ROWS):
            row = some["row"].copy()
            of = record.take(row)
            seen[of] = True
            left += len(of)
            lanes: dict[str, Lane] = {"row_ref": some["ref"].copy(), "block": some["block"].copy()}
            lanes |= self._lanes(
                key,
                prf=prf,
                fresh=fresh,
                row=row,
                secrets=some["secret"].copy(),
                swapped=some["swapped"].copy(),
            )
            yield PassChunk({n: lanes[n] for n in names}, self.refs.take(of, axis=0))
        self._keyed |= seen
        summarise(PassSummary(key.name, int(seen.sum()), left, len(surplus), shared))

    @property
    def unkeyed(self) -> int:
        """How many records had no row in any of the passes made so far."""
        return int((~self._keyed).sum())

    def _row_refs(self, ways: Ways, key: MatchKey) -> npt.NDArray[np.int64]:
        """Pseudonyms of the rows for this pass alone: AES-256 under a key of the partner and the pass, of the record's reference with the block
        mixed in, cut to 63 bits. They do not depend on the other records of the file; a record's rows in one block have the same."""
        words = self.refs.view(np.uint64).take(self._clean.record.take(ways.row), axis=0)
        words[:, 1] ^= ways.block.view(np.uint64)
        made = Prp(derive(self._own, "row-ref", key.name))(words)[:, 0]
        return (made >> np.uint64(1)).astype(np.int64)

    def _lanes(
        self,
        key: MatchKey,
        *,
        prf: Prp,
        fresh: Fresh,
        row: Codes,
        secrets: Words,
        swapped: npt.NDArray[np.bool_],
    ) -> dict[str, Lane]:
        compared = compared_names(self._schema, key)
        codes: dict[str, Words] = {}
        for one in compared:
            for lane, _ in (one.presence, *([one.place] if one.place else [])):
                codes.setdefault(lane, np.zeros(len(row), dtype=np.uint64))
        lanes: dict[str, Lane] = {}
        for one in compared:
            made = _Compare(one, self._schema, self._prepared, row=row, secrets=secrets, swapped=swapped)
            absent = made.absent
            lane, shift = one.presence
            missing = fresh.words(len(absent)) % np.uint64((1 << PRESENCE_BITS) - 1) + np.uint64(1)
            codes[lane][absent] |= missing << np.uint64(shift)
            if one.filtered:
                filled = made.filters(prf)
                filled[absent] = fresh.words(len(absent), 2)
                lanes[f"{one.lane}_0"], lanes[f"{one.lane}_1"] = filled.view(np.int64).T.copy()
            if one.banded:
                lanes[f"{one.lane}_band"] = made.bands()
            if one.place is not None:
                lane, shift = one.place
                code = made.exact(prf)
                code[absent] = fresh.words(len(absent))
                codes[lane] |= (code & np.uint64((1 << EXACT_BITS) - 1)) << np.uint64(shift)
        for lane, code in codes.items():
            kind, _, number = lane.rpartition("_")
            slot = (MASK_PRESENCE if kind == "presence" else MASK_EXACT) + int(number)
            lanes[lane] = (code ^ masks(prf, secrets, slot=slot)[:, 0]).view(np.int64)
        return lanes


class OpenedPass:
    """One pass, made as its chunks are asked for, once."""

    def __init__(self, key: MatchKey, by: Tokeniser) -> None:
        self.key, self._by = key, by
        self._summary: PassSummary | None = None

    def chunks(self) -> Iterator[PassChunk]:
        """The rows, chunk by chunk, in the order of `row_ref`."""
        return self._by.make(self.key, self._tell)

    def _tell(self, summary: PassSummary) -> None:
        self._summary = summary

    @property
    def summary(self) -> PassSummary:
        """What became of the pass, once its chunks are used up."""
        assert self._summary is not None, "the pass is not used up yet"  # noqa: S101  a fault of the caller
        return self._summary


class _Compare:
    """One comparison over the rows of one chunk: where the names are swapped, forename and surname change places. What is made for a row without
    a value means nothing, and is to be replaced."""

    def __init__(
        self,
        one: Compared,
        schema: Schema,
        prepared: dict[str, Prepared],
        *,
        row: Codes,
        secrets: Words,
        swapped: npt.NDArray[np.bool_],
    ) -> None:
        self._one, self._secrets, self._source = one, secrets, prepared[one.comparison]
        self._bits = schema.comparisons[one.comparison].bits_per_gram
        codes = self._source.codes.take(row)
        if one.lane != one.comparison and swapped.any():
            other = prepared["surname" if one.comparison == "forename" else "forename"]
            codes = np.where(swapped, other.codes.take(row), codes)
        self.absent = np.flatnonzero(codes < 0)
        self._nobody = len(self.absent) == len(row)
        self._codes = np.maximum(codes, 0) if len(self.absent) else codes

    def filters(self, prf: Prp) -> Words:
        """Masked filters, (n, 2) words."""
        if self._nobody or self._source.grams is None:
            return np.empty((len(self._codes), 2), dtype=np.uint64)
        if len(self.absent) * MANY < len(self._codes):
            return self._masked(prf, self._secrets, self._codes)
        there = np.setdiff1d(np.arange(len(self._codes)), self.absent, assume_unique=True)
        out = np.empty((len(self._codes), 2), dtype=np.uint64)
        out[there] = self._masked(prf, self._secrets.take(there, axis=0), self._codes.take(there))
        return out

    def _masked(self, prf: Prp, secrets: Words, codes: Codes) -> Words:
        assert self._source.grams is not None  # noqa: S101  asked for filters alone
        made = filters(prf, secrets, self._source.grams, codes, slot=self._one.slot, bits_per_gram=self._bits)
        made ^= masks(prf, secrets, slot=self._one.slot)
        return made

    def bands(self) -> npt.NDArray[np.int8]:
        """The frequency band of each row's name, 0 where there is none."""
        if self._nobody or self._source.band is None:
            return np.zeros(len(self._codes), dtype=np.int8)
        out = self._source.band.take(self._codes)
        out[self.absent] = 0
        return out

    def exact(self, prf: Prp) -> npt.NDArray[np.uint64]:
        """A code of the value under the block secret, of which the lowest 16 bits are used: equal values have equal codes, others one time in
        65,536. The value enters by its digest, so that all of it counts."""
        if self._nobody or self._source.digest is None:
            return np.empty(len(self._codes), dtype=np.uint64)
        value = self._source.digest.take(self._codes)
        return keyed(prf, self._secrets, slot=self._one.slot, use=USE_EXACT, gram=value)[:, 0].copy()


def tokenise(
    clean: CleanRecords,
    *,
    schema: Schema,
    secret: Secret,
    own: Secret,
    randomness: Randomness,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[TokenTable, PartnerStatistics]:
    """All passes of the schema over the records in memory, their maps, and the partner's statistics. Same arguments, same tokens."""
    tokeniser = Tokeniser(clean, schema=schema, secret=secret, own=own, randomness=randomness)
    tables, maps = [], []
    for one in tokeniser.passes():
        progress(one.key.name)
        chunks = list(one.chunks())
        columns: dict[str, Lane] = {
            n: np.concatenate([np.empty(0, dtype=_numpy_type(n)), *(c.lanes[n] for c in chunks)])
            for n in lanes_of(schema, one.key)
        }
        refs = np.concatenate([np.empty((0, 16), dtype=np.uint8), *(c.refs for c in chunks)])
        tables.append(PassTable(one.key.name, columns))
        maps.append(PassMap(one.key.name, columns["row_ref"].astype(np.int64, copy=False), refs))
    return TokenTable(tuple(tables), tuple(maps)), tokeniser.statistics()


def _numpy_type(lane: str) -> type[np.int8] | type[np.int64]:
    return np.int8 if lane.endswith("_band") else np.int64


def record_refs(record_ids: pa.StringArray | Sequence[str], *, own: Secret) -> npt.NDArray[np.uint8]:
    """The pseudonyms of the records for the assembler, (n, 16) bytes: AES-256-CMAC of the local id."""
    if not isinstance(record_ids, pa.StringArray):
        record_ids = pa.array(record_ids, pa.string())
    return Cmac(derive(own, "record-ref")).texts(record_ids).view(np.uint8).reshape(-1, 16)
