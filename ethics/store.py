"""The log's tables in SQLite. Triggers refuse every change but the next row, whoever asks.

`audit_entries` holds the entries' bytes, `audit_nodes` every complete Merkle subtree, `audit_checkpoints` what was signed. The
triggers on INSERT are needed because `INSERT OR REPLACE` deletes the old row without firing a DELETE trigger.
"""

import sqlite3
from typing import Final

TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS audit_entries (
        number INTEGER PRIMARY KEY,
        entry BLOB NOT NULL CHECK (typeof(entry) = 'blob' AND length(entry) BETWEEN 1 AND 65535))""",
    """CREATE TABLE IF NOT EXISTS audit_nodes (
        level INTEGER NOT NULL,
        number INTEGER NOT NULL,
        hash BLOB NOT NULL CHECK (typeof(hash) = 'blob' AND length(hash) = 32),
        PRIMARY KEY (level, number)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS audit_checkpoints (
        number INTEGER PRIMARY KEY,
        size INTEGER NOT NULL,
        at TEXT NOT NULL,
        note TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS audit_origin (
        number INTEGER PRIMARY KEY CHECK (number = 0),
        origin TEXT NOT NULL)""",
)
NEXT: Final = {
    table: f"NEW.number IS NOT (SELECT coalesce(max(number), -1) + 1 FROM {table})"  # noqa: S608 - names from this file
    for table in ("audit_entries", "audit_checkpoints", "audit_origin")
} | {"audit_nodes": "EXISTS (SELECT 1 FROM audit_nodes WHERE level = NEW.level AND number = NEW.number)"}


def create_tables(connection: sqlite3.Connection) -> None:
    """The log's tables and triggers exist; what was there stays as it is."""
    for statement in TABLES:
        connection.execute(statement)
    for table, wrong in NEXT.items():
        for event, when in (("UPDATE", "1"), ("DELETE", "1"), ("INSERT", wrong)):
            connection.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_{event.lower()} BEFORE {event} ON {table} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def size_of(connection: sqlite3.Connection) -> int:
    """How many entries the log has."""
    (last,) = connection.execute("SELECT max(number) FROM audit_entries").fetchone()
    return 0 if last is None else int(last) + 1


def read_node(connection: sqlite3.Connection, *, level: int, number: int) -> bytes:
    """The stored hash of a complete subtree.

    Raises:
        LookupError: it is not there, which only damage to the database can cause.
    """
    row = connection.execute(
        "SELECT hash FROM audit_nodes WHERE level = ? AND number = ?", (level, number)
    ).fetchone()
    if row is None:
        raise LookupError(f"audit_nodes has no row for level {level}, number {number}: restore the database")
    return bytes(row[0])
