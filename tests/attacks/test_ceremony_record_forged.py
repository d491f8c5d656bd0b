"""What says which secret is the round's is signed by a quorum of custodians, and checked by each before: nobody less makes, alters or exchanges it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keys import BadSignature, Identity, NotTrusted, Secret, sign_note
from keys.ceremony import deliver_secret
from keys.ceremony_record import CeremonyRecord, Delivery, Keeper, SharePrint, parse_record, verify_record
from keys.notes import add_signature, split_note
from keys.round_keys import commitment, key_check
from keys.trust import read_register
from service.custody.ceremony_folder import sha256
from service.errors import BAD_INPUT, BAD_KEY
from service.shared import read_root

MINE = Secret(b"m" * 32, name="a secret that one custodian chose")
Change = Callable[[CeremonyRecord], CeremonyRecord]


def record_of(k: Any) -> CeremonyRecord:
    return parse_record(split_note((k.shared / "ceremonies" / "1.note").read_text("utf-8"))[0])


def forged(record: CeremonyRecord) -> CeremonyRecord:
    """The record with a commitment to a secret of one's own."""
    return replace(
        record,
        commitment=commitment(MINE, project=record.project, epoch=record.epoch),
        key_check=key_check(MINE, project=record.project, epoch=record.epoch),
    )


def alone(record: CeremonyRecord) -> CeremonyRecord:
    """The same with custodian 1 as the only one, of whom one is needed."""
    (me,) = (k for k in record.custodians if k.name == "custodian/1")
    return replace(forged(record), custodians=(me,), threshold=1)


def published(k: Any, note: str, *, epoch: int = 1) -> None:
    (k.shared / "ceremonies" / f"{epoch}.note").write_text(note, "utf-8")


def refused_everywhere(k: Any, saying: str, *, code: int = BAD_KEY) -> None:
    """With such a record in the shared folder no officer who never saw another accepts or submits anything."""
    home = k.home("police/officer")
    (home / "seen.json").unlink(missing_ok=True)
    sealed = k.folder / "forged.sealed"
    sealed.write_bytes(deliver_secret(MINE, project="vpp-demo", epoch=1, to=k.people["police/officer"].public))
    for told in (k.accept("police", sealed, out="new.secret"), k.submit("police")):
        assert (told.code, saying in told.err) == (code, True), told.err
    assert not (home / "new.secret").exists()
    assert not (home / "sent").exists()


@pytest.mark.parametrize("change", [forged, alone])
def test_one_custodian_makes_no_record(held_round: Any, change: Change) -> None:
    me = held_round.people["custodian/1"]
    note = sign_note(change(record_of(held_round)).text, by=me)
    published(held_round, note)
    refused_everywhere(held_round, "is signed by 1 of the 3 custodians, and 2 must sign")
    (held_round.shared / "ceremonies" / "1.note").unlink()
    (held_round.folder / "ceremony" / "record.note").write_text(note, "utf-8")
    told = held_round.publish(held_round.folder / "ceremony")
    assert (told.code, "2 must sign" in told.err) == (BAD_KEY, True)
    assert not (held_round.shared / "ceremonies" / "1.note").exists()


def test_the_same_custodian_signing_often_counts_once(held_round: Any) -> None:
    me = held_round.people["custodian/1"]
    note = sign_note(forged(record_of(held_round)).text, by=me)
    line = note.rpartition("\n\n")[2]
    published(held_round, note + line * 5)
    refused_everywhere(held_round, "is signed by 1 of the 3 custodians")


def test_others_than_custodians_make_no_record(held_round: Any) -> None:
    note = sign_note(forged(record_of(held_round)).text, by=held_round.people["custodian/1"])
    for name in ("linker/1", "desk/1", "secretariat/1", "police/officer", "root/1"):
        note = add_signature(note, by=held_round.people[name])
    note = add_signature(note, by=Identity.make("custodian/2"))
    published(held_round, note)
    refused_everywhere(held_round, "is signed by 1 of the 3 custodians")


def test_strangers_alone_make_no_record(held_round: Any) -> None:
    published(held_round, sign_note(forged(record_of(held_round)).text, by=held_round.people["desk/1"]))
    refused_everywhere(held_round, "no signature by anyone who is known here")


