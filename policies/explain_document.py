"""Plain English made from the fields of a document: its clauses, its prohibitions, and the words it uses.

Sentences are short, and say one thing each. A word that needs explaining has its sentence in the vocabulary; `words_in_words` lists those of
a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies.conditions import duties_in_words, limits_in_words
from policies.document import Clause, Permission, Policy, Prohibition
from policies.terms import phrase, term, words
from policies.wording import areas_in_words, begun, day_in_words, joined, named, people, principles_in_words


def explain_clause(clause: Clause) -> tuple[str, ...]:
    """A clause in sentences, complete: what is not said here, it does not permit. The first names it."""
    return (f"{clause.id}, {clause.title}.", *_permission(clause), *_coverage(clause), *_conditions(clause))


def _permission(clause: Clause) -> Iterator[str]:
    permit = clause.permit
    yield f"{begun(people(permit.roles))} may ask for {named(permit.forms, kind='form', last='or')}."
    yield f"It has to be for {named(permit.purposes, kind='purpose', last='or')}."
    yield f"Results are shown {areas_in_words(words('area')[: words('area').index(permit.finest_area) + 1])}."


def _coverage(clause: Clause) -> Iterator[str]:
    covers = clause.attributes
    classes = (f"{phrase(name, kind='class')} ({name})" for name in words("class") if name in covers.classes)
    yield f"It covers {joined(classes)}."
    if covers.flags:
        yield f"Some of it may be {named(covers.flags, kind='flag', last='or')}."
    if unlisted := [name for name in words("flag") if name not in covers.flags]:
        yield f"None of it may be {named(unlisted, kind='flag', last='or')}."
    if covers.only:
        yield f"Of all this, it covers only {joined(sorted(covers.only))}."
    if covers.leave_out:
        yield f"It leaves out {joined(sorted(covers.leave_out))}."
    yield f"The law that opens the way is {named(clause.gateways, kind='gateway', last='or')}."


def _conditions(clause: Clause) -> Iterator[str]:
    yield "It applies once the ethics board has recommended it."
    yield f"Its data protection impact assessment{_reference(clause.requires.dpia_ref)} has to be current."
    if clause.requires.eqia_ref:
        yield f"The board read its equality impact assessment, {clause.requires.eqia_ref}."
    yield "Each partner adopts it or not, for its own data alone."
    yield from limits_in_words(clause.obligations)
    yield from duties_in_words(clause.obligations.duties)
    yield (
        f"Its legal basis is {clause.basis.rstrip('.')}."
        if clause.basis
        else "It states no legal basis, so it permits nothing."
    )
    yield f"It serves {principles_in_words(clause.principles)}."
    yield (
        f"It is reviewed by {day_in_words(clause.review)} and permits nothing after that."
        if clause.review
        else "It has no review date, so it permits nothing."
    )


def _reference(name: str) -> str:
    return f", {name}," if name else ""


def explain_prohibition(rule: Prohibition) -> tuple[str, ...]:
    """A prohibition in sentences: what never leaves, and why."""
    parts = [
        f"as {named(rule.forms, kind='form', last='or')}" if rule.forms else "",
        f"for {named(rule.purposes, kind='purpose', last='or')}" if rule.purposes else "",
        f"to {people(rule.roles)}" if rule.roles else "",
        f"by areas finer than {phrase(rule.areas_finer_than, kind='area')}" if rule.areas_finer_than else "",
        f"if it is {named(rule.flags, kind='flag', last='or')}" if rule.flags else "",
        f"if it is {named(rule.classes, kind='class', last='or')}" if rule.classes else "",
        f"about {joined(sorted(rule.attributes), last='or')}" if rule.attributes else "",
    ]
    said = " ".join(part for part in parts if part)
    return f"{rule.id}: nothing leaves {said}.", f"The reason: {rule.because.rstrip('.')}."


def explain_document(policy: Policy) -> tuple[str, ...]:
    """The whole document in sentences. Lines that begin with a dash belong to the rule above them."""
    floors = policy.floors
    return (
        f"{policy.title}, version {policy.version}.",
        f"It is in force from {day_in_words(policy.effective)} to {day_in_words(policy.expires)}.",
        "What no clause permits is denied.",
        "What is prohibited is denied, whatever a clause permits.",
        "",
        "Never allowed, in any version:",
        *(
            f"- {term(word, kind=kind).sentence}"
            for kind in ("never-purpose", "never-form")
            for word in words(kind)
        ),
        "",
        "Whatever a clause says:",
        *(f"- {sentence}" for sentence in limits_in_words(floors)),
        f"- No area is finer than {phrase(floors.finest_area, kind='area')}.",
        "",
        "Prohibited:",
        *(f"- {' '.join(explain_prohibition(rule))}" for rule in policy.prohibit),
        *_clauses(policy.clauses),
        "",
        "The words used above:",
        *(f"- {line}" for line in words_in_words(policy)),
        "",
        f"This is the text with the digest {policy.digest}, in the words of {policy.vocabulary}.",
    )


def _clauses(clauses: tuple[Clause, ...]) -> Iterator[str]:
    """Every clause; what all of them say is said once, before them."""
    told = [explain_clause(clause) for clause in clauses]
    shared = [line for line in told[0] if all(line in one for one in told)] if len(told) > 1 else []
    if shared:
        yield from ("", "For every clause:", *(f"- {line}" for line in shared))
    for head, *lines in told:
        yield from ("", head, *(f"- {line}" for line in lines if line not in shared))


def words_in_words(policy: Policy) -> tuple[str, ...]:
    """The meaning of each word that the document uses and that a sentence about it does not explain by itself."""
    used: dict[str, set[str]] = {"flag": set(words("flag")), "area": {policy.floors.finest_area}}

    def note(kind: str, chosen: Iterable[str]) -> None:
        used.setdefault(kind, set()).update(chosen)

    scopes: list[Permission | Prohibition] = [*(clause.permit for clause in policy.clauses), *policy.prohibit]
    rules: list[Clause | Prohibition] = [*policy.clauses, *policy.prohibit]
    for one in scopes:
        note("purpose", one.purposes)
        note("form", one.forms)
        note("role", one.roles)
    for rule in rules:
        note("principle", rule.principles)
    for clause in policy.clauses:
        note("area", {clause.permit.finest_area})
        note("class", clause.attributes.classes)
        note("gateway", clause.gateways)
    for prohibition in policy.prohibit:
        note("class", prohibition.classes)
    return tuple(
        line
        for kind in ("purpose", "form", "role", "class", "flag", "area", "gateway", "principle")
        for line in meanings(used.get(kind, ()), kind=kind)
    )


def meanings(chosen: Iterable[str], *, kind: str) -> Iterator[str]:
    """Each of these words with its sentence, in the vocabulary's order."""
    have = frozenset(chosen)
    for word in words(kind):
        if word in have:
            yield f"{begun(phrase(word, kind=kind))}: {term(word, kind=kind).sentence}"
