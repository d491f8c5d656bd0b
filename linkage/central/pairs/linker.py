"""The only module that imports Splink, which links cleartext as the yardstick. What is linked in earnest is scored by the same formula, pattern by
pattern (`linkage.central.pairs.scoring`); the model is a document that Splink loads, and tests hold the two against each other.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

import duckdb
import pandas as pd
import pyarrow as pa
from splink import DuckDBAPI, Linker
from splink.internals.exceptions import SplinkException

QUIET: Final = logging.ERROR
# What Splink raises when it is asked for something that the data do not give.
SPLINK_FAULTS: Final = (ValueError, SplinkException)


def open_cleartext(
    files: Mapping[str, pd.DataFrame], settings: Mapping[str, Any], *, connection: duckdb.DuckDBPyConnection
) -> Any:
    """A Splink linker over plain frames, for the yardstick of `linkage.central.pairs.cleartext` alone."""
    api = DuckDBAPI(connection=connection)
    frames = [
        api.register(pa.Table.from_pandas(rows, preserve_index=False), dataset_display_name=f"file_{at}")
        for at, rows in enumerate(files.values())
    ]
    return Linker(frames, dict(settings), log_level=QUIET, validate_settings=False)
