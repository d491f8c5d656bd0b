"""The conditions of the table of steps, each as a function that says in half a sentence why an act does not meet it, or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ethics.acts import SHOWN, Act, counted_digest
from ethics.approvals import ApprovalStatus, refuses
from ethics.ballots import Vote
from ethics.board import Constitution
from ethics.lifecycle import State, Step
from keys import TrustRegister
from policies.document import Policy


@dataclass(slots=True)
class Case:
    """What is known of a proposal while its acts are gone through one by one."""

    policy: Policy
    constitution: Constitution
    trust: TrustRegister
    proposer: str
    state: State = State.NEW
    adopted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    preview: Act | None = None
    circulated: Act | None = None
    dry_run: Act | None = None
    leaves: list[Act] = field(default_factory=list)
    conflicted: set[str] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    approval: ApprovalStatus | None = None

    def take(self, act: Act, *, state: State) -> None:
        """The act has taken effect."""
        self.state = state
        if act.step is Step.PREVIEW:
            self.preview = act
        elif act.step is Step.CIRCULATE:
            self.circulated = act
        elif act.step is Step.DRY_RUN:
            self.dry_run = act
        elif act.step is Step.SUSPEND:
            self.suspended |= set(act.details["clauses"].split(","))
        elif act.step in (Step.DECLARE, Step.VOTE):
            self.leaves.append(act)
            if act.details.get("conflict") == "yes":
                self.conflicted.add(act.by)

    def of(self, name: str, *, step: Step) -> Act | None:
        """What a member declared or voted."""
        return next((one for one in self.leaves if one.by == name and one.step is step), None)


def day(at: datetime) -> date:
    """The day of a moment, in UTC."""
    return at.astimezone(UTC).date()


def _until(act: Act | None) -> date:
    if act is None:
        raise ValueError("no act that names a last day")
    return date.fromisoformat(act.details["until"])


def _one_to_vote(case: Case, act: Act) -> str:
    if case.preview is None or act.details["preview"] != case.preview.details["preview"]:
        return "it names another preview than the one that was made"
    return "the last day for votes is before the papers go out" if _until(act) < day(act.at) else ""


def _serves(case: Case, act: Act) -> str:
    seat = case.constitution.member(act.by)
    return "" if seat is not None and seat.serves(act.at) else "they do not sit on the board that day"


def _shown(case: Case, act: Act) -> str:
    sent = case.circulated
    same = sent is not None and all(act.details[name] == sent.details[name] for name in SHOWN)
    return "" if same else "it names another preview or pack than those that were circulated"


def _not_own(case: Case, act: Act) -> str:
    own = case.constitution.one_person(act.by, other=case.proposer, trust=case.trust)
    return f"{case.proposer} made the proposal, and nobody approves their own" if own else ""


def _in_time(case: Case, act: Act) -> str:
    return "the last day for votes had passed" if day(act.at) > _until(case.circulated) else ""


def _no_way_back(case: Case, act: Act) -> str:
    taken_back = act.by in case.conflicted and act.details["conflict"] != "yes"
    return "a conflict that was declared is not taken back" if taken_back else ""


def _declared_none(case: Case, act: Act) -> str:
    if act.by in case.conflicted:
        return "they declared a conflict of interest"
    if case.of(act.by, step=Step.DECLARE) is None:
        return "they have not declared whether they have a conflict of interest: linkage board declare"
    return ""


def _once(case: Case, act: Act) -> str:
    return "they have voted already" if case.of(act.by, step=Step.VOTE) is not None else ""


def _says_why(_: Case, act: Act) -> str:
    plain = act.details.get("vote") == Vote.APPROVE
    return "" if plain or act.details["because"] else "it gives no reason"


def waiting(case: Case, *, at: datetime) -> tuple[str, ...]:
    """The members who can still vote at that moment: neither have they voted, nor declared a conflict, nor is the proposal their own."""
    done = {one.by for one in case.leaves if one.step is Step.VOTE} | case.conflicted
    return tuple(
        one.id
        for one in case.constitution.serving(at)
        if one.id not in done
        and not case.constitution.one_person(one.id, other=case.proposer, trust=case.trust)
    )


def _vote_over(case: Case, act: Act) -> str:
    left = waiting(case, at=act.at)
    if left and day(act.at) <= _until(case.circulated):
        return f"the vote is open until {_until(case.circulated)}, and {', '.join(left)} can still vote"
    return ""


def _counted(case: Case, act: Act) -> str:
    same = act.details["counted"] == counted_digest(case.leaves)
    return "" if same else "it counted other declarations and votes than those that are here"


def _status(case: Case) -> ApprovalStatus:
    if case.approval is None:
        raise ValueError("nothing was counted")
    return case.approval


def _carried(case: Case, _: Act) -> str:
    return "; ".join(_status(case).missing)


def _lost(case: Case, _: Act) -> str:
    return (
        "" if refuses(_status(case), constitution=case.constitution) else "no more than half of a quorum refuse"
    )


def _neither(case: Case, _: Act) -> str:
    if _status(case).recommended:
        return "the votes recommend it"
    return "the votes refuse it" if refuses(_status(case), constitution=case.constitution) else ""


def _adopted(case: Case, _: Act) -> str:
    return "" if any(case.adopted.values()) else "no partner has adopted a clause"


def _long_enough(case: Case, act: Act) -> str:
    days = case.constitution.dry_run_days
    short = _until(act) < day(act.at) + timedelta(days=days)
    return f"the constitution asks for a dry run of at least {days} days" if short else ""


def _dry_run_over(case: Case, act: Act) -> str:
    last = _until(case.dry_run)
    return f"the dry run lasts up to and on {last}" if day(act.at) <= last else ""


def _effective(case: Case, act: Act) -> str:
    within = case.policy.effective <= day(act.at) <= case.policy.expires
    return "" if within else f"the policy is for {case.policy.effective} to {case.policy.expires}"


def _own_clauses(case: Case, act: Act) -> str:
    named = act.details["clauses"].split(",")
    unknown = sorted(set(named) - {one.id for one in case.policy.clauses})
    return f"the policy has no clause {unknown[0]}" if unknown else ""


CHECKS: Final[Mapping[str, Callable[[Case, Act], str]]] = {
    # That they passed is what the secretariat signs; the count of tests is at least one by the form of the note.
    "tests-pass": lambda _, act: "" if int(act.details["tests"]) else "no test passed",
    "one-to-vote": _one_to_vote,
    "serves": _serves,
    "shown": _shown,
    "not-own": _not_own,
    "in-time": _in_time,
    "no-way-back": _no_way_back,
    "declared-none": _declared_none,
    "once": _once,
    "says-why": _says_why,
    "vote-over": _vote_over,
    "counted": _counted,
    "carried": _carried,
    "lost": _lost,
    "neither": _neither,
    "adopted": _adopted,
    "long-enough": _long_enough,
    "dry-run-over": _dry_run_over,
    "effective": _effective,
    "own-clauses": _own_clauses,
}
