"""Faults at the release desk: a key of somebody else, a salt that is gone, a file that is missing; each told in one line, and nothing written."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keys import Identity, Root
from keys.passphrase import Cost, protect
from keys.secret import Secret
from service.demonstration.cast import ANALYST
from service.errors import BAD_INPUT, BAD_KEY
from service.shared import write_root
from tests.desk_answers import content, handed, refused

CHEAP = Cost(memory=32, passes=1, lanes=1)
Spoil = Callable[[Any], object]


def protected(path: Path) -> None:
    content = protect(path.read_bytes(), passphrase=Secret(b"correct horse battery", name="p"), randomness=bytes, cost=CHEAP)  # fmt: skip
    path.write_bytes(content)


def exchanged(p: Any, name: str, *, by: str) -> None:
    shutil.copy(p.key(by), p.home("desk/1") / name)


FAULTS: dict[str, tuple[Spoil, int, str]] = {
    "no desk's folder": (lambda p: shutil.rmtree(p.home("desk/1")), BAD_KEY, "no key file identity.key in desk-1/"),
    "no identity": (lambda p: p.key("desk/1").unlink(), BAD_KEY, "no key file identity.key in desk-1/"),
    "no log key": (lambda p: (p.home("desk/1") / "log.key").unlink(), BAD_KEY, "no key file log.key in desk-1/"),
    "an identity that others can read": (lambda p: p.key("desk/1").chmod(0o644), BAD_KEY, "can be read by others"),
    "somebody else's identity": (lambda p: exchanged(p, "identity.key", by="linker/1"), BAD_KEY, "linker/1 does not hold the role desk"),
    "another key under the desk's name": (lambda p: (p.key("desk/1").unlink(), Identity.make("desk/1").save(p.key("desk/1"))), BAD_KEY, "not that of desk/1 in the trust register"),
    "the desk's key in the log's place": (lambda p: exchanged(p, "log.key", by="desk/1"), BAD_KEY, "desk/1 does not hold the role audit-log"),
    "no root": (lambda p: p.root.unlink(), BAD_INPUT, "no file root.json"),
    "another root than the register's": (lambda p: shutil.copy(other_root(p), p.root), BAD_KEY, "no signature by anyone who is known here"),
    "no shared folder": (lambda p: shutil.rmtree(p.shared), BAD_INPUT, "is no project's shared folder"),
    "no register": (lambda p: (p.shared / "trust.note").unlink(), BAD_INPUT, "it has no trust.note"),
    "no state where the salt is": (lambda p: (p.home("desk/1") / "office.db").unlink(), BAD_INPUT, "office.db is missing in desk-1/"),
    "a state that is none": (lambda p: (p.home("desk/1") / "office.db").write_bytes(b"x" * 4096), BAD_INPUT, "office.db in desk-1/ cannot be used"),
    "a salt that is none": (lambda p: (p.home("desk/1") / "ledger.salt").write_text("x", "utf-8"), BAD_KEY, "ledger.salt is no secret file"),
    "a passphrase and nobody to ask": (lambda p: protected(p.key("desk/1")), BAD_KEY, "there is no terminal to ask at"),
}  # fmt: skip


def other_root(p: Any) -> Path:
    one = p.folder / "other-root.json"
    write_root(one, Root((Identity.make("root/1").public,), 1))
    return Path(one)


@pytest.mark.parametrize("what", FAULTS)
def test_every_command_of_the_desk_tells_a_fault_in_one_line_and_writes_nothing(
    allowed: Any, what: str
) -> None:
    spoil, code, saying = FAULTS[what]
    p, note = allowed, allowed.request("second", use_until="2027-03-01")
    spoil(p)
    before = content(p.folder)
    for told in (
        p.receive(p.sent("police")),
        p.run("desk", "withdraw", "police", *p.desk, "--reason", "replaced"),
        p.decide(note, "request-2"),
        p.release(*p.keeper),
        p.publish_log(p.folder / "public" / "audit"),
    ):
        refused(told, code, saying)
    assert content(p.folder) == before


def test_a_salt_that_is_gone_stops_the_desk_once_a_table_has_left(allowed: Any) -> None:
    p = allowed
    salt = p.home("desk/1") / "ledger.salt"
    salt.unlink()
    p.well(p.release(*p.keeper))
    salt.unlink()
    refused(
        p.publish_log(p.folder / "audit"),
        BAD_INPUT,
        "ledger.salt is missing in desk-1/, from which tables have left",
    )
    assert not salt.exists()


@pytest.mark.parametrize("right", [True, False])
def test_key_files_under_a_passphrase_open_with_it_alone(
    allowed: Any, monkeypatch: pytest.MonkeyPatch, right: bool
) -> None:
    p, note = allowed, allowed.request("second", use_until="2027-03-01")
    for path in (p.key("desk/1"), p.home("desk/1") / "log.key", p.key(ANALYST), p.key("custodian/1"), p.key("board/lay-1")):  # fmt: skip
        protected(path)
    monkeypatch.setenv("LINKAGE_PASSPHRASE", "correct horse battery" if right else "wrong horse battery")
    done = [p.decide(note, "request-2"), p.release(*p.keeper), p.vote("board/lay-1", out="again")]
    if right:
        assert [told.code for told in done] == [0, 0, 0]
        p.well(p.open(handed(p)))
        return
    for told in done:
        refused(told, BAD_KEY, "the passphrase in LINKAGE_PASSPHRASE does not open it, or it was altered")


def test_files_that_are_missing_are_named(allowed: Any) -> None:
    p = allowed
    refused(
        p.receive(p.folder / "none"),
        BAD_INPUT,
        "there is no folder none/: name the folder that the partner sent",
    )
    refused(p.decide(p.folder / "none.note", "request-2"), BAD_INPUT, "no file none.note")
    (p.shared / "evidence.note").unlink()
    refused(p.receive(p.sent("police")), BAD_INPUT, "no file evidence.note")
    (p.shared / "policy.yaml").unlink()
    refused(p.vote("board/lay-1", out="again"), BAD_INPUT, "no file policy.yaml")
    refused(p.adopt("police", out="again"), BAD_INPUT, "no file policy.yaml")
    assert p.kinds()[-1] == "request-allowed"
