"""The only types that partner and centre share: what a pass file holds, and what a partner tells about its records as a whole."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.errors import BadSubmission
from linkage.schema import MatchKey, Schema

TOKENS_FORMAT: Final = "linkage-tokens/v1"
MAP_FORMAT: Final = "linkage-map/v1"
PRESENCE_BITS: Final = 6
EXACT_BITS: Final = 16

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PassTable:
    """One pass of one partner: `columns` are int64 arrays of one length, rows in the order of `row_ref`.

    `row_ref` and `block`; `presence` (six masked bits a comparison) and `exact` (16 masked bits an exact comparison); for each compared
    filter two lanes `<name>_0`, `<name>_1` of 64 masked bits; for banded names `<name>_band` (0 rare, 1 middling, 2 common).
    """

    key: str
    columns: Mapping[str, Ints]

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
    """The names of the int64 columns of the key's pass file, in order."""
    lanes = ["row_ref", "block", "presence", "exact"]
    for name in compared_names(schema, key):
        if name.banded:
            lanes.append(f"{name.lane}_band")
        if name.filtered:
            lanes += [f"{name.lane}_0", f"{name.lane}_1"]
    return tuple(lanes)


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison as it stands in one pass file: `lane` is its name there, `comparison` the schema's name for it, `slot` its place
    in the presence lane."""

    lane: str
    comparison: str
    slot: int
    filtered: bool
    banded: bool
    exact: bool


def compared_names(schema: Schema, key: MatchKey) -> tuple[Compared, ...]:
    """The comparisons of one pass. Where names may stand in either order, `name_a` and `name_b` stand for forename and surname.

    A name that is a whole part of the key agrees by construction; only its band is left.
    """
    settled = {p.identifier for p in key.parts if p.part == "whole" and p.order is None}
    any_whole = any(p.order == "any" and p.part == "whole" for p in key.parts)
    both_whole = any(p.order == "both" and p.part == "whole" for p in key.parts)
    out = []
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
        out.append(
            Compared(lane, name, slot, filtered=not c.exact and not whole, banded=c.banded, exact=c.exact)
        )
    return tuple(out)


def write_table(columns: Mapping[str, npt.NDArray[Any]], *, kind: str, meta: Mapping[str, str]) -> bytes:
    """The columns as an Arrow IPC stream after a first line that says what it is."""
    arrays = {
        n: pa.array(list(map(bytes, v)), pa.binary(16)) if v.ndim == 2 else pa.array(v)
        for n, v in columns.items()
    }
    table = pa.table(arrays).replace_schema_metadata(dict(meta))
    sink = io.BytesIO()
    sink.write(f"{kind}\n".encode())
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    return sink.getvalue()


def read_table(data: bytes, *, kind: str) -> tuple[pa.Table, dict[str, str]]:
    """The table that `write_table` wrote, and its metadata.

    Raises:
        BadSubmission: its first line or its body is something else.
    """
    first, _, body = data.partition(b"\n")
    if first != kind.encode():
        raise BadSubmission(
            f"a file's first line should be {kind}: it was made by another version, or is another file"
        )
    try:
        with pa.ipc.open_stream(body) as source:
            table = source.read_all()
    except (pa.ArrowException, OSError) as fault:
        raise BadSubmission(
            f"a {kind} file is damaged inside its seal: ask the partner to submit again"
        ) from fault
    meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    return table, meta


def write_pass(table: PassTable, *, meta: Mapping[str, str]) -> bytes:
    """The bytes of a pass file."""
    return write_table(table.columns, kind=TOKENS_FORMAT, meta={**meta, "key": table.key})


def read_pass(data: bytes, *, schema: Schema) -> tuple[PassTable, dict[str, str]]:
    """The pass table in the bytes.

    Raises:
        BadSubmission: it lacks a lane of the schema, has one too many, or a lane is of another type.
    """
    table, meta = read_table(data, kind=TOKENS_FORMAT)
    try:
        key = schema.match_key(meta["key"])
    except (KeyError, StopIteration) as fault:
        raise BadSubmission(
            "a token file is of a pass that the schema does not know: compare schema versions"
        ) from fault
    wanted = lanes_of(schema, key)
    whole = all(pa.types.is_int64(c.type) and not c.null_count for c in table.columns)
    if tuple(table.column_names) != wanted or not whole:
        raise BadSubmission(
            f"the token file of pass {key.name} has not the lanes of the schema: compare schema versions"
        )
    return PassTable(key.name, {n: table.column(n).to_numpy() for n in wanted}), meta


def write_map(one: PassMap, *, meta: Mapping[str, str]) -> bytes:
    """The bytes of a map file."""
    return write_table(
        {"row_ref": one.row_ref, "record_ref": one.record_ref}, kind=MAP_FORMAT, meta={**meta, "key": one.key}
    )


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
    refs = np.frombuffer(b"".join(table.column("record_ref").to_pylist()), dtype=np.uint8).reshape(-1, 16)
    return PassMap(meta["key"], table.column("row_ref").to_numpy(), refs), meta
