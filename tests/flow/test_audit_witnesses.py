"""Partners watch the published log by the commands that they have: cosign, be gathered, be counted by the log's policy; and refuse what is no continuation."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ethics.encoding import to_base64
from ethics.log_policy import witness_vkey
from keys import Identity
from keys.notes import split_note
from keys.trust import Entry, issue_register, parse_register
from service.audit.verifying import LOG_POLICY_FILE
from service.audit.witnessing import WITNESSED_FILE
from service.demonstration.cast import NOW
from service.desk.state import State
from service.places import Places

BAD_INPUT, BAD_KEY, NOT_VERIFIED = 10, 11, 14
LATER = NOW + timedelta(hours=1)


@dataclass
class Watch:
    """A project whose log partners watch, with the commands of the log's keeper, of a witness and of an auditor."""

    places: Places
    demo: Any
    run: Callable[..., Any]
    clock: Callable[[datetime], None]
    made: int = 0

    @property
    def log(self) -> Path:
        return self.places.public / "audit"

    @property
    def root(self) -> Path:
        return self.places.shared / "root.json"

    def key(self, partner: str) -> Path:
        """The witness's identity, in a folder of its own."""
        home = self.places.agency(partner) / "watch"
        if not home.exists():
            home.mkdir()
            shutil.copy(self.places.agency(partner) / "witness.key", home / "identity.key")
        return home / "identity.key"

    def witness(self, partner: str, *words: object, log: Path | None = None, out: Path | None = None) -> Any:
        """What a witness's command answered; its note lies in `note(partner)`."""
        return self.run(
            "audit",
            "witness",
            log or self.log,
            "--identity",
            self.key(partner),
            "--root",
            self.root,
            "--out",
            out or self.note(partner),
            *words,
        )

    def note(self, partner: str) -> Path:
        return self.places.root / f"{partner}.cosigned"

    def record(self, *notes: Path, publish: bool = False) -> Any:
        words = ("--publish", self.log) if publish else ()
        return self.run(
            "audit",
            "record",
            *notes,
            "--desk",
            self.places.centre,
            "--shared",
            self.places.shared,
            "--root",
            self.root,
            *words,
        )

    def publish(self) -> Any:
        return self.run(
            "desk",
            "publish",
            "--folder",
            self.places.centre,
            "--shared",
            self.places.shared,
            "--root",
            self.root,
            "--out",
            self.log,
        )

    def verify(self, *words: object) -> Any:
        return self.run("audit", "verify", self.log, "--root", self.root, *words)

    def grow(self) -> None:
        """The log has an event more, and is published again."""
        partner = ("police", "schools", "nhs", "youth-offending", "council")[self.made]
        self.made += 1
        told = self.record(self.places.agency(partner) / "project.secret.acknowledgement.note")
        assert told.code == 0, told.err
        assert self.publish().code == 0

    def reissue(self, *, version: int, replace: dict[str, Identity]) -> None:
        """The next trust register, with other keys for some names; the one before is kept as the commands keep it."""
        path = self.places.shared / "trust.note"
        text = path.read_text("utf-8")
        before = parse_register(split_note(text)[0])
        (self.places.shared / "trust").mkdir(exist_ok=True)
        (self.places.shared / "trust" / f"{before.version}.note").write_text(text, "utf-8")
        entries = [
            Entry(replace[e.identity.name].public, e.organisation, e.roles, e.since)
            if e.identity.name in replace
            else e
            for e in before.entries
        ]
        note = issue_register(
            entries,
            project=before.project,
            version=version,
            issued_at=LATER,
            previous=before.digest,
            roots=self.demo.cast.roots[:2],
        )
        path.write_text(note, "utf-8")


@pytest.fixture
def watch(
    demo: Any,
    demo_copy: Places,
    command: Callable[..., Any],
    set_clock: Callable[[datetime], None],
    no_power_failure: None,
) -> Watch:
    set_clock(LATER)
    return Watch(demo_copy, demo, command, set_clock)


PARTNERS = ("police", "nhs", "schools", "youth-offending", "council")


def names(watch: Watch) -> list[str]:
    return sorted(p.name for p in watch.places.root.joinpath("agencies").iterdir())


def test_the_partners_of_these_tests_are_those_of_the_demonstration(watch: Watch) -> None:
    assert names(watch) == sorted(PARTNERS)


