"""A share that was given to one opening is of use to no other, to nobody else, and at no later time."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keys import BadSeal, Identity, Secret, sign_note
from keys.errors import BadShare
from keys.sessions import (
    OpenRequest,
    ask_to_open,
    contribute,
    open_contribution,
    parse_contribution,
    parse_request,
)
from service.custody.rounds import Rounds
from service.errors import BAD_INPUT, BAD_KEY, UNAVAILABLE
from service.shared import read_project

SOON = timedelta(minutes=6)
Waits = Callable[..., list[Any]]


def recover(k: Any, session: Path) -> Any:
    out = k.folder / f"{session.name}.sealed"
    words = ("--to", "police/officer", "--epoch", 1, "--session", session, "--out", out)
    return k.custodian(1, "recover", *words)


@pytest.fixture
def opened(held_round: Any, while_waiting: Waits) -> Path:
    """An opening that two custodians answered and that is over; its folder stayed where it was."""
    session: Path = held_round.folder / "first"
    while_waiting(lambda: held_round.custodian(2, "contribute", session))
    held_round.well(recover(held_round, session))
    return session


def test_answers_to_one_opening_do_not_open_another(
    held_round: Any, opened: Path, while_waiting: Waits
) -> None:
    second = held_round.folder / "second"

    def replay() -> None:
        shutil.copy(opened / "contributions" / "custodian_2.note", second / "contributions")

    while_waiting(replay)
    told = recover(held_round, second)
    assert (told.code, "made for another opening" in told.out) == (UNAVAILABLE, True), told.err
    assert not (held_round.folder / "second.sealed").exists()


def test_the_folder_of_an_opening_that_is_over_opens_nothing_again(held_round: Any, opened: Path) -> None:
    copy = held_round.folder / "copy"
    shutil.copytree(opened, copy)
    told = recover(held_round, copy)
    assert (told.code, "holds an earlier opening" in told.err) == (BAD_INPUT, True)
    (copy / "open.note").unlink()
    told = recover(held_round, copy)
    assert (told.code, "holds an earlier opening" in told.err) == (BAD_INPUT, True)


def test_whoever_has_all_files_and_every_custodians_identity_but_not_the_process_opens_no_answer(
    held_round: Any, opened: Path
) -> None:
    request = parse_request((opened / "open.note").read_text("utf-8"))
    rounds = Rounds.read(held_round.shared, trust=read_project(held_round.shared).trust, now=datetime.now(UTC))
    for path in sorted((opened / "contributions").glob("*.note")):
        one = parse_contribution(path.read_text("utf-8"))
        for key in (*held_round.people.values(), Identity.make(request.key.name)):
            for by in (key, Identity(request.key.name, key.seeds)):
                with pytest.raises(BadSeal):
                    open_contribution(one, request=request, key=by, record=rounds.record(1))


def test_a_custodian_answers_an_opening_once(held_round: Any, opened: Path) -> None:
    told = held_round.custodian(2, "contribute", opened)
    assert (told.code, "answered already" in told.err) == (BAD_INPUT, True)
    before = (opened / "contributions" / "custodian_2.note").read_bytes()
    (opened / "contributions" / "custodian_2.note").unlink()
    held_round.well(held_round.custodian(2, "contribute", opened))
    assert (opened / "contributions" / "custodian_2.note").read_bytes() == before
    assert [e.kind for e in held_round.events("custodian/2")].count("recovery-share-used") == 1


def test_an_opening_that_is_over_gets_no_answer(
    held_round: Any, opened: Path, set_clock: Callable[[datetime], None]
) -> None:
    set_clock(parse_request((opened / "open.note").read_text("utf-8")).expires)
    told = held_round.custodian(3, "contribute", opened)
    assert (told.code, "ask anew, or set the clock" in told.err) == (BAD_KEY, True)
    assert not (opened / "contributions" / "custodian_3.note").exists()
    assert [e.kind for e in held_round.events("custodian/3")] == ["share-kept"]


class Asked:
    """An opening that somebody asks for in a note of the attacker's making."""

    def __init__(self, k: Any) -> None:
        self.k, self.session = k, k.folder / "session"
        rounds = Rounds.read(k.shared, trust=read_project(k.shared).trust, now=datetime.now(UTC))
        self.record = rounds.record(1)

    def request(self, *, by: str, what: str = "project-secret", reason: str = "lost-secret") -> OpenRequest:
        _, request, _ = ask_to_open(
            self.record, what=what, reason=reason, to=None, by=self.k.people[by], now=datetime.now(UTC),
            lasts=timedelta(minutes=10), randomness=self.k.randomness,
        )  # fmt: skip
        return request

    def stays_unanswered(self, note: str, saying: str, *, code: int = BAD_KEY) -> None:
        self.session.mkdir(exist_ok=True)
        (self.session / "open.note").write_text(note, "utf-8")
        before = len(self.k.events("custodian/2"))
        told = self.k.custodian(2, "contribute", self.session)
        assert (told.code, saying in told.err) == (code, True), told.err
        assert not (self.session / "contributions").exists()
        assert len(self.k.events("custodian/2")) == before


@pytest.fixture
def asked(held_round: Any) -> Asked:
    return Asked(held_round)


@pytest.mark.parametrize("name", ["desk/1", "police/officer", "secretariat/1", "linker/1"])
def test_only_a_custodian_asks_for_the_project_secret(asked: Asked, name: str) -> None:
    note = sign_note(asked.request(by=name).text, by=asked.k.people[name])
    asked.stays_unanswered(note, f"{name} does not hold the role custodian")


