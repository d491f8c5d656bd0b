"""Every documented exit code is reached, and each error is told in a few plain lines: requests, votes and policies."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import service.clock
from service.demonstration.cast import NOW
from tests.told_plainly import told_plainly

BAD_INPUT, BAD_KEY, REFUSED, NOT_APPROVED = 10, 11, 12, 13
Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def _an_hour_after_the_demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.clock, "now", lambda: NOW + timedelta(hours=1))


def check(shared: Path, request: Path, *more: object) -> list[object]:
    """The analyst's check of a request, with her identity file copied beside the request: what she remembers stays there."""
    mine = request.parent / "identity.key"
    if not mine.exists():
        shutil.copy(shared.parent / "analyst" / "identity.key", mine)
    where = ("--identity", mine, "--shared", shared, "--root", shared / "root.json")
    return ["analyst", "check", request, *where, *more]


def request_of(demo: Any, tmp_path: Path, old: str = "", new: str = "") -> Path:
    text = (demo.places.analyst / "requests" / "table.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "request.yaml").write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return tmp_path / "request.yaml"


def test_a_request_that_would_be_allowed_exits_0_and_says_why(demo: Any, command: Call, tmp_path: Path) -> None:
    request = request_of(demo, tmp_path)
    told = command(*check(demo.places.shared, request))
    assert told.code == 0
    assert told.out.startswith("Allowed by clause SNA-1.")
    value = json.loads(command(*check(demo.places.shared, request, "--json")).out)
    told = {"decision", "reasons", "clauses", "obligations", "nearest", "alternative", "errors"}
    assert set(value) == {*told, "advice"}
    assert value["advice"] == {"note": "request.advice-0002.note", "logged": False}
    assert (value["decision"], value["clauses"]) == ("allow", ["SNA-1"])
    assert value["obligations"]["suppress"] == 7


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("purpose: strategic-needs-assessment", "purpose: find-them", "unknown-word"),
        ("form: aggregate-table", "form: person-list", "never-allowed-form"),
        (
            "purpose: strategic-needs-assessment",
            "purpose: individual-enforcement-targeting",
            "never-allowed-purpose",
        ),
        ("area: local-partnership", "area: my-street", "unknown-word"),
    ],
)
def test_a_request_that_would_be_refused_exits_12_and_says_why(
    demo: Any, command: Call, tmp_path: Path, old: str, new: str, code: str
) -> None:
    request = request_of(demo, tmp_path, old, new)
    told = command(*check(demo.places.shared, request))
    assert told.code == REFUSED
    assert told.out.startswith("Denied.")
    value = json.loads(command(*check(demo.places.shared, request, "--json")).out)
    assert value["decision"] == "deny"
    assert code in {r["code"] for r in (*value["reasons"], *value["errors"])}


@pytest.mark.parametrize(
    ("old", "new", "saying"),
    [
        ("purpose:", "porpoise:", "porpoise"),
        ("format: linkage-request/v1", "format: linkage-request/v2", "format"),
        ("use-until: 2027-05-01", "use-until: soon", "use"),
        ("project: vpp-demo", "project: other-project", "is for project other-project"),
        ("benefit:", "benefit: &b", "Anchors"),
        ("attributes:", "attributes: [", "not YAML"),
    ],
)
def test_a_request_that_cannot_be_read_exits_10_and_says_where(
    demo: Any, command: Call, tmp_path: Path, old: str, new: str, saying: str
) -> None:
    told_plainly(
        command(*check(demo.places.shared, request_of(demo, tmp_path, old, new))), BAD_INPUT, saying=saying
    )


def test_a_request_is_checked_by_whoever_makes_it_and_nobody_else(
    demo: Any, command: Call, tmp_path: Path
) -> None:
    request = request_of(demo, tmp_path, "requester: analyst/vpp-1", "requester: analyst/vpp-9")
    told_plainly(
        command(*check(demo.places.shared, request)), BAD_KEY, saying="whoever makes a request checks it"
    )
    shutil.copy(demo.places.centre / "identity.key", tmp_path / "identity.key")
    request = request_of(demo, tmp_path)
    told_plainly(command(*check(demo.places.shared, request)), BAD_KEY, saying="does not hold the role analyst")
    assert list(tmp_path.glob("*.note")) == []


