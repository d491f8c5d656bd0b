"""The board at work by its commands alone: a policy from the draft into force, suspended, replaced; members who vote by mail; papers that were tampered with."""

import json
import re
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click.testing
import pytest
import typer.main

import service.clock
from cli import app
from policies.load import load_policy
from service.desk.state import State
from service.dossier import Dossier, verified_in
from service.errors import BAD_INPUT, BAD_KEY, NOT_APPROVED, NOT_VERIFIED
from service.shared import read_project

P = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "proposals_project.py")))
day = P.day
COMMANDS = typer.main.get_command(app)
NAME = "tvvpp-ethical-framework-1"


@pytest.fixture
def project(tmp_path: Path, command: Any, set_clock: Any) -> Any:
    """A project whose board decides by proposals, on 1 September 2026."""
    set_clock(day(9, 1))
    made = P.BoardProject(tmp_path / "project", run=command)
    made.clock = set_clock
    return made


@pytest.fixture(scope="module")
def _live(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        made = P.BoardProject(tmp_path_factory.mktemp("live") / "project", run=told)
        made.clock = lambda now: patch.setattr(service.clock, "now", lambda: now)
        made.clock(day(9, 1))
        go_live(made)
    return made


@pytest.fixture
def live(_live: Any, tmp_path: Path, set_clock: Any) -> Any:
    """The same project after its first policy came into force, on 19 September 2026."""
    set_clock(day(9, 19))
    made = _live.copied(tmp_path / "live")
    made.clock = set_clock
    return made


def told(*words: object) -> Any:
    """What a command answered."""
    result = click.testing.CliRunner().invoke(COMMANDS, [str(word) for word in words])
    return SimpleNamespace(code=result.exit_code, out=result.stdout, err=result.stderr)


def in_force(p: Any, at: Any) -> frozenset[str]:
    """What the desk and the custodian would take as recommended."""
    root = read_project(p.shared).root
    return frozenset(verified_in(p.shared, root=root, now=at).facts.recommended)


def go_live(p: Any) -> None:
    """The first policy is in force on 1 October."""
    p.propose()
    p.circulate()
    for member in p.members[1:]:
        p.vote(member)
    p.well("declare", "--conflict", "--because", "I advise them.", by=p.members[0])
    p.clock(day(9, 2))
    p.well("recommend", by="secretariat/1")
    p.adopt("police")
    p.adopt("schools", clauses="SNA-1")
    p.clock(day(9, 3))
    p.well("dry-run", "--until", "2026-09-18", by=p.members[0])
    p.clock(day(9, 19))
    p.well("put-in-force", by=p.members[0])


def test_a_policy_goes_from_a_draft_into_force_by_commands(project: Any) -> None:
    p = project
    assert p.propose() == f"analyst/vpp-1 proposes version 1 of tvvpp-ethical-framework: proposals/{NAME}\n"
    assert p.status()["state"] == "draft"
    assert "tests pass; pack.html and preview.txt are in its folder" in p.circulate()
    folder = p.shared / "proposals" / NAME
    assert "Newly allowed:" in (folder / "preview.txt").read_text("utf-8")
    for member in p.members[1:-1]:
        p.vote(member)
    p.vote(p.members[-1], "refuse", "--because", "The areas are too small.")
    assert p.status()["votes"]["missing"] == []
    assert p.status()["waiting"] == ["board/ethicist"]
    assert "- Still to answer: board/ethicist." in p.well("status")
    early = p.board("recommend", by="secretariat/1")
    assert (early.code, early.out) == (NOT_APPROVED, "")
    assert "board/ethicist can still vote" in early.err
    p.well("declare", "--conflict", "--because", "I advise them.", by=p.members[0])
    p.clock(day(9, 2))
    told = p.well("recommend", by="secretariat/1")
    assert "the proposal is recommended" in told
    assert "board/community: The areas are too small." in told
    assert in_force(p, day(9, 2, 10)) == frozenset()
    assert "no partner has adopted a clause" in p.board("dry-run", "--until", "2026-09-30", by=p.members[0]).err
    p.adopt("police")
    p.adopt("schools", clauses="SNA-1")
    assert p.status()["state"] == "adopted"
    p.well("dry-run", "--until", "2026-09-16", by=p.members[0])
    assert in_force(p, day(9, 2, 10)) == frozenset()
    p.clock(day(9, 17))
    assert "clauses are in force" in p.well("put-in-force", by=p.members[0])
    policy = load_policy(p.policy_text)
    assert in_force(p, day(9, 17, 10)) == {c.id for c in policy.clauses}
    found = verified_in(p.shared, root=read_project(p.shared).root, now=day(9, 17, 10))
    assert found.facts.adoptions["schools"] == {"SNA-1"}
    assert (len(found.approval.approve), found.approval.conflicted) == (5, ("board/ethicist",))
    assert found.versions[f"proposal/{policy.policy}/1"] == len(p.status()["acts"])


def test_suspended_clauses_drop_out_at_once_and_for_the_chair_alone(live: Any) -> None:
    p = live
    words = ("--clauses", "SNA-1,PLAN-1", "--because", "A complaint came in.")
    assert p.board("suspend", *words, by="board/lay-1").code == NOT_APPROVED
    assert "PLAN-1, SNA-1 permit nothing any more" in p.well("suspend", *words, by=p.members[0])
    left = in_force(p, day(9, 20))
    assert left == {c.id for c in load_policy(p.policy_text).clauses} - {"SNA-1", "PLAN-1"}
    assert p.status()["state"] == "suspended"
    assert p.board("put-in-force", by=p.members[0]).code == NOT_APPROVED
    p.well("suspend", "--clauses", "all", "--because", "Until the court decides.", by=p.members[0])
    assert in_force(p, day(9, 20)) == frozenset()


def test_a_second_version_is_voted_on_while_the_first_is_in_force_and_then_replaces_it(live: Any) -> None:
    p = live
    second = "tvvpp-ethical-framework-2"
    p.clock(day(10, 1))
    p.propose(p.second())
    p.circulate("--proposal", second, until="2026-10-31")
    preview = (p.shared / "proposals" / second / "preview.txt").read_text("utf-8")
    assert "a map by area, for evaluating an intervention" in preview.replace("As a map", "as a map")
    for member in p.members:
        p.vote(member, proposal=second)
    p.clock(day(10, 2))
    p.well("recommend", "--proposal", second, by="secretariat/1")
    p.adopt("police", proposal=second)
    p.well("dry-run", "--until", "2026-10-20", "--proposal", second, by=p.members[0])
    assert in_force(p, day(10, 20)) == {c.id for c in load_policy(p.policy_text).clauses}
    p.clock(day(10, 21))
    p.well("put-in-force", "--proposal", second, by=p.members[0])
    found = verified_in(p.shared, root=read_project(p.shared).root, now=day(10, 21, 10))
    assert (found.policy.version, found.proposal.state.value) == (2, "in-force")
    assert set(found.facts.adoptions) == {"police"}


def test_a_run_that_broke_off_before_the_policy_was_in_place_is_finished_by_the_next(live: Any) -> None:
    p = live
    (p.shared / "policy.yaml").write_text(p.policy_text + "# from before\n", "utf-8")
    acts = len(p.status()["acts"])
    assert "was signed before" in p.well("put-in-force", by=p.members[0])
    assert (p.shared / "policy.yaml").read_text("utf-8") == p.policy_text
    assert len(p.status()["acts"]) == acts


def test_an_older_version_cannot_be_put_back_in_the_place_of_a_newer_one(live: Any) -> None:
    p = live
    text = p.second().read_text("utf-8")
    (p.shared / "policy.yaml").write_text(text, "utf-8")
    told = p.board("put-in-force", by=p.members[0])
    assert (told.code, "does not follow version 2" in told.err) == (BAD_INPUT, True)
    assert (p.shared / "policy.yaml").read_text("utf-8") == text


def test_a_policy_of_such_a_project_permits_nothing_without_a_proposal(project: Any) -> None:
    p = project
    (p.shared / "votes").mkdir()
    for member in p.members:
        out = p.shared / "votes" / f"{member.replace('/', '-')}.note"
        p.well("vote", "--vote", "approve", "--out", out, by=member)
    assert len(Dossier.read(p.shared).votes) == len(p.members)
    assert in_force(p, day(9, 1, 10)) == frozenset()


def test_where_votes_decide_they_recommend_until_there_is_a_proposal(
    tmp_path: Path, command: Any, set_clock: Any
) -> None:
    set_clock(day(9, 1))
    p = P.BoardProject(tmp_path / "project", run=command, decides_by="votes")
    (p.shared / "votes").mkdir()
    for member in p.members:
        out = p.shared / "votes" / f"{member.replace('/', '-')}.note"
        p.well("vote", "--vote", "approve", "--out", out, by=member)
    assert in_force(p, day(9, 1, 10)) == {c.id for c in load_policy(p.policy_text).clauses}
    p.propose()
    assert in_force(p, day(9, 1, 10)) == frozenset()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("    review: 2027-05-31\n", "has no review date"),
        (
            "    basis: PCSC Act 2022 s. 8(3) and s. 16; UK GDPR Art. 6(1)(e), Art. 9(2)(g) and Art. 10\n",
            "states no legal basis",
        ),
    ],
)
def test_a_draft_with_faults_is_not_circulated_and_nothing_is_written(
    project: Any, line: str, says: str
) -> None:
    p = project
    p.propose(p.draft(p.second().read_text("utf-8").replace(line, "", 1)))
    folder = p.shared / "proposals" / "tvvpp-ethical-framework-2"
    before = sorted(folder.iterdir())
    told = p.board("circulate", "--until", "2026-09-30", by="secretariat/1")
    assert (told.code, sorted(folder.iterdir())) == (BAD_INPUT, before)
    assert says in told.err
    assert p.status()["state"] == "draft"


