"""Faults of law: gateways that are missing, shut, idle, or that do not carry what a clause covers; research and roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.document import Clause
from policies.faults import Fault, Setting
from policies.gateways import Gateway
from policies.terms import AttributeClass, phrase

ACCREDITATIONS: Final = frozenset(
    {"project_accreditation", "researcher_accreditation", "processor_accreditation"}
)
ROWS: Final = "pseudonymised-extract"
ROW_DUTIES: Final = frozenset({"secure-setting", "two-output-checkers", "no-onward", "destroy-and-certify"})
MAY_NOT_ASK: Final = frozenset({"linkage-operator", "output-checker", "controller-approver", "key-custodian"})


def law(clause: Clause, setting: Setting) -> Iterator[Fault]:
    """What the gateways of a clause do not open, and what research and roles ask for."""
    yield from _gateways(clause, setting)
    yield from _carried(clause, setting)
    yield from _rows_and_research(clause, setting)
    for role in sorted(clause.permit.roles & MAY_NOT_ASK):
        message = f"It lets the {phrase(role, kind='role')} ask."
        yield Fault(clause.id, "duties-not-separate", message, "Leave the role out.")


def _gateways(clause: Clause, setting: Setting) -> Iterator[Fault]:
    for name in sorted(clause.gateways - setting.gateways.keys()):
        message = f"The gateway {name} is not in the table."
        yield Fault(clause.id, "gateway-unknown", message, "Add it to the table, or leave it out.")
    for gateway in setting.named(clause):
        if not gateway.enabled:
            message = f"The gateway {gateway.id} is switched off."
            fix = "Leave it out until a lawyer has confirmed it and it is switched on."
            yield Fault(clause.id, "gateway-switched-off", message, fix)
        elif not (clause.permit.purposes & gateway.purposes and clause.permit.forms & gateway.forms):
            message = f"The gateway {gateway.id} reaches none of its purposes, or none of its forms."
            yield Fault(clause.id, "gateway-idle", message, "Leave it out.")


def _carried(clause: Clause, setting: Setting) -> Iterator[Fault]:
    usable = setting.usable(clause)

    def none(message: str, what: str) -> Fault:
        return Fault(
            clause.id, "gateway-cannot-carry", message, f"Leave the {what} out, or name one that does."
        )

    for class_name in sorted(clause.attributes.classes):
        if class_name == "C6":
            message = "It covers class C6, which is never released."
            yield Fault(clause.id, "never-released-class", message, "Leave it out.")
        elif not any(AttributeClass[class_name] <= gateway.max_class for gateway in usable):
            yield none(f"None of its gateways carries class {class_name}.", "class")
    for flag in sorted(clause.attributes.flags):
        if not any(flag not in gateway.bars for gateway in usable):
            yield none(f"All of its gateways bar what is {phrase(flag, kind='flag')}.", "flag")
    for purpose in sorted(clause.permit.purposes):
        if not any(purpose in gateway.purposes for gateway in usable):
            yield none(f"None of its gateways reaches {phrase(purpose, kind='purpose')}.", "purpose")
    for form in sorted(clause.permit.forms):
        if not any(form in gateway.forms for gateway in usable):
            yield none(f"None of its gateways carries {phrase(form, kind='form')}.", "form")


def _rows_and_research(clause: Clause, setting: Setting) -> Iterator[Fault]:
    if "research" in clause.permit.purposes:
        for gateway in setting.named(clause):
            if missing := sorted(ACCREDITATIONS - _asked_of(gateway)):
                message = f"It lets research go by {gateway.id}, which asks for no {_said(missing)}."
                yield Fault(clause.id, "research-without-accreditation", message, "Use DEA-s64 for research.")
    if ROWS in clause.permit.forms:
        if missing := sorted(ROW_DUTIES - clause.obligations.duties):
            message = f"It lets rows of people out without these duties: {', '.join(missing)}."
            yield Fault(clause.id, "extract-unprotected", message, "Add them under `duties:`.")
        if others := sorted(clause.permit.purposes - {"research"}):
            message = f"It lets rows of people out for {', '.join(phrase(p, kind='purpose') for p in others)}."
            yield Fault(
                clause.id, "extract-unprotected", message, "Rows are for research alone: leave the form out."
            )


def _asked_of(gateway: Gateway) -> frozenset[str]:
    return frozenset(need.name for need in gateway.needs if need.kind == "valid-until")


def _said(names: list[str]) -> str:
    return ", ".join(phrase(name, kind="evidence").removeprefix("the ") for name in names)
