"""Somebody tries to bring a policy into force by acts of another text, project or time, or by acts that are left out or come too late."""

import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ethics.acts import about, counted_digest, read_act, text_digest_of
from ethics.ballots import PolicyRef
from ethics.board import Constitution
from ethics.errors import BadAct, BadAdoption
from ethics.lifecycle import State, Step

B = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "proposals_board.py")))
OTHER = PolicyRef(B.REF.policy, B.REF.version, "sha256:" + "cd" * 32)


def refused(papers: Any, saying: str, fault: type[Exception] = BadAct, **changes: Any) -> None:
    with pytest.raises(fault, match=saying):
        papers.stands(**changes)


def board(**changes: Any) -> Constitution:
    return Constitution.model_validate(B.BOARD.model_dump() | changes)


def seats(name: str, **changes: Any) -> list[dict[str, Any]]:
    """The members with one seat changed."""
    return [m.model_dump() | (changes if m.id == name else {}) for m in B.BOARD.members]


# Former versions, other projects, replays


def test_votes_on_a_former_text_count_to_nothing() -> None:
    old, new = B.Papers(OTHER).circulated(), B.Papers().circulated()
    old.declare("board/lay-1")
    old.vote("board/lay-1")
    refused(new, "about another text", notes=[*new.notes, *old.notes[-2:]])
    assert about([*new.notes, *old.notes], policy_digest=B.REF.digest) == tuple(new.notes)


def test_votes_on_an_earlier_proposal_of_the_same_text_cannot_be_replayed() -> None:
    first = B.Papers().circulated().voted()
    second = B.Papers()
    second.now += timedelta(days=30)
    second.circulated(days=60)
    refused(second, "follows an act that is not here", notes=[*second.notes, *first.notes[4:]])
    moved = B.Papers()
    moved.now, moved.sent = second.now, first.sent
    moved.voted()
    refused(second, "follows an act that is not here", notes=[*second.notes, *moved.notes], now=moved.now)


def test_two_proposals_of_one_text_are_told_apart_by_nobody_and_refused() -> None:
    first, second = B.Papers().in_force(), B.Papers()
    second.now += timedelta(days=1)
    second.act(Step.PROPOSE, B.PROPOSER, case="9" * 64)
    refused(first, "follow the same act", notes=[*first.notes, *second.notes])


def test_a_proposal_of_another_project_counts_to_nothing_here() -> None:
    papers = B.Papers(project="other").in_force()
    refused(papers, "is of project other, not of demo")


def test_votes_for_another_pack_or_preview_than_was_circulated_count_to_nothing() -> None:
    for name in ("pack", "preview"):
        papers = B.Papers().circulated()
        papers.declare("board/lay-1", **{name: "f" * 64})
        refused(papers, "another preview or pack")


def test_papers_that_name_another_preview_than_was_made_do_not_go_out() -> None:
    papers = B.Papers()
    papers.act(Step.PROPOSE, B.PROPOSER, case=B.DIGESTS["case"])
    papers.act(
        Step.CHECK,
        B.SECRETARIAT,
        catalogue=B.DIGESTS["catalogue"],
        gateways=B.DIGESTS["gateways"],
        tests="12",
    )
    papers.act(Step.PREVIEW, B.SECRETARIAT, preview=B.DIGESTS["preview"])
    papers.act(Step.CIRCULATE, B.SECRETARIAT, preview="f" * 64, pack=B.DIGESTS["pack"], until="2026-09-15")
    refused(papers, "another preview than the one that was made")


# Out of order


@pytest.mark.parametrize("left_out", range(8))
def test_a_chain_with_an_act_left_out_permits_nothing(left_out: int) -> None:
    papers = B.Papers().in_force()
    papers.act(Step.SUSPEND, B.CHAIR, clauses="SNA-1", because="A complaint.")
    chain = [n for n in papers.notes if read_act(n, trust=B.TRUST).step not in (Step.DECLARE, Step.VOTE)]
    assert len(chain) == 8
    if left_out < 7:
        refused(papers, "not here|do not begin", notes=[n for n in papers.notes if n != chain[left_out]])
    else:
        assert papers.stands().in_force < papers.stands(notes=papers.notes[:-1]).in_force


