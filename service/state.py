"""The desk's state in SQLite: requests, releases, the ledger. Every write takes the event that records it, and both are committed together."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ethics import AuditLog, Event
from policies.disclosure import Ledger, LedgerEntry, PublishedTable, parse_table, table_text
from service.errors import OutOfOrder

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS requests (id TEXT PRIMARY KEY, text TEXT NOT NULL, digest TEXT NOT NULL, state TEXT NOT NULL,"
    " CHECK (state IN ('made', 'allowed', 'refused', 'released')))",
    "CREATE TABLE IF NOT EXISTS releases (id TEXT PRIMARY KEY, request TEXT NOT NULL REFERENCES requests, made_at TEXT NOT NULL,"
    " entry INTEGER NOT NULL, ledger TEXT NOT NULL, cohort BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS release_files (release TEXT NOT NULL REFERENCES releases, name TEXT NOT NULL, sealed BLOB NOT NULL,"
    " PRIMARY KEY (release, name))",
    "CREATE TABLE IF NOT EXISTS recorded_notes (digest TEXT PRIMARY KEY, entry INTEGER NOT NULL)",
)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE, then COMMIT; ROLLBACK when what is inside raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request as it was made, and how far it is: made, allowed, refused or released."""

    id: str
    text: str
    digest: str
    state: str


class State:
    """The desk's database and the audit log inside it."""

    def __init__(self, path: Path, *, origin: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        for statement in SCHEMA:
            self.connection.execute(statement)
        self.log = AuditLog.open(self.connection, origin=origin)

    def close(self) -> None:
        """The database file is closed."""
        self.connection.close()

    def record(self, event: Event) -> int:
        """An event that changes nothing else is in the log; its number."""
        with transaction(self.connection):
            return self.log.append(event)

    def record_note(self, digest: str, *, event: Event) -> int | None:
        """The event that a signed note stands for is in the log, once for each digest; its number, or None if it was there already."""
        with transaction(self.connection):
            if self.connection.execute("SELECT 1 FROM recorded_notes WHERE digest = ?", (digest,)).fetchone():
                return None
            entry = self.log.append(event)
            self.connection.execute("INSERT INTO recorded_notes VALUES (?, ?)", (digest, entry))
            return entry

    def add_request(self, one: StoredRequest, *, event: Event) -> None:
        """The request is stored.

        Raises:
            OutOfOrder: a request of this id exists.
        """
        with transaction(self.connection):
            if self.connection.execute("SELECT 1 FROM requests WHERE id = ?", (one.id,)).fetchone():
                raise OutOfOrder(f"request {one.id} was made already: give a new request a new id")
            self.connection.execute(
                "INSERT INTO requests VALUES (?, ?, ?, ?)", (one.id, one.text, one.digest, one.state)
            )
            self.log.append(event)

    def decide_request(self, request: str, *, state: str, event: Event) -> None:
        """The decision on a request that was made is stored.

        Raises:
            OutOfOrder: there is no such request, or it was decided already.
        """
        with transaction(self.connection):
            if self.request(request).state != "made":
                raise OutOfOrder(f"request {request} was decided already")
            self.connection.execute("UPDATE requests SET state = ? WHERE id = ?", (state, request))
            self.log.append(event)

    def find(self, request: str) -> StoredRequest | None:
        """The request of that id, or None if nobody made it."""
        row = self.connection.execute(
            "SELECT id, text, digest, state FROM requests WHERE id = ?", (request,)
        ).fetchone()
        return None if row is None else StoredRequest(*row)

    def request(self, request: str) -> StoredRequest:
        """The request of that id.

        Raises:
            OutOfOrder: there is none.
        """
        found = self.find(request)
        if found is None:
            raise OutOfOrder(f"there is no request {request}: ask first")
        return found

    def add_release(
        self,
        release: str,
        *,
        request: str,
        table: PublishedTable,
        cohort: bytes,
        files: Mapping[str, bytes],
        checked: int,
        now: datetime,
        event: Event,
    ) -> int:
        """The release, its ledger entry, its sealed files and its event are stored together; the event's number in the log.

        `checked` is how many earlier releases the table was attacked with.

        Raises:
            OutOfOrder: the request is not allowed, or released already, or another release came in between.
        """
        with transaction(self.connection):
            if self.request(request).state != "allowed":
                raise OutOfOrder(f"request {request} is not waiting for release")
            if self.connection.execute("SELECT count(*) FROM releases").fetchone() != (checked,):
                raise OutOfOrder("another table was released while this one was checked: try again")
            entry = self.log.append(event)
            self.connection.execute(
                "INSERT INTO releases VALUES (?, ?, ?, ?, ?, ?)",
                (release, request, now.isoformat(), entry, table_text(table), cohort),
            )
            self.connection.executemany(
                "INSERT INTO release_files VALUES (?, ?, ?)", [(release, n, c) for n, c in files.items()]
            )
            self.connection.execute("UPDATE requests SET state = 'released' WHERE id = ?", (request,))
            return entry

    def release_of(self, request: str) -> tuple[str, int, dict[str, bytes]]:
        """The release that a request led to: its id, its number in the log, its sealed files.

        Raises:
            OutOfOrder: it led to none.
        """
        row = self.connection.execute("SELECT id, entry FROM releases WHERE request = ?", (request,)).fetchone()
        if row is None:
            raise OutOfOrder(f"nothing was released for request {request}")
        files = self.connection.execute("SELECT name, sealed FROM release_files WHERE release = ?", (row[0],))
        return row[0], row[1], dict(files.fetchall())

    def ledger(self) -> Ledger:
        """Every table that left."""
        rows = self.connection.execute("SELECT id, ledger FROM releases ORDER BY entry").fetchall()
        return Ledger(tuple(LedgerEntry(release, parse_table(text)) for release, text in rows))

    def cohorts(self) -> dict[str, bytes]:
        """The sealed sets of people of every release."""
        return dict(self.connection.execute("SELECT id, cohort FROM releases ORDER BY entry").fetchall())
