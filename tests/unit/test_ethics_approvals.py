"""Votes become a recommendation, adoptions become clauses; each as a note that reads as it is signed."""

from datetime import UTC, datetime, timedelta

import pytest

from ethics.adoptions import adopt, read_adoption, read_adoptions
from ethics.approvals import ApprovalStatus, cast_vote, read_vote, tally
from ethics.ballots import PolicyRef, Vote
from ethics.errors import BadAdoption, BadVote
from keys import Identity, TrustRegister
from keys.trust import Entry
from tests.made_up_board import demo_constitution

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
BOARD = demo_constitution()
POLICY = PolicyRef("vpp-framework", 12, "sha256:" + "ab" * 32)
MEMBERS = {one.id: Identity.make(one.id) for one in BOARD.members}
APPROVERS = {name: Identity.make(f"{name}/approver") for name in ("police", "council")}
TRUST = TrustRegister(
    "demo",
    1,
    tuple(
        Entry(one.public, "board", frozenset({"board-member"}), AT - timedelta(days=300))
        for one in MEMBERS.values()
    )
    + tuple(
        Entry(one.public, name, frozenset({"controller-approver"}), AT - timedelta(days=300))
        for name, one in APPROVERS.items()
    ),
)


def vote(
    name: str, how: Vote = Vote.APPROVE, *, conflicted: bool = False, because: str = "", at: datetime = AT
) -> str:
    because = because or ("" if how is Vote.APPROVE else "see the minutes")
    return cast_vote(POLICY, vote=how, conflicted=conflicted, by=MEMBERS[name], at=at, because=because)


def count(*votes: str, at: datetime = AT) -> ApprovalStatus:
    return tally(votes, constitution=BOARD, trust=TRUST, policy_digest=POLICY.digest, at=at)


ALL = [one.id for one in BOARD.members]
FIVE = ["board/ethicist", "board/statistician", "board/police-analyst", "board/lay-1", "board/community"]


def test_a_vote_reads_as_it_is_signed() -> None:
    note = vote("board/lay-1", Vote.SEND_BACK, because="Say how long the data is kept – and where.")
    assert note.split("\n\n")[0] == (
        "linkage-vote/v1\npolicy: vpp-framework\nversion: 12\ndigest: sha256:"
        + "ab" * 32
        + "\nvote: send-back\n"
        "conflict: no\nbecause: Say how long the data is kept – and where.\nby: board/lay-1\nat: 2026-11-02T09:30:00Z"
    )
    read = read_vote(note, constitution=BOARD, trust=TRUST)
    assert (read.member.id, read.policy, read.vote, read.at) == ("board/lay-1", POLICY, Vote.SEND_BACK, AT)


def test_five_approvals_of_the_right_kinds_recommend() -> None:
    status = count(*(vote(name) for name in FIVE))
    assert status.recommended
    assert status.missing == ()
    assert status.present == status.approve == tuple(sorted(FIVE))


def test_no_vote_recommends_nothing() -> None:
    status = count()
    assert not status.recommended
    assert len(status.missing) == 4


def test_half_is_no_majority() -> None:
    six = ALL[:3] + ALL[4:]
    status = count(*(vote(name, Vote.APPROVE if place % 2 else Vote.REFUSE) for place, name in enumerate(six)))
    assert not status.recommended
    assert status.missing == ("3 of 6 present approve, and more than half must",)


def test_an_approval_with_conditions_approves_and_its_conditions_are_kept() -> None:
    votes = [vote(name) for name in FIVE[1:]]
    status = count(vote(FIVE[0], Vote.APPROVE_WITH_CONDITIONS, because="Report after six months."), *votes)
    assert status.recommended
    assert status.record == ((FIVE[0], "Report after six months."),)


