"""The catalogue as it is written in a file."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from policies.catalogue import (
    DATE,
    DERIVED,
    HEALTH,
    HEALTH_FLAGS,
    LAW_ENFORCEMENT,
    Areas,
    Attribute,
    AttributeName,
    Catalogue,
    Partner,
    PartnerId,
    Says,
)
from policies.catalogue_areas import AreasName, AreasRow
from policies.catalogue_derived import DerivedRow, faults_of_rule
from policies.problems import Path
from policies.reading import (
    Area,
    ClassName,
    Count,
    Document,
    Flag,
    GatewayId,
    Organisation,
    Statement,
    Subject,
    Switch,
    Vocabulary,
    complain,
    read,
)
from policies.terms import AttributeClass, closest


class _AttributeRow(Document):
    says: Says
    sensitivity: ClassName = Field(alias="class")
    flags: frozenset[Flag] = frozenset()
    subject: frozenset[Subject] = frozenset()
    states: Statement | None = None
    values: tuple[str, ...] | Literal["any", "date"]
    gateways: tuple[GatewayId, ...]
    declared_by: Says | None = None
    quasi_identifier: Switch | None = None
    areas: AreasName | None = None
    level: Area | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if (self.areas is not None and self.values != "any") or (self.level is not None and self.areas is None):
            fix = "Write values: any, areas: and the name of the areas, and level: if it is not their finest."
            raise complain("An attribute has areas, a level, or values of its own.", fix=fix, at=("areas",))
        if self.quasi_identifier is not None and self.values == DATE:
            raise complain("A day is never a column.", fix="Leave it out.", at=("quasi_identifier",))
        if not self.gateways:
            fix = "Name the gateway under which it is submitted, such as PCSC-s16."
            raise complain("No gateway is named.", fix=fix, at=("gateways",))
        if len(set(self.gateways)) != len(self.gateways):
            raise complain("A gateway is named twice.", fix="Keep one of them.", at=("gateways",))
        if isinstance(self.values, tuple) and (not self.values or len(set(self.values)) != len(self.values)):
            fix = "List every value once, or write any."
            raise complain("Its values are none, or one is listed twice.", fix=fix, at=("values",))
        if "assessment" in self.flags:
            raise complain(
                "Whether it is an assessment stands under “states”.",
                fix="Write states: assessment.",
                at=("flags",),
            )
        return self

    def built(self, name: str, *, kind: str, declared_by: str, areas: Areas | None) -> Attribute:
        """The attribute of a partner of this kind; `areas` are those that it names."""
        flags = self.flags | ({"assessment"} if self.states == "assessment" else frozenset())
        return Attribute(
            id=name,
            says=self.says,
            sensitivity=AttributeClass[self.sensitivity],
            flags=flags | HEALTH_FLAGS if kind in HEALTH else flags,
            values=self.values if isinstance(self.values, tuple) else _codes(areas, self.level),
            gateways=self.gateways,
            sources=frozenset(),
            subjects=self.subject,
            dated=self.values == DATE,
            declared_by=self.declared_by or declared_by,
            identifies=self.quasi_identifier,
            areas=areas,
            level=(self.level or areas.levels[0]) if areas else "",
        )


def _codes(areas: Areas | None, level: str | None) -> tuple[str, ...]:
    """The values of an attribute that is an area; none means any."""
    return areas.at[areas.levels.index(level or areas.levels[0])] if areas else ()


class _PartnerRow(Document):
    name: Says
    kind: Organisation
    declared_by: Says
    attributes: dict[AttributeName, _AttributeRow]

    @model_validator(mode="after")
    def _law_enforcement_distinguishes(self) -> Self:
        for name, row in self.attributes.items() if self.kind in LAW_ENFORCEMENT else ():
            if AttributeClass[row.sensitivity] < AttributeClass.C2:
                continue
            if row.states is None:
                raise complain(
                    f"{name} does not say whether it is a fact or somebody's assessment.",
                    fix="Add states: fact, or states: assessment.",
                    at=("attributes", name),
                )
            if not row.subject:
                raise complain(
                    f"{name} does not say whom it is about.",
                    fix="Add subject: and one or more of suspect, convicted, victim, witness.",
                    at=("attributes", name),
                )
        return self


class CatalogueDocument(Document):
    """The catalogue as it is written in a file."""

    format: Literal["linkage-catalogue/v1"]
    catalogue: Says
    version: Count
    vocabulary: Vocabulary
    partners: dict[PartnerId, _PartnerRow]
    derived: dict[AttributeName, DerivedRow] = Field(default_factory=dict)
    areas: dict[AreasName, AreasRow] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sources_exist(self) -> Self:
        for fault in self._faults():
            raise fault
        return self

    def _faults(self) -> Iterator[PydanticCustomError]:
        if DERIVED in self.partners:
            at: Path = ("partners", DERIVED)
            yield complain(f"A partner may not be called “{DERIVED}”.", fix="Choose another name.", at=at)
        yield from self._of_areas()
        known: dict[str, tuple[str, ...] | str] = {
            f"{partner}.{name}": offered.values
            for partner, row in self.partners.items()
            for name, offered in row.attributes.items()
        }
        for (
            name,
            row,
        ) in self.derived.items():  # in order: a row may use the rows above it, so there are no circles
            at = ("derived", name, "made_from")
            if not row.made_from:
                yield complain(
                    f"{DERIVED}.{name} is made from nothing.", fix="Name what it is made from.", at=at
                )
            for number, source in enumerate(row.made_from):
                if source not in known:
                    yield complain(
                        f"{DERIVED}.{name} is made from {source}, which is not above it.",
                        fix=closest(source, among=tuple(sorted(known))),
                        at=(*at, number),
                    )
            yield from faults_of_rule(name, row, known)
            known[f"{DERIVED}.{name}"] = row.values

    def _of_areas(self) -> Iterator[PydanticCustomError]:
        """Attributes with areas, or a level of them, that are not declared."""
        for partner, row in self.partners.items():
            for name, offered in row.attributes.items():
                if offered.areas is None:
                    continue
                at: Path = ("partners", partner, "attributes", name, "areas")
                declared = self.areas.get(offered.areas)
                if declared is None:
                    fix = closest(offered.areas, among=tuple(sorted(self.areas)) or ("none",))
                    yield complain(
                        f"{partner}.{name} names areas that are not in the catalogue.", fix=fix, at=at
                    )
                elif offered.level is not None and offered.level not in declared.levels:
                    fix = f"Use one of {', '.join(declared.levels)}."
                    yield complain(f"{partner}.{name} has a level that its areas do not have.", fix=fix, at=at)

    def build(self) -> Catalogue:
        """The catalogue, with classes and flags inherited."""
        partners = {
            name: Partner(name, row.name, row.kind, row.declared_by) for name, row in self.partners.items()
        }
        found: dict[str, Attribute] = {}
        declared = {name: row.built() for name, row in self.areas.items()}
        for partner, row in self.partners.items():
            for name, offered in row.attributes.items():
                whole = f"{partner}.{name}"
                areas = declared[offered.areas] if offered.areas else None
                found[whole] = offered.built(whole, kind=row.kind, declared_by=row.declared_by, areas=areas)
        for name, made in self.derived.items():
            whole = f"{DERIVED}.{name}"
            found[whole] = made.built(whole, parents=[found[source] for source in made.made_from])
        return Catalogue(MappingProxyType(partners), MappingProxyType(found))


def load_catalogue(text: str, *, name: str = "catalogue") -> Catalogue:
    """The catalogue that the text describes, with classes and flags inherited.

    Raises:
        DocumentInvalid: with the line, the column and the fix of every problem.
    """
    return read(text, model=CatalogueDocument, name=name).build()
