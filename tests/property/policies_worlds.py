"""Documents, facts and requests drawn at random around the shipped library, for tests and benchmarks of the engine.

Everything is drawn from the `rng` that is given, so that the same seed draws the same things.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

from policies.catalogue import Catalogue
from policies.catalogue_document import load_catalogue
from policies.cohort import Condition
from policies.document import Clause, Policy, Prohibition
from policies.facts import Facts, Requester
from policies.gateways import Gateway, Need
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.request import Request
from policies.selftest import PERSON, PROJECT, perfect_facts
from policies.terms import AREAS, AttributeClass, words

LIBRARY = files("policies") / "library"
SHIPPED = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
DATED = ("police.custody_episodes", "schools.suspended", "nhs.ae_visits", "youth-offending.mentoring")
DONE = {"not-older-than": "done_on", "valid-until": "good_until", "reference": "reference_of_it"}
CATALOGUE = Catalogue(
    SHIPPED.partners,
    {
        name: replace(row, dated=True, values=()) if name in DATED else row
        for name, row in SHIPPED.attributes.items()
    },
)
"""The shipped catalogue, in which a few attributes are days on which something happened."""
NAMES = tuple(sorted(CATALOGUE.attributes))
ORDINARY = tuple(name for name in NAMES if name.startswith(("police", "schools", "youth")))


class Draws(random.Random):
    """Random draws that say in a failing test which seed they come from."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    def __repr__(self) -> str:
        return f"Draws({self.number})"


@dataclass(frozen=True)
class World:
    """A document, and what is on record beside it."""

    policy: Policy
    facts: Facts


def some(rng: random.Random, items: object, *, least: int = 1) -> frozenset[str]:
    """A random part of a set, with at least so many members where it has them."""
    listed = sorted(items)  # type: ignore[call-overload]
    return frozenset(rng.sample(listed, rng.randint(min(least, len(listed)), len(listed))))


def chance(rng: random.Random, share: float) -> bool:
    return rng.random() < share


def a_clause(rng: random.Random, number: int) -> Clause:
    """One of the shipped clauses, varied in everything that a clause can say."""
    base = rng.choice(POLICY.clauses)
    other = some(rng, words("purpose")[:4], least=0) if chance(rng, 0.3) else frozenset()
    permit = base.permit.model_copy(
        update={
            "purposes": base.permit.purposes | other,
            "forms": some(rng, base.permit.forms),
            "roles": base.permit.roles | (some(rng, words("role")) if chance(rng, 0.1) else frozenset()),
            "finest_area": rng.choice(AREAS if chance(rng, 0.2) else AREAS[1:]),
        }
    )
    less = some(rng, ("C2", "C3", "C5")) if chance(rng, 0.3) else frozenset()
    flags = base.attributes.flags
    covers = base.attributes.model_copy(
        update={
            "classes": base.attributes.classes - less or frozenset({"C0"}),
            "flags": some(rng, flags, least=0) if chance(rng, 0.3) else flags,
            "leave_out": frozenset(rng.sample(NAMES, rng.randint(0, 3))),
            "only": frozenset(rng.sample(NAMES, 12)) if chance(rng, 0.1) else frozenset(),
        }
    )
    asks = base.obligations.model_copy(
        update={
            "suppress": rng.randint(0, 12),
            "round": rng.choice([None, 5, 10]),
            "k_anonymity": rng.randint(0, 15),
            "use_within_days": rng.choice([None, 60, 90, 183, 366]),
            "duties": some(rng, words("duty"), least=0),
        }
    )
    return base.model_copy(
        update={
            "id": f"{base.id}-{number}",
            "title": f"{base.title} {number}",
            "permit": permit,
            "attributes": covers,
            "obligations": asks,
            "gateways": some(rng, words("gateway")) if chance(rng, 0.2) else base.gateways,
            "basis": "" if chance(rng, 0.02) else base.basis,
            "review": None if chance(rng, 0.02) else date(2026, 11, 20) + timedelta(rng.randint(0, 300)),
        }
    )


