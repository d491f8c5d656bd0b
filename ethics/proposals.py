"""Where a proposal stands, computed from its signed acts, the trust register and the date alone; nothing is stored, and nobody can set it.

The acts form one chain by digest. Declarations and votes all follow the circulation, so that members sign in any order and apart from each
other; the act that closes the vote names the digest of all of them. An act that breaks the table of `ethics.lifecycle` spoils the whole: what
cannot be explained permits nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ethics.acts import LEAVES, NOTHING, Act, read_act
from ethics.adoptions import Adoption, read_adoption, read_adoptions
from ethics.approvals import ApprovalStatus, CastVote, one_person_each, outcome
from ethics.ballots import PolicyRef, Vote
from ethics.board import Constitution
from ethics.checks import CHECKS, Case, day, waiting
from ethics.errors import BadAct
from ethics.lifecycle import BY_STEP, LIVING, TRANSITIONS, State, Step, Transition
from keys import TrustRegister
from policies.document import Policy

NOTICE: Final = timedelta(days=30)
CAN_EXPIRE: Final = (State.RECOMMENDED, State.ADOPTED, State.DRY_RUN, *LIVING)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it stands at one moment.

    `acts` in their order; `approval` what the votes amount to, once papers went out; `in_force` the clauses that may apply, `suspended` those that
    the chair took out; `adoptions` partner -> clauses, without those that the proposer made; `review` the first review date; `next` the acts that
    could follow; `missing` what the state still lacks, in sentences; `waiting` the members whose answer is awaited.
    """

    policy: PolicyRef
    state: State
    proposer: str
    acts: tuple[Act, ...]
    approval: ApprovalStatus | None
    in_force: frozenset[str]
    suspended: frozenset[str]
    adoptions: Mapping[str, frozenset[str]]
    review: date | None
    expires: date
    next: tuple[Transition, ...]
    missing: tuple[str, ...]
    waiting: tuple[str, ...]

    @property
    def last(self) -> Act:
        """The newest act of the chain: the one that the next act names."""
        return [one for one in self.acts if one.step not in LEAVES][-1]

    def act(self, step: Step) -> Act | None:
        """The newest act of that kind, if there is one."""
        return next((one for one in reversed(self.acts) if one.step is step), None)


def proposal_of(
    notes: Iterable[str],
    *,
    adoptions: Iterable[str],
    project: str,
    policy: Policy,
    constitution: Constitution,
    trust: TrustRegister,
    now: datetime,
) -> Proposal:
    """The proposal of exactly this text, as these notes make it at that moment.

    Raises:
        BadAct: an act is malformed, about another text or project, later than now, out of order, or against a condition of the table.
        BadAdoption: as `read_adoptions`.
        BadSignature, NotTrusted: a signature does not hold, or two members are one person.
    """
    chain, leaves = _in_order(_read(notes, trust=trust), project=project, policy=_ref(policy), now=now)
    kept = tuple(adoptions)
    made = [read_adoption(note, trust=trust) for note in kept]
    case = Case(policy, constitution, trust, chain[0].by)
    standing = read_adoptions(kept, trust=trust, policy_digest=policy.digest, at=now)
    case.adopted = _without_own(standing, made=made, case=case)
    for act in _merged(chain, leaves):
        if not _follows(case, act):
            break
    _tick(case, now)
    status = _counted(case) if case.circulated is not None else None
    clauses = frozenset(one.id for one in policy.clauses)
    reviews = [one.review for one in policy.clauses if one.review is not None]
    return Proposal(
        policy=_ref(policy),
        state=case.state,
        proposer=case.proposer,
        acts=tuple(_merged(chain, leaves)),
        approval=status,
        in_force=clauses - case.suspended if case.state in LIVING else frozenset(),
        suspended=frozenset(case.suspended),
        adoptions=case.adopted,
        review=min(reviews, default=None),
        expires=policy.expires,
        next=tuple(row for row in TRANSITIONS if row.before is case.state),
        missing=_missing(case, status),
        waiting=waiting(case, at=now) if case.state is State.CIRCULATED else (),
    )


def _ref(policy: Policy) -> PolicyRef:
    return PolicyRef(policy.policy, policy.version, policy.digest)


def _read(notes: Iterable[str], *, trust: TrustRegister) -> list[Act]:
    """Every act once, however often its note lies there."""
    return list({act.digest: act for act in (read_act(note, trust=trust) for note in notes)}.values())


