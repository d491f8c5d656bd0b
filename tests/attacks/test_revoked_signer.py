"""A key whose role has ended signs on, with dates from before its end; and what came in before that end goes on counting."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ethics.approvals import cast_vote
from ethics.ballots import PolicyRef, Vote
from keys import Identity, sign_note
from linkage.errors import BadSubmission
from linkage.manifest import MANIFEST_NAME, read_manifest
from policies.load import load_policy
from service.demonstration.cast import NOW
from service.memory import SEEN_FILE
from service.places import Places
from service.release import release

BAD_INPUT, BAD_KEY, NOT_APPROVED, NOT_VERIFIED = 10, 11, 13, 14
BEFORE, END, AFTER = NOW + timedelta(hours=1), NOW + timedelta(hours=2), NOW + timedelta(hours=3)
OFFICER, DESK, LOG, MEMBER = "police/officer", "desk/1", "log/1", "board/lay-1"
NOT_SIGNED = "the manifest is not signed by a data officer of the trust register"
ALL_ACCEPTED = "no key file identity.key"


@pytest.fixture(autouse=True)
def _before(set_clock: Callable[[datetime], None]) -> None:
    set_clock(BEFORE)


@pytest.fixture(params=["link", "assemble"])
def reader(request: pytest.FixtureRequest, demo_copy: Places) -> tuple[str, Path]:
    """A command that reads manifests, and its actor's folder. Its key is away, so that it stops when all manifests were accepted."""
    folder = {"link": demo_copy.linker, "assemble": demo_copy.assembler}[request.param]
    (folder / "identity.key").unlink()
    return request.param, folder


@pytest.fixture
def read(
    reader: tuple[str, Path], demo_copy: Places, command: Callable[..., Any], tmp_path: Path
) -> Callable[[], str]:
    """What the reader says of the manifests in its inbox."""

    def call() -> str:
        told = command("centre", *reader, "--shared", demo_copy.shared, "--out", tmp_path / "out")
        assert told.code in (BAD_INPUT, BAD_KEY)
        return str(told.err)

    return call


def end(holders: Any, name: str, at: datetime) -> None:
    """The role ends at that time, as the register says that is issued now."""
    holders.issue("--end", name, "--at", at.isoformat())


def backdated(manifest: Path, by: Identity) -> None:
    """Another manifest in this one's place, dated long before."""
    text = manifest.read_text("utf-8").rpartition("\n\n")[0] + "\n"
    was = read_manifest(text.partition("\n")[2]).made_at
    manifest.write_text(sign_note(text.replace(was, "2026-06-01T10:00:00+00:00"), by=by), encoding="utf-8")


def test_what_was_accepted_before_the_end_goes_on_counting(
    demo_holders: Any, read: Callable[[], str], set_clock: Callable[[datetime], None]
) -> None:
    assert ALL_ACCEPTED in read()
    set_clock(AFTER)
    end(demo_holders, OFFICER, END)
    assert ALL_ACCEPTED in read()


def test_what_comes_after_the_end_does_not_count_whatever_its_date(
    demo: Any, demo_holders: Any, reader: tuple[str, Path], read: Callable[[], str], set_clock: Callable[[datetime], None]
) -> None:  # fmt: skip
    assert ALL_ACCEPTED in read()
    set_clock(AFTER)
    end(demo_holders, OFFICER, END)
    manifest = reader[1] / "inbox" / "police" / MANIFEST_NAME
    honest = manifest.read_bytes()
    backdated(manifest, demo.cast.people[OFFICER])
    assert NOT_SIGNED in read()
    manifest.write_bytes(honest)
    assert ALL_ACCEPTED in read()


def test_a_reader_who_has_not_accepted_it_before_the_end_does_not_after(
    demo_holders: Any, read: Callable[[], str], set_clock: Callable[[datetime], None]
) -> None:
    """The reader has no witness but its own clock for when a submission came."""
    set_clock(AFTER)
    end(demo_holders, OFFICER, END)
    assert NOT_SIGNED in read()


