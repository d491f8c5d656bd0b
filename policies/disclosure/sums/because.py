"""Which published numbers give a hidden sum or count away: those from which alone the same range follows.

Method: as `policies.disclosure.because`, by the dual solutions of the two linear programs; each is solved again with the numbers named alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from policies.disclosure.because import published_numbers
from policies.disclosure.printed import Printed
from policies.disclosure.sums.magnitudes import COUNT
from policies.disclosure.sums.result import Given
from policies.disclosure.sums.statements import Statements, first_of_sums
from policies.disclosure.system import dual

SUPPORTS: Final = (1e-7, 0.0)
"""A dual value above this counts; the second, where the numbers so named do not give the range away by themselves."""
NEAR: Final = 1e-6
FEW_TIED: Final = 4
FEW: Final = 60
"""Unknowns in one statement, up to which it belongs to what lies close by: at first those about the unknowns themselves, then equations."""
MOST_WHOLE: Final = 60_000
"""Coefficients of all programs of one attack that ask every statement; beyond, only what lies close by is asked."""
Ints = NDArray[np.int64]


@dataclass(slots=True, eq=False)
class Explaining:
    """What one attack may still ask every statement for its findings, as `MOST_WHOLE`."""

    left: int = MOST_WHOLE


def giving_away(
    together: Statements,
    row: int,
    *,
    tables: Sequence[Printed],
    ends: tuple[float, float],
    effort: Explaining,
) -> tuple[Given, ...]:
    """The numbers from which the range of the sum or count in this row of the system follows; none where it takes more than the `effort` that is left. `tables`: the counts. `ends`: the range."""
    named: dict[Given, None] = {}
    first = first_of_sums(together)
    near = _near(together, row)
    by = float(together.by[row])
    for sign, end in zip((1.0, -1.0), ends, strict=True):
        used = _used(together, row, sign, near=near, value=sign * end / by, effort=effort)
        if used is None:
            return ()
        upper, lower = used
        for n in map(int, upper):
            of_sums = 0 <= n - first < len(together.nobody)
            if of_sums and together.nobody[n - first]:
                counts = published_numbers(together.counts, n - first, tables=tables, range_=(0.0, 0.0))
                named |= dict.fromkeys(Given(one.table, one.cell, COUNT, one.printed) for one in counts)
            else:
                named[together.upper[n]] = None
        named |= dict.fromkeys(together.lower[int(n)] for n in lower)
    return tuple(named)


def _near(together: Statements, row: int) -> Ints:
    """Statements about what this row takes in, and those about single unknowns in these, from which most that is given away follows."""
    matrix = together.system.matrix
    size = np.diff(matrix.indptr)
    whether = csr_array((np.ones(len(matrix.data)), matrix.indices, matrix.indptr), shape=matrix.shape)
    rows = np.arange(len(size)) == row
    for most in (FEW_TIED, FEW, FEW_TIED):
        inside = np.asarray(whether.T @ rows.astype(np.float64)) > 0
        rows |= (np.asarray(whether @ inside.astype(np.float64)) > 0) & (size <= most)
    return np.flatnonzero(rows)


def _used(
    together: Statements, row: int, sign: float, *, near: Ints, value: float, effort: Explaining
) -> tuple[Ints, Ints] | None:
    """Rows whose upper end, and rows whose lower end, hold this sum up at one of its ends; None if no effort is left to find them."""
    every = np.arange(len(together.by))
    none = np.zeros(0, dtype=np.int64)
    found = _least(together, row, sign, upper=near, lower=near)
    if found is not None and not _same(found[0], value):
        if effort.left <= 0:
            return None
        effort.left -= int(together.system.matrix.nnz)
        near = every
        found = _least(together, row, sign, upper=every, lower=every)
    if found is None:
        return none, none
    least, above, below = found
    for support in SUPPORTS:
        upper, lower = near[above > support], near[below > support]
        again = _least(together, row, sign, upper=upper, lower=lower)
        if again is not None and _same(again[0], least):
            return upper, lower
    return every[np.isfinite(together.system.high)], every[together.system.low > 0]


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= NEAR * max(abs(other), 1.0)


def _least(
    together: Statements, row: int, sign: float, *, upper: Ints, lower: Ints
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]] | None:
    """The sum's least value times the sign, as these ends of rows alone say, and each one's dual value."""
    system = together.system
    rows = vstack([system.matrix[upper], -system.matrix[lower], system.matrix[[row]]]).tocsr()
    columns = np.unique(rows.indices)
    rows = csr_array(rows[:, columns])
    found = dual(
        sign * rows[[-1]].toarray().ravel(),
        rows=csr_array(rows[:-1]),
        limits=np.concatenate([system.high[upper], -system.low[lower]]),
        signed=False,
    )
    return None if found is None else (found[0], found[1][: len(upper)], found[1][len(upper) :])
