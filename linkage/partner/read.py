"""An agency's file as a frame of texts: CSV (UTF-8 unless said otherwise) or Parquet."""

import codecs
import csv
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.errors import BadInput

SUFFIXES: Final = (".csv", ".parquet")


def read_rows(path: Path, *, encoding: str = "utf-8") -> pd.DataFrame:
    """All rows, every column text or missing; empty cells are missing.

    Raises:
        BadInput: the file is missing, empty, of another kind or encoding, or its rows are not as its header says.
    """
    if not path.is_file():
        raise BadInput(f"no file {path.name}")
    if path.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{path.name}: only {' and '.join(SUFFIXES)} files are read; save it as one of these")
    if path.stat().st_size == 0:
        raise BadInput(f"{path.name} is empty")
    rows = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path, encoding=encoding)
    if rows.empty:
        raise BadInput(f"{path.name}: the file has a header and no rows")
    return rows


def _parquet(path: Path) -> pd.DataFrame:
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as fault:
        raise BadInput(f"{path.name} is no readable Parquet file: export it again") from fault
    texts = {
        n: table.column(n).cast(pa.string()) for n in table.column_names if _as_text(table.schema.field(n).type)
    }
    rows = pd.DataFrame({n: pd.Series(c.to_pandas(), dtype="str") for n, c in texts.items()})
    return rows.mask(rows == "")


def _as_text(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind))


def _csv(path: Path, *, encoding: str) -> pd.DataFrame:
    _check_encoding(path, encoding)
    # A byte order mark is no part of the first column's name.
    plain = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    _check_shape(path, plain)
    try:
        return pd.read_csv(
            path, dtype="str", encoding=plain, keep_default_na=False, na_values=[""], index_col=False
        )
    except pd.errors.EmptyDataError as fault:
        raise BadInput(f"{path.name} is empty") from fault
    except pd.errors.ParserError as fault:
        raise BadInput(f"{path.name} is no readable CSV: export it again with all cells quoted") from fault


def _check_encoding(path: Path, encoding: str) -> None:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as fault:
        raise BadInput(f"{encoding} is no known encoding; usual ones are utf-8 and cp1252") from fault
    row = 0
    with path.open("rb") as source:
        try:
            for line in source:
                row += 1
                decoder.decode(line)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as fault:
            raise BadInput(
                f"{path.name}, row {row}: not {encoding} text; save it as UTF-8, or name its encoding (Excel often writes cp1252)"
            ) from fault


def _check_shape(path: Path, encoding: str) -> None:
    """Nothing, if every row has as many cells as the header; pandas would shift or fill the others without a word."""
    with path.open(encoding=encoding, newline="") as source:
        header: list[str] = []
        try:
            for row, cells in enumerate(csv.reader(source), 1):
                header = header or cells
                if row == 1 and len(set(header)) != len(header):
                    again = next(i for i, name in enumerate(header) if name in header[:i])
                    raise BadInput(
                        f"{path.name}: columns {header.index(header[again]) + 1} and {again + 1} have the same name; rename one"
                    )
                if cells and len(cells) != len(header):
                    raise BadInput(
                        f"{path.name}, row {row}: it has {len(cells)} cells and the header {len(header)};"
                        " quote cells that contain commas, quotes or line breaks"
                    )
        except csv.Error as fault:
            raise BadInput(f"{path.name} is no readable CSV: export it again with all cells quoted") from fault
