"""From a submission to an opened table by commands alone; and what the release desk takes in and takes back, though a run breaks off."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import service.desk.asking
import service.desk.commands
import service.desk.releases
from service.demonstration.cast import NOW
from service.desk.state import State
from service.errors import BAD_INPUT
from tests.desk_answers import Killed, content, handed, killed, refused


def test_from_a_submission_to_an_opened_table_by_commands_alone(partnership: Any) -> None:
    p = partnership
    for name in ("police", "schools"):
        told = p.well(p.receive(p.sent(name), receipt=f"{name}.receipt"))
        assert f" of {name} is in: 4 sealed files; its receipt is {name}.receipt\n" in told.out
        receipt = ("partner", "receipt", p.folder / f"{name}.receipt", "--shared", p.shared)
        assert f"desk/1 has received {name}-1-" in p.well(p.run(*receipt, "--submission", p.sent(name))).out
    assert p.well(p.link()).out.startswith("1 passes, ")
    assert p.well(p.assemble()).out.startswith("480 records, 320 people; ")
    p.agree()
    tally = p.well(p.run("board", "tally", "--shared", p.shared, "--root", p.root)).out
    assert "recommended by the board's quorum\nadopted by police: " in tally
    assert p.well(p.decide(p.request())).out.startswith("Allowed by clause SNA-1.\n")
    released = p.well(p.release(*p.keeper))
    folder = handed(p)
    assert released.out == f"{folder.name}: 7 sealed files in {folder.name}/\n"
    opened = p.well(p.open(folder))
    files = (
        "audit-entry.json, audit-proof.txt, decision.json, metadata.json, note.txt, table.csv, table.parquet"
    )
    assert opened.out == f"7 files in opened, as the log let them out: {files}\n"
    table = (p.folder / "opened" / "table.csv").read_text("utf-8").splitlines()
    assert table[:2] == ["schools.suspended,police.arrested_violence,count", "yes,yes,55"]
    assert table[-1] == "All,All,320"
    log = p.folder / "public" / "audit"
    assert p.well(p.publish_log(log)).out == "5 events in audit/, the trust register beside it\n"
    verified = p.well(p.run("audit", "verify", log, "--root", p.root))
    assert verified.out.startswith("audit: 5 events, checkpoint verifies, 0 witnesses\n")
    proof = [p.folder / "opened" / name for name in ("audit-proof.txt", "audit-entry.json")]
    p.well(p.run("audit", "proof", *proof, "--root", p.root, "--shared", p.shared))
    assert p.kinds() == [*["submission-received"] * 2, "request-made", "request-allowed", "release-made"]
    assert [e.kind for e in p.events("custodian/1")][-3:] == ["column-key-opened"] * 3


def test_the_same_submission_again_gets_the_same_receipt_and_is_logged_once(
    partnership: Any, set_clock: Any
) -> None:
    p = partnership
    p.well(p.receive(p.sent("police")))
    before, receipt = content(p.home("desk/1")), (p.folder / "receipt.note").read_bytes()
    set_clock(NOW + timedelta(days=3))
    for name in ("receipt.note", "again.note"):
        assert " of police is in: 4 sealed files" in p.well(p.receive(p.sent("police"), receipt=name)).out
        assert (p.folder / name).read_bytes() == receipt
    assert content(p.home("desk/1")) == before
    assert p.kinds() == ["submission-received"]


def test_a_receipt_never_takes_the_place_of_another_file(partnership: Any) -> None:
    p = partnership
    (p.folder / "receipt.note").write_text("mine", "utf-8")
    refused(
        p.receive(p.sent("police")), BAD_INPUT, "receipt.note exists already: name another file with --receipt"
    )
    assert (p.folder / "receipt.note").read_text("utf-8") == "mine"
    p.well(p.receive(p.sent("police"), receipt="other.note"))
    assert p.kinds() == ["submission-received"]


@pytest.mark.parametrize(
    ("dies_in", "logged"), [((State, "record"), 0), ((service.desk.commands, "write_whole"), 1)], ids=["logging", "the receipt"]
)  # fmt: skip
def test_killed_after_taking_in_the_same_call_makes_up_for_what_is_missing(
    partnership: Any, monkeypatch: pytest.MonkeyPatch, dies_in: tuple[object, str], logged: int
) -> None:
    p = partnership
    with monkeypatch.context() as patch:
        patch.setattr(*dies_in, killed)
        with pytest.raises(Killed):
            p.receive(p.sent("police"))
    assert not (p.folder / "receipt.note").exists()
    assert p.kinds() == ["submission-received"] * logged
    files = content(p.home("desk/1") / "desk")
    p.well(p.receive(p.sent("police")))
    assert p.kinds() == ["submission-received"]
    assert content(p.home("desk/1") / "desk") == files
    receipt = ("partner", "receipt", p.folder / "receipt.note", "--shared", p.shared)
    p.well(p.run(*receipt, "--submission", p.sent("police")))


def test_a_full_disk_or_another_run_is_no_refusal_and_is_not_logged_as_one(
    partnership: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = partnership
    with service.desk.commands.alone(p.home("desk/1") / "desk"):
        refused(p.receive(p.sent("police")), BAD_INPUT, "another run (process ")
    with monkeypatch.context() as patch:
        patch.setattr("linkage.central.receive._copy", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        refused(p.receive(p.sent("police")), BAD_INPUT, "the disk is full: free some space")
    assert p.kinds() == []
    assert not (p.home("desk/1") / "desk" / "police").exists()
    p.well(p.receive(p.sent("police")))


def test_what_is_logged_is_what_was_taken_in_though_the_folder_was_exchanged_meanwhile(
    partnership: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is read twice; somebody puts another submission of the same officer in its place in between."""
    p, honest = partnership, service.desk.commands.read_signed_manifest
    p.well(p.submit("police", out="other"))

    def meanwhile(folder: Path, **words: Any) -> Any:
        found = honest(folder, **words)
        shutil.rmtree(folder)
        shutil.copytree(p.home("police/officer") / "other", folder)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(service.desk.commands, "read_signed_manifest", meanwhile)
        p.well(p.receive(p.sent("police")))
    (event,) = p.events("desk/1")
    receipt = ("partner", "receipt", p.folder / "receipt.note", "--shared", p.shared, "--submission")
    p.well(p.run(*receipt, p.home("police/officer") / "other"))
    taken_in = (p.home("desk/1") / "desk" / "police" / "manifest.note").read_text("utf-8")
    assert str(event.details["submission"]) in taken_in


