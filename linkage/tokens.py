"""The only types that partner and centre share: what a pass file holds, and what a partner tells about its records as a whole."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.columns import as_arrow, as_numpy
from linkage.errors import BadSubmission
from linkage.schema import MatchKey, Schema

TOKENS_FORMAT: Final = "linkage-tokens/v2"
MAP_FORMAT: Final = "linkage-map/v1"
PRESENCE_BITS: Final = 6
EXACT_BITS: Final = 16
PRESENT_IN_LANE: Final = 10
EXACT_IN_LANE: Final = 4

Lane = npt.NDArray[np.int64] | npt.NDArray[np.int8]
Chunk = Mapping[str, npt.NDArray[Any] | pa.Array]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PassTable:
    """One pass of one partner: `columns` are int64 arrays of one length, bands int8, rows in the order of `row_ref`.

    `row_ref` and `block`; `presence_<n>` (six masked bits a comparison, ten comparisons a lane) and `exact_<n>` (16 masked bits an exact
    comparison, four a lane); for each compared filter two lanes `<name>_0`, `<name>_1` of 64 masked bits; for banded names `<name>_band`
    (0 rare, 1 middling, 2 common).
    """

    key: str
    columns: Mapping[str, Lane]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.columns["row_ref"])


@dataclass(frozen=True, slots=True)
class PassMap:
    """For the assembler alone: which row of one pass is which record. `record_ref` is an (n, 16) array of bytes."""

    key: str
    row_ref: Ints
    record_ref: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PartnerStatistics:
    """What a partner tells about its file as a whole, rounded: which identifiers it holds, and how often two records that
    were drawn at random fall into each level of each comparison (the u-probabilities of Fellegi and Sunter 1969)."""

    records: int
    held: Mapping[str, float]
    u: Mapping[str, tuple[float, ...]]

    def to_json(self) -> dict[str, Any]:
        """Plain values; the record count rounded to 100 as the manifest shows it."""
        return {"records": self.records, "held": dict(self.held), "u": {k: list(v) for k, v in self.u.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "PartnerStatistics":
        """The statistics that `to_json` wrote.

        Raises:
            ValueError: a count is negative, or a share is none: outside 0 to 1, or a rate of exactly 0.
        """
        records = int(value["records"])
        held = {str(k): float(v) for k, v in value["held"].items()}
        u = {str(k): tuple(float(x) for x in v) for k, v in value["u"].items()}
        if records < 0 or not all(0.0 <= share <= 1.0 for share in held.values()):
            raise ValueError("a count or a share is out of bounds")
        if not all(rates and all(0.0 < rate <= 1.0 for rate in rates) for rates in u.values()):
            raise ValueError("a rate is out of bounds")
        return cls(records, held, u)


@dataclass(frozen=True, slots=True)
class TokenTable:
    """All passes of one partner, with the maps that only the assembler gets."""

    passes: tuple[PassTable, ...]
    maps: tuple[PassMap, ...]


def lanes_of(schema: Schema, key: MatchKey) -> tuple[str, ...]:
    """The names of the columns of the key's pass file, in order."""
    compared = compared_names(schema, key)
    presence = sorted({one.presence[0] for one in compared})
    exact = sorted({one.place[0] for one in compared if one.place is not None})
    lanes = ["row_ref", "block", *presence, *exact]
    for one in compared:
        if one.banded:
            lanes.append(f"{one.lane}_band")
        if one.filtered:
            lanes += [f"{one.lane}_0", f"{one.lane}_1"]
    return tuple(lanes)


