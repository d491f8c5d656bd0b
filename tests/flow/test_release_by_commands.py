"""A release that two output checkers look at, and an extract for the secure setting, from the request to the certificate of destruction: by commands alone."""

import csv
import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from keys import Identity
from service.demonstration.cast import ANALYST, NOW
from service.errors import BAD_INPUT, BAD_KEY

CHECKERS = {"checker/1": "council", "checker/2": "nhs", "checker/3": "council"}
CHECKED = {"purpose": "safeguarding-thematic"}
ROWS = {"purpose": "research", "form": "pseudonymised-extract"}
SECURE = "secure/1"


def with_checkers(p: Any) -> Any:
    """The project with three output checkers and a secure environment in its trust register."""
    p.roles = {
        **p.roles,
        **{n: (o, "output-checker") for n, o in CHECKERS.items()},
        SECURE: ("host", "secure-environment"),
    }
    for name in (*CHECKERS, SECURE):
        p.people[name] = Identity.make(name, randomness=p.randomness)
        p.listed[name] = p.people[name].public
        p.home(name).mkdir()
        p.people[name].save(p.key(name))
    p.register(at=NOW)
    return p


@pytest.fixture
def checked(allowed: Any) -> Any:
    """Request-2, which needs two checkers, was allowed."""
    p = with_checkers(allowed)
    p.well(p.decide(p.request("checked", **CHECKED), "request-2"))
    return p


def release(p: Any, *words: object) -> Any:
    return p.release(*words, request_id="request-2")


def folder_for(p: Any, checker: str) -> Path:
    (found,) = (p.folder / "out").glob(f"release-*-for-{checker.replace('/', '_')}")
    return Path(found)


def review(p: Any, checker: str, *words: object, out: str = "") -> Any:
    mine = ("--identity", p.key(checker), "--shared", p.shared)
    return p.run(
        "checker", "review", folder_for(p, checker), *mine, "--out", p.home(checker) / (out or "read"), *words
    )


def cast(p: Any, checker: str, *words: object, of: Path | None = None, out: str = "vote.sealed") -> Any:
    mine = ("--identity", p.key(checker), "--shared", p.shared, "--out", p.home(checker) / out)
    return p.run("checker", "vote", of or folder_for(p, checker), *mine, *(words or ("--verdict", "approve")))


def bring(p: Any, checker: str, *, name: str = "vote.sealed") -> Any:
    return p.run("desk", "vote", p.home(checker) / name, "--id", "request-2", *p.desk)


REFUSAL = ("--verdict", "refuse", "--reason", "small-count", "--because", "one row has a single household")


def refused(told: Any, code: int, saying: str) -> None:
    assert (told.code, told.out) == (code, ""), told
    assert saying in told.err, told.err


def test_two_checkers_read_and_approve_a_table_without_knowing_of_each_other_and_it_leaves(
    checked: Any,
) -> None:
    p = checked
    told = p.well(release(p, *p.keeper)).out
    opened = p.events("custodian/1")
    assert "is prepared and waits for its output checkers: 2 of 2 approvals" in told
    assert sorted(path.name.partition("-for-")[2] for path in (p.folder / "out").iterdir()) == [n.replace("/", "_") for n in CHECKERS]  # fmt: skip
    seen = p.well(review(p, "checker/1"))
    assert "a table of 9 cells about 320 people" in seen.out
    assert "small-count: " in seen.out
    read = p.home("checker/1") / "read"
    assert stat.S_IMODE(read.stat().st_mode) == 0o700
    assert json.loads((read / "check-sheet.json").read_text("utf-8"))["counts"][0] > 0
    summary = json.loads(p.well(review(p, "checker/2", "--json")).out)
    assert summary["requester"] == ANALYST
    p.well(cast(p, "checker/1"))
    assert p.well(bring(p, "checker/1")).out == "the vote of checker/1 is in\n"
    again = p.well(release(p)).out
    assert "1 of 2 approvals" in again
    assert "checker/1 approve" not in again
    p.well(cast(p, "checker/2"))
    p.well(bring(p, "checker/2"))
    made = p.well(release(p)).out
    assert ": 7 sealed files in release-" in made
    (folder,) = (f for f in (p.folder / "out").iterdir() if "-for-" not in f.name)
    p.well(p.open(folder))
    for name in ("table.csv", "table.parquet", "metadata.json", "note.txt", "decision.json"):
        assert (p.folder / "opened" / name).read_bytes() == (read / name).read_bytes()
    kinds = p.kinds()[4:]
    assert kinds == ["request-made", "request-allowed", "release-prepared", *["output-vote-received"] * 2, *["output-checked"] * 2, "release-made"]  # fmt: skip
    assert p.events("custodian/1") == opened


