"""From signed votes to a recommendation.

The board recommends a policy; each controller then adopts it (`ethics.adoptions`). Both are signed notes over the digest of one text, so
that neither the operator nor anyone else can invent, move or count twice what a person has signed.

Roles and terms are judged at the moment written in the note; nothing dated after `at` counts. A key that was stolen is taken out of the
trust register, and then no note by it verifies; a key that retired gets an end date, and what it signed before stays valid.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from ethics.ballots import (
    APPROVALS,
    VOTE_FORMAT,
    PolicyRef,
    Vote,
    policy_fields,
    policy_of,
    read_signed,
    to_instant,
    write_text,
)
from ethics.board import Constitution, Member
from ethics.errors import BadVote
from ethics.roles import BOARD_MEMBER
from keys import Identity, NotTrusted, TrustRegister, sign_note


@dataclass(frozen=True, slots=True)
class CastVote:
    """A verified vote: who, on what, how, whether a conflict was declared, why, and when."""

    member: Member
    policy: PolicyRef
    vote: Vote
    conflicted: bool
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ApprovalStatus:
    """What the votes amount to. Names are member ids; `missing` says in sentences what a recommendation still lacks.

    `present` are the members without a conflict; `conflicted` count to nothing. `record` holds each reason or condition
    that a member gave, with the member's id, to be kept with the decision.
    """

    recommended: bool
    present: tuple[str, ...]
    approve: tuple[str, ...]
    send_back: tuple[str, ...]
    refuse: tuple[str, ...]
    conflicted: tuple[str, ...]
    record: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]


def cast_vote(
    policy: PolicyRef, *, vote: Vote, conflicted: bool, by: Identity, at: datetime, because: str = ""
) -> str:
    """The member's vote as a signed note.

    Raises:
        BadVote: a value cannot stand in a note, or a vote other than a plain approval gives no reason.
    """
    fields = policy_fields(policy) | {
        "vote": vote,
        "conflict": "yes" if conflicted else "no",
        "because": because,
        "by": by.name,
        "at": to_instant(at, fault=BadVote),
    }
    _check_reason(fields)
    return sign_note(write_text(VOTE_FORMAT, fields, fault=BadVote), by=by)


def tally(
    votes: Iterable[str],
    *,
    constitution: Constitution,
    trust: TrustRegister,
    policy_digest: str,
    at: datetime,
) -> ApprovalStatus:
    """What these votes amount to at that moment.

    1. Every vote is signed by the member it names, who holds the role and serves, and is about this digest.
    2. Two keys are two people; two notes by one member count once, and must not contradict each other.
    3. Members with a conflict are set aside, before the quorum is counted.
    4. The policy is recommended if the quorum is present and more than half of those present approve.

    Raises:
        BadVote: a vote cannot be counted, and so none is.
        BadSignature, NotTrusted: a signature does not hold.
    """
    # 1
    cast = [read_vote(note, constitution=constitution, trust=trust) for note in votes]
    for one in cast:
        if one.policy.digest != policy_digest:
            raise BadVote(
                f"the vote of {one.member.id} is about another text of the policy: ask for a new vote"
            )
        if one.at > at:
            raise BadVote(f"the vote of {one.member.id} is dated after {at:%Y-%m-%d %H:%M}: check the clock")
    if len({one.policy for one in cast}) > 1:
        raise BadVote("the votes name different policies or versions for one digest: ask for new votes")
    # 2
    one_person_each({one.member.id for one in cast}, constitution=constitution, trust=trust)
    by_member = _by_member(cast)
    # 3 and 4
    return outcome(by_member.values(), constitution=constitution)


def outcome(
    cast: Iterable[CastVote], *, constitution: Constitution, conflicted: Iterable[str] = ()
) -> ApprovalStatus:
    """What verified votes amount to, one a member. Votes with a conflict count to nothing, nor does anything of the members in `conflicted`."""
    by_member = {one.member.id: one for one in cast}
    aside = {name for name, one in by_member.items() if one.conflicted} | set(conflicted)
    counted = [one for name, one in by_member.items() if name not in aside]
    approve = _ids(one for one in counted if one.vote in APPROVALS)
    missing = constitution.short_of_quorum(tuple(one.member for one in counted))
    if 2 * len(approve) <= len(counted):
        missing.append(f"{len(approve)} of {len(counted)} present approve, and more than half must")
    return ApprovalStatus(
        recommended=not missing,
        present=_ids(counted),
        approve=approve,
        send_back=_ids(one for one in counted if one.vote is Vote.SEND_BACK),
        refuse=_ids(one for one in counted if one.vote is Vote.REFUSE),
        conflicted=tuple(sorted(aside)),
        record=tuple((name, by_member[name].because) for name in sorted(by_member) if by_member[name].because),
        missing=tuple(missing),
    )


def refuses(status: ApprovalStatus, *, constitution: Constitution) -> bool:
    """Whether a quorum is present and more than half of those present refuse."""
    members = tuple(one for one in constitution.members if one.id in status.present)
    return not constitution.short_of_quorum(members) and 2 * len(status.refuse) > len(status.present)


def read_vote(note: str, *, constitution: Constitution, trust: TrustRegister) -> CastVote:
    """The vote in a note, if the member it names signed it and could vote at the moment it names.

    Raises:
        BadVote: it is malformed, or not by a member who serves.
        BadSignature, NotTrusted: the signature does not hold.
    """
    fields, at = read_signed(note, kind=VOTE_FORMAT, role=BOARD_MEMBER, trust=trust, fault=BadVote)
    _check_reason(fields)
    member = constitution.member(fields["by"])
    if member is None or not member.serves(at):
        raise BadVote(f"{fields['by']} does not sit on the board on {at:%Y-%m-%d}: the vote cannot be counted")
    return CastVote(
        member=member,
        policy=policy_of(fields),
        vote=Vote(fields["vote"]),
        conflicted=fields["conflict"] == "yes",
        because=fields["because"],
        at=at,
    )


def _check_reason(fields: Mapping[str, str]) -> None:
    if fields["vote"] != Vote.APPROVE and not fields["because"]:
        raise BadVote(f"a vote to {fields['vote']} says why: give the conditions or the reason")


def one_person_each(names: Iterable[str], *, constitution: Constitution, trust: TrustRegister) -> None:
    """Returns if these names are as many people.

    Raises:
        NotTrusted: two of them are one person's, or have a key in common.
    """
    for one, other in combinations(sorted(names), 2):
        if constitution.one_person(one, other=other, trust=trust):
            raise NotTrusted(f"{one} and {other} have the same key: two people cannot be one key")


def _by_member(cast: Iterable[CastVote]) -> dict[str, CastVote]:
    """One vote for each member: the earliest of those that say the same."""
    votes: dict[str, CastVote] = {}
    for one in sorted(cast, key=lambda vote: vote.at):
        before = votes.setdefault(one.member.id, one)
        if (before.vote, before.conflicted, before.because) != (one.vote, one.conflicted, one.because):
            raise BadVote(f"{one.member.id} has cast two different votes: ask which one stands, and count that")
    return votes


def _ids(votes: Iterable[CastVote]) -> tuple[str, ...]:
    return tuple(sorted(one.member.id for one in votes))
