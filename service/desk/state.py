"""The desk's state in SQLite: requests, releases, the ledger. Every write takes the event that records it, and both are committed together."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from ethics.audit import AuditLog
from ethics.events import Event
from policies.disclosure import Ledger, LedgerEntry
from service.desk.stored_release import NewRelease, Terms, ledger_lines, ledger_tables
from service.errors import OutOfOrder
from service.transactions import transaction

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS requests (id TEXT PRIMARY KEY, text TEXT NOT NULL, digest TEXT NOT NULL, state TEXT NOT NULL,"
    " CHECK (state IN ('made', 'allowed', 'refused', 'released')))",
    "CREATE TABLE IF NOT EXISTS releases (id TEXT PRIMARY KEY, request TEXT NOT NULL REFERENCES requests, made_at TEXT NOT NULL,"
    " entry INTEGER NOT NULL, ledger TEXT NOT NULL, cohort BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS release_terms (release TEXT PRIMARY KEY REFERENCES releases, recipient TEXT NOT NULL, holder TEXT NOT NULL,"
    " expires TEXT NOT NULL, certify INTEGER NOT NULL, files_digest TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS release_ends (release TEXT NOT NULL REFERENCES releases, how TEXT NOT NULL, at TEXT NOT NULL, note TEXT NOT NULL,"
    " PRIMARY KEY (release, how), CHECK (how IN ('withdrawn', 'destroyed')))",
    "CREATE TABLE IF NOT EXISTS prepared (release TEXT PRIMARY KEY, request TEXT NOT NULL UNIQUE REFERENCES requests, statement TEXT NOT NULL,"
    " ledger TEXT NOT NULL, cohort BLOB NOT NULL, state TEXT NOT NULL, CHECK (state IN ('waiting', 'stopped', 'released')))",
    "CREATE TABLE IF NOT EXISTS prepared_files (release TEXT NOT NULL REFERENCES prepared, name TEXT NOT NULL, sealed BLOB NOT NULL,"
    " PRIMARY KEY (release, name))",
    "CREATE TABLE IF NOT EXISTS output_votes (release TEXT NOT NULL REFERENCES prepared, checker TEXT NOT NULL, received_at TEXT NOT NULL,"
    " sealed BLOB NOT NULL, note_digest TEXT NOT NULL, PRIMARY KEY (release, checker))",
    "CREATE TABLE IF NOT EXISTS release_files (release TEXT NOT NULL REFERENCES releases, name TEXT NOT NULL, sealed BLOB NOT NULL,"
    " PRIMARY KEY (release, name))",
    "CREATE TABLE IF NOT EXISTS recorded_notes (digest TEXT PRIMARY KEY, entry INTEGER NOT NULL)",
)


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

    def add_release(self, one: NewRelease, *, now: datetime, event: Event, before: Sequence[Event] = ()) -> int:
        """The release, its terms, its ledger entry, its sealed files and its event are stored together; the event's number in the log. `before` are
        events that come to light with it.

        Raises:
            OutOfOrder: the request is not allowed, or released already, or another release came in between, or its checkers stopped it.
        """
        with transaction(self.connection):
            if self.request(one.request).state != "allowed":
                raise OutOfOrder(f"request {one.request} is not waiting for release")
            if self.releases() != one.checked:
                raise OutOfOrder("another table was released while this one was checked: try again")
            for earlier in before:
                self.log.append(earlier)
            entry = self.log.append(event)
            self.connection.execute(
                "INSERT INTO releases VALUES (?, ?, ?, ?, ?, ?)",
                (one.id, one.request, now.isoformat(), entry, ledger_lines(one.tables), one.cohort),
            )
            self.connection.execute(
                "INSERT INTO release_terms VALUES (?, ?, ?, ?, ?, ?)",
                (one.id, one.terms.recipient, one.terms.holder, one.terms.expires.isoformat(), one.terms.certify, one.terms.files_digest),
            )  # fmt: skip
            self.connection.executemany(
                "INSERT INTO release_files VALUES (?, ?, ?)", [(one.id, n, c) for n, c in one.files.items()]
            )
            self.connection.execute("UPDATE requests SET state = 'released' WHERE id = ?", (one.request,))
            self.connection.execute("UPDATE prepared SET state = 'released' WHERE release = ?", (one.id,))
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

    def terms_of(self, release: str) -> Terms:
        """To whom a release went, and until when it may be used.

        Raises:
            OutOfOrder: there is no such release.
        """
        row = self.connection.execute(
            "SELECT recipient, holder, expires, certify, files_digest FROM release_terms WHERE release = ?",
            (release,),
        ).fetchone()
        if row is None:
            raise OutOfOrder(f"there is no release {release}")
        return Terms(row[0], row[1], date.fromisoformat(row[2]), bool(row[3]), row[4])

    def ends_of(self, release: str) -> Mapping[str, datetime]:
        """When a release was withdrawn, and when its destruction was certified, as far as either happened."""
        rows = self.connection.execute("SELECT how, at FROM release_ends WHERE release = ?", (release,))
        return {how: datetime.fromisoformat(at) for how, at in rows}

    def end_release(self, release: str, *, how: str, note: str, now: datetime, event: Event) -> bool:
        """That a release was withdrawn or destroyed is stored, with the signed note that says so; False if it was before.

        Raises:
            OutOfOrder: there is no such release.
        """
        with transaction(self.connection):
            self.terms_of(release)
            if how in self.ends_of(release):
                return False
            self.log.append(event)
            self.connection.execute(
                "INSERT INTO release_ends VALUES (?, ?, ?, ?)", (release, how, now.isoformat(), note)
            )
            return True

    def end_note(self, release: str, *, how: str) -> str | None:
        """The signed note by which a release ended so, if it did."""
        row = self.connection.execute(
            "SELECT note FROM release_ends WHERE release = ? AND how = ?", (release, how)
        ).fetchone()
        return None if row is None else str(row[0])

    def released(self) -> tuple[tuple[str, str], ...]:
        """Every release and its request, oldest first."""
        return tuple(self.connection.execute("SELECT id, request FROM releases ORDER BY entry").fetchall())

    def releases(self) -> int:
        """How many releases were made."""
        (count,) = self.connection.execute("SELECT count(*) FROM releases").fetchone()
        return int(count)

    def ledger(self) -> Ledger:
        """Every table that left. An extract stays in the secure setting, and is no table that a reader has."""
        rows = self.connection.execute("SELECT id, ledger FROM releases ORDER BY entry").fetchall()
        return Ledger(
            tuple(
                LedgerEntry(release, one, "" if part == 0 else f"table {part + 1}")
                for release, text in rows
                for part, one in enumerate(ledger_tables(text))
            )
        )

    def extracts(self) -> tuple[str, ...]:
        """The releases that were extracts, oldest first."""
        rows = self.connection.execute("SELECT id FROM releases WHERE ledger = '' ORDER BY entry").fetchall()
        return tuple(release for (release,) in rows)

    def cohorts(self) -> dict[str, bytes]:
        """The sealed sets of people of every release."""
        return dict(self.connection.execute("SELECT id, cohort FROM releases ORDER BY entry").fetchall())
