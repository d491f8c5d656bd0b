"""What each partner has offered: every attribute with its class, its flags, its values and its legal gateway.

A derived attribute inherits the strictest class and every flag of what it was made from, whatever its own row says:
patient information stays patient information however often it is transformed.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from policies.reading import ClassName, Document, Flag, GatewayId, Organisation, complain
from policies.terms import AttributeClass, closest

PartnerId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
AttributeId = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z][a-z0-9_]*$", max_length=80)
]
AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]

DERIVED = "derived"
"""The partner name of attributes that are made from others; no partner may call itself that."""


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
class Attribute:
    """One attribute, with what it inherits already applied. Empty `values` means any value; `sources` are its origins."""

    id: str
    says: str
    sensitivity: AttributeClass
    flags: frozenset[str]
    values: tuple[str, ...]
    gateways: tuple[str, ...]
    sources: frozenset[str]

    @property
    def partner(self) -> str:
        """Whose attribute it is."""
        return partner_of(self.id)


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


class _AttributeRow(Document):
    says: str
    sensitivity: ClassName = Field(alias="class")
    flags: frozenset[Flag] = frozenset()
    values: tuple[str, ...] | Literal["any"]
    gateways: tuple[GatewayId, ...]

    @model_validator(mode="after")
    def _some_gateway(self) -> Self:
        if not self.gateways:
            raise complain(
                "No gateway is named.", fix="Name the gateway under which it is submitted, such as PCSC-s16."
            )
        return self


class _PartnerRow(Document):
    name: str
    kind: Organisation
    declared_by: str
    attributes: dict[AttributeName, _AttributeRow]


class _DerivedRow(Document):
    says: str
    made_from: tuple[AttributeId, ...]
    sensitivity: ClassName = Field(alias="class", default="C0")
    flags: frozenset[Flag] = frozenset()
    values: tuple[str, ...] | Literal["any"]


class CatalogueDocument(Document):
    """The catalogue as it is written in a file."""

    format: Literal["linkage-catalogue/v1"]
    catalogue: str
    version: int
    vocabulary: Literal["vpp-vocab@1"]
    partners: dict[PartnerId, _PartnerRow]
    derived: dict[AttributeName, _DerivedRow] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sources_exist(self) -> Self:
        if DERIVED in self.partners:
            raise complain(f"A partner may not be called “{DERIVED}”.", fix="Choose another name.")
        known = {f"{partner}.{name}" for partner, row in self.partners.items() for name in row.attributes}
        for (
            name,
            row,
        ) in self.derived.items():  # in order: a row may use the rows above it, so there are no circles
            for source in row.made_from:
                if source not in known:
                    among = tuple(sorted(known))
                    raise complain(
                        f"{DERIVED}.{name} is made from {source}, which is not above it.",
                        fix=closest(source, among=among),
                    )
            if not row.made_from:
                raise complain(f"{DERIVED}.{name} is made from nothing.", fix="Name what it is made from.")
            known.add(f"{DERIVED}.{name}")
        return self

    def build(self) -> Catalogue:
        """The catalogue, with classes and flags inherited."""
        partners = {
            name: Partner(name, row.name, row.kind, row.declared_by) for name, row in self.partners.items()
        }
        found: dict[str, Attribute] = {}
        for partner, row in self.partners.items():
            for name, offered in row.attributes.items():
                found[f"{partner}.{name}"] = Attribute(
                    id=f"{partner}.{name}",
                    says=offered.says,
                    sensitivity=AttributeClass[offered.sensitivity],
                    flags=offered.flags,
                    values=() if offered.values == "any" else tuple(offered.values),
                    gateways=offered.gateways,
                    sources=frozenset(),
                )
        for name, made in self.derived.items():
            parents = [found[source] for source in made.made_from]
            found[f"{DERIVED}.{name}"] = Attribute(
                id=f"{DERIVED}.{name}",
                says=made.says,
                sensitivity=max(
                    [AttributeClass[made.sensitivity], *(parent.sensitivity for parent in parents)]
                ),
                flags=made.flags.union(*(parent.flags for parent in parents)),
                values=() if made.values == "any" else tuple(made.values),
                gateways=(),
                sources=frozenset(made.made_from).union(*(parent.sources for parent in parents)),
            )
        return Catalogue(MappingProxyType(partners), MappingProxyType(found))
