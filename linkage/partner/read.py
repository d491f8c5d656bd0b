"""An agency's whole file as a frame of texts: CSV (UTF-8 unless said otherwise) or Parquet."""

from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from linkage.errors import BadInput
from linkage.partner.sources.opened import open_source

SUFFIXES: Final = (".csv", ".parquet")


def read_rows(path: Path, *, encoding: str = "utf-8") -> pd.DataFrame:
    """All rows, every column text or missing; empty cells are missing.

    Raises:
        BadInput: the file is missing, empty, of another kind or encoding, or its rows are not as its header says.
    """
    if path.is_file() and path.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{path.name}: only {' and '.join(SUFFIXES)} files are read; save it as one of these")
    with open_source(path, encoding=encoding) as source:
        table = pa.Table.from_batches([b.table for b in source.batches()])
    return pd.DataFrame({n: pd.Series(table.column(n).to_pandas(), dtype="str") for n in table.column_names})
