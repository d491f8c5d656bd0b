"""The only module that imports Splink: pairs of one pass's rows, counted for training and scored by the model."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from splink import DuckDBAPI, Linker
from splink.internals.exceptions import SplinkException

from linkage.central.levels import LaneLevels, add_macros
from linkage.central.model import LinkType, PassModel
from linkage.central.training import Patterns
from linkage.tokens import PassTable

QUIET: Final = logging.ERROR
# What Splink raises when it is asked for something that the data do not give.
SPLINK_FAULTS: Final = (ValueError, SplinkException)
JOINS: Final[Mapping[LinkType, str]] = {
    "dedupe_only": "a.row_ref < b.row_ref",
    "link_only": "a.source_dataset < b.source_dataset",
    "link_and_dedupe": "(a.source_dataset < b.source_dataset OR (a.source_dataset = b.source_dataset AND a.row_ref < b.row_ref))",
}


class OpenPass:
    """One pass's rows in a locked database, for as long as the `with` block lasts. `tables` are the partners' rows by partner name."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, tables: Mapping[str, PassTable], *, link_type: LinkType
    ) -> None:
        self._connection = connection
        self._link_type = link_type
        self._names = sorted(name for name, table in tables.items() if table.rows)
        add_macros(connection)
        for at, name in enumerate(self._names):
            connection.register(f"rows_{at}", pa.table(dict(tables[name].columns)))

    def __enter__(self) -> "OpenPass":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of the pass is left in the database."""
        for at in range(len(self._names)):
            self._connection.unregister(f"rows_{at}")
        left = self._connection.sql("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        for (table,) in left:
            self._connection.execute(f'DROP TABLE "{table}"')

    @property
    def linkable(self) -> bool:
        """Whether there are rows enough to make a pair between them."""
        return len(self._names) > (1 if self._link_type == "link_only" else 0)

    def patterns(self, lanes: Sequence[LaneLevels]) -> Patterns:
        """How often each agreement pattern occurs among the pass's pairs."""
        every = " UNION ALL BY NAME ".join(
            f"SELECT *, {at} AS source_dataset FROM rows_{at}"  # noqa: S608  a number
            for at in range(len(self._names))
        )
        columns = [_case(lane) for lane in lanes] or ["0 AS nothing"]
        used = sorted({c for lane in lanes for c in _columns(lane)})
        sides = ", ".join(f"{side}.{c} AS {c}_{end}" for c in used for side, end in (("a", "l"), ("b", "r")))
        sql = f"""
            WITH every AS ({every}),
                 pairs AS (SELECT {sides or "0 AS nothing"} FROM every a JOIN every b ON a.block = b.block AND {JOINS[self._link_type]}),
                 graded AS (SELECT {", ".join(columns)} FROM pairs)
            SELECT *, count(*)::DOUBLE AS pairs FROM graded GROUP BY ALL
        """  # noqa: S608  every name in it comes from the schema, never from data
        found = self._connection.sql(sql).to_arrow_table()
        levels = [found.column(lane.lane).to_numpy().astype(np.int64) for lane in lanes]
        grid = np.column_stack(levels) if levels else np.empty((found.num_rows, 0), dtype=np.int64)
        # The database gives groups in any order; sums of floats, and so the model, must not depend on it.
        order = np.lexsort(grid.T) if grid.shape[1] else np.arange(len(grid))
        return Patterns(grid[order], found.column("pairs").to_numpy().astype(np.float64)[order])

    def score(self, model: PassModel, *, at_least: float) -> pa.Table:
        """The pass's pairs whose match probability is at least `at_least`: columns source_l, row_ref_l, source_r, row_ref_r (int64
        row references, partner names), match_weight (log2 odds) and match_probability, by Splink."""
        api = DuckDBAPI(connection=self._connection)
        frames = [
            api.register(f"rows_{at}", dataset_display_name=f"rows_{at}") for at in range(len(self._names))
        ]
        # Splink gives one table alone no source_dataset, and finds its pairs under this name only.
        link_type: LinkType = "dedupe_only" if len(frames) == 1 else self._link_type
        linker: Any = Linker(
            frames, model.splink_settings(link_type=link_type), log_level=QUIET, validate_settings=False
        )
        scored = linker.inference.predict(
            threshold_match_probability=at_least, warning_mode="never"
        ).as_pyarrow_table()
        return self._named(scored)

    def _named(self, scored: pa.Table) -> pa.Table:
        columns: dict[str, Any] = {}
        for end in ("l", "r"):
            table = (
                scored.column(f"source_dataset_{end}").to_pylist()
                if f"source_dataset_{end}" in scored.column_names
                else None
            )
            by_table = {f"rows_{at}": name for at, name in enumerate(self._names)}
            named = [self._names[0]] * scored.num_rows if table is None else [by_table[t] for t in table]
            columns[f"source_{end}"] = pa.array(named, pa.string()).dictionary_encode()
            columns[f"row_ref_{end}"] = scored.column(f"row_ref_{end}")
        for name in ("match_weight", "match_probability"):
            columns[name] = scored.column(name).cast(pa.float64())
        return pa.table(columns)


def open_cleartext(
    files: Mapping[str, pd.DataFrame], settings: Mapping[str, Any], *, connection: duckdb.DuckDBPyConnection
) -> Any:
    """A Splink linker over plain frames, for the yardstick of `linkage.central.cleartext` alone."""
    api = DuckDBAPI(connection=connection)
    frames = [
        api.register(pa.Table.from_pandas(rows, preserve_index=False), dataset_display_name=f"file_{at}")
        for at, rows in enumerate(files.values())
    ]
    return Linker(frames, dict(settings), log_level=QUIET, validate_settings=False)


def _case(lane: LaneLevels) -> str:
    whens = " ".join(f"WHEN {condition} THEN {level}" for level, condition in enumerate(lane.conditions))
    return f"CASE WHEN {lane.absent} THEN -1 {whens} ELSE {len(lane.conditions)} END AS {lane.lane}"


def _columns(lane: LaneLevels) -> set[str]:
    text = " ".join((lane.absent, *lane.conditions))
    words = {w.strip("(),") for w in text.replace("(", " ").replace(",", " ").replace(")", " ").split()}
    return {w[:-2] for w in words if w.endswith(("_l", "_r"))}
