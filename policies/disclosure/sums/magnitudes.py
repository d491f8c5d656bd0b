"""A table with sums beside its counts, and its numbers in thousandths, so that they add up exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policies.disclosure.errors import TableInvalid
from policies.disclosure.printed import Printed
from policies.disclosure.rules import MOST_DIGITS, THOUSANDTHS, SumRules
from policies.disclosure.table import HIDDEN

COUNT: Final = "count"
SUM: Final = "sum"
MEAN: Final = "mean"
RATE: Final = "rate"
LARGEST: Final = "largest"
SECOND: Final = "second"
PER: Final = {MEAN: 1, RATE: 1_000}


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """One table. `counts` has the cells and their counts; `columns` what stands in each other column, a text a cell.

    A table to be printed has `sum` and may have `mean` and `rate`; one to be protected has `sum`, `largest` and `second`.
    """

    counts: Printed
    columns: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        if any(len(one) != len(self.counts.codes) for one in self.columns.values()):
            raise TableInvalid(f"{self.counts.name}: every cell has one number in every column")

    @property
    def of(self) -> str | None:
        """What is summed; None in a table of counts alone."""
        return self.rules.of if SUM in self.columns or self.ratios else None

    @property
    def rules(self) -> SumRules:
        """The rules of its sums; the usual ones where none are known."""
        rules = self.counts.rules
        return SumRules() if rules is None or rules.sums is None else rules.sums

    @property
    def ratios(self) -> tuple[str, ...]:
        """Which of mean and rate it prints."""
        return tuple(one for one in PER if one in self.columns)

    def hides(self, codes: tuple[str, ...], *, measure: str) -> bool:
        """Whether it prints a marker for the count or the sum of these categories."""
        shown = self.counts.shown if measure == COUNT else self.columns.get(measure, ())
        at = self.counts.at.get(codes)
        return at is not None and at < len(shown) and shown[at] == HIDDEN


def thousandths(text: str) -> int:
    """A number with up to three digits after the point, in thousandths."""
    whole, _, rest = text.partition(".")
    return int(whole) * THOUSANDTHS + int(rest.ljust(MOST_DIGITS, "0"))


def in_digits(value: int, *, step: int) -> str:
    """A number of thousandths, with as many digits after the point as its step has."""
    digits = next(n for n in range(MOST_DIGITS + 1) if step % 10 ** (MOST_DIGITS - n) == 0)
    whole, rest = divmod(value, THOUSANDTHS)
    return f"{whole}.{rest:03d}"[: len(str(whole)) + 1 + digits].rstrip(".") if digits else str(whole)