def test_a_case_that_was_changed_after_the_proposal_is_noticed(project: Any) -> None:
    p = project
    p.propose()
    path = p.shared / "proposals" / NAME / "case.yaml"
    path.write_text(path.read_text("utf-8").replace("Neighbours might", "Nobody would"), "utf-8")
    told = p.board("circulate", "--until", "2026-09-30", by="secretariat/1")
    assert (told.code, "is not the text" in told.err) == (BAD_INPUT, True)


def test_a_draft_that_does_not_follow_the_policy_that_is_here_is_not_proposed(project: Any) -> None:
    p = project
    text = p.second().read_text("utf-8")
    for wrong in (
        re.sub("previous: sha256:.*", "previous: none", text),
        text.replace("version: 2\n", "version: 1\n", 1),
    ):
        told = p.board("propose", p.draft(wrong), "--case", p.folder / "case.yaml", by="analyst/vpp-1")
        assert (told.code, "does not follow version 1" in told.err) == (BAD_INPUT, True)
    assert not (p.shared / "proposals").exists()


def test_an_act_that_would_not_count_is_not_written(project: Any) -> None:
    p = project
    p.propose(by="board/lay-1")
    p.circulate()
    folder = p.shared / "proposals" / NAME
    before = sorted(folder.iterdir())
    own = p.board("declare", "--no-conflict", by="board/lay-1")
    assert (own.code, "nobody approves their own" in own.err) == (NOT_APPROVED, True)
    undeclared = p.board("vote", "--vote", "approve", "--proposal", NAME, by="board/lay-2")
    assert (undeclared.code, "have not declared" in undeclared.err) == (NOT_APPROVED, True)
    assert p.board("declare", "--no-conflict", by="police/controller").code == BAD_KEY
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("file", ["pack.html", "preview.txt", "policy.yaml"])
def test_papers_that_are_not_those_that_went_out_are_not_voted_on(project: Any, file: str) -> None:
    p = project
    p.propose()
    p.circulate()
    path = p.shared / "proposals" / NAME / file
    old, new = ("version: 1\n", "version: 3\n") if file == "policy.yaml" else ("ward", "county")
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    told = p.board("declare", "--no-conflict", by="board/lay-1")
    assert (told.code in (NOT_APPROVED, BAD_INPUT), told.out) == (True, "")


