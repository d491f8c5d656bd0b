"""One small demonstration for every test that needs a project at work. Whoever alters it copies it first."""

import atexit
import contextlib
import copy
import dataclasses
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

import click.testing
import keyring
import numpy as np
import pytest
import typer.main
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoBackend
from keyring.errors import PasswordDeleteError
from typer.testing import CliRunner

import service.clock
import service.custody.quorum
from cli import app
from ethics import AuditLog, PolicyRef, read_constitution
from keys import Identity, PublicIdentity, Root, Secret, sign_note
from keys.ceremony import load_secret, save_secret
from keys.columns import unwrap_column_key
from keys.notes import split_note
from keys.sealing import SealHeader, read_header
from keys.trust import Entry, digest_of_text, issue_register
from linkage.attributes import read_attributes
from linkage.manifest import Round
from linkage.partner.tokens import statistics
from linkage.schema import default_schema, load_schema
from policies import load_policy
from service.analyst.signed_requests import REQUEST_KIND
from service.commands.trust import trust
from service.custody.asked import REFUSALS, Custody, Order
from service.custody.custodian import Custodian
from service.demonstration.cast import (
    ANALYST,
    HOST_KIND,
    NOW,
    PROJECT,
    PURPOSE,
    SINCE,
    TOKEN_GATEWAYS,
    Cast,
    Randomness,
    evidence,
    make_cast,
)  # fmt: skip
from service.demonstration.demo import run
from service.demonstration.stage import LEDGER_SALT, documents_of
from service.demonstration.story import Story
from service.desk.state import State
from service.dossier import EVIDENCE_FORMAT, VOUCHED, Dossier, digests_of
from service.errors import CustodianRefused
from service.memory import SEEN_FILE
from service.officer.mapping_file import as_mapping
from service.places import IDENTITY_FILE, Places
from service.release import Desk, ask
from service.shared import read_project, write_identity, write_project, write_root

PEOPLE, SEED = 3_000, 7
LATER = NOW + timedelta(hours=1)
SUSPENDED = "vpp-demo/1/schools/suspended"


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


# Typer builds all commands anew for every call; here they are built once.
COMMANDS = typer.main.get_command(app)


