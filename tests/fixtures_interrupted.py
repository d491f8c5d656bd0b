"""A partner who sends and a centre that takes in, as processes that are killed just before they touch the disk."""

import hashlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keys import Identity, Secret, TrustRegister, open_sealed
from keys.trust import Entry
from linkage.central.receive import Doorstep, read_signed_manifest, receive
from linkage.errors import NotWritten
from linkage.manifest import MANIFEST_NAME, Manifest, Round
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.submission import Recipients
from linkage.partner.tokens import statistics
from linkage.schema import Schema, load_schema
from service.officer.intake import Export
from service.officer.mapping_file import MappingFile
from service.officer.office import Office
from service.officer.updates import submit_update, submit_whole

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FIRST = ["Mary", "Aisha", "Tom", "Wei", "Olga", "Femi", "Grace", "Ravi"]
LAST = ["Smith", "Okafor", "Patel", "Jones", "Nowak", "Khan", "Brown", "Evans", "Clarke"]
TOUCHING = {"open", "os.rename", "os.mkdir", "os.truncate"}
REMOVING = {"os.remove", "os.rmdir"}
LAST_MOMENTS = 16
MAPPING = MappingFile(
    mapping="linkage-mapping/v1",
    partner="police",
    record_id="id",
    identifiers={"forename": "forename", "surname": "surname", "date_of_birth": "born"},
    attributes={"custody": "custody"},
    token_gateway="made-up gateway",  # noqa: S106  the name of a legal gateway
    attribute_gateways={"custody": "made-up gateway"},
)


@dataclass
class Sender:
    """A partner's folder and a doorstep, and who is who. `out` is where the submission goes; so many `processes` share its passes."""

    root: Path
    schema: Schema
    people: dict[str, Identity]
    processes: int = 1

    @property
    def one(self) -> Round:
        return Round("safer-streets", 3, self.schema.digest)

    @property
    def out(self) -> Path:
        return self.root / "police" / "sent"

    @property
    def ledgers(self) -> Path:
        return self.root / "police" / "ledger"

    @property
    def doorstep(self) -> Doorstep:
        return Doorstep(*(self.root / n for n in ("linker", "assembler", "desk")))

    @property
    def trust(self) -> TrustRegister:
        officer, since = self.people["police/officer"].public, datetime(2026, 1, 1, tzinfo=UTC)
        return TrustRegister(
            "safer-streets", 1, (Entry(officer, "police", frozenset({"data-officer"}), since),)
        )

    @property
    def office(self) -> Office:
        recipients = Recipients(*(self.people[n].public for n in ("linker", "assembler", "custodian")))
        secret, own = (Secret(bytes([n] * 32), name="made up") for n in (1, 2))
        return Office(self.people["police/officer"], secret, own, self.one, self.schema, recipients)

    def export(self, first: int, last: int) -> Path:
        """The people of these numbers."""
        path = self.root / "police" / f"export-{first}-{last}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ["id,forename,surname,born,custody"]
        lines += [
            f"{n:03d},{FIRST[n % 8]},{LAST[n % 9]},19{60 + n % 40}-0{n % 9 + 1}-1{n % 10},yes"
            for n in range(first, last)
        ]
        path.write_text("\n".join(lines), "utf-8")
        return path

    def whole(self, out: Path | None = None) -> None:
        """The command of a first submission: always the same input, secrets and source of randomness."""
        rng = np.random.default_rng(4)
        submit_whole(
            Export(self.export(0, 60), MAPPING, self.root), office=self.office, ledger=self.ledgers, out=out or self.out, now=NOW,
            randomness=rng.bytes, processes=self.processes,
        )  # fmt: skip

    def update(self, out: Path | None = None) -> None:
        """The command of an update after it."""
        rng = np.random.default_rng(5)
        submit_update(
            Export(self.export(10, 70), MAPPING, self.root), office=self.office, ledger=self.ledgers, out=out or self.out, now=NOW,
            randomness=rng.bytes, processes=self.processes,
        )  # fmt: skip

    def take_in(self, folder: Path) -> None:
        """The centre's side."""
        centre = self.people["centre"]
        receive(folder, trust=self.trust, one=self.one, doorstep=self.doorstep, signer=centre, now=NOW)

    def read(self, folder: Path) -> Manifest:
        """The manifest, verified, with every file that it lists."""
        manifest = read_signed_manifest(folder, trust=self.trust, now=NOW)
        assert {p.name for p in folder.iterdir()} == {MANIFEST_NAME, *(f.name for f in manifest.files)}
        for one in manifest.files:
            content = (folder / one.name).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (one.size, one.sha256)
        return manifest

    def plain(self, folder: Path) -> dict[str, Any]:
        """What is inside the seals, and what the manifest says of records: all that does not depend on the seals' own randomness."""
        manifest = self.read(folder)
        found: dict[str, Any] = {
            "statistics": manifest.statistics,
            "gone": manifest.gone,
            "kind": manifest.kind,
        }
        for one in manifest.files:
            key, _, kind = one.name.removesuffix(".sealed").partition(".")
            if kind != "parquet":
                reader = "assembler" if kind == "map" or one.name == "records.gone.sealed" else "linker"
                context = self.one.context("police", key, *(["gone"] if kind == "gone" else []))
                found[one.name] = open_sealed(
                    (folder / one.name).read_bytes(), by=self.people[reader], context=context
                )
        return found

    def ledger_submissions(self) -> list[str]:
        """The submissions whose ledgers stand under their final names; each one opens."""
        found = []
        for path in sorted(self.ledgers.glob("0*.ledger")):
            submission = path.name[5:].removesuffix(".ledger")
            ledger = LedgerFolder(
                self.ledgers, officer=self.office.officer, one=self.one, partner="police"
            ).latest(after=submission)
            assert ledger.manifest.submission == submission
            found.append(submission)
        return found


