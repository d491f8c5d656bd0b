"""The linker at its desk, by commands: in full, then what is new, by itself or with the assembler beside it, each in a process of its own with a log of its own."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from keys import Identity
from keys.ceremony import save_secret
from keys.secret import Secret
from linkage.central.pairs.model import read_model
from linkage.central.pairs.run import RUN_NAME
from linkage.errors import BadInput
from linkage.schema import load_schema
from service.centre import run as centre_run
from service.centre.work_log import entries, log_work, read_work
from service.shared import read_project
from service.trust.unlocking import asking


@pytest.fixture
def linked(partnership: Any) -> Any:
    """Both partners' submissions are in, and the linker has run in full."""
    for name in ("police", "schools"):
        partnership.well(partnership.receive(partnership.sent(name), receipt=f"{name}.receipt"))
    told = partnership.well(partnership.link())
    assert told.out.startswith("1 passes, ")
    assert "rows (100 %)" in told.err
    return partnership


def home(p: Any) -> Path:
    return Path(p.home("linker/1"))


def update(p: Any) -> Any:
    return p.run(
        "centre", "link", home(p), "--shared", p.shared, "--out", p.home("assembler/1") / "pairs", "--update"
    )


def work(p: Any) -> list[Any]:
    return [one.body for one in read_work(home(p), trust=read_project(p.shared).trust)]


def test_the_linker_keeps_a_log_of_its_own_that_names_each_run_and_the_one_before(linked: Any) -> None:
    (first,) = work(linked)
    assert first["what"] == "full run"
    assert first["submissions"].keys() == {"police", "schools"}
    model = read_model(
        (home(linked) / "model.json").read_text("utf-8"),
        schema=load_schema((linked.shared / "schema.yaml").read_text("utf-8")),
    )
    assert first["model"] == model.digest
    linked.well(linked.link())
    assert [one["before"] is None for one in work(linked)] == [True, False]
    last = entries(home(linked))[-1]
    last.write_text(last.read_text("utf-8").replace("full run", "fool run"), "utf-8")
    with pytest.raises(BadInput, match=r"000002\.note of the log is altered"):
        work(linked)
    last.write_text(
        last.read_text("utf-8").replace("fool run", "full run").replace("linkage-work/v1", "linkage-work/v2"),
        "utf-8",
    )
    with pytest.raises(BadInput, match="altered, or not signed"):
        work(linked)
    last.write_text(last.read_text("utf-8").replace("linkage-work/v2", "linkage-work/v1"), "utf-8")
    entries(home(linked))[0].unlink()
    with pytest.raises(BadInput, match="gap"):
        work(linked)


def test_an_auditor_reads_the_logs_of_linker_and_assembler_by_command(linked: Any, tmp_path: Path) -> None:
    linked.well(linked.link())
    linked.well(linked.assemble())
    words = ("--shared", linked.shared, "--root", linked.shared / "root.json")
    lines = linked.well(linked.run("centre", "log", home(linked), *words)).out.splitlines()
    assert [line.split("  ")[0] for line in lines[:2]] == ["000001", "000002"]
    assert "full run: police, schools in round 1; result " in lines[0]
    assert lines[2] == "2 entries, none missing between them; signed by linker/1"
    result = lines[1].rpartition(" ")[2]
    assembler = Path(linked.home("assembler/1"))
    (told, whose) = linked.well(linked.run("centre", "log", assembler, *words)).out.splitlines()
    assert f"assembly of {result}: 480 records, 320 people; ids: none changed" in told
    assert whose == "1 entry; signed by assembler/1"
    body = json.loads(linked.well(linked.run("centre", "log", assembler, *words, "--json")).out)
    assert body["by"] == "assembler/1"
    assert [(one["entry"], one["records"]) for one in body["entries"]] == [("000001.note", 480)]
    assert "has no entries in log/" in linked.run("centre", "log", tmp_path, *words).err
    (home(linked) / "log" / "000003.note").write_text((assembler / "log" / "000001.note").read_text())
    assert linked.run("centre", "log", home(linked), *words).code == 10


