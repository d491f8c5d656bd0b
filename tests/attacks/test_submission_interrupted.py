"""Whatever kills a run, and whenever: nothing half-written stands under its final name, and the same command run again ends as if nothing had been."""

import errno
import hashlib
import io
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keys import Identity, Secret, TrustRegister, open_sealed
from keys.sealing import read_header, unwrap_key
from keys.trust import Entry
from linkage.central.receive import Doorstep, read_signed_manifest, receive, withdraw
from linkage.drafts import alone
from linkage.errors import BadInput, NotWritten, RawValueFound
from linkage.manifest import MANIFEST_NAME, Manifest, Round
from linkage.partner import processes, sealed_files
from linkage.partner.ledger.folder import LedgerFolder
from linkage.partner.submission import Recipients
from linkage.partner.tokens import statistics
from linkage.schema import Schema, load_schema
from linkage.tokens import TOKENS_FORMAT
from service.demonstration.partners import Export, Office
from service.officer.mapping_file import MappingFile
from service.officer.updates import submit_update, submit_whole

if sys.platform == "win32":
    pytest.skip("processes are forked and killed", allow_module_level=True)

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
class Place:
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
def place(tmp_path: Path, few_keys: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(statistics, "PAIRS", 500)
    text = few_keys.partition("  postcode-day:")[0]
    names = ("linker", "assembler", "custodian", "centre", "police/officer")
    people = {
        n: Identity.make(n, randomness=np.random.default_rng([5, at]).bytes) for at, n in enumerate(names)
    }
    return Place(tmp_path, load_schema(text), people)


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


@pytest.mark.parametrize(("kind", "by"), [("whole", 1), ("update", 1), ("update", 2)])
def test_a_submission_killed_before_any_touch_of_the_disk_is_whole_or_not_there(
    place: Place, kind: str, by: int
) -> None:
    place.processes = by
    if kind == "update":
        place.whole(place.root / "police" / "before")
    step: Callable[[Path | None], None] = getattr(place, kind)
    kept = shutil.copytree(place.ledgers, place.root / "kept") if kind == "update" else None
    step(place.root / "police" / "uninterrupted")
    wanted = place.plain(place.root / "police" / "uninterrupted")

    def start_over() -> None:
        shutil.rmtree(place.ledgers, ignore_errors=True)
        if kept is not None:
            shutil.copytree(kept, place.ledgers)

    start_over()
    before = place.ledger_submissions() if kept is not None else []
    whole = 0

    def undo() -> None:
        shutil.rmtree(place.out, ignore_errors=True)
        without_hidden(place.out.parent)
        start_over()

    for _ in deaths(lambda: step(None), under=place.root / "police", undo=undo):
        if not place.out.exists():
            assert place.ledger_submissions() == before
            continue
        whole += 1
        assert place.plain(place.out) == wanted
        submission = place.read(place.out).submission
        assert place.ledger_submissions() in (before, [*before, submission])
        with LedgerFolder(
            place.ledgers, officer=place.office.officer, one=place.one, partner="police"
        ).opened():
            assert place.ledger_submissions() == [*before, submission]
        with pytest.raises(BadInput, match="sent exists already"):
            step(None)
        undo()
    assert whole >= 4
    assert place.plain(place.out) == wanted
    assert place.ledger_submissions() == [*before, place.read(place.out).submission]
    assert [p.name for p in place.out.parent.iterdir() if p.name.startswith(".")] == []
    assert [p.name for p in place.ledgers.iterdir() if p.name.startswith(".")] == []


def test_a_receipt_killed_before_any_touch_of_the_disk_has_received_all_or_nothing(place: Place) -> None:
    before, update = (place.root / "police" / n for n in ("before", "update"))
    place.whole(before)
    place.update(update)
    files = {f.name: (update / f.name).read_bytes() for f in place.read(update).files}
    chains = [place.root / n / "police" for n in ("linker", "assembler", "desk")]

    def whole(folder: Path) -> bool:
        """Every folder under a final name holds just what its reader gets."""
        its = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
        assert its.pop(MANIFEST_NAME) == (update / MANIFEST_NAME).read_bytes()
        assert its.items() <= files.items()
        return len(its) == {"linker": 4, "assembler": 4, "desk": 1}[folder.parents[1].name]

    def undo() -> None:
        for chain in chains:
            shutil.rmtree(chain / "update-0001", ignore_errors=True)
            without_hidden(chain)
            without_hidden(chain.parent)

    place.take_in(before)
    received = 0
    for _ in deaths(lambda: place.take_in(update), under=place.root, undo=undo):
        there = [c / "update-0001" for c in chains if (c / "update-0001").exists()]
        assert all(whole(folder) for folder in there)
        if (chains[2] / "update-0001").exists():
            received += 1
            assert len(there) == 3
            undo()
    assert received
    assert sum(len(list((c / "update-0001").iterdir())) for c in chains) == len(files) + 3
    assert not [p for place_of in chains for p in place_of.parent.rglob(".*")]


def test_what_a_killed_withdrawal_left_is_withdrawn_by_the_next(place: Place) -> None:
    place.whole(place.out)
    place.take_in(place.out)

    def step() -> None:
        withdraw("police", doorstep=place.doorstep)

    def undo() -> None:
        step()
        place.take_in(place.out)

    for _ in deaths(step, under=place.root, undo=undo):
        for folder in (place.root / n / "police" for n in ("linker", "assembler", "desk")):
            assert not folder.exists() or (folder / MANIFEST_NAME).exists()
    assert not [p for n in ("linker", "assembler", "desk") for p in (place.root / n).iterdir()]
    place.take_in(place.out)


@pytest.mark.parametrize("by", [1, 2])
def test_a_submission_killed_at_any_moment_leaves_nothing_and_can_be_run_again(place: Place, by: int) -> None:
    place.processes = by
    started = time.perf_counter()
    place.whole(place.root / "police" / "uninterrupted")
    took = time.perf_counter() - started
    wanted = place.plain(place.root / "police" / "uninterrupted")
    killed = 0
    for share in (0.1, 0.35, 0.6, 0.8):
        status = in_child(place.whole, prepare=lambda: None, after=took * share)
        killed += os.WIFSIGNALED(status)
        if place.out.exists():
            assert place.plain(place.out) == wanted
            shutil.rmtree(place.out)
    assert killed
    place.whole()
    assert place.plain(place.out) == wanted


def test_the_same_input_secrets_and_randomness_give_the_same_plain_files(place: Place) -> None:
    for out in ("one", "two"):
        place.whole(place.root / "police" / out)
    first, second = (place.plain(place.root / "police" / out) for out in ("one", "two"))
    assert first == second
    sealed = [(place.root / "police" / out / "born-name.tokens.sealed").read_bytes() for out in ("one", "two")]
    assert sealed[0] != sealed[1]


def test_two_runs_at_once_are_told_apart_and_a_dead_ones_lock_holds_nobody(place: Place) -> None:
    with (
        alone(place.out),
        pytest.raises(NotWritten, match=rf"another run \(process {os.getpid()}\) is writing sent"),
    ):
        place.whole()
    with alone(place.ledgers), pytest.raises(NotWritten, match="is writing ledger"):
        place.whole()
    place.whole()
    with alone(place.doorstep.desk / "police"), pytest.raises(NotWritten, match="is writing police"):
        place.take_in(place.out)
    (place.doorstep.desk / ".police.lock").write_text("4000000\n", "ascii")
    place.take_in(place.out)


def nothing_left(place: Place) -> bool:
    return not place.out.exists() and {p.name for p in place.out.parent.iterdir()} <= {
        "ledger",
        "export-0-60.csv",
    }


@pytest.mark.parametrize(
    ("code", "saying"),
    [
        (errno.ENOSPC, "the disk is full: free some space"),
        (errno.EDQUOT, "the disk is full"),
        (errno.ESTALE, "network share was lost: connect it"),
        (errno.EACCES, "writing is not allowed there"),
        (errno.EMLINK, "Too many links"),
    ],
)
def test_what_the_system_refuses_is_said_with_what_to_do_and_leaves_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, code: int, saying: str
) -> None:
    flush = os.fsync
    for number in (1, 4, 8):
        left = [number]

        def fsync(file: int, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise OSError(code, os.strerror(code))
            flush(file)

        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(NotWritten, match=rf"could not be written, and nothing of it was left: .*{saying}"):
            place.whole()
        assert nothing_left(place)
        if number > 1:
            monkeypatch.setattr(os, "fsync", flush)
            place.whole(place.root / "received" / str(number))
            left[0] = number
            monkeypatch.setattr(os, "fsync", fsync)
            with pytest.raises(NotWritten, match=saying):
                place.take_in(place.root / "received" / str(number))
            assert not [p for n in ("linker", "assembler", "desk") for p in (place.root / n).iterdir()]
    monkeypatch.setattr(os, "fsync", flush)
    place.whole()
    place.take_in(place.out)


@pytest.mark.parametrize("by", [1, 2])
def test_a_file_that_may_not_grow_any_more_is_a_full_disk(place: Place, by: int) -> None:
    place.processes = by

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_500, 2_500))

    assert os.WEXITSTATUS(in_child(place.whole, prepare=limit)) == 10
    assert nothing_left(place)


