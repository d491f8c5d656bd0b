"""The request: who asks, for what, about whom and in what form. The Five Safes as one page.

Whatever selects or divides people tells something about them, so an attribute used in a condition or to group by counts
as requested, and needs a reason like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from policies.canonical import ADDED, digest
from policies.catalogue import AttributeId
from policies.cohort import Selection, Series, Window
from policies.problems import Path
from policies.reading import Day, Document, complain

RATES: Final = "rate-table"
SERIES: Final = "time-series"
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class Wanted(Document):
    """One attribute and why it is needed."""

    attribute: AttributeId
    why: Text


class Request(Document):
    """One request for linked figures.

    `purpose`, `form`, `role` and `area` are plain words here: the engine denies those that it does not know, so a request
    written in another vocabulary is refused and not misread. `among`: of whom a rate is told; an empty list is everybody. `series`: the periods of a
    series over time.
    """

    format: Literal["linkage-request/v1"] = "linkage-request/v1"
    project: Word
    requester: Word
    role: Word
    organisation: Text
    purpose: Word
    form: Word
    attributes: tuple[Wanted, ...]
    population: tuple[Selection, ...] = ()
    group_by: tuple[AttributeId, ...] = Field(default=(), alias="group-by")
    measure: Literal["count"] = "count"
    area: Word
    benefit: Text
    asked_on: Day = Field(alias="asked-on")
    use_until: Day = Field(alias="use-until")
    among: tuple[Selection, ...] | None = Field(default=None, json_schema_extra=ADDED)
    series: Series | None = Field(default=None, json_schema_extra=ADDED)

    @field_validator("attributes", mode="before")
    @classmethod
    def _from_mapping(cls, value: Any) -> Any:
        """Accept `attribute: why` as well, and put the rows in order."""
        if not isinstance(value, Mapping):
            return value
        for name, why in value.items():
            try:
                Wanted(attribute=name, why=why)
            except ValidationError as error:
                said = error.errors(include_url=False)[0].get("ctx", {})
                message = str(said.get("message", f"No reason is given for {str(name)[:60]}."))
                raise complain(
                    message, fix=str(said.get("fix", "Write why it is needed.")), at=(name,)
                ) from None
        return [{"attribute": name, "why": why} for name, why in sorted(value.items())]

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for fault in self._faults():
            raise fault
        return self

    def _faults(self) -> Iterator[PydanticCustomError]:
        said: set[str] = set()
        for number, wanted in enumerate(self.attributes):
            if wanted.attribute in said:
                at: Path = ("attributes", number)
                yield complain("An attribute is listed twice.", fix="Keep one of them.", at=at)
            said.add(wanted.attribute)
        for number, name in enumerate(self.group_by):
            if name in self.group_by[:number]:
                at = ("group-by", number)
                yield complain("An attribute is grouped by twice.", fix="Keep one of them.", at=at)
        for form, given, word in ((RATES, self.among, "among"), (SERIES, self.series, "series")):
            if given is not None and self.form != form:
                fix = f"Ask for form: {form}, or leave it out."
                yield complain(f"`{word}` is for {form} alone.", fix=fix, at=(word,))
        used: list[tuple[Path, frozenset[str]]] = [
            *((("population", number), one.attributes) for number, one in enumerate(self.population)),
            *((("among", number), one.attributes) for number, one in enumerate(self.among or ())),
            *((("series",), frozenset({one.attribute})) for one in (self.series,) if one),
            *((("group-by", number), frozenset({name})) for number, name in enumerate(self.group_by)),
        ]
        for at, names in used:
            if silent := sorted(names - said):
                fix = "Add it under `attributes:` with the reason why it is needed."
                yield complain(f"No reason is given for {', '.join(silent)}.", fix=fix, at=at)
        if self.use_until < self.asked_on:
            fix = "Put `use-until` after `asked-on`."
            yield complain("The use ends before the request was made.", fix=fix, at=("use-until",))

    @property
    def requested(self) -> frozenset[str]:
        """Every attribute asked for, whether to show, to select by or to group by."""
        return frozenset(
            [wanted.attribute for wanted in self.attributes]
            + [name for one in self.conditions for name in one.attributes]
            + list(self.group_by)
            + [one.attribute for one in (self.series,) if one]
        )

    @property
    def conditions(self) -> tuple[Selection, ...]:
        """Every condition on who is counted, and on whom a rate is told of."""
        return (*self.population, *(self.among or ()))

    @property
    def windowed(self) -> tuple[frozenset[str], ...]:
        """The dated attributes that are used together as dates are meant to be: the two of each window, and that of a series."""
        windows = [one.attributes for one in self.conditions if isinstance(one, Window)]
        return (*windows, *(frozenset({one.attribute}) for one in (self.series,) if one))

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
                "population": tuple(one for one in self.population if not one.attributes & attributes),
                "group_by": tuple(name for name in self.group_by if name not in attributes),
                "among": None
                if self.among is None
                else tuple(one for one in self.among if not one.attributes & attributes),
                "series": None if self.series and self.series.attribute in attributes else self.series,
            }
        )
