"""Attributes that are made of others, as a catalogue declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from policies.catalogue import DATE, YES_NO, Attribute, AttributeId, Making, Says
from policies.reading import ClassName, Document, Flag, Switch, complain
from policies.terms import AttributeClass


class DerivedRow(Document):
    """A derived attribute: what it is made from and, if it can be counted, by which rule."""

    says: Says
    made_from: tuple[AttributeId, ...]
    yes_when: dict[Literal["all", "any"], dict[AttributeId, tuple[str, ...]]] | None = None
    sensitivity: ClassName = Field(alias="class", default="C0")
    flags: frozenset[Flag] = frozenset()
    quasi_identifier: Switch | None = None
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
            identifies=self.quasi_identifier
            or (True if any(parent.identifies for parent in parents) else None),
        )


def faults_of_rule(
    name: str, row: DerivedRow, known: Mapping[str, tuple[str, ...] | str]
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
