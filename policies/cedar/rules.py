"""A policy document and a table of gateways as Cedar policies.

What every request has to satisfy, and each prohibition, is a `forbid`; each clause is a `permit` whose `@id` is the clause's. Days are counted
from 1 January of the year 1. The law is compiled into the clauses too: a permit holds for an attribute only where a gateway that the clause
accepts carries it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from policies.cedar.expressions import (
    ALWAYS,
    NEVER,
    either,
    entity,
    every,
    names,
    negated,
    none_but,
    numbers,
    one_of,
    quoted,
    some_of,
    texts,
)
from policies.document import Clause, Policy, Prohibition
from policies.gateways import Gateway, Gateways, Need, Stage
from policies.terms import AREAS, AttributeClass, understood, words

PURPOSE, FORM, ROLE, AREA = (
    "context.asked.purpose",
    "context.asked.form",
    "context.asked.role",
    "context.asked.area",
)
CLASS, FLAGS, SUBJECTS, NAMED = "resource.class", "resource.flags", "resource.subjects", "resource.gateways"
CONTRIBUTED = "resource has partner"


def rules(policy: Policy, *, gateways: Gateways) -> str:
    """The Cedar policies that say what the document and the law say together."""
    clauses = dict.fromkeys(policy.clauses)
    always = (_policy("forbid", name, [condition]) for name, condition in _always(policy, gateways))
    prohibited = (_policy("forbid", rule.id, _prohibited(rule)) for rule in policy.prohibit)
    permitted = (_policy("permit", one.id, _permitted(one, policy, gateways)) for one in clauses)
    return "\n\n".join((*always, *prohibited, *permitted)) + "\n"


def _policy(effect: str, name: str, conditions: list[str]) -> str:
    said = [f"  ({condition})" for condition in conditions if condition != ALWAYS]
    when = " &&\n".join(said) or f"  {ALWAYS}"
    return f"@id({quoted(name)})\n{effect} (principal, action, resource)\nwhen {{\n{when}\n}};"


def _always(policy: Policy, gateways: Gateways) -> Iterator[tuple[str, str]]:
    """What refuses whatever a clause permits."""
    yield "never-allowed-purpose", one_of(names("Purpose", words("never-purpose")), PURPOSE)
    yield "never-allowed-form", one_of(names("Form", words("never-form")), FORM)
    yield "never-released-class", f"{CLASS} == {AttributeClass.C6.value}"
    yield "vocabulary-differs", NEVER if understood(policy.vocabulary) else ALWAYS
    yield (
        "unknown-value",
        every(negated("resource.values.isEmpty()"), negated("resource.values.containsAll(context.values)")),
    )
    shown_or_alone = either("context.shown", negated("context.windowed"))
    yield "date-shown", every("context.requested", "resource.dated", shown_or_alone)
    yield "not-a-date", every("context.windowed", negated("resource.dated"))
    yield "role-not-held", negated(f"principal.roles.contains({ROLE})")
    yield "organisation-differs", "principal.organisation != context.asked.organisation"
    yield "linker-may-not-ask", f"principal.roles.contains({entity('Role', 'linkage-operator')})"
    yield (
        "not-in-force",
        f"context.asked.today < {_day(policy.effective)} || context.asked.today > {_day(policy.expires)}",
    )
    yield "asked-in-the-future", "context.asked.asked_on > context.asked.today"
    yield "use-has-ended", "context.asked.use_until < context.asked.today"
    yield "finer-than-floor", one_of(names("Area", _finer(policy.floors.finest_area)), AREA)
    carried = either(*(_carries(gateway) for gateway in gateways.values()))
    known = none_but(texts(gateways), NAMED)
    yield "no-lawful-way", f"{CONTRIBUTED} && {negated(every(known, carried))}"


def _prohibited(rule: Prohibition) -> list[str]:
    said = (
        (rule.purposes, one_of(names("Purpose", rule.purposes), PURPOSE)),
        (rule.forms, one_of(names("Form", rule.forms), FORM)),
        (rule.roles, one_of(names("Role", rule.roles), ROLE)),
        (rule.attributes, one_of(names("Attribute", rule.attributes), "resource")),
        (rule.classes, one_of(_classes(rule.classes), CLASS)),
        (rule.flags, some_of(texts(rule.flags), FLAGS)),
        (rule.areas_finer_than, one_of(names("Area", _finer(rule.areas_finer_than or "")), AREA)),
    )
    return [condition for given, condition in said if given]


def _permitted(clause: Clause, policy: Policy, gateways: Gateways) -> list[str]:
    permit, covers, itself = clause.permit, clause.attributes, entity("Clause", clause.id)
    days = clause.obligations.on_top_of(policy.floors.obligations()).use_within_days
    accepted = (gateways[name] for name in sorted(clause.gateways) if name in gateways)
    lawful = either(*(_carries(gateway) for gateway in accepted))
    return [
        one_of(names("Purpose", permit.purposes), PURPOSE),
        one_of(names("Form", permit.forms), FORM),
        one_of(names("Role", permit.roles), ROLE),
        negated(one_of(names("Area", _finer(permit.finest_area)), AREA)),
        one_of(_classes(covers.classes), CLASS),
        none_but(texts(covers.flags), FLAGS),
        one_of(names("Attribute", covers.only), "resource") if covers.only else ALWAYS,
        negated(one_of(names("Attribute", covers.leave_out), "resource")),
        ALWAYS if clause.basis else NEVER,
        f"context.asked.today <= {_day(clause.review)}" if clause.review else NEVER,
        f"context.asked.use_until <= context.asked.asked_on + {days}",
        f"{itself}.recommended",
        f"{itself} has assessed_until && context.asked.today <= {itself}.assessed_until",
        either(
            negated(CONTRIBUTED), f"{CONTRIBUTED} && resource.partner.adopted.contains({itself}) && ({lawful})"
        ),
    ]


def _carries(gateway: Gateway) -> str:
    """The condition under which a gateway carries a contributed attribute at release."""
    last = ALWAYS if gateway.until is None else f"context.asked.today <= {_day(gateway.until)}"
    return every(
        ALWAYS if gateway.enabled else NEVER,
        f"{NAMED}.contains({quoted(gateway.id)})",
        f"context.asked.today >= {_day(gateway.effective)}",
        last,
        one_of(names("Purpose", gateway.purposes), PURPOSE),
        one_of(texts(gateway.sources), "resource.partner.kind"),
        one_of(texts(gateway.recipients), "principal.kind"),
        f"{CLASS} <= {gateway.max_class.value}",
        negated(some_of(texts(gateway.bars), FLAGS)),
        none_but(texts(gateway.subjects), SUBJECTS),
        one_of(names("Form", gateway.forms), FORM),
        *(_serves(need) for need in gateway.needs if Stage.RELEASE in need.stages),
    )


def _serves(need: Need) -> str:
    """The condition under which a piece of evidence is there, or is not asked for."""
    holder = {"partner": "resource.partner.evidence", "project": "context.asked.evidence"}[need.of]
    record = f"{holder}[{quoted(need.name)}]"
    there = f"{holder} has {quoted(need.name)}"
    if need.kind == "reference":
        good = f'{there} && {record} has text && {record}.text != ""'
    elif need.kind == "valid-until":
        good = f"{there} && {record} has day && context.asked.today <= {record}.day"
    else:
        good = (
            f"{there} && {record} has day && {record}.day <= context.asked.today && "
            f"context.asked.today <= {record}.day + {need.days}"
        )
    spared = (
        negated(one_of(texts(need.recipients), "principal.kind")) if need.recipients else NEVER,
        negated(some_of(texts(need.subjects), SUBJECTS)) if need.subjects else NEVER,
    )
    return either(*spared, good)


def _classes(chosen: frozenset[str]) -> tuple[str, ...]:
    return numbers(AttributeClass[name].value for name in chosen)


def _finer(area: str) -> tuple[str, ...]:
    """The areas that show more than this one."""
    return AREAS[AREAS.index(area) + 1 :] if area in AREAS else ()


def _day(day: date) -> int:
    return day.toordinal()
