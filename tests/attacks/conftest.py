"""A small round of two partners, sealed and submitted, for the attacks on linkage; and a custodian as a process, for those on it."""

import contextlib
import dataclasses
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ethics import LogKeys, draft_log_policy
from keys import Identity, Secret, TrustRegister, sign_note
from keys.ceremony_record import parse_record
from keys.notes import split_note
from keys.round_keys import PROJECT_SECRET
from keys.sessions import ask_to_open, contribute
from keys.trust import Entry
from linkage.central.receive import Doorstep, Received, receive
from linkage.manifest import Round
from linkage.partner.normalise import Cleaner, ColumnMapping
from linkage.partner.submission import Recipients, Submission, attribute_table, seal_submission
from linkage.partner.tokenise import Tokeniser
from linkage.schema import Schema, default_schema, load_schema
from service.custody.client import RemoteCustody
from service.custody.protocol import MAX_LINE
from service.demonstration.cast import ANALYST
from service.errors import BAD_INPUT, BAD_KEY, NOT_APPROVED
from service.release import Desk

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


# The command itself, with another clock: the demonstration's documents are of a day of their own. All that it imports is there already
# when a custodian is asked for, which is a child of this process, so that each starts at once.
NURSERY = """
import datetime, json, os, signal, sys, typer
import service.custody.server
from service import clock
from service.commands.custody import serve
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
for line in sys.stdin:
    now, said, seconds, words = json.loads(line)
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for out in (1, 2):
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), out)
    at = datetime.datetime.fromisoformat(now)
    clock.now = lambda: at
    service.custody.server.SECONDS_TO_ASK = seconds
    sys.argv = ["serve", *words]
    try:
        typer.run(serve)
    except SystemExit as ended:
        print("exit", ended.code or 0, flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="session")
def nursery() -> Iterator[Callable[..., int]]:
    """Starts the command `linkage custodian serve` as a process of its own; gives back its number."""
    parent = subprocess.Popen(
        [sys.executable, "-P", "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"

    def start(*words: str, now: datetime, said: Path, seconds: float) -> int:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(json.dumps([now.isoformat(), str(said), seconds, words]) + "\n")
        parent.stdin.flush()
        return int(parent.stdout.readline())

    yield start
    parent.stdin.close()
    parent.wait(timeout=60)
    parent.stdout.close()


@dataclass
class Served:
    """The office's custodian as a process of its own, at a socket in a folder of its own."""

    office: Any
    folder: Path
    nursery: Callable[..., int]
    process: int = 0

    @property
    def socket(self) -> Path:
        return self.folder / "custodian.sock"

    def said(self) -> str:
        """All that it has printed."""
        path = self.folder / "said.txt"
        return path.read_text("utf-8") if path.exists() else ""

    def start(self, *words: str, now: datetime | None = None, seconds: float = 5.0) -> None:
        """It answers, and gives a caller so many seconds to ask; `words` are further options of the command."""
        before = len(self.said())
        self.launch(*words, now=now, seconds=seconds)
        until(lambda: "answers at" in self.said()[before:] or "exit" in self.said()[before:])
        assert "exit" not in self.said()[before:], self.said()[before:]

    def launch(self, *words: str, now: datetime | None = None, seconds: float = 5.0) -> None:
        """The command runs; whether it answers is another question."""
        places = self.office.places
        named = ("--shared", places.shared, "--root", places.shared / "root.json", "--socket", self.socket)
        every = [str(w) for w in (places.custodian, *named, *words)]
        self.process = self.nursery(
            *every, now=now or self.office.now, said=self.folder / "said.txt", seconds=seconds
        )

    def ended(self, code: int) -> None:
        """The command that was launched has ended by itself with this exit code."""
        until(lambda: not _runs(self.process))
        self.process = 0
        assert self.said().endswith(f"exit {code}\n"), self.said()

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """It runs no more."""
        if not self.process:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, sign)
        until(lambda: not _runs(self.process))
        self.process = 0

    def kill(self) -> None:
        """It is gone from one moment to the next."""
        self.stop(signal.SIGKILL)

    def custody(
        self, *, identity: Identity | None = None, path: Path | None = None, **changes: Any
    ) -> RemoteCustody:
        """The custodian as the desk sees it, or as somebody else does."""
        people = self.office.cast.people
        return RemoteCustody(
            path or self.socket,
            identity=identity or people["desk/1"],
            **{"custodian": people["custodian/1"].public, "clock": lambda: self.office.now, "patience": 15.0}
            | changes,
        )

    def desk(self, **changes: Any) -> Desk:
        """The office's desk, which asks this custodian."""
        return dataclasses.replace(self.office.desk, custodian=self.custody(**changes))

    def send(self, content: bytes) -> bytes:
        """What comes back to some bytes, until the connection ends."""
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(15)
            wire.connect(str(self.socket))
            got = b""
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                wire.sendall(content)
                wire.shutdown(socket.SHUT_WR)
                while piece := wire.recv(1 << 16):
                    got += piece
            return got


def until(happened: Callable[[], bool]) -> None:
    """Returns once it has happened.

    Raises:
        AssertionError: it did not within a minute.
    """
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def served(office: Any, nursery: Callable[..., int]) -> Iterator[Served]:
    """The office's custodian, to be started as a process."""
    # A socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="c") as folder:
        one = Served(office, Path(folder), nursery)
        yield one
        one.stop()
        assert "Traceback" not in one.said()


@dataclass
class Between:
    """Somebody on the wire: sees every line both ways, and may change it. `None` in place of a line cuts the connection."""

    path: Path
    to: Path
    on_call: Callable[[bytes], bytes | None] = lambda line: line
    on_answer: Callable[[bytes], bytes | None] = lambda line: line
    calls: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Between":
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._listener.close()
        self.path.unlink()

    def _run(self) -> None:
        while not self._stop.is_set():
            if select.select([self._listener], [], [], 0.05)[0]:
                connection, _ = self._listener.accept()
                with connection:
                    self._carry(connection)

    def _carry(self, connection: socket.socket) -> None:
        self.calls.append(_line(connection))
        if (call := self.on_call(self.calls[-1])) is None:
            return
        with socket.socket(socket.AF_UNIX) as wire:
            try:
                wire.connect(str(self.to))
                wire.sendall(call)
                self.answers.append(_line(wire))
            except OSError:
                return
        if (answer := self.on_answer(self.answers[-1])) is not None:
            connection.sendall(answer)


def _line(wire: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\n") and len(got) <= MAX_LINE and (piece := wire.recv(1 << 16)):
        got += piece
    return got


@pytest.fixture
def between(served: Served) -> Callable[..., Between]:
    """Makes somebody between the desk and the served custodian."""
    return lambda **how: Between(served.socket.with_name("between.sock"), served.socket, **how)


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
