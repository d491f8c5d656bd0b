"""What passes through the door: the desk, what a request was found to allow, what is made of it, and what comes out."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ethics.events import Event
from keys import Identity, PublicIdentity, Root, Secret
from linkage.manifest import Round
from policies.decision import Decision, Permit
from policies.disclosure import PublishedTable, SafeTable
from policies.disclosure.extracts import Joins
from policies.request import Request
from service.checker.votes import Standing
from service.custody.asked import Custody, Order
from service.desk.state import State
from service.dossier import Dossier, Verified, verify
from service.errors import OutOfOrder

RELEASE_FORMAT: Final = "linkage-release/v1"
SPINE_FILE: Final = "spine.sealed"
ENTRY_FILE: Final = "audit-entry.json"
PROOF_FILE: Final = "audit-proof.txt"
ANALYST: Final = "analyst"
SECURE_ENVIRONMENT: Final = "secure-environment"
CHECKERS_DUTY: Final = "two-output-checkers"
SECURE_DUTY: Final = "secure-setting"
CERTIFY_DUTY: Final = "destroy-and-certify"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the release desk works with: its folder, keys and state, the root's keys, the log's identity, the custodian to ask, the salt of
    the ledger's commitments, and where the keys of pseudonyms come from."""

    folder: Path
    shared: Path
    one: Round
    identity: Identity
    log_identity: Identity
    root: Root
    state: State
    custodian: Custody
    salt: Secret
    clock: Callable[[], datetime]
    randomness: Callable[[int], bytes] = os.urandom

    def verified(self) -> Verified:
        """The dossier, verified now."""
        return self.verify(Dossier.read(self.shared))

    def verify(self, dossier: Dossier) -> Verified:
        """This dossier, verified now."""
        return verify(dossier, project=self.one.project, root=self.root, now=self.clock())

    def event(self, kind: str, **details: Any) -> Event:
        """An event of the desk's own, at this moment."""
        return self.event_by(self.identity.name, kind, **details)

    def event_by(self, name: str, kind: str, **details: Any) -> Event:
        """An event that somebody else brought about, and that the desk records."""
        return Event(kind, at=self.clock(), by=name, project=self.one.project, details=details)


@dataclass(frozen=True, slots=True)
class Going:
    """A request that the engine permits now: the release that it leads to, who asked, to whom it is sealed and in which role that one holds it, and what
    the custodian is brought."""

    id: str
    request_id: str
    request: Request
    order: Order
    found: Verified
    decision: Decision
    permit: Permit
    by: PublicIdentity
    recipient: PublicIdentity
    holder: str


@dataclass(frozen=True, slots=True)
class Described:
    """Whom a release describes: the people counted or listed; of rates, those among whom; of an extract, how it can be joined with others. `everyone` who was in
    the linked data, which the first table on them keeps for those after the next update."""

    people: frozenset[str]
    among: frozenset[str] | None = None
    joins: Joins | None = None
    everyone: frozenset[str] | None = None

    @property
    def cohorts(self) -> dict[str, frozenset[str]]:
        """Each cohort, under what is said of it behind the release's name."""
        return {"": self.people} | ({} if self.among is None else {" (among)": self.among})


@dataclass(frozen=True, slots=True)
class Output:
    """What is to leave, in the clear: the table that passed (None for an extract), its files by name, what only the output checkers see beside them, and the
    people whom it is about. Of rates, the table of those of whom they are told and its people (`beside`, `among`); of an extract, how it can be joined
    with others (`joins`); of a table, everyone who was in the linked data."""

    safe: SafeTable | None
    contents: Mapping[str, bytes]
    sheet: bytes
    people: frozenset[str]
    beside: SafeTable | None = None
    among: frozenset[str] | None = None
    joins: Joins | None = None
    everyone: frozenset[str] | None = None

    @property
    def tables(self) -> tuple[PublishedTable, ...]:
        """What a reader will have of it, nothing for an extract."""
        return tuple(one.published for one in (self.safe, self.beside) if one is not None)

    @property
    def described(self) -> Described:
        """Whom it describes."""
        return Described(self.people, self.among, self.joins, self.everyone)


@dataclass(frozen=True, slots=True)
class Release:
    """What was released: the table that passed (None for an extract), the files by name as they are handed over, and the offline proof."""

    id: str
    table: SafeTable | None
    files: Mapping[str, bytes]
    entry: int
    proof: str
    people: int

    @property
    def safe(self) -> SafeTable:
        """The protected table.

        Raises:
            OutOfOrder: an extract was released.
        """
        if self.table is not None:
            return self.table
        raise OutOfOrder(f"{self.id} is an extract, and no table")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What was prepared and waits for its output checkers: the desk's signed statement of it, and how the votes stand."""

    id: str
    statement: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Handed:
    """What is fetched of a release: its id, every sealed file by name, and the offline proof."""

    id: str
    files: Mapping[str, bytes]
    proof: str
