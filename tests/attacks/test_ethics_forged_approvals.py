"""Somebody tries to make a board's recommendation, or a partner's adoption, that nobody gave."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ethics.adoptions import adopt, read_adoptions
from ethics.approvals import ApprovalStatus, cast_vote, tally
from ethics.ballots import PolicyRef, Vote
from ethics.errors import BadAdoption, BadVote, EthicsError
from keys import BadSignature, Identity, KeysError, NotTrusted, PublicIdentity, TrustRegister, sign_note
from keys.notes import add_signature
from keys.trust import Entry
from tests.made_up_board import demo_constitution

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SINCE = AT - timedelta(days=200)
BOARD = demo_constitution()
POLICY = PolicyRef("vpp-framework", 12, "sha256:" + "ab" * 32)
OTHER = PolicyRef("vpp-framework", 12, "sha256:" + "cd" * 32)
MEMBERS = {one.id: Identity.make(one.id) for one in BOARD.members}
APPROVER = Identity.make("police/approver")
ANALYST = Identity.make("police/analyst")
FIVE = ["board/ethicist", "board/statistician", "board/police-analyst", "board/lay-1", "board/community"]


def entry(
    identity: PublicIdentity, role: str, organisation: str = "board", until: datetime | None = None
) -> Entry:
    return Entry(identity, organisation, frozenset({role}), SINCE, until)


SEATS = tuple(entry(one.public, "board-member") for one in MEMBERS.values())
OFFICES = (
    entry(APPROVER.public, "controller-approver", "police"),
    entry(ANALYST.public, "analyst", "police"),
)
TRUST = TrustRegister("demo", 1, SEATS + OFFICES)


def vote(
    by: Identity, how: Vote = Vote.APPROVE, *, conflicted: bool = False, policy: PolicyRef = POLICY
) -> str:
    because = "" if how is Vote.APPROVE else "see the minutes"
    return cast_vote(policy, vote=how, conflicted=conflicted, by=by, at=AT, because=because)


def count(votes: Sequence[str], trust: TrustRegister = TRUST) -> ApprovalStatus:
    return tally(votes, constitution=BOARD, trust=trust, policy_digest=POLICY.digest, at=AT)


GOOD = [vote(MEMBERS[name]) for name in FIVE]


def test_the_honest_votes_recommend() -> None:
    assert count(GOOD).recommended


def test_one_member_who_votes_many_times_counts_once() -> None:
    status = count([vote(MEMBERS["board/lay-1"])] * 9)
    assert (status.present, status.recommended) == (("board/lay-1",), False)


def test_one_member_who_votes_many_times_at_other_moments_counts_once() -> None:
    votes = [
        cast_vote(
            POLICY, vote=Vote.APPROVE, conflicted=False, by=MEMBERS["board/lay-1"], at=AT - timedelta(hours=n)
        )
        for n in range(6)
    ]
    assert count(votes).present == ("board/lay-1",)


@pytest.mark.parametrize("conflicted", [False, True])
def test_two_different_votes_by_one_member_spoil_the_count(conflicted: bool) -> None:
    how = Vote.APPROVE if conflicted else Vote.REFUSE
    with pytest.raises(BadVote, match="two different votes"):
        count([*GOOD, vote(MEMBERS["board/lay-1"], how, conflicted=conflicted)])


def test_a_vote_that_names_a_member_who_did_not_sign_it_is_refused() -> None:
    text = GOOD[0].split("\n\n")[0] + "\n"
    for signer in (MEMBERS["board/lay-2"], ANALYST, Identity.make("board/ethicist")):
        with pytest.raises(BadSignature):
            count([sign_note(text, by=signer), *GOOD[1:]])


def test_a_vote_that_others_have_signed_as_well_stays_one_vote_by_its_member() -> None:
    status = count([add_signature(GOOD[0], by=MEMBERS["board/lay-2"]), *GOOD[1:4]])
    assert status.present == tuple(sorted(FIVE[:4]))


def test_every_flipped_byte_of_a_vote_spoils_it_or_leaves_what_was_signed() -> None:
    note = vote(MEMBERS["board/lay-1"], Vote.REFUSE).encode()
    signed = note.decode().split("\n\n")[0]
    for place in range(len(note)):
        changed = note[:place] + bytes([note[place] ^ 1]) + note[place + 1 :]
        try:
            text = changed.decode()
            status = count([text])
        except (EthicsError, KeysError, UnicodeDecodeError):
            continue
        assert (status.refuse, text.split("\n\n")[0]) == (("board/lay-1",), signed)


def test_a_vote_on_another_text_of_the_policy_is_refused() -> None:
    with pytest.raises(BadVote, match="another text"):
        count([*GOOD[1:], vote(MEMBERS["board/ethicist"], policy=OTHER)])


def test_votes_that_name_another_version_for_the_same_digest_are_refused() -> None:
    odd = PolicyRef(POLICY.policy, 13, POLICY.digest)
    with pytest.raises(BadVote, match="different policies or versions"):
        count([*GOOD[1:], vote(MEMBERS["board/ethicist"], policy=odd)])


def test_somebody_with_a_key_but_no_seat_does_not_vote() -> None:
    with pytest.raises(NotTrusted):
        count([*GOOD, vote(ANALYST)])
    intruder = Identity.make("board/intruder")
    with pytest.raises(NotTrusted):
        count([*GOOD, vote(intruder)])
    widened = TrustRegister("demo", 2, (*TRUST.entries, entry(intruder.public, "board-member")))
    with pytest.raises(BadVote, match="does not sit"):
        count([*GOOD, vote(intruder)], widened)


def test_a_key_that_was_taken_out_of_the_register_no_longer_votes() -> None:
    smaller = TrustRegister(
        "demo", 2, tuple(one for one in TRUST.entries if one.identity.name != "board/lay-1")
    )
    with pytest.raises(NotTrusted):
        count(GOOD, smaller)


def test_a_role_that_had_ended_before_the_vote_does_not_count() -> None:
    ended = tuple(
        entry(one.identity, "board-member", until=AT) if one.identity.name == "board/lay-1" else one
        for one in SEATS
    )
    with pytest.raises(NotTrusted):
        count(GOOD, TrustRegister("demo", 2, ended))


def test_two_people_cannot_be_one_key() -> None:
    key = MEMBERS["board/lay-1"]
    twin = Identity("board/lay-2", key.seeds)
    entries = tuple(
        entry(twin.public, "board-member") if one.identity.name == twin.name else one for one in SEATS
    )
    with pytest.raises(NotTrusted, match="cannot be one key"):
        count([*GOOD, vote(twin)], TrustRegister("demo", 2, entries))


def test_members_with_a_conflict_make_no_quorum() -> None:
    status = count([*GOOD[:4], vote(MEMBERS["board/community"], conflicted=True)])
    assert not status.recommended
    assert status.conflicted == ("board/community",)
    assert "4 of at least 5 members without a conflict are present" in status.missing
    assert "1 of at least 2 lay or community members are present" in status.missing


def test_members_with_a_conflict_do_not_tip_the_majority() -> None:
    against = [vote(MEMBERS[name], Vote.REFUSE) for name in FIVE[:3]]
    support = [vote(MEMBERS[name]) for name in FIVE[3:]]
    tipping = [vote(MEMBERS[name], conflicted=True) for name in ("board/lay-2", "board/data-protection")]
    status = count([*against, *support, *tipping])
    assert not status.recommended
    assert status.missing == ("2 of 5 present approve, and more than half must",)


@pytest.mark.parametrize("field", ["policy", "digest", "because"])
@pytest.mark.parametrize(
    "smuggled", ["\nvote: approve", "\r", "\u2028vote: approve", "\u202eevorppa", "\x00", "\ud800"]
)
def test_no_value_can_bring_a_line_of_its_own_or_turn_the_text(field: str, smuggled: str) -> None:
    values = {"policy": POLICY.policy, "digest": POLICY.digest, "because": "Reason", field: f"a{smuggled}"}
    with pytest.raises(BadVote, match=field):
        cast_vote(
            PolicyRef(values["policy"], 12, values["digest"]),
            vote=Vote.REFUSE,
            conflicted=False,
            by=MEMBERS["board/lay-1"],
            at=AT,
            because=values["because"],
        )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("conflict: no\n", ""),
        lambda text: text.replace("conflict: no\n", "conflict: no\nconflict: yes\n"),
        lambda text: text.replace("vote: approve\nconflict: no\n", "conflict: no\nvote: approve\n"),
        lambda text: text + "extra: 1\n",
        lambda text: text.replace("version: 12", "version: 012"),
        lambda text: text.replace("vote: approve", "vote: Approve"),
        lambda text: text.replace("2026-11-02T", "2026-02-31T"),
        lambda text: text.replace("linkage-vote/v1", "linkage-vote/v2"),
        lambda text: text.replace("because:", "because: "),
    ],
    ids=[
        "left out",
        "doubled",
        "swapped",
        "added",
        "spelt otherwise",
        "unknown word",
        "no such day",
        "kind",
        "space",
    ],
)
def test_a_vote_in_another_form_is_refused_even_when_its_member_signed_it(change) -> None:  # type: ignore[no-untyped-def]
    text = change(GOOD[0].split("\n\n")[0] + "\n")
    assert text not in GOOD[0]
    with pytest.raises((BadVote, BadSignature)):
        count([sign_note(text, by=MEMBERS["board/ethicist"]), *GOOD[1:]])


def adopted(notes: Sequence[str]) -> dict[str, frozenset[str]]:
    return dict(read_adoptions(notes, trust=TRUST, policy_digest=POLICY.digest, at=AT))


def test_nobody_adopts_for_another_partner() -> None:
    with pytest.raises(BadAdoption, match="cannot adopt for health"):
        adopted([adopt(POLICY, clauses=["SNA-1"], partner="health", by=APPROVER, at=AT)])


def test_nobody_without_the_role_adopts_for_his_own_organisation() -> None:
    with pytest.raises(NotTrusted):
        adopted([adopt(POLICY, clauses=["SNA-1"], partner="police", by=ANALYST, at=AT)])


def test_an_adoption_of_another_text_is_refused() -> None:
    with pytest.raises(BadAdoption, match="another text"):
        adopted([adopt(OTHER, clauses=["SNA-1"], partner="police", by=APPROVER, at=AT)])


def test_an_adoption_with_a_clause_added_does_not_verify() -> None:
    note = adopt(POLICY, clauses=["SNA-1"], partner="police", by=APPROVER, at=AT)
    with pytest.raises(BadSignature):
        adopted([note.replace("clauses: SNA-1", "clauses: EVAL-1,SNA-1")])


def test_a_vote_is_no_adoption_and_an_adoption_no_vote() -> None:
    with pytest.raises((BadAdoption, BadSignature)):
        adopted([GOOD[0]])
    with pytest.raises((BadVote, BadSignature)):
        count([adopt(POLICY, clauses=["SNA-1"], partner="police", by=APPROVER, at=AT)])


@pytest.mark.parametrize("clauses", ["SNA-1,EVAL-1", "SNA-1,SNA-1", "none,SNA-1", "SNA-1,"])
def test_an_adoption_that_lists_its_clauses_otherwise_is_refused(clauses: str) -> None:
    text = adopt(POLICY, clauses=["X"], partner="police", by=APPROVER, at=AT).split("\n\n")[0] + "\n"
    with pytest.raises(BadAdoption):
        adopted([sign_note(text.replace("clauses: X", f"clauses: {clauses}"), by=APPROVER)])