def test_signatures_of_the_true_record_do_not_fit_another_text(held_round: Any) -> None:
    true = (held_round.shared / "ceremonies" / "1.note").read_text("utf-8")
    lines = true.rpartition("\n\n")[2]
    published(held_round, forged(record_of(held_round)).text + "\n" + lines)
    refused_everywhere(held_round, "does not fit this linkage-ceremony/v1")


@pytest.mark.parametrize(
    ("old", "new"),
    [('"threshold": 2', '"threshold": 1'), ('"epoch": 1', '"epoch": 2'), ('"linker": null', '"linker": {}'), ("\n}\n\n", ',\n "more": 1\n}\n\n')],
)  # fmt: skip
def test_a_record_altered_in_one_place_is_refused(held_round: Any, old: str, new: str) -> None:
    true = (held_round.shared / "ceremonies" / "1.note").read_text("utf-8")
    assert old in true
    published(held_round, true.replace(old, new, 1))
    (held_round.home("police/officer") / "seen.json").unlink()
    assert held_round.submit("police").code == BAD_KEY


def test_a_true_record_of_another_project_or_in_another_epochs_place_is_refused(held_round: Any) -> None:
    true = (held_round.shared / "ceremonies" / "1.note").read_text("utf-8")
    trust = read_register(
        (held_round.shared / "trust.note").read_text("utf-8"), root=read_root(held_round.root)
    )
    other = replace(record_of(held_round), project="other").text
    with pytest.raises(NotTrusted, match="is of project other"):
        verify_record(sign_note(other, by=held_round.people["custodian/1"]), trust=trust)
    published(held_round, true, epoch=2)
    told = held_round.submit("police")
    assert (told.code, "somebody put it in another's place" in told.err) == (BAD_KEY, True)


def test_a_second_record_that_a_quorum_signed_does_not_take_the_place_of_one_that_was_seen(
    held_round: Any,
) -> None:
    """Two custodians together can sign a record; whoever saw the first refuses it, and it is not published over it."""
    second = sign_note(forged(record_of(held_round)).text, by=held_round.people["custodian/1"])
    second = add_signature(second, by=held_round.people["custodian/2"])
    (held_round.folder / "ceremony" / "record.note").write_text(second, "utf-8")
    told = held_round.publish(held_round.folder / "ceremony")
    assert (told.code, "it is never replaced" in told.err) == (BAD_INPUT, True)
    published(held_round, second)
    told = held_round.submit("police")
    assert (told.code, "is another text than the version 1 that was seen here before" in told.err) == (
        BAD_KEY,
        True,
    )


def test_a_second_ceremony_of_a_round_that_has_one_is_not_signed(held_round: Any) -> None:
    folder = held_round.folder / "ceremony"
    second = replace(record_of(held_round), made_at=record_of(held_round).made_at - timedelta(seconds=1))
    (folder / "record.note").write_text(sign_note(second.text, by=held_round.people["custodian/1"]), "utf-8")
    told = held_round.custodian(2, "sign-record", folder)
    assert (told.code, "epoch 1 has another ceremony, whose record is published" in told.err) == (
        BAD_INPUT,
        True,
    )


def test_somebody_who_is_no_custodian_holds_no_ceremony(keyholders: Any) -> None:
    for name in ("desk/1", "police/officer"):
        words = ("--shared", keyholders.shared, "--root", keyholders.root, "--identity", keyholders.key(name))
        told = keyholders.run("custodian", "ceremony", *words, "--out", keyholders.folder / "mine")
        assert (told.code, "does not hold the role custodian" in told.err) == (BAD_KEY, True)
        assert not (keyholders.folder / "mine").exists()
    stranger = keyholders.folder / "stranger.key"
    Identity.make("custodian/1").save(stranger)
    words = ("--shared", keyholders.shared, "--root", keyholders.root, "--identity", stranger)
    told = keyholders.run("custodian", "ceremony", *words, "--out", keyholders.folder / "mine")
    assert (told.code, "not that of custodian/1 in the trust register" in told.err) == (BAD_KEY, True)


