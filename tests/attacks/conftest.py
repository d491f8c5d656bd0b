"""A small round of two partners, sealed and submitted, for the attacks on linkage; and every kind of signed note, for those on formats."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ethics.log_policy import draft_log_policy
from ethics.roles import LogKeys
from keys import Identity, Secret, TrustRegister, sign_note
from keys.ceremony_record import parse_record
from keys.notes import split_note
from keys.round_keys import PROJECT_SECRET
from keys.sessions import ask_to_open, contribute
from keys.trust import Entry
from linkage.central.receive import Doorstep, Received, receive
from linkage.manifest import Round
from linkage.partner.normalise import Cleaner, ColumnMapping
from linkage.partner.submission import Recipients, Submission, seal_submission
from linkage.partner.tokenise import Tokeniser
from linkage.schema import Schema, default_schema, load_schema
from service.demonstration.cast import ANALYST
from service.errors import BAD_INPUT, BAD_KEY, NOT_APPROVED
from tests.in_one_portion import attribute_table

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PARTNERS = ("police", "schools")
ATTRIBUTES = {"excluded": "excluded", "custody": "custody"}


@dataclass(frozen=True)
class SmallRound:
    """Who takes part, and what police and schools have submitted. `rows` holds what only the partners know."""

    schema: Schema
    one: Round
    secret: Secret
    people: dict[str, Identity]
    trust: TrustRegister
    rows: dict[str, pd.DataFrame]
    own: dict[str, Secret]
    submissions: dict[str, Submission]
    now: datetime

    @property
    def recipients(self) -> Recipients:
        return Recipients(*(self.people[n].public for n in ("linker", "assembler", "custodian")))

    def submit(
        self, folder: Path, *, partner: str, one: Round | None = None, secret: Secret | None = None
    ) -> Submission:
        """A new submission of the partner's rows."""
        rows = self.rows[partner]
        identifiers = {c: c for c in rows.columns if c not in ("id", *ATTRIBUTES)}
        mapping = ColumnMapping("id", identifiers, attributes=tuple(ATTRIBUTES.values()))
        cleaner = Cleaner(schema=self.schema, mapping=mapping, file="rows.csv")
        cleaner.add(pa.RecordBatch.from_pandas(rows[list(mapping.columns)], preserve_index=False))
        clean, _, attributes = cleaner.finish()
        tokeniser = Tokeniser(
            clean,
            schema=self.schema,
            secret=secret or self.secret,
            own=self.own[partner],
            randomness=np.random.default_rng(len(partner)).bytes,
        )
        return seal_submission(
            tokeniser,
            schema=self.schema,
            attributes=attribute_table(attributes, names=ATTRIBUTES, refs=tokeniser.refs),
            attribute_gateways=dict.fromkeys(ATTRIBUTES, "made-up gateway"),
            token_gateway="made-up gateway",  # noqa: S106  the name of a legal gateway
            one=one or self.one,
            secret=secret or self.secret,
            signer=self.people[f"{partner}/officer"],
            partner=partner,
            recipients=self.recipients,
            folder=folder,
            now=self.now,
        )

    def take_in(self, folder: Path, *, doorstep: Doorstep, now: datetime | None = None) -> Received:
        """The submission received at the doorstep."""
        return receive(
            folder,
            trust=self.trust,
            one=self.one,
            doorstep=doorstep,
            signer=self.people["centre"],
            now=now or self.now,
        )


def small_schema() -> Schema:
    """The default schema with four passes, so that a linkage takes a second."""
    keys = (
        "keys:\n"
        "  born-name: [date_of_birth.whole, name.any.sound]\n"
        "  names-year: [name.both.sound, date_of_birth.year]\n"
        "  postcode-day: [postcode.whole, date_of_birth.day-month]\n"
        "  house-year: [address.house, date_of_birth.year]\n"
    )
    return load_schema(default_schema().text.partition("keys:\n")[0] + keys)


def made_up(partner: str) -> pd.DataFrame:
    """Eighty people, sixty of them known to both partners, some with a slip in the surname."""
    rng = np.random.default_rng(11)
    first = np.array(["Mary", "Aisha", "Tom", "Wei", "Olga", "Femi", "Grace", "Ravi"])
    last = np.array(["Smith", "Okafor", "Patel", "Jones", "Nowak", "Khan", "Brown", "Evans", "Clarke", "Wood"])
    number = np.arange(100)
    rows = pd.DataFrame(
        {
            "forename": rng.choice(first, 100),
            "surname": rng.choice(last, 100),
            "date_of_birth": pd.Timestamp("1990-01-01") + pd.to_timedelta(rng.integers(0, 9000, 100), unit="D"),
            "sex": rng.choice(["M", "F"], 100),
            "postcode": [f"OX{n % 9 + 1} {n % 10}A{'BDEFG'[n % 5]}" for n in number],
            "address": [f"{n + 1} Mill Lane" for n in number],
            "town": "Oxford",
            "excluded": rng.choice(["excluded-yes", "excluded-no"], 100),
            "custody": rng.choice(["custody-yes", "custody-no"], 100),
        }
    )
    rows["date_of_birth"] = rows["date_of_birth"].dt.strftime("%Y-%m-%d")
    if partner == "schools":
        rows.loc[rows.index % 7 == 0, "surname"] += "e"
    rows.insert(0, "id", [f"local-{n:04d}" for n in number])
    return rows.iloc[:80] if partner == "police" else rows.iloc[20:]


