"""What a board recommends, over all boards of votes: against the rule counted a second time by hand."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ethics.approvals import ApprovalStatus, cast_vote, tally
from ethics.ballots import PolicyRef, Vote
from keys import Identity, TrustRegister
from keys.trust import Entry
from tests.made_up_board import demo_constitution

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
BOARD = demo_constitution()
POLICY = PolicyRef("vpp-framework", 12, "sha256:" + "ab" * 32)
IDS = [one.id for one in BOARD.members]
PEOPLE = {name: Identity.make(name) for name in IDS}
TRUST = TrustRegister(
    "demo",
    1,
    tuple(
        Entry(one.public, "board", frozenset({"board-member"}), datetime(2026, 1, 1, tzinfo=UTC))
        for one in PEOPLE.values()
    ),
)
NOTES = {
    (name, how, conflicted): cast_vote(
        POLICY,
        vote=how,
        conflicted=conflicted,
        by=PEOPLE[name],
        at=AT,
        because="" if how is Vote.APPROVE else "Reason.",
    )
    for name in IDS
    for how in Vote
    for conflicted in (False, True)
}
Ballots = dict[str, tuple[Vote, bool]]
ballots: st.SearchStrategy[Ballots] = st.dictionaries(
    st.sampled_from(IDS), st.tuples(st.sampled_from(list(Vote)), st.booleans())
)


def count(votes: Ballots, order: list[str] | None = None) -> ApprovalStatus:
    notes = [NOTES[name, *votes[name]] for name in order or votes]
    return tally(notes, constitution=BOARD, trust=TRUST, policy_digest=POLICY.digest, at=AT)


@given(ballots)
def test_the_recommendation_is_the_rule_counted_by_hand(votes: Ballots) -> None:
    free = [one for one in BOARD.members if one.id in votes and not votes[one.id][1]]
    approve = sum(votes[one.id][0] in (Vote.APPROVE, Vote.APPROVE_WITH_CONDITIONS) for one in free)
    lay = sum(one.kind != "expert" for one in free)
    independent = sum(not one.employed_by_police for one in free)
    expected = len(free) >= 5 and lay >= 2 and independent >= 2 and approve > len(free) / 2
    status = count(votes)
    assert status.recommended == expected
    assert status.recommended == (not status.missing)
    assert len(status.present) + len(status.conflicted) == len(votes)
    assert len(status.approve) + len(status.send_back) + len(status.refuse) == len(free)


@given(ballots, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(votes: Ballots, chance) -> None:  # type: ignore[no-untyped-def]
    order = [*votes, *votes]
    chance.shuffle(order)
    assert count(votes, order) == count(votes)


@given(ballots, st.sampled_from(IDS), st.sampled_from(list(Vote)))
def test_a_member_with_a_conflict_changes_no_recommendation(votes: Ballots, name: str, how: Vote) -> None:
    without = {other: one for other, one in votes.items() if other != name}
    assert count(without | {name: (how, True)}).recommended == count(without).recommended


@given(ballots, st.sampled_from(IDS))
def test_turning_a_vote_to_approval_never_undoes_a_recommendation(votes: Ballots, name: str) -> None:
    if name in votes and not votes[name][1] and count(votes).recommended:
        assert count(votes | {name: (Vote.APPROVE, False)}).recommended
