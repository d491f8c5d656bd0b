"""What the release desk decides, releases and publishes by commands, and what is left when a run breaks off."""

import shutil
from typing import Any

import pytest

import service.desk.asking
import service.desk.commands
import service.desk.releases
from linkage.drafts import FolderDraft
from service.desk.state import State
from service.errors import BAD_INPUT, BAD_KEY, NOT_VERIFIED, REFUSED, UNAVAILABLE
from tests.desk_answers import Killed, content, handed, killed, refused


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
