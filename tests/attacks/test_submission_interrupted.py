"""Whatever kills a run, and whenever: nothing half-written stands under its final name, and the same command run again ends as if nothing had been."""

import errno
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.central.receive import withdraw
from linkage.drafts import alone
from linkage.errors import BadInput, NotWritten
from linkage.manifest import MANIFEST_NAME
from linkage.partner.ledger.folder import LedgerFolder
from tests.fixtures_interrupted import Sender, deaths, in_child, nothing_left, without_hidden

if sys.platform == "win32":
    pytest.skip("processes are forked and killed", allow_module_level=True)


@pytest.mark.parametrize(("kind", "by"), [("whole", 1), ("update", 1), ("update", 2)])
def test_a_submission_killed_before_any_touch_of_the_disk_is_whole_or_not_there(
    sender: Sender, kind: str, by: int
) -> None:
    sender.processes = by
    if kind == "update":
        sender.whole(sender.root / "police" / "before")
    step: Callable[[Path | None], None] = getattr(sender, kind)
    kept = shutil.copytree(sender.ledgers, sender.root / "kept") if kind == "update" else None
    step(sender.root / "police" / "uninterrupted")
    wanted = sender.plain(sender.root / "police" / "uninterrupted")

    def start_over() -> None:
        shutil.rmtree(sender.ledgers, ignore_errors=True)
        if kept is not None:
            shutil.copytree(kept, sender.ledgers)

    start_over()
    before = sender.ledger_submissions() if kept is not None else []
    whole = 0

    def undo() -> None:
        shutil.rmtree(sender.out, ignore_errors=True)
        without_hidden(sender.out.parent)
        start_over()

    for _ in deaths(lambda: step(None), under=sender.root / "police", undo=undo):
        if not sender.out.exists():
            assert sender.ledger_submissions() == before
            continue
        whole += 1
        assert sender.plain(sender.out) == wanted
        submission = sender.read(sender.out).submission
        assert sender.ledger_submissions() in (before, [*before, submission])
        with LedgerFolder(
            sender.ledgers, officer=sender.office.officer, one=sender.one, partner="police"
        ).opened():
            assert sender.ledger_submissions() == [*before, submission]
        with pytest.raises(BadInput, match="sent exists already"):
            step(None)
        undo()
    assert whole >= 4
    assert sender.plain(sender.out) == wanted
    assert sender.ledger_submissions() == [*before, sender.read(sender.out).submission]
    assert [p.name for p in sender.out.parent.iterdir() if p.name.startswith(".")] == []
    assert [p.name for p in sender.ledgers.iterdir() if p.name.startswith(".")] == []


def test_a_receipt_killed_before_any_touch_of_the_disk_has_received_all_or_nothing(sender: Sender) -> None:
    before, update = (sender.root / "police" / n for n in ("before", "update"))
    sender.whole(before)
    sender.update(update)
    files = {f.name: (update / f.name).read_bytes() for f in sender.read(update).files}
    chains = [sender.root / n / "police" for n in ("linker", "assembler", "desk")]

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

    sender.take_in(before)
    received = 0
    for _ in deaths(lambda: sender.take_in(update), under=sender.root, undo=undo):
        there = [c / "update-0001" for c in chains if (c / "update-0001").exists()]
        assert all(whole(folder) for folder in there)
        if (chains[2] / "update-0001").exists():
            received += 1
            assert len(there) == 3
            undo()
    assert received
    assert sum(len(list((c / "update-0001").iterdir())) for c in chains) == len(files) + 3
    assert not [p for place_of in chains for p in place_of.parent.rglob(".*")]


