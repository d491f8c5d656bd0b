"""The custodian: opens the key of a column only after deciding the request again for itself. It never sees data."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ethics.events import Event
from ethics.kinds import FORMS
from keys import Identity, Root, Secret
from keys.columns import unwrap_column_key
from keys.sealing import SealHeader, unwrap_key
from linkage.attributes import FOOTER, RECORD_REF
from linkage.manifest import Round
from policies.decision import Permit
from policies.engine import decide
from service.analyst.signed_requests import read_request
from service.custody.asked import FAULTS, Order, codes_of
from service.custody.custodian_state import CustodianState, Outcome, Use
from service.custody.recipient import SPINE, spine_context
from service.dossier import Verified, verify
from service.errors import CustodianRefused, RolledBack

LOG_FILE: Final = "custodian.db"
UNNAMED: Final = "unnamed"
SLACK: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one custodian does: keys that it opens or refuses within an hour, and different requests that it serves within a day."""

    openings_an_hour: int = 200
    requests_a_day: int = 20


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of its limits a custodian has used."""

    openings: int
    requests: int
    limits: Limits


class Custodian:
    """One custodian with its own key, its own log, its own copy of the root's public keys, and a memory of the documents it was shown, of the
    time and of what it opened: what a later document replaced serves no more, nor does a clock that was put back."""

    def __init__(
        self,
        folder: Path,
        *,
        identity: Identity,
        root: Root,
        one: Round,
        clock: Callable[[], datetime],
        limits: Limits = Limits(),
    ) -> None:
        self._identity, self._root, self._round, self._clock, self._limits = identity, root, one, clock, limits
        folder.mkdir(parents=True, exist_ok=True)
        self.state = CustodianState(folder / LOG_FILE, origin=identity.name)

    def close(self) -> None:
        """The log's file is closed."""
        self.state.close()

    def open_column(self, order: Order, *, key_id: str, wrapped: bytes) -> bytes:
        """The column's key.

        Checks, in this order: the number of keys within an hour; this machine's clock; that the key's name belongs to this project and round; every
        signature of the dossier; that no document is older than one shown before; the board's quorum and the controllers' adoptions; the
        requester's signature; the decision, made again here; the permit's date; that the request was not used for another release; the
        number of requests within a day; that the attribute is among those the permit opens; the wrapped key.

        Raises:
            CustodianRefused: a check failed; the message says which, and the log has its code.
        """
        partner, column = _place(key_id)
        with self._answering(order, partner=partner, attribute=f"{partner}.{column}") as permit:
            if key_id.split("/")[:2] != [self._round.project, str(self._round.epoch)]:
                raise _no("other-project", "this key belongs to another project or round")
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

    def tally(self) -> Tally:
        """How much of the limits is used now."""
        now = self._clock()
        return Tally(
            self.state.tries(Outcome.OPENED, Outcome.REFUSED, now=now),
            len(self.state.requests(now)),
            self._limits,
        )

    def turn_away(self, fault: Exception) -> None:
        """A call that is no desk's, or not one to be answered now, is in the log, unless an hour has brought too many of them already."""
        now = self._clock()
        if self.state.tries(Outcome.STRANGER, now=now) < self._limits.openings_an_hour:
            place = {"partner": UNNAMED, "attribute": UNNAMED}
            self._refuse(codes_of(fault), place, now=now, seen={}, outcome=Outcome.STRANGER)

    @contextmanager
    def _answering(self, order: Order, *, partner: str, attribute: str) -> Iterator[Callable[[], Permit]]:
        """Hands out the decision, and logs how it ended: the key counts as opened once what is inside went well."""
        now = self._clock()
        found: list[Verified] = []
        made: list[Permit] = []

        def permit() -> Permit:
            found.append(self._verify(order, now))
            made.append(self._decide(order, found[0], now))
            return made[0]

        place = {"partner": _nameable(partner), "attribute": _nameable(attribute)}
        try:
            self._check_openings(now)
            self._check_clock(now)
            yield permit
        except FAULTS as fault:
            codes = codes_of(fault)
            outcome = Outcome.TOO_MANY if codes == (Outcome.TOO_MANY,) else Outcome.REFUSED
            # Whoever asks on and on shall not fill the log: within an hour it says once that there was too much.
            if outcome is Outcome.REFUSED or not self.state.tries(outcome, now=now):
                self._refuse(codes, place, now=now, seen=found[0].versions if found else {}, outcome=outcome)
            raise CustodianRefused(f"the key of {attribute} stays shut: {fault}", reasons=codes) from fault
        self.state.record(
            self._event("column-key-opened", place | {"permit": f"permit:{made[0].decision}"}, now=now),
            outcome=Outcome.OPENED,
            seen=found[0].versions,
            use=Use(made[0].request, order.release),
        )

    def _check_openings(self, now: datetime) -> None:
        most = self._limits.openings_an_hour
        if self.state.tries(Outcome.OPENED, Outcome.REFUSED, now=now) >= most:
            raise _no(
                "too-many",
                f"{most} keys were asked for within an hour: wait, or have the custodian's limit raised",
            )

    def _check_clock(self, now: datetime) -> None:
        latest = self.state.latest()
        if latest is not None and now < latest - SLACK:
            raise _no(
                "clock",
                f"this machine's clock says a time before {latest:%Y-%m-%d %H:%M}, which its log has already: set the clock right",
            )

    def _verify(self, order: Order, now: datetime) -> Verified:
        found = verify(order.dossier, project=self._round.project, root=self._root, now=now)
        if old := self.state.older(found.versions):
            raise RolledBack(f"{old[0]} is older than one that was shown before")
        return found

    def _decide(self, order: Order, found: Verified, now: datetime) -> Permit:
        request = read_request(order.request, trust=found.trust, at=now)
        if request.project != self._round.project:
            raise _no("other-project", f"the request is for project {request.project}")
        permit = decide(request, found.policy, facts=found.facts, now=now).require()
        if not permit.valid_on(now):
            raise _no("expired", "the permit has expired")
        self.state.check_unused(Use(permit.request, order.release))
        served = self.state.requests(now)
        if permit.request not in served and len(served) >= self._limits.requests_a_day:
            raise _no(
                "too-many",
                f"{len(served)} requests were served within a day: wait, or have the custodian's limit raised",
            )
        return permit

    def _refuse(
        self,
        codes: tuple[str, ...],
        place: Mapping[str, str],
        *,
        now: datetime,
        seen: Mapping[str, int],
        outcome: Outcome,
    ) -> None:
        event = self._event("column-key-refused", {**place, "reasons": ",".join(codes)}, now=now)
        self.state.record(event, outcome=outcome, seen=seen)

    def _event(self, kind: str, details: Mapping[str, str], *, now: datetime) -> Event:
        return Event(kind, at=now, by=self._identity.name, project=self._round.project, details=details)


def _no(code: str, message: str) -> CustodianRefused:
    return CustodianRefused(message, reasons=(code,))


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
        raise _no("not-opened", f"the permit does not open {partner}.{column}")
