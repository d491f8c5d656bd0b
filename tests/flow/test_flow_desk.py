"""From a submission to an opened table by commands alone: what the release desk, the board, a controller and an analyst do, and what is left when a run
breaks off."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import service.desk.asking
import service.desk.commands
import service.desk.releases
from keys import Identity, Root
from keys.passphrase import Cost, protect
from keys.secret import Secret
from linkage.drafts import FolderDraft
from service.demonstration.cast import ANALYST, NOW
from service.desk.state import State
from service.errors import BAD_INPUT, BAD_KEY, NOT_APPROVED, NOT_VERIFIED, REFUSED, UNAVAILABLE
from service.shared import write_root

CHEAP = Cost(memory=32, passes=1, lanes=1)
Spoil = Callable[[Any], object]


class Killed(BaseException):
    """The process ends here."""


def killed(*_: object, **__: object) -> None:
    raise Killed


def refused(told: Any, code: int, saying: str) -> None:
    """It failed with this code, and said so in one line."""
    assert (told.code, told.out) == (code, ""), told
    assert saying in told.err, told.err
    assert told.err.count("\n") == 1, told.err


def content(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, but for what an actor remembers and what SQLite keeps beside its database."""
    passing = ("seen.json", ".seen.json.lock", "office.db-shm", "office.db-wal")
    files = (p for p in folder.rglob("*") if p.is_file() and p.name not in passing)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def handed(project: Any) -> Path:
    """The folder of the one release."""
    (folder,) = (project.folder / "out").iterdir()
    return Path(folder)


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


def test_a_refused_request_exits_12_says_why_and_is_logged(allowed: Any) -> None:
    p = allowed
    told = p.decide(p.request("rows", form="pseudonymised-extract"), "request-2")
    assert (told.code, told.err) == (REFUSED, "")
    assert told.out.startswith("Denied.\n")
    assert p.kinds()[-2:] == ["request-made", "request-refused"]
    refused(p.release(*p.keeper, request_id="request-2"), BAD_INPUT, "request-2 is refused, not allowed")
    assert p.kinds()[-1] == "request-refused"


def test_a_request_is_decided_once_and_an_id_must_fit_the_log(allowed: Any) -> None:
    p = allowed
    note, before = p.folder / "request.note", p.kinds()
    refused(p.decide(note), BAD_INPUT, "request-1 was made already: give a new request a new id")
    for bad in ("", "2", "my request", "x" * 101, "a\nb", "Ångström"):
        refused(p.decide(note, bad), BAD_INPUT, "--id takes one identifier")
        refused(p.release(*p.keeper, request_id=bad), BAD_INPUT, "--id takes one identifier")
    assert p.kinds() == before


