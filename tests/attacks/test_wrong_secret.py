"""A secret that is not the round's makes no submission and is kept by nobody: the record that custodians signed says which one it is."""

from pathlib import Path
from typing import Any

import pytest

from keys import Identity, Secret
from keys.ceremony import deliver_secret, load_secret, save_secret
from linkage.manifest import read_manifest
from service.errors import BAD_INPUT, BAD_KEY

OTHER = Secret(b"x" * 32, name="another secret")


def stopped(told: Any, saying: str, *, out: Path, code: int = BAD_KEY) -> None:
    assert (told.code, saying in told.err) == (code, True), told.err
    assert not out.exists()
    assert not list(out.parent.glob("*.preflight.html"))
    assert not list(out.parent.glob(".sent*"))
    assert "tokenising" not in told.err


def test_another_secret_makes_no_submission_before_anything_is_tokenised(held_round: Any) -> None:
    home = held_round.home("police/officer")
    save_secret(OTHER, home / "other.secret")
    told = held_round.submit("police", secret=home / "other.secret")
    stopped(
        told,
        "this is not the project secret of epoch 1 of vpp-demo: ask a custodian for it again",
        out=home / "sent",
    )
    assert OTHER.expose().hex() not in told.err


def test_a_secret_with_one_bit_altered_makes_no_submission(held_round: Any) -> None:
    home = held_round.home("police/officer")
    raw = bytearray(load_secret(home / "project.secret", name="s").expose())
    for at in (0, 255):
        raw[at // 8] ^= 1 << at % 8
        save_secret(Secret(bytes(raw), name="s"), home / f"{at}.secret")
        stopped(
            held_round.submit("police", secret=home / f"{at}.secret"),
            "not the project secret",
            out=home / "sent",
        )


def test_own_and_project_secret_exchanged_make_no_submission(held_round: Any) -> None:
    home = held_round.home("police/officer")
    held_round.export("police")
    for secret in ("own.secret", "project.secret"):
        told = held_round.submit("police", secret=home / secret, own=home / "project.secret")
        stopped(told, "what was given as the own secret is the project secret", out=home / "sent")


def test_another_secret_withdraws_nothing(held_round: Any) -> None:
    home = held_round.home("police/officer")
    held_round.well(held_round.submit("police"))
    save_secret(OTHER, home / "other.secret")
    (home / "ids.csv").write_text("ref\nP-001\n", "utf-8")
    words = (
        "partner", "withdraw", home / "ids.csv", "--mapping", home / "mapping.yaml", "--identity", home / "identity.key",
        "--secret", home / "other.secret", "--own", home / "own.secret", "--shared", held_round.shared, "--out", home / "back",
        "--ledger", home / "ledger",
    )  # fmt: skip
    told = held_round.run(*words)
    assert (told.code, "not the project secret" in told.err) == (BAD_KEY, True)
    assert not (home / "back").exists()


def test_a_secret_that_somebody_else_delivered_is_not_kept_nor_acknowledged(held_round: Any) -> None:
    """Whoever can put a file into the officer's hands can seal one to her: it opens, and is not the round's."""
    forged = held_round.folder / "forged.sealed"
    (held_round.home("schools/officer") / "project.secret").unlink()
    (held_round.home("schools/officer") / "project.secret.acknowledgement.note").unlink()
    forged.write_bytes(
        deliver_secret(OTHER, project="vpp-demo", epoch=1, to=held_round.people["schools/officer"].public)
    )
    told = held_round.accept("schools", forged)
    assert (told.code, "not the project secret of epoch 1" in told.err) == (BAD_KEY, True)
    assert sorted(p.name for p in held_round.home("schools/officer").glob("project*")) == []


def test_a_delivery_for_somebody_else_or_by_an_identity_that_is_not_listed_is_not_accepted(
    held_round: Any,
) -> None:
    for sealed in ("police_officer", "schools_officer"):
        stranger = held_round.home("schools/officer") / "identity.key"
        if sealed == "schools_officer":
            stranger.unlink()
            Identity.make("schools/officer").save(stranger)
        told = held_round.accept(
            "schools", held_round.folder / "ceremony" / "deliveries" / f"{sealed}.sealed", out="new.secret"
        )
        assert told.code == BAD_KEY
        assert not (held_round.home("schools/officer") / "new.secret").exists()


def test_an_acknowledgement_of_another_secret_is_not_recorded(held_round: Any) -> None:
    from datetime import UTC, datetime

    from keys.certificates import acknowledge

    record = "0" * 64
    note = acknowledge(
        project="vpp-demo", epoch=1, record=record, key_check="00000000", by=held_round.people["police/officer"], now=datetime.now(UTC),
    )  # fmt: skip
    (held_round.folder / "ack.note").write_text(note, "utf-8")
    told = held_round.run(
        "audit", "record", held_round.folder / "ack.note", "--desk", held_round.home("desk/1"), "--shared", held_round.shared, "--root", held_round.root,
    )  # fmt: skip
    assert (told.code, "acknowledges another secret" in told.err) == (BAD_INPUT, True)
    assert held_round.events("desk/1") == []


def test_without_a_published_record_nothing_is_accepted_or_submitted(held_round: Any) -> None:
    home = held_round.home("police/officer")
    (held_round.shared / "ceremonies" / "1.note").rename(held_round.folder / "taken-away.note")
    gone = held_round.submit("police")
    stopped(gone, "ceremonies/1.note was here before and is missing now", out=home / "sent")
    for name in ("police", "schools"):
        (held_round.home(f"{name}/officer") / "seen.json").unlink(missing_ok=True)
    stopped(held_round.submit("police"), "has no record of a ceremony", out=home / "sent", code=BAD_INPUT)
    told = held_round.accept(
        "schools", held_round.folder / "ceremony" / "deliveries" / "schools_officer.sealed", out="new.secret"
    )
    assert (told.code, "has no record of a ceremony" in told.err) == (BAD_INPUT, True)


def test_the_centre_takes_in_nothing_that_was_made_with_another_secret(
    held_round: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partner whose program does not check: the desk goes by the record too."""
    home = held_round.home("police/officer")
    save_secret(OTHER, home / "other.secret")
    monkeypatch.setattr("service.officer.submit.check_secrets", lambda *_, **__: None)
    held_round.well(held_round.submit("police", secret=home / "other.secret"))
    monkeypatch.undo()
    words = ("--folder", held_round.home("desk/1"), "--shared", held_round.shared, "--root", held_round.root)
    told = held_round.run("desk", "receive", home / "sent", *words, "--receipt", held_round.folder / "receipt")
    assert (told.code, "made with another secret than that of epoch 1" in told.err) == (BAD_INPUT, True)
    assert [e.kind for e in held_round.events("desk/1")] == ["submission-refused"]
    stated = (home / "sent" / "manifest.note").read_text("utf-8").rpartition("\n\n")[0].partition("\n")[2]
    assert read_manifest(stated).partner == "police"