def test_an_end_that_lies_before_the_acceptance_undoes_it(
    demo_holders: Any, read: Callable[[], str], set_clock: Callable[[datetime], None]
) -> None:
    assert ALL_ACCEPTED in read()
    set_clock(AFTER)
    end(demo_holders, OFFICER, BEFORE - timedelta(minutes=1))
    assert NOT_SIGNED in read()


@pytest.mark.parametrize("new", [False, True])
def test_what_a_removed_or_replaced_key_signed_counts_no_more_though_it_was_accepted(
    demo_holders: Any, read: Callable[[], str], set_clock: Callable[[datetime], None], new: bool
) -> None:
    assert ALL_ACCEPTED in read()
    set_clock(AFTER)
    other = Identity.make(OFFICER, randomness=np.random.default_rng(3).bytes)
    demo_holders.issue(*(("--replace", demo_holders.public(other)) if new else ("--remove", OFFICER)))
    assert NOT_SIGNED in read()


def test_a_memory_that_was_lost_makes_nothing_count_that_did_not(
    demo_holders: Any, reader: tuple[str, Path], read: Callable[[], str], set_clock: Callable[[datetime], None]
) -> None:
    assert ALL_ACCEPTED in read()
    set_clock(AFTER)
    end(demo_holders, OFFICER, END)
    (reader[1] / SEEN_FILE).unlink()
    assert NOT_SIGNED in read()


def test_the_desk_takes_nothing_in_after_the_end(
    demo: Any, demo_holders: Any, demo_copy: Places, command: Callable[..., Any], set_clock: Callable[[datetime], None], tmp_path: Path
) -> None:  # fmt: skip
    shutil.rmtree(demo_copy.centre / "desk" / "police")
    sent = demo_copy.agency("police") / "submission"
    backdated(sent / MANIFEST_NAME, demo.cast.people[OFFICER])
    set_clock(AFTER)
    end(demo_holders, OFFICER, END)
    receipt = tmp_path / "receipt.note"
    told = command(
        "desk", "receive", sent, "--folder", demo_copy.centre, "--shared", demo_copy.shared, "--root", demo_holders.root,
        "--receipt", receipt,
    )  # fmt: skip
    assert (told.code, told.out) == (BAD_INPUT, "")
    assert NOT_SIGNED in told.err
    assert not receipt.exists()
    assert not (demo_copy.centre / "desk" / "police").exists()


def receipt(command: Callable[..., Any], places: Places) -> Any:
    home = places.agency("police")
    return command(
        "partner",
        "receipt",
        home / "receipt.note",
        "--submission",
        home / "submission",
        "--shared",
        places.shared,
    )


def test_a_receipt_is_checked_by_the_desks_key_its_role_now_and_the_submission(
    demo: Any, demo_holders: Any, demo_copy: Places, command: Callable[..., Any], set_clock: Callable[[datetime], None]
) -> None:  # fmt: skip
    home = demo_copy.agency("police")
    told = receipt(command, demo_copy)
    assert told.code == 0
    assert told.out.startswith("desk/1 has received police-1-")
    good = (home / "receipt.note").read_text("utf-8")
    text = good.rpartition("\n\n")[0] + "\n"
    for old, new, saying in (
        ("submission: police", "submission: p0lice", "its submission is another"),
        ("manifest: sha256:", "manifest: sha256:0", "its manifest is another"),
        ("files: ", "files: 1", "its files is another"),
    ):
        (home / "receipt.note").write_text(good.replace(old, new), encoding="utf-8")
        assert receipt(command, demo_copy).code == BAD_KEY
        signed = sign_note(text.replace(old, new), by=demo.cast.people[DESK])
        (home / "receipt.note").write_text(signed, encoding="utf-8")
        told = receipt(command, demo_copy)
        assert (told.code, told.out) == (BAD_INPUT, "")
        assert saying in told.err
    for name in (OFFICER, LOG):
        (home / "receipt.note").write_text(sign_note(text, by=demo.cast.people[name]), encoding="utf-8")
        assert receipt(command, demo_copy).code == BAD_KEY
    (home / "receipt.note").write_text(good, encoding="utf-8")
    set_clock(AFTER)
    end(demo_holders, DESK, END)
    assert receipt(command, demo_copy).code == BAD_KEY


