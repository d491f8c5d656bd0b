"""Who is counted: conditions on attributes, and windows of time around an event. A closed language, without expressions.

A window looks at two dated attributes of one person. The event it is set around is the person's earliest one; the other
may be any of theirs. Both are of a closed list of lengths, so that two requests never differ by a single day, and the lengths
divide time into the same pieces for everybody: that is how the disclosure rules see that one window lies inside another.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from policies.catalogue import AttributeId
from policies.reading import Count, Document, Period, complain
from policies.terms import WINDOWS

Value = Annotated[str, StringConstraints(min_length=1, max_length=4000)]

Year = Annotated[Count, Field(ge=1900, le=2200)]
MOST_YEARS: Final = 10

OTHERWISE: Final = "later, earlier or never"
"""The piece of time that no window keeps, which is also where everybody without one of the two events is."""


def _length(days: int) -> int:
    if days in WINDOWS:
        return days
    lengths = ", ".join(map(str, WINDOWS))
    raise complain(f"{days} days is no length of a window.", fix=f"Use one of {lengths}.")


class Condition(Document):
    """One condition on who is counted: the attribute is, is not, or is one of, these values."""

    attribute: AttributeId
    op: Literal["is", "is-not", "in"]
    values: tuple[Value, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if self.op != "in" and len(self.values) != 1:
            raise complain(f"“{self.op}” takes one value.", fix="Use “in” for several values.", at=("values",))
        return self

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes it looks at."""
        return frozenset({self.attribute})


class Window(Document):
    """One window on who is counted: the attribute's day lies within so many days after, or before, the day of the other.

    After includes the day itself, before does not.
    """

    attribute: AttributeId
    op: Literal["within-days-after", "within-days-before"]
    of: AttributeId
    days: Annotated[Count, AfterValidator(_length)]

    @model_validator(mode="after")
    def _two_events(self) -> Self:
        if self.attribute == self.of:
            fix = "Name another dated attribute under “of”."
            raise complain("An event is not set beside itself.", fix=fix, at=("of",))
        return self

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes it looks at."""
        return frozenset({self.attribute, self.of})

    @property
    def values(self) -> tuple[str, ...]:
        """None: a window names no value."""
        return ()

    @property
    def dimension(self) -> str:
        """What the disclosure rules call the time between the two events."""
        return f"{self.attribute} {self.op} {self.of}"

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pieces that time is divided into, whatever the length of this window. Each person is in exactly one."""
        starts = (0 if self.op == "within-days-after" else 1, *(days + 1 for days in WINDOWS))
        named = (f"{first} to {last} days" for first, last in zip(starts, WINDOWS, strict=False))
        return (*named, OTHERWISE)

    @property
    def kept(self) -> tuple[str, ...]:
        """The pieces inside this window."""
        return self.pieces[: WINDOWS.index(self.days) + 1]


class Series(Document):
    """Time as a dimension: each person is counted in the month, quarter or year of their earliest day of a dated attribute.

    The span is whole years of the calendar, so that two requests never differ by a single day. Whoever has no such day in it is not counted.
    """

    attribute: AttributeId
    by: Period
    first_year: Year = Field(alias="first-year")
    last_year: Year = Field(alias="last-year")

    @model_validator(mode="after")
    def _spans(self) -> Self:
        if not self.first_year <= self.last_year < self.first_year + MOST_YEARS:
            fix = f"Name one year, or two with at most {MOST_YEARS} years from the first to the last."
            raise complain("The years are in no order, or too many.", fix=fix, at=("last-year",))
        return self

    @property
    def dimension(self) -> str:
        """What the disclosure rules call the time of the earliest event, whatever the periods."""
        return f"{self.attribute} first-on"

    @property
    def months(self) -> tuple[tuple[str, str], ...]:
        """Every month of the span, with the period that it is counted in, in the order of time."""
        years = range(self.first_year, self.last_year + 1)
        listed = [(year, month) for year in years for month in range(1, 13)]
        return tuple((f"{y:04d}-{m:02d}", _period_of(y, m, self.by)) for y, m in listed)

    @property
    def within(self) -> tuple[tuple[str, str], ...]:
        """Each month with its quarter and each quarter with its year."""
        pairs: dict[str, str] = {}
        for month, _ in self.months:
            year, number = int(month[:4]), int(month[5:])
            quarter = _period_of(year, number, "quarter")
            pairs |= {month: quarter, quarter: _period_of(year, number, "year")}
        return tuple(pairs.items())


def _period_of(year: int, month: int, by: str) -> str:
    return {
        "month": f"{year:04d}-{month:02d}",
        "quarter": f"{year:04d}-Q{(month + 2) // 3}",
        "year": f"{year:04d}",
    }[by]


Selection: TypeAlias = Annotated[Condition | Window, Field(discriminator="op")]


def attributes_of(dimension: str) -> frozenset[str]:
    """The attributes that a dimension of a table is about: one, or the two of a window."""
    return frozenset(dimension.split(" ")[::2])