def a_prohibition(rng: random.Random, number: int) -> Prohibition:
    """A prohibition that names a few things."""
    named = {"purpose": 0.7, "form": 0.7, "role": 0.2, "flag": 0.5, "class": 0.3}
    said = {
        kind: frozenset(rng.sample(words(kind), 2)) if chance(rng, share) else frozenset()
        for kind, share in named.items()
    }
    return Prohibition(
        id=f"NO-{number}",
        because="the document says so.",
        principles=frozenset({"confidentiality"}),
        purposes=said["purpose"],
        forms=said["form"],
        roles=said["role"],
        flags=said["flag"],
        classes=said["class"],
        attributes=frozenset(rng.sample(NAMES, 2)) if chance(rng, 0.4) else frozenset({NAMES[0]}),
        areas_finer_than=rng.choice(AREAS) if chance(rng, 0.2) else None,
    )


def a_policy(rng: random.Random, *, clauses: int, prohibitions: int) -> Policy:
    """The shipped document with so many clauses and so many prohibitions more."""
    shipped = POLICY.clauses[:clauses]
    more = tuple(a_clause(rng, number) for number in range(len(shipped), clauses))
    rules = tuple(a_prohibition(rng, number) for number in range(prohibitions))
    return POLICY.model_copy(
        update={"clauses": (*shipped, *more), "prohibit": (*POLICY.prohibit, *rules), "tests": ()}
    )


def facts_in_order(policy: Policy) -> Facts:
    """Facts in which nothing is missing, with a few more people who may ask."""
    perfect = perfect_facts(
        policy, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=NOW + timedelta(200)
    )
    body = "local-policing-body"
    people = {
        **perfect.requesters,
        "an-auditor": Requester(frozenset({"auditor", "analyst"}), PROJECT, body),
        "at-a-university": Requester(frozenset({"analyst"}), PROJECT, "university"),
        "an-operator": Requester(frozenset({"linkage-operator", "analyst"}), PROJECT, body),
    }
    return replace(perfect, requesters=people)


def some_facts(rng: random.Random, policy: Policy) -> Facts:
    """Facts of which here and there one is missing or lapsed."""
    perfect, ids = facts_in_order(policy), [clause.id for clause in policy.clauses]

    def but(share: float) -> frozenset[str]:
        return frozenset(name for name in ids if not chance(rng, share))

    return replace(
        perfect,
        recommended=but(0.05),
        adoptions={partner: but(0.1) for partner in CATALOGUE.partners if not chance(rng, 0.05)},
        dpia={name: date(2026, 11, 25) + timedelta(rng.randint(0, 300)) for name in sorted(but(0.03))},
        evidence={
            holder: {name: found for name, found in record.items() if not chance(rng, 0.05)}
            for holder, record in perfect.evidence.items()
            if not chance(rng, 0.05)
        },
        gateways={name: row for name, row in GATEWAYS.items() if not chance(rng, 0.02)},
    )


def a_law(rng: random.Random) -> dict[str, Gateway]:
    """The shipped table of gateways, some rows of it varied: switched, narrowed, ended, or asking for more."""
    return {name: _varied(rng, row) if chance(rng, 0.4) else row for name, row in GATEWAYS.items()}


def _varied(rng: random.Random, row: Gateway) -> Gateway:
    kind = rng.choice(["not-older-than", "valid-until", "reference"])
    need = Need(
        name=DONE[kind],
        kind=kind,
        of=rng.choice(["partner", "project"]),
        days=20 if kind == "not-older-than" else 0,
        stages=frozenset(rng.sample(["submission", "linkage", "release"], 2)),
        recipients=frozenset({"university"}) if chance(rng, 0.3) else frozenset(),
        subjects=some(rng, words("subject")) if chance(rng, 0.3) else frozenset(),
    )
    return replace(
        row,
        enabled=not chance(rng, 0.2),
        purposes=row.purposes | some(rng, words("purpose")) if chance(rng, 0.5) else row.purposes,
        recipients=row.recipients | {"university"} if chance(rng, 0.3) else row.recipients,
        forms=some(rng, words("form")) if chance(rng, 0.3) else row.forms,
        max_class=AttributeClass(rng.randint(0, 5)) if chance(rng, 0.3) else row.max_class,
        bars=some(rng, words("flag"), least=0) if chance(rng, 0.3) else row.bars,
        subjects=some(rng, words("subject"), least=0) if chance(rng, 0.2) else row.subjects,
        needs=(*row.needs, need) if chance(rng, 0.5) else row.needs,
        effective=NOW.date() + timedelta(rng.randint(-3, 1)) if chance(rng, 0.2) else row.effective,
        until=NOW.date() + timedelta(rng.randint(-1, 200)) if chance(rng, 0.3) else row.until,
    )