def test_an_officer_who_stops_a_run_leaves_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", stop)
        with pytest.raises(KeyboardInterrupt):
            place.whole()
    assert nothing_left(place)
    place.whole()


only_linux = pytest.mark.skipif(sys.platform != "linux", reason="passes are shared out on Linux alone")


def without_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def in_helpers(instead: Callable[[], None]) -> Callable[[int], None]:
    """What stands for flushing a file: in processes that this one forks, something else."""
    here, flush = os.getpid(), os.fsync

    def fsync(file: int) -> None:
        if os.getpid() != here:
            instead()
        flush(file)

    return fsync


@only_linux
@pytest.mark.parametrize("several", [2, 3])
def test_what_several_processes_make_is_what_one_makes(
    place: Place, few_keys: str, tmp_path: Path, several: int
) -> None:
    told = []
    for number in (1, several):
        its = Place(tmp_path / str(number), load_schema(few_keys), place.people, number)
        its.whole()
        its.update(its.root / "police" / "update")
        manifests = [its.read(f) for f in (its.out, its.root / "police" / "update")]
        ledger = LedgerFolder(its.ledgers, officer=its.office.officer, one=its.one, partner="police").latest()
        passes = {
            key: [c.tolist() for c in (one.row_ref, one.record, one.bands)]
            for key, one in ledger.passes.items()
        }
        told.append(
            (
                its.plain(its.out),
                its.plain(its.root / "police" / "update"),
                [[f.name for f in m.files] for m in manifests],
                passes,
            )
        )
    assert told[0] == told[1]
    assert len(told[0][3]) == 4
    assert without_children()


