"""Any cell as text: dates as YYYY-MM-DD, whole numbers without a decimal point, True and False; empty cells as nulls."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from linkage.errors import BadInput

MIDNIGHT: Final = r"[ T]00:00:00(\.0+)?$"
NO_FRACTION: Final = r"\.0+$"
# What stands in values rather than in names of columns. A file without a header is not to have its first row shown.
LIKE_DATA: Final = re.compile(r"\d{4}|@|\d[ /.\-]\d|\d[A-Z]{2}\b")
# Beyond these a double no longer holds every whole number.
EXACT: Final = float(1 << 53)


def has_text(kind: pa.DataType) -> bool:
    """Whether values of the type are read: nested ones, bytes and lengths of time are not."""
    if pa.types.is_dictionary(kind):
        return has_text(kind.value_type)
    t = pa.types
    return not (
        t.is_nested(kind)
        or t.is_binary(kind)
        or t.is_large_binary(kind)
        or t.is_binary_view(kind)
        or t.is_fixed_size_binary(kind)
        or t.is_duration(kind)
        or t.is_interval(kind)
        or isinstance(kind, pa.BaseExtensionType)
    )


def as_texts(values: pa.Array) -> pa.StringArray:
    """The values of an Arrow array as texts. A time with its zone is the time that clocks of the zone showed."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return as_texts(values.dictionary_decode())
    if pa.types.is_boolean(kind):
        return pc.if_else(values, "True", "False")
    if pa.types.is_timestamp(kind):
        local = pc.local_timestamp(values) if kind.tz else values
        text = pc.replace_substring_regex(local.cast(pa.string()), MIDNIGHT, "")
        return pc.replace_substring_regex(text, NO_FRACTION, "")
    if pa.types.is_floating(kind):
        return _floats(values)
    if pa.types.is_decimal(kind) or pa.types.is_time(kind):
        return pc.replace_substring_regex(values.cast(pa.string()), NO_FRACTION, "")
    return values.cast(pa.string())


def _floats(values: pa.Array) -> pa.StringArray:
    wide = values.cast(pa.float64())
    number = pc.if_else(pc.is_nan(wide), pa.scalar(None, pa.float64()), wide)
    whole = pc.and_(pc.equal(pc.trunc(number), number), pc.less(pc.abs(number), EXACT))
    integers = pc.if_else(whole, number, pa.scalar(None, pa.float64())).cast(pa.int64())
    return pc.coalesce(
        integers.cast(pa.string()), pc.if_else(pc.is_null(number), None, values.cast(pa.string()))
    )


def cell_text(value: object) -> str | None:
    """One cell of a spreadsheet or a database as text, None where it is empty."""
    if value is None:
        return None
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def without_blanks(table: pa.RecordBatch) -> pa.RecordBatch:
    """The table with nulls in place of texts that are empty or of white space alone."""
    return pa.RecordBatch.from_arrays([_without_blanks(c) for c in table.columns], names=table.schema.names)


def _without_blanks(texts: pa.StringArray) -> pa.StringArray:
    blank = pc.or_(pc.equal(pc.binary_length(texts), 0), pc.utf8_is_space(texts))
    if not pc.any(blank).as_py():
        return texts
    return pc.if_else(blank, pa.scalar(None, pa.string()), texts)


def check_names(columns: Sequence[str], *, file: str) -> None:
    """Nothing, if every column has a name of its own.

    Raises:
        BadInput: there is no column, one has no name, or two have the same.
    """
    if not columns:
        raise BadInput(f"{file}: it has no column of texts, numbers or dates")
    for at, name in enumerate(columns, 1):
        if not name.strip():
            raise BadInput(f"{file}: column {at} has no name; give every column a name of its own")
        if (first := columns.index(name) + 1) != at:
            raise BadInput(f"{file}: columns {first} and {at} have the same name; rename one")


def listed(columns: Sequence[str]) -> str:
    """The columns for a message; only their number where some look like somebody's data, as they do in a file without a header."""
    if any(LIKE_DATA.search(name) for name in columns):
        return f"{len(columns)} columns, some of them named like data: is there a row of column names above the first record?"
    return ", ".join(columns)
