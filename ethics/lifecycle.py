"""The life of a proposal: one table of which act, by whom, under what conditions, leads from which state to which.

Nothing stores a state. `ethics.proposals` computes it from signed notes by this table alone; docs/board.md shows it, with a diagram,
and a test makes both from it and compares them. The order of steps follows the boards described in the UK Statistics Authority's self-assessment
and the terms of reference of police ethics committees: scrutiny before a recommendation, the data holder's own decision after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a proposal stands."""

    NEW = "new"
    DRAFT = "draft"
    CHECKED = "checked"
    PREVIEWED = "previewed"
    CIRCULATED = "circulated"
    RECOMMENDED = "recommended"
    SENT_BACK = "sent-back"
    REFUSED = "refused"
    ADOPTED = "adopted"
    DRY_RUN = "dry-run"
    IN_FORCE = "in-force"
    REVIEW_DUE = "review-due"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What moves a proposal. The last three are no acts of the board: a controller adopts by a note of its own, and time passes by itself."""

    PROPOSE = "propose"
    CHECK = "check"
    PREVIEW = "preview"
    CIRCULATE = "circulate"
    DECLARE = "declare"
    VOTE = "vote"
    RECOMMEND = "recommend"
    SEND_BACK = "send-back"
    REFUSE = "refuse"
    DRY_RUN = "dry-run"
    PUT_IN_FORCE = "put-in-force"
    SUSPEND = "suspend"
    WITHDRAW = "withdraw"
    ADOPT = "adopt"
    NOTICE = "review-notice"
    EXPIRE = "expire"


WHO: Final = {
    "proposer": ("secretariat", "board-member", "controller-approver", "analyst"),
    "secretariat": ("secretariat",),
    "member": ("board-member",),
    "chair": ("board-member",),
    "controller": ("controller-approver",),
    "calendar": (),
}
"""Who may act, and the roles of the trust register of which they must hold one."""

NEEDS: Final = {
    "tests-pass": "the linter found nothing, and every test inside the document passed",
    "one-to-vote": "the last day for votes is not before the papers go out",
    "serves": "the member sits on the board that day",
    "shown": "it names the digests of the very preview and pack that were circulated",
    "not-own": "it is not the proposer's, under this or any other name",
    "in-time": "it is not later than the last day for votes",
    "no-way-back": "a conflict that was declared is not taken back",
    "declared-none": "the member has declared that there is no conflict",
    "once": "the member has not voted before",
    "says-why": "it gives its reason or conditions; a plain approval need not",
    "vote-over": "the last day for votes has passed, or every member has voted or declared a conflict",
    "counted": "it names the digest of all declarations and votes, and so exactly those that were counted",
    "carried": "a quorum without a conflict is present, and more than half of those present approve",
    "lost": "a quorum without a conflict is present, and more than half of those present refuse",
    "neither": "the votes neither recommend nor refuse",
    "adopted": "at least one partner has adopted at least one clause",
    "long-enough": "the dry run lasts at least as long as the constitution asks",
    "dry-run-over": "the last day of the dry run has passed",
    "effective": "the policy's own dates include that day",
    "own-clauses": "it names clauses of this policy and nothing else",
}
"""Every condition of the table, in words. `ethics.proposals` has a check for each."""

CLOSERS: Final = ("chair", "secretariat")
LIVING: Final = (State.IN_FORCE, State.REVIEW_DUE, State.SUSPENDED)
"""The states in which clauses are in force, but for those that are suspended."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: in the state `before`, `step` by one of `who`, if all of `needs` hold, leads to `after` and is logged as `event`."""

    before: State
    step: Step
    who: tuple[str, ...]
    needs: tuple[str, ...]
    after: State
    event: str


def _rows() -> Iterator[Transition]:
    s = State
    member = ("serves", "shown", "not-own", "in-time")
    closing = ("not-own", "vote-over", "counted")
    yield Transition(s.NEW, Step.PROPOSE, ("proposer",), (), s.DRAFT, "policy-proposed")
    yield Transition(s.DRAFT, Step.CHECK, ("secretariat",), ("tests-pass",), s.CHECKED, "policy-checked")
    yield Transition(s.CHECKED, Step.PREVIEW, ("secretariat",), (), s.PREVIEWED, "policy-previewed")
    yield Transition(
        s.PREVIEWED, Step.CIRCULATE, ("secretariat",), ("one-to-vote",), s.CIRCULATED, "policy-circulated"
    )
    yield Transition(
        s.CIRCULATED, Step.DECLARE, ("member",), (*member, "no-way-back"), s.CIRCULATED, "interest-declared"
    )
    yield Transition(
        s.CIRCULATED,
        Step.VOTE,
        ("member",),
        (*member, "declared-none", "once", "says-why"),
        s.CIRCULATED,
        "vote-cast",
    )
    for step, need, after, event in (
        (Step.RECOMMEND, "carried", s.RECOMMENDED, "policy-recommended"),
        (Step.REFUSE, "lost", s.REFUSED, "policy-refused"),
        (Step.SEND_BACK, "neither", s.SENT_BACK, "policy-sent-back"),
    ):
        yield Transition(s.CIRCULATED, step, CLOSERS, (*closing, need), after, event)
    yield Transition(s.RECOMMENDED, Step.ADOPT, ("controller",), ("not-own",), s.ADOPTED, "policy-adopted")
    yield Transition(s.ADOPTED, Step.DRY_RUN, CLOSERS, ("adopted", "long-enough"), s.DRY_RUN, "policy-dry-run")
    yield Transition(
        s.DRY_RUN,
        Step.PUT_IN_FORCE,
        CLOSERS,
        ("not-own", "dry-run-over", "effective"),
        s.IN_FORCE,
        "policy-in-force",
    )
    for before in (s.ADOPTED, s.DRY_RUN, *LIVING):
        yield Transition(before, Step.ADOPT, ("controller",), ("not-own",), before, "policy-adopted")
    for before in LIVING:
        yield Transition(
            before, Step.SUSPEND, ("chair",), ("own-clauses", "says-why"), s.SUSPENDED, "policy-suspended"
        )
    for before in (
        s.DRAFT,
        s.CHECKED,
        s.PREVIEWED,
        s.CIRCULATED,
        s.RECOMMENDED,
        s.ADOPTED,
        s.DRY_RUN,
    ):
        yield Transition(before, Step.WITHDRAW, ("proposer",), ("says-why",), s.WITHDRAWN, "policy-withdrawn")
    yield Transition(s.IN_FORCE, Step.NOTICE, ("calendar",), (), s.REVIEW_DUE, "")
    for before in (s.RECOMMENDED, s.ADOPTED, s.DRY_RUN, *LIVING):
        yield Transition(before, Step.EXPIRE, ("calendar",), (), s.EXPIRED, "")


TRANSITIONS: Final = tuple(_rows())
BY_STEP: Final = {(row.before, row.step): row for row in TRANSITIONS}
EVENT_OF: Final = {row.step: row.event for row in TRANSITIONS}


def roles_for(step: Step) -> tuple[str, ...]:
    """The roles of which whoever takes this step must hold one."""
    named = (role for row in TRANSITIONS if row.step is step for who in row.who for role in WHO[who])
    return tuple(dict.fromkeys(named))