def told(*words: object) -> Told:
    """What a command of the command line answered; a fault of the program is raised."""
    result = click.testing.CliRunner().invoke(COMMANDS, [str(w) for w in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Told(result.exit_code, result.stdout, result.stderr)


class MadeUpKeyring(KeyringBackend):
    """A keyring in memory. It counts as one that encrypts, unless its priority is lowered."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist ends without tidying up, and DuckDB's binding would list on its standard error what was left. (Until then pytest holds that.)"""
    if hasattr(session.config, "workerinput"):
        atexit.register(os.dup2, os.open(os.devnull, os.O_WRONLY), 2)


@pytest.fixture(scope="session", autouse=True)
def _nobodys_own_keyring_is_asked() -> None:
    keyring.set_keyring(NoBackend())


@pytest.fixture
def made_up_keyring() -> Iterator[MadeUpKeyring]:
    before, one = keyring.get_keyring(), MadeUpKeyring()
    keyring.set_keyring(one)
    yield one
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    out = tmp_path_factory.mktemp("demonstration") / "demo-out"
    lines: list[str] = []
    story = run(out, people=PEOPLE, seed=SEED, say=lines.append)
    # It plays on a day of its own, and its processes remember the real one: a test that plays on must not be told that its clock was set back.
    for seen in out.rglob(SEEN_FILE):
        seen.unlink()
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
    return told


@dataclass(frozen=True)
class Holders:
    """The holders of a root, each with a folder of its own, and the project whose trust register they sign."""

    folder: Path
    shared: Path
    identities: tuple[Identity, ...]

    @property
    def root(self) -> Path:
        """The root's file, as everybody got it."""
        return self.folder / "root.json"

    def key(self, number: int) -> Path:
        """One holder's identity file."""
        return self.folder / f"holder-{number}" / "identity.key"

    def public(self, one: Identity | PublicIdentity) -> Path:
        """A file with the public half of an identity."""
        known = one.public if isinstance(one, Identity) else one
        path = self.folder / f"{known.name.replace('/', '_')}-{known.fingerprint[:8]}.json"
        write_identity(path, known)
        return path

    def run(self, word: str, *words: object) -> Told:
        """What `linkage trust` answers in this project."""
        more = [] if word in ("new-root", "accept") else ["--shared", self.shared, "--root", self.root]
        result = CliRunner().invoke(trust, [word, *map(str, words), *map(str, more)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Told(result.exit_code, result.stdout, result.stderr)

    def draft(self, *changes: object, name: str = "draft.note") -> Path:
        """A draft of the next version in a new file."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        told = self.run("draft", "--out", path, *changes)
        assert told.code == 0, told.err
        return path

    def sign(self, draft: Path, *, by: int) -> Told:
        """One holder's signature under the draft."""
        return self.run("sign", draft, "--identity", self.key(by), "--yes")

    def issue(self, *changes: object, by: tuple[int, ...] = (1, 2)) -> str:
        """The next version of the register, drafted, signed and published; its note."""
        draft = self.draft(*changes)
        for number in by:
            assert self.sign(draft, by=number).code == 0
        told = self.run("publish", draft)
        assert told.code == 0, told.err
        return (self.shared / "trust.note").read_text("utf-8")


def _holders(folder: Path, shared: Path, identities: tuple[Identity, ...]) -> Holders:
    made = Holders(folder, shared, identities)
    for number, one in enumerate(identities, 1):
        made.key(number).parent.mkdir(parents=True)
        one.save(made.key(number))
    told = made.run("new-root", *map(made.public, identities), "--quorum", 2, "--out", made.root)
    assert told.code == 0, told.err
    return made


@pytest.fixture
def holders(tmp_path: Path) -> Holders:
    """Three holders of a root, of whom two must sign, and a project without a trust register yet."""
    shared = tmp_path / "new-project"
    shared.mkdir()
    one = Round("safer-streets", 1, default_schema().digest)
    write_project(shared, one=one, link_type="link_only", purpose="service-evaluation", recipient="council")
    identities = tuple(
        Identity.make(f"root/{n}", randomness=np.random.default_rng([21, n]).bytes) for n in (1, 2, 3)
    )
    return _holders(tmp_path / "holders", shared, identities)


@pytest.fixture
def demo_holders(demo: Demo, demo_copy: Places, tmp_path: Path) -> Holders:
    """The holders of the demonstration's root, over a copy of it."""
    return _holders(tmp_path / "holders", demo_copy.shared, demo.cast.roots)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock by which all commands go."""

    def to(now: datetime) -> None:
        monkeypatch.setattr(service.clock, "now", lambda: now)

    return to


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


class Keyholders:
    """A project of three custodians, two data officers, a linker and the rest of the centre, each at a machine of its own, before its first ceremony."""

    roles: ClassVar[dict[str, tuple[str, str]]] = {
        "custodian/1": ("centre", "custodian,duty-custodian"),
        "custodian/2": ("council", "custodian"),
        "custodian/3": ("nhs", "custodian"),
        "linker/1": ("centre", "linker"),
        "assembler/1": ("centre", "assembler"),
        "desk/1": ("centre", "desk"),
        "log/1": ("centre", "audit-log"),
        "secretariat/1": ("centre", "secretariat"),
        "police/officer": ("police", "data-officer"),
        "schools/officer": ("schools", "data-officer"),
    }

    def __init__(self, folder: Path, *, schema: str, custodians: int = 3) -> None:
        self.folder, self.shared, self.root = folder, folder / "shared", folder / "root.json"
        self.randomness = np.random.default_rng(41).bytes
        names = [n for n in self.roles if not n.startswith("custodian/") or int(n[-1]) <= custodians]
        self.people = {n: Identity.make(n, randomness=self.randomness) for n in (*names, "root/1")}
        self.listed = {n: self.people[n].public for n in names}
        self.version = 0
        self.shared.mkdir(parents=True)
        (self.shared / "schema.yaml").write_text(schema, "utf-8")
        one = Round(PROJECT, 1, load_schema(schema).digest)
        write_project(self.shared, one=one, link_type="link_only", purpose=PURPOSE, recipient=HOST_KIND)
        for path in (self.root, self.shared / "root.json"):
            write_root(path, Root((self.people["root/1"].public,), 1))
        self._documents()
        for name in names:
            self.home(name).mkdir()
            self.people[name].save(self.key(name))
        self.people["log/1"].save(self.home("desk/1") / "log.key")
        self.register()

    def _documents(self) -> None:
        for package, name in (
            ("policies", "catalogue.yaml"),
            ("policies", "gateways.yaml"),
            ("policies", "framework.yaml"),
            ("ethics", "board.yaml"),
        ):
            text = (resources.files(package) / "library" / name).read_text("utf-8")
            (self.shared / {"framework.yaml": "policy.yaml"}.get(name, name)).write_text(text, "utf-8")
        policy, facts = documents_of(self.shared)
        texts = {name: (self.shared / file).read_text("utf-8") for name, file in VOUCHED.items()}
        body = evidence(facts, clauses=tuple(c.id for c in policy.clauses), documents=digests_of(**texts))
        note = sign_note(f"{EVIDENCE_FORMAT}\n{body}", by=self.people["secretariat/1"])
        (self.shared / "evidence.note").write_text(note, "utf-8")

    def copied(self, to: Path) -> "Keyholders":
        """The same project in other folders, to be altered."""
        shutil.copytree(self.folder, to)
        other = copy.copy(self)
        other.folder, other.shared, other.root = to, to / "shared", to / "root.json"
        other.people, other.listed = dict(self.people), dict(self.listed)
        return other

    def home(self, name: str) -> Path:
        """Somebody's own machine."""
        return self.folder / name.replace("/", "-")

    def key(self, name: str) -> Path:
        """Somebody's identity file."""
        return self.home(name) / IDENTITY_FILE

    def register(self, *, without: str = "", at: datetime = SINCE) -> None:
        """The next version of the trust register, in the shared folder."""
        before = self.shared / "trust.note"
        previous = digest_of_text(split_note(before.read_text("utf-8"))[0]) if self.version else None
        self.version += 1
        note = issue_register(
            [
                Entry(public, self.roles[n][0], frozenset(self.roles[n][1].split(",")), SINCE)
                for n, public in self.listed.items()
                if n != without
            ],
            project=PROJECT,
            version=self.version,
            issued_at=at,
            previous=previous,
            roots=[self.people["root/1"]],
        )
        before.write_text(note, "utf-8")

    def run(self, *words: object) -> Told:
        """What a command answered; a fault of the program fails the test."""
        return told(*words)

    def custodian(self, number: int, command: str, *words: object) -> Told:
        """What a custodian's command answered."""
        mine = ("--identity", self.key(f"custodian/{number}"))
        return self.run("custodian", command, *words, "--shared", self.shared, "--root", self.root, *mine)

    def ceremony(self, name: str = "ceremony", *words: object, signed_by: tuple[int, ...] = (1, 2, 3)) -> Path:
        """The folder of a ceremony that custodian 1 held, that these have signed, and that is published."""
        folder = self.folder / name
        command = "rotate" if "--closes-earlier" in words else "ceremony"
        self.well(self.custodian(1, command, *words, "--out", folder))
        for number in signed_by:
            self.well(self.custodian(number, "sign-record", folder))
        self.well(self.publish(folder))
        return folder

    def publish(self, folder: Path) -> Told:
        """What publishing a record answered."""
        return self.run("custodian", "publish-record", folder, "--shared", self.shared, "--root", self.root)

    def accept(self, partner: str, sealed: Path, *, out: str = "project.secret") -> Told:
        """What accepting a delivered secret answered."""
        home = self.home(f"{partner}/officer")
        mine = ("--identity", home / IDENTITY_FILE, "--out", home / out)
        return self.run("partner", "accept-secret", sealed, "--shared", self.shared, *mine)

    def export(self, partner: str, *, people: int = 60) -> Path:
        """A partner's file of made-up people, its mapping, and its own secret."""
        home = self.home(f"{partner}/officer")
        lines = ["ref,first name,last name,born"]
        lines += [
            f"P-{n:03d},{('Mary', 'Aisha', 'Tom', 'Wei')[n % 4]},{('Smith', 'Okafor', 'Patel')[n % 3]}x{n},19{60 + n % 40}-0{n % 9 + 1}-1{n % 10}"
            for n in range(people)
        ]
        (home / "export.csv").write_text("\n".join(lines), "utf-8")
        mapping = as_mapping(
            partner=partner, record_id="ref", date_order="YMD", token_gateway="PCSC-s16",  # noqa: S106  the name of a gateway
            identifiers={"forename": "first name", "surname": "last name", "date_of_birth": "born"}, attributes={}, attribute_gateways={},
        )  # fmt: skip
        (home / "mapping.yaml").write_text(mapping, "utf-8")
        if not (home / "own.secret").exists():
            save_secret(Secret(self.randomness(32), name="own"), home / "own.secret")
        return home / "export.csv"

    def submit(self, partner: str, *, out: str = "sent", **changes: Path) -> Told:
        """What submitting a partner's file answered."""
        home = self.home(f"{partner}/officer")
        given = {
            "mapping": home / "mapping.yaml", "identity": home / IDENTITY_FILE, "secret": home / "project.secret",
            "own": home / "own.secret", "shared": self.shared, "out": home / out,
        } | changes  # fmt: skip
        return self.run(
            "partner", "submit", self.export(partner), *(w for k, v in given.items() for w in (f"--{k}", v))
        )

    def events(self, name: str) -> list[Any]:
        """What a custodian's or the desk's own log says."""
        file = "office.db" if name.startswith("desk") else "custodian.db"
        with contextlib.closing(sqlite3.connect(self.home(name) / file, isolation_level=None)) as connection:
            origin = "log/1" if name.startswith("desk") else name
            return list(AuditLog.open(connection, origin=origin).events())

    @staticmethod
    def well(told: Told) -> Told:
        """The answer of a command that went well."""
        assert told.code == 0, told.err
        return told


@pytest.fixture
def while_waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Says what happens while a process waits for custodians, one thing after the other; after the last its time is over. Gives back what they
    answered."""
    late = [timedelta()]
    monkeypatch.setattr(service.clock, "now", lambda: datetime.now(UTC) + late[0])

    def say(*acts: Callable[[], Any]) -> list[Any]:
        left, answers = list(acts), []

        def sleep(_: float) -> None:
            if left:
                answers.append(left.pop(0)())
            else:
                late[0] += timedelta(hours=2)

        monkeypatch.setattr(service.custody.quorum.time, "sleep", sleep)
        return answers

    return say


@pytest.fixture
def small_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates from few pairs, so that a submission takes no time."""
    monkeypatch.setattr(statistics, "PAIRS", 500)


@pytest.fixture(scope="session")
def _before_a_ceremony(few_keys: str, tmp_path_factory: pytest.TempPathFactory) -> Keyholders:
    schema = few_keys.partition("  postcode-day:")[0]
    return Keyholders(tmp_path_factory.mktemp("keyholders") / "before", schema=schema)


@pytest.fixture(scope="session")
def _after_a_ceremony(_before_a_ceremony: Keyholders, tmp_path_factory: pytest.TempPathFactory) -> Keyholders:
    made = _before_a_ceremony.copied(tmp_path_factory.mktemp("keyholders") / "after")
    folder = made.ceremony()
    for name in ("police", "schools"):
        made.well(made.accept(name, folder / "deliveries" / f"{name}_officer.sealed"))
    return made


@pytest.fixture
def keyholders(_before_a_ceremony: Keyholders, tmp_path: Path, small_statistics: None) -> Keyholders:
    """A project before its first ceremony."""
    return _before_a_ceremony.copied(tmp_path / "project")


@pytest.fixture
def held_round(_after_a_ceremony: Keyholders, tmp_path: Path, small_statistics: None) -> Keyholders:
    """The same after it: three custodians signed, and both officers hold the secret."""
    return _after_a_ceremony.copied(tmp_path / "project")


TINY_SCHEMA = """\
# linkage-schema/v1
schema: linkage-schema/v1
name: tiny
version: 1
filter_bits: 128
most_people_per_key: 1
bands: [0.0004, 0.004]
comparisons:
  forename: {of: [forename], grams: name, bits_per_gram: 6, levels: [0, 17, 29]}
  surname: {of: [surname], grams: name, bits_per_gram: 6, levels: [0, 17, 29]}
keys:
  born: [date_of_birth.whole]
"""
LIBRARY_BOARD = Path(str(resources.files("ethics") / "library" / "board.yaml"))
REQUEST: dict[str, object] = {
    "format": "linkage-request/v1", "project": PROJECT, "requester": ANALYST, "role": "analyst", "organisation": "vpp", "purpose": PURPOSE,
    "form": "aggregate-table", "attributes": {"schools.suspended": "the earliest sign", "police.arrested_violence": "what help is to prevent"},
    "group-by": ["schools.suspended", "police.arrested_violence"], "area": "local-partnership", "benefit": "help starts earlier",
    "asked-on": "2026-12-01", "use-until": "2027-04-01",
}  # fmt: skip


class Partnership(Keyholders):
    """The same with everybody whom a release needs, one custodian, and a schema of one match key; its clock stands at the demonstration's time. Two of
    three people are known to both partners."""

    roles: ClassVar[dict[str, tuple[str, str]]] = {
        **{n: r for n, r in Keyholders.roles.items() if not n.startswith("custodian/")},
        "custodian/1": ("centre", "custodian"),
        ANALYST: ("vpp", "analyst"),
        **{f"{p}/controller": (p, "controller-approver") for p in ("police", "schools")},
        **{m.id: ("board", "board-member") for m in read_constitution(LIBRARY_BOARD).members},
    }
    attributes: ClassVar[dict[str, str]] = {"police": "arrested_violence", "schools": "suspended"}
    now: ClassVar[datetime] = LATER

    def export(self, partner: str, *, people: int = 240) -> Path:
        """A partner's file of made-up people with one attribute, its mapping, and its own secret."""
        home, attribute = self.home(f"{partner}/officer"), self.attributes[partner]
        first = 0 if partner == "police" else people // 3
        lines = [f"ref,first name,last name,born,{attribute}"]
        lines += [
            f"{partner[0]}-{n:03d},{('Mary', 'Aisha', 'Tom', 'Wei', 'Olga')[n % 5]},{('Smith', 'Okafor', 'Patel', 'Jones')[n // 5 % 4]}"
            f",{1990 + n // 300}-{n // 25 % 12 + 1:02d}-{n % 25 + 1:02d},{'yes' if n % (2 if partner == 'police' else 3) else 'no'}"
            for n in range(first, first + people)
        ]
        (home / "export.csv").write_text("\n".join(lines), "utf-8")
        mapping = as_mapping(
            partner=partner, record_id="ref", date_order="YMD", token_gateway="PCSC-s16",  # noqa: S106  the name of a gateway
            identifiers={"forename": "first name", "surname": "last name", "date_of_birth": "born"}, attributes={attribute: attribute},
            attribute_gateways={attribute: "PCSC-s16"},
        )  # fmt: skip
        (home / "mapping.yaml").write_text(mapping, "utf-8")
        if not (home / "own.secret").exists():
            save_secret(Secret(self.randomness(32), name="own"), home / "own.secret")
        return home / "export.csv"

    @property
    def desk(self) -> tuple[object, ...]:
        """The options of every command of the release desk."""
        return ("--folder", self.home("desk/1"), "--shared", self.shared, "--root", self.root)

    @property
    def keeper(self) -> tuple[object, ...]:
        """The custodian whose folder is on the desk's machine."""
        return ("--custodian", self.home("custodian/1"))

    def sent(self, partner: str) -> Path:
        """A partner's submission."""
        return self.home(f"{partner}/officer") / "sent"

    def receive(self, folder: Path, *, receipt: str = "receipt.note") -> Told:
        """What taking in a submission answered."""
        return self.run("desk", "receive", folder, *self.desk, "--receipt", self.folder / receipt)

    def link(self) -> Told:
        """What the linker's run answered, over all that the desk has for it."""
        home = self.home("linker/1")
        shutil.rmtree(home / "inbox", ignore_errors=True)
        shutil.copytree(self.home("desk/1") / "for-linker", home / "inbox")
        pairs = self.home("assembler/1") / "pairs"
        return self.run("centre", "link", home, "--shared", self.shared, "--out", pairs)

    def assemble(self) -> Told:
        """What the assembler's run answered, over all that the desk and the linker have for it."""
        home = self.home("assembler/1")
        shutil.rmtree(home / "inbox", ignore_errors=True)
        shutil.copytree(self.home("desk/1") / "for-assembler", home / "inbox")
        if not (home / "own.secret").exists():
            save_secret(Secret(self.randomness(32), name="own"), home / "own.secret")
        spine = self.home("desk/1") / "spine.sealed"
        return self.run("centre", "assemble", home, "--shared", self.shared, "--out", spine)

    def note(self, folder: str, name: str) -> Path:
        """Where a signed note of this name belongs in the shared folder."""
        (self.shared / folder).mkdir(exist_ok=True)
        return self.shared / folder / f"{name.replace('/', '-')}.note"

    def vote(self, member: str, *words: object, out: str = "") -> Told:
        """What a member's vote answered; an approval, if no words say another."""
        mine = ("--identity", self.key(member), "--shared", self.shared)
        to = ("--out", self.note("votes", out or member))
        return self.run("board", "vote", *mine, *to, *(words or ("--vote", "approve")))

    def adopt(self, partner: str, clauses: str = "all", *, out: str = "") -> Told:
        """What a controller's adoption answered."""
        mine = ("--identity", self.key(f"{partner}/controller"), "--shared", self.shared)
        to = ("--out", self.note("adoptions", out or partner))
        return self.run("partner", "adopt", *mine, *to, "--clauses", clauses)

    def agree(self) -> None:
        """The whole board has approved the policy, and both controllers have adopted it."""
        for member in (n for n in self.roles if n.startswith("board/")):
            self.well(self.vote(member))
        for name in self.attributes:
            self.well(self.adopt(name))

    def request(self, name: str = "request", **changes: object) -> Path:
        """A request that is allowed, unless the changes make it another, signed by the analyst."""
        body = REQUEST | {k.replace("_", "-"): v for k, v in changes.items()}
        text, note = self.folder / f"{name}.yaml", self.folder / f"{name}.note"
        text.write_text("".join(f"{k}: {json.dumps(v)}\n" for k, v in body.items()), "utf-8")
        self.well(self.run("analyst", "sign", text, "--identity", self.key(ANALYST), "--out", note))
        return note

    def decide(self, note: Path, request_id: str = "request-1") -> Told:
        """What the desk's decision on a signed request answered."""
        return self.run("desk", "decide", note, "--id", request_id, *self.desk)

    def release(self, *words: object, request_id: str = "request-1", by: str = ANALYST) -> Told:
        """What the release of a request answered."""
        out = ("--out", self.folder / "out")
        return self.run("desk", "release", "--id", request_id, "--by", by, *self.desk, *out, *words)

    def open(self, folder: Path, *, by: str = ANALYST, out: str = "opened") -> Told:
        """What opening a release answered."""
        where = ("--identity", self.key(by), "--shared", self.shared, "--out", self.folder / out)
        return self.run("analyst", "open", folder, *where)

    def publish_log(self, log: Path) -> Told:
        """What publishing the desk's log answered."""
        return self.run("desk", "publish", *self.desk, "--out", log)

    def kinds(self) -> list[str]:
        """The kinds of the events in the desk's log, in order."""
        return [e.kind for e in self.events("desk/1")]


@pytest.fixture(scope="session")
def _submitted(tmp_path_factory: pytest.TempPathFactory) -> Keyholders:
    """After the ceremony, and after police and schools have made their submissions; nothing was taken in yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.clock, "now", lambda: NOW)
        patch.setattr(statistics, "PAIRS", 500)
        made = Partnership(tmp_path_factory.mktemp("partnership") / "project", schema=TINY_SCHEMA, custodians=1)
        folder = made.ceremony(signed_by=(1,))
        for name in made.attributes:
            made.well(made.accept(name, folder / "deliveries" / f"{name}_officer.sealed"))
            made.well(made.submit(name))
    return made


@pytest.fixture(scope="session")
def _allowed(_submitted: Keyholders, tmp_path_factory: pytest.TempPathFactory) -> Keyholders:
    """After a request was allowed; nothing was released yet."""
    made = _submitted.copied(tmp_path_factory.mktemp("partnership") / "allowed")
    assert isinstance(made, Partnership)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.clock, "now", lambda: NOW)
        for name in made.attributes:
            made.well(made.receive(made.sent(name), receipt=f"{name}.receipt"))
        made.well(made.link())
        made.well(made.assemble())
        made.agree()
        made.well(made.decide(made.request()))
    return made


@pytest.fixture
def no_power_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk: what is not flushed is there all the same, as long as the machine runs."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def partnership(
    _submitted: Keyholders,
    tmp_path: Path,
    small_statistics: None,
    no_power_failure: None,
    set_clock: Callable[[datetime], None],
) -> Keyholders:
    """A project of two partners whose submissions are ready to be sent, an hour later."""
    set_clock(LATER)
    return _submitted.copied(tmp_path / "project")


@pytest.fixture
def allowed(
    _allowed: Keyholders,
    tmp_path: Path,
    small_statistics: None,
    no_power_failure: None,
    set_clock: Callable[[datetime], None],
) -> Keyholders:
    """The same an hour after request-1 was allowed: the submissions are linked, and everything that a release needs is there."""
    set_clock(LATER)
    return _allowed.copied(tmp_path / "allowed")
