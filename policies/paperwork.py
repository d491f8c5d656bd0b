"""Facts in which nothing is missing, so that a document can be looked at by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from policies.document import Policy
from policies.facts import Facts
from policies.gateways import Need


def with_paperwork(facts: Facts, *, policy: Policy, projects: Iterable[str], until: date) -> Facts:
    """The same facts with all the paperwork of a document done.

    The board has recommended every clause, every partner's controller has adopted every clause, and every assessment and every piece of
    evidence that a gateway asks for is on record and holds until that day. The catalogue, the law and who may ask are as they were: a
    gateway that is switched off stays switched off.
    """
    clauses = frozenset(clause.id for clause in policy.clauses)
    needed = [need for gateway in facts.gateways.values() for need in gateway.needs]
    record = {need.name: _serving(need, until) for need in needed}
    return replace(
        facts,
        adoptions=dict.fromkeys(facts.catalogue.partners, clauses),
        recommended=clauses,
        dpia=dict.fromkeys(clauses, until),
        evidence=dict.fromkeys([*facts.catalogue.partners, *projects], record),
    )


def _serving(need: Need, until: date) -> str | date:
    """The piece of evidence that serves until a day, and no longer."""
    if need.kind == "reference":
        return "on record"
    return until - timedelta(days=need.days) if need.kind == "not-older-than" else until