def _in_order(
    acts: Sequence[Act], *, project: str, policy: PolicyRef, now: datetime
) -> tuple[list[Act], list[Act]]:
    """The chain from the first act on, and the declarations and votes, which hang on its circulation."""
    for one in acts:
        if one.project != project:
            raise BadAct(f"an act by {one.by} is of project {one.project}, not of {project}")
        if one.policy != policy:
            raise BadAct(f"an act by {one.by} is about another text of the policy: it counts to nothing here")
        if one.at > now:
            raise BadAct(f"the act {one.step} by {one.by} is dated after {now:%Y-%m-%d %H:%M}: check the clock")
    after: dict[str, Act] = {}
    for one in sorted((a for a in acts if a.step not in LEAVES), key=lambda a: a.digest):
        if (other := after.setdefault(one.after, one)) is not one:
            raise BadAct(
                f"{other.step} by {other.by} and {one.step} by {one.by} follow the same act: only one can, ask which one holds"
            )
    chain: list[Act] = []
    place = NOTHING
    while place in after:
        chain.append(after.pop(place))
        place = chain[-1].digest
    if not chain:
        raise BadAct("the acts do not begin with a proposal: fetch the whole folder again")
    sent = next((one.digest for one in chain if one.step is Step.CIRCULATE), "")
    leaves = [one for one in acts if one.step in LEAVES]
    if lost := [*after.values(), *(one for one in leaves if one.after != sent)]:
        raise BadAct(
            f"{lost[0].step} by {lost[0].by} follows an act that is not here: fetch the whole folder again"
        )
    leaves.sort(key=lambda a: (a.at, a.step is Step.VOTE, a.digest))
    dates = [one.at for one in _merged(chain, leaves)]
    if dates != sorted(dates):
        raise BadAct(
            "an act is dated before one that it follows, or a vote after the act that closed the vote: check the clocks"
        )
    return chain, leaves


def _merged(chain: Sequence[Act], leaves: Sequence[Act]) -> Iterable[Act]:
    """All acts in the order in which they take effect."""
    for one in chain:
        yield one
        if one.step is Step.CIRCULATE:
            yield from leaves


def _follows(case: Case, act: Act) -> bool:
    """Whether the act took the proposal further. A dry run does not while no partner adopts a clause, be it that it does so no more.

    Raises:
        BadAct: the table has no such step, or a condition does not hold.
    """
    _tick(case, act.at)
    if act.step is Step.DRY_RUN and case.state is State.RECOMMENDED:
        return False
    row = BY_STEP.get((case.state, act.step))
    if row is None:
        raise BadAct(f"{act.step} by {act.by} is out of order: the proposal was {case.state} then")
    _check_who(case, act, row)
    if act.step in (Step.RECOMMEND, Step.REFUSE, Step.SEND_BACK):
        case.approval = _counted(case)
    for need in row.needs:
        if why := CHECKS[need](case, act):
            raise BadAct(f"{act.step} by {act.by} cannot count: {why}")
    case.take(act, state=row.after)
    return True


def _check_who(case: Case, act: Act, row: Transition) -> None:
    constitution, seat = case.constitution, case.constitution.member(act.by)
    serves = seat is not None and seat.serves(act.at)
    holds = {
        "proposer": row.before is State.NEW or act.by == case.proposer,
        "secretariat": any(
            e.identity.name == act.by and e.holds("secretariat", at=act.at) for e in case.trust.entries
        ),
        "member": serves,
        "chair": serves and act.by == constitution.chair,
    }
    if not any(holds.get(who, False) for who in row.who):
        raise BadAct(f"{act.step} by {act.by} cannot count: only the {' or the '.join(row.who)} may do that")


def _counted(case: Case) -> ApprovalStatus:
    """What the votes so far amount to. Two members are two people, whether they voted or only declared."""
    present = {one.by for one in case.leaves}
    one_person_each(present, constitution=case.constitution, trust=case.trust)
    members = {one.id: one for one in case.constitution.members}
    cast = [
        CastVote(
            members[one.by],
            one.policy,
            Vote(one.details["vote"]),
            one.by in case.conflicted,
            one.details["because"],
            one.at,
        )
        for one in case.leaves
        if one.step is Step.VOTE
    ]
    return outcome(cast, constitution=case.constitution, conflicted=case.conflicted)


def _without_own(
    standing: Mapping[str, frozenset[str]], *, made: Iterable[Adoption], case: Case
) -> dict[str, frozenset[str]]:
    """The adoptions but those by the proposer, under whatever name: nobody approves what they proposed."""
    latest = {one.partner: one.by for one in sorted(made, key=lambda one: one.at)}
    own = {
        partner
        for partner, by in latest.items()
        if case.constitution.one_person(by, other=case.proposer, trust=case.trust)
    }
    return {partner: clauses for partner, clauses in standing.items() if partner not in own}


def _tick(case: Case, now: datetime) -> None:
    """What adoption and the calendar do by themselves."""
    today, policy = day(now), case.policy
    reviews = [one.review for one in policy.clauses if one.review is not None]
    if case.state is State.RECOMMENDED and any(case.adopted.values()):
        case.state = State.ADOPTED
    if case.state in CAN_EXPIRE and today > min(policy.expires, max(reviews, default=policy.expires)):
        case.state = State.EXPIRED
    elif case.state is State.IN_FORCE and today >= min([*reviews, policy.expires]) - NOTICE:
        case.state = State.REVIEW_DUE


def _missing(case: Case, status: ApprovalStatus | None) -> tuple[str, ...]:
    if case.state is State.CIRCULATED and status is not None:
        return status.missing
    if case.state is State.RECOMMENDED:
        return ("no partner has adopted a clause",)
    return ()
