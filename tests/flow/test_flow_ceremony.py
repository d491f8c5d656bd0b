"""From nothing to a secret that officers hold, a linkage that custodians must open, the next round, a secret that was lost, and the end of it all."""

import base64
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import service.custody.ceremony_check
from keys.ceremony import load_secret
from keys.ceremony_record import verify_record
from keys.round_keys import commitment
from keys.words import in_words
from service.custody.rounds import Rounds
from service.errors import BAD_INPUT, BAD_KEY, UNAVAILABLE
from service.officer.project_secret import destroy_project_secret
from service.shared import read_identity, read_project
from service.trust.unlocking import unlocker

Waits = Callable[..., list[Any]]


def later(**by: float) -> str:
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


def delivered(folder: Path, partner: str) -> Path:
    return folder / "deliveries" / f"{partner}_officer.sealed"


def test_a_ceremony_of_three_from_nothing_to_accepted_and_acknowledged_secrets(keyholders: Any) -> None:
    k, folder = keyholders, keyholders.folder / "ceremony"
    told = k.well(k.custodian(1, "ceremony", "--out", folder))
    assert (
        "3 custodians have a share, of whom 2 are needed; the secret is sealed to 2 data officers" in told.out
    )
    assert sorted(p.name for p in folder.rglob("*.sealed")) == [
        "police_officer.sealed", *["project-secret.sealed"] * 3, "schools_officer.sealed",
    ]  # fmt: skip
    assert k.publish(folder).code == BAD_KEY
    assert "1 custodians have signed: 1 more must sign" in k.well(k.custodian(1, "sign-record", folder)).out
    assert "2 custodians have signed: it can be published" in k.well(k.custodian(2, "sign-record", folder)).out
    again = k.well(k.custodian(2, "sign-record", folder))
    assert "2 custodians have signed" in again.out
    k.well(k.custodian(3, "sign-record", folder))
    k.well(k.publish(folder))
    k.well(k.publish(folder))
    trust = read_project(k.shared).trust
    record = verify_record((k.shared / "ceremonies" / "1.note").read_text("utf-8"), trust=trust)
    for text in (told.out, again.out):
        assert in_words(bytes.fromhex(record.digest)) in text
        assert in_words(bytes.fromhex(record.commitment)) in text

    for partner in ("police", "schools"):
        accepted = k.well(k.accept(partner, delivered(folder, partner)))
        assert in_words(bytes.fromhex(record.commitment)) in accepted.out
    homes = [k.home(f"{p}/officer") for p in ("police", "schools")]
    first, second = (load_secret(h / "project.secret", name="s") for h in homes)
    assert first == second
    assert commitment(first, project="vpp-demo", epoch=1) == record.commitment
    raw = first.expose()
    traces = (raw, base64.b64encode(raw), raw.hex().encode())
    holding = {p for p in k.folder.rglob("*") if p.is_file() for t in traces if t in p.read_bytes()}
    assert holding == {h / "project.secret" for h in homes}

    kinds = [[e.kind for e in k.events(f"custodian/{n}")] for n in (1, 2, 3)]
    assert kinds == [["ceremony-held", "share-kept"], ["share-kept"], ["share-kept"]]
    notes = [k.shared / "trust.note", folder / "record.note"]
    notes += [h / "project.secret.acknowledgement.note" for h in homes]
    words = ("--desk", k.home("desk/1"), "--shared", k.shared, "--root", k.root)
    k.well(k.run("audit", "record", *notes, *words))
    twice = k.well(k.run("audit", "record", *notes, *words))
    assert twice.out.count("was recorded before") == 4
    logged = [(e.kind, e.by) for e in k.events("desk/1")]
    assert logged == [
        ("trust-register-issued", "root/1"), ("ceremony-held", "custodian/1"), ("secret-acknowledged", "police/officer"),
        ("secret-acknowledged", "schools/officer"),
    ]  # fmt: skip
    assert k.events("desk/1")[1].details == {
        "epoch": 1, "note_digest": record.digest, "threshold": 2, "members": 3,
    }  # fmt: skip


