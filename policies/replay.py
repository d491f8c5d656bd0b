"""Past requests under a draft: which answers would have been others, and why.

Each request is judged on the day it was asked, under both documents, as if each had been in force then and all of its paperwork done. So
whatever differs comes from the text of the documents, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from policies.conditions import condition_in_words, conditions
from policies.decision import Decision
from policies.document import Policy
from policies.engine import decide
from policies.explain import explain
from policies.facts import Facts
from policies.paperwork import with_paperwork
from policies.request import Request
from policies.wording import day_in_words


class Outcome(StrEnum):
    """What became of one past request under the draft."""

    SAME = "same"
    NOW_ALLOWED = "now-allowed"
    NOW_REFUSED = "now-refused"
    OTHER_CONDITIONS = "other-conditions"


@dataclass(frozen=True, slots=True)
class Past:
    """A request that was made: what it is called on record, and what it asked."""

    id: str
    request: Request


@dataclass(frozen=True, slots=True)
class Replayed:
    """The answer to one past request: whether each document allows it, what became of it, and why, in sentences."""

    id: str
    asked_on: date
    allowed_before: bool
    allowed_now: bool
    outcome: Outcome
    why: tuple[str, ...]


def replay(past: Sequence[Past], *, old: Policy, new: Policy, facts: Facts) -> tuple[Replayed, ...]:
    """Every request in the order given. Of `facts` the catalogue, the law and who may ask are used."""
    if not past:
        return ()
    days = [one.request.asked_on for one in past]
    judges = [_judge(policy, past, first=min(days), last=max(days), facts=facts) for policy in (old, new)]
    return tuple(_replayed(one, *(_answer(one, policy, known) for policy, known in judges)) for one in past)


def _judge(
    policy: Policy, past: Iterable[Past], *, first: date, last: date, facts: Facts
) -> tuple[Policy, Facts]:
    """The document as if in force over all these days, and facts in which nothing is missing on any of them."""
    projects = {one.request.project for one in past}
    dates = {"effective": min(policy.effective, first), "expires": max(policy.expires, last)}
    known = with_paperwork(facts, policy=policy, projects=projects, until=last + timedelta(days=1))
    return policy.model_copy(update=dates), known


def _answer(one: Past, policy: Policy, facts: Facts) -> Decision:
    return decide(one.request, policy, facts=facts, now=datetime.combine(one.request.asked_on, time(12), UTC))


def _replayed(one: Past, before: Decision, now: Decision) -> Replayed:
    outcome, why = _outcome(one.request.form, before, now)
    return Replayed(one.id, one.request.asked_on, before.allowed, now.allowed, outcome, why)


def _outcome(form: str, before: Decision, now: Decision) -> tuple[Outcome, tuple[str, ...]]:
    if before.allowed and not now.allowed:
        return Outcome.NOW_REFUSED, explain(now)[1:]
    if now.allowed and not before.allowed:
        was = tuple(f"Before: {reason.sentence}" for reason in before.reasons)
        return Outcome.NOW_ALLOWED, (explain(now)[0], *was)
    moved = _moved(form, before, now)
    return (Outcome.OTHER_CONDITIONS, moved) if moved else (Outcome.SAME, ())


def _moved(form: str, before: Decision, now: Decision) -> tuple[str, ...]:
    """The conditions that differ between two permits. The time of use is as asked under both."""
    first, second = before.obligations, now.obligations
    if first is None or second is None:
        return ()
    values = ((name, measure(first), measure(second)) for name, measure in conditions(form))
    return tuple(condition_in_words(name, old=a, new=b) for name, a, b in values if a != b)


HEADS: Final = (
    (Outcome.NOW_REFUSED, "Would be refused"),
    (Outcome.NOW_ALLOWED, "Would be allowed"),
    (Outcome.OTHER_CONDITIONS, "Would be allowed under other conditions"),
)


def explain_replay(replayed: Sequence[Replayed]) -> tuple[str, ...]:
    """How many answers change, and of each that does, why."""
    same = sum(one.outcome is Outcome.SAME for one in replayed)
    lines = [
        f"Past requests: {len(replayed):,}. Each is judged on the day it was asked, under both versions.",
        "Both versions are judged as if in force on that day, with all of their paperwork done.",
        f"Same answer under both: {same:,}.",
    ]
    for outcome, says in HEADS:
        some = [one for one in replayed if one.outcome is outcome]
        if some:
            lines += ["", f"{says}, {len(some):,}:"]
        for one in some:
            lines.append(f"- {one.id}, asked on {day_in_words(one.asked_on)}:")
            lines += [f"  - {sentence}" for sentence in one.why]
    return tuple(lines)
