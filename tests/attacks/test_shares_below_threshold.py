"""Fewer shares than are needed give nothing, whoever holds them and however they are put forward."""

import base64
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from keys import BadSeal, Identity, Secret, sign_note
from keys.ceremony import load_secret
from keys.ceremony_record import parse_record
from keys.errors import BadShare
from keys.notes import split_note
from keys.round_keys import PROJECT_SECRET, open_share
from keys.sessions import Contribution, contribute, parse_contribution, parse_request
from keys.shares import combine, split
from service.errors import BAD_KEY, UNAVAILABLE

Waits = Callable[..., list[Any]]


def share_of(held_round: Any, number: int, *, by: Identity | None = None) -> Secret:
    name = f"custodian/{number}"
    sealed = held_round.folder / "ceremony" / "shares" / f"custodian_{number}" / "project-secret.sealed"
    return open_share(
        sealed.read_bytes(), project="vpp-demo", epoch=1, kind=PROJECT_SECRET, by=by or held_round.people[name]
    )


def recovering(held_round: Any, while_waiting: Waits, act: Callable[[Path], Any]) -> Any:
    """What recovery by custodian 1 answers, when `act` happens as soon as it waits."""
    session = held_round.folder / "session"
    while_waiting(lambda: act(session))
    words = (
        "--to",
        "police/officer",
        "--epoch",
        1,
        "--session",
        session,
        "--out",
        held_round.folder / "out.sealed",
    )
    return held_round.custodian(1, "recover", *words)


def nothing_came_of_it(
    held_round: Any, told: Any, *, saying: str = "1 of 2 custodians answered in time"
) -> None:
    assert (told.code, saying in told.err) == (UNAVAILABLE, True), told.err
    assert not (held_round.folder / "out.sealed").exists()


def put(session: Path, number: int, note: str) -> None:
    (session / "contributions" / f"custodian_{number}.note").write_text(note, "utf-8")


def test_one_custodian_with_the_whole_ceremony_folder_has_nothing(held_round: Any) -> None:
    secret = load_secret(held_round.home("police/officer") / "project.secret", name="s")
    mine = share_of(held_round, 1)
    with pytest.raises(BadShare, match="1 more share is needed"):
        combine([mine], name="s")
    with pytest.raises(BadShare, match="1 more share is needed"):
        combine([mine, mine], name="s")
    for number in (2, 3):
        for by in (
            held_round.people["custodian/1"],
            Identity(f"custodian/{number}", held_round.people["custodian/1"].seeds),
        ):
            with pytest.raises(BadSeal):
                share_of(held_round, number, by=by)
    assert secret.expose() not in b"".join(
        p.read_bytes() for p in (held_round.folder / "ceremony").rglob("*") if p.is_file()
    )
    for two in combinations((1, 2, 3), 2):
        assert combine([share_of(held_round, n) for n in two], name="s") == secret


def test_a_threshold_that_would_give_each_the_whole_is_refused(keyholders: Any) -> None:
    told = keyholders.custodian(1, "ceremony", "--threshold", 1, "--out", keyholders.folder / "ceremony")
    assert (told.code, "would hold the whole" in told.err) == (BAD_KEY, True)
    assert not (keyholders.folder / "ceremony").exists()


def test_nobody_else_answering_recovers_nothing(held_round: Any, while_waiting: Waits) -> None:
    nothing_came_of_it(held_round, recovering(held_round, while_waiting, lambda _: None))


def test_one_custodians_answer_under_several_names_counts_once(held_round: Any, while_waiting: Waits) -> None:
    def act(session: Path) -> None:
        mine = (session / "contributions" / "custodian_1.note").read_text("utf-8")
        for number in (2, 3):
            put(session, number, mine)

    told = recovering(held_round, while_waiting, act)
    nothing_came_of_it(held_round, told)
    assert "the answer of custodian/2 does not serve: it is of custodian/1" in told.out


def test_a_share_that_was_made_up_is_named_and_not_counted(held_round: Any, while_waiting: Waits) -> None:
    """A custodian who answers with another share than its own, signed and sealed as it must be."""
    strangers = split(Secret(b"y" * 32, name="s"), threshold=2, shares=3)

    def act(session: Path) -> None:
        request = parse_request((session / "open.note").read_text("utf-8"))
        by = held_round.people["custodian/2"]
        put(session, 2, contribute(strangers[1], request=request, by=by, now=request.made_at))

    told = recovering(held_round, while_waiting, act)
    nothing_came_of_it(held_round, told)
    assert "the answer of custodian/2 does not serve: custodian/2 gave another share" in told.out


