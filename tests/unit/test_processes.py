"""Work shared out among forked processes: the same as one would make, in the same order, faults included."""

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from linkage.errors import BadInput, NotWritten
from linkage.partner import processes
from linkage.partner.processes import Told, processes_for, shared_out
from linkage.partner.tokens.scratch import Scratch
from tests.children import children

if sys.platform != "linux":
    pytest.skip("processes are forked on Linux alone", allow_module_level=True)


def made_by(count: int, *, by: int, make: Callable[[int], int]) -> list[int]:
    told = shared_out(
        count,
        make=lambda at: Told({"made": make(at)}),
        processes=by,
        begin=lambda *_: None,
        costs=[0.0] * count,
    )
    return [one.words["made"] for one in told]


def nothing(_: int) -> Told:
    return Told({})


@pytest.mark.parametrize("by", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_pieces_come_back_in_their_order_whoever_made_them(count: int, by: int) -> None:
    assert made_by(count, by=by, make=lambda at: at * at) == [n * n for n in range(count)]


def test_several_processes_make_them_and_one_forks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(_: int) -> int:
        time.sleep(0.02)
        return os.getpid()

    found = made_by(6, by=2, make=make)
    assert len(set(found)) == 2
    assert os.getpid() not in found
    monkeypatch.delattr(os, "fork")
    assert made_by(3, by=1, make=make) == [os.getpid()] * 3
    assert made_by(1, by=4, make=make) == [os.getpid()]


def test_what_costs_most_is_begun_first_and_progress_counts_what_is_made() -> None:
    begun: list[tuple[int, int]] = []
    shared_out(
        5,
        make=nothing,
        processes=2,
        begin=lambda at, made: begun.append((at, made)),
        costs=[1, 5, 3, 4, 2],
    )
    assert [at for at, _ in begun] == [1, 3, 2, 4, 0]
    assert [made for _, made in begun][:3] in ([0, 0, 1], [0, 0, 2])
    begun.clear()
    shared_out(3, make=nothing, processes=1, begin=lambda at, made: begun.append((at, made)), costs=[1, 5, 3])
    assert begun == [(0, 0), (1, 1), (2, 2)]


@pytest.mark.parametrize("size", [0, 1, 5, 300_000])
def test_arrays_come_back_as_they_were(size: int) -> None:
    rng = np.random.default_rng(2)
    arrays = tuple(rng.integers(0, 100, size).astype(kind) for kind in (np.int64, np.int32, np.int16, np.uint8))
    for one in shared_out(
        2, make=lambda _: Told({"n": "é"}, arrays), processes=2, begin=lambda *_: None, costs=[0.0, 0.0]
    ):
        assert one.words == {"n": "é"}
        assert [(a.dtype, a.tolist()) for a in one.arrays] == [(a.dtype, a.tolist()) for a in arrays]


@pytest.mark.parametrize(
    ("fault", "comes_as", "saying"),
    [
        (BadInput("row 7 has no end"), BadInput, "row 7 has no end"),
        (OSError(errno.ENOSPC, "No space left on device"), OSError, "No space left on device"),
        (MemoryError(), MemoryError, ""),
        (NotWritten("the disk is full"), NotWritten, "the disk is full"),
        (KeyError("Mary"), RuntimeError, "KeyError in a process that made a pass"),
    ],
)
def test_a_fault_is_raised_here_as_it_was_there(
    fault: Exception, comes_as: type[Exception], saying: str
) -> None:
    def make(at: int) -> int:
        if at == 3:
            raise fault
        return at

    before = children()
    with pytest.raises(comes_as) as raised:
        made_by(5, by=2, make=make)
    assert saying in str(raised.value)
    assert "Mary" not in str(raised.value)
    assert any("raise fault" in note for note in raised.value.__notes__)
    assert getattr(raised.value, "errno", None) == getattr(fault, "errno", None)
    assert children() == before


@pytest.mark.parametrize("can", [0, 1])
def test_a_system_that_refuses_a_fork_gets_fewer_processes(can: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, left = os.fork, [can]

    def fork() -> int:
        if not left[0]:
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        left[0] -= 1
        return plain()

    opened = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fork", fork)
        found = made_by(4, by=3, make=lambda _: os.getpid())
    assert len(set(found)) == 1
    assert (found[0] == os.getpid()) == (not can)
    assert len(list(Path("/proc/self/fd").iterdir())) == opened


def test_how_many_processes_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, records, asked, wanted in [
        (1, 10**6, None, 1),
        (2, 10**6, None, 2),
        (64, 10**6, None, 4),
        (64, 19_999, None, 1),
        (2, 100, 3, 3),
        (2, 10**6, 1, 1),
    ]:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        assert processes_for(records, asked=asked) == wanted
    monkeypatch.setattr(processes, "CAN_FORK", False)
    assert processes_for(10**6, asked=None) == processes_for(10**6, asked=2) == 1


def test_processes_read_one_scratch_file_beside_each_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    arrays = [rng.integers(0, 2**62, size) for size in (40_000, 300, 70_000, 9)]
    scratch = Scratch(tmp_path / "out", memory=0)
    kept = [scratch.put(a) for a in arrays]

    def right(at: int) -> bool:
        return all(bool((kept[at % 4]() == arrays[at % 4]).all()) for _ in range(60))

    assert made_by(8, by=3, make=right) == [True] * 8
    scratch.close()
