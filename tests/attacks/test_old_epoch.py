"""An epoch that is over takes nothing more: not at the partner, not at the centre, and not when somebody puts old documents back."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keys import sign_note
from keys.ceremony_record import parse_record
from keys.notes import add_signature, split_note
from service.custody.rounds import Rounds
from service.errors import BAD_INPUT, BAD_KEY
from service.shared import read_project

AHEAD = timedelta(hours=2)


def at(when: datetime) -> str:
    return when.isoformat()


def rotated(k: Any, *, closes: datetime) -> Path:
    return Path(k.ceremony("rotation", "--closes-earlier", at(closes)))


def receive(k: Any, sent: Path) -> Any:
    words = ("--folder", k.home("desk/1"), "--shared", k.shared, "--root", k.root)
    return k.run("desk", "receive", sent, *words, "--receipt", k.folder / "receipt")


def back_at_epoch_1(k: Any) -> None:
    """Somebody who controls the shared folder puts the project back, so that the old epoch seems current."""
    stated = json.loads((k.shared / "project.json").read_text("utf-8"))
    (k.shared / "project.json").write_text(json.dumps({**stated, "epoch": 1}), "utf-8")


def forget(k: Any) -> None:
    """Nobody remembers anything, as if all were new machines."""
    for path in k.folder.rglob("seen.json"):
        path.unlink()


def test_an_officer_with_an_old_folder_submits_until_the_epoch_closes_and_not_after(
    held_round: Any, set_clock: Callable[[datetime], None]
) -> None:
    closes = datetime.now(UTC) + AHEAD
    rotated(held_round, closes=closes)
    back_at_epoch_1(held_round)
    forget(held_round)
    set_clock(closes - timedelta(seconds=1))
    held_round.well(held_round.submit("police", out="in-time"))
    set_clock(closes)
    home = held_round.home("police/officer")
    for out in ("late", "later"):
        told = held_round.submit("police", out=out)
        assert (told.code, "epoch 1 of vpp-demo takes no submission since" in told.err) == (BAD_INPUT, True), (
            told.err
        )
        assert not (home / out).exists()


def test_a_submission_of_a_closed_epoch_is_not_taken_in(
    held_round: Any, set_clock: Callable[[datetime], None]
) -> None:
    held_round.well(held_round.submit("police"))
    closes = datetime.now(UTC) + AHEAD
    rotated(held_round, closes=closes)
    sent = held_round.home("police/officer") / "sent"
    moved_on = receive(held_round, sent)
    assert (moved_on.code, "is of epoch 1; the epoch is 2" in moved_on.err) == (BAD_INPUT, True)
    back_at_epoch_1(held_round)
    forget(held_round)
    set_clock(closes)
    late = receive(held_round, sent)
    assert (late.code, "takes no submission since" in late.err) == (BAD_INPUT, True)
    assert [e.kind for e in held_round.events("desk/1")] == ["submission-refused"] * 2
    assert not (held_round.home("desk/1") / "desk" / "police").exists()
    rounds = Rounds.read(held_round.shared, trust=read_project(held_round.shared).trust, now=closes)
    assert rounds.objections(1, now=closes - timedelta(seconds=1)) == []
    assert len(rounds.objections(1, now=closes)) == 1
    assert len(rounds.objections(3, now=closes)) == 1


def test_the_project_back_at_an_earlier_epoch_is_refused_by_whoever_saw_the_later(held_round: Any) -> None:
    folder = rotated(held_round, closes=datetime.now(UTC) + AHEAD)
    held_round.well(
        held_round.accept("police", folder / "deliveries" / "police_officer.sealed", out="second.secret")
    )
    back_at_epoch_1(held_round)
    told = held_round.submit("police")
    assert (told.code, "epoch version 1 is older than version 2" in told.err) == (BAD_KEY, True)


def test_a_record_taken_away_so_that_nothing_says_that_the_epoch_is_closed_is_missed(held_round: Any) -> None:
    folder = rotated(held_round, closes=datetime.now(UTC) - AHEAD)
    held_round.well(
        held_round.accept("police", folder / "deliveries" / "police_officer.sealed", out="second.secret")
    )
    back_at_epoch_1(held_round)
    (held_round.shared / "ceremonies" / "2.note").unlink()
    told = held_round.submit("police")
    assert (told.code, "ceremonies/2.note was here before and is missing now" in told.err) == (BAD_KEY, True)


def test_a_later_record_closes_an_epoch_earlier_but_never_opens_it_again(
    held_round: Any, set_clock: Callable[[datetime], None]
) -> None:
    closes = datetime.now(UTC) + AHEAD
    rotated(held_round, closes=closes)
    note = (held_round.shared / "ceremonies" / "2.note").read_text("utf-8")
    third = replace(parse_record(split_note(note)[0]), epoch=3, closes={1: closes + AHEAD, 2: closes + AHEAD})
    signed = sign_note(third.text, by=held_round.people["custodian/1"])
    signed = add_signature(signed, by=held_round.people["custodian/2"])
    (held_round.shared / "ceremonies" / "3.note").write_text(signed, "utf-8")
    rounds = Rounds.read(held_round.shared, trust=read_project(held_round.shared).trust, now=closes)
    assert rounds.closes_at(1) == closes
    assert rounds.closes_at(2) == closes + AHEAD
    assert rounds.closes_at(3) is None


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("ceremony",), "epoch 1 had its ceremony already"),
        (("ceremony", "--epoch", 2), "say with --closes-earlier"),
        (("ceremony", "--epoch", 3), "for that one, or for the next"),
        (
            ("ceremony", "--epoch", 1, "--closes-earlier", "2026-12-01T10:00Z"),
            "epoch 1 had its ceremony already",
        ),
        (("rotate", "--closes-earlier", "soon"), "takes a time such as"),
        (("rotate", "--closes-earlier", "2026-12-01T10:00"), "offset from UTC"),
    ],
)
def test_a_ceremony_out_of_its_turn_is_not_held(held_round: Any, words: tuple[Any, ...], saying: str) -> None:
    told = held_round.custodian(1, *words, "--out", held_round.folder / "new")
    assert (told.code, saying in told.err) == (BAD_INPUT, True)
    assert not (held_round.folder / "new").exists()


def test_the_first_ceremony_closes_nothing(keyholders: Any) -> None:
    words = ("--closes-earlier", "2026-12-01T10:00Z", "--out", keyholders.folder / "new")
    told = keyholders.custodian(1, "ceremony", *words)
    assert (told.code, "only a rotation closes an earlier epoch" in told.err) == (BAD_INPUT, True)


def test_an_old_record_is_not_published_over_a_later_epoch(held_round: Any) -> None:
    rotated(held_round, closes=datetime.now(UTC) + AHEAD)
    told = held_round.publish(held_round.folder / "ceremony")
    assert (told.code, "the project is at epoch 2" in told.err) == (BAD_INPUT, True)
    assert json.loads((held_round.shared / "project.json").read_text("utf-8"))["epoch"] == 2


def test_a_rotation_that_closes_nothing_moves_no_project(held_round: Any) -> None:
    """A quorum signed a record of the next epoch that says nothing of this one."""
    folder = held_round.folder / "rotation"
    held_round.well(held_round.custodian(1, "rotate", "--closes-earlier", "2026-12-01T10:00Z", "--out", folder))
    record = replace(parse_record(split_note((folder / "record.note").read_text("utf-8"))[0]), closes={})
    note = sign_note(record.text, by=held_round.people["custodian/1"])
    note = add_signature(note, by=held_round.people["custodian/2"])
    (folder / "record.note").write_text(note, "utf-8")
    told = held_round.publish(folder)
    assert (told.code, "that of a rotation which closes it" in told.err) == (BAD_INPUT, True)
    assert json.loads((held_round.shared / "project.json").read_text("utf-8"))["epoch"] == 1


def test_the_secret_of_the_last_epoch_does_not_serve_in_the_next(held_round: Any) -> None:
    folder = rotated(held_round, closes=datetime.now(UTC) + AHEAD)
    home = held_round.home("police/officer")
    told = held_round.submit("police")
    assert (told.code, "not the project secret of epoch 2" in told.err) == (BAD_KEY, True)
    stale = held_round.accept(
        "police", held_round.folder / "ceremony" / "deliveries" / "police_officer.sealed", out="x"
    )
    assert stale.code == BAD_KEY
    new = folder / "deliveries" / "police_officer.sealed"
    shutil.copy(new, home / "new.sealed")
    held_round.well(held_round.accept("police", home / "new.sealed", out="second.secret"))
