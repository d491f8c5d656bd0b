"""Every decision in the log is made again from the documents of its time, with nothing but the published files, the archive and the root."""

import json
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from policies.engine import decide
from policies.load import load_request
from service.analyst.signed_requests import text_of
from service.audit.replaying import replay
from service.desk.archive import ARCHIVE, DECISIONS, DOCUMENTS, keep, recall_decided
from service.dossier import Dossier
from service.places import Places
from service.release import ask

NOT_VERIFIED, BAD_INPUT = 14, 10


@pytest.fixture
def archive(demo: Any, tmp_path: Path) -> Path:
    """A copy of what the desk of the demonstration kept."""
    shutil.copytree(demo.places.centre / ARCHIVE, tmp_path / "given")
    return tmp_path / "given"


@pytest.fixture
def again(demo: Any, archive: Path, command: Callable[..., Any]) -> Callable[..., Any]:
    """Replays as an auditor does who was given the archive."""
    words = ("--archive", archive, "--root", demo.places.shared / "root.json")
    return lambda *more: command("audit", "replay", demo.places.public / "audit", *words, *more)


def test_all_decisions_of_the_demonstration_come_out_as_they_were_logged(again: Callable[..., Any]) -> None:
    told = again()
    assert told.code == 0, told.err
    assert told.out == "replay: 3 decisions, 3 agree, 0 differ, 0 cannot be replayed\n"
    assert json.loads(again("--json").out) == {"decisions": 3, "agreeing": 3, "differing": [], "missing": []}


def lists(archive: Path) -> list[Path]:
    return sorted((archive / DECISIONS).iterdir())


def test_each_text_is_kept_once_under_its_digest_and_none_is_personal(demo: Any, archive: Path) -> None:
    dossier = Dossier.read(demo.places.shared)
    kept = {p.read_text("utf-8") for p in (archive / DOCUMENTS).iterdir()}
    requests = {(demo.places.analyst / "requests" / n).read_text("utf-8") for n in ("rows.note", "table.note")}
    documents = {
        dossier.trust,
        dossier.policy,
        dossier.catalogue,
        dossier.gateways,
        dossier.evidence,
        dossier.constitution,
    }
    assert kept == documents | set(dossier.votes) | set(dossier.adoptions) | requests
    # The release was decided at the moment of the request's decision, on the same documents: one list serves both.
    assert len(lists(archive)) == 2


@pytest.mark.parametrize(
    "name", ["trust", "policy", "catalogue", "gateways", "evidence", "constitution", "request"]
)
def test_a_document_that_is_missing_or_altered_is_named_and_fails(
    archive: Path, again: Callable[..., Any], name: str
) -> None:
    body = json.loads(lists(archive)[0].read_text("utf-8"))
    path = archive / DOCUMENTS / f"{({**body, **body['documents']})[name]}.txt"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    told = again()
    assert told.code == NOT_VERIFIED
    assert f"{path.name} in the archive is not the text" in told.out
    path.unlink()
    told = again()
    assert told.code == NOT_VERIFIED
    assert f"{path.name} is missing" in told.out
    assert again("--missing-ok").code == 0


def test_a_decision_without_its_list_cannot_be_replayed(archive: Path, again: Callable[..., Any]) -> None:
    for path in lists(archive):
        path.unlink()
    told = again()
    assert told.code == NOT_VERIFIED
    assert told.out.startswith("replay: 3 decisions, 0 agree, 0 differ, 3 cannot be replayed\n")


def rewrite(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    body = json.loads(path.read_text("utf-8"))
    change(body)
    path.write_text(json.dumps(body), "utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["documents"].update(votes=body["documents"]["votes"][:2]),
        lambda body: body["documents"].update(adoptions=[]),
        lambda body: body.update(at="2026-12-01T10:00:01Z"),
        lambda body: body.update(at="2020-01-01T00:00:00Z"),
        lambda body: body["documents"].update(catalogue=body["documents"]["gateways"]),
        lambda body: body.update(request=body["documents"]["evidence"]),
    ],
    ids=[
        "votes left out",
        "adoptions left out",
        "a second later",
        "before the project",
        "another document",
        "no request",
    ],
)
def test_a_list_that_names_other_documents_or_another_moment_gives_another_decision(
    archive: Path, again: Callable[..., Any], change: Callable[[dict[str, Any]], Any]
) -> None:
    for path in lists(archive):
        rewrite(path, change)
    told = again()
    assert told.code == NOT_VERIFIED
    assert told.out.startswith("replay: 3 decisions, 0 agree, 3 differ, 0 cannot be replayed\n")


