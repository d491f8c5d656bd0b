"""What is new, changed or gone since an earlier submission, row by row, as the whole file is tokenised again.

A row is sent when the linker does not have it as it is now: its reference is new, its record's identifiers changed, or a frequency band of its names did
(that depends on the whole file). A row is gone when it is not made any more, or is sent again. So base less gone plus new is exactly what a whole submission of
the file would give, also where a match key's value became too common, or is so no longer.
"""

import sys
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.attributes import RECORD_REF
from linkage.manifest import Manifest
from linkage.partner.ledger.ledger import Ledger, LedgerPass, Refs
from linkage.partner.tokenise import PassChunk
from linkage.partner.tokens.ordering import half_in_share, shares_of
from linkage.partner.tokens.prf import Words
from linkage.tokens import Lane

BANDS: Final = 3
Marks = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]


class Changes:
    """The records of a file against the ledger of an earlier submission, or against nothing. `refs` are in the order of the digests."""

    def __init__(
        self, refs: Refs, *, values: Words, attributes: Words, check: str, earlier: Ledger | None
    ) -> None:
        order = reference_order(refs)
        self.refs, self._values = refs[order], values[order]
        self._attributes, self._check, self.earlier = attributes, check, earlier
        self._places = _Places(self.refs)
        before = earlier.refs if earlier is not None else np.empty((0, 16), dtype=np.uint8)
        self._at = _index(self.refs, among=before)
        here = self._at >= 0
        self.fresh = ~here
        self.altered = np.zeros(len(self.refs), dtype=bool)
        self._new_attributes = ~here
        if earlier is not None:
            self.altered[here] = (earlier.values[self._at[here]] != self._values[here]).any(axis=1)
            self._new_attributes[here] = (earlier.attributes[self._at[here]] != attributes[here]).any(axis=1)
        self._deleted = np.ones(len(before), dtype=bool)
        self._deleted[self._at[here]] = False
        self._before = before
        self._passes: dict[str, LedgerPass] = {}

    @property
    def sent(self) -> Refs:
        """The records that are new, or whose identifiers changed."""
        return self.refs[self.fresh | self.altered]

    @property
    def gone(self) -> Refs:
        """The earlier records that were deleted, or whose identifiers changed."""
        every = np.concatenate([self._before[self._deleted], self.refs[self.altered]])
        return every[reference_order(every)]

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """How many records are new, have other identifiers, have the same identifiers and other attributes, and are gone from the file."""
        only = self._new_attributes & ~self.fresh & ~self.altered
        return tuple(int(m.sum()) for m in (self.fresh, self.altered, only, self._deleted))  # type: ignore[return-value]

    def of_pass(self, key: str) -> "PassChanges":
        """The rows of one pass; to be used up before the next."""
        before = self.earlier.passes[key] if self.earlier is not None else None
        return PassChanges(self._places, before=before, resend=self.fresh | self.altered)

    def keep(self, key: str, rows: LedgerPass) -> None:
        """The rows of a pass as the next ledger is to have them."""
        self._passes[key] = rows

    def attribute_rows(self, table: pa.Table) -> pa.Table:
        """The rows of the attribute table that are new or changed, and an empty row for every deleted record, in the order of references."""
        if self.earlier is None:
            return table
        rows = table.filter(pa.array(self._new_attributes))
        return with_empty_rows(rows, self._before[self._deleted])

    def ledger(self, manifest: Manifest) -> Ledger:
        """The ledger after this submission."""
        withdrawn = self.earlier.withdrawn if self.earlier is not None else np.empty((0, 16), dtype=np.uint8)
        return Ledger(
            manifest, self._check, self.refs, self._values, self._attributes, withdrawn, dict(self._passes)
        )


