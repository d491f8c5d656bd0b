"""The partner's own ledger: what of its records the centre has been sent, so that a later submission can say what is new, changed or gone.

It holds no identifier and no attribute: references, and keyed digests that only the holder of the own secret can make. It is sealed to the
officer, kept in a file of mode 0600 in the partner's own folder, and never leaves it.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import BadSeal, Identity, open_sealed, seal
from linkage.errors import BadInput, BadSubmission
from linkage.manifest import Manifest, Round, read_manifest
from linkage.partner.tokens.prf import Words

LEDGER_FORMAT: Final = "linkage-ledger/v1"
REF: Final = pa.binary(16)
RECORD_COLUMNS: Final = ("record_ref", "values", "attributes")
Refs = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LedgerPass:
    """The rows that the linker has of one pass: their references, rising; the number of each row's record; their frequency bands in one number."""

    row_ref: npt.NDArray[np.int64]
    record: npt.NDArray[np.int32]
    bands: npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the centre has after a submission. `refs` are the records', in the order of the submission, with a digest of each one's identifiers and
    one of its attributes; `withdrawn` are records that were taken back by their ids and stay out; `check` tells the own secret."""

    manifest: Manifest
    check: str
    refs: Refs
    values: Words
    attributes: Words
    withdrawn: Refs
    passes: Mapping[str, LedgerPass]


def ledger_context(one: Round, partner: str) -> bytes:
    """What binds a sealed ledger to its round and partner."""
    return one.context(partner, "ledger")


def seal_ledger(ledger: Ledger, *, out: str, officer: Identity) -> bytes:
    """The ledger, sealed to the officer; `out` is where its submission's folder is meant to stand."""
    sink = io.BytesIO()
    sink.write(f"{LEDGER_FORMAT}\n".encode())
    meta = {"manifest": ledger.manifest.text(), "check": ledger.check, "out": out}
    columns = [ledger.refs, *(d.view(np.uint8) for d in (ledger.values, ledger.attributes))]
    _put(sink, dict(zip(RECORD_COLUMNS, map(_binary, columns), strict=True)), {"ledger": json.dumps(meta)})
    _put(sink, {"record_ref": _binary(ledger.withdrawn)}, {})
    for key, one in ledger.passes.items():
        rows = {"row_ref": pa.array(one.row_ref), "record": pa.array(one.record), "bands": pa.array(one.bands)}
        _put(sink, rows, {"key": key})
    context = ledger_context(ledger.manifest.round, ledger.manifest.partner)
    return seal(sink.getvalue(), to=officer.public, context=context)


def open_ledger(sealed: bytes, *, one: Round, partner: str, officer: Identity) -> tuple[Ledger, str]:
    """The ledger, and where its submission's folder was meant to stand.

    Raises:
        BadInput: it does not open: it is another officer's, or of another round, schema or partner, or damaged.
    """
    try:
        opened = open_sealed(sealed, by=officer, context=ledger_context(one, partner))
        return _read(opened)
    except (BadSeal, BadSubmission, pa.ArrowException, OSError, KeyError, ValueError, TypeError) as fault:
        raise BadInput(
            "this ledger does not open here: it was kept by another officer, for another round, schema or partner, or is damaged;"
            " withdraw at the centre and submit the whole file"
        ) from fault


def _read(opened: bytes) -> tuple[Ledger, str]:
    first, _, body = opened.partition(b"\n")
    if first != LEDGER_FORMAT.encode():
        raise ValueError("no ledger")
    source = pa.BufferReader(body)
    records, said = _take(source)
    meta: dict[str, Any] = json.loads(said["ledger"])
    withdrawn, _ = _take(source)
    passes = {}
    while source.tell() < len(body):
        rows, named = _take(source)
        passes[named["key"]] = LedgerPass(*(rows.column(n).to_numpy() for n in ("row_ref", "record", "bands")))
    refs, values, attributes = (_bytes(records.column(n)) for n in RECORD_COLUMNS)
    manifest = read_manifest(str(meta["manifest"]).partition("\n")[2])
    ledger = Ledger(
        manifest,
        str(meta["check"]),
        refs,
        values.view(np.uint64).reshape(-1, 2),
        attributes.view(np.uint64).reshape(-1, 2),
        _bytes(withdrawn.column(0)),
        passes,
    )
    return ledger, str(meta["out"])


def _put(sink: io.BytesIO, columns: Mapping[str, pa.Array], meta: Mapping[str, str]) -> None:
    batch = pa.record_batch(dict(columns)).replace_schema_metadata(dict(meta))
    with pa.ipc.new_stream(sink, batch.schema) as out:
        out.write_batch(batch)


def _take(source: pa.NativeFile) -> tuple[pa.Table, dict[str, str]]:
    with pa.ipc.open_stream(source) as stream:
        table = stream.read_all()
    return table, {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}


def _binary(raw: npt.NDArray[np.uint8]) -> pa.Array:
    flat = np.ascontiguousarray(raw).reshape(-1, 16)
    return pa.FixedSizeBinaryArray.from_buffers(REF, len(flat), [None, pa.py_buffer(flat)])


def _bytes(column: pa.ChunkedArray) -> Refs:
    return np.frombuffer(b"".join(column.to_pylist()), dtype=np.uint8).reshape(-1, 16)
