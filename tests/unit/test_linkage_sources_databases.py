"""Databases, as files and behind a connection, are read as streams of texts, never written, and never asked for more than was named."""

import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest

from linkage.errors import BadInput
from linkage.partner.sources import database as source_database
from linkage.partner.sources.opened import open_connection, open_source
from tests.sources_read import cells, refused

PASSWORD = "open-sesame"  # noqa: S105  made up, to be looked for in messages


# Databases


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "people.duckdb"
    (tmp_path / "secret.csv").write_text("a\nMary\n")
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE people AS SELECT i AS id, 'x' || i AS forename, DATE '1980-01-01' + i::INTEGER AS born, i / 2 AS half,"
            " i % 2 = 0 AS flag, [i] AS list FROM range(100000) r(i)"
        )
        connection.execute('CREATE TABLE "odd; ""name" AS SELECT 1 AS "a ""b"')
        connection.execute("CREATE SCHEMA other")
        connection.execute("CREATE TABLE other.people AS SELECT 2 AS a")
        connection.execute("CREATE VIEW young AS SELECT id FROM people LIMIT 2")
        connection.execute(f"CREATE VIEW curious AS SELECT * FROM read_csv('{tmp_path}/secret.csv')")  # noqa: S608  a test's own folder
    return path


def test_a_table_of_a_duckdb_file_is_read_as_a_stream(database: Path) -> None:
    with open_source(database, table="main.people") as source:
        assert source.columns == ("id", "forename", "born", "half", "flag")
        assert (source.rows, source.name) == (100_000, "people.duckdb, table 'people'")
        assert source.sample(1).table.to_pylist()[0]["born"] == "1980-01-01"
        batches = list(source.batches(["half", "id"], batch_rows=60_000))
        assert [b.first_row for b in batches] == [2, 60_002]
        assert batches[0].table.slice(1, 2).to_pylist() == [
            {"half": "0.5", "id": "1"},
            {"half": "1", "id": "2"},
        ]
        assert batches[1].fraction == 1.0


def test_a_table_is_named_as_the_catalogue_has_it_and_never_runs_as_sql(database: Path) -> None:
    assert cells(open_source(database, table='odd; "name')) == [("1",)]
    assert cells(open_source(database, table="other.people")) == [("2",)]
    assert cells(open_source(database, table="young")) == [("0",), ("1",)]
    refused(
        database, "'people' is in several schemas; name it as one of main.people, other.people", table="people"
    )
    refused(
        database, "no table 'people; DROP TABLE people'; it has main.curious", table="people; DROP TABLE people"
    )
    refused(database, "no table 'main.\"young\"'", table='main."young"')
    refused(database, "name one of its tables with --table; it has main.curious, main.odd")


def test_a_view_reaches_nothing_outside_its_database(database: Path) -> None:
    refused(database, r"table 'curious': it cannot be read \(PermissionException\)", table="curious")


def test_a_duckdb_file_cannot_be_written_through_the_reader(database: Path) -> None:
    before = database.read_bytes()
    with open_source(database, table="young") as source:
        connection = source.shut.__self__  # type: ignore[attr-defined]
        for statement in (
            "CREATE TABLE source.main.t AS SELECT 1", "DELETE FROM source.main.people", "SET memory_limit = '100GB'", "INSTALL json",
            "LOAD postgres", "COPY (SELECT 1) TO 'out.csv'", "ATTACH 'other.db'",
        ):  # fmt: skip
            with pytest.raises(duckdb.Error):
                connection.execute(statement)
    assert database.read_bytes() == before


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    for suffix in (".duckdb", ".db", ".sqlite"):
        path = tmp_path / f"people{suffix}"
        path.write_bytes(b"Mary,Smith")
        refused(path, "it is no DuckDB file")
    (tmp_path / "cut.sqlite").write_bytes(b"SQLite format 3\0Mary")
    refused(tmp_path / "cut.sqlite", "is no readable SQLite database")


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    path = tmp_path / "people.db"
    connection = sqlite3.connect(path)
    connection.execute('CREATE TABLE people (id INTEGER, "fore name" TEXT, half REAL, photo BLOB)')
    connection.executemany(
        "INSERT INTO people VALUES (?, ?, ?, ?)",
        [(i, f"x{i}" if i else " ", i / 2, b"p") for i in range(40_000)],
    )
    connection.execute("CREATE VIEW few AS SELECT id FROM people LIMIT 2")
    connection.commit()
    connection.close()
    return path


def test_a_table_of_a_sqlite_file_is_read(sqlite: Path) -> None:
    with open_source(sqlite, table="people") as source:
        assert (source.columns, source.rows) == (("id", "fore name", "half"), 40_000)
        batches = list(source.batches(batch_rows=30_000))
        assert batches[0].table.slice(0, 2).to_pylist() == [
            {"id": "0", "fore name": None, "half": "0"}, {"id": "1", "fore name": "x1", "half": "0.5"},
        ]  # fmt: skip
        assert (batches[1].first_row, batches[1].fraction) == (30_002, 1.0)
    assert cells(open_source(sqlite, table="few")) == [("0",), ("1",)]
    refused(sqlite, "name one of its tables with --table; it has main.few, main.people")
    refused(sqlite, "no table 'x'", table="x")


