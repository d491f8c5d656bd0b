"""What each partner has offered: every attribute with its class, its flags, its values and its legal gateways.

Two things are never left to a row alone. What a health body holds is patient information of a health authority, whatever its
row says (Police, Crime, Sentencing and Courts Act 2022 ss. 10(10) and 16(4)). And a derived attribute inherits the strictest
class and every flag of what it was made from: patient information stays patient information however often it is
transformed. Bodies that process for law enforcement say of each record whom it is about, and whether it is a fact or
somebody's assessment (Data Protection Act 2018 s. 38(2) and (3)).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import StringConstraints

from policies.canonical import ADDED
from policies.reading import spelt
from policies.terms import AttributeClass

PartnerId = Annotated[str, spelt(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", like="police or youth-offending", most=40)]
AttributeName = Annotated[str, spelt(r"[a-z][a-z0-9_]*", like="age_band", most=40)]
AttributeId = Annotated[str, spelt(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9_]*", like="police.age_band")]
Says = Annotated[str, StringConstraints(min_length=1, max_length=400)]

DERIVED: Final = "derived"
"""The partner name of attributes that are made from others; no partner may call itself that."""

HEALTH: Final = frozenset({"nhs-trust", "icb", "gp-practice"})
"""Kinds of organisation whose records of people are health records."""

HEALTH_FLAGS: Final = frozenset({"patient_information", "health_or_social_care"})
"""The flags of everything that a health body holds, and of its tokens."""

LAW_ENFORCEMENT: Final = frozenset({"police", "probation", "youth-offending-team", "prison"})
"""Kinds of organisation that process for law enforcement (Data Protection Act 2018 Part 3)."""

DATE: Final = "date"
"""What stands in place of values where each value is a day."""


def partner_of(attribute: str) -> str:
    """The partner part of `partner.attribute`."""
    return attribute.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Partner:
    """One contributing organisation: what kind it is in law, and who declared its attributes."""

    id: str
    name: str
    kind: str
    declared_by: str


@dataclass(frozen=True, slots=True)
class Making:
    """How a derived attribute is made of others: `yes` for a person of whom each (`every`), or at least one, of the attributes in `of` has one of the values
    beside it, else `no`; nothing for a person of whom no attribute in `of` is known."""

    every: bool
    of: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas that lie in each other. `levels` are words of the vocabulary, from fine to coarse; `within` gives each area and the one it lies in, and `at`
    the areas of each level, in the order of the document."""

    levels: tuple[str, ...]
    within: tuple[tuple[str, str], ...]
    at: tuple[tuple[str, ...], ...]

    def upwards(self, *, to: str) -> dict[str, str]:
        """For each area of that level or below, the area of that level that it is or lies in."""
        up = dict(self.within)
        found = {code: code for code in self.at[self.levels.index(to)]}
        for codes in reversed(self.at[: self.levels.index(to)]):
            found |= {code: found[up[code]] for code in codes}
        return found


YES_NO: Final = ("no", "yes")
"""The values of a derived attribute that is made by a rule, the stronger last."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute, with what it inherits already applied. Empty `values` means any value; `sources` are its origins.

    `dated`: each value is a day, on which something happened. It selects people and is never shown. `subjects`: whom it is
    about, where it is about an offence. `areas` and `level`: of an attribute that is an area. `identifies`: whether somebody could be recognised by it,
    as the controller declared; None leaves that to the class.
    """

    id: str
    says: str
    sensitivity: AttributeClass
    flags: frozenset[str]
    values: tuple[str, ...]
    gateways: tuple[str, ...]
    sources: frozenset[str]
    subjects: frozenset[str] = frozenset()
    dated: bool = False
    declared_by: str = ""
    making: Making | None = None
    identifies: bool | None = field(default=None, metadata=ADDED)
    areas: Areas | None = field(default=None, metadata=ADDED)
    level: str = field(default="", metadata=ADDED)

    @property
    def partner(self) -> str:
        """Whose attribute it is."""
        return partner_of(self.id)

    @property
    def submitted_under(self) -> str:
        """The gateway by which the partner submits it, which is the first it declared; a derived attribute has none."""
        return self.gateways[0] if self.gateways else ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every partner and every attribute on offer."""

    partners: Mapping[str, Partner]
    attributes: Mapping[str, Attribute]

    def closure(self, wanted: Set[str]) -> frozenset[str]:
        """The attributes asked for and everything they were made from; unknown ones are kept as they are."""
        known = (self.attributes[name] for name in wanted if name in self.attributes)
        return frozenset(wanted).union(*(attribute.sources for attribute in known))

    def contributors(self, wanted: Set[str]) -> frozenset[str]:
        """The partners whose data the attributes rest on."""
        return frozenset(partner_of(name) for name in self.closure(wanted)) - {DERIVED}

    def held_by(self, partner: str) -> frozenset[str]:
        """The flags of law that lie on everything about a partner's people, such as their tokens.

        To be in the file of a health body or of children's social care tells of health or care, whatever the columns say.
        """
        own = [one for one in self.attributes.values() if one.partner == partner]
        return frozenset().union(*(one.flags & HEALTH_FLAGS for one in own))
