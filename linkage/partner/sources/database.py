"""Tables of databases through DuckDB: its own files, and other databases through its extensions. Opened read-only, and read as a stream.

Of the two modules that open DuckDB this is the partner's. It loads an extension that an administrator installed, and never installs one. What a
DuckDB file holds can reach nothing else: its views are run here, so files and networks are shut before the first of them is read.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import duckdb

from linkage.errors import BadInput
from linkage.partner.sources.parquet import FIRST_ROW, batch_of
from linkage.partner.sources.source import BATCH_ROWS, Batch, Source
from linkage.partner.sources.tables import Table, choose, literal, quoted, selection
from linkage.partner.sources.texts import check_names, has_text

MEMORY: Final = "256MB"
CATALOGUE: Final = "source"
OF_THE_SYSTEM: Final = ("information_schema", "pg_catalog", "mysql", "performance_schema", "sys")
TABLES: Final = "SELECT table_schema, table_name FROM information_schema.tables"


@dataclass(frozen=True, slots=True)
class _Database:
    """An open database. `asked` is a statement of its own as DuckDB has to run it; `catalogue` is what stands in front of its tables there."""

    name: str
    connection: duckdb.DuckDBPyConnection
    catalogue: str | None = CATALOGUE
    asked: Callable[[str], str] = str


def open_duckdb(path: Path, *, table: str | None) -> Source:
    """A table or view of a DuckDB file.

    Raises:
        BadInput: it is no DuckDB file, is open elsewhere for writing, or has no such table.
    """
    with _told(path.name, "it is no DuckDB file, of another version, or open elsewhere for writing"):
        connection = _connect()
        connection.execute(f"ATTACH {literal(str(path))} AS {CATALOGUE} (READ_ONLY)")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    return _source(_Database(path.name, connection), table=table, size=path.stat().st_size, counted=True)


def open_attached(connection_string: str, *, extension: str, name: str, table: str | None) -> Source:
    """A table of a database server that DuckDB's extension attaches: postgres or mysql.

    Raises:
        BadInput: the extension is not installed, nobody answers, or there is no such table; never with a word of the connection string.
    """
    connection = _connect()
    _load(connection, extension=extension, name=name)
    with _told(name, "the database does not answer; check address, user and password in the connection string"):
        connection.execute(f"ATTACH {literal(connection_string)} AS {CATALOGUE} (TYPE {extension}, READ_ONLY)")
        connection.execute("SET lock_configuration = true")
    return _source(_Database(name, connection), table=table)


def open_odbc(connection_string: str, *, name: str, table: str | None) -> Source:
    """A table of a database with an ODBC driver and the catalogue of SQL-92, such as SQL Server.

    Raises:
        BadInput: as `open_attached`.
    """
    connection = _connect()
    _load(connection, extension="odbc", name=name)
    with _told(
        name, "the database does not answer; check driver, address, user and password in the connection string"
    ):
        row = connection.execute("SELECT odbc_connect(?)", [connection_string]).fetchall()[0]
        handle = int(row[0]) if row else 0
        connection.execute("SET lock_configuration = true")

    def asked(statement: str) -> str:
        return f"SELECT * FROM odbc_query({handle}, {literal(statement)})"  # noqa: S608  a number and a literal

    return _source(_Database(name, connection, None, asked), table=table)


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "memory_limit": MEMORY,
            # Nothing of a partner's rows is to lie on a disk; a scan needs no room to spill.
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        },
    )
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_progress_bar = false")
    return connection


def _load(connection: duckdb.DuckDBPyConnection, *, extension: str, name: str) -> None:
    try:
        connection.execute(f"LOAD {extension}")
    except duckdb.Error:
        raise BadInput(
            f"{name}: DuckDB's extension {extension!r} is not installed here, and is never fetched by this program. An administrator installs it once:"
            f" `INSTALL {extension}` in DuckDB {duckdb.__version__}, under the account that runs this. Or export the table as CSV or Parquet"
        ) from None


@contextmanager
def _told(name: str, why: str) -> Iterator[None]:
    """Errors of DuckDB, which may repeat a value or a password, become one that does not."""
    try:
        yield
    except duckdb.Error as fault:
        raise BadInput(f"{name}: {why} ({type(fault).__name__})") from None


def _source(
    database: _Database, *, table: str | None, size: int | None = None, counted: bool = False
) -> Source:
    connection = database.connection
    with _told(database.name, "its catalogue cannot be read"):
        listed = connection.sql(database.asked(_tables(database))).fetchall()
    found: list[Table] = [(str(s), str(t)) for s, t in listed if s not in OF_THE_SYSTEM]
    one = choose(table, tables=found, name=database.name)
    place = ".".join(quoted(p) for p in (database.catalogue, *one) if p)
    name = f"{database.name}, table {one[1]!r}"
    with _told(name, "it cannot be read"):
        empty = f"SELECT * FROM {place} WHERE 1 = 0"  # noqa: S608  every name is quoted
        schema = connection.sql(database.asked(empty)).to_arrow_table().schema
        row = connection.sql(f"SELECT count(*) FROM {place}").fetchall()[0] if counted else None  # noqa: S608
    columns = tuple(f.name for f in schema if has_text(f.type))
    check_names(columns, file=name)
    rows = int(row[0]) if row else None
    return Source(
        name,
        columns,
        rows,
        size,
        partial(_read, database=database, table=one, name=name, rows=rows),
        connection.close,
    )


def _tables(database: _Database) -> str:
    return TABLES if database.catalogue is None else f"{TABLES} WHERE table_catalog = '{database.catalogue}'"


def _read(
    columns: tuple[str, ...], *, database: _Database, table: Table, name: str, rows: int | None
) -> Iterator[Batch]:
    statement = database.asked(selection(columns, table=table, catalogue=database.catalogue))
    done = 0
    # A connection streams one answer at a time; a reading that was left half-way is not to be in the way of the next.
    with _told(name, "it cannot be read to its end"), database.connection.cursor() as cursor:
        for piece in cursor.sql(statement).to_arrow_reader(BATCH_ROWS):
            yield batch_of(piece, first_row=FIRST_ROW + done, of=rows)
            done += piece.num_rows
