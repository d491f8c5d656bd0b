"""Somebody who controls the shared folder puts an old register, a forked one or one of another root there, or sets a machine's clock back."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keys import Identity, Root
from keys.trust import issue_register
from service.demonstration.cast import NOW, PROJECT
from service.memory import SEEN_FILE
from service.places import Places
from service.shared import write_root

BAD_INPUT, BAD_KEY = 10, 11
TODAY = NOW + timedelta(hours=2)
Act = Callable[[], Any]

ACTORS: dict[str, Callable[[Places], Path]] = {
    "linker": lambda places: places.linker,
    "assembler": lambda places: places.assembler,
    "officer-accepts": lambda places: places.agency("police"),
    "officer-submits": lambda places: places.agency("police"),
    "officer-checks-receipt": lambda places: places.agency("police"),
    "controller": lambda places: places.agency("police"),
    "member": lambda places: places.board,
}


@pytest.fixture
def acts(demo_copy: Places, command: Callable[..., Any], tmp_path: Path) -> dict[str, Act]:
    """What each actor does with a command of its own, as often as it likes."""
    police, out = demo_copy.agency("police"), iter(tmp_path / f"made-{n}" for n in range(100))
    (demo_copy.linker / "inbox").rename(tmp_path / "kept-1")
    (demo_copy.assembler / "inbox").rename(tmp_path / "kept-2")
    words: dict[str, Callable[[], tuple[object, ...]]] = {
        "linker": lambda: ("centre", "link", demo_copy.linker),
        "assembler": lambda: ("centre", "assemble", demo_copy.assembler),
        "officer-accepts": lambda: ("partner", "accept-secret", police / "project.secret.sealed", "--identity", police / "identity.key"),
        "officer-submits": lambda: (
            "partner", "submit", police / "export.csv", "--mapping", police / "none.yaml", "--identity", police / "identity.key",
            "--secret", police / "project.secret", "--own", police / "own.secret",
        ),
        "controller": lambda: ("partner", "adopt", "--identity", police / "controller.key", "--clauses", "none"),
        "member": lambda: ("board", "vote", "--vote", "approve", "--identity", demo_copy.board / "lay-1.key"),
    }  # fmt: skip
    made = {
        name: (lambda make=make: command(*make(), "--shared", demo_copy.shared, "--out", next(out)))
        for name, make in words.items()
    }
    made["officer-checks-receipt"] = lambda: command(
        "partner", "receipt", police / "receipt.note", "--submission", police / "submission",
        "--identity", police / "identity.key", "--shared", demo_copy.shared,
    )  # fmt: skip
    return made


@pytest.fixture(autouse=True)
def _today(set_clock: Callable[[datetime], None]) -> None:
    set_clock(TODAY)


def issue(holders: Any, number: int = 2) -> bytes:
    """Another version of the register in the shared folder, with one analyst more."""
    one = Identity.make(f"analyst/vpp-{number}", randomness=np.random.default_rng([5, number]).bytes)
    holders.issue("--add", holders.public(one), "--organisation", "vpp", "--role", "analyst")
    return bytes((holders.shared / "trust.note").read_bytes())


def newest(folder: Path) -> int:
    return int(json.loads((folder / SEEN_FILE).read_text("utf-8"))["documents"]["trust"]["version"])


def refused(told: Any, saying: str) -> None:
    assert (told.code, told.out) == (BAD_KEY, "")
    assert saying in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("actor", ACTORS)
def test_an_older_register_is_refused_by_whoever_saw_a_newer_one(
    demo_holders: Any, demo_copy: Places, acts: dict[str, Act], actor: str
) -> None:
    folder, register = ACTORS[actor](demo_copy), demo_copy.shared / "trust.note"
    old = register.read_bytes()
    acts[actor]()
    assert newest(folder) == 1
    new = issue(demo_holders)
    acts[actor]()
    assert newest(folder) == 2
    register.write_bytes(old)
    refused(acts[actor](), "trust version 1 is older than version 2, which was seen here before")
    assert newest(folder) == 2
    register.write_bytes(new)
    assert "older" not in acts[actor]().err


@pytest.mark.parametrize("actor", ACTORS)
def test_a_clock_that_was_set_back_is_refused_and_five_minutes_are_not(
    demo_copy: Places, acts: dict[str, Act], set_clock: Callable[[datetime], None], actor: str
) -> None:
    acts[actor]()
    set_clock(TODAY - timedelta(minutes=4))
    assert "clock" not in acts[actor]().err
    for back in (timedelta(minutes=6), timedelta(days=200)):
        set_clock(TODAY - back)
        refused(acts[actor](), "this machine's clock says")
    set_clock(TODAY)
    assert "clock" not in acts[actor]().err


@pytest.mark.parametrize("actor", ACTORS)
def test_a_root_and_a_register_exchanged_together_are_refused(
    demo: Any, demo_copy: Places, acts: dict[str, Act], actor: str
) -> None:
    """The register holds under the root beside it; only memory tells that this was not the root before."""
    acts[actor]()
    rogues = [Identity.make(f"root/{n}", randomness=np.random.default_rng(n).bytes) for n in (1, 2, 3)]
    write_root(demo_copy.shared / "root.json", Root(tuple(one.public for one in rogues), 2))
    note = issue_register(
        demo.cast.entries, project=PROJECT, version=7, issued_at=NOW, previous="0" * 64, roots=rogues
    )
    (demo_copy.shared / "trust.note").write_text(note, encoding="utf-8")
    refused(acts[actor](), "the root of trust is not the one that was used here before")
    assert newest(ACTORS[actor](demo_copy)) == 1


def test_a_second_register_of_one_version_and_what_follows_it_are_refused(
    demo_holders: Any, demo_copy: Places, acts: dict[str, Act]
) -> None:
    """A quorum that shows one register to some and another to the rest is found out by whoever is shown both."""
    register = demo_copy.shared / "trust.note"
    first = register.read_bytes()
    issue(demo_holders)
    acts["linker"]()
    register.write_bytes(first)
    for number in (1, 2, 3):
        (demo_holders.key(number).parent / SEEN_FILE).unlink(missing_ok=True)
    issue(demo_holders, 3)
    refused(acts["linker"](), "trust version 2 is another text than the version 2 that was seen here before")
    issue(demo_holders, 4)
    refused(acts["linker"](), "trust version 3 does not follow the version 2 that was seen here before")
    assert newest(demo_copy.linker) == 2
    acts["assembler"]()
    assert newest(demo_copy.assembler) == 3


def test_honest_holders_do_not_sign_after_an_old_register_was_put_back(
    demo_holders: Any, demo_copy: Places
) -> None:
    register = demo_copy.shared / "trust.note"
    old = register.read_bytes()
    issue(demo_holders)
    register.write_bytes(old)
    draft = demo_holders.draft("--end", "analyst/vpp-1")
    for number in (1, 2):
        told = demo_holders.sign(draft, by=number)
        refused(
            told,
            "you have signed another version 2 before: if it was published, the register in the shared folder is an old",
        )
    assert "—" not in draft.read_text("utf-8")


def test_publishing_puts_no_old_version_in_place_of_a_newer_one(demo_holders: Any, demo_copy: Places) -> None:
    register = demo_copy.shared / "trust.note"
    first, second = register.read_bytes(), issue(demo_holders)
    for old in (first, second):
        draft = demo_holders.folder / "old.note"
        draft.write_bytes(old)
        assert demo_holders.run("publish", draft).code == BAD_INPUT
        assert register.read_bytes() == second


def test_a_register_that_is_dated_after_the_clock_is_refused_even_at_first_sight(
    demo_holders: Any, demo_copy: Places, acts: dict[str, Act], set_clock: Callable[[datetime], None]
) -> None:
    issue(demo_holders)
    set_clock(TODAY - timedelta(minutes=10))
    refused(acts["assembler"](), "and the trust register is of 2026-12-01 12:00 UTC: set the clock right")
    assert not (demo_copy.assembler / SEEN_FILE).exists()


@pytest.mark.parametrize("actor", ACTORS)
def test_a_damaged_memory_stops_its_actor_and_is_not_written_over(
    demo_copy: Places, acts: dict[str, Act], actor: str
) -> None:
    acts[actor]()
    path = ACTORS[actor](demo_copy) / SEEN_FILE
    path.write_text(path.read_text("utf-8")[:-20], encoding="utf-8")
    before = path.read_bytes()
    told = acts[actor]()
    assert (told.code, told.out) == (BAD_INPUT, "")
    assert "restore it from a backup" in told.err
    assert path.read_bytes() == before