def test_witnesses_follow_a_growing_log_and_their_cosignatures_come_back_into_it(watch: Watch) -> None:
    for partner in PARTNERS:
        told = watch.witness(partner, "--first-use")
        assert told.code == 0, told.err
        assert "the first that it saw" in told.out
    watch.grow()
    assert watch.verify().code == NOT_VERIFIED
    for partner in PARTNERS[:3]:
        told = watch.witness(partner)
        assert told.code == 0, told.err
        assert "1 more than it saw last" in told.out
    told = watch.record(*(watch.note(p) for p in PARTNERS[:3]), publish=True)
    assert told.code == 0, told.err
    assert "cosigned by police/witness is entry" in told.out
    checked = watch.verify("--json")
    assert checked.code == 0, checked.err
    body = json.loads(checked.out)
    assert [one["witness"] for one in body["cosigned"]] == ["nhs/witness", "police/witness", "schools/witness"]
    again = watch.record(watch.note("police"))
    assert "was recorded before" in again.out


def test_what_a_witness_has_seen_survives_and_is_its_owners_alone(watch: Watch) -> None:
    watch.witness("police", "--first-use")
    path = watch.key("police").with_name(WITNESSED_FILE)
    assert path.stat().st_mode & 0o077 == 0
    seen = json.loads(path.read_text("utf-8"))["logs"]["log/1"]
    assert seen["size"] == watch.demo.story.events
    assert seen["note"] == watch.note("police").read_text("utf-8")


def test_a_publication_without_anything_new_keeps_its_cosignatures(watch: Watch) -> None:
    assert watch.verify("--witnesses", 5).code == 0
    assert watch.publish().code == 0
    assert watch.verify("--witnesses", 5).code == 0


def test_a_cosigned_checkpoint_with_a_strangers_line_brings_in_the_witness_alone(watch: Watch) -> None:
    watch.grow()
    watch.witness("police", "--first-use")
    path = watch.note("police")
    path.write_text(path.read_text("utf-8") + "— stranger/witness AAAAAAAA\n", "utf-8")
    told = watch.record(path, publish=True)
    assert told.code == 0, told.err
    assert watch.verify("--witnesses", 1).code == 0
    assert "stranger" not in (watch.log / "checkpoint").read_text("utf-8")


def agreed(watch: Watch, text: str | None = None) -> Path:
    """The log's policy as two holders of the root signed it: three of the five, unless it is another text."""
    path = watch.places.root / "draft-policy.note"
    told = watch.run(
        "audit",
        "draft-policy",
        "--shared",
        watch.places.shared,
        "--root",
        watch.root,
        "--need",
        3,
        "--out",
        path,
    )
    assert told.code == 0, told.err
    if text is not None:
        path.write_text(path.read_text("utf-8").rpartition("group ")[0] + text, "utf-8")
    for number, one in enumerate(watch.demo.cast.roots[:2]):
        home = watch.places.root / f"holder-{number}"
        if not home.exists():
            home.mkdir()
            one.save(home / "identity.key")
        told = watch.run(
            "audit",
            "sign-policy",
            path,
            "--shared",
            watch.places.shared,
            "--root",
            watch.root,
            "--identity",
            home / "identity.key",
            "--yes",
        )
        assert told.code == 0, told.err
    assert f"{number + 1} of the 2 signatures" in told.out
    shutil.copy(path, watch.places.shared / LOG_POLICY_FILE)
    return path


BOTH_SIDES = (
    "group enforcing all police/witness youth-offending/witness\ngroup helping 1 nhs/witness schools/witness council/witness\n"
    "group both all enforcing helping\nquorum both\n"
)


def cosigned_by(watch: Watch, *partners: str) -> None:
    for partner in partners:
        first = () if watch.key(partner).with_name(WITNESSED_FILE).exists() else ("--first-use",)
        assert watch.witness(partner, *first).code == 0
    assert watch.record(*(watch.note(p) for p in partners), publish=True).code == 0


def test_the_logs_policy_is_published_logged_and_counted(watch: Watch) -> None:
    note = agreed(watch, BOTH_SIDES)
    assert "log-policy-agreed" in watch.record(note).out
    watch.grow()
    cosigned_by(watch, "nhs", "schools", "council", "police")
    told = watch.verify()
    assert told.code == NOT_VERIFIED
    assert "2 of (police/witness, youth-offending/witness)" in told.err
    cosigned_by(watch, "youth-offending")
    told = watch.verify()
    assert told.code == 0, told.err
    assert "rule: the log's policy, 2 of (2 of (police/witness, youth-offending/witness), 1 of" in told.out
    assert watch.verify("--witnesses", 6).code == NOT_VERIFIED


