"""No write without an event: whatever a command changes in the desk's state, the log has grown with it; and what others did comes in by a signed note."""

import ast
import contextlib
import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import service
from ethics.kinds import KINDS
from keys import sign_note
from keys.notes import split_note
from service.centre.people_note import PEOPLE_FORMAT, PeopleNote

BAD_KEY, BAD_INPUT, REFUSED = 11, 10, 12
WRITES: Final = ("INSERT ", "UPDATE ", "DELETE FROM ", "REPLACE ")
NOT_THE_DESKS: Final = {"custodian_state.py", "strongbox.py"}
Step = Callable[[Any], Any]
STEPS: Final[dict[str, tuple[Step, tuple[str, ...]]]] = {
    "a submission taken in": (
        lambda p: p.receive(p.sent("police"), receipt="police.receipt"),
        ("submission-received",),
    ),
    "one that is refused": (lambda p: p.receive(_broken(p), receipt="broken.receipt"), ("submission-refused",)),
    "another": (lambda p: p.receive(p.sent("schools"), receipt="schools.receipt"), ("submission-received",)),
    "one that is in already": (lambda p: p.receive(p.sent("schools"), receipt="schools.receipt"), ()),
    "one taken back": (
        lambda p: p.run("desk", "withdraw", "schools", *p.desk, "--reason", "asked-by-partner"),
        ("submission-withdrawn",),
    ),
    "sent again": (lambda p: p.receive(p.sent("schools"), receipt="again.receipt"), ("submission-received",)),
    "pairs": (lambda p: p.link(), ()),
    "the linker's note": (lambda p: _record(p, p.home("assembler/1") / "pairs" / "run.note"), ("linkage-run",)),
    "people": (lambda p: p.assemble(), ()),
    "the assembler's note": (lambda p: _record(p, p.home("desk/1") / "people.note"), ("people-formed",)),
    "the same note again": (lambda p: _record(p, p.home("desk/1") / "people.note"), ()),
    "the trust register": (lambda p: _record(p, p.shared / "trust.note"), ("trust-register-issued",)),
    "the board's and the controllers' word": (lambda p: p.agree(), ()),
    "a request that is allowed": (lambda p: p.decide(p.request()), ("request-made", "request-allowed")),
    "one that is refused by the policy": (
        lambda p: p.decide(p.request("rows", form="record-extract"), "request-2"),
        ("request-made", "request-refused"),
    ),
    "one that nobody signed": (lambda p: p.decide(_unsigned(p), "request-3"), ()),
    "a release that the custodian is not there for": (
        lambda p: p.release("--socket", p.folder / "none.sock"),
        ("release-refused",),
    ),
    "a release": (lambda p: p.release(*p.keeper), ("release-made",)),
    "the same release again": (lambda p: p.release(*p.keeper), ()),
    "the log published": (lambda p: p.publish_log(p.folder / "public" / "audit"), ()),
}


def _record(p: Any, note: Path) -> Any:
    return p.run("audit", "record", note, "--desk", p.home("desk/1"), "--shared", p.shared, "--root", p.root)


def _broken(p: Any) -> Path:
    folder = Path(p.folder / "broken")
    shutil.copytree(p.sent("schools"), folder)
    next(folder.glob("*.tokens.sealed")).write_bytes(b"broken")
    return folder


def _unsigned(p: Any) -> Path:
    path = Path(p.folder / "unsigned.note")
    path.write_text(split_note(p.request("third").read_text("utf-8"))[0], "utf-8")
    return path


