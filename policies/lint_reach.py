"""Faults of reach: attributes that nobody offers, and clauses or words of a clause by which no request at all could be permitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from policies.catalogue import Attribute
from policies.document import Clause, Prohibition
from policies.faults import Fault, Setting
from policies.gateways import Gateway
from policies.terms import phrase


class _Point(NamedTuple):
    purpose: str
    form: str
    role: str
    attribute: Attribute


def attributes(clause: Clause, setting: Setting) -> Iterator[Fault]:
    """Names in `only` and `except` that no partner offers, or that the classes and flags shut out."""
    covers, known = clause.attributes, setting.known
    for name in sorted(covers.only - known):
        message = f"It covers only {name}, which no partner offers."
        yield Fault(clause.id, "attribute-unknown", message, "Correct the name.")
    for name in sorted(covers.leave_out - known):
        message = f"It leaves out {name}, which no partner offers; what was meant stays in."
        yield Fault(clause.id, "attribute-unknown", message, "Correct the name.")
    covered = {one.id for one in setting.covered(clause)}
    for name in sorted((covers.only & known) - covered):
        message = f"It lists {name} and does not cover its class, its flags, or what it is made from."
        yield Fault(clause.id, "only-not-covered", message, "Add its class and flags, or take it off the list.")


def reach(clause: Clause, setting: Setting) -> Iterator[Fault]:
    """Whether any request at all could be permitted, in the coarsest area, by somebody for whom every fact is in order."""
    offered = setting.covered(clause)
    if not offered:
        message = "It covers no attribute that any partner offers."
        yield Fault(clause.id, "unreachable", message, "Widen its classes and flags, or remove it.")
        return
    points = [
        _Point(purpose, form, role, attribute)
        for purpose in sorted(clause.permit.purposes)
        for form in sorted(clause.permit.forms)
        for role in sorted(clause.permit.roles)
        for attribute in offered
    ]
    lawful = [point for point in points if _lawful(point, clause, setting)]
    if not lawful:
        message = "No attribute it covers crosses by a gateway it accepts."
        yield Fault(clause.id, "unreachable", message, "Name other gateways.")
        return
    prohibitions = setting.policy.prohibit
    left = [point for point in lawful if not any(_matches(rule, point, setting) for rule in prohibitions)]
    if not left:
        rules = sorted({rule.id for rule in prohibitions for point in lawful if _matches(rule, point, setting)})
        message = f"Everything it permits is prohibited by {', '.join(rules)}."
        yield Fault(clause.id, "prohibited-throughout", message, "Remove it, or the prohibition.")
        return
    yield from _parts(clause, left, setting)


def _parts(clause: Clause, left: list[_Point], setting: Setting) -> Iterator[Fault]:
    """Purposes, forms and roles that no permitted request could have; those that no gateway reaches are told as such elsewhere."""
    usable = setting.usable(clause)
    reached = {
        "purpose": frozenset().union(*(gateway.purposes for gateway in usable)),
        "form": frozenset().union(*(gateway.forms for gateway in usable)),
        "role": clause.permit.roles,
    }
    asked = {"purpose": clause.permit.purposes, "form": clause.permit.forms, "role": clause.permit.roles}
    for kind, chosen in asked.items():
        for word in sorted((chosen & reached[kind]) - {getattr(point, kind) for point in left}):
            message = f"No request of it could be permitted with {phrase(word, kind=kind)}."
            yield Fault(
                clause.id, "part-unreachable", message, "Leave the word out, or what stands in its way."
            )


def _matches(rule: Prohibition, point: _Point, setting: Setting) -> bool:
    """Whether the prohibition matches when the attribute is asked for in the coarsest area."""
    said = ((rule.purposes, point.purpose), (rule.forms, point.form), (rule.roles, point.role))
    if rule.areas_finer_than is not None or any(words and word not in words for words, word in said):
        return False
    return not rule.about_attributes or any(
        (not rule.attributes or one.id in rule.attributes)
        and (not rule.classes or one.sensitivity.name in rule.classes)
        and (not rule.flags or bool(one.flags & rule.flags))
        for one in setting.closure(point.attribute)
    )


def _lawful(point: _Point, clause: Clause, setting: Setting) -> bool:
    """Whether every attribute that was submitted for this one crosses by a gateway that the clause accepts."""
    origins = [one for one in setting.closure(point.attribute) if one.partner in setting.catalogue.partners]
    usable = {gateway.id: gateway for gateway in setting.usable(clause)}
    return all(
        any(_may_carry(usable[name], one, point, setting) for name in one.gateways if name in usable)
        for one in origins
    )


def _may_carry(gateway: Gateway, attribute: Attribute, point: _Point, setting: Setting) -> bool:
    return (
        point.purpose in gateway.purposes
        and point.form in gateway.forms
        and setting.catalogue.partners[attribute.partner].kind in gateway.sources
        and attribute.sensitivity <= gateway.max_class
        and not attribute.flags & gateway.bars
        and attribute.subjects <= gateway.subjects
    )
