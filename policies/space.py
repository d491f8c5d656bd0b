"""Everything that could be asked, and what one document permits of it: the whole finite space, decided without asking every question.

A point of the space is a purpose, a form, a role, an area, the kind of organisation that asks, how long the result is to be used, and a set
of attributes. The shipped catalogue offers 25 attributes, which make 33 million sets; they need not be looked at one by one, because the
engine's rules come in two kinds only:

1. rules that do not look at the attributes: the dates, the floor of areas, who asks, what a clause says of purpose, form, role, area, time,
   recommendation, assessment, basis and review, and prohibitions that name no attribute;
2. rules that look at each attribute of the request's closure (what is asked for and what that is made from) by itself, and refuse if one
   of them falls: unknown attributes, class C6, the law, prohibitions by class, flag or name, and what a clause says of classes, flags,
   names, adoption and gateways.

No rule looks at two attributes together, no two clauses permit together what neither permits alone, and the closure of a union is the
union of the closures. So one clause permits a set exactly if it permits each attribute of the set by itself. What it permits at one point
is therefore every part of one largest set, and a document permits the union of these (`policies.families`). A test holds this to
the engine itself, set by set.

The date of an event is asked for together with another date, in a window around it, and never alone. A largest set with one date
in it is therefore taken without it: nobody could ask for that.

Outside the space are a request's own faults (a word that nobody knows, a value that an attribute does not have, no attribute at all, a requester who is
not who they say): no document permits those.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from policies.dates import day_of
from policies.document import Policy
from policies.facts import Facts
from policies.obligations import Obligations
from policies.terms import term, understood, words


@dataclass(frozen=True, slots=True)
class Space:
    """The words that are looked at, in the vocabulary's order, and the kinds of organisation that may ask."""

    purposes: tuple[str, ...]
    forms: tuple[str, ...]
    roles: tuple[str, ...]
    areas: tuple[str, ...]
    kinds: tuple[str, ...]


def whole_space(kinds: Iterable[str]) -> Space:
    """Every purpose, form, role and area of the vocabulary, asked by these kinds of organisation.

    Raises:
        VocabularyError: one of them is no kind of organisation.
    """
    asked = frozenset(term(kind, kind="organisation").word for kind in kinds)
    return Space(
        words("purpose"),
        words("form"),
        words("role"),
        words("area"),
        tuple(kind for kind in words("organisation") if kind in asked),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """A document as it stands at one moment: what is on record about it, and the project that asks."""

    policy: Policy
    facts: Facts
    now: datetime
    project: str

    @property
    def in_force(self) -> bool:
        """Whether the document itself applies at that moment: its dates and its vocabulary."""
        today = day_of(self.now)
        return understood(self.policy.vocabulary) and self.policy.effective <= today <= self.policy.expires


@dataclass(frozen=True, slots=True)
class Grant:
    """What one clause permits at one point: every set within `most`, for at most `days` days, with these obligations."""

    clause: str
    most: int
    days: int
    obligations: Obligations