def test_a_recommendation_without_the_votes_it_counted_is_refused() -> None:
    papers = B.Papers().circulated().voted()
    papers.now += 15 * B.DAY
    papers.close()
    votes = [n for n in papers.notes if "\nact: vote\n" in n]
    refused(papers, "counted other declarations and votes", notes=[n for n in papers.notes if n != votes[-1]])


def test_a_vote_that_comes_after_the_count_is_refused() -> None:
    papers = B.Papers().circulated().voted(B.MEMBERS[:-1])
    papers.declare(B.MEMBERS[-1], "yes", because="I work there.")
    papers.close()
    papers.declare(B.MEMBERS[-1], "yes", because="And I said so.")
    refused(papers, "closed the vote")


def test_a_recommendation_that_the_votes_do_not_carry_is_refused() -> None:
    for how, step in (
        ("refuse", Step.RECOMMEND),
        ("refuse", Step.SEND_BACK),
        ("approve", Step.REFUSE),
        ("approve", Step.SEND_BACK),
    ):
        papers = B.Papers().circulated().voted(how=how)
        papers.close(step)
        refused(papers, "cannot count")


def test_two_closings_of_one_vote_are_refused() -> None:
    papers = B.Papers().circulated().voted()
    sent = papers.place
    papers.close()
    papers.act(Step.SEND_BACK, B.SECRETARIAT, after=sent, counted=papers.counted())
    refused(papers, "follow the same act")


@pytest.mark.parametrize(("days", "passes"), [(14, True), (13, False)])
def test_a_dry_run_is_as_long_as_the_constitution_asks(days: int, passes: bool) -> None:
    papers = B.Papers().circulated().voted()
    papers.close()
    papers.adopt()
    papers.dry_run(days=days)
    if passes:
        assert papers.stands().state is State.DRY_RUN
    else:
        refused(papers, "at least 14 days")


def test_a_policy_is_not_in_force_before_its_dry_run_is_over() -> None:
    papers = B.Papers().circulated().voted()
    papers.close()
    papers.adopt()
    papers.dry_run()
    papers.now += 13 * B.DAY
    papers.act(Step.PUT_IN_FORCE, B.CHAIR)
    refused(papers, "the dry run lasts up to")


def test_a_dry_run_cannot_begin_before_a_partner_has_adopted_a_clause() -> None:
    papers = B.Papers().circulated().voted()
    papers.close()
    papers.dry_run()
    papers.now += 15 * B.DAY
    papers.act(Step.PUT_IN_FORCE, B.CHAIR)
    assert (papers.stands().state, papers.stands().in_force) == (State.RECOMMENDED, frozenset())


def test_a_vote_after_the_last_day_or_after_a_term_does_not_count() -> None:
    papers = B.Papers().circulated(days=3)
    papers.now += 4 * B.DAY
    papers.declare("board/lay-1")
    refused(papers, "the last day for votes had passed")
    papers = B.Papers().circulated()
    papers.declare("board/lay-1")
    refused(papers, "cannot count", constitution=board(members=seats("board/lay-1", until="2026-08-01")))


def test_an_act_that_is_dated_back_before_the_one_it_follows_is_refused() -> None:
    papers = B.Papers().circulated().voted()
    papers.now -= timedelta(hours=1)
    papers.close()
    refused(papers, "dated before", now=B.START + B.DAY)


def test_an_expired_policy_is_in_force_for_nobody() -> None:
    papers = B.Papers().in_force()
    stands = papers.stands(now=datetime(2027, 6, 1, tzinfo=UTC))
    assert (stands.state, stands.in_force) == (State.EXPIRED, frozenset())


def test_an_adoption_of_another_text_is_refused() -> None:
    papers = B.Papers().in_force()
    other = B.Papers(OTHER)
    refused(papers, "another text", BadAdoption, adoptions=[other.adopt()])


def test_the_digest_of_a_count_is_of_declarations_and_votes_alone() -> None:
    papers = B.Papers().circulated()
    acts = [read_act(n, trust=B.TRUST) for n in papers.notes]
    assert counted_digest(acts) == counted_digest([])
    vote = read_act(papers.declare("board/lay-1"), trust=B.TRUST)
    assert counted_digest([*acts, vote]) == counted_digest([vote]) != counted_digest([])
    assert vote.digest == text_digest_of(papers.notes[-1])
