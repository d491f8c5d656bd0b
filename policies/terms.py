"""The closed, versioned vocabulary: every word a document or a request may use, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from policies.errors import VocabularyError
from policies.vocabulary import VERSION, WORDS

__all__ = [
    "AREAS",
    "EXACT_SINCE",
    "FORM_DUTIES",
    "RECORDED",
    "ROUNDING_BASES",
    "TERMS",
    "UNDERSTOOD",
    "VERSION",
    "WINDOWS",
    "AttributeClass",
    "Term",
    "closest",
    "finer",
    "is_word",
    "knows",
    "phrase",
    "term",
    "understood",
    "words",
]


class AttributeClass(IntEnum):
    """How sensitive an attribute is. A higher number is stricter; C6 is never released."""

    C0 = 0
    C1 = 1
    C2 = 2
    C3 = 3
    C4 = 4
    C5 = 5
    C6 = 6


@dataclass(frozen=True, slots=True)
class Term:
    """One word of the vocabulary: its kind, a phrase for use inside a sentence, and a sentence of its own."""

    kind: str
    word: str
    phrase: str
    sentence: str


def _table() -> Mapping[str, Mapping[str, Term]]:
    kinds: dict[str, Mapping[str, Term]] = {}
    for kind, rows in WORDS.items():
        cells = [[cell.strip() for cell in row.split("|")] for row in rows.strip().splitlines()]
        kinds[kind] = MappingProxyType({word: Term(kind, word, phrase, says) for word, phrase, says in cells})
    return MappingProxyType(kinds)


TERMS: Final = _table()
"""kind -> word -> term, in the order the vocabulary lists them."""

AREAS: Final = tuple(TERMS["area"])
"""Granularity of areas, from coarse to fine."""

WINDOWS: Final = tuple(int(days) for days in TERMS["window"])
"""Lengths of time around an event, in days, from short to long."""

ROUNDING_BASES: Final = (5, 10, 50, 100)
"""Each divides the next, so the larger of two bases is always the stricter one."""

FORM_DUTIES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        form: frozenset({"no-reid"})
        | (
            frozenset({"secure-setting", "no-onward", "destroy-and-certify"})
            if form == "pseudonymised-extract"
            else frozenset()
        )
        for form in TERMS["form"]
    }
)
"""The duties that come with a form whatever a clause says."""


def words(kind: str) -> tuple[str, ...]:
    """Every word of one kind, in the vocabulary's order.

    Raises:
        VocabularyError: there is no such kind.
    """
    if kind not in TERMS:
        raise VocabularyError(f"“{kind}” is not a kind of word in {VERSION}: use one of {', '.join(TERMS)}")
    return tuple(TERMS[kind])


def is_word(word: str, *, kind: str) -> bool:
    """Whether the vocabulary has this word under this kind."""
    return word in TERMS.get(kind, {})


def term(word: str, *, kind: str) -> Term:
    """The meaning of one word.

    Raises:
        VocabularyError: the vocabulary has no such word; the message names the nearest one.
    """
    if word not in words(kind):
        raise VocabularyError(f"“{word}” is not a {kind} in {VERSION}. {closest(word, among=words(kind))}")
    return TERMS[kind][word]


def phrase(word: str, *, kind: str) -> str:
    """How the word reads inside a sentence; an unknown word is quoted as it is."""
    known = TERMS.get(kind, {}).get(word)
    return known.phrase if known else f"“{word}”"


def closest(word: str, *, among: tuple[str, ...]) -> str:
    """A sentence that proposes the nearest of some words, or lists them all."""
    near = get_close_matches(word, among, n=1, cutoff=0.6)
    return f"Did you mean “{near[0]}”?" if near else f"Use one of: {', '.join(among)}."


def finer(area: str, *, than: str) -> bool:
    """Whether one granularity shows more detail than another.

    Raises:
        VocabularyError: one of them is not an area of the vocabulary.
    """
    term(area, kind="area")
    term(than, kind="area")
    return AREAS.index(area) > AREAS.index(than)


RECORDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "vpp-vocab@1": "sha256:32c9a33f71ccb2f29891014daf03f0c9fa08bd1a860ff68b7714a99b2c6022af",
        "vpp-vocab@2": "sha256:43adcdd9aae60d2b66eb0edafc542a402665983b5cfa5d5e9fa5d06f7cf1938c",
        "vpp-vocab@3": "sha256:0691539ddf1cdbaf01d380474bff63545a154f017fbbfe152684e9fbe3dc24dc",
    }
)
"""The digest of each version of the vocabulary, for good. A version whose words differ from its digest is another version."""


UNDERSTOOD: Final = ("vpp-vocab@2", "vpp-vocab@3")
"""The versions in which a document may be written, oldest first: each has the words of the one before it, with the same meaning, and more."""

EXACT_SINCE: Final = "vpp-vocab@3"
"""The version that brought exact counts and periods."""


def understood(vocabulary: str) -> bool:
    """Whether documents in this version of the vocabulary mean here what they meant when they were written."""
    return vocabulary in UNDERSTOOD


def knows(vocabulary: str, *, since: str) -> bool:
    """Whether a version has what another one brought; a version that nobody here understands is not asked."""
    return not understood(vocabulary) or UNDERSTOOD.index(vocabulary) >= UNDERSTOOD.index(since)
