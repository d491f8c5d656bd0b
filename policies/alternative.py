"""The nearest request that would be allowed, found by mending what each clause lacks and asking again.

Who asks and what for are never changed: offering another purpose would teach people to name a false one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from policies.case import Findings
from policies.decision import Alternative, Change
from policies.document import Clause, Policy
from policies.facts import Facts
from policies.reasons import Reason
from policies.request import Request
from policies.terms import phrase, words

ROUNDS: Final = 8
FORMS_OFFERED: Final = tuple(sorted(words("form"), key=lambda form: form != "aggregate-table"))
"""A table of counts answers most questions, so it is offered before the other forms."""


def candidates(
    request: Request,
    policy: Policy,
    findings: Findings,
    *,
    facts: Facts,
    judge: Callable[[Request, Policy], Findings],
) -> Iterator[Alternative]:
    """Allowed alternatives, the one with the fewest changes first."""
    found: dict[tuple[Change, ...], Alternative] = {}
    for finding in findings.clauses:
        clause = finding.clause
        if request.purpose not in clause.permit.purposes or request.role not in clause.permit.roles:
            continue
        alone = policy.model_copy(update={"clauses": (clause,)})
        others = [form for form in FORMS_OFFERED if form in clause.permit.forms and form != request.form]
        for form in [request.form, *others]:
            mended = _mend(request.model_copy(update={"form": form}), clause, alone, facts=facts, judge=judge)
            verdict = judge(mended, policy) if mended is not None else None
            if mended is not None and verdict is not None and verdict.allowed:
                changes = changes_between(request, mended)
                permitting = tuple(f.clause.id for f in verdict.clauses if f.permits)
                found.setdefault(
                    changes, Alternative(permitting, changes, tuple(words_for(c) for c in changes))
                )
    yield from sorted(found.values(), key=_cost)  # stable: among equals the order of forms and clauses decides


def _mend(
    request: Request,
    clause: Clause,
    policy: Policy,
    *,
    facts: Facts,
    judge: Callable[[Request, Policy], Findings],
) -> Request | None:
    """The request with whatever the clause lacks taken away, until it is allowed or nothing more can be mended.

    `policy` has this clause alone.
    """
    for _ in range(ROUNDS):
        findings = judge(request, policy)
        if findings.allowed:
            return request
        lacks = [lack for finding in findings.clauses for lack in finding.lacks]
        changed = _without_faults(request, [*findings.refusals, *lacks], clause, policy, facts=facts)
        if changed == request or not changed.attributes:
            return None
        request = changed
    return None


def _without_faults(
    request: Request, faults: list[Reason], clause: Clause, policy: Policy, *, facts: Facts
) -> Request:
    drop = {name for fault in faults for name in fault.attributes}
    closure = facts.catalogue.closure
    request = request.without({name for name in request.requested if closure({name}) & drop})
    codes = {fault.code for fault in faults}
    if codes & {"finer-than-floor", "area-too-fine"}:
        coarsest = min(policy.floors.finest_area, clause.permit.finest_area, key=words("area").index)
        request = request.model_copy(update={"area": coarsest})
    latest = [
        date.fromisoformat(dict(fault.details)["date"]) for fault in faults if fault.code == "use-too-long"
    ]
    if latest:
        request = request.model_copy(update={"use_until": min(latest)})
    return request


def _cost(alternative: Alternative) -> tuple[int, int]:
    """Fewest attributes lost, then fewest changes."""
    lost = sum(len(change.old) for change in alternative.changes if change.field == "attributes")
    return (lost, len(alternative.changes))


def changes_between(old: Request, new: Request) -> tuple[Change, ...]:
    """What has to be done to the old request to get the new one."""
    changes = []
    lost = tuple(sorted(old.requested - new.requested))
    if lost:
        changes.append(Change("attributes", lost, ()))
    changes += [
        Change(field, (str(getattr(old, field)),), (str(getattr(new, field)),))
        for field in ("form", "area", "use_until")
        if getattr(old, field) != getattr(new, field)
    ]
    return tuple(changes)


def apply(request: Request, *, changes: tuple[Change, ...]) -> Request:
    """The request after the changes."""
    for change in changes:
        if change.field == "attributes":
            request = request.without(set(change.old))
        elif change.field == "use_until":
            request = request.model_copy(update={"use_until": date.fromisoformat(change.new[0])})
        else:
            request = request.model_copy(update={change.field: change.new[0]})
    return request


def words_for(change: Change) -> str:
    """One change as an instruction."""
    if change.field == "attributes":
        return f"Leave out {', '.join(change.old)}, also where it selects or groups people."
    if change.field == "use_until":
        return f"Use it until {change.new[0]} instead of {change.old[0]}."
    old, new = (phrase(word, kind=change.field) for word in (change.old[0], change.new[0]))
    return (
        f"Ask for {new} instead of {old}."
        if change.field == "form"
        else f"Ask for areas by {new} instead of {old}."
    )