def test_the_own_share_under_another_custodians_name_is_not_counted(
    held_round: Any, while_waiting: Waits
) -> None:
    def act(session: Path) -> None:
        request = parse_request((session / "open.note").read_text("utf-8"))
        impostor = Identity("custodian/2", held_round.people["custodian/1"].seeds)
        put(session, 2, contribute(share_of(held_round, 1), request=request, by=impostor, now=request.made_at))

    told = recovering(held_round, while_waiting, act)
    nothing_came_of_it(held_round, told)
    assert "the answer of custodian/2 does not serve" in told.out


def test_somebody_who_is_no_custodian_adds_nothing(held_round: Any, while_waiting: Waits) -> None:
    """Even with a right share in hand: the answer must be signed by a custodian of the register."""

    def act(session: Path) -> None:
        request = parse_request((session / "open.note").read_text("utf-8"))
        linker = held_round.people["linker/1"]
        put(session, 2, contribute(share_of(held_round, 2), request=request, by=linker, now=request.made_at))

    told = recovering(held_round, while_waiting, act)
    nothing_came_of_it(held_round, told)
    assert "linker/1 does not hold the role custodian" in told.out


def test_a_custodian_who_was_taken_off_the_register_adds_nothing(held_round: Any, while_waiting: Waits) -> None:
    held_round.register(without="custodian/2")

    def act(session: Path) -> None:
        refused = held_round.custodian(2, "contribute", session)
        assert (refused.code, "custodian/2 is not in the trust register" in refused.err) == (BAD_KEY, True)
        request = parse_request((session / "open.note").read_text("utf-8"))
        by = held_round.people["custodian/2"]
        put(session, 2, contribute(share_of(held_round, 2), request=request, by=by, now=request.made_at))

    told = recovering(held_round, while_waiting, act)
    nothing_came_of_it(held_round, told)
    assert "custodian/2 is not in the trust register" in told.out


@pytest.mark.parametrize("how", ["junk", "empty", "huge", "altered", "resealed"])
def test_an_answer_that_is_damaged_stops_nobody_else(held_round: Any, while_waiting: Waits, how: str) -> None:
    def act(session: Path) -> None:
        held_round.well(held_round.custodian(3, "contribute", session))
        good = (session / "contributions" / "custodian_3.note").read_text("utf-8")
        one = parse_contribution(good)
        other = base64.b64encode(one.sealed[:-1] + bytes([one.sealed[-1] ^ 1])).decode()
        notes = {
            "junk": "junk", "empty": "", "huge": "x" * 100_000,
            "altered": good.replace(base64.b64encode(one.sealed).decode(), other),
            "resealed": sign_note(Contribution(one.session, "custodian/2", one.at, one.sealed).text, by=held_round.people["custodian/2"]),
        }  # fmt: skip
        put(session, 2, notes[how])

    told = recovering(held_round, while_waiting, act)
    assert told.code == 0, told.err
    because = {"huge": "far larger than any", "altered": "does not fit", "resealed": "altered"}.get(
        how, "no signed note"
    )
    assert because in told.out.partition("the answer of custodian/2 does not serve: ")[2]
    held_round.well(held_round.accept("police", held_round.folder / "out.sealed", out="new.secret"))
    home = held_round.home("police/officer")
    assert load_secret(home / "new.secret", name="n") == load_secret(home / "project.secret", name="p")


def test_a_record_that_a_custodian_never_signed_gives_it_no_share_to_answer_with(
    keyholders: Any, while_waiting: Waits
) -> None:
    keyholders.ceremony(signed_by=(1, 2))
    record = parse_record(split_note((keyholders.shared / "ceremonies" / "1.note").read_text("utf-8"))[0])
    assert record.threshold == 2

    def act(session: Path) -> None:
        refused = keyholders.custodian(3, "contribute", session)
        assert "no share of epoch 1 is kept here" in refused.err

    nothing_came_of_it(keyholders, recovering(keyholders, while_waiting, act))
