"""Files read and written past the system's cache are the same as if they were not, and where that cannot be, they are read and written as ever."""

import errno
import os
import sys
from io import FileIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.central import direct as module
from linkage.central.direct import BLOCK, STRETCH, Written, body_of, directly, in_memory, room_to_read

SIZE = 3 * STRETCH + 12_345
CONTENT = np.random.default_rng(7).integers(0, 256, SIZE, dtype=np.uint8).tobytes()
sizes = st.integers(0, 40_000) | st.sampled_from([BLOCK, STRETCH - 1, STRETCH, STRETCH + 1, 2 * STRETCH + 7])
places = st.integers(0, SIZE + 5) | st.sampled_from([0, BLOCK, STRETCH - 1, STRETCH, SIZE - 1, SIZE])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("direct") / "file"
    path.write_bytes(CONTENT)
    return path


def written(path: Path, pieces: list[bytes]) -> bytes:
    with path.open("wb", buffering=0) as out:
        file = Written(out)
        for piece in pieces:
            assert file.write(piece) == len(piece)
        file.finish()
    return path.read_bytes()


def pieces_of(several: list[int]) -> list[bytes]:
    ends = np.cumsum([0, *several]) % STRETCH
    return [(CONTENT * 2)[at : at + size] for at, size in zip(ends.tolist(), several, strict=False)]


@given(several=st.lists(sizes, max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_file_holds_what_was_written_to_it_whatever_the_pieces(
    tmp_path_factory: pytest.TempPathFactory, several: list[int]
) -> None:
    pieces = pieces_of(several)
    assert written(tmp_path_factory.mktemp("direct") / "file", pieces) == b"".join(pieces)


@pytest.mark.parametrize("held", [True, False])
@given(begin=places)
@settings(max_examples=30, deadline=None)
def test_what_stands_in_a_file_from_a_place_on_is_the_same_however_it_is_read(
    file: Path, held: bool, begin: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "in_memory", lambda _: held)
        found = [bytes(piece) for piece in body_of(file, begin=begin, room=room_to_read())]
        assert b"".join(found) == CONTENT[begin:]
        assert all(0 < len(piece) <= STRETCH for piece in found)


def test_memory_to_read_into_begins_at_a_block_and_holds_a_stretch_with_the_blocks_at_its_ends() -> None:
    for _ in range(5):
        room = room_to_read()
        assert np.frombuffer(room, dtype=np.uint8).ctypes.data % BLOCK == 0
        assert len(room) == STRETCH + 2 * BLOCK


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux writes past the cache")
@pytest.mark.parametrize("when", ["asked", "written"])
def test_a_disk_that_cannot_be_written_directly_is_written_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    refused = []
    true_fcntl = module.fcntl.fcntl

    def fcntl(file: FileIO, what: int, flags: int = 0) -> int:
        if what == module.fcntl.F_SETFL and flags & os.O_DIRECT and when == "asked":
            refused.append(what)
            raise OSError(errno.EINVAL, "invalid argument")
        return true_fcntl(file, what, flags)

    class Refusing(FileIO):
        def write(self, data: memoryview, /) -> int:  # type: ignore[override]  # as FileIO is called here
            if true_fcntl(self, module.fcntl.F_GETFL) & os.O_DIRECT and when == "written":
                refused.append(0)
                raise OSError(errno.EINVAL, "invalid argument")
            return super().write(data)

    monkeypatch.setattr(module.fcntl, "fcntl", fcntl)
    with Refusing(tmp_path / "file", "w") as out:
        its = Written(out)
        its.write(CONTENT)
        its.finish()
    assert (tmp_path / "file").read_bytes() == CONTENT
    # A temporary folder may lie where nothing is written directly.
    assert refused or not opens_directly(tmp_path / "file")


def opens_directly(path: Path) -> bool:
    file = directly(path)
    if file is not None:
        file.close()
    return file is not None


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    class Full(FileIO):
        def write(self, _: object, /) -> int:
            raise OSError(errno.ENOSPC, "no space left on device")

    with Full(tmp_path / "file", "w") as out, pytest.raises(OSError, match="no space left"):
        Written(out).write(CONTENT)


def test_a_system_that_writes_less_than_it_was_given_is_given_the_rest(tmp_path: Path) -> None:
    class Slow(FileIO):
        def write(self, data: memoryview, /) -> int:  # type: ignore[override]  # as FileIO is called here
            return super().write(data[: 2 * BLOCK])

    with Slow(tmp_path / "file", "w") as out:
        its = Written(out)
        its.write(CONTENT)
        its.finish()
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("fault", "held"), [(None, True), (BlockingIOError(), False), (OSError(95, "not supported"), True)]
)
def test_a_file_counts_as_in_memory_unless_the_system_would_have_to_wait_for_it(
    file: Path, monkeypatch: pytest.MonkeyPatch, fault: OSError | None, held: bool
) -> None:
    def preadv(_file: int, _into: object, _place: int, flags: int) -> int:
        assert flags == 8
        if fault is not None:
            raise fault
        return 1

    monkeypatch.setattr(os, "RWF_NOWAIT", 8, raising=False)
    monkeypatch.setattr(os, "preadv", preadv, raising=False)
    with FileIO(file) as its:
        assert in_memory(its) is held


def test_a_system_that_cannot_say_what_is_in_memory_is_read_as_ever(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    with FileIO(file) as its:
        assert in_memory(its)


def test_a_file_that_does_not_open_directly_is_read_as_ever(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> int:
        raise OSError(22, "invalid argument")

    monkeypatch.setattr(os, "O_DIRECT", 1 << 14, raising=False)
    monkeypatch.setattr(os, "open", refuses)
    assert directly(file) is None
    monkeypatch.delattr(os, "O_DIRECT")
    assert directly(file) is None
