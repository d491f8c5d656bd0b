"""The request: who asks, for what, about whom and in what form. The Five Safes as one page.

Whatever selects or divides people tells something about them, so an attribute used in a condition or to group by counts
as requested, and needs a reason like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from policies.canonical import digest
from policies.catalogue import AttributeId
from policies.reading import Document, complain

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class Wanted(Document):
    """One attribute and why it is needed."""

    attribute: AttributeId
    why: Text


class Condition(Document):
    """One condition on who is counted: the attribute is, is not, or is one of, these values."""

    attribute: AttributeId
    op: Literal["is", "is-not", "in"]
    values: tuple[Text, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if self.op != "in" and len(self.values) != 1:
            raise complain(f"“{self.op}” takes one value.", fix="Use “in” for several values.")
        return self


class Request(Document):
    """One request for linked figures.

    `purpose`, `form`, `role` and `area` are plain words here: the engine denies those that it does not know, so a request
    written in another vocabulary is refused and not misread.
    """

    format: Literal["linkage-request/v1"] = "linkage-request/v1"
    project: Word
    requester: Word
    role: Word
    organisation: Text
    purpose: Word
    form: Word
    attributes: tuple[Wanted, ...]
    population: tuple[Condition, ...] = ()
    group_by: tuple[AttributeId, ...] = Field(default=(), alias="group-by")
    measure: Literal["count"] = "count"
    area: Word
    benefit: Text
    asked_on: date = Field(alias="asked-on")
    use_until: date = Field(alias="use-until")

    @field_validator("attributes", mode="before")
    @classmethod
    def _from_mapping(cls, value: Any) -> Any:
        """Accept `attribute: why` as well, and put the rows in order."""
        if isinstance(value, Mapping):
            return [{"attribute": name, "why": why} for name, why in sorted(value.items())]
        return value

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        said = [wanted.attribute for wanted in self.attributes]
        if len(set(said)) != len(said):
            raise complain("An attribute is listed twice.", fix="Keep one of them.")
        if len(set(self.group_by)) != len(self.group_by):
            raise complain("An attribute is grouped by twice.", fix="Keep one of them.")
        silent = self.requested - set(said)
        if silent:
            raise complain(
                f"No reason is given for {', '.join(sorted(silent))}.",
                fix="Add it under `attributes:` with the reason why it is needed.",
            )
        if self.use_until < self.asked_on:
            raise complain("The use ends before the request was made.", fix="Put `use-until` after `asked-on`.")
        return self

    @property
    def requested(self) -> frozenset[str]:
        """Every attribute asked for, whether to show, to select by or to group by."""
        return frozenset(
            [wanted.attribute for wanted in self.attributes]
            + [c.attribute for c in self.population]
            + list(self.group_by)
        )

    @cached_property
    def digest(self) -> str:
        """The digest of the canonical form."""
        return digest(self)

    def why(self) -> dict[str, str]:
        """The reason given for each attribute."""
        return {wanted.attribute: wanted.why for wanted in self.attributes}

    def without(self, attributes: Set[str]) -> Request:
        """The same request with these attributes gone from wherever they were used."""
        return self.model_copy(
            update={
                "attributes": tuple(w for w in self.attributes if w.attribute not in attributes),
                "population": tuple(c for c in self.population if c.attribute not in attributes),
                "group_by": tuple(name for name in self.group_by if name not in attributes),
            }
        )