@pytest.fixture(scope="session")
def small_round(tmp_path_factory: pytest.TempPathFactory) -> SmallRound:
    names = ("linker", "assembler", "custodian", "centre", "stranger", *(f"{p}/officer" for p in PARTNERS))
    people = {
        n: Identity.make(n, randomness=np.random.default_rng([5, at]).bytes) for at, n in enumerate(names)
    }
    entries = tuple(
        Entry(people[f"{p}/officer"].public, p, frozenset({"data-officer"}), datetime(2026, 1, 1, tzinfo=UTC))
        for p in PARTNERS
    )
    schema = small_schema()
    made = SmallRound(
        schema=schema,
        one=Round("safer-streets", 3, schema.digest),
        secret=Secret(np.random.default_rng(1).bytes(32), name="project"),
        people=people,
        trust=TrustRegister("safer-streets", 1, entries),
        rows={p: made_up(p) for p in PARTNERS},
        own={p: Secret(np.random.default_rng([2, at]).bytes(32), name=p) for at, p in enumerate(PARTNERS)},
        submissions={},
        now=NOW,
    )
    folder = tmp_path_factory.mktemp("sent")
    for partner in PARTNERS:
        made.submissions[partner] = made.submit(folder / partner, partner=partner)
    return made


@pytest.fixture
def doorstep(tmp_path: Path) -> Doorstep:
    return Doorstep(tmp_path / "linker", tmp_path / "assembler", tmp_path / "desk")


