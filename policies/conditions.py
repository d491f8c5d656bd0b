"""The conditions of a permit, its limits and its duties, one by one: in sentences, and as numbers that can be compared.

A limit reads the same wherever it stands: in a clause, among the floors, in a decision, in a change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Final, TypeAlias

from policies.obligations import NEVER, Obligations
from policies.terms import phrase, term, words

ROW_FORMS: Final = frozenset({"pseudonymised-extract"})
"""The forms in which rows leave; the limits of groups of rows mean nothing elsewhere."""

Measure: TypeAlias = Callable[[Obligations], int]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: its word in the vocabulary, its field in a document, its field in obligations, and the sentence it makes.

    `larger_is_stricter`: which way it bites. `of_rows`: it is about extracts alone. `of_result`: it is about what is shown; the time of use is
    not, it is part of what is asked for. `without`: what is said where it is not stated, if that is no matter of the floor.
    """

    word: str
    field: str
    merged: str
    sentence: str
    larger_is_stricter: bool = True
    of_rows: bool = False
    of_result: bool = True
    without: str = ""

    def says(self, value: int | None) -> str:
        """The sentence for a value; nothing where none is stated and nothing follows from that."""
        stated = value is not None and 0 < value < NEVER
        return self.sentence.format(value) if stated else self.without


LIMITS: Final[tuple[Limit, ...]] = (
    Limit("suppress", "suppress", "suppress", "Counts from 1 to {} are hidden."),
    Limit("round", "round", "round_to", "Other counts are rounded to {}."),
    Limit("k", "k_anonymity", "k_anonymity", "In an extract at least {} rows look alike.", of_rows=True),
    Limit(
        "l",
        "l_diversity",
        "l_diversity",
        "Rows that look alike have at least {} values of each sensitive fact.",
        of_rows=True,
    ),
    Limit(
        "overlap",
        "overlap",
        "overlap",
        "Two groups that differ by fewer than {} people are not both described.",
    ),
    Limit(
        "use-within-days",
        "use_within_days",
        "use_within_days",
        "A result may be used for {} days after it was asked for.",
        larger_is_stricter=False,
        of_result=False,
    ),
    Limit(
        "exact-counts",
        "exact_counts",
        "exact_from",
        "Counts from {} are shown as they are, if the floors and every clause that permits the request say so, and others are hidden besides.",
        without="No count is shown as it is.",
    ),
)


def limits_in_words(values: object, *, form: str = "") -> tuple[str, ...]:
    """The limits that a document's rule or obligations state, in sentences; where the form is known, those that mean something for it."""
    told = []
    exact = isinstance(values, Obligations) and values.exact
    for limit in LIMITS:
        value = getattr(values, limit.merged if isinstance(values, Obligations) else limit.field)
        if exact and limit.word == "round":
            continue
        if value and value != NEVER and (not limit.of_rows or form in ("", *ROW_FORMS)):
            told.append(limit.says(value))
    return tuple(told)


def duties_in_words(duties: Iterable[str]) -> tuple[str, ...]:
    """The sentence of each duty, in the vocabulary's order."""
    have = frozenset(duties)
    return tuple(term(duty, kind="duty").sentence for duty in words("duty") if duty in have)


def obligations_in_words(obligations: Obligations, *, form: str = "") -> tuple[str, ...]:
    """What has to be done, in sentences; where the form is known, without those that are about another."""
    return (*limits_in_words(obligations, form=form), *duties_in_words(obligations.duties))


def _asks(duty: str, one: Obligations) -> int:
    return int(duty in one.duties)


CONDITIONS: Final[tuple[tuple[str, Measure], ...]] = (
    *((limit.word, attrgetter(limit.merged)) for limit in LIMITS if limit.of_result),
    *((duty, partial(_asks, duty)) for duty in words("duty")),
)
"""Every limit of a result and every duty, each a number that is larger when stricter."""


def conditions(form: str) -> tuple[tuple[str, Measure], ...]:
    """The conditions that mean something for a form: those of rows only where rows leave."""
    elsewhere = frozenset(limit.word for limit in LIMITS if limit.of_rows and form not in ROW_FORMS)
    return tuple((name, measure) for name, measure in CONDITIONS if name not in elsewhere)


def condition_in_words(what: str, *, old: int, new: int) -> str:
    """A limit that moved, or a duty that came or left."""
    for limit in LIMITS:
        if limit.word == what:
            before = old if limit.says(old) != limit.without else "none"
            return f"{limit.says(new).rstrip('.')}; before: {before}."
    duty = phrase(what, kind="duty")
    return f"A duty more: {duty}." if new else f"A duty less: {duty}."