def test_bytes_and_broken_texts_in_sqlite_are_refused_without_being_shown(tmp_path: Path) -> None:
    path = tmp_path / "people.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE a (id, n TEXT)")
    connection.execute("INSERT INTO a VALUES (1, 'x'), (2, CAST('Mary' AS BLOB))")
    connection.execute("CREATE TABLE b AS SELECT CAST(X'4d617279ff' AS TEXT) AS n")
    connection.commit()
    connection.close()
    refused(path, r"table 'a', row 3, column 'n': bytes instead of text", table="a")
    refused(path, r"table 'b': it cannot be read to its end", table="b")


# Connections


def unconnected(connection_string: str, saying: str) -> None:
    with pytest.raises(BadInput, match=saying) as caught:
        open_connection(connection_string, name="env:RECORDS", table="people")
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("begin", "extension"),
    [
        ("postgresql://u:", "postgres"),
        ("postgres:password=", "postgres"),
        ("mysql://u:", "mysql"),
        ("odbc:Driver=x;Pwd=", "odbc"),
    ],
)
def test_an_extension_that_is_not_installed_is_named_and_never_fetched(begin: str, extension: str) -> None:
    unconnected(
        f"{begin}{PASSWORD}",
        f"env:RECORDS: DuckDB's extension '{extension}' is not installed here, and is never fetched .* `INSTALL {extension}`",
    )


def test_a_connection_string_of_no_known_kind_is_not_repeated(sqlite: Path) -> None:
    unconnected(f"password={PASSWORD}", "env:RECORDS: a connection string begins with one of postgresql://")
    assert open_connection(f"sqlite:{sqlite}", name="env:RECORDS", table="few").columns == ("id",)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, database: Path) -> Path:
    """Extensions as if they were installed: postgres stands for a DuckDB file, odbc for macros that run what they are sent."""
    connect = source_database._connect

    class Stand:
        def __init__(self, connection: Any = None) -> None:
            self.connection = connection or connect()

        def __enter__(self) -> "Stand":
            return self

        def __exit__(self, *fault: object) -> None:
            self.connection.close()

        def close(self) -> None:
            self.connection.close()

        def execute(self, statement: str, *values: Any) -> Any:
            if statement == "LOAD odbc":
                self.connection.execute(f"ATTACH '{database}' AS inside (READ_ONLY)")
                self.connection.execute(
                    "CREATE MACRO memory.main.odbc_connect(c) AS CASE WHEN contains(c, 'Driver') THEN 5 ELSE error(c) END"
                )
                self.connection.execute(
                    "CREATE MACRO memory.main.odbc_query(h, q) AS TABLE SELECT * FROM query(q) WHERE h = 5"
                )
                return self.connection.execute("USE inside")
            if statement == "LOAD postgres":
                return self.connection.execute("SELECT 1")
            for name, place in (("TYPE postgres, ", ""), (" odbc_connect(", " memory.main.odbc_connect(")):
                statement = statement.replace(name, place)
            return self.connection.execute(statement, *values)

        def sql(self, statement: str) -> Any:
            return self.connection.sql(statement.replace(" odbc_query(", " memory.main.odbc_query("))

        def cursor(self) -> Any:
            other = Stand(self.connection.cursor())
            inside = [
                n
                for (n,) in self.connection.sql("SELECT database_name FROM duckdb_databases()").fetchall()
                if n == "inside"
            ]
            for name in inside:
                other.execute(f"USE {name}")
            return other

    monkeypatch.setattr(source_database, "_connect", Stand)
    return database


def test_a_table_of_an_attached_database_is_read(installed: Path) -> None:
    with open_connection(f"postgres:{installed}", name="env:RECORDS", table="main.people") as source:
        assert source.name == "env:RECORDS, table 'people'"
        assert source.rows is None
        assert source.columns == ("id", "forename", "born", "half", "flag")
        assert sum(b.table.num_rows for b in source.batches(["born"])) == 100_000
    with pytest.raises(BadInput, match="env:RECORDS: no table 'x'; it has"):
        open_connection(f"postgres:{installed}", name="env:RECORDS", table="x")


def test_a_database_that_does_not_answer_is_refused_without_its_connection_string(installed: Path) -> None:
    unconnected(
        f"postgres:/absent/{PASSWORD}/x.db", "the database does not answer; check address, user and password"
    )


def test_a_table_behind_an_odbc_driver_is_read(installed: Path) -> None:
    with open_connection(
        f"odbc:Driver={{SQL Server}};Pwd={PASSWORD}", name="env:RECORDS", table="main.people"
    ) as source:
        assert source.columns == ("id", "forename", "born", "half", "flag")
        assert [b.first_row for b in source.batches(["flag"], batch_rows=90_000)] == [2, 90_002]
        assert source.sample(1).table.to_pylist() == [
            {"id": "0", "forename": "x0", "born": "1980-01-01", "half": "0", "flag": "True"}
        ]
    with open_connection("odbc:Driver=x", name="env:RECORDS", table='odd; "name') as source:
        assert source.columns == ('a "b',)
    unconnected(f"odbc:{PASSWORD}", "the database does not answer; check driver, address, user and password")
