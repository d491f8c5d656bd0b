"""The facts as Cedar entities, and a request as Cedar questions: one for each attribute that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeAlias

from policies.catalogue import DERIVED, Attribute
from policies.cohort import Window
from policies.dates import day_of
from policies.document import Policy
from policies.facts import Facts
from policies.gateways import Evidence
from policies.request import Request
from policies.terms import is_word

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json]"


def entities(facts: Facts, *, policy: Policy) -> list[Json]:
    """Clauses, partners, attributes and people who may ask, in Cedar's JSON format, with what the facts say of each."""
    found: list[Json] = []
    for clause in dict.fromkeys(policy.clauses):
        until = facts.dpia.get(clause.id)
        assessed: dict[str, Json] = {"assessed_until": until.toordinal()} if until else {}
        found.append(_entity("Clause", clause.id, {"recommended": clause.id in facts.recommended, **assessed}))
    for name, partner in facts.catalogue.partners.items():
        adopted = sorted(facts.adoptions.get(name, frozenset()) & {clause.id for clause in policy.clauses})
        attributes: dict[str, Json] = {
            "kind": partner.kind,
            "adopted": [_reference("Clause", one) for one in adopted],
            "evidence": _papers(facts.evidence.get(name, {}), facts),
        }
        found.append(_entity("Partner", name, attributes))
    found += [_entity("Attribute", row.id, _attribute(row)) for row in facts.catalogue.attributes.values()]
    for person, asker in facts.requesters.items():
        roles = [_reference("Role", role) for role in sorted(asker.roles) if is_word(role, kind="role")]
        who: dict[str, Json] = {"roles": [*roles], "organisation": asker.organisation, "kind": asker.kind}
        found.append(_entity("Requester", person, who))
    return found


def asked(request: Request, *, name: str, facts: Facts, now: datetime) -> Json:
    """The request as an entity of this name. One with a word that the vocabulary does not have does not fit the schema."""
    attributes: dict[str, Json] = {
        "purpose": _reference("Purpose", request.purpose),
        "form": _reference("Form", request.form),
        "role": _reference("Role", request.role),
        "area": _reference("Area", request.area),
        "organisation": request.organisation,
        "evidence": _papers(facts.evidence.get(request.project, {}), facts),
        "asked_on": request.asked_on.toordinal(),
        "use_until": request.use_until.toordinal(),
        "today": day_of(now).toordinal(),
    }
    return _entity("Request", name, attributes)


def questions(request: Request, *, name: str, facts: Facts) -> list[dict[str, Json]]:
    """One question for each attribute asked for, and for each that such an attribute was made from; none if nothing is asked.

    `name` is the one that the request has among the entities.
    """
    population = request.conditions
    windowed = frozenset().union(*request.windowed)
    compared = frozenset().union(*(one.attributes for one in population if not isinstance(one, Window)))
    shown = compared | frozenset(request.group_by)
    values = {
        attribute: sorted({v for one in population if attribute in one.attributes for v in one.values})
        for attribute in compared
    }
    return [
        {
            "principal": {"type": "Requester", "id": request.requester},
            "action": {"type": "Action", "id": "release"},
            "resource": {"type": "Attribute", "id": attribute},
            "context": {
                "asked": _reference("Request", name),
                "values": [*values.get(attribute, ())],
                "requested": attribute in request.requested,
                "shown": attribute in shown,
                "windowed": attribute in windowed,
            },
        }
        for attribute in sorted(facts.catalogue.closure(request.requested))
    ]


def _attribute(row: Attribute) -> dict[str, Json]:
    held: dict[str, Json] = {} if row.partner == DERIVED else {"partner": _reference("Partner", row.partner)}
    return {
        "class": row.sensitivity.value,
        "flags": [*sorted(row.flags)],
        "subjects": [*sorted(row.subjects)],
        "gateways": [*row.gateways],
        "values": [*row.values],
        "dated": row.dated,
        **held,
    }


def _papers(record: Evidence, facts: Facts) -> dict[str, Json]:
    """The pieces of evidence that some gateway asks for: what each says as text, and the day that it names, if it names one."""
    needed = {need.name for gateway in facts.gateways.values() for need in gateway.needs}
    return {name: _paper(found) for name, found in record.items() if name in needed}


def _paper(found: str | date) -> Json:
    if isinstance(found, datetime):
        return {"day": found.date().toordinal()}
    if isinstance(found, date):
        return {"day": found.toordinal()}
    try:
        return {"text": found.strip(), "day": date.fromisoformat(found).toordinal()}
    except ValueError:
        return {"text": found.strip()}


def _reference(kind: str, name: str) -> Json:
    return {"__entity": {"type": kind, "id": name}}


def _entity(kind: str, name: str, attributes: Mapping[str, Json]) -> Json:
    return {"uid": {"type": kind, "id": name}, "attrs": dict(attributes), "parents": []}
