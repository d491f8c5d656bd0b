"""What an attack on counts and sums together says: every cell's range by measure, and every hidden number that could be narrowed down too far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from policies.disclosure.reader import Attack
from policies.disclosure.rules import THOUSANDTHS
from policies.disclosure.sums.magnitudes import COUNT
from policies.disclosure.system import WHOLE

DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """One count or sum: what is printed there, and the range of the true number; `upper` None for no limit."""

    codes: tuple[str, ...]
    measure: str
    status: str
    value: float | None
    lower: float
    upper: float | None


@dataclass(frozen=True, slots=True)
class Given:
    """One published number: its table, its categories by dimension, which of the numbers there, and what is printed."""

    table: str
    cell: tuple[tuple[str, str], ...]
    measure: str
    printed: str


@dataclass(frozen=True, slots=True)
class Told:
    """A hidden number with too narrow a range: in which table, the range, and the published numbers that give it away.

    `known_to`: the cell, of the table that is attacked, whose largest contributor alone can tell, by what they contribute; None where every reader can.
    If not `settled`, it was not found out whether the range is too narrow, and none of it can be ruled out; `because` then names the true means and rates without which it could be.
    """

    table: str
    dimensions: tuple[str, ...]
    codes: tuple[str, ...]
    measure: str
    lower: float
    upper: float
    because: tuple[Given, ...]
    known_to: tuple[str, ...] | None = None
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """Every number of the table, and every hidden one of any table that a reader could narrow down too far. `hidden`: how many there are, by measure."""

    cells: tuple[Measured, ...]
    findings: tuple[Told, ...]
    hidden: Mapping[str, int]
    tables: int

    @property
    def safe(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def counts_measured(attack: Attack) -> tuple[Measured, ...]:
    """The counts of an attack on counts alone."""
    return tuple(
        Measured(one.codes, COUNT, one.status, one.value, one.lower, one.upper) for one in attack.cells
    )


def counts_told(attack: Attack) -> tuple[Told, ...]:
    """The findings of an attack on counts alone."""
    return tuple(
        Told(
            one.table,
            one.dimensions,
            one.codes,
            COUNT,
            one.lower,
            one.upper,
            tuple(Given(p.table, p.cell, COUNT, p.printed) for p in one.because),
            settled=one.settled,
        )
        for one in attack.findings
    )


def reported(measure: str, low: float, high: float) -> tuple[float, float]:
    """As a report gives them: whole people; sums in their own unit."""
    if measure == COUNT:
        return ceil(low - WHOLE), floor(high + WHOLE)
    return reported_sum(low), reported_sum(high)


def reported_sum(value: float) -> float:
    """So many thousandths, in the unit that sums are printed in."""
    number = round(value / THOUSANDTHS, DIGITS)
    return int(number) if number == int(number) else number
