"""One small demonstration for every test that needs a project at work. Whoever alters it copies it first."""

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from ethics import PolicyRef, read_constitution
from keys import Identity
from keys.ceremony import load_secret
from keys.columns import unwrap_column_key
from keys.trust import issue_register
from linkage.attributes import read_attributes
from linkage.schema import default_schema
from policies import load_policy
from service.cast import ANALYST, NOW, PROJECT, TOKEN_GATEWAYS, Cast, Randomness, make_cast
from service.custodian import Custodian
from service.demo import run
from service.desks import IDENTITY_FILE
from service.places import Places
from service.release import Desk
from service.shared import read_project
from service.stage import LEDGER_SALT
from service.state import State
from service.story import Story

PEOPLE, SEED = 3_000, 7
LATER = NOW + timedelta(hours=1)


@dataclass(frozen=True)
class Demo:
    """A finished demonstration: its folders, its story, and the lines it told. Read it, never write into it."""

    places: Places
    story: Story
    lines: tuple[str, ...]
    cast: Cast


@dataclass(frozen=True)
class Told:
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    out = tmp_path_factory.mktemp("demonstration") / "demo-out"
    lines: list[str] = []
    story = run(out, people=PEOPLE, seed=SEED, say=lines.append)
    board = tuple(m.id for m in read_constitution(out / "shared" / "board.yaml").members)
    cast = make_cast(partners=tuple(TOKEN_GATEWAYS), board=board, randomness=Randomness(SEED))
    return Demo(Places(out), story, tuple(lines), cast)


@pytest.fixture(scope="session")
def few_keys() -> str:
    """The text of the default schema with four of its match keys, so that a linkage takes a second or two."""
    keys = (
        "keys:\n"
        "  born-name: [date_of_birth.whole, name.any.sound]\n"
        "  names-year: [name.both.sound, date_of_birth.year]\n"
        "  postcode-day: [postcode.whole, date_of_birth.day-month]\n"
        "  house-year: [address.house, date_of_birth.year]\n"
    )
    return default_schema().text.partition("keys:\n")[0] + keys


@pytest.fixture
def demo_copy(demo: Demo, tmp_path: Path) -> Places:
    """The whole demonstration again, to be altered."""
    shutil.copytree(demo.places.root, tmp_path / "project")
    return Places(tmp_path / "project")


@pytest.fixture
def shared(demo: Demo, tmp_path: Path) -> Path:
    """The shared folder alone, to be altered."""
    shutil.copytree(demo.places.shared, tmp_path / "shared")
    return tmp_path / "shared"


@pytest.fixture
def command() -> Callable[..., Told]:
    """Runs a command of the command line; a fault of the program fails the test."""

    def call(*words: object) -> Told:
        result = CliRunner().invoke(app, [str(w) for w in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Told(result.exit_code, result.stdout, result.stderr)

    return call


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

    def request(self, **changes: Any) -> str:
        """A request that is allowed, unless the changes make it another."""
        body: dict[str, Any] = {
            "format": "linkage-request/v1", "project": PROJECT, "requester": ANALYST, "role": "analyst", "organisation": "vpp",
            "purpose": "strategic-needs-assessment", "form": "aggregate-table",
            "attributes": {"schools.suspended": "an early sign", "schools.free_school_meals": "where help is needed"},
            "group-by": ["schools.suspended", "schools.free_school_meals"], "area": "local-partnership",
            "benefit": "help starts earlier", "asked-on": "2026-12-01", "use-until": "2027-04-01",
        }  # fmt: skip
        return "\n".join(_yaml(body | {k.replace("_", "-"): v for k, v in changes.items()})) + "\n"

    def wrapped(self, partner: str, *columns: str) -> dict[str, bytes]:
        """The wrapped keys in a partner's attribute file by key id, found with the custodian's own key as no attacker could."""
        found: dict[str, bytes] = {}

        def unwrap(wrapped: bytes, key_id: str) -> bytes:
            found[key_id] = wrapped
            return unwrap_column_key(wrapped, key_id=key_id, by=self.cast.people["custodian/1"]).expose()

        content = (self.places.centre / "desk" / partner / "attributes.parquet").read_bytes()
        read_attributes(content, columns=columns, unwrap=unwrap)
        return found

    def reissue(self, *, version: int, drop: str = "", **changes: Any) -> None:
        """A new trust register, signed by the root: without one name, or of another project."""
        entries = [e for e in self.cast.entries if e.identity.name != drop]
        note = issue_register(
            entries, project=changes.get("project", PROJECT), version=version, root=self.cast.root
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
        root=demo.cast.root.public,
        one=one,
        clock=lambda: LATER,
    )
    desk = Desk(
        folder=places.centre,
        shared=places.shared,
        one=one,
        identity=Identity.load(places.centre / IDENTITY_FILE),
        log_identity=Identity.load(places.centre / "log.key"),
        root=demo.cast.root.public,
        state=State(places.centre / "office.db", origin="log/1"),
        custodian=custodian,
        salt=load_secret(places.centre / LEDGER_SALT, name="ledger salt").expose(),
        clock=lambda: LATER,
    )
    yield Office(places, demo.cast, desk, LATER)
    desk.state.close()
    custodian.close()