def state(p: Any) -> dict[str, list[Any]]:
    """All that the desk's database holds but for the log itself."""
    path = p.home("desk/1") / "office.db"
    if not path.exists():
        return {}
    with contextlib.closing(sqlite3.connect(path)) as database:
        names = [n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        own = [n for n in names if not n.startswith("audit_")]
        held = {n: list(database.execute(f"SELECT * FROM {n}")) for n in own}  # noqa: S608  names from the database
        return {name: rows for name, rows in held.items() if rows}


def kinds(p: Any) -> list[str]:
    return p.kinds() if (p.home("desk/1") / "office.db").exists() else []


def test_every_step_that_changes_the_desks_state_has_its_entry_in_the_log(partnership: Any) -> None:
    for name, (step, expected) in STEPS.items():
        before, told = state(partnership), len(kinds(partnership))
        step(partnership)
        new = kinds(partnership)[told:]
        assert tuple(new) == expected, name
        if state(partnership) != before:
            assert new, name
    assert {kind for _, expected in STEPS.values() for kind in expected} <= set(KINDS)


def test_the_note_of_a_run_is_that_of_the_linker_and_of_this_project(partnership: Any) -> None:
    p = partnership
    for name in ("police", "schools"):
        p.well(p.receive(p.sent(name), receipt=f"{name}.receipt"))
    p.well(p.link())
    path = p.home("assembler/1") / "pairs" / "run.note"
    note = path.read_text("utf-8")
    for forged in (
        sign_note(split_note(note)[0], by=p.people["assembler/1"]),
        note.replace('"epoch": 1', '"epoch": 2'),
        sign_note(f"{note.partition(chr(10))[0]}\n{{}}\n", by=p.people["linker/1"]),
    ):
        path.write_text(forged, "utf-8")
        assert _record(p, path).code == BAD_KEY
    other = split_note(note)[0].replace('"project": "', '"project": "other-')
    path.write_text(sign_note(other, by=p.people["linker/1"]), "utf-8")
    assert _record(p, path).code == BAD_INPUT
    path.write_text(note, "utf-8")
    assert _record(p, path).code == 0
    (event,) = (e for e in p.events("desk/1") if e.kind == "linkage-run")
    assert (event.by, event.details["linkage"], event.details["epoch"]) == ("linker/1", "linkage-1", 1)


def test_the_note_of_people_is_that_of_the_assembler_and_of_this_spine(allowed: Any) -> None:
    p, path = allowed, allowed.home("desk/1") / "people.note"
    note = path.read_text("utf-8")
    said = PeopleNote.model_validate_json(split_note(note)[0].partition("\n")[2])
    spine = (p.home("desk/1") / "spine.sealed").read_bytes()
    assert said.spine == hashlib.sha256(spine).hexdigest()
    assert 0 < said.people < said.records
    for forged, code in (
        (sign_note(split_note(note)[0], by=p.people["linker/1"]), BAD_KEY),
        (sign_note(f"{PEOPLE_FORMAT}\n{{}}\n", by=p.people["assembler/1"]), BAD_KEY),
        (
            sign_note(
                split_note(note)[0].replace('"project": "', '"project": "other-'), by=p.people["assembler/1"]
            ),
            BAD_INPUT,
        ),
    ):
        path.write_text(forged, "utf-8")
        assert _record(p, path).code == code
    path.write_text(note, "utf-8")
    assert _record(p, path).code == 0
    event = p.events("desk/1")[-1]
    assert (event.kind, event.by, event.details["people"]) == ("people-formed", "assembler/1", said.people)


def writers() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of the desk's state that changes its database."""
    for path in sorted(Path(str(service.__path__[0])).rglob("*.py")):
        if path.name in NOT_THE_DESKS:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                texts = [
                    n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
                ]
                if any(text.startswith(WRITES) for text in texts):
                    yield path.name, node


@pytest.mark.parametrize(("module", "function"), list(writers()), ids=lambda one: getattr(one, "name", one))
def test_every_function_that_writes_the_desks_state_is_given_the_event_and_appends_it(
    module: str, function: ast.FunctionDef
) -> None:
    names = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
    assert "event" in names, (module, function.name)
    calls = {
        n.func.attr for n in ast.walk(function) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
    }
    assert "append" in calls, (module, function.name)


def test_the_functions_that_write_the_desks_state_are_found() -> None:
    assert {"add_request", "decide_request", "add_release", "record_note"} <= {
        function.name for _, function in writers()
    }
