"""The audit log: an append-only Merkle log in the same SQLite database as the state it speaks about.

An event is written inside the caller's transaction and commits with it or not at all. A checkpoint is signed over what is committed,
and never over a history that differs from the one signed before.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ethics.checkpoints import (
    NOTHING_SEEN,
    TreeHead,
    merge_checkpoints,
    read_checkpoint,
    sign_checkpoint,
    signature_lines,
)
from ethics.errors import BadTransaction, NotInLog, NotVerified
from ethics.events import INSTANT, Event, read_event
from ethics.export import write_export
from ethics.merkle import (
    EMPTY_ROOT,
    completed_by,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    range_root,
)
from ethics.proofs import verify_independent, write_proof
from ethics.store import create_tables, read_node, size_of
from ethics.witness import only_known
from keys import Identity, PublicIdentity


@dataclass(frozen=True, slots=True)
class AuditLog:
    """One log in one database. Holds no state of its own: what the connection sees is the log.

    `origin` is the name of the log's identity; it is fixed when the log is first opened.
    """

    connection: sqlite3.Connection
    origin: str

    @classmethod
    def open(cls, connection: sqlite3.Connection, *, origin: str) -> "AuditLog":
        """The log in this database; its tables and triggers exist.

        Raises:
            BadTransaction: a transaction is open.
            NotInLog: the database holds a log of another name.
        """
        _no_transaction(connection, "opening the log")
        create_tables(connection)
        row = connection.execute("SELECT origin FROM audit_origin").fetchone()
        if row is None:
            with connection:
                connection.execute("INSERT INTO audit_origin VALUES (0, ?)", (origin,))
        elif row[0] != origin:
            raise NotInLog(f"this database holds the log {row[0]}, not {origin}: open it under its own name")
        return cls(connection, origin)

    def append(self, event: Event) -> int:
        """The event stands at the returned number once the caller's transaction commits.

        Writes one entry and, on average, two nodes; O(log n) at most.

        Raises:
            BadTransaction: no transaction is open, so that the event could not commit together with its state.
        """
        if not self.connection.in_transaction:
            raise BadTransaction(
                f"event {event.kind} needs the transaction of the state it records: execute BEGIN first"
            )
        number = size_of(self.connection)
        entry = event.to_bytes()
        self.connection.execute("INSERT INTO audit_entries VALUES (?, ?)", (number, entry))
        self.connection.executemany(
            "INSERT INTO audit_nodes VALUES (?, ?, ?)",
            list(completed_by(leaf_hash(entry), number=number, node=self._node)),
        )
        return number

    def head(self, size: int | None = None) -> TreeHead:
        """Size and root of the log as it stands, or as it stood at an earlier size.

        Raises:
            NotInLog: it was never that long.
        """
        now = size_of(self.connection)
        size = now if size is None else size
        if not 0 <= size <= now:
            raise NotInLog(f"the log has {now} entries and never had {size}: ask for a size from 0 to {now}")
        return TreeHead(size, range_root(0, end=size, node=self._node) if size else EMPTY_ROOT)

    def checkpoint(self, *, by: Identity, now: datetime, formerly: Collection[PublicIdentity] = ()) -> str:
        """A signed checkpoint of all committed entries, which the log also keeps; the last one with its cosignatures, if it is of the same entries and
        by the same key.

        `formerly` are keys the log signed with under the same name before its key was rotated.

        Raises:
            BadTransaction: a transaction is open: what could still be rolled back must not be signed.
            NotInLog: `by` is not this log's identity.
            NotVerified: the log no longer continues what it signed before: the database was altered.
        """
        _no_transaction(self.connection, "signing a checkpoint")
        if by.name != self.origin:
            raise NotInLog(f"{by.name} cannot sign for the log {self.origin}: use the log's own identity")
        head, last = self.head(), self._last_head((by.public, *formerly))
        if last.size > head.size or self.head(last.size) != last:
            raise NotVerified(
                f"the log {self.origin} no longer holds the {last.size} entries it signed: the database was altered "
                "or an old copy was restored; nothing is signed, tell the auditor"
            )
        known = self._last_note()
        if known is not None and last.size == head.size and _signed_with(known, key=by.public):
            return known
        note = sign_checkpoint(head, by=by)
        self._keep(note, size=head.size, now=now)
        return note

    def keep_cosigned(
        self, note: str, *, log: PublicIdentity, witnesses: Collection[PublicIdentity], now: datetime
    ) -> str:
        """The log's checkpoint of that size with the witnesses' lines joined to it; proofs use it from now on. Lines by others are left out.

        Raises:
            BadTransaction: a transaction is open.
            NotVerified: it is no checkpoint of this log, or no witness's line on it verifies.
        """
        _no_transaction(self.connection, "keeping a cosigned checkpoint")
        head = read_checkpoint(note, log=log)
        verify_independent(note, log=log, witnesses=witnesses, quorum=1)
        try:
            mine = self._note_of(head.size)
        except NotInLog:
            mine = None
        if mine is None or self.head(head.size) != head:
            raise NotVerified(f"the log {self.origin} never issued this checkpoint of {head.size} entries")
        joined = merge_checkpoints(mine, other=only_known(note, log=log, witnesses=witnesses))
        if joined != mine:
            self._keep(joined, size=head.size, now=now)
        return joined

    def last_checkpoint(self) -> str:
        """The newest checkpoint, with the cosignatures it has.

        Raises:
            NotInLog: none was signed yet.
        """
        note = self._last_note()
        if note is None:
            raise NotInLog(f"the log {self.origin} has no checkpoint yet: sign one first")
        return note

    def prove(self, number: int) -> str:
        """A proof file (C2SP tlog-proof) that the entry is in the log, under the newest checkpoint.

        Raises:
            NotInLog: there is no such entry, or the newest checkpoint is older than it.
        """
        note = self.last_checkpoint()
        size = _size_in(note)
        if not 0 <= number < size:
            raise NotInLog(
                f"the newest checkpoint covers the entries 0 to {size - 1}, not {number}: sign a checkpoint first"
            )
        path = inclusion_proof(number, size=size, node=self._node)
        return write_proof(number, path=path, checkpoint=note)

    def prove_consistency(self, old: int, *, size: int) -> list[bytes]:
        """Why the log of `size` entries continues the log of `old` entries; what a witness asks for."""
        return consistency_proof(old, size=self.head(size).size, node=self._node)

    def entry(self, number: int) -> bytes:
        """The bytes of one entry.

        Raises:
            NotInLog: there is none.
        """
        row = self.connection.execute("SELECT entry FROM audit_entries WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise NotInLog(f"the log {self.origin} has no entry {number}")
        return bytes(row[0])

    def events(self, *, start: int = 0) -> Iterator[Event]:
        """The events from `start` on, oldest first."""
        rows = self.connection.execute(
            "SELECT entry FROM audit_entries WHERE number >= ? ORDER BY number", (start,)
        )
        return (read_event(bytes(entry)) for (entry,) in rows)

    def export(self, directory: Path, *, size: int | None = None) -> None:
        """The newest checkpoint, or the one of so many entries, and all it covers stand in `directory` as plain files (C2SP tlog-tiles).

        Raises:
            NotInLog: nothing was signed yet, or no checkpoint of that size.
            NotVerified: the entries do not lead to the root that was signed.
            BadExport: the directory holds something other than an earlier export of this log.
        """
        note = self.last_checkpoint() if size is None else self._note_of(size)
        rows = self.connection.execute(
            "SELECT entry FROM audit_entries WHERE number < ? ORDER BY number", (_size_in(note),)
        )
        write_export(directory, entries=[bytes(entry) for (entry,) in rows], checkpoint=note)

    @property
    def _node(self) -> Callable[[int, int], bytes]:
        return lambda level, number: read_node(self.connection, level=level, number=number)

    def _note_of(self, size: int) -> str:
        row = self.connection.execute(
            "SELECT note FROM audit_checkpoints WHERE size = ? ORDER BY number DESC LIMIT 1", (size,)
        ).fetchone()
        if row is None:
            raise NotInLog(f"the log {self.origin} signed no checkpoint of {size} entries")
        return str(row[0])

    def _last_note(self) -> str | None:
        row = self.connection.execute(
            "SELECT note FROM audit_checkpoints ORDER BY size DESC, number DESC LIMIT 1"
        ).fetchone()
        return None if row is None else str(row[0])

    def _last_head(self, keys: Collection[PublicIdentity]) -> TreeHead:
        note = self._last_note()
        if note is None:
            return NOTHING_SEEN
        ids = {(line.name, line.key_id) for line in signature_lines(note)}
        signed = [key for key in keys if (key.name, key.key_hash) in ids]
        if not signed:
            raise NotVerified(
                f"the newest checkpoint of {self.origin} is not by a key given here: name its former keys"
            )
        return read_checkpoint(note, log=signed[0])

    def _keep(self, note: str, *, size: int, now: datetime) -> None:
        with self.connection:
            self.connection.execute(
                "INSERT INTO audit_checkpoints SELECT coalesce(max(number), -1) + 1, ?, ?, ? FROM audit_checkpoints",
                (size, now.astimezone(UTC).strftime(INSTANT), note),
            )


def _signed_with(note: str, *, key: PublicIdentity) -> bool:
    return (key.name, key.key_hash) in {(line.name, line.key_id) for line in signature_lines(note)}


def _size_in(note: str) -> int:
    return int(note.split("\n", 2)[1])


def _no_transaction(connection: sqlite3.Connection, what: str) -> None:
    if connection.in_transaction:
        raise BadTransaction(f"{what} needs the work before it committed: commit or roll back first")