@pytest.fixture
def copy_of(small_round: SmallRound, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a partner's submission, to be altered."""

    def copied(partner: str) -> Path:
        folder = tmp_path / "arrived" / partner
        shutil.copytree(small_round.submissions[partner].folder, folder)
        return folder

    return copied


@dataclass(frozen=True)
class SignedKind:
    """One kind of signed note in a project at work: where one lies, who signed it, the command that reads it, and how that refuses."""

    find: Callable[[Any], Path]
    signer: str
    read: Callable[[Any], Any]
    codes: tuple[int, ...]


def _receive(p: Any) -> Any:
    return p.receive(p.sent("police"), receipt="new.note")


def _tally(p: Any) -> Any:
    return p.run("board", "tally", "--shared", p.shared, "--root", p.root)


def _record(p: Any) -> Any:
    words = ("--desk", p.home("desk/1"), "--shared", p.shared, "--root", p.root)
    return p.run("audit", "record", p.folder / "a.note", *words)


def _check_receipt(p: Any) -> Any:
    words = ("--shared", p.shared, "--submission", p.sent("police"))
    return p.run("partner", "receipt", p.folder / "police.receipt", *words)


def _asked(p: Any) -> tuple[str, Any]:
    one = parse_record(split_note((p.shared / "ceremonies" / "1.note").read_text("utf-8"))[0])
    note, request, _ = ask_to_open(
        one, what=PROJECT_SECRET, reason="lost-secret", to="police/officer", by=p.people["custodian/1"], now=p.now, lasts=timedelta(hours=1),
        randomness=p.randomness,
    )  # fmt: skip
    return note, request


def _opening(p: Any) -> Path:
    path = Path(p.folder / "session" / "open.note")
    (path.parent / "contributions").mkdir(parents=True)
    path.write_text(_asked(p)[0], "utf-8")
    return path


def _contribution(p: Any) -> Path:
    """The answer to an opening that the desk's log knows."""
    note, request = _asked(p)
    path = Path(p.folder / "a.note")
    path.write_text(note, "utf-8")
    p.well(_record(p))
    share = Secret(b"s" * 33, name="share")
    path.write_text(contribute(share, request=request, by=p.people["custodian/1"], now=p.now), "utf-8")
    return path


def _acknowledgement(p: Any) -> Path:
    source = Path(p.home("police/officer") / "project.secret.acknowledgement.note")
    return source.rename(p.folder / "a.note")


def _certificate(p: Any) -> Path:
    out, home = Path(p.folder / "a.note"), p.home("schools/officer")
    words = ("--identity", home / "identity.key", "--shared", p.shared, "--out", out, "--even-open")
    p.well(p.run("partner", "destroy-secret", home / "project.secret", *words))
    return out


def _advice(p: Any) -> Path:
    out = Path(p.folder / "a.note")
    where = ("--identity", p.key(ANALYST), "--shared", p.shared, "--root", p.root, "--note", out)
    p.well(p.run("analyst", "check", p.folder / "request.yaml", *where))
    return out


def _answer(p: Any) -> Path:
    tray = Path(p.folder / "tray")
    tray.mkdir()
    where = ("--identity", p.key(ANALYST), "--shared", p.shared, "--root", p.root, "--tray", tray, "--id", "a")
    p.well(p.run("analyst", "ask", p.folder / "request.yaml", *where))
    p.well(p.run("desk", "answer", *p.desk, "--tray", tray))
    return tray / "answers" / "a.note"


def _read_answer(p: Any) -> Any:
    where = ("--identity", p.key(ANALYST), "--shared", p.shared, "--tray", p.folder / "tray")
    return p.run("analyst", "answer", "a", *where)


def _people(p: Any) -> Path:
    return Path(shutil.copy(p.home("desk/1") / "people.note", p.folder / "a.note"))


def _log_policy(p: Any) -> Path:
    path = Path(p.folder / "a.note")
    text = draft_log_policy(LogKeys(p.people["log/1"].public, ()), needed=0)
    path.write_text(sign_note(text, by=p.people["root/1"]), "utf-8")
    return path


SIGNED_KINDS = {
    "linkage-advice/v1": SignedKind(_advice, ANALYST, _record, (BAD_INPUT, BAD_KEY)),
    "linkage-answer/v1": SignedKind(_answer, "desk/1", _read_answer, (BAD_KEY,)),
    "linkage-trust/v2": SignedKind(lambda p: p.shared / "trust.note", "root/1", _receive, (BAD_KEY,)),
    "linkage-manifest/v2": SignedKind(lambda p: p.sent("police") / "manifest.note", "police/officer", _receive, (BAD_INPUT,)),
    "linkage-evidence/v1": SignedKind(lambda p: p.shared / "evidence.note", "secretariat/1", _receive, (NOT_APPROVED,)),
    "linkage-ceremony/v1": SignedKind(lambda p: p.shared / "ceremonies" / "1.note", "custodian/1", _receive, (BAD_KEY,)),
    "# linkage-request/v1": SignedKind(
        lambda p: p.folder / "request.note", ANALYST, lambda p: p.decide(p.folder / "request.note", f"request-{len(p.kinds())}"), (BAD_KEY,)
    ),
    "linkage-vote/v1": SignedKind(lambda p: p.shared / "votes" / "board-lay-1.note", "board/lay-1", _tally, (BAD_KEY, NOT_APPROVED)),
    "linkage-adoption/v1": SignedKind(lambda p: p.shared / "adoptions" / "schools.note", "schools/controller", _tally, (BAD_KEY, NOT_APPROVED)),
    "linkage-receipt/v1": SignedKind(lambda p: p.folder / "police.receipt", "desk/1", _check_receipt, (BAD_KEY,)),
    "linkage-kept/v2": SignedKind(lambda p: p.home("assembler/1") / "people" / "kept.note", "assembler/1", lambda p: p.assemble(), (BAD_INPUT,)),
    "linkage-run/v2": SignedKind(lambda p: p.home("assembler/1") / "pairs" / "run.note", "linker/1", lambda p: p.assemble(), (BAD_INPUT,)),
    "linkage-people/v1": SignedKind(_people, "assembler/1", _record, (BAD_INPUT, BAD_KEY)),
    "# linkage-log-policy/v1": SignedKind(_log_policy, "root/1", _record, (BAD_INPUT, BAD_KEY)),
    "linkage-secret-ack/v1": SignedKind(_acknowledgement, "police/officer", _record, (BAD_INPUT, BAD_KEY)),
    "linkage-destruction/v1": SignedKind(_certificate, "schools/officer", _record, (BAD_INPUT, BAD_KEY)),
    "linkage-open/v1": SignedKind(_opening, "custodian/1", lambda p: p.custodian(1, "contribute", p.folder / "session", "--yes"), (BAD_KEY,)),
    "linkage-contribution/v1": SignedKind(_contribution, "custodian/1", _record, (BAD_INPUT, BAD_KEY)),
}  # fmt: skip


@pytest.fixture(scope="session")
def kinds_of_notes() -> dict[str, SignedKind]:
    """Those kinds by name."""
    return {name.removeprefix("# "): kind for name, kind in SIGNED_KINDS.items()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `signed_kind` runs once for each of them."""
    if "signed_kind" in metafunc.fixturenames:
        metafunc.parametrize("signed_kind", SIGNED_KINDS.values(), ids=SIGNED_KINDS)
