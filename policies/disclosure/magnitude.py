"""Sums, means and rates: which may be shown, and what is printed of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.errors import TableInvalid
from policies.disclosure.rules import DEFAULT_THRESHOLD
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE, PublishedTable

MOST_DIGITS: Final = 3
MOST_SHARE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Dominance:
    """When a sum tells about single contributors: too few of them, the `n` largest making up more than the share `k`, or the second largest able to
    work out the largest to within the share `p`. Source: Hundepool and others, Statistical Disclosure Control (2012), chapter 4; defaults are those of ACRO.
    """

    threshold: int = DEFAULT_THRESHOLD
    n: int = 2
    k: float = 0.9
    p: float = 0.1

    def __post_init__(self) -> None:
        if self.threshold < 1 or self.n < 1 or not (0 < self.k <= MOST_SHARE and 0 < self.p <= MOST_SHARE):
            raise TableInvalid("a dominance rule has counts from 1, and shares above 0 up to 1")


def tells_of_one(contributions: Sequence[float], *, rule: Dominance) -> bool:
    """Whether the sum of these contributions, one a person and none negative, tells too much about one of them.

    Raises:
        TableInvalid: a contribution is negative or no number.
    """
    values = np.sort(np.asarray(contributions, dtype=np.float64))[::-1]
    if not np.isfinite(values).all() or (values < 0).any():
        raise TableInvalid("contributions to a sum are numbers from 0")
    if len(values) < rule.threshold:
        return True
    total = float(values.sum())
    if total == 0:
        return False
    rest = total - float(values[:2].sum())
    return float(values[: rule.n].sum()) > rule.k * total or rest < rule.p * float(values[0])


def may_show(contributions: Sequence[Sequence[float]], *, rule: Dominance) -> NDArray[np.bool_]:
    """For each cell whether its sum, and so its mean, may be shown by the rule alone. What sums of several cells tell is for the attacker."""
    return np.array([not tells_of_one(one, rule=rule) for one in contributions], dtype=bool)


def ratio(
    numerator: PublishedTable, denominator: PublishedTable, *, per: int = 1, digits: int = 1
) -> tuple[str, ...]:
    """Each cell of one published table over that of another, times `per`: a mean, or a rate per 1,000.

    It is made of the two printed numbers, so it tells nothing that they do not; where either is hidden, it is too, and where there is nothing to divide by, it
    is not applicable.

    Raises:
        TableInvalid: the tables do not have the same cells, or more digits are asked for than a release carries.
    """
    if (numerator.layout.dimensions, numerator.layout.categories) != (
        denominator.layout.dimensions,
        denominator.layout.categories,
    ):
        raise TableInvalid("a rate needs two tables with the same dimensions and categories")
    if not 0 <= digits <= MOST_DIGITS or per < 1:
        raise TableInvalid(f"a rate is per 1 or more, with 0 to {MOST_DIGITS} digits after the point")
    step = Decimal(1).scaleb(-digits)
    return tuple(
        _ratio(above, below, per, step) for above, below in zip(numerator.cells, denominator.cells, strict=True)
    )


def _ratio(above: str, below: str, per: int, step: Decimal) -> str:
    for marker in (HIDDEN, NOT_APPLICABLE):
        if marker in (above, below):
            return marker
    if int(below) == 0:
        return NOT_APPLICABLE
    return str((Decimal(int(above)) * per / int(below)).quantize(step, ROUND_HALF_UP))