def test_dissent_is_kept_with_the_decision() -> None:
    votes = [vote(name) for name in FIVE[1:]]
    status = count(vote(FIVE[0], Vote.REFUSE, because="The harm outweighs it."), *votes)
    assert status.recommended
    assert (status.refuse, status.record) == ((FIVE[0],), ((FIVE[0], "The harm outweighs it."),))


def test_those_who_send_back_are_present_and_do_not_approve() -> None:
    status = count(*(vote(name, Vote.SEND_BACK) for name in FIVE))
    assert not status.recommended
    assert (status.present, status.approve, status.send_back) == (tuple(sorted(FIVE)), (), tuple(sorted(FIVE)))


@pytest.mark.parametrize("how", [Vote.APPROVE_WITH_CONDITIONS, Vote.SEND_BACK, Vote.REFUSE])
def test_a_vote_that_is_not_a_plain_approval_says_why(how: Vote) -> None:
    with pytest.raises(BadVote, match="says why"):
        cast_vote(POLICY, vote=how, conflicted=False, by=MEMBERS["board/lay-1"], at=AT)


@pytest.mark.parametrize("name", [one.id for one in BOARD.members])
def test_a_member_whose_term_is_over_does_not_count(name: str) -> None:
    member = BOARD.member(name)
    assert member is not None
    after = datetime(member.until.year, member.until.month, member.until.day, tzinfo=UTC)
    with pytest.raises(BadVote, match="does not sit"):
        count(vote(name, at=after), at=after)


def test_a_vote_dated_after_the_count_is_refused() -> None:
    with pytest.raises(BadVote, match="dated after"):
        count(vote("board/lay-1", at=AT + timedelta(minutes=1)))


def adoption(partner: str, *clauses: str, at: datetime = AT) -> str:
    return adopt(POLICY, clauses=clauses, partner=partner, by=APPROVERS[partner], at=at)


def adopted(*notes: str, at: datetime = AT) -> dict[str, frozenset[str]]:
    return dict(read_adoptions(notes, trust=TRUST, policy_digest=POLICY.digest, at=at))


def test_an_adoption_reads_as_it_is_signed() -> None:
    note = adoption("police", "SNA-1", "EVAL-2", "SNA-1")
    assert note.split("\n\n")[0] == (
        "linkage-adoption/v1\npolicy: vpp-framework\nversion: 12\ndigest: sha256:"
        + "ab" * 32
        + "\npartner: police\n"
        "clauses: EVAL-2,SNA-1\nby: police/approver\nat: 2026-11-02T09:30:00Z"
    )
    assert read_adoption(note, trust=TRUST).clauses == {"EVAL-2", "SNA-1"}


def test_each_partner_adopts_its_own_clauses() -> None:
    notes = adoption("police", "SNA-1", "EVAL-2"), adoption("council", "SNA-1")
    assert adopted(*notes) == {"police": {"SNA-1", "EVAL-2"}, "council": {"SNA-1"}}
    assert adopted() == {}


def test_the_latest_adoption_replaces_the_earlier_and_can_withdraw() -> None:
    first, second = adoption("police", "SNA-1"), adoption("police", at=AT + timedelta(days=1))
    later = AT + timedelta(days=2)
    assert adopted(first, second, at=later) == adopted(second, first, at=later) == {"police": frozenset()}


def test_the_same_adoption_twice_counts_once() -> None:
    assert adopted(adoption("police", "SNA-1"), adoption("police", "SNA-1")) == {"police": {"SNA-1"}}


def test_two_different_adoptions_at_one_moment_are_refused() -> None:
    with pytest.raises(BadAdoption, match="one moment"):
        adopted(adoption("police", "SNA-1"), adoption("police", "EVAL-2"))


def test_an_adoption_dated_after_the_moment_asked_about_is_refused() -> None:
    with pytest.raises(BadAdoption, match="dated after"):
        adopted(adoption("police", "SNA-1", at=AT + timedelta(minutes=1)))


def test_no_clause_may_be_called_none() -> None:
    with pytest.raises(BadAdoption, match="none"):
        adoption("police", "none")
