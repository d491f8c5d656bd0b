"""decide() answers one question: may this person have these attributes for this purpose, in this form, now?

Guarantees, each held by a property test:

- no side effects; the same arguments give the same decision, whatever the order of clauses and prohibitions;
- deny unless one clause in force covers the whole request, and every attribute crosses by a legal gateway;
- a prohibition, a floor or a never-allowed word beats every clause;
- a rule that cannot be evaluated, a missing fact and an unknown word are refusals with their own reasons;
- when several clauses permit a request, all of their obligations apply, merged to the strictest, over the floors.

The precedence rules follow Cedar (default deny, forbid overrides permit, order independence), except that Cedar skips a
rule that fails and this engine refuses; "indeterminate" as a refusal is from XACML 3.0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import reduce

from policies.alternative import candidates
from policies.case import Case, ClauseFinding, Findings
from policies.clauses import examine
from policies.decision import _SEAL, Alternative, Decision, NearMiss, Permit
from policies.document import Policy
from policies.facts import Facts
from policies.obligations import Obligations
from policies.reasons import Reason, because, grouped, same_as
from policies.refusals import CHECKS, prohibitions
from policies.request import Request
from policies.terms import FORM_DUTIES, VERSION, phrase

UNKNOWN = "unknown"
NEAREST = 3


def decide(request: Request, policy: Policy, *, facts: Facts, now: datetime) -> Decision:
    """The decision on a request: total, pure and deterministic. `now` is an aware moment in UTC."""
    findings = _judge(request, policy, facts=facts, now=now)
    if findings.allowed:
        return _yes(request, policy, findings, facts=facts, now=now)
    nearest = tuple(
        NearMiss(f.clause.id, f.clause.title, f.lacks) for f in _nearest(findings, request)[:NEAREST]
    )
    return Decision(
        allowed=False,
        request=_digest_of(lambda: request.digest),
        policy=_digest_of(lambda: policy.digest),
        facts=_digest_of(lambda: facts.digest),
        vocabulary=VERSION,
        decided_at=now,
        reasons=_reasons(findings, request),
        errors=findings.errors,
        nearest=nearest,
        alternative=_alternative(request, policy, findings, facts=facts, now=now),
    )


def _judge(request: Request, policy: Policy, *, facts: Facts, now: datetime) -> Findings:
    found = _safely("The request as a whole", lambda: _examine(Case(request, policy, facts, now)))
    return (
        found
        if isinstance(found, Findings)
        else Findings((), tuple(r for r in (found,) if isinstance(r, Reason)), ())
    )


def _examine(case: Case) -> Findings:
    policy = case.policy
    refusals: list[Reason] = []
    errors: list[Reason] = []
    for name, check in (*CHECKS, *prohibitions(policy)):
        found = _safely(name, lambda check=check: tuple(check(case)))  # type: ignore[misc]
        refusals += found if isinstance(found, tuple) else ()
        errors += [found] if isinstance(found, Reason) else []
    clauses: list[ClauseFinding] = []
    for clause in dict.fromkeys(policy.clauses):
        result = _safely(f"Clause {clause.id}", lambda clause=clause: examine(clause, case))  # type: ignore[misc]
        clauses += [result] if isinstance(result, ClauseFinding) else []
        errors += [result] if isinstance(result, Reason) else []
    return Findings(
        refusals=grouped(refusals),
        errors=grouped(errors),
        clauses=tuple(sorted(clauses, key=lambda finding: finding.clause.id)),
    )


def _safely(rule: str, evaluate: Callable[[], object]) -> object:
    try:
        return evaluate()
    except Exception:  # noqa: BLE001 - whatever went wrong, the rule was not evaluated, and that refuses
        return because("evaluation-error", rule=rule)


def _digest_of(value: Callable[[], str]) -> str:
    try:
        return value()
    except Exception:  # noqa: BLE001 - a decision is still given about something that cannot be written down
        return UNKNOWN


def _yes(request: Request, policy: Policy, findings: Findings, *, facts: Facts, now: datetime) -> Decision:
    permitting = [finding for finding in findings.clauses if finding.permits]
    duties = Obligations(0, 0, 0, 0, 0, policy.floors.use_within_days, FORM_DUTIES[request.form])
    each = [finding.clause.obligations.on_top_of(policy.floors.obligations()) for finding in permitting]
    obligations = reduce(Obligations.strictest, each, duties)
    clauses = tuple(finding.clause.id for finding in permitting)
    decision = Decision(
        allowed=True,
        request=request.digest,
        policy=policy.digest,
        facts=facts.digest,
        vocabulary=VERSION,
        decided_at=now,
        clauses=clauses,
        principles=tuple(sorted(frozenset().union(*(finding.clause.principles for finding in permitting)))),
        obligations=obligations,
    )
    permit = Permit(
        decision=decision.digest(),
        policy=decision.policy,
        request=decision.request,
        project=request.project,
        requester=request.requester,
        purpose=request.purpose,
        form=request.form,
        area=request.area,
        clauses=clauses,
        attributes=request.requested,
        opens=frozenset(attribute.id for attribute in Case(request, policy, facts, now).contributed()),
        obligations=obligations,
        expires=_expiry(request, policy, permitting, obligations),
        seal=_SEAL,
    )
    return replace(decision, permit=permit)


def _expiry(
    request: Request, policy: Policy, permitting: list[ClauseFinding], obligations: Obligations
) -> date:
    limits = [limit for finding in permitting for limit in finding.limits]
    longest = request.asked_on + timedelta(days=obligations.use_within_days)
    return min([request.use_until, policy.expires, longest, *limits])


def _nearest(findings: Findings, request: Request) -> list[ClauseFinding]:
    """Clauses that come closest: those for the purpose first, then by how much they lack."""
    wrong = [
        (request.purpose not in f.clause.permit.purposes, len(f.lacks), f.clause.id, f)
        for f in findings.clauses
        if f.lacks
    ]
    return [finding for *_, finding in sorted(wrong, key=lambda row: row[:3])]


def _reasons(findings: Findings, request: Request) -> tuple[Reason, ...]:
    """What refused outright, then, if no clause permits, that and what the nearest clause for the purpose lacks."""
    reasons = [*findings.errors, *findings.refusals]
    if not any(finding.permits for finding in findings.clauses):
        named = {"purpose": phrase(request.purpose, kind="purpose"), "form": phrase(request.form, kind="form")}
        reasons.append(because("no-clause", details=named))
        closest = [
            finding
            for finding in _nearest(findings, request)
            if request.purpose in finding.clause.permit.purposes
        ][:1]
        reasons += [
            lack
            for finding in closest
            for lack in finding.lacks
            if not any(same_as(lack, said) for said in reasons)
        ]
    return tuple(reasons)


def _alternative(
    request: Request, policy: Policy, findings: Findings, *, facts: Facts, now: datetime
) -> Alternative | None:
    """The nearest request that this engine permits. Nothing is offered that it would refuse."""

    def judge(changed: Request, by: Policy) -> Findings:
        return _judge(changed, by, facts=facts, now=now)

    def search() -> Alternative | None:
        return next(iter(candidates(request, policy, findings, facts=facts, judge=judge)), None)

    found = None if findings.errors else _safely("The search for an alternative", search)
    return found if isinstance(found, Alternative) else None