def test_a_submission_taken_back_is_gone_logged_and_can_come_in_again(partnership: Any) -> None:
    p, desk = partnership, partnership.home("desk/1")
    p.well(p.receive(p.sent("police")))
    p.well(p.receive(p.sent("schools"), receipt="schools.note"))
    back = ("desk", "withdraw", "police", *p.desk, "--reason")
    refused(p.run(*back, "because"), BAD_INPUT, "--reason takes one of asked-by-partner")
    refused(p.run("desk", "withdraw", "..", *p.desk, "--reason", "replaced"), BAD_INPUT, "nothing of a partner")
    told = p.well(p.run(*back, "asked-by-partner"))
    assert (
        told.out == "1 submissions of police are taken back: have the linker and the assembler remove theirs\n"
    )
    places = [desk / one for one in ("desk", "for-linker", "for-assembler")]
    assert [sorted(f.name for f in one.glob("[!.]*")) for one in places] == [["schools"]] * 3
    refused(p.run(*back, "asked-by-partner"), BAD_INPUT, "nothing of a partner of that name is in")
    p.well(p.receive(p.sent("police"), receipt="second.note"))
    assert p.kinds() == [*["submission-received"] * 2, "submission-withdrawn", "submission-received"]


def test_killed_while_taking_back_the_same_call_goes_on_and_logs_it_once(
    partnership: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = partnership
    p.well(p.receive(p.sent("police")))
    back = ("desk", "withdraw", "police", *p.desk, "--reason", "replaced")
    with monkeypatch.context() as patch:
        patch.setattr(service.desk.commands, "withdraw", killed)
        with pytest.raises(Killed):
            p.run(*back)
    p.well(p.run(*back))
    assert p.kinds() == ["submission-received", "submission-withdrawn"]
    assert not (p.home("desk/1") / "desk" / "police").exists()


def test_after_a_rotation_the_submissions_of_the_old_round_make_room_for_those_of_the_new(
    partnership: Any,
) -> None:
    p = partnership
    p.well(p.receive(p.sent("police")))
    closes = (NOW + timedelta(hours=2)).isoformat()
    folder = p.ceremony("second", "--closes-earlier", closes, signed_by=(1,))
    p.well(p.accept("police", folder / "deliveries" / "police_officer.sealed", out="second.secret"))
    p.well(p.receive(p.sent("police")))
    home = p.home("police/officer")
    p.well(p.submit("police", out="new", secret=home / "second.secret"))
    refused(
        p.receive(home / "new", receipt="new.note"),
        BAD_INPUT,
        "of epoch 1 is here still: withdraw what is left",
    )
    p.well(p.run("desk", "withdraw", "police", *p.desk, "--reason", "new-round"))
    p.well(p.receive(home / "new", receipt="new.note"))
    refused(p.receive(p.sent("police"), receipt="old.note"), BAD_INPUT, "is of epoch 1; the epoch is 2")


def test_a_desk_whose_log_was_begun_by_recording_notes_is_no_desk_that_lost_its_salt(partnership: Any) -> None:
    p = partnership
    words = ("--desk", p.home("desk/1"), "--shared", p.shared, "--root", p.root)
    p.well(p.run("audit", "record", p.folder / "ceremony" / "record.note", *words))
    p.well(p.receive(p.sent("police")))
    assert p.kinds() == ["ceremony-held", "submission-received"]
