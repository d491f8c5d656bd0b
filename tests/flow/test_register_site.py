"""The public register and the annual report of the demonstration, by the commands: made from the verified log alone, and nothing else."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from ethics.kinds import KINDS
from ethics.verify import VerifiedLog
from keys.notes import split_note
from policies.load import load_policy
from policies.reasons import SENTENCES
from service.audit.verifying import CheckedLog
from service.demonstration.cast import NOW
from service.desk.archive import ARCHIVE, DOCUMENTS
from service.public.facts import register_facts, year_facts
from service.public.sources import Sources
from service.public.words import LAY, OTHER, REQUESTS, STOPPED, counted_kinds, lay_reason
from service.release import STOPS, ask

NOT_VERIFIED, BAD_INPUT = 14, 10


@pytest.fixture
def made(demo: Any, command: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Runs a command of the register over a copy of what the demonstration published."""
    public = tmp_path / "public"
    shutil.copytree(demo.places.public, public)
    shared = demo.places.shared

    def run(name: str, *words: object, archive: Path | None = demo.places.centre / ARCHIVE) -> Any:
        kept = () if archive is None else ("--archive", archive)
        fixed = (
            "--shared",
            shared,
            "--root",
            shared / "root.json",
            "--contact",
            "the office",
            "--at",
            "2026-12-01T10:00Z",
        )
        return command("board", name, public / "audit", *fixed, *kept, *words)

    return run


def told(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): unescape(p.read_text("utf-8")) for p in sorted(folder.rglob("*.html"))
    }


def test_the_demonstration_has_a_register_and_an_annual_report(demo: Any) -> None:
    pages = told(demo.places.public / "register")
    assert len(pages) == 6 + 5
    assert demo.story.release in pages["releases.html"]
    assert "Shows how many suspended pupils are also arrested" in pages["releases.html"]
    assert "7 or fewer" in pages["refusals.html"]
    assert "It asked for something that is never allowed." in pages["refusals.html"]
    assert "It is the first version." in pages["policies.html"]
    assert (demo.places.public / "audit" / "checkpoint").read_text("utf-8") in pages["log.html"]
    assert "at least 3 of 5 witnesses" in pages["log.html"]
    for partner, attribute in (("police", "arrested"), ("schools", "suspended")):
        page = pages[f"partners/{partner}.html"]
        assert demo.story.release in page
        assert attribute in page
    assert demo.story.release not in pages["partners/nhs.html"]
    report = unescape((demo.places.public / "annual-report-2026.html").read_text("utf-8"))
    for row in (
        "Submissions taken in</th><td>5<",
        "A board member voted on a policy.</th><td>7<",
        "A partner adopted clauses of a policy for its own data.</th><td>5<",
        "Requests made</th><td>7 or fewer<",
    ):
        assert row in report
    never = report.partition("Nothing was entered for:")[2]
    assert "<li>Submissions refused</li>" in never
    assert "Submissions refused</th>" not in report


def test_an_attribute_that_several_partners_hold_is_named_once_with_all_of_them(demo: Any) -> None:
    uses = told(demo.places.public / "register")["index.html"]
    first = uses.partition("<table>")[2].partition("</table>")[0]
    assert first.count("age band (") == 1
    assert (
        "age band (Councils, children's services; NHS trust; Police; Schools; Youth offending teams)" in first
    )
    assert "harmed by violence according to police or hospital (NHS trust; Police)" in first


def test_no_page_names_a_person_who_asked_voted_or_signed(demo: Any) -> None:
    names = {n for n in demo.cast.people if not n.endswith("/witness") and n != "log/1"}
    pages = {
        **told(demo.places.public / "register"),
        "year": (demo.places.public / "annual-report-2026.html").read_text("utf-8"),
    }
    assert len(names) > 20
    assert [(name, one) for name, page in pages.items() for one in names if one in page] == []


def test_the_commands_write_the_same_pages_whoever_makes_them(
    demo: Any, made: Callable[..., Any], tmp_path: Path
) -> None:
    result = made("register", "--out", tmp_path / "site", "--name", "A made-up violence prevention partnership")
    assert result.code == 0, result.err
    assert "11 pages in site/" in result.out
    theirs, ours = (told(folder) for folder in (demo.places.public / "register", tmp_path / "site"))
    assert {n: p.replace("the secretariat of the partnership", "the office") for n, p in theirs.items()} == ours
    result = made("annual-report", "--year", 2026, "--out", tmp_path / "year.html")
    assert result.code == 0, result.err
    assert demo.story.release in (tmp_path / "year.html").read_text("utf-8")


def test_without_the_archive_the_register_says_less_and_nothing_false(
    demo: Any, made: Callable[..., Any], tmp_path: Path
) -> None:
    assert made("register", "--out", tmp_path / "site", archive=None).code == 0
    pages = told(tmp_path / "site")
    assert demo.story.release in pages["releases.html"]
    assert "suspended pupils" not in pages["releases.html"]
    assert "A table of counts, for a strategic needs assessment." in pages["releases.html"]
    nowhere = made("register", "--out", tmp_path / "other", archive=tmp_path / "nowhere")
    assert nowhere.code == BAD_INPUT


