"""What a data officer may name as a source: a file of one of these kinds, or a database by its connection string.

What opens databases is loaded only where there is one to open: that takes as long as reading some thousand records.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from linkage.errors import BadInput
from linkage.partner.sources.csv_file import open_csv
from linkage.partner.sources.excel import open_excel
from linkage.partner.sources.parquet import open_parquet
from linkage.partner.sources.source import Source
from linkage.partner.sources.sqlite import open_sqlite

TEXT_SUFFIXES: Final = (".csv", ".txt", ".tsv", ".tab")
EXCEL_SUFFIXES: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
DATABASE_SUFFIXES: Final = (".duckdb", ".ddb", ".sqlite", ".sqlite3", ".db")
PARQUET_SUFFIXES: Final = (".parquet", ".pq")
SUFFIXES: Final = (*TEXT_SUFFIXES, *PARQUET_SUFFIXES, *EXCEL_SUFFIXES, *DATABASE_SUFFIXES)
SQLITE_MARK: Final = b"SQLite format 3\0"


def open_source(
    path: Path,
    *,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    sheet: str | None = None,
    table: str | None = None,
) -> Source:
    """The file, opened and its header read. `encoding` and `delimiter` are of text files, `sheet` of spreadsheets, `table` of databases.

    Raises:
        BadInput: the file is missing, empty, of another kind, or not as it should be; the message names no value.
    """
    if not path.is_file():
        raise BadInput(f"no file {path.name}")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(f"{path.name}: only {', '.join(SUFFIXES)} files are read; save it as one of these")
    if path.stat().st_size == 0:
        raise BadInput(f"{path.name} is empty")
    for option, value, kinds in (
        ("sheet", sheet, EXCEL_SUFFIXES),
        ("table", table, DATABASE_SUFFIXES),
        ("delimiter", delimiter, TEXT_SUFFIXES),
    ):
        if value is not None and suffix not in kinds:
            raise BadInput(f"{path.name}: it has no {option}; leave that out")
    if suffix in TEXT_SUFFIXES:
        return open_csv(path, encoding=encoding, delimiter=delimiter)
    if suffix in PARQUET_SUFFIXES:
        return open_parquet(path)
    if suffix in EXCEL_SUFFIXES:
        return open_excel(path, sheet=sheet)
    return open_sqlite(path, table=table) if _is_sqlite(path) else _duckdb(path, table=table)


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as source:
        return source.read(len(SQLITE_MARK)) == SQLITE_MARK


def _duckdb(path: Path, *, table: str | None) -> Source:
    from linkage.partner.sources.database import open_duckdb

    return open_duckdb(path, table=table)


def _postgres(text: str, *, name: str, table: str | None) -> Source:
    from linkage.partner.sources.database import open_attached

    return open_attached(text, extension="postgres", name=name, table=table)


def _mysql(text: str, *, name: str, table: str | None) -> Source:
    from linkage.partner.sources.database import open_attached

    return open_attached(text, extension="mysql", name=name, table=table)


def _odbc(text: str, *, name: str, table: str | None) -> Source:
    from linkage.partner.sources.database import open_odbc

    return open_odbc(text, name=name, table=table)


def _sqlite(text: str, *, name: str, table: str | None) -> Source:
    del name
    return open_source(Path(text), table=table)


Opener = Callable[..., Source]
# How a connection string begins, whether that beginning belongs to it, and what opens it.
CONNECTIONS: Final[Mapping[str, tuple[bool, Opener]]] = {
    "postgresql://": (True, _postgres),
    "postgres://": (True, _postgres),
    "postgres:": (False, _postgres),
    "mysql://": (True, _mysql),
    "mysql:": (False, _mysql),
    "sqlite:": (False, _sqlite),
    "duckdb:": (False, _sqlite),
    "odbc:": (False, _odbc),
}


def open_connection(connection_string: str, *, name: str, table: str | None = None) -> Source:
    """The table behind a connection string; `name` is what messages call it, for the string may hold a password.

    Raises:
        BadInput: it begins with no known kind, the kind's extension is not installed, nobody answers, or there is no such table.
    """
    for beginning, (kept, opener) in CONNECTIONS.items():
        if connection_string.lower().startswith(beginning):
            rest = connection_string if kept else connection_string[len(beginning) :]
            return opener(rest, name=name, table=table)
    raise BadInput(f"{name}: a connection string begins with one of {', '.join(CONNECTIONS)}")