@only_linux
def test_a_readable_value_in_a_pass_that_another_process_made_stops_the_submission(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = sealed_files.chunk_writer

    @contextmanager
    def leaking(sink: io.IOBase, **given: Any) -> Iterator[Callable[..., None]]:
        with plain(sink, **given) as take:
            yield take
        if given["kind"] == TOKENS_FORMAT:
            sink.write(b"Okafor, Okafor, Okafor, Okafor and Okafor")

    monkeypatch.setattr(sealed_files, "chunk_writer", leaking)
    said = []
    for place.processes in (1, 2):
        with pytest.raises(
            RawValueFound, match=r"tokens\.sealed before it is sealed, byte .* of surname"
        ) as found:
            place.whole()
        said.append(str(found.value))
        assert not place.out.exists()
    assert said[0] == said[1]
    assert without_children()


@only_linux
def test_no_two_files_of_several_processes_are_sealed_under_one_key(place: Place) -> None:
    place.processes = 2
    place.whole()
    keys = set()
    sealed = [f.name for f in place.read(place.out).files if f.name.endswith(".sealed")]
    for name in sealed:
        key, _, kind = name.removesuffix(".sealed").partition(".")
        with (place.out / name).open("rb") as source:
            wrapped = read_header(source).wrapped
        reader = place.people["linker" if kind == "tokens" else "assembler"]
        keys.add(unwrap_key(wrapped, by=reader, context=place.one.context("police", key)).expose())
    assert len(keys) == len(sealed) == 5


@only_linux
def test_a_helper_killed_before_any_touch_of_the_disk_takes_the_submission_with_it(place: Place) -> None:
    place.processes, died = 2, 0
    for number in range(1, 20):
        prepare = dying_at(number, under=place.root / "police", helper=True)
        if not os.WEXITSTATUS(in_child(place.whole, prepare=prepare)):
            break
        died += 1
        assert nothing_left(place)
    assert 4 <= died < 19
    assert place.plain(place.out)


@only_linux
def test_a_helper_that_the_system_kills_is_named_with_what_to_do(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.processes = 2
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", in_helpers(lambda: os.kill(os.getpid(), signal.SIGKILL)))
        with pytest.raises(NotWritten, match=r"by signal 9 \(SIGKILL\), and nothing was left: .*--processes 1"):
            place.whole()
    assert nothing_left(place)
    assert without_children()
    place.whole()


@only_linux
def test_what_the_system_refuses_a_helper_is_said_as_it_is_of_one_process(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    place.processes = 2
    monkeypatch.setattr(os, "fsync", in_helpers(refuse))
    with pytest.raises(
        NotWritten, match="sent could not be written, and nothing of it was left: the disk is full"
    ):
        place.whole()
    assert nothing_left(place)
    assert without_children()


@only_linux
def test_an_officer_who_stops_a_run_of_several_processes_leaves_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    place.processes = 2
    monkeypatch.setattr(processes, "wait", stop)
    with pytest.raises(KeyboardInterrupt):
        place.whole()
    assert nothing_left(place)
    assert without_children()


@only_linux
def test_helpers_that_hang_end_with_the_process_that_forked_them(place: Place) -> None:
    place.processes = 2
    marks = place.root / "hanging"
    marks.mkdir()

    def hang() -> None:
        (marks / str(os.getpid())).touch()
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - {signal.SIGIO})
        time.sleep(600)

    def prepare() -> None:
        os.fsync = in_helpers(hang)  # type: ignore[assignment]

    child = os.fork()
    if not child:
        try:
            os.setpgid(0, 0)
            prepare()
            place.whole()
        finally:
            os._exit(70)
    while len(list(marks.iterdir())) < 2:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert gone_within(child, seconds=5)
    place.whole()


def test_a_lock_goes_with_the_process_that_took_it_whatever_it_has_forked(place: Place) -> None:
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        with alone(place.out):
            grandchild = os.fork()
            if not grandchild:
                time.sleep(600)
                os._exit(0)
            os.write(theirs, f"{grandchild}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    grandchild = int(os.read(ours, 20))
    try:
        os.kill(grandchild, 0)
        with alone(place.out):
            pass
    finally:
        os.kill(grandchild, signal.SIGKILL)
        os.close(ours)
        os.close(theirs)
