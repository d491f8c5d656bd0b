"""The process of the desk is killed, really, at every step of the door: afterwards a thing happened and is logged, or neither; a later run ends it properly.

The runs follow one another over the same folders, so that each begins where the one before was killed. A driver that has everything loaded forks a
child for each command; the child ends by SIGKILL before or after the named function does its work, without a chance to tidy up.
"""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keys import Identity
from service.demonstration.cast import ANALYST, NOW

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither fork nor SIGKILL")

ROOT = Path(__file__).resolve().parents[2]
DRIVER = """
import importlib, json, os, signal, sys
from datetime import datetime
import click.testing, keyring, typer.main
from keyring.backends.fail import Keyring
import service.clock, service.desk.releases, service.desk.commands, service.custody.custodian, service.trust.unlocking
from cli import app
keyring.set_keyring(Keyring())
COMMANDS = typer.main.get_command(app)

def die_at(place, when):
    module, _, path = place.partition(":")
    owner = importlib.import_module(module)
    *outer, name = path.split(".")
    for one in outer:
        owner = getattr(owner, one)
    honest = getattr(owner, name)
    def killing(*words, **named):
        if when == "after":
            honest(*words, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(owner, name, killing)

for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if not child:
        now = datetime.fromisoformat(job["now"])
        service.clock.now = lambda: now
        if job["place"]:
            die_at(job["place"], job["when"])
        done = click.testing.CliRunner().invoke(COMMANDS, job["words"])
        os._exit(done.exit_code)
    print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])), flush=True)
"""

RELEASE = "service.release"
PREPARING = [
    ("1, the request is read", f"{RELEASE}:load_request", "before"),
    ("2, the policies are verified", "service.desk.shapes:verify", "before"),
    ("3, the engine decides", f"{RELEASE}:decide", "after"),
    ("4, after the spine is opened", "service.custody.custodian:Custodian.open_spine", "after"),
    ("5, the table is protected", "service.desk.tables:protect", "after"),
    ("6, cohorts are compared", f"{RELEASE}:refuse_overlap", "after"),
    ("7, before it is kept", "service.desk.checks_state:Checks.add_prepared", "before"),
    ("7, inside the transaction", "service.desk.checks_state:ledger_lines", "before"),
    ("7, after it is kept", "service.desk.checks_state:Checks.add_prepared", "after"),
    ("7, before the checkers' copies", "service.desk.releases:copies_for_checkers", "before"),
    ("7, while the copies are written", "linkage.drafts:FolderDraft.commit", "before"),
]
VOTING = [
    ("the vote is read", "service.desk.checks:read_output_vote", "after"),
    ("before it is stored", "service.desk.checks_state:Checks.add_vote", "before"),
    ("inside the transaction", "ethics.audit:AuditLog.append", "after"),
    ("after it is stored", "service.desk.checks_state:Checks.add_vote", "after"),
]
STOPPING = [
    ("after it is stored", "service.desk.checks_state:Checks.add_vote", "after"),
    ("before it stops", "service.desk.checks_state:Checks.stop", "before"),
    ("inside the transaction", "ethics.audit:AuditLog.append", "after"),
    ("after it stopped", "service.desk.checks_state:Checks.stop", "after"),
]
RELEASING = [
    ("1, the request is read", f"{RELEASE}:load_request", "after"),
    ("2, the policies are verified", "service.desk.shapes:verify", "after"),
    ("3, the engine decides", f"{RELEASE}:decide", "after"),
    ("5, it is attacked again", f"{RELEASE}:reopened", "after"),
    ("6, cohorts are compared", f"{RELEASE}:refuse_overlap", "before"),
    ("7, the votes are counted", f"{RELEASE}:ballot_on", "after"),
    ("8, before the transaction", "service.desk.state:State.add_release", "before"),
    ("8, inside the transaction, before its event", "ethics.audit:AuditLog.append", "before"),
    ("8, inside the transaction, after its events", "service.desk.state:ledger_lines", "before"),
    ("8, after the transaction", "service.desk.state:State.add_release", "after"),
    ("9, before the checkpoint", "ethics.audit:AuditLog.checkpoint", "before"),
    ("9, while it is written", "linkage.drafts:FolderDraft.commit", "before"),
]
UNCHECKED = [
    ("4, after the spine is opened", "service.custody.custodian:Custodian.open_spine", "after"),
    ("5, the table is protected", "service.desk.tables:protect", "after"),
    ("8, inside the transaction, after its event", "service.desk.state:ledger_lines", "before"),
    ("8, after the transaction", "service.desk.state:State.add_release", "after"),
]
CHECKERS = {"checker/1": "council", "checker/2": "nhs"}