def test_a_policy_that_the_log_names_cannot_be_left_out_or_put_back(watch: Watch) -> None:
    old = agreed(watch).read_text("utf-8")
    (watch.places.root / "draft-policy.note").unlink()
    note = agreed(watch, BOTH_SIDES)
    assert watch.record(note).code == 0
    watch.grow()
    cosigned_by(watch, *PARTNERS)
    assert watch.verify().code == 0
    beside = watch.log.parent / LOG_POLICY_FILE
    beside.write_text(old, "utf-8")
    told = watch.verify()
    assert (told.code, "another is beside it" in told.err) == (NOT_VERIFIED, True)
    beside.unlink()
    told = watch.verify()
    assert (told.code, "there is none beside it" in told.err) == (NOT_VERIFIED, True)


def test_a_policy_that_the_root_did_not_sign_counts_for_nothing(watch: Watch) -> None:
    note = agreed(watch)
    text = note.read_text("utf-8").replace("group partners 3", "group partners 1")
    (watch.log.parent / LOG_POLICY_FILE).write_text(text, "utf-8")
    assert watch.verify().code == BAD_KEY
    note.write_text(text, "utf-8")
    assert watch.record(note).code == BAD_KEY
    holder = watch.places.root / "holder-9"
    holder.mkdir()
    watch.demo.cast.people["police/witness"].save(holder / "identity.key")
    words = (
        "--shared",
        watch.places.shared,
        "--root",
        watch.root,
        "--identity",
        holder / "identity.key",
        "--yes",
    )
    fresh = watch.places.root / "fresh.note"
    watch.run(
        "audit",
        "draft-policy",
        "--shared",
        watch.places.shared,
        "--root",
        watch.root,
        "--need",
        0,
        "--out",
        fresh,
    )
    assert watch.run("audit", "sign-policy", fresh, *words).code == BAD_INPUT


def test_the_log_goes_on_after_its_key_was_replaced_and_witnesses_follow(watch: Watch) -> None:
    watch.witness("police", "--first-use")
    successor = Identity.make("log/1")
    watch.reissue(version=2, replace={"log/1": successor})
    (watch.places.centre / "log.key").unlink()
    successor.save(watch.places.centre / "log.key")
    shutil.copy(watch.places.shared / "trust.note", watch.log.parent / "trust.note")
    assert watch.verify("--witnesses", 0).code == NOT_VERIFIED
    assert watch.record(watch.places.shared / "trust.note").code == 0
    assert watch.publish().code == 0
    told = watch.witness("police")
    assert told.code == 0, told.err
    assert "1 more than it saw last" in told.out
    assert watch.record(watch.note("police"), publish=True).code == 0
    assert watch.verify("--witnesses", 1).code == 0
    watch.grow()
    assert watch.verify("--witnesses", 0).code == 0


def test_a_log_whose_former_key_is_in_no_register_signs_nothing(watch: Watch) -> None:
    successor = Identity.make("log/1")
    watch.reissue(version=2, replace={"log/1": successor})
    shutil.rmtree(watch.places.shared / "trust")
    (watch.places.centre / "log.key").unlink()
    successor.save(watch.places.centre / "log.key")
    told = watch.publish()
    assert (told.code, "name its former keys" in told.err) == (NOT_VERIFIED, True)


def test_a_witness_with_a_new_key_goes_on_from_what_the_old_one_saw(watch: Watch) -> None:
    watch.witness("police", "--first-use")
    successor = Identity.make("police/witness")
    watch.reissue(version=2, replace={"police/witness": successor})
    watch.key("police").unlink()
    successor.save(watch.key("police"))
    watch.grow()
    told = watch.witness("police")
    assert told.code == 0, told.err
    assert "1 more than it saw last" in told.out
    assert witness_vkey(successor.public).split("+")[0] == "police/witness"
    assert watch.record(watch.note("police"), publish=True).code == 0
    assert watch.verify("--witnesses", 1).code == 0


