"""The database of the centre: in memory, reaching no file, extension, setting or Python value, and spilling nothing."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from linkage.central.store import open_locked


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{folder}/there.csv')",
        "SELECT * FROM '{folder}/there.csv'",
        "SELECT * FROM read_text('{folder}/there.csv')",
        "SELECT * FROM read_parquet('{folder}/there.parquet')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '{folder}/out.parquet'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/out.db'",
        "ATTACH 'https://example.org/out.db'",
        "SELECT * FROM read_csv('https://example.org/there.csv')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "INSTALL json FROM community",
        "LOAD '{folder}/there.duckdb_extension'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET temp_directory = '{folder}'",
        "SET memory_limit = '100GB'",
        "SET python_enable_replacements = true",
        "SET autoload_known_extensions = true",
        "RESET enable_external_access",
        "PRAGMA enable_profiling",
        "SELECT * FROM secret_rows",
    ],
)
def test_the_database_reaches_nothing_outside_itself(sql: str, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("a\n1\n", "utf-8")
    secret_rows = pd.DataFrame({"a": [1]})
    before = sorted(tmp_path.iterdir())
    with open_locked() as connection, pytest.raises(duckdb.Error):
        connection.execute(sql.format(folder=tmp_path)).fetchall()
    assert sorted(tmp_path.iterdir()) == before
    assert len(secret_rows) == 1


def test_the_database_computes() -> None:
    with open_locked() as connection:
        connection.register("given", pd.DataFrame({"a": [1, 2]}))
        assert connection.sql("SELECT sum(a) FROM given").fetchall() == [(3,)]


def test_the_database_spills_nothing_to_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An in-memory database of DuckDB spills into ./.tmp unless it has no directory at all."""
    monkeypatch.chdir(tmp_path)
    with open_locked(memory="60MB") as connection:
        assert connection.sql("SELECT current_setting('temp_directory')").fetchall() == [("",)]
        with pytest.raises(duckdb.OutOfMemoryException):
            connection.execute(
                "CREATE TABLE t AS SELECT i, hash(i)::VARCHAR || hash(i + 1)::VARCHAR AS s FROM range(3000000) r(i) ORDER BY s"
            )
    assert list(tmp_path.iterdir()) == []


def test_two_databases_share_nothing() -> None:
    with open_locked() as one, open_locked() as other:
        one.execute("CREATE TABLE t AS SELECT 1 AS a")
        with pytest.raises(duckdb.CatalogException):
            other.execute("SELECT * FROM t")
