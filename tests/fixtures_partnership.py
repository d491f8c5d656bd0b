"""A project by commands as far as a release: two partners, their submissions, the board, and an analyst."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import ClassVar

import pytest

import service.clock
from ethics.board import read_constitution
from keys import Secret
from keys.ceremony import save_secret
from linkage.partner.tokens import statistics
from service.demonstration.cast import ANALYST, NOW, PROJECT, PURPOSE
from service.officer.mapping_file import as_mapping
from tests.fixtures_commands import Told
from tests.fixtures_demonstration import LATER
from tests.fixtures_keyholders import Keyholders

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
