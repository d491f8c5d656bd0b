"""From cleaned records to tokens: one table a match key, none of which can be compared outside its block.

For every record and every match key whose parts are all there: `block` and block secret from the digests of the parts under a key of this
pass; for each identifier outside the key a Bloom filter whose positions and mask come from the block secret (Schnell, Bachteler and
Reiher 2009 for filters over q-grams; the block keying and its reasons: docs/decisions/0001; how it is made fast: docs/decisions/0012).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import Secret, derive
from linkage.partner.records import CleanRecords
from linkage.partner.tokens.blocks import KeyReader, Ways, every_way
from linkage.partner.tokens.lanes import Lanes
from linkage.partner.tokens.lanes import PassChunk as PassChunk
from linkage.partner.tokens.pass_rows import PassRows
from linkage.partner.tokens.portions import Portion, Portions
from linkage.partner.tokens.prf import Cmac, Fresh, Prp
from linkage.partner.tokens.scratch import Scratch
from linkage.partner.tokens.shelf import ROWS_IN_MEMORY, Dropped, Shelves
from linkage.partner.tokens.statistics import estimate
from linkage.schema import MatchKey, Schema
from linkage.tokens import Lane, PartnerStatistics, PassMap, PassTable, TokenTable, lanes_of

Randomness = Callable[[int], bytes]
CHUNK_ROWS: Final = 8192
LANE_ROWS: Final = 32_768
WAYS_MEMORY: Final = 64 << 20
ROWS_IF_FEW: Final = 1_000_000
SAMPLED_ROWS: Final = 4096
Marks = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PassSummary:
    """What became of one pass, as counts: records with at least one row, rows, rows that were left out because too many people share their value, and
    how many such values there are."""

    key: str
    records: int
    rows: int
    dropped_rows: int
    dropped_values: int


class Tokeniser:
    """The passes of one file's cleaned records, which may come portion by portion. `secret` is the project secret of this round; `own` the partner's own
    secret, which alone can make or reverse `row_ref` and `record_ref`. What does not fit in memory lies beside the submission `beside`, encrypted; without it
    everything is kept in memory. Same arguments, same tokens."""

    def __init__(
        self,
        clean: CleanRecords | Iterable[CleanRecords],
        *,
        schema: Schema,
        secret: Secret,
        own: Secret,
        randomness: Randomness,
        beside: Path | None = None,
    ) -> None:
        self._schema, self._secret, self._own = schema, secret, own
        self._beside, self._randomness = beside, randomness
        self._portions = Portions(schema=schema, secret=secret, beside=beside)
        for some in [clean] if isinstance(clean, CleanRecords) else clean:
            self._portions.add(some, refs=record_refs(some.record_ids, own=own))
        self._person = self._portions.finish()
        self._keyed = np.zeros(self._portions.records, dtype=bool)

    @property
    def refs(self) -> npt.NDArray[np.uint8]:
        """The references of the records in the order of the file, (n, 16) bytes."""
        return self._portions.refs()

    def statistics(self) -> PartnerStatistics:
        """What the partner tells about its file as a whole."""
        throw_away = Prp(Secret(self._randomness(32), name="statistics"))
        return estimate(self._portions, schema=self._schema, prf=throw_away, randomness=self._randomness)

    def passes(self) -> "Iterator[OpenedPass]":
        """Every pass of the schema in its order. What they give does not depend on the order in which they are used, once each has drawn."""
        for key in self._schema.match_keys:
            yield OpenedPass(key, self)

    def draw(self) -> bytes:
        """Fresh randomness for one pass."""
        return self._randomness(32)

    def make(
        self, key: MatchKey, tell: Callable[[PassSummary, Marks], None], *, drawn: bytes, processes: int
    ) -> Iterator[PassChunk]:
        """The rows of one pass, chunk by chunk, in the order of `row_ref`; what became of it is told at the end. A record has one row in a block at
        most: two of its rows there (an alias beside the name) would tell the linker how far apart the names of one person are."""
        rows = PassRows(Scratch(self._beside, memory=WAYS_MEMORY // processes))
        row_refs = Prp(derive(self._own, "row-ref", key.name))
        for portion in self._portions:
            reader = KeyReader(key, schema=self._schema, secret=self._secret, parts=portion)
            rows.add(portion, every_way(reader, portion.rows), row_refs=row_refs)
        left_out = rows.dropped(person=self._person, most=self._schema.most_people_per_key)
        fresh = Fresh(drawn)
        prf = Prp(derive(self._secret, "pass-filter", self._schema.digest, key.name))
        lanes = Lanes(key, schema=self._schema, prf=prf)
        stay = len(left_out.marks) - int(np.count_nonzero(left_out.marks))
        in_memory = max(1, (ROWS_IF_FEW if self._portions.few else ROWS_IN_MEMORY) // processes)
        shelves = Shelves(width=lanes.width, expected=stay, beside=self._beside, in_memory=in_memory)
        seen = np.zeros(self._portions.records, dtype=bool)
        for portion in self._portions:
            self._shelve(portion, rows, lanes=lanes, left_out=left_out, shelves=shelves, seen=seen)
        rows.close()
        for some in shelves.sorted(rows_at_once=CHUNK_ROWS):
            yield lanes.chunk(some, fresh=fresh)
        self._keyed |= seen
        tell(PassSummary(key.name, int(seen.sum()), stay, left_out.rows, left_out.values), np.packbits(seen))

    def rows_about(self, key: MatchKey) -> float:
        """How many rows the pass of the key will have, roughly: as its first records have it."""
        for portion in self._portions:
            some = min(portion.rows, SAMPLED_ROWS)
            reader = KeyReader(key, schema=self._schema, secret=self._secret, parts=portion)
            return float(reader.ways(slice(0, some)).sum()) * self._portions.rows / max(some, 1)
        return 0.0

    def note(self, records: Marks) -> None:
        """The records whose bits are set have a row in a pass that was made in another process."""
        self._keyed |= np.unpackbits(records, count=len(self._keyed)).view(bool)

    @property
    def records(self) -> int:
        """How many records there are."""
        return self._portions.records

    @property
    def unkeyed(self) -> int:
        """How many records had no row in any of the passes made so far."""
        return int((~self._keyed).sum())

    def _shelve(
        self,
        portion: Portion,
        rows: PassRows,
        *,
        lanes: Lanes,
        left_out: Dropped,
        shelves: Shelves,
        seen: npt.NDArray[np.bool_],
    ) -> None:
        """Makes the rows of one portion that stay."""
        pieces = rows.of(portion)
        if not pieces:
            return
        record, refs = portion.record(), portion.refs().view(np.uint64)
        prepared = portion.prepared(tuple(self._schema.comparisons))
        for piece in pieces:
            stays = np.flatnonzero(~left_out.marks[piece.first : piece.first + piece.rows])
            ways, row_ref = piece.back()
            for start in range(0, len(stays), LANE_ROWS):
                at = stays[start : start + LANE_ROWS]
                some = Ways(
                    ways.row.take(at), ways.block.take(at), ways.secret.take(at, axis=0), ways.swapped.take(at)
                )
                of = record.take(some.row)
                seen[of + np.int32(portion.first)] = True
                room = shelves.room(len(at))
                lanes.make(
                    some,
                    refs=row_ref.take(at),
                    record_refs=refs.take(of, axis=0),
                    prepared=prepared,
                    out=room,
                )
                shelves.add(room)


class OpenedPass:
    """One pass, made as its chunks are asked for, once."""

    def __init__(self, key: MatchKey, by: Tokeniser) -> None:
        self.key, self._by = key, by
        self._drawn: bytes | None = None
        self._told: tuple[PassSummary, Marks] | None = None

    def draw(self) -> bytes:
        """The randomness of the pass, drawn now unless it was before."""
        if self._drawn is None:
            self._drawn = self._by.draw()
        return self._drawn

    def chunks(self, *, processes: int = 1) -> Iterator[PassChunk]:
        """The rows, chunk by chunk, in the order of `row_ref`. So many processes share the memory that there is for passes."""
        yield from self._by.make(self.key, self._tell, drawn=self.draw(), processes=processes)

    def _tell(self, summary: PassSummary, records: Marks) -> None:
        self._told = summary, records

    def _once_made(self) -> tuple[PassSummary, Marks]:
        assert self._told is not None, "the pass is not used up yet"  # noqa: S101  a fault of the caller
        return self._told

    @property
    def summary(self) -> PassSummary:
        """What became of the pass, once its chunks are used up."""
        return self._once_made()[0]

    @property
    def records(self) -> Marks:
        """Which records have a row in it, once its chunks are used up: a bit a record, as `numpy.packbits` lays them."""
        return self._once_made()[1]


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
