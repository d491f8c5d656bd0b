"""What printed true means and rates say of a sum and the count beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack, vstack

from policies.disclosure.joint import Joint
from policies.disclosure.sums.each import Further
from policies.disclosure.sums.magnitudes import Magnitudes
from policies.disclosure.sums.reading import ratio_limits
from policies.disclosure.sums.result import Given
from policies.disclosure.system import System, room

Limit = tuple[tuple[int, int, str], float, float]
"""A table, a cell, and which of its ratios: the sum is between so many and so many times the count."""


def limits_of(tables: Sequence[Magnitudes], of: str | None) -> list[Limit]:
    """Every one that is printed in a table of these sums."""
    return [
        ((number, n, measure), least, most)
        for number, table in enumerate(tables)
        for measure in (table.ratios if table.of == of else ())
        for n, least, most in ratio_limits(table, measure)
    ]


def compared(
    tables: Sequence[Magnitudes], limits: Sequence[Limit], counts: Joint, sums: Joint, *, by: float
) -> Further:
    """Three rows for each printed mean or rate: the sum is at least and at most so many times the count, and somebody is counted, for nobody has a mean."""
    where = [(number, n) for (number, n, _), _, _ in limits]
    people = counts.system.matrix[[int(counts.rows[number][n]) for number, n in where]]
    total = sums.system.matrix[[int(sums.rows[number][n]) for number, n in where]]
    rows = [
        hstack([diags_array(-np.array([one[side] for one in limits], dtype=np.float64) / by) @ people, total])
        for side in (1, 2)
    ]
    nothing, free = np.zeros(len(limits)), np.full(len(limits), np.inf)
    rows.append(hstack([people, csr_array(total.shape)]))
    low = np.concatenate([nothing, -free, np.ones(len(limits))])
    high = np.concatenate([free, nothing, free])
    return Further(csr_array(vstack(rows)), low, high, _named(tables, limits) * 3)


def most_of_sums(
    tables: Sequence[Magnitudes], limits: Sequence[Limit], counts: Joint, sums: Joint, named: Sequence[Given]
) -> tuple[System, list[Given]]:
    """Sums no larger than their mean or rate and the most people they can be of allow, and the number behind each upper end."""
    known, high, behind = room(counts.system), sums.system.high.copy(), list(named)
    people = counts.system.high if known is None else known.of(counts.system.matrix)[1]
    for ((number, n, _), _, most), said in zip(limits, _named(tables, limits), strict=True):
        row = int(sums.rows[number][n])
        end = people[int(counts.rows[number][n])] * most
        if end < high[row]:
            high[row], behind[row] = end, said
    return replace(sums.system, high=high), behind


def cell_of(table: Magnitudes, codes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Its categories by dimension, as a finding names them."""
    return tuple(zip(table.counts.dimensions, codes, strict=True))


def _named(tables: Sequence[Magnitudes], limits: Sequence[Limit]) -> tuple[Given, ...]:
    return tuple(
        Given(
            tables[number].counts.name,
            cell_of(tables[number], tables[number].counts.codes[n]),
            measure,
            tables[number].columns[measure][n],
        )
        for (number, n, measure), _, _ in limits
    )
