"""Which hidden counts and sums have to keep a range, and what range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from policies.disclosure.sums.magnitudes import COUNT, SUM, Magnitudes
from policies.disclosure.sums.ranges import Demand
from policies.disclosure.sums.statements import Statements, demand_of, first_of_sums
from policies.disclosure.sums.telling import Sides


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One hidden number that has to keep a range: its row among the rows of counts and sums, and in the system."""

    measure: str
    row: int
    place: int


def targets_of(tables: Sequence[Magnitudes], together: Statements, sides: Sides) -> tuple[list[Target], Demand]:
    """Those of the statements, and what is demanded of them. `sides`: what whoever protects the table knows besides."""
    rows, demand = demand_of(tables, together)
    for n, row in enumerate(rows):
        for one in together.sums.said[int(row)]:
            if one.table == 0 and one.codes in sides:
                demand.low_at_most[n] = min(demand.low_at_most[n], sides[one.codes].low)
                demand.high_at_least[n] = max(demand.high_at_least[n], sides[one.codes].high)
    if not together.entangled:
        return [Target(SUM, int(row), int(row)) for row in rows], demand
    people = together.counts.demanded
    first = first_of_sums(together)
    targets = [Target(COUNT, int(row), int(row)) for row in people]
    targets += [Target(SUM, int(row), first + int(row)) for row in rows]
    none, ones, free = np.zeros(len(people)), np.ones(len(people)), np.full(len(people), inf)
    both = Demand(
        np.concatenate([none, demand.share]),
        np.concatenate([together.counts.wanted, demand.width]),
        np.concatenate([ones, demand.unit]),
        np.concatenate([free, demand.low_at_most]),
        np.concatenate([-free, demand.high_at_least]),
    )
    return targets, both
