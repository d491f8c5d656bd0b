"""Whoever keeps the log shows a witness less, something else, or something old; or works on the witness's memory and clock. It signs none of it."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ethics.checkpoints import TreeHead, sign_checkpoint
from ethics.export import write_export
from service.audit.witnessing import WITNESSED_FILE
from service.demonstration.cast import NOW
from service.places import Places
from tests.merkle_roots import root_of

BAD_INPUT, BAD_KEY, NOT_VERIFIED = 10, 11, 14
LATER = NOW + timedelta(hours=1)


class Shown:
    """A witness, and what it is shown: a log of as many entries as one likes, signed by the log's own key."""

    def __init__(self, demo: Any, places: Places, run: Callable[..., Any], folder: Path) -> None:
        self.demo, self.places, self.run, self.folder = demo, places, run, folder

    def key(self, partner: str) -> Path:
        path = self.folder / partner / "identity.key"
        if not path.exists():
            path.parent.mkdir(parents=True)
            shutil.copy(self.places.agency(partner) / "witness.key", path)
        return path

    def log(self, *entries: bytes) -> Path:
        """The published log of these entries; what was there before is gone, and the witness's note too."""
        folder = self.folder / "public"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(self.places.shared / "trust.note", folder / "trust.note")
        head = TreeHead(len(entries), root_of(entries))
        write_export(
            folder / "audit",
            entries=entries,
            checkpoint=sign_checkpoint(head, by=self.demo.cast.people["log/1"]),
        )
        return folder / "audit"

    def witness(self, partner: str, log: Path, *words: object) -> Any:
        """What the witness answered; it has written a note if and only if that went well."""
        out = self.folder / f"{partner}.cosigned"
        out.unlink(missing_ok=True)
        root = self.places.shared / "root.json"
        told = self.run(
            "audit", "witness", log, "--identity", self.key(partner), "--root", root, "--out", out, *words
        )
        assert out.exists() == (told.code == 0)
        return told

    def evidence(self, partner: str) -> list[Path]:
        return sorted(self.key(partner).parent.glob("refused-*.note"))


@pytest.fixture
def shown(
    demo: Any,
    command: Callable[..., Any],
    set_clock: Callable[[datetime], None],
    no_power_failure: None,
    tmp_path: Path,
) -> Shown:
    set_clock(LATER)
    return Shown(demo, demo.places, command, tmp_path)


TRUE = [f"entry {n}".encode() for n in range(300)]
FORGED = [*TRUE[:7], b"another", *TRUE[8:]]


@pytest.mark.parametrize("size", [270, 300])
def test_a_rewritten_history_is_refused_and_kept_as_evidence(shown: Shown, size: int) -> None:
    assert shown.witness("police", shown.log(*TRUE[:270]), "--first-use").code == 0
    before = shown.key("police").with_name(WITNESSED_FILE).read_bytes()
    log = shown.log(*FORGED[:size])
    told = shown.witness("police", log)
    assert told.code == NOT_VERIFIED
    assert "tell the board" in told.err
    (kept,) = shown.evidence("police")
    assert kept.read_bytes() == (log / "checkpoint").read_bytes()
    assert shown.key("police").with_name(WITNESSED_FILE).read_bytes() == before
    assert shown.witness("police", shown.log(*TRUE)).code == 0


def test_a_fork_shown_to_two_witnesses_has_both_on_neither_side(shown: Shown) -> None:
    true, forged = TRUE[:20], FORGED[:20]
    assert shown.witness("police", shown.log(*true), "--first-use").code == 0
    assert shown.witness("nhs", shown.log(*forged), "--first-use").code == 0
    for entries in ([*true, b"more"], [*forged, b"more"]):
        answers = {shown.witness(name, shown.log(*entries)).code for name in ("police", "nhs")}
        assert answers == {0, NOT_VERIFIED}


@pytest.mark.parametrize("size", [0, 1, 269])
def test_a_log_that_became_shorter_is_refused(shown: Shown, size: int) -> None:
    shown.witness("police", shown.log(*TRUE[:270]), "--first-use")
    told = shown.witness("police", shown.log(*TRUE[:size]))
    assert (told.code, "taken away" in told.err) == (NOT_VERIFIED, True)