def test_killed_between_asking_and_deciding_the_same_call_decides(
    allowed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = allowed
    note = p.request("second", use_until="2027-03-01")
    with monkeypatch.context() as patch:
        patch.setattr(service.desk.asking, "decide", killed)
        with pytest.raises(Killed):
            p.decide(note, "request-2")
    refused(p.release(*p.keeper, request_id="request-2"), BAD_INPUT, "request-2 is made, not allowed")
    refused(p.decide(p.folder / "request.note", "request-2"), BAD_INPUT, "was made already")
    p.well(p.decide(note, "request-2"))
    assert p.kinds()[-2:] == ["request-made", "request-allowed"]


def test_a_release_names_its_custodian_and_goes_to_whoever_asked(allowed: Any) -> None:
    p, before = allowed, allowed.kinds()
    refused(p.release(), BAD_INPUT, "name its --socket, or its folder with --custodian")
    refused(
        p.release(*p.keeper, "--socket", p.folder / "socket"), BAD_INPUT, "name its --socket, or its folder"
    )
    refused(p.release("--custodian", p.home("linker/1")), BAD_KEY, "not the folder of custodian/1")
    refused(p.release("--custodian", p.folder / "none"), BAD_KEY, "no key file identity.key in none/")
    refused(p.release(*p.keeper, by="analyst/vpp-2"), BAD_KEY, "analyst/vpp-2 is not in the trust register")
    refused(p.release(*p.keeper, by="desk/1"), BAD_KEY, "does not hold the role analyst")
    refused(p.release(*p.keeper, request_id="request-9"), BAD_INPUT, "there is no request request-9: ask first")
    assert p.kinds() == before
    refused(p.release("--socket", p.folder / "socket"), UNAVAILABLE, "custodian/1 does not answer at socket")
    assert p.kinds()[len(before) :] == ["release-refused"]
    assert not (p.folder / "out").exists()
    p.well(p.release(*p.keeper))
    assert p.kinds()[-1] == "release-made"


@pytest.mark.parametrize(
    ("dies_in", "released"),
    [((State, "add_release"), 0), ((service.desk.releases, "_hand_over"), 1), ((FolderDraft, "commit"), 1)],
    ids=["storing", "handing over", "the last rename"],
)  # fmt: skip
def test_killed_at_any_step_a_release_is_made_once_and_handed_over_by_the_same_call(
    allowed: Any, monkeypatch: pytest.MonkeyPatch, dies_in: tuple[object, str], released: int
) -> None:
    p = allowed
    with monkeypatch.context() as patch:
        patch.setattr(*dies_in, killed)
        with pytest.raises(Killed):
            p.release(*p.keeper)
    assert list((p.folder / "out").glob("*")) == []
    assert p.kinds().count("release-made") == released
    # What was released needs no key any more.
    p.well(p.release(*(() if released else p.keeper)))
    p.well(p.open(handed(p)))
    assert p.kinds().count("release-made") == 1
    before = content(p.folder / "out")
    again = p.well(p.release())
    assert again.out == f"{handed(p).name} is in {handed(p).name}/ already\n"
    assert content(p.folder / "out") == before


def test_something_else_under_the_releases_name_is_no_release(allowed: Any) -> None:
    p = allowed
    p.well(p.release(*p.keeper))
    folder = handed(p)
    (folder / "note.txt.sealed").unlink()
    refused(p.release(), BAD_INPUT, "exists already and is not that release: name another folder with --out")
    shutil.rmtree(folder)
    folder.write_text("mine", "utf-8")
    refused(p.release(), BAD_INPUT, "exists already and is not that release")
    folder.unlink()
    p.well(p.release())
    p.well(p.open(folder))


def test_a_release_is_opened_under_its_own_name_by_its_analyst_into_a_new_folder(allowed: Any) -> None:
    p = allowed
    p.well(p.release(*p.keeper))
    folder = handed(p)
    renamed = shutil.copytree(folder, p.folder / "release-of-mine")
    refused(p.open(renamed), BAD_KEY, "the folder must bear the name that the release desk gave it")
    refused(p.open(p.folder / "none"), BAD_INPUT, "none holds no sealed file")
    short = shutil.copytree(folder, p.folder / "short" / folder.name)
    (short / "table.csv.sealed").unlink()
    refused(p.open(short), NOT_VERIFIED, "the log has let out other files than these")
    (short / "audit-proof.txt.sealed").unlink()
    refused(p.open(short), NOT_VERIFIED, "comes without its proof")
    assert not (p.folder / "opened").exists()
    p.well(p.open(folder))
    refused(p.open(folder), BAD_INPUT, "opened exists already: name another with --out")


def test_the_published_log_grows_and_is_never_put_where_something_else_lies(allowed: Any) -> None:
    p, log = allowed, allowed.folder / "public" / "audit"
    verify = ("audit", "verify", log, "--root", p.root)
    assert p.well(p.publish_log(log)).out.startswith("4 events in audit/")
    p.well(p.run(*verify))
    p.well(p.release(*p.keeper))
    assert p.well(p.publish_log(log)).out.startswith("5 events in audit/")
    assert p.well(p.run(*verify)).out.startswith("audit: 5 events, checkpoint verifies")
    assert p.well(p.publish_log(log)).out.startswith("5 events in audit/")
    for folder in (p.shared, p.home("desk/1")):
        before = content(folder)
        refused(p.publish_log(folder), BAD_INPUT, "which is no part of a log: choose an empty directory")
        after = content(folder)
        assert {n: c for n, c in after.items() if n != "office.db"} == {n: c for n, c in before.items() if n != "office.db"}  # fmt: skip


def test_an_old_copy_of_the_desks_state_signs_nothing_over_what_it_signed_since(allowed: Any) -> None:
    p, log = allowed, allowed.folder / "public" / "audit"
    state = p.home("desk/1") / "office.db"
    old = state.read_bytes()
    p.well(p.release(*p.keeper))
    p.well(p.publish_log(log))
    state.write_bytes(old)
    refused(p.publish_log(log), BAD_INPUT, "holds another or a longer log than log/1 with 4 entries")


def test_a_vote_is_a_members_and_can_be_counted(partnership: Any) -> None:
    p, votes = partnership, partnership.shared / "votes"
    stranger = Identity.make("board/lay-1", randomness=p.randomness)
    refused(p.vote("board/lay-1", "--vote", "maybe"), BAD_INPUT, "--vote takes one of approve, ")
    refused(p.vote("board/lay-1", "--vote", "refuse"), NOT_APPROVED, "says why")
    refused(p.vote(ANALYST), BAD_KEY, "does not hold the role board-member")
    (p.key("board/lay-1").parent / "other").mkdir()
    stranger.save(p.key("board/lay-1").parent / "other" / "identity.key")
    p.home("other").mkdir()
    shutil.move(p.key("board/lay-1").parent / "other" / "identity.key", p.home("other"))
    refused(p.vote("other"), BAD_KEY, "not that of board/lay-1 in the trust register")
    assert list(votes.iterdir()) == []
    p.well(p.vote("board/lay-1", "--vote", "approve-with-conditions", "--because", "once a year"))
    refused(p.vote("board/lay-1"), BAD_INPUT, "exists already: name another with --out")
    p.well(p.vote("board/police-analyst", "--vote", "approve", "--conflicted"))
    tally = p.run("board", "tally", "--shared", p.shared, "--root", p.root)
    assert tally.code == NOT_APPROVED
    assert tally.err.startswith("policy.yaml: 1 approve, 0 send back, 0 refuse, 1 conflicted\n")


def test_a_member_whose_term_is_over_gets_no_vote_that_would_spoil_the_count(
    partnership: Any, set_clock: Any
) -> None:
    set_clock(NOW + timedelta(days=40 * 365))
    refused(partnership.vote("board/lay-1"), NOT_APPROVED, "does not sit on the board on 2066-")
    assert list((partnership.shared / "votes").iterdir()) == []


def test_a_controller_adopts_clauses_of_the_policy_for_its_own_data_and_withdraws_them(
    allowed: Any, set_clock: Any
) -> None:
    p = allowed
    refused(
        p.adopt("schools", "SNA-1,SNA-99", out="x"), BAD_INPUT, "policy.yaml has no clause 'SNA-99'; it has "
    )
    refused(p.adopt("schools"), BAD_INPUT, "schools.note exists already: name another with --out")
    assert not (p.shared / "adoptions" / "x.note").exists()
    told = p.well(p.adopt("schools", "none", out="schools-2"))
    assert told.out.startswith("schools adopts no clause of ")
    denied = p.decide(p.request("second", use_until="2027-03-01"), "request-2")
    assert (denied.code, "adopted" in denied.out) == (REFUSED, True)
    refused_later = p.release(*p.keeper)
    assert (refused_later.code, refused_later.out) == (REFUSED, "")
    set_clock(NOW + timedelta(hours=2))
    p.well(p.adopt("schools", " SNA-1 ", out="schools-3"))
    p.well(p.release(*p.keeper))


def protected(path: Path) -> None:
    content = protect(path.read_bytes(), passphrase=Secret(b"correct horse battery", name="p"), randomness=bytes, cost=CHEAP)  # fmt: skip
    path.write_bytes(content)


def exchanged(p: Any, name: str, *, by: str) -> None:
    shutil.copy(p.key(by), p.home("desk/1") / name)


FAULTS: dict[str, tuple[Spoil, int, str]] = {
    "no desk's folder": (lambda p: shutil.rmtree(p.home("desk/1")), BAD_KEY, "no key file identity.key in desk-1/"),
    "no identity": (lambda p: p.key("desk/1").unlink(), BAD_KEY, "no key file identity.key in desk-1/"),
    "no log key": (lambda p: (p.home("desk/1") / "log.key").unlink(), BAD_KEY, "no key file log.key in desk-1/"),
    "an identity that others can read": (lambda p: p.key("desk/1").chmod(0o644), BAD_KEY, "can be read by others"),
    "somebody else's identity": (lambda p: exchanged(p, "identity.key", by="linker/1"), BAD_KEY, "linker/1 does not hold the role desk"),
    "another key under the desk's name": (lambda p: (p.key("desk/1").unlink(), Identity.make("desk/1").save(p.key("desk/1"))), BAD_KEY, "not that of desk/1 in the trust register"),
    "the desk's key in the log's place": (lambda p: exchanged(p, "log.key", by="desk/1"), BAD_KEY, "desk/1 does not hold the role audit-log"),
    "no root": (lambda p: p.root.unlink(), BAD_INPUT, "no file root.json"),
    "another root than the register's": (lambda p: shutil.copy(other_root(p), p.root), BAD_KEY, "no signature by anyone who is known here"),
    "no shared folder": (lambda p: shutil.rmtree(p.shared), BAD_INPUT, "is no project's shared folder"),
    "no register": (lambda p: (p.shared / "trust.note").unlink(), BAD_INPUT, "it has no trust.note"),
    "no state where the salt is": (lambda p: (p.home("desk/1") / "office.db").unlink(), BAD_INPUT, "office.db is missing in desk-1/"),
    "a state that is none": (lambda p: (p.home("desk/1") / "office.db").write_bytes(b"x" * 4096), BAD_INPUT, "office.db in desk-1/ cannot be used"),
    "a salt that is none": (lambda p: (p.home("desk/1") / "ledger.salt").write_text("x", "utf-8"), BAD_KEY, "ledger.salt is no secret file"),
    "a passphrase and nobody to ask": (lambda p: protected(p.key("desk/1")), BAD_KEY, "there is no terminal to ask at"),
}  # fmt: skip


def other_root(p: Any) -> Path:
    one = p.folder / "other-root.json"
    write_root(one, Root((Identity.make("root/1").public,), 1))
    return Path(one)


@pytest.mark.parametrize("what", FAULTS)
def test_every_command_of_the_desk_tells_a_fault_in_one_line_and_writes_nothing(
    allowed: Any, what: str
) -> None:
    spoil, code, saying = FAULTS[what]
    p, note = allowed, allowed.request("second", use_until="2027-03-01")
    spoil(p)
    before = content(p.folder)
    for told in (
        p.receive(p.sent("police")),
        p.run("desk", "withdraw", "police", *p.desk, "--reason", "replaced"),
        p.decide(note, "request-2"),
        p.release(*p.keeper),
        p.publish_log(p.folder / "public" / "audit"),
    ):
        refused(told, code, saying)
    assert content(p.folder) == before


def test_a_salt_that_is_gone_stops_the_desk_once_a_table_has_left(allowed: Any) -> None:
    p = allowed
    salt = p.home("desk/1") / "ledger.salt"
    salt.unlink()
    p.well(p.release(*p.keeper))
    salt.unlink()
    refused(
        p.publish_log(p.folder / "audit"),
        BAD_INPUT,
        "ledger.salt is missing in desk-1/, from which tables have left",
    )
    assert not salt.exists()


@pytest.mark.parametrize("right", [True, False])
def test_key_files_under_a_passphrase_open_with_it_alone(
    allowed: Any, monkeypatch: pytest.MonkeyPatch, right: bool
) -> None:
    p, note = allowed, allowed.request("second", use_until="2027-03-01")
    for path in (p.key("desk/1"), p.home("desk/1") / "log.key", p.key(ANALYST), p.key("custodian/1"), p.key("board/lay-1")):  # fmt: skip
        protected(path)
    monkeypatch.setenv("LINKAGE_PASSPHRASE", "correct horse battery" if right else "wrong horse battery")
    done = [p.decide(note, "request-2"), p.release(*p.keeper), p.vote("board/lay-1", out="again")]
    if right:
        assert [told.code for told in done] == [0, 0, 0]
        p.well(p.open(handed(p)))
        return
    for told in done:
        refused(told, BAD_KEY, "the passphrase in LINKAGE_PASSPHRASE does not open it, or it was altered")


def test_files_that_are_missing_are_named(allowed: Any) -> None:
    p = allowed
    refused(
        p.receive(p.folder / "none"),
        BAD_INPUT,
        "there is no folder none/: name the folder that the partner sent",
    )
    refused(p.decide(p.folder / "none.note", "request-2"), BAD_INPUT, "no file none.note")
    (p.shared / "evidence.note").unlink()
    refused(p.receive(p.sent("police")), BAD_INPUT, "no file evidence.note")
    (p.shared / "policy.yaml").unlink()
    refused(p.vote("board/lay-1", out="again"), BAD_INPUT, "no file policy.yaml")
    refused(p.adopt("police", out="again"), BAD_INPUT, "no file policy.yaml")
    assert p.kinds()[-1] == "request-allowed"


def test_nobody_approves_or_adopts_a_policy_whose_own_tests_fail(partnership: Any) -> None:
    p = partnership
    path = p.shared / "policy.yaml"
    text = path.read_text("utf-8")
    assert "expect: allow" in text
    path.write_text(text.replace("expect: allow", "expect: deny"), "utf-8")
    for told in (p.vote("board/lay-1"), p.adopt("schools")):
        refused(told, BAD_INPUT, "does not do what its own tests say")
    p.well(p.vote("board/lay-1", "--vote", "send-back", "--because", "its tests fail"))
    p.well(p.adopt("schools", "none"))