def test_a_linkage_is_opened_by_two_of_three_custodians_and_by_no_fewer(
    keyholders: Any, while_waiting: Waits
) -> None:
    k = keyholders
    public = k.folder / "linker.public.json"
    public.write_text(json.dumps(k.people["linker/1"].public.to_json()), "utf-8")
    folder = k.ceremony("ceremony", "--linker", public)
    k.well(k.accept("police", delivered(folder, "police")))
    k.well(k.accept("schools", delivered(folder, "schools")))
    refused = k.submit("police")
    assert (refused.code, "ask the holders of the root for a new version" in refused.err) == (BAD_KEY, True)
    k.listed["linker/1"] = read_identity(folder / "linker.public.json")
    assert k.listed["linker/1"].ed25519 == k.people["linker/1"].public.ed25519
    k.register()
    for partner in ("police", "schools"):
        k.well(k.submit(partner))
        receipt = k.folder / f"{partner}.receipt"
        words = ("--folder", k.home("desk/1"), "--shared", k.shared, "--root", k.root, "--receipt", receipt)
        k.well(k.run("desk", "receive", k.home(f"{partner}/officer") / "sent", *words))
    shutil.copytree(k.home("desk/1") / "for-linker", k.home("linker/1") / "inbox")

    def link(session: str, *words: object) -> Any:
        out = k.folder / "pairs"
        return k.run(
            "centre", "link", k.home("linker/1"), "--shared", k.shared, "--out", out,
            *(("--session", k.folder / session) if session else ()), *words,
        )  # fmt: skip

    without = link("")
    assert (without.code, "name a folder with --session" in without.err) == (BAD_INPUT, True)
    alone = while_waiting(lambda: k.custodian(3, "contribute", k.folder / "one"))
    late = link("one")
    assert (late.code, "1 of 2 custodians answered in time" in late.err) == (UNAVAILABLE, True)
    assert [one.code for one in alone] == [0]
    assert not (k.folder / "pairs").exists()

    answers = while_waiting(
        lambda: k.custodian(3, "contribute", k.folder / "two"),
        lambda: k.custodian(1, "contribute", k.folder / "two"),
    )
    told = k.well(link("two"))
    assert "waiting for 2 of custodian/1, custodian/2, custodian/3 to run" in told.out
    assert "waiting for 1 of custodian/1, custodian/2 to run" in told.out
    assert "passes, " in told.out
    words = told.out.split("compare with the asker: ")[1].partition("\n")[0]
    assert all(one.code == 0 and words in one.out for one in answers)
    assert "linker/1 asks for the linker's opening key of epoch 1" in answers[0].out
    assert list((k.folder / "pairs").glob("*.pairs.sealed"))
    event = k.events("custodian/3")[-1]
    assert (event.kind, event.details["share"], event.details["reason"]) == (
        "recovery-share-used", "linker-opening/1", "linkage-run",
    )  # fmt: skip
    session = k.folder / "two"
    notes = [*(session / "contributions").glob("*.note"), session / "open.note"]
    recorded = k.run(
        "audit", "record", *notes, "--desk", k.home("desk/1"), "--shared", k.shared, "--root", k.root
    )
    k.well(recorded)
    assert [e.kind for e in k.events("desk/1")][-3:] == [
        "opening-asked",
        "recovery-share-used",
        "recovery-share-used",
    ]


def test_a_rotation_gives_a_new_secret_and_closes_the_old_epoch_at_its_time(held_round: Any) -> None:
    k = held_round
    k.well(k.submit("police"))
    closes = datetime.now(UTC) + timedelta(hours=1)
    folder = k.folder / "rotation"
    k.well(k.custodian(1, "rotate", "--closes-earlier", closes.isoformat(), "--out", folder))
    signed = k.well(k.custodian(2, "sign-record", folder))
    assert f"epoch 1 takes no submission from {closes:%Y-%m-%d %H:%M} UTC on" in signed.out
    k.well(k.custodian(3, "sign-record", folder))
    before = json.loads((k.shared / "project.json").read_text("utf-8"))
    k.well(k.publish(folder))
    assert json.loads((k.shared / "project.json").read_text("utf-8")) == before | {"epoch": 2}

    old = k.submit("police", out="second")
    assert (old.code, "not the project secret of epoch 2" in old.err) == (BAD_KEY, True)
    k.well(k.accept("police", delivered(folder, "police"), out="second.secret"))
    new = k.home("police/officer") / "second.secret"
    k.well(k.submit("police", out="second", secret=new))
    assert load_secret(new, name="new") != load_secret(k.home("police/officer") / "project.secret", name="old")
    assert [e.kind for e in k.events("custodian/1")][-2:] == ["secret-rotated", "share-kept"]
    rounds = Rounds.read(k.shared, trust=read_project(k.shared).trust, now=datetime.now(UTC))
    assert rounds.closes_at(1) == closes
    assert (rounds.is_open(1, now=closes - timedelta(seconds=1)), rounds.is_open(1, now=closes)) == (
        True,
        False,
    )