def test_every_act_is_entered_in_the_log_once_and_the_pack_then_tells_what_happened(live: Any) -> None:
    p = live
    desk = p.folder / "desk"
    desk.mkdir()
    notes = [*(p.shared / "proposals" / NAME).glob("*.note"), *(p.shared / "adoptions").glob("*.note")]
    words = ("--desk", desk, "--shared", p.shared, "--root", p.root)
    told = p.run_words("audit", "record", *notes, *words)
    assert told.code == 0, told.err
    kinds = re.findall(r": ([a-z-]+) by", told.out)
    assert set(kinds) == {
        "policy-proposed",
        "policy-checked",
        "policy-previewed",
        "policy-circulated",
        "interest-declared",
        "vote-cast",
        "policy-recommended",
        "policy-adopted",
        "policy-dry-run",
        "policy-in-force",
    }
    assert (kinds.count("vote-cast"), kinds.count("interest-declared"), kinds.count("policy-adopted")) == (
        6,
        7,
        2,
    )
    assert p.run_words("audit", "record", *notes, *words).out.count("was recorded before") == len(notes)
    state = State(desk / "office.db", origin="log/1")
    state.log.checkpoint(by=p.people["log/1"], now=day(9, 20))
    state.log.export(p.folder / "audit")
    state.close()
    p.clock(day(10, 1))
    p.propose(p.second())
    out = p.folder / "pack.html"
    words = ("--proposal", "tvvpp-ethical-framework-2", "--until", "2026-10-31", "--out", out)
    p.well("pack", *words, "--log", p.folder / "audit", "--since", "2026-09-01")
    assert f"the log has {len(notes)} entries. Requests allowed: 0." in out.read_text("utf-8")
    assert "Version 1 is in force now." in out.read_text("utf-8")
    entries = next((p.folder / "audit" / "tile" / "entries").iterdir())
    raw = next(one for one in (entries, *entries.rglob("*")) if one.is_file())
    raw.write_bytes(raw.read_bytes().replace(b"vote-cast", b"vote-cost"))
    assert p.board("pack", *words, "--log", p.folder / "audit").code == NOT_VERIFIED


