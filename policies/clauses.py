"""What one clause says to one request: everything it lacks, so that a refusal can be exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from policies.case import Case
from policies.document import Clause
from policies.gateways import nearest
from policies.reasons import Details, Reason
from policies.terms import finer, is_word, phrase, words

Lack: TypeAlias = tuple[str, Details, tuple[str, ...]]
"""The code of a reason, what fills its sentence in the order of the names, and the attributes it is about."""


@dataclass(frozen=True, slots=True)
class ClauseFinding:
    """What one clause says: what it lacks (nothing means it permits), and the last days on which that holds."""

    clause: Clause
    lacks: tuple[Reason, ...]
    limits: tuple[date, ...]

    @property
    def permits(self) -> bool:
        """Whether the clause permits the request."""
        return not self.lacks


def examine(clause: Clause, case: Case) -> ClauseFinding:
    """Everything the clause lacks to permit the request, and the dates that limit it if it lacks nothing."""
    own: dict[tuple[str, Details], list[str]] = {}
    for lacks in (_scope, _coverage, _adoption, _standing, _time):
        for code, details, about in lacks(clause, case):
            own.setdefault((code, details), []).extend(about)
    of_the_law: dict[tuple[str, Details], list[str]] = {}
    limits = [clause.review, case.facts.dpia.get(clause.id), last_day_of_use(clause, case)]
    for attribute in case.contributed:
        table, accepts = case.facts.gateways, clause.gateways
        names = [name for name in attribute.gateways if name in accepts and name in table]
        ways = [case.carriage(attribute, gateway=name) for name in names]
        ends = [carriage.until for carriage in ways if not carriage.bars]
        if not ways:
            named = (("gateway", " or ".join(attribute.gateways) or "(none)"),)
            own.setdefault(("gateway-not-accepted", named), []).append(attribute.id)
        elif not ends:
            for bar in nearest(ways).bars:
                of_the_law.setdefault((bar.code, bar.details), []).extend(bar.attributes)
        elif None not in ends:
            limits.append(max(end for end in ends if end is not None))
    principles = tuple(sorted(clause.principles)) if own else ()
    rows = [(*key, principles, about) for key, about in own.items()]
    rows += [(*key, (), about) for key, about in of_the_law.items()]
    lacking = (
        Reason(code, details, clause.id, cited, tuple(sorted(set(about))))
        for code, details, cited, about in sorted(rows)
    )
    return ClauseFinding(clause, tuple(lacking), tuple(limit for limit in limits if limit is not None))


def last_day_of_use(clause: Clause, case: Case) -> date:
    """The last day for which a clause lets a result be used, under the floors.

    Raises:
        OverflowError: it lies behind the last day of the calendar.
    """
    own, most = clause.obligations.use_within_days, case.policy.floors.use_within_days
    return case.request.asked_on + timedelta(days=most if own is None else min(own, most))


def _scope(clause: Clause, case: Case) -> Iterator[Lack]:
    request, permit = case.request, clause.permit
    if request.purpose not in permit.purposes:
        yield "purpose-not-covered", (("phrase", phrase(request.purpose, kind="purpose")),), ()
    if request.form not in permit.forms:
        allowed = ", ".join(phrase(form, kind="form") for form in words("form") if form in permit.forms)
        yield "form-not-covered", (("allowed", allowed), ("phrase", phrase(request.form, kind="form"))), ()
    if request.role not in permit.roles:
        yield "role-not-covered", (("phrase", phrase(request.role, kind="role")),), ()
    if not is_word(request.area, kind="area") or finer(request.area, than=permit.finest_area):
        asked, allowed = phrase(request.area, kind="area"), phrase(permit.finest_area, kind="area")
        yield "area-too-fine", (("allowed", allowed), ("asked", asked)), ()


def _coverage(clause: Clause, case: Case) -> Iterator[Lack]:
    covers = clause.attributes
    for attribute in case.known:
        about = (attribute.id,)
        if attribute.sensitivity.name not in covers.classes:
            yield "class-not-covered", (("word", attribute.sensitivity.name),), about
        if attribute.id in covers.leave_out or (covers.only and attribute.id not in covers.only):
            yield "attribute-excepted", (), about
        for flag in attribute.flags - covers.flags:
            yield "flag-not-covered", (("phrase", phrase(flag, kind="flag")),), about


def _adoption(clause: Clause, case: Case) -> Iterator[Lack]:
    facts = case.facts
    if clause.id not in facts.recommended:
        yield "not-recommended", (), ()
    for attribute in case.contributed:
        if clause.id not in facts.adoptions.get(attribute.partner, frozenset()):
            name = facts.catalogue.partners[attribute.partner].name
            yield "not-adopted", (("partner", name),), (attribute.id,)


def _standing(clause: Clause, case: Case) -> Iterator[Lack]:
    current_until = case.facts.dpia.get(clause.id)
    if not clause.basis:
        yield "no-basis", (), ()
    if clause.review is None:
        yield "no-review-date", (), ()
    elif clause.review < case.today:
        yield "review-passed", (("date", clause.review.isoformat()),), ()
    if current_until is None:
        yield "dpia-missing", (), ()
    elif current_until < case.today:
        yield "dpia-lapsed", (("date", current_until.isoformat()),), ()


def _time(clause: Clause, case: Case) -> Iterator[Lack]:
    latest = last_day_of_use(clause, case)
    if case.request.use_until > latest:
        yield "use-too-long", (("date", latest.isoformat()),), ()
