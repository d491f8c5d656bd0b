"""The table of legal gateways as it is written in a file."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, Self

from pydantic import model_validator

from policies.catalogue import Says
from policies.gateways import Gateway, Gateways, Need, Stage
from policies.reading import (
    ClassName,
    Count,
    Day,
    Document,
    EvidenceName,
    Flag,
    Form,
    GatewayId,
    Organisation,
    Purpose,
    StageWord,
    Subject,
    Switch,
    Vocabulary,
    complain,
    read,
)
from policies.terms import AttributeClass, words


class _NeedRow(Document):
    name: EvidenceName
    kind: Literal["reference", "valid-until", "not-older-than"]
    of: Literal["partner", "project"] = "partner"
    days: Count = 0
    stages: frozenset[StageWord] = frozenset(Stage)
    recipients: frozenset[Organisation] = frozenset()
    subjects: frozenset[Subject] = frozenset()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if (self.kind == "not-older-than") != (self.days > 0):
            fix = "Give days where the kind is not-older-than, and nowhere else."
            raise complain("How old it may be is not said as it has to be.", fix=fix, at=("days",))
        if not self.stages:
            raise complain(
                "It is asked for at no stage.", fix="Name a stage, or leave the line out.", at=("stages",)
            )
        return self


class _GatewayRow(Document):
    citation: Says
    confirmation: Says
    purposes: frozenset[Purpose]
    sources: frozenset[Organisation]
    recipients: frozenset[Organisation]
    forms: frozenset[Form]
    max_class: ClassName
    bars: frozenset[Flag]
    subjects: frozenset[Subject] = frozenset(words("subject"))
    needs: tuple[_NeedRow, ...] = ()
    effective: Day
    until: Day | None = None
    enabled: Switch

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.until is not None and self.until < self.effective:
            raise complain(
                "It ends before it takes effect.", fix="Put `until` after `effective`.", at=("until",)
            )
        if self.max_class == "C6":
            raise complain("Class C6 is never released.", fix="Write C5 or less.", at=("max_class",))
        if AttributeClass[self.max_class] < AttributeClass.C5 and "patient_information" not in self.bars:
            fix = "Add patient_information to its bars."
            raise complain(
                f"It carries nothing stricter than {self.max_class}, yet does not bar patient information.",
                fix=fix,
                at=("bars",),
            )
        return self


class GatewaysDocument(Document):
    """The table of gateways as it is written in a file."""

    format: Literal["linkage-gateways/v1"]
    vocabulary: Vocabulary
    gateways: dict[GatewayId, _GatewayRow]

    def table(self) -> Gateways:
        """The gateways by name."""
        return MappingProxyType({name: _gateway(name, row) for name, row in self.gateways.items()})


def _gateway(name: str, row: _GatewayRow) -> Gateway:
    return Gateway(
        id=name,
        citation=row.citation,
        confirmation=row.confirmation,
        purposes=row.purposes,
        sources=row.sources,
        recipients=row.recipients,
        forms=row.forms,
        max_class=AttributeClass[row.max_class],
        bars=row.bars,
        needs=tuple(Need(n.name, n.kind, n.of, n.days, n.stages, n.recipients, n.subjects) for n in row.needs),
        effective=row.effective,
        until=row.until,
        enabled=row.enabled,
        subjects=row.subjects,
    )


def load_gateways(text: str, *, name: str = "gateways") -> Gateways:
    """The table of legal gateways that the text describes.

    Raises:
        DocumentInvalid: with the line, the column and the fix of every problem.
    """
    return read(text, model=GatewaysDocument, name=name).table()
