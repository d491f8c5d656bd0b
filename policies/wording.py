"""How things read inside a sentence: lists, days, roles, areas, times of use, and attributes by whoever offers them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from policies.catalogue import DERIVED, Catalogue, partner_of
from policies.terms import AREAS, phrase, words


def begun(text: str) -> str:
    """The text with a capital at its beginning."""
    return f"{text[:1].upper()}{text[1:]}"


def joined(items: Iterable[str], *, last: str = "and") -> str:
    """The items as a list: `a, b and c`; with semicolons where an item holds a comma or an `and` of its own."""
    listed = list(items)
    if len(listed) < 2:
        return "".join(listed)
    if any(", " in item or " and " in item for item in listed):
        return f"{'; '.join(listed[:-1])}; {last} {listed[-1]}"
    return f"{', '.join(listed[:-1])} {last} {listed[-1]}"


def named(chosen: Iterable[str], *, kind: str, last: str = "and") -> str:
    """The phrases of some words of one kind as a list, in the vocabulary's order."""
    have = frozenset(chosen)
    return joined((phrase(word, kind=kind) for word in words(kind) if word in have), last=last)


def day_in_words(day: date) -> str:
    """A day as people write it: 31 May 2027."""
    return f"{day.day} {day:%B %Y}"


def people(roles: Iterable[str]) -> str:
    """Who may ask: `an analyst or an auditor`."""
    have = frozenset(roles)
    return joined((_one(phrase(role, kind="role")) for role in words("role") if role in have), last="or")


def _one(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def areas_in_words(areas: Iterable[str]) -> str:
    """How fine areas may be. Areas that begin with the coarsest and leave no gap are told by the finest of them."""
    have = frozenset(areas)
    listed = [area for area in AREAS if area in have]
    if listed == [AREAS[0]]:
        return f"for {phrase(AREAS[0], kind='area')}"
    if listed and tuple(listed) == AREAS[: len(listed)]:
        return f"by areas no finer than {phrase(listed[-1], kind='area')}"
    return f"by {named(listed, kind='area', last='or')}"


def time_in_words(shortest: int, longest: int) -> str:
    """For how long a result is used."""
    return f"for use of {shortest} to {longest} days" if shortest else f"for use up to {longest} days"


def attributes_in_words(attributes: Iterable[str], *, catalogue: Catalogue) -> str:
    """Attributes as the partners describe them, by partner; where all of a partner's are meant, in one word."""
    have, told = frozenset(attributes), []
    for partner, offered in _by_partner(catalogue).items():
        chosen = [f"“{catalogue.attributes[name].says}”" for name in offered if name in have]
        whole = partner != DERIVED and len(chosen) == len(offered)
        title = "several partners together" if partner == DERIVED else catalogue.partners[partner].name
        if chosen:
            told.append(f"{title} ({'everything' if whole else joined(chosen)})")
    return joined([*told, *sorted(have - catalogue.attributes.keys())])


def _by_partner(catalogue: Catalogue) -> dict[str, list[str]]:
    """The attributes by partner; those made from several come last."""
    found: dict[str, list[str]] = {}
    for name in sorted(catalogue.attributes, key=lambda name: (partner_of(name) == DERIVED, name)):
        found.setdefault(partner_of(name), []).append(name)
    return found


def principles_in_words(chosen: Iterable[str]) -> str:
    """Ethical principles as a list, in the order of the alphabet: none comes before another."""
    return joined(phrase(name, kind="principle") for name in sorted(chosen))