def lane_type(lane: str) -> pa.DataType:
    """The Arrow type of a column of a pass file."""
    return pa.int8() if lane.endswith("_band") else pa.int64()


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison as it stands in one pass file: `lane` is its name there, `comparison` the schema's name for it, `slot` its number in
    the schema; `presence` and, if it is exact, `place` are the lane and the first bit where its presence and its code stand."""

    lane: str
    comparison: str
    slot: int
    presence: tuple[str, int]
    filtered: bool
    banded: bool
    place: tuple[str, int] | None

    @property
    def exact(self) -> bool:
        """Whether only equality counts."""
        return self.place is not None


def compared_names(schema: Schema, key: MatchKey) -> tuple[Compared, ...]:
    """The comparisons of one pass. Where names may stand in either order, `name_a` and `name_b` stand for forename and surname.

    A name that is a whole part of the key agrees by construction; only its band is left.
    """
    settled = {p.identifier for p in key.parts if p.part == "whole" and p.order is None}
    any_whole = any(p.order == "any" and p.part == "whole" for p in key.parts)
    both_whole = any(p.order == "both" and p.part == "whole" for p in key.parts)
    out: list[Compared] = []
    exact = 0
    for slot, (name, c) in enumerate(schema.comparisons.items()):
        lane = name
        whole = c.identifier in settled
        if key.symmetric and c.identifier in ("forename", "surname"):
            lane = "name_a" if c.identifier == "forename" else "name_b"
            whole = both_whole or (any_whole and lane == "name_a")
        middle = any(p.identifier == c.identifier and p.part == c.part for p in key.parts)
        if c.exact and (whole or middle):
            continue
        if whole and not c.banded:
            continue
        lane_of_presence, at = divmod(slot, PRESENT_IN_LANE)
        presence = (f"presence_{lane_of_presence}", PRESENCE_BITS * at)
        place = (f"exact_{exact // EXACT_IN_LANE}", EXACT_BITS * (exact % EXACT_IN_LANE)) if c.exact else None
        exact += c.exact
        out.append(
            Compared(
                lane, name, slot, presence, filtered=not c.exact and not whole, banded=c.banded, place=place
            )
        )
    return tuple(out)


@contextmanager
def chunk_writer(sink: io.IOBase, *, kind: str, types: pa.Schema) -> Iterator[Callable[[Chunk], None]]:
    """Takes chunk after chunk into one Arrow IPC stream after a first line that says what it is."""
    sink.write(f"{kind}\n".encode())
    with pa.ipc.new_stream(sink, types) as out:

        def take(chunk: Chunk) -> None:
            arrays = [_array(chunk[f.name], f.type) for f in types]
            out.write_batch(pa.record_batch(arrays, schema=types))

        yield take


def write_chunks(sink: io.IOBase, chunks: Iterable[Chunk], *, kind: str, types: pa.Schema) -> None:
    """The chunks as one Arrow IPC stream after a first line that says what it is."""
    with chunk_writer(sink, kind=kind, types=types) as take:
        for chunk in chunks:
            take(chunk)


def write_table(
    columns: Chunk, *, kind: str, types: Mapping[str, pa.DataType], meta: Mapping[str, str]
) -> bytes:
    """The columns as bytes: a first line that says what they are, and an Arrow IPC stream."""
    sink = io.BytesIO()
    write_chunks(sink, [columns], kind=kind, types=pa.schema(dict(types), dict(meta)))
    return sink.getvalue()


def _array(values: npt.NDArray[Any] | pa.Array, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values if values.type == kind else values.cast(kind)
    if not pa.types.is_fixed_size_binary(kind):
        plain = pa.types.is_primitive(kind) and values.dtype == kind.to_pandas_dtype()
        return as_arrow(values) if plain else pa.array(values, kind)
    raw = np.ascontiguousarray(values, dtype=np.uint8)
    return pa.FixedSizeBinaryArray.from_buffers(kind, len(raw), [None, pa.py_buffer(raw)])


def read_table(data: bytes | memoryview, *, kind: str) -> tuple[pa.Table, dict[str, str]]:
    """The table that `write_table` wrote, and its metadata.

    Raises:
        BadSubmission: its first line or its body is something else.
    """
    first = f"{kind}\n".encode()
    if data[: len(first)] != first:
        raise BadSubmission(
            f"a file's first line should be {kind}: it was made by another version, or is another file"
        )
    try:
        with pa.ipc.open_stream(memoryview(data)[len(first) :]) as source:
            table = source.read_all()
    except (pa.ArrowException, OSError) as fault:
        raise BadSubmission(
            f"a {kind} file is damaged inside its seal: ask the partner to submit again"
        ) from fault
    meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    return table, meta


def pass_types(schema: Schema, key: MatchKey, *, partner: str) -> pa.Schema:
    """The Arrow schema of a pass file."""
    return pa.schema(
        [pa.field(n, lane_type(n)) for n in lanes_of(schema, key)], {"partner": partner, "key": key.name}
    )


def map_types(key: str, *, partner: str) -> pa.Schema:
    """The Arrow schema of a map file."""
    fields = [pa.field("row_ref", pa.int64()), pa.field("record_ref", pa.binary(16))]
    return pa.schema(fields, {"partner": partner, "key": key})


def write_pass(table: PassTable, *, schema: Schema, partner: str) -> bytes:
    """The bytes of a pass file."""
    sink = io.BytesIO()
    types = pass_types(schema, schema.match_key(table.key), partner=partner)
    write_chunks(sink, [table.columns], kind=TOKENS_FORMAT, types=types)
    return sink.getvalue()


def read_pass(data: bytes, *, schema: Schema) -> tuple[PassTable, dict[str, str]]:
    """The pass table in the bytes.

    Raises:
        BadSubmission: it lacks a lane of the schema, has one too many, or a lane is of another type.
    """
    table, meta = read_table(data, kind=TOKENS_FORMAT)
    key = pass_key(table.schema, schema=schema)
    check_lanes(table, schema=schema, key=key)
    return PassTable(key.name, {n: as_numpy(table.column(n)) for n in table.column_names}), meta


def pass_key(types: pa.Schema, *, schema: Schema) -> MatchKey:
    """The match key of whose pass a token file with these columns and metadata is.

    Raises:
        BadSubmission: the schema has no such key.
    """
    try:
        return schema.match_key((types.metadata or {})[b"key"].decode())
    except (KeyError, StopIteration, UnicodeDecodeError) as fault:
        raise BadSubmission(
            "a token file is of a pass that the schema does not know: compare schema versions"
        ) from fault


def check_lanes(rows: pa.Table | pa.RecordBatch, *, schema: Schema, key: MatchKey) -> None:
    """Nothing, if these are rows of the pass.

    Raises:
        BadSubmission: they lack a lane of the schema, have one too many, or a lane is of another type or lacks a value.
    """
    check_types(rows.schema, schema=schema, key=key)
    if any(c.null_count for c in rows.columns):
        raise _not_the_lanes(key)


def check_types(types: pa.Schema, *, schema: Schema, key: MatchKey) -> None:
    """Nothing, if rows of these columns are rows of the pass.

    Raises:
        BadSubmission: they lack a lane of the schema, have one too many, or a lane is of another type.
    """
    wanted = lanes_of(schema, key)
    if tuple(types.names) != wanted or types.types != [lane_type(n) for n in wanted]:
        raise _not_the_lanes(key)


def _not_the_lanes(key: MatchKey) -> BadSubmission:
    return BadSubmission(
        f"the token file of pass {key.name} has not the lanes of the schema: compare schema versions"
    )


def write_map(one: PassMap, *, partner: str) -> bytes:
    """The bytes of a map file."""
    sink = io.BytesIO()
    columns: Chunk = {"row_ref": one.row_ref, "record_ref": one.record_ref}
    write_chunks(sink, [columns], kind=MAP_FORMAT, types=map_types(one.key, partner=partner))
    return sink.getvalue()


def read_map(data: bytes) -> tuple[PassMap, dict[str, str]]:
    """The map in the bytes.

    Raises:
        BadSubmission: it is no map.
    """
    table, meta = read_table(data, kind=MAP_FORMAT)
    kinds = [pa.int64(), pa.binary(16)]
    as_written = table.column_names == ["row_ref", "record_ref"] and table.schema.types == kinds
    if not as_written or "key" not in meta or any(c.null_count for c in table.columns):
        raise BadSubmission("a map file has not the columns of a map")
    refs = fixed_bytes(table, "record_ref", width=16)
    return PassMap(meta["key"], as_numpy(table.column("row_ref")), refs), meta


def fixed_bytes(table: pa.Table, name: str, *, width: int) -> npt.NDArray[np.uint8]:
    """A column of fixed-size binary without missing values, as (n, width) bytes, not copied where it is in one piece."""
    parts = [np.empty((0, width), dtype=np.uint8)]
    for chunk in filter(len, table.column(name).chunks):
        raw = np.frombuffer(chunk.buffers()[1], dtype=np.uint8, count=(chunk.offset + len(chunk)) * width)
        parts.append(raw.reshape(-1, width)[chunk.offset :])
    return parts[1] if len(parts) == 2 else np.concatenate(parts)
