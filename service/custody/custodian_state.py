"""What one custodian remembers, in the database that holds its log: documents, used requests, calls, keys by the hour, the latest time."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from ethics.audit import AuditLog
from ethics.events import Event
from service.errors import CustodianRefused
from service.transactions import transaction

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS used (request TEXT PRIMARY KEY, release TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS seen (document TEXT PRIMARY KEY, version INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS tried (at REAL NOT NULL, outcome TEXT NOT NULL, request TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS tried_at ON tried (at)",
    "CREATE TABLE IF NOT EXISTS heard (nonce TEXT PRIMARY KEY, at REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS clock (one INTEGER PRIMARY KEY CHECK (one = 0), latest REAL NOT NULL)",
)


class Outcome(StrEnum):
    """How a call for a key ended: what the limits count."""

    OPENED = "opened"
    REFUSED = "refused"
    TOO_MANY = "too-many"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Use:
    """A request, by its digest, and the release that its keys were opened for."""

    request: str
    release: str


class CustodianState:
    """The custodian's database. What an event records and the event itself are written together or not at all."""

    def __init__(self, path: Path, *, origin: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for table in TABLES:
            self._connection.execute(table)
        self.log = AuditLog.open(self._connection, origin=origin)

    def close(self) -> None:
        """The database file is closed."""
        self._connection.close()

    def latest(self) -> datetime | None:
        """The latest time of any event, or nothing if there was none."""
        row = self._connection.execute("SELECT latest FROM clock").fetchone()
        return None if row is None else datetime.fromtimestamp(row[0], UTC)

    def older(self, versions: Mapping[str, int]) -> list[str]:
        """Those of the documents that are older than one that was shown before."""
        seen = dict(self._connection.execute("SELECT document, version FROM seen").fetchall())
        return sorted(name for name, version in versions.items() if version < seen.get(name, version))

    def check_unused(self, use: Use) -> None:
        """Returns if the request was not used for another release.

        Raises:
            CustodianRefused: it was.
        """
        row = self._connection.execute("SELECT release FROM used WHERE request = ?", (use.request,)).fetchone()
        if row is not None and row[0] != use.release:
            raise CustodianRefused(
                "this request was used for another release already: make a new request",
                reasons=("used-before",),
            )

    def tries(self, *outcomes: Outcome, now: datetime) -> int:
        """How many calls ended so within an hour before `now`."""
        marks = ", ".join("?" * len(outcomes))
        (count,) = self._connection.execute(
            f"SELECT count(*) FROM tried WHERE at > ? AND outcome IN ({marks})",  # noqa: S608  question marks alone
            ((now - HOUR).timestamp(), *outcomes),
        ).fetchone()
        return int(count)

    def requests(self, now: datetime) -> frozenset[str]:
        """The digests of the requests that opened something within a day before `now`."""
        rows = self._connection.execute(
            "SELECT DISTINCT request FROM tried WHERE at > ? AND outcome = ?",
            ((now - DAY).timestamp(), Outcome.OPENED),
        )
        return frozenset(str(request) for (request,) in rows)

    def hear(self, nonce: str, *, at: datetime, now: datetime) -> bool:
        """Whether this nonce is new; from now on it is not. One that is an hour old could not be heard any more and is forgotten."""
        with transaction(self._connection):
            self._connection.execute("DELETE FROM heard WHERE at < ?", ((now - HOUR).timestamp(),))
            added = self._connection.execute(
                "INSERT OR IGNORE INTO heard VALUES (?, ?)", (nonce, at.timestamp())
            )
            return added.rowcount == 1

    def record(
        self,
        event: Event,
        *,
        outcome: Outcome,
        seen: Mapping[str, int],
        use: Use | None = None,
    ) -> None:
        """The event is in the log, and what it changes is remembered: the versions of the documents, the time, and the use of a request.

        Raises:
            CustodianRefused: another process has used the request for another release in the meantime.
        """
        at = event.at.timestamp()
        with transaction(self._connection):
            for document, version in seen.items():
                self._connection.execute(
                    "INSERT INTO seen VALUES (?, ?) ON CONFLICT (document) DO UPDATE SET version = max(version, excluded.version)",
                    (document, version),
                )
            if use:
                self._connection.execute("INSERT OR IGNORE INTO used VALUES (?, ?)", (use.request, use.release))
                self.check_unused(use)
            self._connection.execute("DELETE FROM tried WHERE at < ?", ((event.at - DAY).timestamp(),))
            self._connection.execute(
                "INSERT INTO tried VALUES (?, ?, ?)", (at, outcome, use.request if use else "")
            )
            self._connection.execute(
                "INSERT INTO clock VALUES (0, ?) ON CONFLICT (one) DO UPDATE SET latest = max(latest, excluded.latest)",
                (at,),
            )
            self.log.append(event)
