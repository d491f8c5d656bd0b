"""Arrow columns and numpy arrays, one as the other: the same bytes, looked at otherwise.

pyarrow's own conversions load pandas first, which takes as long as a small linkage.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

LARGEST_SHORT: Final = (1 << 31) - 1


def as_numpy(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[Any]:
    """The values of a column of numbers or flags without missing values; numbers are not copied where they stand in one piece, and cannot be written to."""
    parts = [_numbers(part) for part in (column.chunks if isinstance(column, pa.ChunkedArray) else [column])]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([np.empty(0, dtype=_kind(column.type)), *parts])


def _numbers(part: pa.Array) -> npt.NDArray[Any]:
    data = part.buffers()[1]
    if part.null_count:
        raise ValueError("a column of numbers has missing values")
    if not len(part):
        return np.empty(0, dtype=_kind(part.type))
    if pa.types.is_boolean(part.type):
        bits = np.frombuffer(data, dtype=np.uint8)
        return np.unpackbits(bits, count=part.offset + len(part), bitorder="little")[part.offset :].view(
            np.bool_
        )
    kind = _kind(part.type)
    return np.frombuffer(data, dtype=kind, count=len(part), offset=part.offset * kind.itemsize)


def _kind(type_: pa.DataType) -> np.dtype[Any]:
    kind: np.dtype[Any] = np.dtype(type_.to_pandas_dtype())
    return kind


def as_arrow(values: npt.NDArray[Any]) -> pa.Array:
    """A column of these numbers or flags."""
    flat = np.ascontiguousarray(values)
    if flat.dtype == np.bool_:
        bits = np.packbits(flat, bitorder="little")
        return pa.Array.from_buffers(pa.bool_(), len(flat), [None, pa.py_buffer(bits)])
    return pa.Array.from_buffers(pa.from_numpy_dtype(flat.dtype), len(flat), [None, pa.py_buffer(flat)])


def texts(values: Sequence[str]) -> pa.Array:
    """A column of these texts."""
    raw = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, raw)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(raw), pa.py_buffer(ends), pa.py_buffer(b"".join(raw)))


def named(numbers: npt.NDArray[Any], names: Sequence[str]) -> pa.Array:
    """A column of names, each told by its number."""
    return pa.DictionaryArray.from_arrays(as_arrow(numbers), texts(names))


def fixed_texts(values: npt.NDArray[np.bytes_]) -> pa.Array:
    """A column of these ASCII texts of one length, made without a text a row; of so many that Arrow's short texts cannot hold them, of its long ones."""
    ends = np.arange(len(values) + 1, dtype=np.int64) * values.dtype.itemsize
    few = ends[-1] <= LARGEST_SHORT
    kind, width = (pa.StringArray, np.int32) if few else (pa.LargeStringArray, np.int64)
    return kind.from_buffers(
        len(values), pa.py_buffer(ends.astype(width)), pa.py_buffer(np.ascontiguousarray(values))
    )
