"""Sums, means and rates: which may be shown, and what is printed of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from policies.disclosure.errors import TableInvalid
from policies.disclosure.rules import DEFAULT_THRESHOLD
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE

MOST_SHARE: Final = 1.0
MILLIONTHS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Dominance:
    """When a sum tells about single contributors: too few of them, the `n` largest making up more than the share `k`, or the second largest able to
    work out the largest to within the share `p`. Source: Hundepool and others, Statistical Disclosure Control (2012), chapter 4; defaults are those of ACRO.

    A sum of 0 over one person or more tells that each contributed nothing (ACRO: `zeros_are_disclosive`).
    """

    threshold: int = DEFAULT_THRESHOLD
    n: int = 2
    k: float = 0.9
    p: float = 0.1

    def __post_init__(self) -> None:
        if self.threshold < 1 or self.n < 1 or not (0 < self.k <= MOST_SHARE and 0 < self.p <= MOST_SHARE):
            raise TableInvalid("a dominance rule has counts from 1, and shares above 0 up to 1")


def tells(total: int, *, largest: int, foremost: int, rest: int, rule: Dominance) -> bool:
    """Whether a sum to which enough people contribute tells too much about one of them. `foremost`: the `n` largest contributions together; `rest`: all but the two largest."""
    k, p = (
        round(rule.k * MILLIONTHS),
        round(rule.p * MILLIONTHS),
    )  # so that a sum on the very limit is not a matter of rounding
    return total == 0 or MILLIONTHS * foremost > k * total or MILLIONTHS * rest < p * largest


def quotient(above: str, below: str, *, per: int, digits: int) -> str:
    """One printed number over another, times `per`, halves upwards: a mean, or a rate per 1,000.

    It is made of the two printed numbers, so it tells nothing that they do not. Where either is hidden, it is too, and where there is nothing to divide by, it is not applicable.
    """
    for marker in (HIDDEN, NOT_APPLICABLE):
        if marker in (above, below):
            return marker
    if Decimal(below) == 0:
        return NOT_APPLICABLE
    return str((Decimal(above) * per / Decimal(below)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
