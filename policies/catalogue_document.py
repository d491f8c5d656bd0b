"""The catalogue as it is written in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    YES_NO,
    Attribute,
    AttributeId,
    AttributeName,
    Catalogue,
    Making,
    Partner,
    PartnerId,
    Says,
)
from policies.problems import Path
from policies.reading import (
    ClassName,
    Count,
    Document,
    Flag,
    GatewayId,
    Organisation,
    Statement,
    Subject,
    Vocabulary,
    complain,
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

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
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

    def built(self, name: str, *, kind: str, declared_by: str) -> Attribute:
        """The attribute of a partner of this kind."""
        flags = self.flags | ({"assessment"} if self.states == "assessment" else frozenset())
        return Attribute(
            id=name,
            says=self.says,
            sensitivity=AttributeClass[self.sensitivity],
            flags=flags | HEALTH_FLAGS if kind in HEALTH else flags,
            values=self.values if isinstance(self.values, tuple) else (),
            gateways=self.gateways,
            sources=frozenset(),
            subjects=self.subject,
            dated=self.values == DATE,
            declared_by=self.declared_by or declared_by,
        )


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


class _DerivedRow(Document):
    says: Says
    made_from: tuple[AttributeId, ...]
    yes_when: dict[Literal["all", "any"], dict[AttributeId, tuple[str, ...]]] | None = None
    sensitivity: ClassName = Field(alias="class", default="C0")
    flags: frozenset[Flag] = frozenset()
    values: tuple[str, ...] | Literal["any"]

    @model_validator(mode="after")
    def _rule_hangs_together(self) -> Self:
        if self.yes_when is None:
            return self
        at = ("yes_when",)
        if len(self.yes_when) != 1:
            raise complain("A rule is either all or any.", fix="Keep one of the two.", at=at)
        ((kind, of),) = self.yes_when.items()
        for source, values in of.items():
            if not values:
                raise complain("No value counts as yes.", fix="List one.", at=(*at, kind, source))
        if not isinstance(self.values, tuple) or sorted(self.values) != sorted(YES_NO):
            fix = 'Write values: ["yes", "no"].'
            raise complain("What is made by a rule is yes or no.", fix=fix, at=("values",))
        return self

    @property
    def making(self) -> Making | None:
        """The rule, in the order of the names."""
        if self.yes_when is None:
            return None
        ((kind, of),) = self.yes_when.items()
        return Making(kind == "all", tuple(sorted(of.items())))

    def built(self, name: str, *, parents: list[Attribute]) -> Attribute:
        """The attribute, with the strictest class, every flag and every subject of what it is made from."""
        return Attribute(
            id=name,
            says=self.says,
            sensitivity=max([AttributeClass[self.sensitivity], *(parent.sensitivity for parent in parents)]),
            flags=self.flags.union(*(parent.flags for parent in parents)),
            values=() if self.values == "any" else YES_NO if self.yes_when else tuple(self.values),
            gateways=(),
            sources=frozenset(self.made_from).union(*(parent.sources for parent in parents)),
            subjects=frozenset().union(*(parent.subjects for parent in parents)),
            declared_by="made from what partners declared",
            making=self.making,
        )


class CatalogueDocument(Document):
    """The catalogue as it is written in a file."""

    format: Literal["linkage-catalogue/v1"]
    catalogue: Says
    version: Count
    vocabulary: Vocabulary
    partners: dict[PartnerId, _PartnerRow]
    derived: dict[AttributeName, _DerivedRow] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sources_exist(self) -> Self:
        for fault in self._faults():
            raise fault
        return self

    def _faults(self) -> Iterator[PydanticCustomError]:
        if DERIVED in self.partners:
            at: Path = ("partners", DERIVED)
            yield complain(f"A partner may not be called “{DERIVED}”.", fix="Choose another name.", at=at)
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
            yield from _of_values(name, row, known)
            known[f"{DERIVED}.{name}"] = row.values

    def build(self) -> Catalogue:
        """The catalogue, with classes and flags inherited."""
        partners = {
            name: Partner(name, row.name, row.kind, row.declared_by) for name, row in self.partners.items()
        }
        found: dict[str, Attribute] = {}
        for partner, row in self.partners.items():
            for name, offered in row.attributes.items():
                whole = f"{partner}.{name}"
                found[whole] = offered.built(whole, kind=row.kind, declared_by=row.declared_by)
        for name, made in self.derived.items():
            whole = f"{DERIVED}.{name}"
            found[whole] = made.built(whole, parents=[found[source] for source in made.made_from])
        return Catalogue(MappingProxyType(partners), MappingProxyType(found))


def _of_values(
    name: str, row: _DerivedRow, known: Mapping[str, tuple[str, ...] | str]
) -> Iterator[PydanticCustomError]:
    """Faults of a rule that looks at other attributes than it says, for values which they never have, or at days."""
    for kind, of in (row.yes_when or {}).items():
        if set(of) != set(row.made_from):
            fix = "Name each attribute of made_from in the rule, and no other."
            where = ("derived", name, "yes_when", kind)
            yield complain("The rule looks at other attributes than it is made from.", fix=fix, at=where)
        for source, values in of.items():
            at = ("derived", name, "yes_when", kind, source)
            offered = known.get(source, "any")
            if offered == DATE:
                yield complain(f"{source} is a day, which no rule compares.", fix="Leave it out.", at=at)
            elif isinstance(offered, tuple):
                for value in values:
                    if value not in offered:
                        fix = f"It has {', '.join(offered)}."
                        yield complain(f"{source} never has a value that the rule looks for.", fix=fix, at=at)