def test_one_refusal_stops_it_for_good_and_is_logged_with_its_code_alone(checked: Any) -> None:
    p = checked
    p.well(release(p, *p.keeper))
    refused(cast(p, "checker/1", "--verdict", "refuse"), BAD_INPUT, "a refusal says why")
    refused(cast(p, "checker/1", "--verdict", "maybe"), BAD_INPUT, "--verdict takes one of approve, refuse")
    p.well(cast(p, "checker/1", *REFUSAL))
    assert "it refuses, and nothing is released" in p.well(bring(p, "checker/1")).out
    assert "it refuses, and nothing is released" in p.well(bring(p, "checker/1")).out
    p.well(cast(p, "checker/2"))
    refused(bring(p, "checker/2"), BAD_INPUT, "does not wait for its checkers: it is stopped")
    refused(release(p, *p.keeper), BAD_INPUT, "an output checker refused release-")
    events = p.events("desk/1")[-3:]
    assert [e.kind for e in events] == ["output-vote-received", "output-checked", "release-refused"]
    assert events[1].details["verdict"] == "refuse"
    assert (events[1].details["reasons"], events[2].details["reasons"]) == ("small-count", "output-checker")
    assert b"household" not in b"".join(e.to_bytes() for e in events)


def test_a_release_ends_with_a_certificate_or_is_told_to_be_overdue(
    checked: Any, set_clock: Callable[..., None]
) -> None:
    p = checked
    p.well(p.release(*p.keeper))
    (folder,) = (p.folder / "out").iterdir()
    p.well(p.open(folder))
    name = folder.name
    assert p.well(p.run("desk", "due", *p.desk)).out == "1 other releases ask for nothing\n"
    soon = p.well(p.run("desk", "due", *p.desk, "--at", "2027-03-20T10:00Z")).out
    assert (
        f"{name} (request-1, {ANALYST}) may be used until 2027-04-01, 12 days from now: remind {ANALYST}"
        in soon
    )
    notice = p.folder / "withdrawn.note"
    withdraw = ("desk", "withdraw-release", name, *p.desk, "--out", notice, "--reason")
    refused(p.run(*withdraw, "because"), BAD_INPUT, "--reason takes one of error-in-data")
    assert p.well(p.run(*withdraw, "error-in-data")).out.startswith(
        f"{name} is withdrawn; withdrawn.note tells {ANALYST}"
    )
    p.well(p.run(*withdraw, "error-in-data"))
    assert "Stop using" in notice.read_text("utf-8")
    read = ("analyst", "withdrawn", notice, "--shared", p.shared)
    assert (
        f"desk/1 has withdrawn {name} on 2026-12-01: a partner's data were wrong. " in p.well(p.run(*read)).out
    )
    notice.write_text(notice.read_text("utf-8").replace("error-in-data", "misused"), "utf-8")
    refused(p.run(*read), BAD_KEY, "says more than this version reads, or says it otherwise")
    refused(p.run(*withdraw, "error-in-data"), BAD_INPUT, "exists already: name another file with --out")
    refused(p.release(), BAD_INPUT, f"{name} was withdrawn: it is not handed out any more")
    assert "is withdrawn, and analyst/vpp-1 has not certified" in p.well(p.run("desk", "due", *p.desk)).out
    mine = ("--identity", p.key(ANALYST), "--shared", p.shared, "--out", p.folder / "gone.note")
    destroy = ("analyst", "destroyed", p.folder / "opened", "--sealed", folder, *mine)
    (p.folder / "opened" / "my-own-notes.txt").write_text("x", "utf-8")
    refused(p.run(*destroy), BAD_INPUT, "holds 1 other files than those of a release")
    (p.folder / "opened" / "my-own-notes.txt").unlink()
    p.well(p.run(*destroy))
    assert sorted(f.name for f in (p.folder / "opened").iterdir()) == ["audit-entry.json", "audit-proof.txt"]
    assert not folder.exists()
    record = ("desk", "destruction", p.folder / "gone.note", *p.desk)
    assert p.well(p.run(*record)).out == f"{name} is destroyed, as its holder certifies\n"
    assert "was on record already" in p.well(p.run(*record)).out
    (one,) = json.loads(p.well(p.run("desk", "due", *p.desk, "--json")).out)
    assert (one["release"], one["standing"]) == (name, "destroyed")
    assert p.kinds()[-2:] == ["release-withdrawn", "destruction-certified"]