def test_a_request_put_in_the_place_of_another_is_found(archive: Path, again: Callable[..., Any]) -> None:
    bodies = [json.loads(p.read_text("utf-8")) for p in lists(archive)]
    first, other = sorted({b["request"] for b in bodies})
    for path in lists(archive):
        rewrite(path, lambda body: body.update(request=other if body["request"] == first else first))
    told = again()
    assert told.code == NOT_VERIFIED
    assert told.out.count("the request is another than the log says") == 3


def test_a_list_that_is_damaged_is_no_decision(archive: Path, again: Callable[..., Any]) -> None:
    path = lists(archive)[0]
    true = path.read_text("utf-8")
    for broken in ("{}", "", true.replace("decided/v1", "decided/v2"), true.replace("{", '{"more": 1, ', 1)):
        path.write_text(broken, "utf-8")
        told = again()
        assert (told.code, "was altered" in told.out) == (NOT_VERIFIED, True)


def test_a_log_that_does_not_hold_is_not_replayed(
    demo_copy: Places, archive: Path, command: Callable[..., Any]
) -> None:
    path = demo_copy.public / "audit" / "checkpoint"
    path.write_bytes(path.read_bytes()[:-2])
    told = command(
        "audit",
        "replay",
        demo_copy.public / "audit",
        "--archive",
        archive,
        "--root",
        demo_copy.shared / "root.json",
    )
    assert (told.code, told.out) == (NOT_VERIFIED, "")


def test_an_archive_that_is_not_there_is_said(demo: Any, command: Callable[..., Any], tmp_path: Path) -> None:
    words = ("--archive", tmp_path / "nowhere", "--root", demo.places.shared / "root.json")
    assert command("audit", "replay", demo.places.public / "audit", *words).code == BAD_INPUT


def test_a_decision_stays_replayable_after_the_documents_have_changed(office: Any) -> None:
    ask(office.request(), request_id="request-8", desk=office.desk)
    refused = office.request(form="record-extract")
    ask(refused, request_id="request-9", desk=office.desk)
    office.reissue(version=2, drop="board/lay-1")
    for path in (office.shared / "votes").iterdir():
        path.unlink()
    found = replay(
        list(office.desk.state.log.events()),
        archive=office.places.centre / ARCHIVE,
        root=office.shared / "root.json",
    )
    assert len(found.outcomes) == 5
    assert (found.differing, found.missing) == ((), ())


def test_a_decision_that_an_altered_engine_made_differs(office: Any) -> None:
    desk = office.desk
    note = office.request(form="record-extract")
    ask(note, request_id="request-9", desk=desk)
    *_, event = desk.state.log.events()
    dossier = Dossier.read(desk.shared)
    found = desk.verify(dossier)
    allowed = recall_decided(office.places.centre / ARCHIVE, decision=str(event.details["decision_digest"]))
    assert allowed.request == note
    lie = decide(load_request(text_of(office.request())), found.policy, facts=found.facts, now=desk.clock())
    keep(desk.folder, note=note, dossier=dossier, decision=lie)
    forged = type(event)(
        "request-allowed", event.at, event.by, event.project,
        {"request": "request-9", "decision_digest": lie.digest(), "policy_digest": lie.policy, "facts_digest": lie.facts},
    )  # fmt: skip
    desk.state.record(forged)
    outcome = replay(
        list(desk.state.log.events()), archive=office.places.centre / ARCHIVE, root=office.shared / "root.json"
    )
    assert [(one.kind, one.differs) for one in outcome.differing] == [
        ("request-allowed", "the answer is another than the log says")
    ]


@pytest.mark.parametrize(
    "change",
    [lambda documents: documents.pop("votes"), lambda documents: documents.update(more=documents["votes"])],
    ids=["one missing", "one more"],
)
def test_a_list_of_other_documents_than_a_decision_is_made_from_cannot_be_replayed(
    archive: Path, again: Callable[..., Any], change: Callable[[dict[str, Any]], Any]
) -> None:
    for path in lists(archive):
        rewrite(path, lambda body: change(body["documents"]))
    told = again()
    assert (told.code, told.out.count("names other documents")) == (NOT_VERIFIED, 3)


def test_everything_that_a_dossier_holds_is_kept(office: Any) -> None:
    dossier = Dossier.read(office.shared)
    filled = replace(
        dossier, **{f.name: ("one", "two") for f in fields(Dossier) if getattr(dossier, f.name) == ()}
    )
    found = office.desk.verify(dossier)
    decision = decide(load_request(text_of(office.request())), found.policy, facts=found.facts, now=office.now)
    keep(office.places.centre, note="note", dossier=filled, decision=decision)
    kept = recall_decided(office.places.centre / ARCHIVE, decision=decision.digest())
    assert (kept.dossier, kept.request, kept.at) == (filled, "note", office.now)