def test_tiles_that_do_not_belong_to_the_checkpoint_prove_nothing(shown: Shown) -> None:
    shown.witness("police", shown.log(*TRUE[:5]), "--first-use")
    log = shown.log(*TRUE)
    for path in sorted(log.glob("tile/0/**/*")):
        if path.is_file():
            whole = path.read_bytes()
            path.write_bytes(
                whole[:32] + bytes([whole[32] ^ 1]) + whole[33:] if path.name == "000" else bytes(len(whole))
            )
    assert shown.witness("police", log).code == NOT_VERIFIED
    log = shown.log(*TRUE)
    (log / "tile/0/000").write_bytes(b"short")
    assert shown.witness("police", log).code == NOT_VERIFIED
    shutil.rmtree(log / "tile")
    assert shown.witness("police", log).code == NOT_VERIFIED


def test_a_checkpoint_that_the_log_did_not_sign_leaves_no_evidence_against_it(shown: Shown) -> None:
    shown.witness("police", shown.log(*TRUE[:5]), "--first-use")
    log = shown.log(*TRUE)
    head = TreeHead(300, root_of(TRUE))
    (log / "checkpoint").write_text(sign_checkpoint(head, by=shown.demo.cast.people["desk/1"]), "utf-8")
    assert shown.witness("police", log).code == NOT_VERIFIED
    assert shown.evidence("police") == []


def test_a_witness_that_lost_its_memory_signs_only_when_it_is_told_to_begin_again(shown: Shown) -> None:
    log = shown.log(*TRUE[:5])
    told = shown.witness("police", log)
    assert (told.code, "--first-use" in told.err) == (BAD_INPUT, True)
    assert shown.witness("police", log, "--first-use").code == 0
    told = shown.witness("police", log, "--first-use")
    assert (told.code, "leave out --first-use" in told.err) == (BAD_INPUT, True)
    shown.key("police").with_name(WITNESSED_FILE).unlink()
    assert shown.witness("police", log).code == BAD_INPUT
    assert shown.witness("police", log, "--first-use").code == 0


def test_a_damaged_memory_is_never_an_empty_one(shown: Shown) -> None:
    log = shown.log(*TRUE[:5])
    shown.witness("police", log, "--first-use")
    path = shown.key("police").with_name(WITNESSED_FILE)
    whole = path.read_bytes()
    body = json.loads(whole)
    for broken in (
        b"",
        b"{",
        whole[:-9],
        whole.replace(b"witnessed/v1", b"witnessed/v2"),
        json.dumps(body | {"more": 1}).encode(),
        whole.replace(b'"size": 5', b'"size": -5'),
    ):
        path.write_bytes(broken)
        for words in ((), ("--first-use",)):
            told = shown.witness("police", log, *words)
            assert (told.code, "another history" in told.err) == (BAD_INPUT, True), broken


def test_a_clock_that_went_back_stops_the_witness(shown: Shown, set_clock: Callable[[datetime], None]) -> None:
    log = shown.log(*TRUE[:5])
    shown.witness("police", log, "--first-use")
    set_clock(LATER - timedelta(days=1))
    told = shown.witness("police", log)
    assert (told.code, "clock" in told.err) == (BAD_KEY, True)


def test_an_old_register_beside_the_log_is_not_taken_back(
    shown: Shown, demo_holders: Any, set_clock: Callable[[datetime], None]
) -> None:
    old = (demo_holders.shared / "trust.note").read_text("utf-8")
    demo_holders.issue("--end", "schools/witness")
    log = shown.log(*TRUE[:5])
    shutil.copy(demo_holders.shared / "trust.note", log.parent / "trust.note")
    assert shown.witness("police", log, "--first-use").code == 0
    (log.parent / "trust.note").write_text(old, "utf-8")
    told = shown.witness("police", log)
    assert (told.code, "older than version 2" in told.err) == (BAD_KEY, True)


def test_only_a_witness_of_the_register_cosigns(shown: Shown) -> None:
    log = shown.log(*TRUE[:5])
    shown.demo.cast.people["police/officer"].save(shown.key("police").with_name("other.key"))
    words = ("--identity", shown.key("police").with_name("other.key"), "--first-use")
    assert shown.witness("police", log, *words).code == BAD_KEY
