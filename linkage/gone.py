"""What no longer holds of an earlier submission: references of rows, for the linker, or of records, for the assembler."""

import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.columns import as_numpy
from linkage.errors import BadSubmission
from linkage.manifest import RECORDS
from linkage.tokens import read_table, write_chunks

GONE_FORMAT: Final = "linkage-gone/v1"
GONE: Final = "gone"


def _types(key: str, *, partner: str) -> pa.Schema:
    field = ("record_ref", pa.binary(16)) if key == RECORDS else ("row_ref", pa.int64())
    return pa.schema([field], {"partner": partner, "key": key})


def write_gone(refs: npt.NDArray[Any], *, key: str, partner: str) -> bytes:
    """The bytes of a file of what is gone: `row_ref` (int64) of a pass, or `record_ref` ((n, 16) bytes) where the key is `records`."""
    sink = io.BytesIO()
    types = _types(key, partner=partner)
    write_chunks(sink, [{types.names[0]: refs}], kind=GONE_FORMAT, types=types)
    return sink.getvalue()


def read_gone(data: bytes, *, key: str, partner: str) -> npt.NDArray[Any]:
    """The references that `write_gone` wrote, each of which stands once.

    Raises:
        BadSubmission: it is no such file, or one of another pass or partner.
    """
    table, meta = read_table(data, kind=GONE_FORMAT)
    wanted = _types(key, partner=partner)
    if meta.get("key") != key or meta.get("partner") != partner:
        raise BadSubmission(f"what is gone in the place of {partner}, {key}, belongs elsewhere")
    if table.schema.remove_metadata() != wanted.remove_metadata() or table.column(0).null_count:
        raise BadSubmission(f"what is gone of {partner}, {key}, has not the column of such a file")
    if key != RECORDS:
        rows: npt.NDArray[np.int64] = as_numpy(table.column(0))
        return _once(rows, len(rows) - int((np.diff(np.sort(rows)) == 0).sum()), key=key, partner=partner)
    raw = b"".join(table.column(0).to_pylist())
    refs = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 16)
    return _once(refs, len(set(table.column(0).to_pylist())), key=key, partner=partner)


def _once(refs: npt.NDArray[Any], distinct: int, *, key: str, partner: str) -> npt.NDArray[Any]:
    if distinct != len(refs):
        raise BadSubmission(f"what is gone of {partner}, {key}, names something twice")
    return refs
