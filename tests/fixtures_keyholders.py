"""A project by commands, around its ceremony: custodians, officers and the centre, each at a machine of its own."""

import contextlib
import copy
import shutil
import sqlite3
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from ethics.audit import AuditLog
from keys import Identity, Root, Secret, sign_note
from keys.ceremony import save_secret
from keys.notes import split_note
from keys.trust import Entry, digest_of_text, issue_register
from linkage.manifest import Round
from linkage.schema import load_schema
from service.demonstration.cast import HOST_KIND, PROJECT, PURPOSE, SINCE, evidence
from service.demonstration.stage import documents_of
from service.evidence import EVIDENCE_FORMAT, VOUCHED, digests_of
from service.officer.mapping_file import as_mapping
from service.places import IDENTITY_FILE
from service.shared import write_project, write_root
from tests.fixtures_commands import Told, told


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