class Killing:
    """A driver, and the project over which it runs commands that are killed."""

    def __init__(self, project: Any, driver: "subprocess.Popen[str]") -> None:
        self.project, self.driver = project, driver

    def run(self, *words: object, place: str = "", when: str = "") -> int:
        """The exit code of a command; that of SIGKILL if it was killed."""
        job = {
            "words": [str(w) for w in words],
            "place": place,
            "when": when,
            "now": self.project.now.isoformat(),
        }
        assert self.driver.stdin is not None
        assert self.driver.stdout is not None
        self.driver.stdin.write(json.dumps(job) + "\n")
        self.driver.stdin.flush()
        return int(json.loads(self.driver.stdout.readline()))

    def killed_at(self, steps: list[tuple[str, str, str]], *words: object) -> Iterator[str]:
        """The command, killed at one step after the other; after each it is looked whether state and log agree."""
        for name, place, when in steps:
            assert self.run(*words, place=place, when=when) == -signal.SIGKILL, name
            self.agree(name)
            yield name
        assert self.run(*words) == 0
        self.agree("at last")

    def agree(self, step: str) -> None:
        """What is stored is logged, and what is logged is stored."""
        with sqlite3.connect(self.project.home("desk/1") / "office.db") as db:
            stored = {
                t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0]  # noqa: S608  fixed words
                for t in ("releases", "prepared", "output_votes")
            }
            (released,) = db.execute("SELECT count(*) FROM requests WHERE state = 'released'").fetchone()
            states = [state for (state,) in db.execute("SELECT state FROM prepared")]
            (files,) = db.execute("SELECT count(DISTINCT release) FROM release_files").fetchone()
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kinds = self.project.kinds()
        assert stored == {
            "releases": kinds.count("release-made"),
            "prepared": kinds.count("release-prepared"),
            "output_votes": kinds.count("output-vote-received"),
        }, step
        assert stored["releases"] == released == files, step
        assert states.count("released") <= released, step
        assert states.count("stopped") == kinds.count("release-refused"), step
        revealed = kinds.count("output-checked")
        assert (revealed > 0) == ("released" in states or "stopped" in states), step


@pytest.fixture
def killing(allowed: Any) -> Iterator[Killing]:
    """Request-2, which needs two checkers, was allowed; nothing is prepared."""
    p = allowed
    p.roles = {**p.roles, **{n: (o, "output-checker") for n, o in CHECKERS.items()}}
    for name in CHECKERS:
        p.people[name] = Identity.make(name, randomness=p.randomness)
        p.listed[name] = p.people[name].public
        p.home(name).mkdir()
        p.people[name].save(p.key(name))
    p.register(at=NOW)
    p.well(p.decide(p.request("checked", purpose="safeguarding-thematic"), "request-2"))
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    yield Killing(p, driver)
    driver.stdin.close()  # type: ignore[union-attr]
    driver.wait()


def release(p: Any, request_id: str = "request-2") -> tuple[object, ...]:
    return (
        "desk",
        "release",
        "--id",
        request_id,
        "--by",
        ANALYST,
        *p.desk,
        "--out",
        p.folder / "out",
        *p.keeper,
    )


def bring(p: Any, checker: str, *words: object) -> tuple[object, ...]:
    """The command that takes in a vote which this checker gives now."""
    (folder,) = (p.folder / "out").glob(f"release-*-for-{checker.replace('/', '_')}")
    mine = ("--identity", p.key(checker), "--shared", p.shared, "--out", p.home(checker) / "vote.sealed")
    p.well(p.run("checker", "vote", folder, *mine, *(words or ("--verdict", "approve"))))
    return ("desk", "vote", p.home(checker) / "vote.sealed", "--id", "request-2", *p.desk)


def test_killed_at_every_step_a_release_is_checked_made_logged_and_handed_over_once(killing: Killing) -> None:
    p = killing.project
    for _ in killing.killed_at(PREPARING, *release(p)):
        assert p.kinds().count("release-made") == 0
    assert killing.run(*bring(p, "checker/1")) == 0
    for _ in killing.killed_at(VOTING, *bring(p, "checker/2")):
        assert "output-checked" not in p.kinds()
    for step in killing.killed_at(RELEASING, *release(p)):
        assert p.kinds().count("release-made") == int(
            step.startswith("9") or step == "8, after the transaction"
        ), step
    kinds = p.kinds()[4:]
    assert kinds == ["request-made", "request-allowed", "release-prepared", *["output-vote-received"] * 2, *["output-checked"] * 2, "release-made"]  # fmt: skip
    (folder,) = (
        f for f in (p.folder / "out").iterdir() if f.name.startswith("release-") and "-for-" not in f.name
    )
    p.well(p.open(folder))


def test_killed_at_every_step_a_release_that_nobody_checks_is_made_and_logged_once(killing: Killing) -> None:
    p = killing.project
    made = [p.kinds().count("release-made") for _ in killing.killed_at(UNCHECKED, *release(p, "request-1"))]
    assert made == [0, 0, 0, 1]
    (folder,) = (p.folder / "out").iterdir()
    p.well(p.open(folder))


def test_killed_at_every_step_a_refusal_stops_it_once(killing: Killing) -> None:
    p = killing.project
    assert killing.run(*release(p)) == 0
    refusal = bring(p, "checker/1", "--verdict", "refuse", "--reason", "other", "--because", "not clear")
    stopped = [p.kinds().count("release-refused") for _ in killing.killed_at(STOPPING, *refusal)]
    assert stopped == [0, 0, 0, 1]
    assert p.kinds()[-3:] == ["output-vote-received", "output-checked", "release-refused"]
    assert killing.run(*release(p)) != 0
