"""What the desk keeps of packages that wait for their output checkers: the files sealed to the desk, and votes as sealed as they came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ethics.events import Event
from policies.disclosure import PublishedTable
from service.desk.state import State
from service.desk.stored_release import ledger_lines, ledger_tables
from service.errors import OutOfOrder
from service.transactions import transaction

WAITING: Final = "waiting"
STOPPED: Final = "stopped"


@dataclass(frozen=True, slots=True)
class NewPrepared:
    """All that is stored of a package before its checkers have seen it: what the desk states of it, signed; its tables, its people and its files, these
    sealed to the desk."""

    release: str
    request: str
    statement: str
    tables: tuple[PublishedTable, ...]
    cohort: bytes
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class StoredPrepared:
    """The same as it stands: waiting, stopped or released."""

    release: str
    statement: str
    tables: tuple[PublishedTable, ...]
    cohort: bytes
    state: str


@dataclass(frozen=True, slots=True)
class StoredVote:
    """One checker's vote, sealed to the desk, and when it came by the desk's clock."""

    checker: str
    received_at: datetime
    sealed: bytes
    note_digest: str


class Checks:
    """The part of the desk's state that is about output checkers."""

    def __init__(self, state: State) -> None:
        self.connection, self.log, self.state = state.connection, state.log, state

    def add_prepared(self, one: NewPrepared, *, event: Event) -> None:
        """The package is stored, and waits.

        Raises:
            OutOfOrder: the request is not allowed, or a package waits for it already.
        """
        with transaction(self.connection):
            if self.state.request(one.request).state != "allowed" or self.prepared(one.request) is not None:
                raise OutOfOrder(f"request {one.request} is not waiting to be prepared")
            self.log.append(event)
            self.connection.execute(
                "INSERT INTO prepared VALUES (?, ?, ?, ?, ?, ?)",
                (one.release, one.request, one.statement, ledger_lines(one.tables), one.cohort, WAITING),
            )
            self.connection.executemany(
                "INSERT INTO prepared_files VALUES (?, ?, ?)",
                [(one.release, n, c) for n, c in one.files.items()],
            )

    def prepared(self, request: str) -> StoredPrepared | None:
        """The package that was prepared for a request, or None."""
        row = self.connection.execute(
            "SELECT release, statement, ledger, cohort, state FROM prepared WHERE request = ?", (request,)
        ).fetchone()
        if row is None:
            return None
        return StoredPrepared(row[0], row[1], ledger_tables(row[2]), row[3], row[4])

    def files(self, release: str) -> dict[str, bytes]:
        """The files of a package, sealed to the desk."""
        rows = self.connection.execute("SELECT name, sealed FROM prepared_files WHERE release = ?", (release,))
        return dict(rows.fetchall())

    def votes(self, release: str) -> tuple[StoredVote, ...]:
        """The votes that came in, in the order of the checkers' names: the order in which they came tells nothing."""
        rows = self.connection.execute(
            "SELECT checker, received_at, sealed, note_digest FROM output_votes WHERE release = ? ORDER BY checker",
            (release,),
        )
        return tuple(StoredVote(c, datetime.fromisoformat(at), s, d) for c, at, s, d in rows)

    def add_vote(self, release: str, *, vote: StoredVote, event: Event) -> bool:
        """The vote is stored; False if this very vote was before.

        Raises:
            OutOfOrder: the package does not wait any more, or this checker has voted otherwise.
        """
        with transaction(self.connection):
            before = {one.checker: one for one in self.votes(release)}.get(vote.checker)
            if before is not None and before.note_digest == vote.note_digest:
                return False
            if before is not None:
                raise OutOfOrder(f"{vote.checker} has voted on {release} already: a vote is given once")
            self._check_waits(release)
            self.log.append(event)
            self.connection.execute(
                "INSERT INTO output_votes VALUES (?, ?, ?, ?, ?)",
                (release, vote.checker, vote.received_at.isoformat(), vote.sealed, vote.note_digest),
            )
            return True

    def stop(self, release: str, *, event: Event, before: Sequence[Event]) -> None:
        """The package never leaves; `before` are the votes, which come to light with the stop.

        Raises:
            OutOfOrder: it does not wait.
        """
        with transaction(self.connection):
            self._check_waits(release)
            for one in (*before, event):
                self.log.append(one)
            self.connection.execute("UPDATE prepared SET state = 'stopped' WHERE release = ?", (release,))

    def _check_waits(self, release: str) -> None:
        row = self.connection.execute("SELECT state FROM prepared WHERE release = ?", (release,)).fetchone()
        if row is None or row[0] != WAITING:
            raise OutOfOrder(
                f"{release} does not wait for its checkers{'' if row is None else f': it is {row[0]}'}"
            )