def papers(rng: random.Random) -> dict[str, str | date]:
    """What may be on record for what `a_law` asks for: in time, too late, too early, or not what was asked for."""
    day = NOW.date() + timedelta(rng.choice([-40, -20, -1, 0, 1, 30]))
    found: list[str | date] = [day, day.isoformat(), "R-1", "  ", "next year"]
    return {name: rng.choice(found) for name in sorted(DONE.values()) if not chance(rng, 0.2)}


def a_world(rng: random.Random, *, clauses: int, prohibitions: int = 0) -> World:
    """A document with so many clauses; in three of ten cases everything on record is as it should be."""
    policy = a_policy(rng, clauses=clauses, prohibitions=prohibitions)
    if chance(rng, 0.3):
        return World(policy, facts_in_order(policy))
    facts = some_facts(rng, policy)
    if chance(rng, 0.5):
        return World(policy, facts)
    evidence = {holder: {**record, **papers(rng)} for holder, record in sorted(facts.evidence.items())}
    return World(policy, replace(facts, gateways=a_law(rng), evidence=evidence))


def a_request(rng: random.Random, *, wild: float, most: int = 6) -> Request:
    """A request in which each part is anything at all with the share `wild`, and ordinary otherwise."""

    def either(usual: object, rest: object) -> str:
        return str(rng.choice(list(rest if chance(rng, wild) else usual)))  # type: ignore[call-overload]

    shown = {either(ORDINARY, [*NAMES, "police.unknown"]) for _ in range(rng.randint(1, most))}
    population = [_condition(rng, name) for name in sorted(shown)[:1] if chance(rng, 0.3)]
    if chance(rng, wild):
        population += [_window(rng) for _ in range(rng.randint(1, 3))]
    grouped = tuple(sorted(shown))[:1] if chance(rng, 0.3) else ()
    used = {str(row[part]) for row in population for part in ("attribute", "of") if part in row}
    asked = NOW.date() - timedelta(rng.randint(-1 if chance(rng, 0.1) else 0, 20))
    return Request.model_validate(
        {
            "project": PROJECT,
            "requester": either([PERSON], [PERSON, "nobody", "an-auditor", "at-a-university", "an-operator"]),
            "role": either(["analyst"], ["analyst", *words("role"), "typo"]),
            "organisation": "another body" if chance(rng, wild / 10) else PROJECT,
            "purpose": either(words("purpose"), [*words("purpose"), *words("never-purpose"), "typo"]),
            "form": either(
                ["aggregate-table", "rate-table", "flag-count"],
                [*words("form"), *words("never-form"), "typo"],
            ),
            "attributes": dict.fromkeys(sorted(shown | used), "needed"),
            "population": population,
            "group_by": grouped,
            "area": either(["whole-area", "local-partnership"], [*AREAS, "typo"]),
            "benefit": "earlier help",
            "asked_on": asked,
            "use_until": asked + timedelta(rng.randint(21, 400)),
        }
    )


def a_condition(name: str, value: str) -> Condition:
    """A condition that an attribute has one value."""
    return Condition(attribute=name, op="is", values=(value,))


def _condition(rng: random.Random, name: str) -> dict[str, object]:
    row = CATALOGUE.attributes.get(name)
    values = [*(row.values if row else ()), "maybe"]
    return {"attribute": name, "op": "is", "values": [rng.choice(values)]}


def _window(rng: random.Random) -> dict[str, object]:
    one, other = rng.sample(DATED, 2) if chance(rng, 0.9) else rng.sample(NAMES, 2)
    op = rng.choice(["within-days-after", "within-days-before"])
    return {"attribute": one, "op": op, "of": other, "days": rng.choice([7, 30, 365])}
