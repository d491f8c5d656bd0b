"""What one clause says to one request: everything it lacks, so that a refusal can be exact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from policies.case import Case, ClauseFinding
from policies.document import Clause
from policies.gateways import nearest
from policies.reasons import Reason, because, grouped
from policies.terms import finer, is_word, phrase, words


def examine(clause: Clause, case: Case) -> ClauseFinding:
    """Everything the clause lacks to permit the request, and the dates that limit it if it lacks nothing."""
    lacks: list[Reason] = [
        *_scope(clause, case),
        *_coverage(clause, case),
        *_adoption(clause, case),
    ]
    limits: list[date] = []
    for reasons, dates in (_standing(clause, case), _gateways(clause, case), _time(clause, case)):
        lacks += reasons
        limits += dates
    return ClauseFinding(clause, grouped(lacks), tuple(limits))


def _scope(clause: Clause, case: Case) -> Iterator[Reason]:
    request, permit = case.request, clause.permit
    if request.purpose not in permit.purposes:
        yield _lack("purpose-not-covered", clause, phrase=phrase(request.purpose, kind="purpose"))
    if request.form not in permit.forms:
        allowed = ", ".join(phrase(form, kind="form") for form in words("form") if form in permit.forms)
        yield _lack("form-not-covered", clause, phrase=phrase(request.form, kind="form"), allowed=allowed)
    if request.role not in permit.roles:
        yield _lack("role-not-covered", clause, phrase=phrase(request.role, kind="role"))
    if not is_word(request.area, kind="area") or finer(request.area, than=permit.finest_area):
        asked, allowed = phrase(request.area, kind="area"), phrase(permit.finest_area, kind="area")
        yield _lack("area-too-fine", clause, asked=asked, allowed=allowed)


def _coverage(clause: Clause, case: Case) -> Iterator[Reason]:
    covers = clause.attributes
    for attribute in case.known():
        about = frozenset({attribute.id})
        if attribute.sensitivity.name not in covers.classes:
            yield _lack("class-not-covered", clause, about, word=attribute.sensitivity.name)
        if attribute.id in covers.leave_out or (covers.only and attribute.id not in covers.only):
            yield _lack("attribute-excepted", clause, about)
        for flag in sorted(attribute.flags - covers.flags):
            yield _lack("flag-not-covered", clause, about, phrase=phrase(flag, kind="flag"))


def _adoption(clause: Clause, case: Case) -> Iterator[Reason]:
    facts = case.facts
    if clause.id not in facts.recommended:
        yield _lack("not-recommended", clause)
    for attribute in case.contributed():
        if clause.id not in facts.adoptions.get(attribute.partner, frozenset()):
            name = facts.catalogue.partners[attribute.partner].name
            yield _lack("not-adopted", clause, frozenset({attribute.id}), partner=name)


def _standing(clause: Clause, case: Case) -> tuple[list[Reason], list[date]]:
    lacks: list[Reason] = []
    current_until = case.facts.dpia.get(clause.id)
    if not clause.basis:
        lacks.append(_lack("no-basis", clause))
    if clause.review is None:
        lacks.append(_lack("no-review-date", clause))
    elif clause.review < case.today:
        lacks.append(_lack("review-passed", clause, date=clause.review.isoformat()))
    if current_until is None:
        lacks.append(_lack("dpia-missing", clause))
    elif current_until < case.today:
        lacks.append(_lack("dpia-lapsed", clause, date=current_until.isoformat()))
    return lacks, [limit for limit in (clause.review, current_until) if limit is not None]


def _gateways(clause: Clause, case: Case) -> tuple[list[Reason], list[date]]:
    """An attribute crosses by any of its gateways that the clause accepts and that carries it."""
    lacks: list[Reason] = []
    limits: list[date] = []
    for attribute in case.contributed():
        accepted = [
            name for name in attribute.gateways if name in clause.gateways and name in case.facts.gateways
        ]
        carried = [case.carriage(attribute, case.facts.gateways[name]) for name in accepted]
        open_ones = [carriage for carriage in carried if carriage.carried]
        if not accepted:
            named = " or ".join(attribute.gateways) or "(none)"
            lacks.append(_lack("gateway-not-accepted", clause, frozenset({attribute.id}), gateway=named))
        elif not open_ones:
            lacks += [_of(clause, bar) for bar in nearest(carried).bars]
        elif all(carriage.until is not None for carriage in open_ones):
            limits.append(max(carriage.until for carriage in open_ones if carriage.until is not None))
    return lacks, limits


def _time(clause: Clause, case: Case) -> tuple[list[Reason], list[date]]:
    days = clause.obligations.on_top_of(case.policy.floors.obligations()).use_within_days
    latest = case.request.asked_on + timedelta(days=days)
    if case.request.use_until > latest:
        return [_lack("use-too-long", clause, date=latest.isoformat())], [latest]
    return [], [latest]


def _lack(code: str, clause: Clause, about: frozenset[str] = frozenset(), **details: str) -> Reason:
    cited = tuple(sorted(clause.principles))
    return because(code, clause=clause.id, principles=cited, attributes=about, details=details)


def _of(clause: Clause, bar: Reason) -> Reason:
    return because(bar.code, clause=clause.id, attributes=frozenset(bar.attributes), details=dict(bar.details))
