"""How a table of any tool was, or is to be, protected: what its readers are told, and what an output checker demands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from policies.disclosure.rounding import Rule
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE
from policies.reading import Count, Document, Switch, complain, read

TOTAL: Final = "Total"
Number = Annotated[float, BeforeValidator(lambda value: _number(value))]
Code = str
THOUSANDTHS: Final = 1_000
ROUNDING: Final = 1e-6
MOST_DIGITS: Final = 3
"""After the point of a mean, a rate or a sum."""
DEFAULT_SUPPRESS: Final = 7
DEFAULT_ROUND_TO: Final = 5
DEFAULT_THRESHOLD: Final = 10
"""In exact mode. The Office for National Statistics and ACRO take 10."""


class SumRules(Document):
    """The rules of a table's sums: which tell too much about one person, how they are printed, and what range a hidden one keeps.

    `of`: what is summed; tables are read together where this is the same. `unit`: every true sum is a multiple of it, as readers know. `step`: sums are printed rounded to it.
    `threshold`, `n`, `k`, `p`: see `magnitude.Dominance`; `n` is at most 2, for a table names two contributions a cell. `p` also stands for what must stay uncertain on
    either side of such a sum, as a share of its largest contribution. `width`: the range of every hidden sum, as a share of its upper end.
    `mean`, `rate`: sum over count, and that per 1,000, are printed besides, with so many digits after the point.
    `least_per_person`, `most_per_person`: between which two numbers each person's contribution lies, as readers know beforehand.
    """

    of: Annotated[str, Field(min_length=1, max_length=40)] = "sum"
    unit: Annotated[Number, Field(gt=0)] = 1.0
    step: Annotated[Number, Field(gt=0)] = 1.0
    threshold: Annotated[Count, Field(ge=1)] = DEFAULT_THRESHOLD
    n: Annotated[Count, Field(ge=1, le=2)] = 2
    k: Annotated[Number, Field(gt=0, le=1)] = 0.9
    p: Annotated[Number, Field(gt=0, le=1)] = 0.1
    width: Annotated[Number, Field(gt=0, lt=1)] = 0.1
    mean: Annotated[Count, Field(le=MOST_DIGITS)] | None = None
    rate: Annotated[Count, Field(le=MOST_DIGITS)] | None = None
    least_per_person: Annotated[Number, Field(ge=0)] = 0.0
    most_per_person: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> SumRules:
        unit, step = self.unit * THOUSANDTHS, self.step * THOUSANDTHS
        if self.most_per_person is not None and self.most_per_person <= self.least_per_person:
            raise complain(
                "The most that one person contributes is no more than the least.",
                fix="Write `least_per_person` below `most_per_person`.",
            )
        if abs(unit - round(unit)) > ROUNDING or abs(step - round(step)) > ROUNDING or not round(unit):
            raise complain(
                "A unit and a step have at most three digits after the point.", fix="Write 0.01 for pence."
            )
        if round(step) % round(unit):
            raise complain("The step is no multiple of the unit.", fix="Print to 1, 10 or 100 units.")
        return self

    @property
    def units(self) -> tuple[int, int]:
        """The unit and the step in thousandths."""
        return round(self.unit * THOUSANDTHS), round(self.step * THOUSANDTHS)

    @property
    def per_person(self) -> tuple[float, float]:
        """What one person contributes at least and at most, in thousandths; infinite where readers know no limit."""
        most = inf if self.most_per_person is None else float(round(self.most_per_person * THOUSANDTHS))
        return float(round(self.least_per_person * THOUSANDTHS)), most


class TableRules(Document):
    """The rules of one table.

    `mode`: counts are rounded, or those that stay are exact. `suppress`: counts from 1 to this are hidden (`threshold` is one more).
    `totals`: sums of the rounded cells, rounded each on its own, or exact. `total`: what a total is called. `width`: every hidden count must keep a range at least so wide.
    `cost`: what hiding a cell costs besides its share in `weights`. `hierarchies`: for each dimension, child to parent or parents.
    `missing`: what a combination without a row is. `restricted_to`: the table counts those alone who have these values. `sums`: the rules of its sums; None in a
    table of counts alone.
    """

    mode: Literal["rounded", "exact"] = "rounded"
    suppress: Count | None = None
    threshold: Count | None = None
    round_to: Annotated[Count, Field(ge=1)] | None = None
    hide_zeros: Switch = False
    totals: Literal["sums", "rounded", "exact"] | None = None
    marker: Annotated[str, Field(min_length=1, max_length=10)] = HIDDEN
    total: Annotated[str, Field(min_length=1, max_length=40)] = TOTAL
    width: Count | None = None
    cost: Literal["counts", "cells"] = "counts"
    weights: Mapping[str, Mapping[Code, Annotated[Number, Field(gt=0)]]] = {}
    hierarchies: Mapping[str, Mapping[Code, Code | tuple[Code, ...]]] = {}
    missing: Literal["zero", "unknown"] | None = None
    restricted_to: Mapping[str, tuple[Code, ...]] = {}
    sums: SumRules | None = None

    @model_validator(mode="after")
    def _fits(self) -> TableRules:
        if self.suppress is not None and self.threshold is not None:
            raise complain(
                "`suppress` and `threshold` are both given.", fix="Keep one: a threshold of 10 is suppress 9."
            )
        if self.threshold == 0:
            raise complain("A threshold is at least 1.", fix="Write the smallest count that may be shown.")
        if self.mode == "exact" and (self.round_to not in (None, 1) or self.totals not in (None, "exact")):
            raise complain("In exact mode nothing is rounded.", fix="Leave `round_to` and `totals` out.")
        if self.marker == NOT_APPLICABLE or self.marker.isdecimal():
            raise complain(f"A marker can be neither a number nor {NOT_APPLICABLE}.", fix=f"Use {HIDDEN}.")
        return self

    @property
    def exact(self) -> bool:
        """Whether printed counts are true counts."""
        return self.mode == "exact"

    @property
    def rule(self) -> Rule:
        """What is hidden and rounded, in numbers."""
        usual = DEFAULT_THRESHOLD - 1 if self.exact else DEFAULT_SUPPRESS
        given = self.suppress if self.threshold is None else self.threshold - 1
        return Rule(
            usual if given is None else given,
            1 if self.exact else (DEFAULT_ROUND_TO if self.round_to is None else self.round_to),
            self.hide_zeros,
        )

    @property
    def wanted(self) -> int:
        """The width of range that every hidden count must keep: as wide as that of the counts which are hidden for being small, if nothing else is given."""
        own = max(self.rule.largest_hidden - 1, 1)
        return own if self.width is None else self.width if self.exact else min(self.width, own)

    @property
    def most_hidden(self) -> float:
        """The largest count that a hidden one can be, as readers know. Beside a hidden sum any count is hidden."""
        return inf if self.exact or self.sums is not None else float(self.rule.largest_hidden)

    @property
    def total_kind(self) -> Literal["sums", "rounded", "exact"]:
        """What a total is."""
        return "exact" if self.exact else (self.totals or "sums")

    def parents(self, dimension: str) -> dict[Code, tuple[Code, ...]]:
        """Each child's parents in one dimension."""
        given = self.hierarchies.get(dimension, {})
        return {child: (up,) if isinstance(up, str) else tuple(up) for child, up in given.items()}


def load_rules(text: str, *, name: str) -> TableRules:
    """The rules that a YAML text states; `name` is what an error calls it.

    Raises:
        DocumentInvalid: it states none, with the line, the column and the fix of every problem.
    """
    return read(text, model=TableRules, name=name)


def _number(text: Any) -> Any:
    return (
        text
        if not isinstance(text, str) or re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", text, re.ASCII)
        else "no number"
    )