def test_a_clock_that_went_back_is_seen_in_the_log_it_left_behind(watch: Watch) -> None:
    assert "mind" not in watch.verify().out
    for hours in (30, -1):
        watch.clock(NOW + timedelta(hours=hours))
        (watch.places.centre / "seen.json").unlink(missing_ok=True)
        watch.grow()
    watch.clock(LATER)
    (watch.places.centre / "seen.json").unlink()
    events = watch.demo.story.events
    told = watch.verify("--witnesses", 0)
    assert told.code == 0
    assert told.out.splitlines()[3:] == [f"mind: the clock of the log went back before entry {events + 1}"]
    cosigned_by(watch, "police")
    told = watch.verify("--witnesses", 1)
    assert told.out.splitlines()[4:] == [
        f"mind: entry {events} is dated after a witness saw it, on {LATER:%Y-%m-%d at %H:%M} UTC"
    ]
    assert len(json.loads(watch.verify("--witnesses", 1, "--json").out)["mind"]) == 2


def test_an_auditor_who_kept_a_checkpoint_sees_whether_the_log_continues_it(
    watch: Watch, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    shutil.copy(watch.log / "checkpoint", kept)
    assert watch.verify("--since", kept).code == 0
    watch.grow()
    assert watch.verify("--witnesses", 0, "--since", kept).code == 0
    shutil.copy(watch.log / "checkpoint", tmp_path / "newer")
    shutil.rmtree(watch.log)
    shutil.copytree(watch.demo.places.public / "audit", watch.log)
    told = watch.verify("--since", tmp_path / "newer")
    assert (told.code, "entries were taken away" in told.err) == (NOT_VERIFIED, True)
    text = kept.read_text("utf-8")
    line = text.split("\n")[2]
    kept.write_text(text.replace(line, to_base64(bytes(32))), "utf-8")
    told = watch.verify("--since", kept)
    assert (told.code, "rewritten" in told.err) == (NOT_VERIFIED, True)
    for broken in ("", text.replace("log/1", "log/2", 1), text.replace(line, "x"), text.partition("\n\n")[0]):
        kept.write_text(broken, "utf-8")
        assert watch.verify("--since", kept).code == NOT_VERIFIED


def test_a_proof_that_is_handed_out_again_carries_the_cosignatures_that_came_in(watch: Watch) -> None:
    home = watch.places.analyst / watch.demo.story.release
    words = (
        home / "audit-proof.txt",
        home / "audit-entry.json",
        "--root",
        watch.root,
        "--keys",
        watch.places.shared / "trust.note",
    )
    assert watch.run("audit", "proof", *words).code == 0
    told = watch.run("audit", "proof", *words, "--witnesses", 1)
    assert (told.code, "0 of the 5" in told.err) == (NOT_VERIFIED, True)
    state = State(watch.places.centre / "office.db", origin="log/1")
    entry = int(json.loads(watch.run("audit", "proof", *words, "--json").out)["entry"])
    (home / "audit-proof.txt").write_text(state.log.prove(entry), "utf-8")
    state.close()
    told = watch.run("audit", "proof", *words, "--witnesses", 5, "--json")
    assert (told.code, len(json.loads(told.out)["cosigned"])) == (0, 5)


def test_what_a_witness_did_can_be_had_as_json(watch: Watch) -> None:
    told = watch.witness("police", "--first-use", "--json", "--keys", watch.places.shared / "trust.note")
    size = watch.demo.story.events
    assert json.loads(told.out) == {
        "by": "police/witness",
        "log": "log/1",
        "before": 0,
        "size": size,
        "out": "police.cosigned",
    }


def test_cosignatures_that_come_after_the_desk_signed_again_are_published_with_what_they_are_under(
    watch: Watch,
) -> None:
    watch.grow()
    size = watch.demo.story.events + 1
    for partner in PARTNERS[:3]:
        assert watch.witness(partner, "--first-use").code == 0
    watch.record(watch.places.agency("council") / "project.secret.acknowledgement.note")
    elsewhere = ("--folder", watch.places.centre, "--shared", watch.places.shared, "--root", watch.root)
    assert (
        watch.run("desk", "publish", *elsewhere, "--out", watch.places.root / "kept-back" / "audit").code == 0
    )
    told = watch.record(*(watch.note(p) for p in PARTNERS[:3]), publish=True)
    assert f"audit/ holds the checkpoint of {size} entries with its cosignatures" in told.out
    body = json.loads(watch.verify("--json").out)
    assert (body["size"], len(body["cosigned"])) == (size, 3)
    assert watch.publish().code == 0
    back = watch.record(watch.note("police"), publish=True)
    assert (back.code, "longer" in back.err) == (BAD_INPUT, True)