def test_an_archive_that_was_altered_lends_the_register_no_words(
    demo: Any, made: Callable[..., Any], tmp_path: Path
) -> None:
    shutil.copytree(demo.places.centre / ARCHIVE, tmp_path / "archive")
    for path in (tmp_path / "archive" / DOCUMENTS).iterdir():
        path.write_text(path.read_text("utf-8").replace("suspended pupils", "famous pupils"), "utf-8")
    assert made("register", "--out", tmp_path / "site", archive=tmp_path / "archive").code == 0
    assert "famous" not in told(tmp_path / "site")["releases.html"]


def test_nothing_is_published_from_a_log_that_does_not_hold(made: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "public" / "audit" / "checkpoint"
    path.write_bytes(path.read_bytes()[:-2])
    assert made("register", "--out", tmp_path / "site").code == NOT_VERIFIED
    assert made("annual-report", "--year", 2026, "--out", tmp_path / "year.html").code == NOT_VERIFIED
    assert not (tmp_path / "site").exists()
    assert not (tmp_path / "year.html").exists()


def test_pages_of_an_earlier_register_go_and_other_files_stay(made: Callable[..., Any], tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "partners").mkdir(parents=True)
    (site / "partners" / "gone.html").write_text("a partner that left", "utf-8")
    assert made("register", "--out", site).code == 0
    assert not (site / "partners" / "gone.html").exists()
    (site / "letter.txt").write_text("mine", "utf-8")
    refused = made("register", "--out", site)
    assert (refused.code, "letter.txt" in refused.err) == (BAD_INPUT, True)


def test_a_year_without_entries_has_no_report(made: Callable[..., Any], tmp_path: Path) -> None:
    refused = made("annual-report", "--year", 2025, "--out", tmp_path / "year.html")
    assert (refused.code, "2026" in refused.err) == (BAD_INPUT, True)


def sources(office: Any) -> Sources:
    """What the office's register would be made from, as its log stands."""
    desk = office.desk
    events = tuple(desk.state.log.events())
    found = VerifiedLog(desk.state.log.head(), events, ())
    trust = desk.verified().trust
    return Sources(
        CheckedLog("log/1", found, trust, "none"),
        "note",
        "key",
        desk.verified(),
        office.places.centre / ARCHIVE,
        "A",
        "B",
        NOW,
    )


def test_a_new_version_of_the_policy_says_what_it_changed_and_the_old_one_stays(office: Any) -> None:
    path = office.shared / "policy.yaml"
    text = path.read_text("utf-8")
    old = load_policy(text)
    changed = text.replace("version: 1", "version: 2", 1).replace(
        "previous: none", f"previous: {old.digest}", 1
    )
    path.write_text(changed.replace("use-within-days: 183", "use-within-days: 90", 1), "utf-8")
    for folder in ("votes", "adoptions"):
        for note in (office.shared / folder).iterdir():
            note.unlink()
    facts = register_facts(sources(office))
    assert [(one.version, one.digest == old.digest) for one in facts.policies] == [(2, False), (1, True)]
    assert any("90 days" in sentence and "183" in sentence for sentence in facts.policies[0].changes)
    assert facts.policies[1].changes == ("It is the first version.",)
    assert facts.uses == ()
    assert [one.steps[0][1] for one in facts.policies[1:]] == ["A policy was put before the board."]


def test_every_refusal_is_counted_under_the_reasons_that_it_reads_as(office: Any) -> None:
    for number in range(9):
        ask(
            office.request(form="record-extract", benefit=f"benefit {number}"),
            request_id=f"more-{number}",
            desk=office.desk,
        )
    facts = register_facts(sources(office))
    assert facts.asked == "about 10"
    assert {one.count for one in facts.refusals} == {"about 10", "7 or fewer"}
    year = year_facts(sources(office), year=2026)
    assert year.counted["Requests"]["Requests refused"] == "about 10"


def test_every_code_of_a_refusal_reads_as_a_lay_reason() -> None:
    assert set(LAY) == set(SENTENCES)
    assert set(STOPPED) == {code for _, code in STOPS} - {"denied"}
    assert lay_reason("denied") == OTHER
    assert all(lay_reason(code) != OTHER for code in (*LAY, *STOPPED))


def test_an_annual_report_counts_every_kind_of_event_once() -> None:
    kinds = [kind for rows in counted_kinds().values() for kind in rows]
    assert sorted((*kinds, *REQUESTS)) == sorted(KINDS)


def test_a_release_that_was_withdrawn_says_so(office: Any, demo: Any) -> None:
    event = next(e for e in office.desk.state.log.events() if e.kind == "release-made")
    office.desk.state.record(
        replace(
            event, kind="release-withdrawn", details={"release": demo.story.release, "reason": "source-error"}
        )
    )
    (one,) = register_facts(sources(office)).releases
    assert one.withdrawn == "source-error"


def test_the_checkpoint_in_the_register_is_a_note_that_can_be_checked(demo: Any) -> None:
    page = told(demo.places.public / "register")["log.html"]
    note = page.partition("<code>")[2].partition("</code>")[0]
    assert split_note(note)[0].startswith("log/1\n")