def test_the_next_round_of_a_linker_whose_key_is_shared_has_a_shared_key_too(keyholders: Any) -> None:
    k = keyholders
    public = k.folder / "linker.public.json"
    public.write_text(json.dumps(k.people["linker/1"].public.to_json()), "utf-8")
    first = k.ceremony("ceremony", "--linker", public)
    second = k.ceremony("rotation", "--closes-earlier", later(hours=1))
    made = [read_identity(folder / "linker.public.json") for folder in (first, second)]
    assert made[0].ed25519 == made[1].ed25519 == k.people["linker/1"].public.ed25519
    assert made[0].x25519 != made[1].x25519
    assert made[0].mlkem768 != made[1].mlkem768


def test_shares_of_a_ceremony_that_was_never_published_can_be_destroyed(keyholders: Any) -> None:
    k, folder = keyholders, keyholders.folder / "ceremony"
    k.well(k.custodian(1, "ceremony", "--out", folder))
    digest = k.events("custodian/1")[-1].details["note_digest"]
    k.well(k.custodian(1, "destroy", "--epoch", 1, "--even-open", "--out", k.folder / "gone.note"))
    assert f'"record": "{digest}"' in (k.folder / "gone.note").read_text("utf-8")
    shutil.move(folder, k.folder / "first")
    k.ceremony()