def test_what_a_killed_withdrawal_left_is_withdrawn_by_the_next(sender: Sender) -> None:
    sender.whole(sender.out)
    sender.take_in(sender.out)

    def step() -> None:
        withdraw("police", doorstep=sender.doorstep)

    def undo() -> None:
        step()
        sender.take_in(sender.out)

    for _ in deaths(step, under=sender.root, undo=undo):
        for folder in (sender.root / n / "police" for n in ("linker", "assembler", "desk")):
            assert not folder.exists() or (folder / MANIFEST_NAME).exists()
    assert not [p for n in ("linker", "assembler", "desk") for p in (sender.root / n).iterdir()]
    sender.take_in(sender.out)


@pytest.mark.parametrize("by", [1, 2])
def test_a_submission_killed_at_any_moment_leaves_nothing_and_can_be_run_again(sender: Sender, by: int) -> None:
    sender.processes = by
    started = time.perf_counter()
    sender.whole(sender.root / "police" / "uninterrupted")
    took = time.perf_counter() - started
    wanted = sender.plain(sender.root / "police" / "uninterrupted")
    killed = 0
    for share in (0.1, 0.35, 0.6, 0.8):
        status = in_child(sender.whole, prepare=lambda: None, after=took * share)
        killed += os.WIFSIGNALED(status)
        if sender.out.exists():
            assert sender.plain(sender.out) == wanted
            shutil.rmtree(sender.out)
    assert killed
    sender.whole()
    assert sender.plain(sender.out) == wanted


def test_the_same_input_secrets_and_randomness_give_the_same_plain_files(sender: Sender) -> None:
    for out in ("one", "two"):
        sender.whole(sender.root / "police" / out)
    first, second = (sender.plain(sender.root / "police" / out) for out in ("one", "two"))
    assert first == second
    sealed = [(sender.root / "police" / out / "born-name.tokens.sealed").read_bytes() for out in ("one", "two")]
    assert sealed[0] != sealed[1]


def test_two_runs_at_once_are_told_apart_and_a_dead_ones_lock_holds_nobody(sender: Sender) -> None:
    with (
        alone(sender.out),
        pytest.raises(NotWritten, match=rf"another run \(process {os.getpid()}\) is writing sent"),
    ):
        sender.whole()
    with alone(sender.ledgers), pytest.raises(NotWritten, match="is writing ledger"):
        sender.whole()
    sender.whole()
    with alone(sender.doorstep.desk / "police"), pytest.raises(NotWritten, match="is writing police"):
        sender.take_in(sender.out)
    (sender.doorstep.desk / ".police.lock").write_text("4000000\n", "ascii")
    sender.take_in(sender.out)


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
    sender: Sender, monkeypatch: pytest.MonkeyPatch, code: int, saying: str
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
            sender.whole()
        assert nothing_left(sender)
        if number > 1:
            monkeypatch.setattr(os, "fsync", flush)
            sender.whole(sender.root / "received" / str(number))
            left[0] = number
            monkeypatch.setattr(os, "fsync", fsync)
            with pytest.raises(NotWritten, match=saying):
                sender.take_in(sender.root / "received" / str(number))
            assert not [p for n in ("linker", "assembler", "desk") for p in (sender.root / n).iterdir()]
    monkeypatch.setattr(os, "fsync", flush)
    sender.whole()
    sender.take_in(sender.out)


@pytest.mark.parametrize("by", [1, 2])
def test_a_file_that_may_not_grow_any_more_is_a_full_disk(sender: Sender, by: int) -> None:
    sender.processes = by

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_500, 2_500))

    assert os.WEXITSTATUS(in_child(sender.whole, prepare=limit)) == 10
    assert nothing_left(sender)


def test_an_officer_who_stops_a_run_leaves_nothing(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", stop)
        with pytest.raises(KeyboardInterrupt):
            sender.whole()
    assert nothing_left(sender)
    sender.whole()


def test_a_lock_goes_with_the_process_that_took_it_whatever_it_has_forked(sender: Sender) -> None:
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        with alone(sender.out):
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
        with alone(sender.out):
            pass
    finally:
        os.kill(grandchild, signal.SIGKILL)
        os.close(ours)
        os.close(theirs)
