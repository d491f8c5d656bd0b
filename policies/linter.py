"""Faults in a policy document that still reads: what nobody meant to write.

The engine is safe without this (it denies whatever a fault would open); the linter tells the author before a vote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from policies.catalogue import Attribute, Catalogue
from policies.document import Clause, Policy, Prohibition
from policies.gateways import Gateway, Gateways
from policies.terms import AttributeClass, finer, phrase

LONGEST_WITHOUT_REVIEW = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the rule it is in, its code, what is wrong and what to do."""

    rule: str
    code: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.message} {self.fix}"


def lint(policy: Policy, *, catalogue: Catalogue, gateways: Gateways) -> tuple[Fault, ...]:
    """Every fault found, in the order of the document."""
    found = [fault for clause in policy.clauses for fault in _clause(clause, policy, catalogue, gateways)]
    if not policy.tests:
        found.append(
            Fault(
                policy.policy,
                "no-tests",
                "The document has no tests.",
                "Add requests it has to allow and to deny.",
            )
        )
    return tuple(found)


def _clause(clause: Clause, policy: Policy, catalogue: Catalogue, gateways: Gateways) -> Iterator[Fault]:
    yield from _paperwork(clause, policy)
    yield from _floors(clause, policy)
    yield from _law(clause, gateways)
    yield from _reach(clause, policy, catalogue, gateways)


def _paperwork(clause: Clause, policy: Policy) -> Iterator[Fault]:
    if not clause.basis.strip():
        yield Fault(
            clause.id, "no-basis", "It states no legal basis, so it permits nothing.", "Add a line `basis:`."
        )
    if clause.review is None:
        yield Fault(
            clause.id,
            "no-review-date",
            "It has no review date, so it permits nothing.",
            "Add a line `review:`.",
        )
    elif clause.review < policy.effective:
        yield Fault(
            clause.id,
            "unreachable",
            "It is due for review before the policy takes effect.",
            "Put `review` later.",
        )
    elif clause.review > policy.effective + LONGEST_WITHOUT_REVIEW:
        yield Fault(
            clause.id,
            "review-too-late",
            "It would go more than a year without review.",
            "Put `review` earlier.",
        )


def _floors(clause: Clause, policy: Policy) -> Iterator[Fault]:
    mine, floors = clause.obligations, policy.floors
    limits = (
        ("suppress", mine.suppress or floors.suppress, floors.suppress),
        ("round", mine.round or floors.round, floors.round),
        ("k", mine.k_anonymity or floors.k_anonymity, floors.k_anonymity),
        ("l", mine.l_diversity or floors.l_diversity, floors.l_diversity),
        ("overlap", mine.overlap or floors.overlap, floors.overlap),
        ("use-within-days", -(mine.use_within_days or floors.use_within_days), -floors.use_within_days),
    )
    for name, value, floor in limits:
        if value < floor:
            message = f"Its `{name}` is {abs(value)}, laxer than the floor of {abs(floor)}."
            yield Fault(clause.id, "wider-than-floor", message, "Raise it to the floor, or leave it out.")
    if finer(clause.permit.finest_area, than=floors.finest_area):
        message = f"It allows areas by {phrase(clause.permit.finest_area, kind='area')}, finer than the floor."
        yield Fault(clause.id, "wider-than-floor", message, f"Use `{floors.finest_area}` or coarser.")


def _law(clause: Clause, gateways: Gateways) -> Iterator[Fault]:
    named = [gateways[name] for name in sorted(clause.gateways) if name in gateways]
    for name in sorted(clause.gateways - gateways.keys()):
        yield Fault(
            clause.id,
            "gateway-unknown",
            f"The gateway {name} is not in the table.",
            "Add it to the table, or leave it out.",
        )
    usable = [gateway for gateway in named if gateway.enabled]
    for class_name in sorted(clause.attributes.classes):
        if class_name == "C6":
            yield Fault(
                clause.id,
                "never-released-class",
                "It covers class C6, which is never released.",
                "Leave it out.",
            )
        elif not any(AttributeClass[class_name] <= gateway.max_class for gateway in usable):
            yield Fault(
                clause.id,
                "gateway-cannot-carry",
                f"None of its gateways carries class {class_name}.",
                "Leave the class out, or name one that does.",
            )
    for flag in sorted(clause.attributes.flags):
        if not any(flag not in gateway.bars for gateway in usable):
            message = f"All of its gateways bar what is {phrase(flag, kind='flag')}."
            yield Fault(
                clause.id, "gateway-cannot-carry", message, "Leave the flag out, or name one that carries it."
            )
    for purpose in sorted(clause.permit.purposes):
        if not any(purpose in gateway.purposes for gateway in usable):
            message = f"None of its gateways reaches {phrase(purpose, kind='purpose')}."
            yield Fault(
                clause.id, "gateway-cannot-carry", message, "Leave the purpose out, or name one that does."
            )


def _reach(clause: Clause, policy: Policy, catalogue: Catalogue, gateways: Gateways) -> Iterator[Fault]:
    """Whether any request at all could be permitted by the clause."""
    offered = [a for a in catalogue.attributes.values() if _covers(clause, a)]
    points = [
        (purpose, form, role)
        for purpose in clause.permit.purposes
        for form in clause.permit.forms
        for role in clause.permit.roles
        if not any(_always(rule, purpose, form, role) for rule in policy.prohibit)
    ]
    if not offered:
        yield Fault(
            clause.id,
            "unreachable",
            "It covers no attribute that any partner offers.",
            "Widen its classes, or remove it.",
        )
    elif not points:
        yield Fault(
            clause.id, "unreachable", "Everything it permits is prohibited.", "Remove it, or the prohibition."
        )
    elif not any(
        _carried(clause, a, purpose, form, catalogue, gateways) for a in offered for purpose, form, _ in points
    ):
        yield Fault(
            clause.id,
            "unreachable",
            "No attribute it covers crosses by a gateway it accepts.",
            "Name other gateways.",
        )


def _covers(clause: Clause, attribute: Attribute) -> bool:
    covers = clause.attributes
    listed = not covers.only or attribute.id in covers.only
    return (
        listed
        and attribute.id not in covers.leave_out
        and attribute.sensitivity.name in covers.classes
        and attribute.flags <= covers.flags
        and attribute.sensitivity is not AttributeClass.C6
    )


def _always(rule: Prohibition, purpose: str, form: str, role: str) -> bool:
    said = ((rule.purposes, purpose), (rule.forms, form), (rule.roles, role))
    whatever_else = not rule.about_attributes and rule.areas_finer_than is None
    return whatever_else and all(not words or word in words for words, word in said)


def _carried(
    clause: Clause, attribute: Attribute, purpose: str, form: str, catalogue: Catalogue, gateways: Gateways
) -> bool:
    origins = [
        catalogue.attributes[name] for name in attribute.sources if catalogue.attributes[name].gateways
    ] or [attribute]
    return all(
        any(
            _may_carry(gateways[name], origin, purpose, form, catalogue)
            for name in origin.gateways
            if name in clause.gateways and name in gateways
        )
        for origin in origins
    )


def _may_carry(gateway: Gateway, attribute: Attribute, purpose: str, form: str, catalogue: Catalogue) -> bool:
    return (
        gateway.enabled
        and purpose in gateway.purposes
        and form in gateway.forms
        and catalogue.partners[attribute.partner].kind in gateway.sources
        and attribute.sensitivity <= gateway.max_class
        and not attribute.flags & gateway.bars
    )
