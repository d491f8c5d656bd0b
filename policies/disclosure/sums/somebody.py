"""Where sums show that somebody is there: a sum above nothing is not that of nobody, and nobody has a mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.joint import Joint, Reading, joint
from policies.disclosure.programs import Programs
from policies.disclosure.reader import readings_of
from policies.disclosure.sums.magnitudes import Magnitudes
from policies.disclosure.sums.ranges import LARGEST, largest, scaled
from policies.disclosure.sums.reading import ratio_limits, sum_reading
from policies.disclosure.system import Room, System, room
from policies.disclosure.table import HIDDEN

MOST_ASKED: Final = 40
"""Sums that are asked for one by one whether they can be 0. Of the others readers are taken to know that they cannot."""
EFFORT: Final = 60_000_000
"""As `Solution.spent`, after which no more are asked for."""
NOTHING: Final = 0.5
"""In thousandths: a sum below it is 0."""
PRECISE: Final = 4e-9
Places = NDArray[np.int64]


def somebody(tables: Sequence[Magnitudes], *, of: str | None) -> list[Reading]:
    """For each table, its hidden counts whose sums cannot be 0, as far as the printed sums of all tables tell, and those with a true mean or rate: a reader knows that they are at least 1."""
    readings = readings_of([one.counts for one in tables])
    sums = joint([sum_reading(one, table=table, of=of) for one, table in zip(readings, tables, strict=True)])
    asked = np.unique(
        np.concatenate([rows[one.table.hidden] for rows, one in zip(sums.rows, readings, strict=False)])
    )
    known = set(_above_nothing(sums, asked).tolist())
    found = []
    for rows, one, table in zip(sums.rows, readings, tables, strict=False):
        means = {n for measure in table.ratios for n, _, _ in ratio_limits(table, measure)}
        held = [n for n in np.flatnonzero(one.table.hidden) if int(rows[n]) in known or n in means]
        if held:
            codes = tuple(one.table.codes[n] for n in held)
            counted = replace(one.table, codes=codes, shown=len(held) * (HIDDEN,))
            found.append(Reading(counted, one.grid, hidden_from=1, absent=0))
    return found


def _above_nothing(sums: Joint, asked: Places) -> Places:
    """Which of these rows have a sum above 0 however the sums may be; none if they contradict each other."""
    by = max(largest(sums.system) / LARGEST, 1.0)
    system = scaled(sums.system, by=by)
    least = max(NOTHING / by, PRECISE * largest(system))
    within = room(system)
    if within is None:
        return asked[:0]
    above = np.maximum(within.of(system.matrix)[0], system.low)[asked] > least
    return np.concatenate([asked[above], _never_nothing(system, asked[~above], within=within, least=least)])


def _never_nothing(system: System, asked: Places, *, within: Room, least: float) -> Places:
    """Which of these sums can never be 0. Many are made as small as they can be together first, which shows of most of the others that they can be."""
    programs = Programs(system, least=within.least, most=within.most)
    together, one_by_one = True, 0
    certain: list[int] = []
    while len(asked) and one_by_one < MOST_ASKED and programs.spent < EFFORT:
        these = asked if together else asked[:1]
        objective = np.asarray(system.matrix[these].sum(axis=0), dtype=np.float64)
        found = programs.push(objective).counts
        if found is None:
            break
        can = system.matrix[asked] @ found <= least
        if not together:
            one_by_one += 1
            if not can[0]:
                certain.append(int(asked[0]))
                can[0] = True
        together = together and bool(can.any())
        asked = asked[~can]
    return np.concatenate([np.array(certain, dtype=np.int64), asked])