def test_a_publication_that_breaks_off_before_the_project_moves_is_finished_by_the_same_call(
    held_round: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    k = held_round
    folder = k.folder / "rotation"
    k.well(k.custodian(1, "rotate", "--closes-earlier", later(hours=1), "--out", folder))
    for number in (1, 2):
        k.well(k.custodian(number, "sign-record", folder))
    whole = service.custody.ceremony_check.write_whole

    def breaking(path: Path, text: str) -> None:
        if path.name == "project.json":
            raise KeyboardInterrupt
        whole(path, text)

    monkeypatch.setattr(service.custody.ceremony_check, "write_whole", breaking)
    with pytest.raises(KeyboardInterrupt):
        service.custody.ceremony_check.publish(folder, shared=k.shared, root=read_project(k.shared).root)
    monkeypatch.undo()
    assert json.loads((k.shared / "project.json").read_text("utf-8"))["epoch"] == 1
    assert (k.shared / "ceremonies" / "2.note").is_file()
    k.well(k.publish(folder))
    assert json.loads((k.shared / "project.json").read_text("utf-8"))["epoch"] == 2


def test_a_lost_secret_is_delivered_again_and_nobody_but_the_officer_can_read_it(
    held_round: Any, while_waiting: Waits
) -> None:
    k = held_round
    home = k.home("police/officer")
    kept = load_secret(home / "project.secret", name="s")
    (home / "project.secret").unlink()
    session, out = k.folder / "session", k.folder / "again.sealed"
    while_waiting(lambda: k.custodian(2, "contribute", session))
    told = k.well(
        k.custodian(1, "recover", "--to", "police/officer", "--epoch", 1, "--session", session, "--out", out)
    )
    assert "to deliver it to police/officer (lost-secret)" in told.out
    assert kept.expose() not in out.read_bytes()
    assert k.accept("schools", out).code == BAD_KEY
    k.well(k.accept("police", out))
    assert load_secret(home / "project.secret", name="s") == kept
    assert [e.kind for e in k.events("custodian/1")][-3:] == [
        "opening-asked", "recovery-share-used", "secret-delivered",
    ]  # fmt: skip
    assert k.events("custodian/1")[-1].details["to"] == "police/officer"


def test_acceptance_that_broke_off_is_finished_and_another_secret_is_never_overwritten(held_round: Any) -> None:
    k = held_round
    folder = k.folder / "ceremony"
    note = k.home("police/officer") / "project.secret.acknowledgement.note"
    note.unlink()
    k.well(k.accept("police", delivered(folder, "police")))
    assert note.is_file()
    k.export("police")
    before = (k.home("police/officer") / "own.secret").read_bytes()
    told = k.accept("police", delivered(folder, "police"), out="own.secret")
    assert (told.code, "never overwritten" in told.err) == (BAD_KEY, True)
    assert (k.home("police/officer") / "own.secret").read_bytes() == before


def test_shares_and_secrets_of_a_round_that_is_over_are_destroyed_with_certificates(
    held_round: Any, while_waiting: Waits
) -> None:
    k = held_round
    secret = k.home("police/officer") / "project.secret"
    mine = ("--identity", k.key("police/officer"), "--shared", k.shared)
    for told in (
        k.custodian(1, "destroy", "--epoch", 1, "--out", k.folder / "early.note"),
        k.run("partner", "destroy-secret", secret, *mine, "--out", k.folder / "early.note"),
    ):
        assert (told.code, "epoch 1 is open" in told.err) == (BAD_INPUT, True)
    k.ceremony("rotation", "--closes-earlier", later(seconds=-1))
    for number in (1, 2):
        told = k.well(k.custodian(number, "destroy", "--epoch", 1, "--out", k.folder / f"{number}.note"))
        assert "nobody can promise" in told.out
    again = k.custodian(1, "destroy", "--epoch", 1, "--out", k.folder / "again.note")
    k.well(again)
    assert (k.folder / "again.note").read_bytes() == (k.folder / "1.note").read_bytes()
    assert [e.kind for e in k.events("custodian/1")].count("share-destroyed") == 1
    told = k.well(k.run("partner", "destroy-secret", secret, *mine, "--out", k.folder / "officer.note"))
    assert not secret.exists()
    notes = [k.folder / f"{n}.note" for n in (1, 2, "officer")]
    k.well(k.run("audit", "record", *notes, "--desk", k.home("desk/1"), "--shared", k.shared, "--root", k.root))
    assert [(e.kind, e.by) for e in k.events("desk/1")] == [
        ("share-destroyed", "custodian/1"), ("share-destroyed", "custodian/2"), ("secret-destroyed", "police/officer"),
    ]  # fmt: skip
    session = k.folder / "session"
    while_waiting(lambda: k.custodian(1, "contribute", session))
    gone = k.custodian(
        3, "recover", "--to", "police/officer", "--epoch", 1, "--session", session, "--out", k.folder / "no.sealed",
    )  # fmt: skip
    assert (gone.code, "1 of 2 custodians answered in time" in gone.err) == (UNAVAILABLE, True)
    assert not (k.folder / "no.sealed").exists()


def test_destruction_of_the_open_round_needs_a_word(held_round: Any) -> None:
    k = held_round
    k.well(k.custodian(1, "destroy", "--epoch", 1, "--even-open", "--out", k.folder / "1.note"))
    secret = k.home("police/officer") / "project.secret"
    mine = ("--identity", k.key("police/officer"), "--shared", k.shared, "--even-open")
    k.well(k.run("partner", "destroy-secret", secret, *mine, "--out", k.folder / "officer.note"))
    assert not secret.exists()


def test_a_destruction_that_broke_off_after_the_secret_was_gone_still_gives_its_certificate(
    held_round: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    k = held_round
    secret, out = k.home("police/officer") / "project.secret", k.folder / "officer.note"
    words = (
        "partner", "destroy-secret", secret, "--identity", k.key("police/officer"), "--shared", k.shared, "--even-open", "--out", out,
    )  # fmt: skip
    unlink = Path.unlink

    def breaking(path: Path, *args: Any, **kwargs: Any) -> None:
        unlink(path, *args, **kwargs)
        if path == secret:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", breaking)
    with pytest.raises(KeyboardInterrupt):
        destroy_project_secret(
            secret,
            identity=k.key("police/officer"),
            shared=k.shared,
            out=out,
            unlock=unlocker({}, ask=None),
            even_open=True,
        )
    monkeypatch.undo()
    assert not secret.exists()
    assert not out.exists()
    k.well(k.run(*words))
    assert out.is_file()


def test_a_ceremony_of_one_is_signed_by_the_one(few_keys: str, keyholders: Any, tmp_path: Path) -> None:
    k = type(keyholders)(tmp_path / "alone", schema=few_keys, custodians=1)
    k.well(k.custodian(1, "ceremony", "--out", k.folder / "ceremony"))
    k.well(k.publish(k.folder / "ceremony"))
    k.well(k.accept("police", delivered(k.folder / "ceremony", "police")))
    session, out = k.folder / "session", k.folder / "again.sealed"
    words = (
        "--to",
        "schools/officer",
        "--epoch",
        1,
        "--session",
        session,
        "--out",
        out,
        "--reason",
        "new-officer",
    )
    k.well(k.custodian(1, "recover", *words))
    k.well(k.accept("schools", out))
