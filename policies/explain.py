"""Plain English made from the fields of documents and decisions. Nothing here is typed beside what it describes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from policies.catalogue import Catalogue
from policies.decision import Decision
from policies.document import Clause, Policy, Prohibition
from policies.gateways import Gateway
from policies.obligations import Obligations
from policies.terms import VERSION, phrase, term, words


def explain(decision: Decision) -> tuple[str, ...]:
    """A decision in sentences: the answer, why, and on a refusal what would be allowed instead."""
    if decision.allowed:
        lines = [f"Allowed by {_and(f'clause {clause}' for clause in decision.clauses)}."]
        if decision.principles:
            lines.append(f"This serves {_and(phrase(name, kind='principle') for name in decision.principles)}.")
        if decision.obligations:
            lines += obligations_in_words(decision.obligations)
        if decision.permit:
            lines.append(f"The permit ends on {_day(decision.permit.expires)}.")
        return tuple(lines)
    lines = ["Denied.", *(reason.sentence for reason in decision.reasons)]
    cited = sorted({name for reason in decision.reasons for name in reason.principles})
    if cited:
        lines.append(f"This protects {_and(phrase(name, kind='principle') for name in cited)}.")
    if decision.alternative:
        lines.append(
            f"It would be allowed by {_and(f'clause {clause}' for clause in decision.alternative.clauses)} like this:"
        )
        lines += decision.alternative.words
    else:
        lines.append(
            "No change to the form, the areas, the dates or the attributes alone would make it allowed."
        )
    return tuple(lines)


def explain_near_misses(decision: Decision) -> tuple[str, ...]:
    """For each nearest clause, everything it lacks."""
    return tuple(
        f"{near.clause} ({near.title}): {' '.join(lack.sentence for lack in near.lacks)}"
        for near in decision.nearest
    )


def explain_clause(clause: Clause) -> tuple[str, ...]:
    """A clause in sentences, complete: what is not said here, it does not permit."""
    permit, covers = clause.permit, clause.attributes
    covered = [(name, phrase(name, kind="class")) for name in words("class") if name in covers.classes]
    lines = [
        f"{clause.id}, {clause.title}: {_plural_roles(permit.roles)} may ask for {_listed(permit.forms, kind='form')}, "
        f"for {_listed(permit.purposes, kind='purpose')}.",
        f"Areas are no finer than {phrase(permit.finest_area, kind='area')}.",
        f"It covers {_and((f'{name} ({what})' for name, what in covered))}.",
    ]
    if covers.flags:
        lines.append(f"It covers information that is {_listed(covers.flags, kind='flag')}.")
    unlisted = [name for name in words("flag") if name not in covers.flags]
    if unlisted:
        lines.append(
            f"It does not cover information that is {_and((phrase(name, kind='flag') for name in unlisted), last='or')}."
        )
    if covers.only:
        lines.append(f"Of these, only {_and(sorted(covers.only))}.")
    if covers.leave_out:
        lines.append(f"It leaves out {_and(sorted(covers.leave_out))}.")
    lines.append(f"Each attribute has to come by {_listed(clause.gateways, kind='gateway', last='or')}.")
    lines.append(
        "It applies once the ethics board has recommended it, its data protection impact assessment is current, and every "
        "contributing controller has adopted it; a controller who has not takes away that partner's attributes only."
    )
    mine = clause.obligations
    limits = (
        ("suppress", mine.suppress),
        ("round", mine.round),
        ("k", mine.k_anonymity),
        ("l", mine.l_diversity),
        ("overlap", mine.overlap),
        ("use-within-days", mine.use_within_days),
    )
    lines += [f"It asks for {phrase(name, kind='limit')} to be {value}." for name, value in limits if value]
    lines += [term(duty, kind="duty").sentence for duty in words("duty") if duty in mine.duties]
    lines.append(f"Legal basis: {clause.basis or 'none is stated, so it permits nothing'}.")
    lines.append(f"Principles: {_listed(clause.principles, kind='principle')}.")
    review = (
        f"It is reviewed by {_day(clause.review)} and permits nothing after that."
        if clause.review
        else "It has no review date, so it permits nothing."
    )
    return (*lines, review)


def explain_prohibition(rule: Prohibition) -> str:
    """A prohibition in one sentence."""
    parts: list[str] = []
    if rule.purposes:
        parts.append(f"for {_listed(rule.purposes, kind='purpose', last='or')}")
    if rule.forms:
        parts.append(f"as {_listed(rule.forms, kind='form', last='or')}")
    if rule.roles:
        parts.append(f"by {_listed(rule.roles, kind='role', last='or')}")
    if rule.classes:
        parts.append(f"of class {_and(sorted(rule.classes), last='or')}")
    if rule.flags:
        parts.append(f"where it is {_listed(rule.flags, kind='flag', last='or')}")
    if rule.attributes:
        parts.append(f"about {_and(sorted(rule.attributes), last='or')}")
    if rule.areas_finer_than:
        parts.append(f"by areas finer than {phrase(rule.areas_finer_than, kind='area')}")
    return f"{rule.id}: nothing leaves {', '.join(parts)}, because {rule.because.rstrip('.')}."


def explain_document(policy: Policy) -> tuple[str, ...]:
    """The whole document in sentences."""
    floors = policy.floors
    return (
        f"{policy.title}, version {policy.version}, in force from {_day(policy.effective)} to {_day(policy.expires)}.",
        f"Its words are those of {policy.vocabulary}; its digest is {policy.digest}.",
        "What no clause permits is denied. What is prohibited is denied whatever a clause permits.",
        f"No clause may go below these floors: {' '.join(obligations_in_words(floors.obligations()))} "
        f"Areas are no finer than {phrase(floors.finest_area, kind='area')}.",
        *(
            f"Never: {term(word, kind=kind).sentence}"
            for kind in ("never-purpose", "never-form")
            for word in words(kind)
        ),
        *(explain_prohibition(rule) for rule in policy.prohibit),
        *(" ".join(explain_clause(clause)) for clause in policy.clauses),
    )


def explain_gateway(gateway: Gateway) -> str:
    """A legal gateway in one paragraph."""
    state = "" if gateway.enabled else " It is switched off."
    needs = f" It needs {_and(need.name for need in gateway.needs)}." if gateway.needs else ""
    return (
        f"{gateway.id} ({gateway.citation}): carries {_listed(gateway.forms, kind='form', last='or')} from "
        f"{_listed(gateway.sources, kind='organisation', last='or')} to {_listed(gateway.recipients, kind='organisation', last='or')} for "
        f"{_listed(gateway.purposes, kind='purpose', last='or')}; nothing stricter than {gateway.max_class.name}; never what is "
        f"{_listed(gateway.bars, kind='flag', last='or')}.{needs}{state} {gateway.confirmation[:1].upper()}{gateway.confirmation[1:]}."
    )


def explain_attribute(attribute: str, *, catalogue: Catalogue) -> str:
    """An attribute in one sentence.

    Raises:
        KeyError: it is not in the catalogue.
    """
    row = catalogue.attributes[attribute]
    flags = f"; {_listed(row.flags, kind='flag')}" if row.flags else ""
    return (
        f"{row.id}: {row.says} ({row.sensitivity.name}, {phrase(row.sensitivity.name, kind='class')}{flags})."
    )


def obligations_in_words(obligations: Obligations, *, form: str = "") -> tuple[str, ...]:
    """What has to be done, in sentences; where the form is known, without those that are about another."""
    rows = (
        f"In an extract at least {obligations.k_anonymity} rows look alike, with at least {obligations.l_diversity} values of each sensitive attribute.",
    )
    return (
        f"Counts from 1 to {obligations.suppress} are hidden and the others are rounded to {obligations.round_to}.",
        *(rows if form in ("", "pseudonymised-extract") else ()),
        f"Two cohorts that differ by fewer than {obligations.overlap} people are not both described.",
        f"It may be used for {obligations.use_within_days} days after it was asked for.",
        *(term(duty, kind="duty").sentence for duty in words("duty") if duty in obligations.duties),
    )


def vocabulary_in_words() -> tuple[str, ...]:
    """Every word of the vocabulary and its sentence."""
    kinds = (
        "purpose",
        "never-purpose",
        "class",
        "flag",
        "form",
        "never-form",
        "duty",
        "limit",
        "role",
        "area",
        "gateway",
        "principle",
    )
    return (
        f"The vocabulary {VERSION}.",
        *(f"{word}: {term(word, kind=kind).sentence}" for kind in kinds for word in words(kind)),
    )


def _listed(chosen: Iterable[str], *, kind: str, last: str = "and") -> str:
    have = frozenset(chosen)
    return _and((phrase(word, kind=kind) for word in words(kind) if word in have), last=last)


def _and(items: Iterable[str], *, last: str = "and") -> str:
    listed = list(items)
    return f"{', '.join(listed[:-1])} {last} {listed[-1]}" if len(listed) > 1 else "".join(listed)


def _plural_roles(roles: frozenset[str]) -> str:
    return _and(
        f"a person with the role of {phrase(role, kind='role')}" for role in words("role") if role in roles
    ).capitalize()


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
