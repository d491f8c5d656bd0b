"""A submission of which any one byte was altered, or that was cut at any length, does not come in, and no later reader opens it."""

import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keys import Identity
from linkage.central import receive as central
from linkage.errors import BadSubmission
from linkage.manifest import MANIFEST_NAME
from service.errors import BAD_INPUT
from service.shared import read_project

RECORDS = 3
MEMORY = "/dev/shm"  # noqa: S108  a folder of our own is made in it
SEALED = ("attributes.parquet", "born.map.sealed", "born.tokens.sealed", "records.map.sealed")
Arrive = Callable[[], None]


@pytest.fixture
def sent(partnership: Any) -> Path:
    """A submission as small as one can be: three records, one match key, one attribute."""
    partnership.export = functools.partial(partnership.export, people=RECORDS)
    partnership.well(partnership.submit("police", out="small"))
    folder = Path(partnership.home("police/officer") / "small")
    assert sorted(p.name for p in folder.iterdir()) == sorted([*SEALED, MANIFEST_NAME])
    return folder


@pytest.fixture
def arrived(sent: Path) -> Iterator[Path]:
    """The same on a disk in memory, where there is one: it is written some thirty thousand times."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        yield Path(shutil.copytree(sent, Path(folder) / "small"))


@pytest.fixture
def arrive(partnership: Any, arrived: Path, monkeypatch: pytest.MonkeyPatch) -> Arrive:
    """What `desk receive` calls to take a submission in, without a process, a database and the disk's flush for each try: as commands they would take an
    hour. A manifest that is the same as before is not verified again. What is refused must leave nothing."""
    project = read_project(partnership.shared)
    desk = Identity.load(partnership.key("desk/1"))
    places = [arrived.parent / name for name in ("linker", "assembler", "desk")]
    verified = functools.lru_cache(maxsize=1)(central._signed_manifest)
    monkeypatch.setattr(central, "_signed_manifest", verified)

    def take_in() -> None:
        try:
            central.receive(
                arrived,
                trust=project.trust,
                one=project.one,
                doorstep=central.Doorstep(*places),
                signer=desk,
                now=partnership.now,
            )
        finally:
            assert [os.listdir(place) for place in places if place.exists()] in ([], [[]], [[], [], []])  # noqa: PTH208  it is asked often

    return take_in


def accepted(arrive: Arrive) -> bool:
    try:
        arrive()
    except BadSubmission:
        return False
    return True


def flipped(content: bytes, *, at: int, by: int) -> bytes:
    return b"".join((content[:at], bytes([content[at] ^ by]), content[at + 1 :]))


@pytest.mark.parametrize("name", SEALED)
def test_every_byte_of_every_sealed_file_matters(arrived: Path, arrive: Arrive, name: str) -> None:
    path = arrived / name
    whole = path.read_bytes()
    assert len(whole) > 2_000
    came_in = []
    for at in range(len(whole)):
        path.write_bytes(flipped(whole, at=at, by=1 << at % 8))
        if accepted(arrive):
            came_in.append(at)
    assert came_in == []


def test_every_byte_of_the_manifest_and_every_bit_of_its_signature_matters(
    arrived: Path, arrive: Arrive
) -> None:
    path = arrived / MANIFEST_NAME
    whole = path.read_bytes()
    # In base64 some bits of the last letter mean nothing, so of the signature each bit is tried, and of the text it signs two of each byte.
    signed, came_in = whole.rindex(b"\n\n"), []
    for at in range(len(whole)):
        for bit in range(8) if at >= signed else (at % 8, 5):
            path.write_bytes(flipped(whole, at=at, by=1 << bit))
            if accepted(arrive):
                came_in.append((at, bit))
    assert came_in == []


def lengths(size: int) -> Iterator[int]:
    """Every length near both ends and around each kilobyte, and every seventh between."""
    near = {n for edge in (0, size, *range(0, size, 1024)) for n in range(edge - 40, edge + 40)}
    return (n for n in range(size) if n in near or n % 7 == 0)


@pytest.mark.parametrize("name", [*SEALED, MANIFEST_NAME])
def test_a_file_cut_short_or_with_something_added_is_missed(arrived: Path, arrive: Arrive, name: str) -> None:
    path = arrived / name
    whole = path.read_bytes()
    came_in = []
    for length in lengths(len(whole)):
        path.write_bytes(whole[:length])
        if accepted(arrive):
            came_in.append(length)
    for more in (b"\0", b"\n", b" ", b"\r", whole):
        for altered in (whole + more, more + whole):
            path.write_bytes(altered)
            if accepted(arrive):
                came_in.append(len(altered))
    assert came_in == []


def test_any_two_files_exchanged_are_missed(arrived: Path, arrive: Arrive) -> None:
    whole = {name: (arrived / name).read_bytes() for name in SEALED}
    for one in SEALED:
        for other in SEALED:
            if one != other:
                (arrived / one).write_bytes(whole[other])
                (arrived / other).write_bytes(whole[one])
                assert not accepted(arrive)
                (arrived / one).write_bytes(whole[one])
                (arrived / other).write_bytes(whole[other])


def test_the_command_refuses_it_too_in_one_line_and_logs_each_refusal(partnership: Any, sent: Path) -> None:
    desk, tries = partnership.home("desk/1"), 0
    for name in (*SEALED, MANIFEST_NAME):
        whole = (sent / name).read_bytes()
        for altered in (
            flipped(whole, at=0, by=1),
            flipped(whole, at=len(whole) // 2, by=0x80),
            flipped(whole, at=len(whole) - 1, by=2),
            whole[:-1],
        ):
            (sent / name).write_bytes(altered)
            told = partnership.receive(sent)
            assert (told.code, told.out, told.err.count("\n")) == (BAD_INPUT, "", 1), (name, told)
            tries += 1
        (sent / name).write_bytes(whole)
    assert partnership.kinds() == ["submission-refused"] * tries
    assert not (partnership.folder / "receipt.note").exists()
    places = [desk / place for place in ("desk", "for-linker", "for-assembler")]
    assert not [p for place in places for p in place.rglob("*") if p.is_file()]
    partnership.well(partnership.receive(sent))


@pytest.mark.parametrize(
    ("place", "name", "command"),
    [
        ("for-linker", "born.tokens.sealed", "link"),
        ("for-assembler", "born.map.sealed", "assemble"),
        ("for-assembler", "records.map.sealed", "assemble"),
        ("desk", "attributes.parquet", "release"),
    ],
)
def test_what_is_altered_after_it_came_in_is_opened_by_no_later_reader(
    allowed: Any, place: str, name: str, command: str
) -> None:
    p = allowed
    act: Callable[[], Any] = {"link": p.link, "assemble": p.assemble, "release": lambda: p.release(*p.keeper)}[
        command
    ]
    path = p.home("desk/1") / place / "police" / name
    whole, spine = path.read_bytes(), (p.home("desk/1") / "spine.sealed").read_bytes()
    shutil.rmtree(p.home("assembler/1") / "pairs") if command == "link" else None
    for at in (0, len(whole) - 1):
        path.write_bytes(flipped(whole, at=at, by=4))
        told = act()
        assert (told.code, told.out) == (BAD_INPUT, ""), told
        assert f"{name} of police is not the file of its manifest" in told.err
    assert not list((p.home("assembler/1") / "pairs").glob("*")) or command != "link"
    assert not (p.folder / "out").exists()
    assert (p.home("desk/1") / "spine.sealed").read_bytes() == spine
    path.write_bytes(whole)
    p.well(act())
