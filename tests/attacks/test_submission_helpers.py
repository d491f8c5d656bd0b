"""A submission whose passes several processes make: the same as one makes, and whatever ends one of them ends the submission, with nothing left."""

import errno
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from keys.sealing import read_header, unwrap_key
from linkage.errors import NotWritten, RawValueFound
from linkage.partner import processes, sealed_files
from linkage.partner.ledger.folder import LedgerFolder
from linkage.schema import load_schema
from linkage.tokens import TOKENS_FORMAT
from tests.children import children
from tests.fixtures_interrupted import Sender, dying_at, gone_within, in_child, nothing_left

if sys.platform == "win32":
    pytest.skip("processes are forked and killed", allow_module_level=True)

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="passes are shared out on Linux alone")


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    before = children()
    yield
    assert children() == before


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
    sender: Sender, few_keys: str, tmp_path: Path, several: int
) -> None:
    told = []
    for number in (1, several):
        its = Sender(tmp_path / str(number), load_schema(few_keys), sender.people, number)
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


@only_linux
def test_a_readable_value_in_a_pass_that_another_process_made_stops_the_submission(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
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
    for sender.processes in (1, 2):
        with pytest.raises(
            RawValueFound, match=r"tokens\.sealed before it is sealed, byte .* of surname"
        ) as found:
            sender.whole()
        said.append(str(found.value))
        assert not sender.out.exists()
    assert said[0] == said[1]


@only_linux
def test_no_two_files_of_several_processes_are_sealed_under_one_key(sender: Sender) -> None:
    sender.processes = 2
    sender.whole()
    keys = set()
    sealed = [f.name for f in sender.read(sender.out).files if f.name.endswith(".sealed")]
    for name in sealed:
        key, _, kind = name.removesuffix(".sealed").partition(".")
        with (sender.out / name).open("rb") as source:
            wrapped = read_header(source).wrapped
        reader = sender.people["linker" if kind == "tokens" else "assembler"]
        keys.add(unwrap_key(wrapped, by=reader, context=sender.one.context("police", key)).expose())
    assert len(keys) == len(sealed) == 5


@only_linux
def test_a_helper_killed_before_any_touch_of_the_disk_takes_the_submission_with_it(sender: Sender) -> None:
    sender.processes, died = 2, 0
    for number in range(1, 20):
        prepare = dying_at(number, under=sender.root / "police", helper=True)
        if not os.WEXITSTATUS(in_child(sender.whole, prepare=prepare)):
            break
        died += 1
        assert nothing_left(sender)
    assert 4 <= died < 19
    assert sender.plain(sender.out)


@only_linux
def test_a_helper_that_the_system_kills_is_named_with_what_to_do(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.processes = 2
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", in_helpers(lambda: os.kill(os.getpid(), signal.SIGKILL)))
        with pytest.raises(NotWritten, match=r"by signal 9 \(SIGKILL\), and nothing was left: .*--processes 1"):
            sender.whole()
    assert nothing_left(sender)
    sender.whole()


@only_linux
def test_what_the_system_refuses_a_helper_is_said_as_it_is_of_one_process(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sender.processes = 2
    monkeypatch.setattr(os, "fsync", in_helpers(refuse))
    with pytest.raises(
        NotWritten, match="sent could not be written, and nothing of it was left: the disk is full"
    ):
        sender.whole()
    assert nothing_left(sender)


@only_linux
def test_an_officer_who_stops_a_run_of_several_processes_leaves_nothing(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    sender.processes = 2
    monkeypatch.setattr(processes, "wait", stop)
    with pytest.raises(KeyboardInterrupt):
        sender.whole()
    assert nothing_left(sender)


@only_linux
def test_helpers_that_hang_end_with_the_process_that_forked_them(sender: Sender) -> None:
    sender.processes = 2
    marks = sender.root / "hanging"
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
            sender.whole()
        finally:
            os._exit(70)
    while len(list(marks.iterdir())) < 2:
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert gone_within(child, seconds=5)
    sender.whole()