@pytest.fixture
def sender(tmp_path: Path, few_keys: str, monkeypatch: pytest.MonkeyPatch) -> Sender:
    monkeypatch.setattr(statistics, "PAIRS", 500)
    text = few_keys.partition("  postcode-day:")[0]
    names = ("linker", "assembler", "custodian", "centre", "police/officer")
    people = {
        n: Identity.make(n, randomness=np.random.default_rng([5, at]).bytes) for at, n in enumerate(names)
    }
    return Sender(tmp_path, load_schema(text), people)


def in_child(step: Callable[[], None], *, prepare: Callable[[], None], after: float | None = None) -> int:
    """The step in a forked process, after `prepare` in it; what waitpid says. With `after` it is killed after so many seconds."""
    child = os.fork()
    if not child:
        code = 70
        os.setpgid(0, 0)
        try:
            prepare()
            step()
            code = 0
        except NotWritten:
            code = 10
        finally:
            os._exit(code)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    assert gone_within(child, seconds=5), "a process that the killed one had forked lives on"
    return status


def gone_within(group: int, *, seconds: float) -> bool:
    """Whether every process of the group has ended by then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(_alive(p, group) for p in Path("/proc").iterdir() if p.name.isdigit()):
            return True
        time.sleep(0.005)
    return False


def _alive(process: Path, group: int) -> bool:
    """Whether the process is of the group and has not ended; one that nobody has asked about yet counts as ended."""
    try:
        state, _, its_group = (process / "stat").read_text("ascii").rpartition(")")[2].split()[:3]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return int(its_group) == group and state != "Z"


def dying_at(number: int, *, under: Path, helper: bool = False) -> Callable[[], None]:
    """Kills its own process just before the n-th time it touches the folder's files, each flush included; at 0 it ends with their number. What processes
    touch that it forks does not count; or that alone does, of each by itself, if a `helper` is to die."""
    touched = [0]
    prepared: list[int] = []

    def touch() -> None:
        counts = (os.getpid() != prepared[0]) == helper
        touched[0] += counts
        if counts and touched[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        # What is removed with its folder is named relative to it.
        if event in REMOVING or (event in TOUCHING and any(str(a).startswith(str(under)) for a in arguments)):
            touch()

    def prepare() -> None:
        prepared.append(os.getpid())
        flush, leave = os.fsync, os._exit

        def fsync(file: int) -> None:
            touch()
            flush(file)

        os.fsync = fsync  # type: ignore[assignment]
        os._exit = lambda code: leave(code or (0 if number else touched[0]))  # type: ignore[assignment]
        sys.addaudithook(hook)

    return prepare


def deaths(step: Callable[[], None], *, under: Path, undo: Callable[[], None]) -> Iterator[int]:
    """Runs the step in processes that die a little later every time: at every fourth moment, each upon what the one before left; then at each of the last
    moments, upon nothing. After the last death the step is run once more, and lives."""
    touches = os.WEXITSTATUS(in_child(step, prepare=dying_at(0, under=under)))
    assert touches > LAST_MOMENTS
    undo()
    for number in (*range(1, touches - LAST_MOMENTS, 4), *range(touches - LAST_MOMENTS, touches + 1)):
        if number >= touches - LAST_MOMENTS:
            undo()
        status = in_child(step, prepare=dying_at(number, under=under))
        assert os.WIFSIGNALED(status), number
        yield number
    assert in_child(step, prepare=dying_at(-1, under=under)) == 0


def without_hidden(folder: Path) -> None:
    """Nothing is left in the folder of a run that died."""
    for path in folder.glob(".*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def nothing_left(sender: Sender) -> bool:
    return not sender.out.exists() and {p.name for p in sender.out.parent.iterdir()} <= {
        "ledger",
        "export-0-60.csv",
    }