class Held:
    """A ceremony's folder that custodian 1 has made and others are about to check."""

    def __init__(self, k: Any) -> None:
        self.k, self.folder = k, k.folder / "ceremony"
        k.well(k.custodian(1, "ceremony", "--out", self.folder))

    def rewrite(self, change: Change) -> None:
        """Another record, signed by custodian 1 as the first was."""
        note = (self.folder / "record.note").read_text("utf-8")
        record = change(parse_record(split_note(note)[0]))
        (self.folder / "record.note").write_text(
            sign_note(record.text, by=self.k.people["custodian/1"]), "utf-8"
        )

    def stays_unsigned(self, saying: str) -> None:
        before = (self.folder / "record.note").read_bytes()
        told = self.k.custodian(2, "sign-record", self.folder)
        assert (told.code in (BAD_KEY, BAD_INPUT), saying in told.err) == (True, True), told.err
        assert (self.folder / "record.note").read_bytes() == before
        assert self.k.events("custodian/2") == []


@pytest.fixture
def held(keyholders: Any) -> Held:
    return Held(keyholders)


@pytest.mark.parametrize(
    "name",
    [
        "shares/custodian_2/project-secret.sealed",
        "shares/custodian_3/project-secret.sealed",
        "deliveries/police_officer.sealed",
    ],
)
def test_a_folder_with_a_file_altered_exchanged_or_missing_is_not_signed(held: Held, name: str) -> None:
    path, true = held.folder / name, (held.folder / name).read_bytes()
    for content in (
        true[:-1] + bytes([true[-1] ^ 1]),
        (held.folder / "deliveries/schools_officer.sealed").read_bytes(),
    ):
        path.write_bytes(content)
        held.stays_unsigned("is missing or is not what the record says")
    path.unlink()
    held.stays_unsigned("is missing or is not what the record says")


def keepers(record: CeremonyRecord, change: Callable[[Keeper], Keeper]) -> tuple[Keeper, ...]:
    return tuple(change(one) if one.name == "custodian/2" else one for one in record.custodians)


def test_a_share_that_is_not_the_one_of_the_record_is_not_signed_for(held: Held) -> None:
    def other_check(one: Keeper) -> Keeper:
        return replace(one, shares={n: SharePrint(s.sealed, "0" * 64) for n, s in one.shares.items()})

    held.rewrite(lambda r: replace(r, custodians=keepers(r, other_check)))
    held.stays_unsigned("your share of the project-secret is not the one that the record means")


def test_a_share_that_belongs_to_somebody_else_is_not_signed_for(held: Held) -> None:
    """Custodian 1 gives custodian 2 a copy of a file that only custodian 3 can open, and says so in the record."""
    content = (held.folder / "shares/custodian_3/project-secret.sealed").read_bytes()
    (held.folder / "shares/custodian_2/project-secret.sealed").write_bytes(content)

    def same(one: Keeper) -> Keeper:
        return replace(one, shares={n: SharePrint(sha256(content), s.check) for n, s in one.shares.items()})

    held.rewrite(lambda r: replace(r, custodians=keepers(r, same)))
    held.stays_unsigned("for another recipient")


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        (lambda r: replace(r, threshold=3), "your share of the project-secret is not the one"),
        (lambda r: replace(r, epoch=3), "is for epoch 3"),
        (lambda r: replace(r, project="other"), "of other; the project is vpp-demo"),
        (lambda r: replace(r, custodians=r.custodians[:2]), "custodian/3 is a custodian and has no share"),
        (lambda r: replace(r, custodians=(r.custodians[0], *r.custodians[2:])), "custodian/2 is a custodian and has no share"),
        (lambda r: replace(r, made_at=r.made_at + timedelta(hours=1)), "set the clock right"),
        (lambda r: replace(r, deliveries=(*r.deliveries, Delivery("linker/1", "0" * 64, "0" * 64))), "who is no data officer"),
        (lambda r: replace(r, deliveries=(replace(r.deliveries[0], fingerprint="0" * 64),)), "or has other keys there"),
        (lambda r: replace(r, by="custodian/3"), "no signature by anyone who is known"),
    ],
)  # fmt: skip
def test_a_record_that_says_something_wrong_is_not_signed(held: Held, change: Change, saying: str) -> None:
    held.rewrite(change)
    held.stays_unsigned(saying)


def test_a_record_that_names_a_stranger_as_custodian_is_not_signed(held: Held) -> None:
    stranger = Identity.make("custodian/4").public

    def more(record: CeremonyRecord) -> CeremonyRecord:
        new = Keeper(stranger.name, stranger.fingerprint, record.custodians[0].shares)
        return replace(record, custodians=(*record.custodians, new))

    held.rewrite(more)
    held.stays_unsigned("names custodian/4 as a custodian; the trust register does not")


