"""Which published numbers give a hidden sum or count away: those from which alone the same range follows.

Method: as `policies.disclosure.because`, by the dual solutions of the two linear programs; each is solved again with the numbers named alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack

from policies.disclosure.because import published_numbers
from policies.disclosure.printed import Printed
from policies.disclosure.sums.magnitudes import COUNT
from policies.disclosure.sums.result import Given
from policies.disclosure.sums.statements import Statements
from policies.disclosure.system import dual

SUPPORTS: Final = (1e-7, 0.0)
"""A dual value above this counts; the second, where the numbers so named do not give the range away by themselves."""
NEAR: Final = 1e-6


def giving_away(together: Statements, row: int, *, tables: Sequence[Printed]) -> tuple[Given, ...]:
    """The numbers from which the range of the sum in this row of the system follows. `tables`: the counts."""
    named: dict[Given, None] = {}
    first = len(together.nobody) if together.entangled else 0
    for sign in (1.0, -1.0):
        upper, lower = _used(together, row, sign)
        for n in map(int, upper):
            of_sums = 0 <= n - first < len(together.nobody)
            if of_sums and together.nobody[n - first]:
                counts = published_numbers(together.counts, n - first, tables=tables, range_=(0.0, 0.0))
                named |= dict.fromkeys(Given(one.table, one.cell, COUNT, one.printed) for one in counts)
            else:
                named[together.upper[n]] = None
        named |= dict.fromkeys(together.lower[int(n)] for n in lower)
    return tuple(named)


def _used(together: Statements, row: int, sign: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows whose upper end, and rows whose lower end, hold this sum up at one of its ends."""
    every = np.arange(len(together.by))
    none = np.zeros(0, dtype=np.int64)
    found = _least(together, row, sign, upper=every, lower=every)
    if found is None:
        return none, none
    value, above, below = found
    for support in SUPPORTS:
        upper, lower = np.flatnonzero(above > support), np.flatnonzero(below > support)
        again = _least(together, row, sign, upper=upper, lower=lower)
        if again is not None and abs(again[0] - value) <= NEAR * max(abs(value), 1.0):
            return upper, lower
    return every[np.isfinite(together.system.high)], every[together.system.low > 0]


def _least(
    together: Statements, row: int, sign: float, *, upper: NDArray[np.int64], lower: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]] | None:
    """The sum's least value times the sign, as these ends of rows alone say, and each one's dual value."""
    system = together.system
    found = dual(
        sign * system.matrix[[row]].toarray().ravel(),
        rows=vstack([system.matrix[upper], -system.matrix[lower]]).tocsr(),
        limits=np.concatenate([system.high[upper], -system.low[lower]]),
        signed=False,
    )
    return None if found is None else (found[0], found[1][: len(upper)], found[1][len(upper) :])
