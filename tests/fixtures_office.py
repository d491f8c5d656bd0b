"""A release desk and its custodian in one process, over a copy of the demonstration."""

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ethics.ballots import PolicyRef
from keys import Identity, sign_note
from keys.ceremony import load_secret
from keys.columns import unwrap_column_key
from keys.notes import split_note
from keys.sealing import SealHeader, read_header
from keys.trust import Entry, digest_of_text, issue_register
from linkage.attributes import read_attributes
from policies.load import load_policy
from service.analyst.signed_requests import REQUEST_KIND
from service.custody.asked import REFUSALS, Custody, Order
from service.custody.custodian import Custodian
from service.demonstration.cast import ANALYST, NOW, PROJECT, Cast
from service.demonstration.stage import LEDGER_SALT
from service.desk.state import State
from service.dossier import Dossier
from service.errors import CustodianRefused
from service.places import IDENTITY_FILE, Places
from service.release import Desk, ask
from service.shared import read_project
from tests.fixtures_demonstration import LATER, Demo

SUSPENDED = "vpp-demo/1/schools/suspended"


@dataclass
class Office:
    """A release desk and its custodian, an hour after the demonstration, in folders of their own."""

    places: Places
    cast: Cast
    desk: Desk
    now: datetime

    @property
    def shared(self) -> Path:
        return self.places.shared

    @property
    def analyst(self) -> Identity:
        return self.cast.people[ANALYST]

    @property
    def custodian(self) -> Custodian:
        return self.desk.custodian

    def policy(self) -> PolicyRef:
        """The policy that the board voted on."""
        one = load_policy((self.shared / "policy.yaml").read_text("utf-8"))
        return PolicyRef(one.policy, one.version, one.digest)

    def at(self, now: datetime) -> Desk:
        """The same desk and custodian at another time."""
        self.custodian._clock = lambda: now
        return dataclasses.replace(self.desk, clock=lambda: now)

    def request(self, *, by: Identity | None = None, **changes: Any) -> str:
        """A request that is allowed, unless the changes make it another; signed by the analyst, unless by somebody else."""
        return self.sign(self.request_text(**changes), by=by)

    def sign(self, text: str, *, by: Identity | None = None) -> str:
        """The text as the analyst signs it, or somebody else."""
        return sign_note(text, by=by or self.analyst)

    def request_text(self, **changes: Any) -> str:
        """The same without a signature."""
        body: dict[str, Any] = {
            "format": "linkage-request/v1", "project": PROJECT, "requester": ANALYST, "role": "analyst", "organisation": "vpp",
            "purpose": "strategic-needs-assessment", "form": "aggregate-table",
            "attributes": {"schools.suspended": "an early sign", "schools.free_school_meals": "where help is needed"},
            "group-by": ["schools.suspended", "schools.free_school_meals"], "area": "local-partnership",
            "benefit": "help starts earlier", "asked-on": "2026-12-01", "use-until": "2027-04-01",
        }  # fmt: skip
        lines = _yaml(body | {k.replace("_", "-"): v for k, v in changes.items()})
        return "\n".join([REQUEST_KIND, *lines]) + "\n"

    def order(self, *, release: str = "release-a", **changes: Any) -> Order:
        """What a desk brings to the custodian for such a request."""
        return Order(self.request(**changes), Dossier.read(self.shared), release)

    def asked(self, request_id: str = "request-9", **changes: Any) -> str:
        """The id of a new request that was allowed."""
        assert ask(self.request(**changes), request_id=request_id, desk=self.desk).allowed
        return request_id

    def open_suspended(self, order: Order, *, of: Custody | None = None) -> bytes:
        """The key of the schools' column `suspended`, from this custodian or another."""
        wrapped = self.wrapped("schools", "suspended")[SUSPENDED]
        return (of or self.custodian).open_column(order, key_id=SUSPENDED, wrapped=wrapped)

    def spine(self) -> SealHeader:
        """The header of the sealed spine."""
        with (self.places.centre / "spine.sealed").open("rb") as source:
            return read_header(source)

    def trace(self) -> list[tuple[str, str]]:
        """What the custodian's own log says, in order: each kind of event with its reasons."""
        events = self.custodian.state.log.events()
        return [(e.kind, str(e.details.get("reasons", ""))) for e in events]

    def stays_shut(self, act: Callable[[], object], *, saying: str, because: str) -> None:
        """`act` is refused with these words, and the custodian's log has one more refusal, with this code among its reasons."""
        before = self.trace()
        with pytest.raises(CustodianRefused, match=saying) as caught:
            act()
        (kind, reasons), *more = self.trace()[len(before) :]
        assert (kind, more) == ("column-key-refused", [])
        assert because in reasons.split(",")
        assert caught.value.reasons == tuple(reasons.split(","))
        assert reasons.split(",")[0] in REFUSALS

    def wrapped(self, partner: str, *columns: str) -> dict[str, bytes]:
        """The wrapped keys in a partner's attribute file by key id, found with the custodian's own key as no attacker could."""
        found: dict[str, bytes] = {}

        def unwrap(wrapped: bytes, key_id: str) -> bytes:
            found[key_id] = wrapped
            return unwrap_column_key(wrapped, key_id=key_id, by=self.cast.people["custodian/1"]).expose()

        content = (self.places.centre / "desk" / partner / "attributes.parquet").read_bytes()
        read_attributes(content, columns=columns, unwrap=unwrap)
        return found

    def reissue(
        self,
        *,
        version: int,
        drop: str = "",
        add: tuple[Entry, ...] = (),
        roots: tuple[Identity, ...] = (),
        **changes: Any,
    ) -> None:
        """A new trust register, signed by a quorum of the root: without one name, with more entries, or of another project."""
        entries = [e for e in self.cast.entries if e.identity.name != drop]
        note = issue_register(
            [*entries, *add],
            project=changes.get("project", PROJECT),
            version=version,
            issued_at=NOW,
            previous=digest_of_text(split_note((self.shared / "trust.note").read_text("utf-8"))[0]),
            roots=roots or self.cast.roots[:2],
        )
        (self.shared / "trust.note").write_text(note, encoding="utf-8")


def _yaml(body: dict[str, Any]) -> Iterator[str]:
    return (f"{k}: {json.dumps(v)}" for k, v in body.items() if v is not None)


@pytest.fixture
def office(demo: Demo, tmp_path: Path) -> Iterator[Office]:
    places = Places(tmp_path / "office")
    for name in ("shared", "centre", "custodian"):
        shutil.copytree(demo.places.root / name, places.root / name)
    one = read_project(places.shared).one
    custodian = Custodian(
        places.custodian,
        identity=Identity.load(places.custodian / IDENTITY_FILE),
        root=demo.cast.root,
        one=one,
        clock=lambda: LATER,
    )
    desk = Desk(
        folder=places.centre,
        shared=places.shared,
        one=one,
        identity=Identity.load(places.centre / IDENTITY_FILE),
        log_identity=Identity.load(places.centre / "log.key"),
        root=demo.cast.root,
        state=State(places.centre / "office.db", origin="log/1"),
        custodian=custodian,
        salt=load_secret(places.centre / LEDGER_SALT, name="ledger salt"),
        clock=lambda: LATER,
    )
    yield Office(places, demo.cast, desk, LATER)
    desk.state.close()
    custodian.close()