def test_a_record_with_a_linker_that_signs_with_another_key_is_not_signed(keyholders: Any) -> None:
    public = keyholders.folder / "linker.public.json"
    public.write_text(json.dumps(Identity.make("linker/1").public.to_json()), "utf-8")
    told = keyholders.custodian(1, "ceremony", "--linker", public, "--out", keyholders.folder / "ceremony")
    assert (told.code, "signs with another key" in told.err) == (BAD_KEY, True)
    public.write_text(json.dumps(keyholders.people["linker/1"].public.to_json()), "utf-8")
    held = Held.__new__(Held)
    held.k, held.folder = keyholders, keyholders.folder / "ceremony"
    keyholders.well(keyholders.custodian(1, "ceremony", "--linker", public, "--out", held.folder))
    held.rewrite(lambda r: replace(r, linker=Identity.make("linker/1").public))
    held.stays_unsigned("signs with another key")


@pytest.mark.parametrize(
    "change",
    [
        lambda r: replace(r, custodians=(*r.custodians, r.custodians[0])),
        lambda r: replace(r, deliveries=(*r.deliveries, r.deliveries[0])),
        lambda r: replace(r, by="custodian/9"),
        lambda r: replace(r, threshold=4),
        lambda r: replace(r, threshold=1),
        lambda r: replace(r, closes={1: r.made_at}),
        lambda r: replace(r, closes={0: r.made_at}),
        lambda r: replace(r, custodians=keepers(r, lambda one: replace(one, shares={}))),
        lambda r: replace(r, commitment=r.commitment[:-1]),
        lambda r: replace(r, commitment=r.commitment.upper()),
        lambda r: replace(r, key_check="00"),
        lambda r: replace(r, made_at=datetime(2026, 1, 1)),
    ],
)
def test_a_record_that_breaks_a_rule_is_no_record(held_round: Any, change: Change) -> None:
    text = change(record_of(held_round)).text
    with pytest.raises(BadSignature):
        parse_record(text)


def test_the_record_of_removed_custodians_holds_as_long_as_enough_signers_are_left(held_round: Any) -> None:
    held_round.register(without="custodian/3")
    held_round.well(held_round.submit("police"))
    held_round.register(without="custodian/2")
    held_round.listed.pop("custodian/3")
    held_round.register(without="custodian/2")
    told = held_round.submit("police", out="second")
    assert (told.code, "is signed by 1 of the 1 custodians, and 2 must sign" in told.err) == (BAD_KEY, True)


def test_a_ceremony_dated_after_the_clock_is_refused(
    held_round: Any, set_clock: Callable[[datetime], None]
) -> None:
    for path in held_round.folder.rglob("seen.json"):
        path.unlink()
    set_clock(datetime.now(UTC) - timedelta(days=1))
    told = held_round.submit("police")
    assert (told.code, "set the clock right" in told.err) == (BAD_KEY, True)


def test_a_link_laid_in_the_way_of_a_ceremony_is_not_followed(keyholders: Any) -> None:
    elsewhere = keyholders.folder / "elsewhere"
    elsewhere.mkdir()
    out: Path = keyholders.folder / "ceremony"
    out.symlink_to(elsewhere)
    told = keyholders.custodian(1, "ceremony", "--out", out)
    assert (told.code, "exists already" in told.err) == (BAD_INPUT, True)
    assert list(elsewhere.iterdir()) == []


def test_shares_of_another_secret_than_the_record_commits_to_are_found_out_when_they_are_used(
    held: Held, while_waiting: Callable[..., list[Any]]
) -> None:
    """No single custodian can see it when signing; whoever recovers does, and delivers nothing."""
    held.rewrite(forged)
    for number in (2, 3):
        held.k.well(held.k.custodian(number, "sign-record", held.folder))
    held.k.well(held.k.publish(held.folder))
    session, out = held.k.folder / "session", held.k.folder / "out.sealed"
    while_waiting(lambda: held.k.custodian(3, "contribute", session))
    told = held.k.custodian(
        2, "recover", "--to", "police/officer", "--epoch", 1, "--session", session, "--out", out
    )
    assert (told.code, "not the project secret of epoch 1" in told.err) == (BAD_KEY, True)
    assert not out.exists()
    assert [e.kind for e in held.k.events("custodian/2")][-1] == "recovery-share-used"
