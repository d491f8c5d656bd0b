"""Asking: a check that is logged, a request put into the desk's tray, the desk's signed answer; and what becomes of notes that were tampered with."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import service.desk.tray
from keys import sign_note
from service.analyst.advice import ADVICE_FORMAT, Advice, sign_advice
from service.demonstration.cast import ANALYST, NOW
from service.desk.tray import ANSWER_FORMAT
from service.errors import BAD_INPUT, BAD_KEY, REFUSED

ROWS = {"form": "pseudonymised-extract"}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def tray(allowed: Any) -> Path:
    """An empty tray between the analyst and the desk."""
    folder = Path(allowed.folder) / "tray"
    folder.mkdir()
    return folder


def hers(p: Any) -> tuple[object, ...]:
    return ("--identity", p.key(ANALYST), "--shared", p.shared, "--root", p.root)


def check(p: Any, request: Path, *words: object) -> Any:
    return p.run("analyst", "check", request, *hers(p), *words)


def ask(p: Any, tray: Path, name: str = "second", *words: object, **changes: object) -> Any:
    body = {"use_until": "2027-03-01"} | changes
    p.request(name, **body).unlink()
    return p.run("analyst", "ask", p.folder / f"{name}.yaml", *hers(p), "--tray", tray, *words)


def answer(p: Any, tray: Path) -> Any:
    return p.run("desk", "answer", *p.desk, "--tray", tray)


def read(p: Any, tray: Path, request_id: str, *words: object) -> Any:
    mine = ("--identity", p.key(ANALYST), "--shared", p.shared, "--tray", tray)
    return p.run("analyst", "answer", request_id, *mine, *words)


def test_a_check_is_logged_whether_the_desk_is_here_or_the_note_is_brought(allowed: Any) -> None:
    p, before = allowed, allowed.kinds()
    request = p.folder / "request.yaml"
    here = p.well(check(p, request, "--desk", p.home("desk/1")))
    assert here.out.startswith("Allowed by clause SNA-1.\n")
    assert "advice-given by analyst/vpp-1 is entry" in here.out
    assert p.kinds() == [*before, "advice-given"]
    away = p.well(check(p, request, "--note", p.folder / "mine.note"))
    assert "mine.note is for the log: give it to the release desk" in away.out
    brought = ("audit", "record", p.folder / "mine.note", "--desk", p.home("desk/1"), "--shared", p.shared)
    told = p.well(p.run(*brought, "--root", p.root))
    # The two checks were made at one moment and got one answer: they are one.
    assert "was recorded before" in told.out
    event = p.events("desk/1")[-1]
    assert (event.by, event.details["verdict"]) == (ANALYST, "allow")


def test_a_request_is_checked_signed_handed_in_decided_and_answered(allowed: Any, tray: Path) -> None:
    p, before = allowed, allowed.kinds()
    told = p.well(ask(p, tray, "second", "--id", "violence-1"))
    assert told.out.startswith("Allowed by clause SNA-1.\n")
    assert "violence-1 is in tray/" in told.out
    early = read(p, tray, "violence-1")
    assert (early.code, "no answer to violence-1 in tray/ yet" in early.err) == (BAD_INPUT, True)
    assert p.well(answer(p, tray)).out == "violence-1: allow\n"
    assert p.kinds()[len(before) :] == ["advice-given", "request-made", "request-allowed"]
    assert p.well(answer(p, tray)).out == "no request is waiting\n"
    assert p.well(read(p, tray, "violence-1")).out.startswith("Allowed by clause SNA-1.\n")
    body = json.loads(p.well(read(p, tray, "violence-1", "--json")).out)
    assert (body["outcome"], body["by"], body["decision"]["clauses"]) == ("allow", "desk/1", ["SNA-1"])
    assert list((tray / "advice").iterdir()) == []
    p.well(p.release(*p.keeper, request_id="violence-1"))


def test_a_request_that_would_be_refused_stays_out_unless_she_wants_it_refused(
    allowed: Any, tray: Path
) -> None:
    p = allowed
    told = ask(p, tray, "rows", **ROWS)
    assert (told.code, told.out.startswith("Denied.\n")) == (REFUSED, True)
    assert "is not handed in" in told.out
    assert not (tray / "requests").exists()
    body = json.loads(p.well(ask(p, tray, "rows", "--anyway", "--json", **ROWS)).out)
    assert (body["handed_in"], body["check"]["decision"]) == (True, "deny")
    assert p.well(answer(p, tray)).out == f"{body['id']}: deny\n"
    assert p.kinds()[-3:] == ["advice-given", "request-made", "request-refused"]
    refused = read(p, tray, body["id"])
    assert (refused.code, refused.out.startswith("Denied.\n")) == (REFUSED, True)


def test_what_is_wrong_with_a_request_in_the_tray_is_answered_and_stops_no_other(
    allowed: Any, tray: Path
) -> None:
    p, before = allowed, allowed.kinds()
    p.well(ask(p, tray, "second", "--id", "good"))
    forged = tray / "requests" / "forged.note"
    text = (tray / "requests" / "good.note").read_text("utf-8").replace("2027-03-01", "2027-03-02")
    forged.write_text(text, "utf-8")
    (tray / "requests" / "rubbish.note").write_text("rubbish", "utf-8")
    (tray / "requests" / "..hidden.note").write_text("rubbish", "utf-8")
    assert p.well(answer(p, tray)).out == "forged: not-taken\ngood: allow\nrubbish: not-taken\n"
    assert p.kinds()[len(before) :] == ["advice-given", "request-made", "request-allowed"]
    said = read(p, tray, "forged")
    assert said.code == REFUSED
    assert "is not as analyst/vpp-1 signed it" in said.out


def test_killed_between_deciding_and_answering_the_same_call_answers_and_decides_once(
    allowed: Any, tray: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = allowed
    p.well(ask(p, tray, "second", "--id", "good"))

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(service.desk.tray, "write_whole", killed)
        with pytest.raises(Killed):
            answer(p, tray)
    decided = p.kinds()
    assert decided[-1] == "request-allowed"
    assert p.well(answer(p, tray)).out == "good: allow\n"
    assert p.kinds() == decided


@pytest.mark.parametrize("by", ["linker/1", "analyst/vpp-1"])
def test_an_answer_that_the_desk_did_not_sign_is_not_believed(allowed: Any, tray: Path, by: str) -> None:
    p = allowed
    p.well(ask(p, tray, "second", "--id", "good"))
    p.well(answer(p, tray))
    path = tray / "answers" / "good.note"
    text = path.read_text("utf-8")
    path.write_text(text.replace('"allow"', '"deny"'), "utf-8")
    assert read(p, tray, "good").code == BAD_KEY
    body = text.rpartition("\n\n")[0] + "\n"
    assert body.startswith(f"{ANSWER_FORMAT}\n")
    path.write_text(sign_note(body, by=p.people[by]), "utf-8")
    assert read(p, tray, "good").code == BAD_KEY


def test_the_answer_to_one_request_is_none_to_another(allowed: Any, tray: Path) -> None:
    p = allowed
    p.well(ask(p, tray, "second", "--id", "one"))
    p.well(ask(p, tray, "third", "--id", "two", use_until="2027-02-01"))
    p.well(answer(p, tray))
    shutil.copy(tray / "answers" / "one.note", tray / "answers" / "two.note")
    told = read(p, tray, "two")
    assert (told.code, "answers another request" in told.err) == (BAD_KEY, True)


def test_advice_that_somebody_else_signed_is_no_advice_of_hers(allowed: Any) -> None:
    p, before = allowed, allowed.kinds()
    digest = "sha256:" + "0" * 64
    one = Advice("vpp", ANALYST, NOW, NOW, True, digest, digest, digest, digest)
    assert one.text.startswith(f"{ADVICE_FORMAT}\n")
    path = p.folder / "forged.note"
    for note in (
        sign_advice(one, by=p.people["desk/1"]),
        sign_advice(one, by=p.people[ANALYST]).replace("true", "false"),
    ):
        path.write_text(note, "utf-8")
        told = p.run(
            "audit", "record", path, "--desk", p.home("desk/1"), "--shared", p.shared, "--root", p.root
        )
        assert told.code == BAD_KEY
    assert p.kinds() == before


def test_an_id_is_a_plain_name_and_is_given_once(allowed: Any, tray: Path) -> None:
    p = allowed
    for bad in ("../up", "a/b", "1", "x" * 65):
        assert ask(p, tray, "second", "--id", bad).code == BAD_INPUT
    p.well(ask(p, tray, "second", "--id", "good"))
    told = ask(p, tray, "second", "--id", "good")
    assert (told.code, "give this one another --id" in told.err) == (BAD_INPUT, True)
    missing = ask(p, tray / "none", "second")
    assert (missing.code, "no folder none/" in missing.err) == (BAD_INPUT, True)


def test_whoever_asks_under_a_clock_that_went_back_is_told_so(allowed: Any, tray: Path, set_clock: Any) -> None:
    p = allowed
    p.well(check(p, p.folder / "request.yaml"))
    set_clock(NOW - timedelta(days=2))
    told = ask(p, tray, "second")
    assert (told.code, "clock" in told.err) == (BAD_KEY, True)
    assert list(tray.iterdir()) == []


@pytest.mark.parametrize("name", ["requests", "answers", "advice"])
def test_a_tray_that_leads_elsewhere_is_not_used(allowed: Any, tray: Path, name: str) -> None:
    p = allowed
    votes = p.shared / "votes"
    before = sorted(votes.iterdir())
    (tray / name).symlink_to(votes)
    for told in (ask(p, tray, "second"), answer(p, tray)):
        assert (told.code, f"{name} in tray/ is a link to elsewhere" in told.err) == (BAD_INPUT, True)
    assert sorted(votes.iterdir()) == before
