"""What one custodian keeps beside its log, in the same database: its sealed shares, its answers to openings, and its certificates.

The shares lie as they came, sealed to the custodian's identity: the database alone opens nothing. What changes and the event that records it are
written together or not at all. SQLite overwrites what is deleted in the file (`secure_delete`); of backups, journals and worn-out blocks of the disk
nobody can promise that.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ethics.audit import AuditLog
from ethics.events import Event
from keys.ceremony_record import CeremonyRecord
from service.errors import OutOfOrder
from service.transactions import transaction

LOG_FILE: Final = "custodian.db"
TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS kept_shares (project TEXT NOT NULL, epoch INTEGER NOT NULL, record TEXT NOT NULL, kind TEXT NOT NULL,"
    " sealed BLOB NOT NULL, PRIMARY KEY (project, epoch, record, kind))",
    "CREATE TABLE IF NOT EXISTS contributed (session TEXT PRIMARY KEY, note TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS certified (project TEXT NOT NULL, epoch INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (project, epoch))",
)


class Strongbox:
    """One custodian's kept shares and its log."""

    def __init__(self, folder: Path, *, owner: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / LOG_FILE, isolation_level=None)
        self._connection.execute("PRAGMA secure_delete = ON")
        with transaction(self._connection):
            for table in TABLES:
                self._connection.execute(table)
        self.log = AuditLog.open(self._connection, origin=owner)

    def close(self) -> None:
        """The database file is closed."""
        self._connection.close()

    def record(self, event: Event) -> None:
        """An event that changes nothing else is in the log."""
        with transaction(self._connection):
            self.log.append(event)

    def keep(self, shares: Mapping[str, bytes], *, record: CeremonyRecord, event: Event) -> bool:
        """The sealed shares of a ceremony are kept; False if they were already, and then nothing is logged."""
        with transaction(self._connection):
            added = 0
            for kind, sealed in shares.items():
                row = (record.project, record.epoch, record.digest, kind, sealed)
                added += self._connection.execute(
                    "INSERT OR IGNORE INTO kept_shares VALUES (?, ?, ?, ?, ?)", row
                ).rowcount
            if added:
                self.log.append(event)
        return bool(added)

    def share(self, kind: str, *, record: CeremonyRecord) -> bytes:
        """The sealed share of that kind from that ceremony.

        Raises:
            OutOfOrder: none is kept.
        """
        row = self._connection.execute(
            "SELECT sealed FROM kept_shares WHERE project = ? AND epoch = ? AND record = ? AND kind = ?",
            (record.project, record.epoch, record.digest, kind),
        ).fetchone()
        if row is None:
            raise OutOfOrder(
                f"no share of epoch {record.epoch} is kept here: it was destroyed, or the record was never signed here with `linkage custodian sign-record`"
            )
        return bytes(row[0])

    def epochs(self, project: str) -> frozenset[int]:
        """The epochs of which a share is kept."""
        rows = self._connection.execute("SELECT DISTINCT epoch FROM kept_shares WHERE project = ?", (project,))
        return frozenset(int(epoch) for (epoch,) in rows)

    def ceremonies(self, project: str, *, epoch: int) -> list[str]:
        """The ceremonies of an epoch, by the digests of their records, from which a share is kept; in the order in which they came."""
        rows = self._connection.execute(
            "SELECT record FROM kept_shares WHERE project = ? AND epoch = ? GROUP BY record ORDER BY max(rowid)",
            (project, epoch),
        )
        return [str(record) for (record,) in rows]

    def contribution(self, session: str) -> str | None:
        """The answer that was given to an opening, if one was."""
        row = self._connection.execute("SELECT note FROM contributed WHERE session = ?", (session,)).fetchone()
        return None if row is None else str(row[0])

    def contribute(self, session: str, *, note: str, event: Event) -> None:
        """The answer to an opening is kept and logged.

        Raises:
            OutOfOrder: another process answered in the meantime.
        """
        with transaction(self._connection):
            if self.contribution(session) is not None:
                raise OutOfOrder("this opening was answered already")
            self._connection.execute("INSERT INTO contributed VALUES (?, ?)", (session, note))
            self.log.append(event)

    def destroy(self, *, project: str, epoch: int, certificate: str, event: Event) -> None:
        """No share of the epoch is kept any more; the certificate is."""
        with transaction(self._connection):
            self._connection.execute(
                "DELETE FROM kept_shares WHERE project = ? AND epoch = ?", (project, epoch)
            )
            self._connection.execute(
                "INSERT OR REPLACE INTO certified VALUES (?, ?, ?)", (project, epoch, certificate)
            )
            self.log.append(event)

    def certificate(self, *, project: str, epoch: int) -> str | None:
        """The certificate of the destruction of an epoch's shares, if they were destroyed here."""
        row = self._connection.execute(
            "SELECT note FROM certified WHERE project = ? AND epoch = ?", (project, epoch)
        ).fetchone()
        return None if row is None else str(row[0])


@contextmanager
def opened(folder: Path, *, owner: str) -> Iterator[Strongbox]:
    """The strongbox in a custodian's folder, closed at the end."""
    box = Strongbox(folder, owner=owner)
    try:
        yield box
    finally:
        box.close()
