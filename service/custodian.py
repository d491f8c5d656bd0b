"""The custodian: opens the key of a column only after deciding the request again for itself. It never sees data."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ethics import AuditLog, EthicsError, Event
from ethics.kinds import FORMS
from keys import BadSeal, Identity, KeysError, NotTrusted, PublicIdentity, Secret
from keys.columns import unwrap_column_key
from keys.sealing import SealHeader, unwrap_key
from linkage.attributes import FOOTER, RECORD_REF
from linkage.manifest import Round
from policies import Permit, PolicyError, Refused, decide, load_request
from service.dossier import Dossier, Verified, verify
from service.errors import CustodianRefused, ServiceError
from service.state import transaction

LOG_FILE: Final = "custodian.db"
SPINE: Final = "spine"
UNNAMED: Final = "unnamed"
TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS used (request TEXT PRIMARY KEY, release TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS seen (document TEXT PRIMARY KEY, version INTEGER NOT NULL)",
)


def spine_context(one: Round) -> bytes:
    """What binds the sealed spine to its round."""
    return one.context(SPINE)


@dataclass(frozen=True, slots=True)
class Order:
    """What the desk brings: the request as written, the documents it rests on, and the release that the keys are for."""

    request: str
    dossier: Dossier
    release: str


class Custodian:
    """One custodian with its own key, its own log, its own copy of the root's public key, and a memory of the documents it was shown: what a
    later document replaced serves no more."""

    def __init__(
        self,
        folder: Path,
        *,
        identity: Identity,
        root: PublicIdentity,
        one: Round,
        clock: Callable[[], datetime],
    ) -> None:
        self._identity, self._root, self._round, self._clock = identity, root, one, clock
        folder.mkdir(parents=True, exist_ok=True)
        self._state = sqlite3.connect(folder / LOG_FILE, isolation_level=None)
        for table in TABLES:
            self._state.execute(table)
        self._log = AuditLog.open(self._state, origin=identity.name)

    def close(self) -> None:
        """The log's file is closed."""
        self._state.close()

    def open_column(self, order: Order, *, key_id: str, wrapped: bytes) -> bytes:
        """The column's key.

        Checks, in this order: the key's name belongs to this project and round; every signature of the dossier; that no document is older than
        one shown before; the board's quorum and the controllers' adoptions; the decision, made again here; the permit's date; that the
        request was not used for another release; that the attribute is among those the permit opens.

        Raises:
            CustodianRefused: a check failed; the message says which.
        """
        partner, column = _place(key_id)
        with self._answering(order, partner=partner, attribute=f"{partner}.{column}") as permit:
            if key_id.split("/")[:2] != [self._round.project, str(self._round.epoch)]:
                raise CustodianRefused("this key belongs to another project or round")
            _check_opens(permit(), partner, column)
            key = unwrap_column_key(wrapped, key_id=key_id, by=self._identity)
        return key.expose()

    def open_spine(self, order: Order, *, header: SealHeader) -> Secret:
        """The key of the spine's body.

        Raises:
            CustodianRefused: the request is not permitted or was used before, or the spine is not for this custodian.
        """
        with self._answering(order, partner=SPINE, attribute=SPINE) as permit:
            permit()
            key = unwrap_key(header.wrapped, by=self._identity, context=spine_context(self._round)).expose()
        return Secret(key, name=SPINE)

    @contextmanager
    def _answering(self, order: Order, *, partner: str, attribute: str) -> Iterator[Callable[[], Permit]]:
        """Hands out the decision, and logs how it ended: the key counts as opened once what is inside went well."""
        found: list[Verified] = []
        made: list[Permit] = []

        def permit() -> Permit:
            found.append(self._verify(order))
            made.append(self._decide(order, found[0]))
            return made[0]

        place: dict[str, str | int] = {"partner": _nameable(partner), "attribute": _nameable(attribute)}
        try:
            yield permit
        except (PolicyError, EthicsError, KeysError, ServiceError) as fault:
            self._record("column-key-refused", place | {"reasons": _code(fault)}, seen=found)
            raise CustodianRefused(f"the key of {attribute} stays shut: {fault}") from fault
        self._record(
            "column-key-opened",
            place | {"permit": f"permit:{made[0].decision}"},
            seen=found,
            used=(made[0].request, order.release),
        )

    def _verify(self, order: Order) -> Verified:
        found = verify(order.dossier, project=self._round.project, root=self._root, now=self._clock())
        seen = dict(self._state.execute("SELECT document, version FROM seen").fetchall())
        if old := sorted(d for d, version in found.versions.items() if version < seen.get(d, version)):
            raise NotTrusted(f"{old[0]} is older than one that was shown before")
        return found

    def _decide(self, order: Order, found: Verified) -> Permit:
        now = self._clock()
        permit = decide(load_request(order.request), found.policy, facts=found.facts, now=now).require()
        if permit.project != self._round.project:
            raise CustodianRefused(f"the request is for project {permit.project}")
        if not permit.valid_on(now):
            raise CustodianRefused("the permit has expired")
        self._check_unused(permit.request, order.release)
        return permit

    def _check_unused(self, request: str, release: str) -> None:
        row = self._state.execute("SELECT release FROM used WHERE request = ?", (request,)).fetchone()
        if row is not None and row[0] != release:
            raise CustodianRefused("this request was used for another release already: make a new request")

    def _record(
        self,
        kind: str,
        details: Mapping[str, str | int],
        *,
        seen: list[Verified],
        used: tuple[str, str] | None = None,
    ) -> None:
        event = Event(
            kind, at=self._clock(), by=self._identity.name, project=self._round.project, details=details
        )
        with transaction(self._state):
            for document, version in (seen[0].versions if seen else {}).items():
                self._state.execute(
                    "INSERT INTO seen VALUES (?, ?) ON CONFLICT (document) DO UPDATE SET version = max(version, excluded.version)",
                    (document, version),
                )
            if used:
                self._state.execute("INSERT OR IGNORE INTO used VALUES (?, ?)", used)
                self._check_unused(*used)
            self._log.append(event)


def _place(key_id: str) -> tuple[str, str]:
    parts = key_id.split("/")
    return (parts[2], parts[3]) if len(parts) == 4 else (UNNAMED, UNNAMED)


def _nameable(name: str) -> str:
    """The name if the log may hold it; what the desk brings could be any text."""
    return name if FORMS["id"][0].fullmatch(name) else UNNAMED


def _check_opens(permit: Permit, partner: str, column: str) -> None:
    partners = {a.partition(".")[0] for a in permit.opens}
    allowed = partner in partners if column in (FOOTER, RECORD_REF) else f"{partner}.{column}" in permit.opens
    if not allowed:
        raise CustodianRefused(f"the permit does not open {partner}.{column}")


def _code(fault: Exception) -> str:
    """A refusal as words of the log's vocabulary."""
    if isinstance(fault, Refused):
        return ",".join(sorted(set(fault.reasons))) or "denied"
    if isinstance(fault, BadSeal):
        return "wrong-key"
    return "custodian-check"