def test_after_its_last_day_a_release_is_not_handed_out(allowed: Any, set_clock: Callable[..., None]) -> None:
    p = allowed
    p.well(p.release(*p.keeper))
    set_clock(NOW.replace(year=2027, month=4, day=1))
    p.well(p.release())
    set_clock(NOW.replace(year=2027, month=4, day=2))
    refused(p.release(), BAD_INPUT, "could be used until 2027-04-01: it is not handed out any more")


def test_an_extract_is_checked_and_opens_in_the_secure_setting_alone(allowed: Any) -> None:
    p = with_checkers(allowed)
    p.well(p.decide(p.request("rows", **ROWS), "request-2"))
    p.well(release(p, *p.keeper))
    told = p.well(review(p, "checker/1")).out
    assert " rows of 320 people; " in told
    for checker in ("checker/1", "checker/2"):
        p.well(cast(p, checker))
        p.well(bring(p, checker))
    p.well(release(p))
    (folder,) = (f for f in (p.folder / "out").iterdir() if "-for-" not in f.name)
    refused(p.open(folder), BAD_KEY, "is for another recipient")
    p.well(p.open(folder, by=SECURE))
    with (p.folder / "opened" / "rows.csv").open(newline="", encoding="utf-8") as source:
        heading, *lines = list(csv.reader(source))
    assert heading == ["pseudonym", "schools.suspended", "police.arrested_violence", "linkage_band"]
    assert len({line[0] for line in lines}) == len(lines) == 320
    assert [line[0] for line in lines] == sorted(line[0] for line in lines)
    assert {line[3] for line in lines} <= {"sure", "likely", "weak", "one record"}
    rows = pq.read_table(p.folder / "opened" / "rows.parquet").to_pylist()
    assert [list(row.values()) for row in rows] == lines
    made = p.events("desk/1")[-1]
    assert made.kind == "release-made"
    assert not {"cells", "hidden"} & made.details.keys()
    mine = ("--identity", p.key(SECURE), "--shared", p.shared, "--out", p.folder / "gone.note")
    p.well(p.run("analyst", "destroyed", p.folder / "opened", "--sealed", folder, *mine))
    p.well(p.run("desk", "destruction", p.folder / "gone.note", *p.desk))
    assert p.kinds()[-1] == "destruction-certified"


def test_without_a_secure_environment_nothing_is_opened(allowed: Any) -> None:
    p = with_checkers(allowed)
    del p.listed[SECURE]
    p.register(at=NOW + timedelta(minutes=1))
    p.well(p.decide(p.request("rows", **ROWS), "request-2"))
    before = p.events("custodian/1")
    refused(release(p, *p.keeper), BAD_INPUT, "has not exactly one secure-environment")
    assert p.events("custodian/1") == before