# By mail


def mail(p: Any) -> Path:
    """The folder of papers for a member who has the root's keys, an identity, and nothing else of the project."""
    p.propose()
    p.circulate()
    p.well("prepare", "--root", p.root, "--out", p.folder / "papers")
    return p.folder / "papers"


def sign(p: Any, papers: Path, *words: object, by: str = "board/lay-1", out: str = "answer") -> Any:
    mine = ("--identity", p.key(by), "--root", p.root, "--out", p.folder / out)
    return p.run_words("board", "sign", papers / "paper.txt", *mine, *words)


def test_a_member_votes_by_mail_without_the_project_s_folder(project: Any) -> None:
    p = project
    papers = mail(p)
    assert sorted(one.name for one in papers.iterdir()) == [
        "pack.html",
        "paper.txt",
        "policy.yaml",
        "preview.txt",
        "trust.note",
    ]
    assert "I send the papers on version 1 of the policy" in (papers / "paper.txt").read_text("utf-8")
    hidden = p.folder / "elsewhere"
    p.shared.rename(hidden)
    told = sign(p, papers, "--vote", "approve-with-conditions", "--because", "Report in six months.")
    assert told.code == 0, told.err
    assert "My vote on version 1 of the policy tvvpp-ethical-framework is: approve-with-conditions." in told.out
    hidden.rename(p.shared)
    notes = sorted((p.folder / "answer").iterdir())
    taken = p.well("take-in", *notes, "--root", p.root)
    assert taken.count("is in") == 2
    assert p.well("take-in", *notes, "--root", p.root).count("was here before") == 2
    votes = p.status()["votes"]
    assert votes["approve"] == ["board/lay-1"]
    assert votes["record"] == [{"member": "board/lay-1", "because": "Report in six months."}]


def test_a_paper_is_not_signed_after_the_last_day_for_votes(project: Any) -> None:
    p = project
    papers = mail(p)
    p.clock(day(9, 30, 23))
    assert sign(p, papers, "--vote", "approve").code == 0
    p.clock(day(10, 1))
    late = sign(p, papers, "--vote", "approve", out="late")
    assert (late.code, "too late" in late.err) == (BAD_INPUT, True)


def test_a_conflict_is_declared_by_mail_and_there_is_no_vote_then(project: Any) -> None:
    p = project
    papers = mail(p)
    both = sign(p, papers, "--vote", "approve", "--conflicted")
    assert both.code == sign(p, papers).code == BAD_INPUT
    assert sign(p, papers, "--conflicted", "--because", "My sister works there.").code == 0
    p.well("take-in", *(p.folder / "answer").iterdir(), "--root", p.root)
    assert p.status()["votes"]["conflicted"] == ["board/lay-1"]


