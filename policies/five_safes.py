"""A request in sentences, under the five questions of the Five Safes: project, people, data, setting, output.

Source of the questions: Desai, Ritchie and Welpton, "Five Safes: designing data access for research" (2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from policies.catalogue import Catalogue
from policies.cohort import Condition, Window
from policies.request import Request
from policies.terms import FORM_DUTIES, phrase, term, words
from policies.wording import day_in_words, joined

SAFES: Final = ("project", "people", "data", "setting", "output")


def five_safes(request: Request, *, catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """What a request says to each of the five questions; nothing in it is a judgement."""
    why = request.why()
    data = tuple(f"{_says(name, catalogue)} ({name}): {why[name].rstrip('.')}." for name in sorted(why))
    divided = joined(_says(name, catalogue) for name in request.group_by)
    output = [
        f"Its form is {phrase(request.form, kind='form')}.",
        *counted_in_words(request, catalogue=catalogue),
        f"They are divided by {divided}." if divided else "They are not divided.",
        f"Areas are no finer than {phrase(request.area, kind='area')}.",
    ]
    setting = tuple(
        term(duty, kind="duty").sentence
        for duty in words("duty")
        if duty in FORM_DUTIES.get(request.form, frozenset())
    )
    return MappingProxyType(
        {
            "project": (
                f"It is for {phrase(request.purpose, kind='purpose')}, in the project {request.project}.",
                f"Benefit: {request.benefit.rstrip('.')}.",
            ),
            "people": (
                f"{request.requester} asks, of {request.organisation}, with the role of {phrase(request.role, kind='role')}.",
            ),
            "data": data,
            "setting": (f"It is used until {day_in_words(request.use_until)}.", *setting),
            "output": tuple(output),
        }
    )


def counted_in_words(request: Request, *, catalogue: Catalogue) -> tuple[str, ...]:
    """Who is counted, a sentence a condition; of a rate, among whom; of a series, by which event."""
    told = ["Everybody whom an agency knows is counted."]
    if request.population:
        told = ["Counted are people who meet each of these conditions:"]
        told += [f"{_condition(one, catalogue)}." for one in request.population]
    if request.among is not None:
        told.append(
            "Rates are per 1,000 of "
            + ("these people:" if request.among else "everybody whom an agency knows.")
        )
        told += [f"{_condition(one, catalogue)}." for one in request.among]
    if one := request.series:
        told.append(
            f"Each is counted {phrase(one.by, kind='period')}, at the first “{_says(one.attribute, catalogue)}”, if that was in the years "
            f"{one.first_year} to {one.last_year}."
        )
    return tuple(told)


def _condition(one: Condition | Window, catalogue: Catalogue) -> str:
    first = f"“{_says(one.attribute, catalogue)}”"
    if isinstance(one, Window):
        side = "on the same day or up to" if one.op == "within-days-after" else "up to"
        when = "after" if one.op == "within-days-after" else "before"
        return f"{first} lies {side} {one.days} days {when} the first “{_says(one.of, catalogue)}”"
    return f"{first} {phrase(one.op, kind='operation')} {joined(one.values, last='or')}"


def _says(name: str, catalogue: Catalogue) -> str:
    return catalogue.attributes[name].says if name in catalogue.attributes else name
