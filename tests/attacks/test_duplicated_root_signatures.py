"""One holder of the root tries to be two: the same signature again, the same key under other names, signatures from elsewhere."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keys import Identity, PublicIdentity
from keys.notes import signature_line
from service.demonstration.demo import PROJECT

BAD_INPUT, BAD_KEY = 10, 11
ROGUE = Identity.make("linker/1", randomness=np.random.default_rng(99).bytes)


@pytest.fixture
def half(demo_holders: Any) -> Path:
    """A draft that gives the linker's place to a rogue, signed by one holder of the two that are needed."""
    draft: Path = demo_holders.draft("--replace", demo_holders.public(ROGUE))
    assert demo_holders.sign(draft, by=1).code == 0
    return draft


def text_of(note: str) -> str:
    return note.rpartition("\n\n")[0] + "\n"


def again(holders: Any, note: str) -> str:
    return note + note.rpartition("\n\n")[2] * 3


def other_name(holders: Any, note: str) -> str:
    return note + signature_line(text_of(note), by=Identity("root/2", holders.identities[0].seeds))


def strangers(holders: Any, note: str) -> str:
    made = (Identity.make(f"root/{n}", randomness=np.random.default_rng(n).bytes) for n in (1, 2, 3))
    return note + "".join(signature_line(text_of(note), by=one) for one in made)


def of_the_present_version(holders: Any, note: str) -> str:
    return note + (holders.shared / "trust.note").read_text("utf-8").rpartition("\n\n")[2]


def relabelled(holders: Any, note: str) -> str:
    return note + note.rpartition("\n\n")[2].replace("root/1", "root/2")


TRICKS = (again, other_name, strangers, of_the_present_version, relabelled)


@pytest.mark.parametrize("trick", TRICKS, ids=lambda t: t.__name__)
def test_one_holder_alone_publishes_nothing_whatever_lines_stand_under_the_draft(
    demo_holders: Any, half: Path, trick: Callable[[Any, str], str]
) -> None:
    before = (demo_holders.shared / "trust.note").read_bytes()
    half.write_text(trick(demo_holders, half.read_text("utf-8")), encoding="utf-8")
    told = demo_holders.run("publish", half)
    assert (told.code, told.out) == (BAD_KEY, "")
    assert (demo_holders.shared / "trust.note").read_bytes() == before


@pytest.mark.parametrize("trick", TRICKS, ids=lambda t: t.__name__)
def test_a_register_put_in_place_by_hand_with_one_holders_signature_serves_no_command(
    demo_holders: Any, demo_copy: Any, half: Path, command: Callable[..., Any], tmp_path: Path, trick: Callable[[Any, str], str]
) -> None:  # fmt: skip
    register = demo_holders.shared / "trust.note"
    register.write_text(trick(demo_holders, half.read_text("utf-8")), encoding="utf-8")
    home = demo_copy.agency("police")
    for words in (
        ("centre", "link", demo_copy.linker, "--out", tmp_path / "pairs", "--shared", demo_holders.shared),
        ("centre", "assemble", demo_copy.assembler, "--out", tmp_path / "spine", "--shared", demo_holders.shared),
        ("partner", "accept-secret", home / "project.secret.sealed", "--identity", home / "identity.key", "--out", tmp_path / "s",
         "--shared", demo_holders.shared),
        ("partner", "receipt", home / "receipt.note", "--submission", home / "submission", "--shared", demo_holders.shared),
        ("audit", "verify", demo_copy.public / "audit", "--root", demo_holders.root, "--shared", demo_holders.shared),
        ("board", "tally", "--root", demo_holders.root, "--shared", demo_holders.shared),
    ):  # fmt: skip
        told = command(*words)
        assert (told.code, told.out) == (BAD_KEY, ""), words
    assert demo_holders.run("show").code == BAD_KEY
    assert [p.name for p in tmp_path.iterdir() if p.name in {"pairs", "spine", "s"}] == []


def test_an_identity_that_took_another_holders_name_does_not_sign(demo_holders: Any, half: Path) -> None:
    thief = demo_holders.folder / "thief.key"
    Identity("root/2", demo_holders.identities[0].seeds).save(thief)
    before = half.read_bytes()
    told = demo_holders.run("sign", half, "--identity", thief, "--yes")
    assert (told.code, half.read_bytes()) == (BAD_INPUT, before)


def doubled(body: dict[str, Any]) -> None:
    body["keys"][1] = body["keys"][0]


def one_key_two_names(body: dict[str, Any]) -> None:
    body["keys"][1] = {**body["keys"][0], "name": "root/2"}


def no_quorum(body: dict[str, Any]) -> None:
    body["quorum"] = 0


def minus(body: dict[str, Any]) -> None:
    body["quorum"] = -1


@pytest.mark.parametrize("alter", [doubled, one_key_two_names, no_quorum, minus], ids=lambda a: a.__name__)
def test_a_root_in_which_one_holder_counts_twice_or_nobody_must_sign_is_none(
    demo_holders: Any, demo_copy: Any, command: Callable[..., Any], tmp_path: Path, alter: Callable[..., None]
) -> None:
    body = json.loads(demo_holders.root.read_text("utf-8"))
    alter(body)
    for path in (demo_holders.root, demo_holders.shared / "root.json"):
        path.write_text(json.dumps(body), encoding="utf-8")
    told = command(
        "centre", "link", demo_copy.linker, "--shared", demo_holders.shared, "--out", tmp_path / "pairs"
    )
    assert (told.code, told.out) == (BAD_INPUT, "")
    assert demo_holders.run("show").code == BAD_INPUT


def test_one_holder_cannot_stand_in_a_root_twice(demo_holders: Any, tmp_path: Path) -> None:
    first: PublicIdentity = demo_holders.identities[0].public
    for second in (
        first,
        replace(first, name="root/2"),
        replace(demo_holders.identities[1].public, name="root/1"),
    ):
        files = [demo_holders.public(first), demo_holders.public(second)]
        out = tmp_path / "root.json"
        told = demo_holders.run("new-root", *files, "--quorum", 2, "--out", out)
        assert (told.code, told.out, out.exists()) == (BAD_INPUT, "", False)
        assert "one holder has one vote" in told.err


def test_the_same_draft_is_published_once_a_second_holder_signs_it(demo_holders: Any, half: Path) -> None:
    """What all of the above lacked was this alone."""
    assert demo_holders.sign(half, by=3).code == 0
    told = demo_holders.run("publish", half)
    assert (told.code, told.out.split(",")[0].split(" is in ")[0]) == (0, "trust register version 2"), PROJECT