def test_only_the_linker_asks_for_its_opening_key_and_only_where_there_is_one(asked: Asked) -> None:
    for name, saying in (
        ("custodian/1", "does not hold the role linker"),
        ("linker/1", "a key that nobody shares"),
    ):
        request = asked.request(by=name, what="linker-opening", reason="linkage-run")
        asked.stays_unanswered(sign_note(request.text, by=asked.k.people[name]), saying)


def test_an_opening_in_somebody_elses_name_gets_no_answer(asked: Asked) -> None:
    request = asked.request(by="custodian/1")
    for name in ("desk/1", "custodian/3"):
        asked.stays_unanswered(sign_note(request.text, by=asked.k.people[name]), "no signature by anyone")
    impostor = Identity.make("custodian/1")
    asked.stays_unanswered(sign_note(request.text, by=impostor), "no signature by anyone")


def test_an_opening_whose_key_was_exchanged_gets_no_answer(asked: Asked, opened: Path) -> None:
    """Whoever stands between could put a key of its own in the place of the asker's."""
    note = (opened / "open.note").read_text("utf-8")
    request = parse_request(note)
    mine = replace(request, key=Identity.make(request.key.name).public)
    asked.stays_unanswered(mine.text + "\n" + note.rpartition("\n\n")[2], "does not fit this linkage-open/v1")


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        (lambda r: replace(r, record="0" * 64), "asked for another ceremony"),
        (lambda r: replace(r, project="other"), "asked for another ceremony"),
        (lambda r: replace(r, expires=r.made_at + timedelta(days=2)), "longer than a day"),
        (lambda r: replace(r, expires=r.made_at), "ask anew"),
        (lambda r: replace(r, made_at=r.made_at + SOON, expires=r.expires + SOON), "set the clock"),
        (lambda r: replace(r, reason="because"), "is not readable"),
        (lambda r: replace(r, what="everything"), "is not readable"),
        (lambda r: replace(r, nonce="00"), "is not readable"),
    ],
)
def test_an_opening_that_says_something_wrong_gets_no_answer(
    asked: Asked, change: Callable[[OpenRequest], OpenRequest], saying: str
) -> None:
    note = sign_note(change(asked.request(by="custodian/1")).text, by=asked.k.people["custodian/1"])
    asked.stays_unanswered(note, saying)


def test_an_opening_of_an_epoch_without_a_record_gets_no_answer(asked: Asked) -> None:
    request = replace(asked.request(by="custodian/1"), epoch=2)
    note = sign_note(request.text, by=asked.k.people["custodian/1"])
    asked.stays_unanswered(note, "epoch 2 of vpp-demo has no record", code=BAD_INPUT)


def test_an_answer_is_recorded_only_after_its_opening_and_only_if_it_holds(
    held_round: Any, opened: Path
) -> None:
    words = ("--desk", held_round.home("desk/1"), "--shared", held_round.shared, "--root", held_round.root)
    answer = opened / "contributions" / "custodian_2.note"
    told = held_round.run("audit", "record", answer, *words)
    assert (told.code, "record its open.note first" in told.err) == (BAD_INPUT, True)
    held_round.well(held_round.run("audit", "record", opened / "open.note", *words))
    forged = held_round.folder / "forged.note"
    text = answer.read_text("utf-8").rpartition("\n\n")[0] + "\n"
    forged.write_text(sign_note(text, by=held_round.people["desk/1"]), "utf-8")
    assert held_round.run("audit", "record", forged, *words).code == BAD_KEY
    held_round.well(held_round.run("audit", "record", answer, *words))
    assert [e.kind for e in held_round.events("desk/1")] == ["opening-asked", "recovery-share-used"]


def test_an_answer_is_bound_to_its_opening_and_its_custodian_even_for_the_process_that_asked(
    asked: Asked,
) -> None:
    """Two openings by one process under one key: what was sealed for the one does not open for the other, nor under another name."""
    by, share = asked.k.people["custodian/2"], Secret(b"words of a share", name="share")
    _, request, key = ask_to_open(
        asked.record, what="project-secret", reason="lost-secret", to=None, by=asked.k.people["custodian/1"], now=datetime.now(UTC),
        lasts=timedelta(minutes=10), randomness=asked.k.randomness,
    )  # fmt: skip
    one = parse_contribution(contribute(share, request=request, by=by, now=request.made_at))
    with pytest.raises(BadShare, match="is damaged"):
        open_contribution(one, request=request, key=key, record=asked.record)
    for answer, other in (
        (replace(one, by="custodian/3"), request),
        (one, replace(request, nonce="0" * 32)),
        (one, replace(request, what="project-secret", epoch=2)),
    ):
        with pytest.raises(BadSeal):
            open_contribution(answer, request=other, key=key, record=asked.record)


def test_the_key_of_an_opening_is_saved_nowhere(held_round: Any, opened: Path) -> None:
    request = parse_request((opened / "open.note").read_text("utf-8"))
    for path in held_round.folder.rglob("identity.key"):
        assert Identity.load(path).public.x25519 != request.key.x25519
    named = [
        p for p in held_round.folder.rglob("*") if p.is_file() and request.nonce.encode() in p.read_bytes()
    ]
    assert {p.name for p in named} <= {"open.note"}
