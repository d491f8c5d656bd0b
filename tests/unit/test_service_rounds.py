"""Which custodian is on duty, which key a linker opens with, what a round says of secrets, and what is written whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keys import BadSignature, Identity, NotTrusted, Secret
from keys.ceremony_record import CeremonyRecord
from keys.errors import WrongSecret
from keys.round_keys import opening_identity, opening_seeds, with_opening_key
from keys.trust import Entry, TrustRegister
from linkage.errors import BadInput
from service.custody.ceremony import Plan, make
from service.custody.quorum import Waiting, whole_linker
from service.custody.recipient import on_duty
from service.custody.rounds import Rounds, check_linker
from service.errors import NoCeremony, OutOfOrder, RoundClosed
from service.writing import as_file_name, check_new, write_whole

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ONE, TWO, LINKER, OTHER = (Identity.make(n) for n in ("custodian/1", "custodian/2", "linker/1", "linker/2"))
MASTER = Secret(bytes(range(32)), name="master")
NEVER = Waiting(timedelta(), lambda: NOW, lambda _: None, lambda _: None)


def register(*held: tuple[Identity, str]) -> TrustRegister:
    entries = tuple(Entry(one.public, "o", frozenset(roles.split(",")), NOW) for one, roles in held)
    return TrustRegister("p", 1, entries)


def record(epoch: int = 1, **changes: Any) -> CeremonyRecord:
    plan = Plan("p", epoch, 1, (ONE.public,), (), changes.pop("linker", None), changes.pop("closes", {}))
    return replace(make(plan, by=ONE, now=NOW, randomness=lambda n: bytes([epoch]) * n).record, **changes)


def test_the_custodian_on_duty_is_the_only_one_or_the_one_who_is_named() -> None:
    assert on_duty(register((ONE, "custodian")), at=NOW) == ONE.public
    both = register((ONE, "custodian"), (TWO, "custodian,duty-custodian"))
    assert on_duty(both, at=NOW) == TWO.public
    for held in (
        ((ONE, "custodian"), (TWO, "custodian")),
        ((ONE, "custodian,duty-custodian"), (TWO, "custodian,duty-custodian")),
        ((ONE, "custodian"), (TWO, "custodian"), (LINKER, "duty-custodian")),
        (),
    ):
        with pytest.raises(NotTrusted, match="role duty-custodian"):
            on_duty(register(*held), at=NOW)


def opened(identity: Identity, *, listed: Identity, session: Path | None, made: CeremonyRecord) -> Identity:
    return whole_linker(
        identity, listed=listed.public, record=lambda: made, session=session, trust=register(), waiting=NEVER, randomness=bytes,
    )  # fmt: skip


def test_a_linker_that_holds_its_whole_key_asks_nobody(tmp_path: Path) -> None:
    assert opened(LINKER, listed=LINKER, session=None, made=record()) is LINKER
    with pytest.raises(BadInput, match="leave out --session"):
        opened(LINKER, listed=LINKER, session=tmp_path / "session", made=record())
    assert list(tmp_path.iterdir()) == []


def test_a_linker_whose_key_is_shared_needs_a_session_and_the_key_of_that_ceremony(tmp_path: Path) -> None:
    made = record(linker=LINKER.public)
    assert made.linker is not None
    shared = Identity("linker/1", {**LINKER.seeds, **opening_seeds(Secret(bytes([1]) * 32, name="m"))})
    assert shared.public == made.linker
    with pytest.raises(OutOfOrder, match="name a folder with --session"):
        opened(LINKER, listed=shared, session=None, made=made)
    with pytest.raises(BadSignature, match="does not sign as linker/1"):
        opened(OTHER, listed=shared, session=tmp_path, made=made)
    another = Identity("linker/1", {**LINKER.seeds, **opening_seeds(MASTER)})
    for stated in (made, record()):
        with pytest.raises(BadSignature, match="neither its own nor those of the ceremony"):
            opened(LINKER, listed=another, session=tmp_path, made=stated)
    check_linker(made, listed=shared.public)
    check_linker(record(), listed=LINKER.public)
    with pytest.raises(NotTrusted, match="ask the holders of the root"):
        check_linker(made, listed=LINKER.public)


def test_the_linkers_opening_key_comes_from_the_master_alone_and_its_signing_key_from_itself() -> None:
    public = with_opening_key(LINKER.public, master=MASTER)
    assert (public.name, public.ed25519) == ("linker/1", LINKER.public.ed25519)
    assert public.x25519 != LINKER.public.x25519
    assert with_opening_key(OTHER.public, master=MASTER).mlkem768 == public.mlkem768
    assert opening_identity(LINKER, master=MASTER, listed=public).public == public
    assert len({s.expose() for s in opening_seeds(MASTER).values()}) == 2
    with pytest.raises(WrongSecret):
        opening_identity(LINKER, master=Secret(bytes(32), name="m"), listed=public)


def test_a_round_is_open_until_the_earliest_time_that_a_later_record_says() -> None:
    later, earlier = NOW + timedelta(days=2), NOW + timedelta(days=1)
    rounds = Rounds(
        "p", {1: record(), 2: record(2, closes={1: later}), 3: record(3, closes={1: earlier, 2: later})}
    )
    assert (rounds.closes_at(1), rounds.closes_at(2), rounds.closes_at(3)) == (earlier, later, None)
    assert rounds.require_open(1, now=earlier - timedelta(seconds=1)) == rounds.record(1)
    for now in (earlier, later):
        with pytest.raises(RoundClosed, match="use the secret of epoch 3"):
            rounds.require_open(1, now=now)
    with pytest.raises(NoCeremony):
        rounds.require_open(4, now=NOW)
    assert not rounds.is_open(4, now=NOW)


def test_a_round_objects_to_another_key_check_and_knows_its_secret_again() -> None:
    rounds = Rounds("p", {1: record(), 2: record(2)})
    assert rounds.objections(1, now=NOW, key_check=rounds.record(1).key_check) == []
    assert "tokenise again" in rounds.objections(1, now=NOW, key_check=rounds.record(2).key_check)[0]
    assert rounds.of_secret(Secret(bytes([2]) * 32, name="s")) == rounds.record(2)
    with pytest.raises(WrongSecret, match="of no round of p"):
        rounds.of_secret(MASTER)


def test_a_file_is_written_whole_and_a_new_one_stands_in_nobodys_place(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "note"
    with pytest.raises(BadInput, match="there is no folder folder/"):
        check_new(path)
    for text in ("first\n", "second\r\n"):
        write_whole(path, text)
        assert path.read_bytes() == text.encode()
    assert [p.name for p in path.parent.iterdir()] == ["note"]
    with pytest.raises(BadInput, match="exists already"):
        check_new(path)
    assert as_file_name("custodian/1") == "custodian_1"
    assert len({as_file_name(n) for n in ("a/b", "a.b", "a-b")}) == 3
