"""Plain English made from the fields of documents and decisions. Nothing here is typed beside what it describes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from policies.catalogue import Catalogue, Making
from policies.conditions import duties_in_words, obligations_in_words
from policies.decision import Decision
from policies.explain_document import (
    explain_clause,
    explain_document,
    explain_prohibition,
    words_in_words,
)
from policies.gateways import Gateway
from policies.terms import VERSION, phrase, term, words
from policies.wording import begun, day_in_words, joined, named, principles_in_words

__all__ = [
    "duties_in_words",
    "explain",
    "explain_attribute",
    "explain_clause",
    "explain_document",
    "explain_gateway",
    "explain_near_misses",
    "explain_prohibition",
    "obligations_in_words",
    "vocabulary_in_words",
    "words_in_words",
]


def explain(decision: Decision) -> tuple[str, ...]:
    """A decision in sentences: the answer, why, and on a refusal what would be allowed instead."""
    if decision.allowed:
        lines = [f"Allowed by {joined(f'clause {clause}' for clause in decision.clauses)}."]
        if decision.principles:
            lines.append(f"This serves {principles_in_words(decision.principles)}.")
        if decision.obligations:
            lines += obligations_in_words(
                decision.obligations, form=decision.permit.form if decision.permit else ""
            )
        if decision.permit:
            lines.append(f"The permit ends on {day_in_words(decision.permit.expires)}.")
        return tuple(lines)
    lines = ["Denied.", *(reason.sentence for reason in decision.reasons)]
    cited = {name for reason in decision.reasons for name in reason.principles}
    if cited:
        lines.append(f"This protects {principles_in_words(cited)}.")
    if decision.alternative:
        clauses = joined(f"clause {clause}" for clause in decision.alternative.clauses)
        lines += [f"It would be allowed by {clauses} like this:", *decision.alternative.words]
    elif decision.searched:
        lines.append(
            "No change to the form, the areas, the dates or the attributes alone would make it allowed."
        )
    else:
        lines.append("What would be allowed instead was not looked for: a rule could not be evaluated.")
    return tuple(lines)


def explain_near_misses(decision: Decision) -> tuple[str, ...]:
    """For each nearest clause, everything it lacks."""
    return tuple(
        f"{near.clause} ({near.title}): {' '.join(lack.sentence for lack in near.lacks)}"
        for near in decision.nearest
    )


def explain_gateway(gateway: Gateway) -> str:
    """A legal gateway in one paragraph."""
    everybody = gateway.subjects >= frozenset(words("subject"))
    subjects = (
        ""
        if everybody
        else f"Of records about offences it carries those about {named(gateway.subjects, kind='subject', last='or')}."
    )
    needs = joined(phrase(need.name, kind="evidence") for need in gateway.needs)
    lines = (
        f"{gateway.id}, {gateway.citation}.",
        f"It carries {named(gateway.forms, kind='form', last='or')}.",
        f"It is for {named(gateway.purposes, kind='purpose', last='or')}.",
        f"What it carries comes from {named(gateway.sources, kind='organisation', last='or')}.",
        f"It goes to {named(gateway.recipients, kind='organisation', last='or')}.",
        f"Nothing stricter than {phrase(gateway.max_class.name, kind='class')} ({gateway.max_class.name}) crosses by it.",
        f"It never carries what is {named(gateway.bars, kind='flag', last='or')}." if gateway.bars else "",
        subjects,
        f"It may need on record: {needs}." if needs else "",
        "" if gateway.enabled else "It is switched off.",
        f"{begun(gateway.confirmation.rstrip('.'))}.",
    )
    return " ".join(line for line in lines if line)


def explain_attribute(attribute: str, *, catalogue: Catalogue) -> str:
    """An attribute in one sentence.

    Raises:
        KeyError: it is not in the catalogue.
    """
    row = catalogue.attributes[attribute]
    flags = f"; {named(row.flags, kind='flag')}" if row.flags else ""
    made = f" {making_in_words(row.making)}" if row.making else ""
    could = {True: " Somebody could be recognised by it.", False: " Nobody is recognised by it.", None: ""}
    within = f" It shows areas as fine as {phrase(row.level, kind='area')}." if row.areas else ""
    told = f"{made}{could[row.identifies]}{within}"
    return f"{row.id}: {row.says} ({phrase(row.sensitivity.name, kind='class')}, {row.sensitivity.name}{flags}).{told}"


def making_in_words(making: Making) -> str:
    """How a derived attribute is made, in one sentence."""
    parts = [f"{name} is {joined(values, last='or')}" for name, values in making.of]
    return f"It is yes where {joined(parts, last='and' if making.every else 'or')}, else no."


def vocabulary_in_words() -> tuple[str, ...]:
    """Every word of the vocabulary and its sentence, by kind."""
    lines = [f"The vocabulary {VERSION}."]
    for kind in KINDS:
        lines += ["", f"Words for {KINDS[kind]}:"]
        lines += [f"- {word}: {term(word, kind=kind).sentence}" for word in words(kind)]
    return tuple(lines)


KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "purpose": "what a result is for",
        "never-purpose": "what nothing is ever for",
        "class": "how sensitive an attribute is",
        "flag": "what else is to be known of an attribute",
        "subject": "whom a record about an offence is about",
        "form": "what is handed out",
        "never-form": "what is never handed out",
        "duty": "what whoever asks has to do",
        "limit": "the limits of a result",
        "role": "who people are here",
        "area": "how fine the areas are",
        "period": "how time is divided",
        "gateway": "the laws that open a way",
        "evidence": "what has to be on record",
        "principle": "the principles",
    }
)