def vote_of(member: Identity, shared: Path) -> str:
    policy = load_policy((shared / "policy.yaml").read_text("utf-8"))
    ref = PolicyRef(policy.policy, policy.version, policy.digest)
    return cast_vote(ref, vote=Vote.APPROVE, conflicted=False, by=member, at=NOW)


def test_a_members_vote_counts_by_its_date_while_the_member_is_listed_and_no_more_once_removed(
    demo: Any, demo_holders: Any, demo_copy: Places, command: Callable[..., Any], set_clock: Callable[[datetime], None]
) -> None:  # fmt: skip
    """Nobody but the log knows when a vote was cast. So an end is for members who leave; a key in other hands is taken out of the register."""
    shared = demo_copy.shared
    tally = ("board", "tally", "--shared", shared, "--root", demo_holders.root)
    (shared / "votes" / "lay-1.note").unlink()
    assert "5 approve" in command(*tally).out
    set_clock(AFTER)
    end(demo_holders, MEMBER, END)
    (shared / "votes" / "lay-1.note").write_text(vote_of(demo.cast.people[MEMBER], shared), encoding="utf-8")
    assert "6 approve" in command(*tally).out
    end(demo_holders, MEMBER, NOW - timedelta(days=1))
    assert command(*tally).code in (BAD_KEY, NOT_APPROVED)
    demo_holders.issue("--remove", MEMBER)
    told = command(*tally)
    assert (told.code, told.out) == (BAD_KEY, "")


def test_a_log_whose_key_has_ended_or_was_replaced_does_not_verify(
    demo_holders: Any, demo_copy: Places, command: Callable[..., Any], set_clock: Callable[[datetime], None]
) -> None:
    verify = ("audit", "verify", demo_copy.public / "audit", "--root", demo_holders.root, "--shared", demo_copy.shared)  # fmt: skip
    assert command(*verify).code == 0
    set_clock(AFTER)
    end(demo_holders, LOG, END)
    told = command(*verify)
    assert (told.code, told.out) == (BAD_KEY, "")
    assert command(*verify, "--at", BEFORE.isoformat()).code == 0
    other = Identity.make(LOG, randomness=np.random.default_rng(3).bytes)
    demo_holders.issue("--remove", LOG, "--add", demo_holders.public(other), "--organisation", "centre", "--role", "audit-log")  # fmt: skip
    assert command(*verify).code == NOT_VERIFIED


def test_a_holder_who_left_the_root_signs_for_nobody_who_has_the_new_one(
    demo_holders: Any, demo_copy: Places, command: Callable[..., Any], tmp_path: Path
) -> None:
    """The first and the third hold the new root with somebody new; the second, who left, and the first sign as before."""
    fresh = Identity.make("root/4", randomness=np.random.default_rng(4).bytes)
    files = [demo_holders.public(one) for one in (*demo_holders.identities[::2], fresh)]
    new = tmp_path / "new-root.json"
    assert demo_holders.run("new-root", *files, "--quorum", 2, "--out", new).code == 0
    demo_holders.issue("--end", LOG, by=(1, 2))
    for words in (("board", "tally"), ("audit", "verify", demo_copy.public / "audit")):
        told = command(*words, "--shared", demo_copy.shared, "--root", new)
        assert told.code == BAD_KEY
        assert "signed by 1 of the root's 3 keys, and 2 must sign" in told.err


def test_the_desk_counts_what_it_received_before_the_end_by_its_own_log(office: Any) -> None:
    entry = next(e for e in office.cast.entries if e.identity.name == "schools/officer")
    request = office.asked()
    office.reissue(version=2, drop="schools/officer", add=(replace(entry, until=NOW),))
    with pytest.raises(BadSubmission, match=NOT_SIGNED):
        release(request, by=office.analyst.public, desk=office.desk)
    office.reissue(version=3, drop="schools/officer", add=(replace(entry, until=NOW + timedelta(minutes=1)),))
    assert release(request, by=office.analyst.public, desk=office.desk).id
