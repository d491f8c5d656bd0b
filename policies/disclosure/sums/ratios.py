"""What true means and rates beside hidden numbers leave open that ranges do not show: gaps between the counts that fit, and what is not settled because of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.sums.magnitudes import COUNT, SUM, Magnitudes
from policies.disclosure.sums.ranges import Demand, Found
from policies.disclosure.sums.result import Given, Told, reported
from policies.disclosure.sums.statements import Statements
from policies.disclosure.sums.targets import Target
from policies.disclosure.system import room

Ints = NDArray[np.int64]


def few_fit(together: Statements, targets: Sequence[Target], found: Found, demand: Demand) -> Ints:
    """The counts of which a true mean or rate leaves fewer whole numbers than there are in a range as wide as they have to keep."""
    place = {(one.measure, one.row): n for n, one in enumerate(targets)}
    few = []
    for one in together.ratios:
        n = place.get((COUNT, one.count))
        if n is None:
            continue
        at = place.get((SUM, one.sum))
        own = together.sums.system
        low, high = (own.low, own.high) if at is None else (found.least, found.most)
        ends = low[one.sum if at is None else at], high[one.sum if at is None else at]
        left = one.fits((found.least[n], found.most[n]), ends, unit=together.unit)
        if left < demand.width[n] + 1:
            few.append(n)
    return np.array(few, dtype=np.int64)


def beside(together: Statements, target: Target) -> tuple[Given, ...]:
    """The true means and rates of this number, without which it could be settled."""
    return tuple(
        one.given
        for one in together.ratios
        if target.row == (one.count if target.measure == COUNT else one.sum)
    )


def unsettled_inside(tables: Sequence[Magnitudes], together: Statements) -> tuple[Told, ...]:
    """Sums with true means or rates that not all counts fit: what people inside could tell with these is looked at as if sums were any numbers, so it is not known."""
    known, found = room(together.counts.system), []
    for one in together.ratios:
        if known is None:
            break
        low, high = (float(end[0]) for end in known.of(together.counts.system.matrix[[one.count]]))
        first = next(
            (s for s in together.sums.said[one.sum] if tables[s.table].hides(s.codes, measure=SUM)), None
        )
        if first is None or low == high or not one.skips((low, high), unit=together.unit):
            continue
        counts = tables[first.table].counts
        fewest = max(low, 1.0)
        ends = reported(SUM, one.least * fewest, one.most * (fewest if isinf(high) else high))
        found.append(Told(counts.name, counts.dimensions, first.codes, SUM, *ends, (one.given,), settled=False))
    return tuple(found)