def test_an_entry_signed_by_another_desk_or_before_it_was_one_is_refused(linked: Any) -> None:
    trust = read_project(linked.shared).trust
    by, now = Identity.load(home(linked) / "identity.key"), linked.now
    other = Identity.load(Path(linked.home("assembler/1")) / "identity.key")
    log_work(home(linked), "full run", facts={}, by=other, now=now)
    with pytest.raises(BadInput, match=r"000002\.note of the log is signed by assembler/1"):
        read_work(home(linked), trust=trust)
    entries(home(linked))[-1].unlink()
    log_work(home(linked), "full run", facts={}, by=by, now=now - timedelta(days=4000))
    with pytest.raises(BadInput, match="at its time"):
        read_work(home(linked), trust=trust)


def test_what_the_linker_answers_is_on_standard_output_also_where_bars_are_drawn(
    linked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    told = linked.well(linked.link())
    assert told.out.startswith("1 passes, ")
    assert "comparing" in told.err


RUN: dict[str, Any] = {"submissions": {"police": "d"}, "epoch": 1, "run": "f" * 64}


def test_what_a_desk_signed_cannot_move_the_terminal_nor_name_another_entry(partnership: Any) -> None:
    p, by = partnership, Identity.load(home(partnership) / "identity.key")
    log_work(home(p), "full\x1b[2J\u202erun\nof", facts=RUN | {"entry": "000009.note"}, by=by, now=p.now)
    words = ("centre", "log", home(p), "--shared", p.shared, "--root", p.shared / "root.json")
    (line, _whose) = p.well(p.run(*words)).out.splitlines()
    assert "  full\ufffd[2J\ufffdrun\ufffdof: police in round 1; " in line
    told = p.well(p.run(*words, "--json")).out
    assert told.isascii()
    assert "\x1b" not in told
    assert [one["entry"] for one in json.loads(told)["entries"]] == ["000001.note"]


@pytest.mark.parametrize(
    "facts", [{}, RUN | {"submissions": 3}, RUN | {"run": None}, {"run": "f", "ids": {"split": "x"}}]
)
def test_an_entry_that_says_no_run_is_named_and_refused(partnership: Any, facts: dict[str, Any]) -> None:
    p, by = partnership, Identity.load(home(partnership) / "identity.key")
    log_work(home(p), "full run", facts=facts, by=by, now=p.now)
    told = p.run("centre", "log", home(p), "--shared", p.shared, "--root", p.shared / "root.json")
    assert told.code == 10
    assert "000001.note of the log is signed, but does not say what a run says" in told.err


def test_a_new_entry_is_not_written_over_the_last_where_one_is_missing(partnership: Any) -> None:
    p, by = partnership, Identity.load(home(partnership) / "identity.key")
    for _ in range(3):
        log_work(home(p), "full run", facts=RUN, by=by, now=p.now)
    (home(p) / "log" / "000002.note").unlink()
    last = (home(p) / "log" / "000003.note").read_text("utf-8")
    assert log_work(home(p), "full run", facts=RUN, by=by, now=p.now).name == "000004.note"
    assert (home(p) / "log" / "000003.note").read_text("utf-8") == last
    with pytest.raises(BadInput, match=r"gap before 000003\.note"):
        work(p)


def test_an_incremental_run_by_command_needs_a_full_one_and_says_when_nothing_is_new(linked: Any) -> None:
    assert linked.well(update(linked)).out == "nothing is new since the last run: there is nothing to link\n"
    (home(linked) / "model.json").unlink()
    told = update(linked)
    assert told.code != 0
    assert "run the linker in full first, without --update" in told.err


def relink(p: Any, *words: str) -> Any:
    """The linker's run over what the desk has by now; what the linker keeps beside it stays."""
    shutil.copytree(p.home("desk/1") / "for-linker", home(p) / "inbox", dirs_exist_ok=True)
    return p.run(
        "centre", "link", home(p), "--shared", p.shared, "--out", p.home("assembler/1") / "pairs", *words
    )


def test_a_run_links_what_is_new_by_itself_says_so_and_links_everything_where_asked(
    partnership: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = partnership
    pairs = Path(linked.home("assembler/1")) / "pairs"
    ledger = linked.home("police/officer") / "ledger"
    linked.well(linked.submit("police", out="first", ledger=ledger))
    for folder in (linked.home("police/officer") / "first", linked.sent("schools")):
        linked.well(linked.receive(folder, receipt=f"{folder.name}.receipt"))
    told = linked.well(relink(linked))
    assert told.out.startswith("1 passes, ")
    assert "anew" not in told.out
    told = linked.well(relink(linked))
    assert told.out.startswith("1 passes, ")
    assert told.out.endswith("; everything was linked anew, for nothing is new since the last run\n")
    whole = linked.export
    monkeypatch.setattr(linked, "export", lambda partner: whole(partner, people=230))
    linked.well(linked.submit("police", out="second", update=ledger))
    linked.well(linked.receive(linked.home("police/officer") / "second", receipt="second.receipt"))
    both = relink(linked, "--update", "--full")
    assert both.code == 10
    assert "give one of them, or neither" in both.err
    told = linked.well(relink(linked))
    assert "; only what is new since the last run was linked, and --full links everything anew" in told.out
    assert "what is new in update-0001/" in told.out
    assert (pairs / "update-0001" / RUN_NAME).is_file()
    assert [one["what"] for one in work(linked)] == [
        *2 * ["full run"],
        "incremental run",
    ]
    (home(linked) / "model.json").write_text("{}", "utf-8")
    told = linked.well(relink(linked))
    assert told.out.endswith("; everything was linked anew, for nothing is new since the last run\n")
    assert not (pairs / "update-0001").exists()
    told = linked.well(relink(linked, "--full"))
    assert told.out.startswith("1 passes, ")
    assert "anew" not in told.out


def test_the_model_is_said_in_words_and_as_json_and_an_altered_one_is_refused(linked: Any) -> None:
    file = home(linked) / "model.json"
    words = ("centre", "model", file, "--shared", linked.shared)
    said = linked.well(linked.run(*words)).out
    assert "born: " in said
    assert "forename: equal +" in said
    assert "nothing to warn of" in said
    body = json.loads(linked.well(linked.run(*words, "--json")).out)
    assert body["passes"][0]["splink"]["comparisons"]
    assert len(body["digest"]) == 64
    text = file.read_text("utf-8")
    for changed, saying in (
        (text.replace('"threshold": 0.', '"threshold": 1.'), None),
        (text.replace("<= 17", "<= 99"), "not as a linker wrote it"),
        (text.replace("linkage-model/v3", "linkage-model/v2"), "first line should be linkage-model/v3"),
        (text.replace('"schema_digest": "', '"schema_digest": "0'), "of another schema"),
        (text[: len(text) // 2], "not readable"),
    ):
        file.write_text(changed, "utf-8")
        told = linked.run(*words)
        assert (told.code == 0) == (saying is None), changed[:80]
        assert saying is None or saying in told.err


@pytest.mark.parametrize("forks", [True, False])
def test_linker_and_assembler_run_by_one_command_as_two_processes(
    linked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, forks: bool
) -> None:
    """Processes that load everything anew go by a real clock; this one is set to the project's day for them."""
    if forks and not centre_run.CAN_FORK:
        pytest.skip("processes are forked on Linux alone")
    site = tmp_path / "site"
    site.mkdir()
    moment = f"datetime.datetime.fromisoformat({linked.now.isoformat()!r})"
    (site / "sitecustomize.py").write_text(
        f"import datetime, os, service.clock\nservice.clock.now = lambda: {moment}\n"
        f"open({str(tmp_path / 'processes')!r}, 'a').write(str(os.getpid()) + chr(10))\n"
    )
    root = Path(__file__).resolve().parents[2]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (site, root))))
    monkeypatch.setenv("LINKAGE_PASSPHRASE", "correct horse")
    monkeypatch.setattr(centre_run, "CAN_FORK", forks)
    opened = Identity.load

    def noted(path: Path, *words: Any, **more: Any) -> Identity:
        with (tmp_path / "processes").open("a") as file:
            file.write(f"{os.getpid()}\n")
        return opened(path, *words, **more)

    if forks:
        monkeypatch.setattr(Identity, "load", noted)
    assembler = Path(linked.home("assembler/1"))
    shutil.copytree(linked.home("desk/1") / "for-assembler", assembler / "inbox", dirs_exist_ok=True)
    if not (assembler / "own.secret").exists():
        save_secret(Secret(bytes(range(32)), name="own"), assembler / "own.secret")
    shutil.rmtree(assembler / "pairs")
    spine = tmp_path / "spine.sealed"
    told = linked.run("centre", "run", home(linked), assembler, "--shared", linked.shared, "--out", spine)
    assert told.code == 0, told.err
    first, second = told.out.splitlines()[:2]
    assert first.startswith("linker: 1 passes, ")
    assert second.startswith("assembler: 480 records, 320 people")
    assert spine.is_file()
    processes = (tmp_path / "processes").read_text().split()
    assert len(set(processes)) == 2
    assert str(os.getpid()) not in processes
    (home(linked) / "inbox" / "police" / "manifest.note").write_text("nothing")
    (assembler / "pairs" / RUN_NAME).unlink()
    told = linked.run("centre", "run", home(linked), assembler, "--shared", linked.shared, "--out", spine)
    assert told.code == 10
    assert not (assembler / "pairs" / RUN_NAME).exists()


@pytest.mark.skipif(not centre_run.CAN_FORK, reason="processes are forked on Linux alone")
def test_how_a_forked_process_ended_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    def command(words: Sequence[str]) -> None:
        print("said", *words)
        if words == ["killed"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if words != ["0"]:
            raise SystemExit(int(words[0]))

    process = centre_run.forked(command)
    assert process(["0"]) == centre_run.Ran(0, "said 0")
    assert process(["10"]) == centre_run.Ran(10, "said 10")
    assert process(["killed"]) == centre_run.Ran(-signal.SIGKILL, "")
    assert process(["none"]) == centre_run.Ran(1, "said none")
    assert "ValueError" in capfd.readouterr().err


@pytest.mark.skipif(not centre_run.CAN_FORK, reason="processes are forked on Linux alone")
def test_a_forked_process_ends_there_though_its_words_are_no_text_or_nobody_hears_them() -> None:
    """A file's name on Linux may be no text; and where the command was killed, the role finishes and ends."""
    assert centre_run.forked(lambda _: print("in spine\udce9"))([]) == centre_run.Ran(0, "in spine?")

    def unheard(_: Sequence[str]) -> None:
        print("said")
        os.closerange(3, 256)

    assert centre_run.forked(unheard)([]) == centre_run.Ran(0, "")


@pytest.mark.parametrize(("ended", "who"), [([-9], "linker"), ([0, -15], "assembler")])
def test_a_role_that_is_killed_is_named(
    partnership: Any, monkeypatch: pytest.MonkeyPatch, ended: list[int], who: str
) -> None:
    p = partnership
    monkeypatch.setattr(centre_run, "run_centre", lambda *_, **__: [centre_run.Ran(code, "") for code in ended])
    told = p.run(
        "centre", "run", home(p), p.home("assembler/1"), "--shared", p.shared, "--out", home(p) / "spine"
    )
    assert told.code == 1
    assert f"the {who}'s process was ended from outside (signal {-ended[-1]})" in told.err


@pytest.mark.skipif(not centre_run.CAN_FORK, reason="processes are forked on Linux alone")
def test_a_forked_process_can_ask_at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    import pty

    ours, theirs = pty.openpty()
    with os.fdopen(theirs, encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        told = centre_run.forked(lambda words: print(asking(sys.stdin) is not None))(["link"])
    os.close(ours)
    assert told == centre_run.Ran(0, "True")


def test_one_folder_cannot_be_both(linked: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a folder each"):
        centre_run.run_centre(
            home(linked), home(linked), shared=linked.shared, out=tmp_path / "spine", process=centre_run.started
        )
    with pytest.raises(BadInput, match=r"has no identity\.key"):
        centre_run.run_centre(
            home(linked), tmp_path, shared=linked.shared, out=tmp_path / "spine", process=centre_run.started
        )
