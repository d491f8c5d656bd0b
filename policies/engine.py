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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from policies.alternative import changes_between, words_for
from policies.case import Case
from policies.decision import _SEAL, Alternative, Decision, NearMiss, Permit
from policies.document import Policy
from policies.facts import Facts
from policies.mending import least_change
from policies.obligations import Obligations, duties_alone
from policies.reasons import Reason, because, grouped, same_as
from policies.refusals import CHECKS, RECORDABLE, Check, prohibitions
from policies.request import Request
from policies.survey import Survey, survey
from policies.terms import FORM_DUTIES, VERSION, phrase

UNKNOWN = "unknown"
NEAREST = 3


@dataclass(frozen=True, slots=True)
class _Findings:
    """Everything found: outright refusals, rules that could not be evaluated, and what the clauses say, if that could be told."""

    refusals: tuple[Reason, ...]
    errors: tuple[Reason, ...]
    survey: Survey | None

    @property
    def allowed(self) -> bool:
        """Default deny: no refusal, no error, and a clause that permits."""
        return not self.refusals and not self.errors and self.survey is not None and self.survey.permitting != 0


def decide(request: Request, policy: Policy, *, facts: Facts, now: datetime) -> Decision:
    """The decision on a request: total, pure and deterministic. `now` is an aware moment in UTC.

    Nothing is kept of a request. Of a document and facts, which cannot change, indexes are kept while they are in use (`policies.index`).
    """
    case = Case(request, policy, facts, now)
    findings = _judge(case, (*CHECKS, RECORDABLE))
    if findings.allowed and findings.survey:
        return _yes(case, findings.survey)
    findings, near = _nearest(findings)
    searched, alternative = _alternative(case, findings)
    return Decision(
        allowed=False,
        request=_digest_of(lambda: request.digest),
        policy=_digest_of(lambda: policy.digest),
        facts=_digest_of(lambda: facts.digest),
        vocabulary=VERSION,
        decided_at=now,
        reasons=_reasons(case, findings, near),
        errors=findings.errors,
        nearest=near,
        alternative=alternative,
        searched=searched,
    )


def _judge(case: Case, checks: Sequence[tuple[str, Check]]) -> _Findings:
    found = _safely("The request as a whole", lambda: _examine(case, checks))
    if isinstance(found, _Findings):
        return found
    return _Findings((), (found,) if isinstance(found, Reason) else (), None)


def _examine(case: Case, checks: Sequence[tuple[str, Check]]) -> _Findings:
    refusals: list[Reason] = []
    errors: list[Reason] = []
    for name, check in (*checks, *prohibitions(case)):
        found = _safely(name, lambda check=check: tuple(check(case)))  # type: ignore[misc]
        if isinstance(found, Reason):
            errors.append(found)
        elif isinstance(found, tuple):
            refusals += found
    surveyed = survey(case)
    errors += [
        because("evaluation-error", rule=f"Clause {clause.id}") for clause in surveyed.could_not_be_evaluated()
    ]
    return _Findings(grouped(refusals), grouped(errors), surveyed)


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


def _yes(case: Case, surveyed: Survey) -> Decision:
    request, policy = case.request, case.policy
    permitting = surveyed.permits()
    from_the_form = duties_alone(FORM_DUTIES[request.form], use_within_days=policy.floors.use_within_days)
    obligations = surveyed.obligations().strictest(from_the_form)
    clauses = tuple(clause.id for clause in permitting)
    decision = Decision(
        allowed=True,
        request=request.digest,
        policy=policy.digest,
        facts=case.facts.digest,
        vocabulary=VERSION,
        decided_at=case.now,
        clauses=clauses,
        principles=tuple(sorted(frozenset().union(*(clause.principles for clause in permitting)))),
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
        attributes=case.requested,
        opens=frozenset(attribute.id for attribute in case.contributed),
        obligations=obligations,
        expires=_expiry(case, surveyed, obligations),
        seal=_SEAL,
    )
    return replace(decision, permit=permit)


def _expiry(case: Case, surveyed: Survey, obligations: Obligations) -> date:
    longest = case.request.asked_on + timedelta(days=obligations.use_within_days)
    return min([case.request.use_until, case.policy.expires, longest, *surveyed.limits()])


def _nearest(findings: _Findings) -> tuple[_Findings, tuple[NearMiss, ...]]:
    """The clauses that come nearest, and the findings, with an error more if those cannot be told."""
    surveyed = findings.survey
    if surveyed is None:
        return findings, ()
    found = _safely("The clauses that come nearest", lambda: surveyed.nearest(most=NEAREST))
    if isinstance(found, Reason):
        return replace(findings, errors=grouped((*findings.errors, found))), ()
    near = found if isinstance(found, tuple) else ()
    return findings, tuple(NearMiss(one.clause.id, one.clause.title, one.lacks) for one in near)


def _reasons(case: Case, findings: _Findings, nearest: tuple[NearMiss, ...]) -> tuple[Reason, ...]:
    """What refused outright, then, if no clause permits, that and what the nearest clause for the purpose lacks."""
    request, surveyed = case.request, findings.survey
    reasons = [*findings.errors, *findings.refusals]
    if surveyed is None or not surveyed.permitting:
        purpose, form = str(request.purpose), str(request.form)
        named = {"purpose": phrase(purpose, kind="purpose"), "form": phrase(form, kind="form")}
        reasons.append(because("no-clause", details=named))
        about_the_purpose = nearest[:1] if surveyed and surveyed.refusing & surveyed.purpose else ()
        reasons += [
            lack
            for near in about_the_purpose
            for lack in near.lacks
            if not any(same_as(lack, said) for said in reasons)
        ]
    return tuple(reasons)


def _alternative(case: Case, findings: _Findings) -> tuple[bool, Alternative | None]:
    """Whether it was looked for, and the nearest request that this engine permits. Nothing is offered that it would refuse."""
    surveyed = findings.survey
    if findings.errors or surveyed is None or surveyed.index is None:
        return False, None

    def search() -> tuple[Alternative, ...]:
        mended = least_change(case, survey=surveyed, refusals=findings.refusals)
        if mended is None:
            return ()
        verdict = _judge(case.with_request(mended), CHECKS)
        if not verdict.allowed or verdict.survey is None:
            raise ValueError("what was found is refused")
        changes = changes_between(case.request, mended)
        permitting = tuple(clause.id for clause in verdict.survey.permits())
        return (Alternative(permitting, changes, tuple(words_for(change) for change in changes)),)

    found = _safely("The search for an alternative", search)
    return (True, next(iter(found), None)) if isinstance(found, tuple) else (False, None)