def test_a_paper_that_was_tampered_with_is_not_signed(project: Any) -> None:
    p = project
    papers = mail(p)
    text = (papers / "paper.txt").read_text("utf-8")
    digest = re.search("pack: ([0-9a-f]{64})", text)
    assert digest is not None
    for changed in (
        text.replace("version 1 of", "version 2 of"),
        text.replace(digest[1], "0" * 64),
        text.replace("until: 2026-09-30", "until: 2027-09-30").replace("on 2026-09-30", "on 2027-09-30"),
        text.replace("linkage-act/v1\n", "linkage-act/v1\nAll is well.\n"),
        text.partition("\n\n—")[0] + "\n",
    ):
        assert changed != text
        (papers / "paper.txt").write_text(changed, "utf-8")
        told = sign(p, papers, "--vote", "approve")
        assert (told.code in (NOT_APPROVED, BAD_KEY), told.out) == (True, "")
        assert not (p.folder / "answer").exists()


@pytest.mark.parametrize("file", ["pack.html", "preview.txt", "policy.yaml"])
def test_a_file_beside_the_paper_that_is_another_one_is_noticed(project: Any, file: str) -> None:
    p = project
    papers = mail(p)
    text = (papers / file).read_text("utf-8")
    (papers / file).write_text(
        text.replace("version: 1\n", "version: 4\n", 1) if file == "policy.yaml" else text + " ", "utf-8"
    )
    told = sign(p, papers, "--vote", "approve")
    assert (told.code, f"{file} is not the" in told.err) == (BAD_INPUT, True)


def test_nobody_but_a_board_member_signs_a_paper_and_another_root_knows_it_not(project: Any) -> None:
    p = project
    papers = mail(p)
    assert sign(p, papers, "--vote", "approve", by="police/controller").code == BAD_KEY
    other = P.BoardProject(p.folder / "other", run=p.run_words)
    shutil.copy(other.root, p.root)
    assert sign(p, papers, "--vote", "approve").code == BAD_KEY


def test_an_answer_that_was_altered_on_its_way_is_not_taken_in(project: Any) -> None:
    p = project
    papers = mail(p)
    assert sign(p, papers, "--vote", "refuse", "--because", "Too wide.").code == 0
    vote = next(one for one in (p.folder / "answer").iterdir() if one.name.startswith("vote"))
    vote.write_text(vote.read_text("utf-8").replace("refuse", "approve"), "utf-8")
    before = p.status()
    assert p.board("take-in", vote).code == BAD_KEY
    assert p.status() == before


# What is due


def test_what_is_due_is_listed_by_day(project: Any) -> None:
    p = project
    assert p.well("due").startswith("Nothing needs a review up to and on 2026-10-01")
    listed = json.loads(p.well("due", "--by", "2027-07-01", "--json"))
    assert listed["until"] == "2027-07-01"
    whats = {(one["what"], one["name"]): one["on"] for one in listed["due"]}
    assert whats["the review of a clause", "SNA-1"] == "2027-05-31"
    assert whats["the data protection assessment of a clause lapses", "SNA-1"] == "2027-06-30"
    later = p.well("due", "--by", "2029-12-31")
    assert "2027-12-31: the policy ends: tvvpp-ethical-framework version 1" in later
    assert "2028-08-31: the term of a board member ends: board/statistician" in later


def test_a_policy_whose_reviews_have_passed_is_expired_and_in_force_for_nobody(live: Any) -> None:
    p = live
    p.clock(day(5, 2, year=2027))
    assert p.status()["state"] == "review-due"
    assert in_force(p, day(5, 2, year=2027))
    p.clock(day(6, 1, year=2027))
    assert p.status()["state"] == "expired"
    assert in_force(p, day(6, 1, year=2027)) == frozenset()


def test_how_a_proposal_stands_is_told_in_sentences(project: Any, live: Any) -> None:
    assert project.well("status") == "There is no proposal.\n"
    p = live
    told = p.well("status")
    assert f"{NAME}: in-force" in told
    assert "- 6 approve, 0 send back, 0 refuse, 1 declared a conflict and do not count." in told
    assert "- schools adopted SNA-1." in told
    assert "- What can come next: adopt, by the controller; suspend, by the chair." in told