class PassChanges:
    """Sees the rows of one pass as they are made, and keeps back those that the linker has already."""

    def __init__(self, places: "_Places", *, before: LedgerPass | None, resend: Marks) -> None:
        self._places, self._before, self._resend = places, before, resend
        self._rows: list[tuple[Numbers, npt.NDArray[np.int32], npt.NDArray[np.int16]]] = []
        self._again: list[Numbers] = []

    def choose(self, chunk: PassChunk) -> PassChunk:
        """The rows of the chunk that are to be sent."""
        row_ref = chunk.lanes["row_ref"].astype(np.int64, copy=False)
        record, bands = self._places.of(chunk.refs), _bands(chunk.lanes)
        self._rows.append((row_ref, record, bands))
        if self._before is None:
            return chunk
        at, there = _found(row_ref, among=self._before.row_ref)
        send = ~there | self._resend[record]
        send[there] |= self._before.bands[at[there]] != bands[there]
        self._again.append(row_ref[send & there])
        if send.all():
            return chunk
        return PassChunk({n: lane[send] for n, lane in chunk.lanes.items()}, chunk.refs[send])

    def rows(self) -> LedgerPass:
        """All rows that were seen."""
        columns = list(zip(*self._rows, strict=True)) or [(), (), ()]
        kinds = (np.int64, np.int32, np.int16)
        return LedgerPass(*(np.concatenate([np.empty(0, k), *c]) for k, c in zip(kinds, columns, strict=True)))

    def gone(self) -> Numbers:
        """The rows before that are not made any more, or were sent again."""
        if self._before is None:
            return np.empty(0, dtype=np.int64)
        made = np.concatenate([np.empty(0, dtype=np.int64), *(rows for rows, _, _ in self._rows)])
        left = self._before.row_ref[~np.isin(self._before.row_ref, made, assume_unique=True)]
        return np.sort(np.concatenate([left, *self._again]))


class _Places:
    """Finds a record's number by its reference, among references in their order."""

    def __init__(self, refs: Refs) -> None:
        self._refs, self._first = refs, _first(refs)

    def of(self, refs: Refs) -> npt.NDArray[np.int32]:
        """The numbers of these records, each of which is there."""
        at = np.searchsorted(self._first, _first(refs))
        # References that share their first eight bytes stand beside each other.
        while len(wrong := np.flatnonzero((self._refs[at] != refs).any(axis=1))):
            at[wrong] += 1
        return at.astype(np.int32)


def reference_order(refs: Refs) -> Places:
    """The order of the references' first eight bytes, in which nothing is left of the order of the file. References are dealt with share by share, for
    memory's sake."""
    every = np.ascontiguousarray(refs)
    high = every[:, :4].copy().view(">u4").reshape(-1).astype(np.uint32)
    order = np.empty(len(every), dtype=np.int32)
    count, done = shares_of(len(every)), 0
    for share in range(count):
        its = np.flatnonzero(half_in_share(high, share=share, of=count)).astype(np.int32)
        order[done : done + len(its)] = its.take(np.argsort(_first(every.take(its, axis=0)), kind="stable"))
        done += len(its)
    return order


def with_empty_rows(table: pa.Table, deleted: Refs) -> pa.Table:
    """The table of attributes with an empty row for every deleted record, in the order of references."""
    empty = {n: pa.nulls(len(deleted), table.schema.field(n).type) for n in table.column_names}
    empty[RECORD_REF] = pa.array([bytes(r) for r in deleted], pa.binary(16))
    both = pa.concat_tables([table, pa.table(empty, schema=table.schema)])
    return both.sort_by(RECORD_REF)


def _first(refs: Refs) -> npt.NDArray[np.uint64]:
    first: npt.NDArray[np.uint64] = refs[:, :8].copy().view(np.uint64).reshape(-1)
    return first.byteswap(inplace=True) if sys.byteorder == "little" else first


def _index(refs: Refs, *, among: Refs) -> Numbers:
    """Where each reference stands among the others, -1 where it does not."""
    found = pc.index_in(_binary(refs), value_set=_binary(among)).fill_null(-1)
    at: Numbers = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return at


def marks_of(refs: Refs, *, among: Refs) -> Marks:
    """Which references stand among the others."""
    return _index(refs, among=among) >= 0


def _binary(refs: Refs) -> pa.Array:
    raw = np.ascontiguousarray(refs)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(raw), [None, pa.py_buffer(raw)])


def _found(row_ref: Numbers, *, among: Numbers) -> tuple[Numbers, Marks]:
    at = np.searchsorted(among, row_ref)
    at[at == len(among)] = 0
    return at, among[at] == row_ref if len(among) else np.zeros(len(row_ref), dtype=bool)


def _bands(lanes: Mapping[str, Lane]) -> npt.NDArray[np.int16]:
    """The bands of each row as one number."""
    out = np.zeros(len(lanes["row_ref"]), dtype=np.int16)
    for name in sorted(n for n in lanes if n.endswith("_band")):
        out = out * BANDS + lanes[name].astype(np.int16)
    return out.astype(np.int16)
