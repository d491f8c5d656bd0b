"""The trust register through its commands: a root, a first version, changes that are read before they are signed, and who holds what."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from keys import Identity
from keys.trust import read_register
from keys.words import in_words
from service.commands.trust import trust
from service.shared import read_root

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BAD_INPUT, BAD_KEY = 10, 11


@pytest.fixture(autouse=True)
def _today(set_clock: Callable[[datetime], None]) -> None:
    set_clock(NOW)


def person(name: str, seed: int = 1) -> Identity:
    return Identity.make(name, randomness=np.random.default_rng([seed, *name.encode()]).bytes)


def first(holders: Any) -> list[object]:
    """What the first version adds."""
    words: list[object] = []
    for name, organisation, role in (
        ("linker/1", "centre", "linker"),
        ("assembler/1", "centre", "assembler"),
        ("log/1", "centre", "audit-log"),
        ("police/officer", "police", "data-officer,witness"),
    ):
        words += ["--add", holders.public(person(name)), "--organisation", organisation, "--role", role]
    return words


def test_a_root_is_told_in_words_and_never_overwritten(holders: Any) -> None:
    root = read_root(holders.root)
    assert (len(root.keys), root.quorum) == (3, 2)
    files = [holders.public(one) for one in holders.identities]
    out = holders.folder / "again.json"
    told = holders.run("new-root", *files, "--quorum", 2, "--out", out)
    assert told.out.count("\n") == 5
    for digest in (root.digest, *(bytes.fromhex(one.public.fingerprint) for one in holders.identities)):
        assert in_words(digest) in told.out
    assert "Mind:" not in told.out
    assert read_root(out) == root
    told = holders.run("new-root", *files, "--quorum", 2, "--out", out)
    assert (told.code, told.err) == (BAD_INPUT, "again.json exists already: name another with --out\n")


@pytest.mark.parametrize(
    ("quorum", "mind"), [(1, "two groups without a common holder"), (3, "if one key is lost, no new register")]
)
def test_a_quorum_that_is_weak_or_brittle_is_said(holders: Any, quorum: int, mind: str) -> None:
    files = [holders.public(one) for one in holders.identities]
    told = holders.run("new-root", *files, "--quorum", quorum, "--out", holders.folder / "other.json")
    assert told.code == 0
    assert mind in told.out


def test_a_first_version_is_drafted_signed_by_a_quorum_published_and_shown(holders: Any) -> None:
    assert holders.run("show").code == BAD_INPUT
    draft = holders.draft(*first(holders))
    assert holders.run("publish", draft).code == BAD_KEY
    one = holders.sign(draft, by=3)
    assert "linker/1 of centre (linker) is new, from 2026-11-22 10:00 UTC" in one.out
    assert "root/3 has signed draft.note: 1 of the 2 signatures that it needs" in one.out
    told = holders.run("publish", draft)
    assert (told.code, told.out) == (BAD_KEY, "")
    assert "signed by 1 of the root's 3 keys, and 2 must sign" in told.err
    assert "2 of the 2" in holders.sign(draft, by=1).out
    assert "2 of the 2" in holders.sign(draft, by=1).out
    told = holders.run("publish", draft)
    assert told.code == 0
    register = read_register((holders.shared / "trust.note").read_text("utf-8"), root=read_root(holders.root))
    assert (register.project, register.version, register.previous) == ("safer-streets", 1, None)
    assert in_words(bytes.fromhex(register.digest)) in told.out
    assert not (holders.shared / "trust").exists()
    shown = holders.run("show").out
    assert "signed by root/1, root/3; 2 of root/1, root/2, root/3 must sign" in shown
    assert "witness: police/officer of police\n" in shown
    assert "desk: nobody\n" in shown
    assert "Mind" not in shown


def test_changes_are_told_kept_and_follow_one_another(holders: Any) -> None:
    before = holders.issue(*first(holders))
    told = holders.run(
        "draft", "--out", holders.folder / "two.note", "--end", "police/officer", "--at", "2026-12-24T00:00Z",
        "--replace", holders.public(person("linker/1", seed=2)), "--remove", "assembler/1",
        "--add", holders.public(person("assembler/2")), "--organisation", "centre", "--role", "assembler", "--since", "2026-11-01T00:00Z",
    )  # fmt: skip
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0].startswith(
        "trust register of safer-streets, version 2 of 2026-11-22 10:00 UTC, 4 entries; in words:"
    )
    assert [line.split(" ")[1] for line in lines if line.startswith("- ")] == [
        "assembler/1", "assembler/2", "linker/1", "police/officer",
    ]  # fmt: skip
    draft = holders.folder / "two.note"
    for by in (2, 3):
        assert holders.sign(draft, by=by).out.splitlines()[:5] == lines[:5]
    assert holders.run("publish", draft).code == 0
    assert (holders.shared / "trust" / "1.note").read_text("utf-8") == before
    register = read_register((holders.shared / "trust.note").read_text("utf-8"), root=read_root(holders.root))
    assert register.version == 2
    assert register.find("police/officer").until == datetime(2026, 12, 24, tzinfo=UTC)
    assert register.find("linker/1").identity == person("linker/1", seed=2).public
    for at, who in (("2026-12-23T23:59Z", "police/officer of police"), ("2026-12-24T00:00Z", "nobody")):
        assert f"data-officer: {who}" in holders.run("show", "--at", at).out
    body = json.loads(holders.run("show", "--json", "--at", "2027-01-01T00:00Z").out)
    assert (body["version"], body["signed_by"], body["digest"]) == (2, ["root/2", "root/3"], register.digest)
    assert {e["name"]: e["holds"] for e in body["entries"]} == {
        "linker/1": True, "log/1": True, "police/officer": False, "assembler/2": True,
    }  # fmt: skip


def test_a_holder_who_does_not_agree_signs_nothing(holders: Any) -> None:
    draft = holders.draft(*first(holders))
    before = draft.read_text("utf-8")
    words = ["sign", draft, "--identity", holders.key(1), "--shared", holders.shared, "--root", holders.root]
    for answer in ("n\n", "\n", ""):
        told = CliRunner().invoke(trust, [str(w) for w in words], input=answer)
        assert told.exit_code != 0
        assert draft.read_text("utf-8") == before
    told = CliRunner().invoke(trust, [str(w) for w in words], input="y\n")
    assert told.exit_code == 0
    assert draft.read_text("utf-8") != before


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (["--add", "X", "--role", "analyst"], "1 --add need 1 --organisation"),
        (["--add", "X", "--organisation", "a"], "1 --add need 1 --role"),
        (["--organisation", "a"], "0 --add need 0 --organisation"),
        (["--add", "X", "--organisation", "a", "--role", "analyst", "--since", "soon"], "--since takes a time"),
        (["--end", "linker/1", "--at", "2026-12-01T10:00"], "--at takes a time with its offset"),
        (["--end", "linker/1", "--end", "log/1", "--at", "2026-12-01T10:00Z"], "2 --end need 2 --at"),
        (["--end", "nobody"], "nobody is not in the register"),
        (["--add", "X", "--organisation", "a", "--role", "king"], "no program knows the role king"),
        ([], "nothing would change"),
    ],
)
def test_a_draft_that_cannot_be_is_refused_in_a_line(holders: Any, words: list[str], saying: str) -> None:
    holders.issue(*first(holders))
    more = [str(holders.public(person("x"))) if w == "X" else w for w in words]
    told = holders.run("draft", "--out", holders.folder / "new.note", *more)
    assert (told.code, told.out) == (BAD_INPUT, "")
    assert saying in told.err
    assert not (holders.folder / "new.note").exists()


def test_a_draft_for_another_version_another_project_or_another_time_is_not_signed(
    holders: Any, set_clock: Callable[[datetime], None]
) -> None:
    holders.issue(*first(holders))
    stale = holders.draft("--end", "log/1", name="stale.note")
    holders.issue("--end", "linker/1")
    told = holders.sign(stale, by=1)
    assert told.code == BAD_INPUT
    assert "this draft is version 2, and the next is 3: draft it again" in told.err
    for old, new, saying in (
        ('"version": 2', '"version": 3', "follows another version 2 than the one here"),
        ('"project": "safer-streets"', '"project": "other"', "for project other"),
    ):
        altered = holders.folder / "altered.note"
        altered.write_text(stale.read_text("utf-8").replace(old, new), encoding="utf-8")
        told = holders.sign(altered, by=1)
        assert (told.code, told.out) == (BAD_INPUT, "")
        assert saying in told.err
    set_clock(NOW + timedelta(hours=1))
    ahead = holders.draft("--end", "log/1", name="ahead.note")
    set_clock(NOW)
    assert "check the clocks" in holders.sign(ahead, by=1).err


def test_whoever_is_no_holder_signs_no_draft(holders: Any) -> None:
    draft = holders.draft(*first(holders))
    stranger = holders.folder / "stranger.key"
    person("root/1").save(stranger)
    told = holders.run("sign", draft, "--identity", stranger, "--yes")
    assert (told.code, told.err) == (BAD_INPUT, "root/1 is none of the root's keys: a register is signed by root/1, root/2, root/3\n")  # fmt: skip
    assert "—" not in draft.read_text("utf-8")


def test_a_holder_signs_one_text_of_each_version_unless_the_other_was_given_up(holders: Any) -> None:
    one = holders.draft(*first(holders), name="one.note")
    other = holders.draft(*first(holders)[6:], name="other.note")
    assert holders.sign(one, by=1).code == 0
    told = holders.sign(other, by=1)
    assert told.code == BAD_KEY
    assert "you have signed another version 1 before" in told.err
    assert "—" not in other.read_text("utf-8")
    assert holders.sign(other, by=2).code == 0
    assert holders.run("publish", one).code == holders.run("publish", other).code == BAD_KEY
    assert holders.run("sign", other, "--identity", holders.key(1), "--yes", "--given-up").code == 0
    assert holders.run("publish", other).code == 0


def test_a_root_that_was_changed_on_purpose_is_accepted_and_only_then_used(holders: Any) -> None:
    holders.issue(*first(holders))
    files = [holders.public(one) for one in holders.identities[:2]]
    new = holders.folder / "new-root.json"
    assert holders.run("new-root", *files, "--quorum", 2, "--out", new).code == 0
    new.replace(holders.root)
    draft = holders.draft("--end", "log/1", name="next.note")
    told = holders.sign(draft, by=1)
    assert told.code == BAD_KEY
    assert "linkage trust accept --root" in told.err
    accept = ("accept", "--identity", holders.key(1), "--root", holders.root)
    assert CliRunner().invoke(trust, [str(w) for w in accept], input="n\n").exit_code == BAD_INPUT
    assert holders.sign(draft, by=1).code == BAD_KEY
    told = holders.run(*accept, "--yes")
    assert told.code == 0
    assert holders.sign(draft, by=1).code == 0
    assert holders.run("accept", "--identity", holders.key(1)).code == BAD_INPUT
    assert holders.run("accept", "--identity", holders.key(3), "--clock", "--yes").code == BAD_INPUT


@pytest.mark.parametrize("cut", [0, 0.3, 0.7, 0.99])
def test_a_draft_that_was_cut_is_neither_signed_nor_published(holders: Any, tmp_path: Path, cut: float) -> None:
    draft = holders.draft(*first(holders))
    holders.sign(draft, by=1)
    text = draft.read_text("utf-8")
    draft.write_text(text[: int(len(text) * cut)], encoding="utf-8")
    for told in (holders.sign(draft, by=2), holders.run("publish", draft)):
        assert told.code == BAD_KEY
        assert told.err.count("\n") == 1
    assert not (holders.shared / "trust.note").exists()


def test_a_clock_that_was_wrong_once_is_set_right_with_one_command(
    holders: Any, set_clock: Callable[[datetime], None]
) -> None:
    holders.issue(*first(holders))
    draft = holders.draft("--end", "log/1")
    set_clock(NOW + timedelta(days=400))
    assert holders.sign(draft, by=1).code == 0
    set_clock(NOW)
    told = holders.sign(draft, by=1)
    assert told.code == BAD_KEY
    assert "linkage trust accept --clock" in told.err
    assert holders.run("accept", "--identity", holders.key(1), "--clock", "--yes").code == 0
    assert holders.sign(draft, by=1).code == 0
