"""The custodian: opens the key of a column only after deciding the request again for itself. It never sees data."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ethics import AuditLog, EthicsError, Event
from keys import BadSeal, Identity, KeysError, PublicIdentity, Secret
from keys.columns import unwrap_column_key
from keys.sealing import SealHeader, unwrap_key
from linkage.attributes import FOOTER, RECORD_REF
from linkage.manifest import Round
from policies import Permit, PolicyError, Refused, decide, load_request
from service.dossier import Dossier, verify
from service.errors import CustodianRefused, ServiceError
from service.state import transaction

LOG_FILE: Final = "custodian.db"
SPINE: Final = "spine"


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
    """One custodian with its own key, its own log, and its own copy of the root's public key."""

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
        self._state.execute("CREATE TABLE IF NOT EXISTS used (request TEXT PRIMARY KEY, release TEXT NOT NULL)")
        self._log = AuditLog.open(self._state, origin=identity.name)

    def close(self) -> None:
        """The log's file is closed."""
        self._state.close()

    def open_column(self, order: Order, *, key_id: str, wrapped: bytes) -> bytes:
        """The column's key.

        Checks, in this order: the key's name belongs to this project and round; every signature of the dossier; the board's quorum and
        the controllers' adoptions; the decision, made again here; the permit's date; that the attribute is among those the permit opens;
        that the request was not used for another release.

        Raises:
            CustodianRefused: a check failed; the message says which.
        """
        partner, column = self._place(key_id)
        try:
            permit = self._decide(order)
            self._check_opens(permit, partner, column)
            self._check_unused(order, permit)
            key = unwrap_column_key(wrapped, key_id=key_id, by=self._identity)
        except (PolicyError, EthicsError, KeysError, ServiceError) as fault:
            self._note(
                "column-key-refused",
                {"partner": partner, "attribute": f"{partner}.{column}", "reasons": _code(fault)},
            )
            raise CustodianRefused(f"the key of {partner}.{column} stays shut: {fault}") from fault
        self._use(
            order, permit, Event(
                "column-key-opened", at=self._clock(), by=self._identity.name, project=self._round.project,
                details={"permit": f"permit:{permit.decision}", "partner": partner, "attribute": f"{partner}.{column}"},
            ),
        )  # fmt: skip
        return key.expose()

    def open_spine(self, order: Order, *, header: SealHeader) -> Secret:
        """The key of the spine's body.

        Raises:
            CustodianRefused: the request is not permitted, or the spine is not for this custodian.
        """
        try:
            self._decide(order)
            return unwrap_key(header.wrapped, by=self._identity, context=spine_context(self._round))
        except (PolicyError, EthicsError, KeysError, ServiceError) as fault:
            self._note("column-key-refused", {"partner": SPINE, "attribute": SPINE, "reasons": _code(fault)})
            raise CustodianRefused(f"the spine stays shut: {fault}") from fault

    def _decide(self, order: Order) -> Permit:
        now = self._clock()
        found = verify(order.dossier, root=self._root, now=now)
        permit = decide(load_request(order.request), found.policy, facts=found.facts, now=now).require()
        if not permit.valid_on(now):
            raise CustodianRefused("the permit has expired")
        return permit

    def _place(self, key_id: str) -> tuple[str, str]:
        parts = key_id.split("/")
        if len(parts) != 4 or parts[:2] != [self._round.project, str(self._round.epoch)]:
            raise CustodianRefused("this key belongs to another project or round")
        return parts[2], parts[3]

    def _check_opens(self, permit: Permit, partner: str, column: str) -> None:
        partners = {a.partition(".")[0] for a in permit.opens}
        allowed = (
            partner in partners if column in (FOOTER, RECORD_REF) else f"{partner}.{column}" in permit.opens
        )
        if not allowed:
            raise CustodianRefused(f"the permit does not open {partner}.{column}")

    def _check_unused(self, order: Order, permit: Permit) -> None:
        row = self._state.execute("SELECT release FROM used WHERE request = ?", (permit.request,)).fetchone()
        if row is not None and row[0] != order.release:
            raise CustodianRefused("this request was used for another release already: make a new request")

    def _use(self, order: Order, permit: Permit, event: Event) -> None:
        with transaction(self._state):
            self._state.execute("INSERT OR IGNORE INTO used VALUES (?, ?)", (permit.request, order.release))
            self._log.append(event)

    def _note(self, kind: str, details: dict[str, str | int]) -> None:
        with transaction(self._state):
            self._log.append(
                Event(
                    kind, at=self._clock(), by=self._identity.name, project=self._round.project, details=details
                )
            )


def _code(fault: Exception) -> str:
    """A refusal as words of the log's vocabulary."""
    if isinstance(fault, Refused):
        return ",".join(sorted(set(fault.reasons))) or "denied"
    if isinstance(fault, BadSeal):
        return "wrong-key"
    return "custodian-check"