def test_a_file_that_is_not_there_or_no_text_exits_10(demo: Any, command: Call, tmp_path: Path) -> None:
    shared = demo.places.shared
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01")
    for name, saying in (("none.yaml", "no file none.yaml"), ("binary.yaml", "no UTF-8 text")):
        path = tmp_path / name
        told_plainly(command(*check(shared, path)), BAD_INPUT, saying=saying)
        told_plainly(command("board", "explain", path), BAD_INPUT, saying=saying)
        told_plainly(command("board", "lint", path, "--shared", shared), BAD_INPUT, saying=saying)
    told_plainly(command("board", "explain", tmp_path), BAD_INPUT, saying="cannot be read")
    told_plainly(
        command("board", "tally", "--shared", tmp_path, "--root", shared / "root.json"),
        BAD_INPUT,
        saying="no project's shared folder",
    )
    told_plainly(
        command("board", "tally", "--shared", shared, "--root", tmp_path / "binary.yaml"),
        BAD_INPUT,
        saying="no UTF-8 text",
    )
    told_plainly(
        command(
            "audit",
            "proof",
            tmp_path / "none.txt",
            tmp_path / "none.json",
            "--root",
            shared / "root.json",
            "--shared",
            shared,
        ),
        BAD_INPUT,
        saying="no file none.txt",
    )


def tally(shared: Path, *more: object) -> list[object]:
    return ["board", "tally", "--shared", shared, "--root", shared / "root.json", *more]


def test_a_vote_with_its_quorum_exits_0(shared: Path, command: Call) -> None:
    told = command(*tally(shared))
    assert told.code == 0
    assert "6 approve" in told.out
    assert "recommended by the board's quorum" in told.out


def no_votes(shared: Path) -> None:
    shutil.rmtree(shared / "votes")


def one_altered(shared: Path) -> None:
    path = shared / "votes" / "lay-1.note"
    path.write_text(path.read_text("utf-8").replace("vote: approve", "vote: refuse"), encoding="utf-8")


def policy_altered(shared: Path) -> None:
    path = shared / "policy.yaml"
    path.write_text(path.read_text("utf-8").replace("k: 10", "k: 3", 1), encoding="utf-8")


def evidence_unsigned(shared: Path) -> None:
    path = shared / "evidence.note"
    path.write_text(path.read_text("utf-8").rpartition("\n\n")[0] + "\n", encoding="utf-8")


def board_altered(shared: Path) -> None:
    path = shared / "board.yaml"
    path.write_text(path.read_text("utf-8").replace("kind: expert", "kind: lay", 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "codes", "saying"),
    [
        (no_votes, {NOT_APPROVED}, "0 of at least 5"),
        (one_altered, {BAD_KEY, NOT_APPROVED}, "lay-1"),
        (policy_altered, {NOT_APPROVED}, "another text of the policy"),
        (evidence_unsigned, {NOT_APPROVED}, "not signed by the secretariat"),
        (board_altered, {NOT_APPROVED}, "board.yaml is not the text that the secretariat vouched for"),
    ],
)
def test_a_policy_that_is_not_approved_as_it_must_be_exits_13(
    shared: Path, command: Call, spoil: Callable[[Path], None], codes: set[int], saying: str
) -> None:
    spoil(shared)
    told = command(*tally(shared))
    assert told.code in codes
    told_plainly(told, told.code, saying=saying)


def test_a_vote_that_is_dated_later_than_the_moment_does_not_count_yet(shared: Path, command: Call) -> None:
    told_plainly(command(*tally(shared, "--at", "2026-11-30T10:00Z")), NOT_APPROVED, saying="dated after")
    assert command(*tally(shared, "--at", "2026-12-01T10:00Z")).code == 0
    for word in ("soon", "2026-12-01T10:00"):
        told_plainly(command(*tally(shared, "--at", word)), BAD_INPUT, saying="--at takes a time")


def test_a_policy_in_order_is_explained_and_has_no_faults(shared: Path, command: Call) -> None:
    told = command("board", "explain", shared / "policy.yaml")
    assert told.code == 0
    assert "Strategic needs assessment" in told.out
    assert command("board", "lint", shared / "policy.yaml", "--shared", shared).out.startswith(
        "policy.yaml: no faults; 17 tests"
    )


def test_a_policy_whose_own_tests_fail_exits_10(shared: Path, command: Call) -> None:
    path = shared / "policy.yaml"
    path.write_text(path.read_text("utf-8").replace("expect: allow", "expect: deny", 1), encoding="utf-8")
    told_plainly(command("board", "lint", path, "--shared", shared), BAD_INPUT, saying="test T-1 failed")
