"""Which published numbers give a hidden count away: few of them, from which alone the same range follows.

The dual solution of each of the two linear programs names them (Farkas; Schrijver, Theory of Linear and Integer Programming, 1986, section 7.8). Where whole people
narrow the range further than that, numbers are left out one by one for as long as the range still follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from policies.disclosure.bounds import ranges
from policies.disclosure.joint import Joint, Said
from policies.disclosure.pieces import limit
from policies.disclosure.printed import Printed
from policies.disclosure.system import WHOLE, System, dual, room, solve

MOST_TRIED: Final = 60
"""Numbers that are tried to be left out one by one."""
MOST_SEARCHED: Final = 100_000
"""Coefficients, beyond which nothing is said to give a count away: to find that out would take longer than the attack."""
SUPPORT: Final = 1e-7
FEW: Final = 30
"""Counts in one statement, up to which it belongs to what lies close by."""
LARGE: Final = 120
"""Counts, beyond which whole people are not looked for, and no numbers are left out one by one."""


@dataclass(frozen=True, slots=True)
class Published:
    """One published number: its table, its categories by dimension, and what is printed."""

    table: str
    cell: tuple[tuple[str, str], ...]
    printed: str


def giving_away(system: System, row: int, *, range_: tuple[float, float]) -> list[int]:
    """Rows of the system from which alone the range of the sum in this row follows; none where too many would have to be searched."""
    for close in (True, False):  # what lies close by mostly tells it, and is quickly asked
        near = _near(system, row, close=close)
        if system.matrix[near.rows].nnz > MOST_SEARCHED:
            return []
        support = sorted(_support(system, near, row, sign=1) | _support(system, near, row, sign=-1))
        if _follows(system, support, row, range_):
            return support
    rows = [int(n) for n in (*near.rows, *near.alone)]
    if len(near.columns) > LARGE or not _follows(system, rows, row, range_):
        return rows
    return _fewer(system, rows, row, range_)


def published_numbers(
    together: Joint, row: int, *, tables: Sequence[Printed], range_: tuple[float, float]
) -> tuple[Published, ...]:
    """The numbers from which the range of the sum in this row follows."""
    system = together.system
    support = giving_away(system, row, range_=range_)
    named = [one for n in support for one in _tightest(together.said[n])]
    return tuple(
        Published(
            tables[one.table].name,
            tuple(zip(tables[one.table].dimensions, one.codes, strict=True)),
            _printed(one, tables[one.table]),
        )
        for one in dict.fromkeys(named)
    )


def _printed(one: Said, table: Printed) -> str:
    return table.rules.marker if one.shown == "[c]" and table.rules else one.shown


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """What bears on a sum: rows that are connected with it through counts that no row states alone, these counts, and the rows that do state one alone."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    alone: NDArray[np.int64]


def _near(system: System, row: int, *, close: bool) -> _Near:
    """`close`: as far as two statements about few counts lead."""
    matrix = system.matrix
    says = (system.low > 0) | np.isfinite(system.high)
    if close:
        says &= np.diff(matrix.indptr) <= FEW
    alone = np.flatnonzero((np.diff(matrix.indptr) == 1) & (system.low == system.high))
    known = np.zeros(matrix.shape[1], dtype=bool)
    known[matrix[alone].indices] = True
    inside = np.zeros(matrix.shape[1], dtype=bool)
    inside[matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]] = True
    inside &= ~known
    rows = np.zeros(matrix.shape[0], dtype=bool)
    for _ in range(2 if close else matrix.shape[1]):
        rows = (matrix @ inside.astype(np.float64) > 0) & says
        reached = (matrix.T @ rows.astype(np.float64) > 0) & ~known
        if (reached == inside).all():
            break
        inside = reached
    rows[row] = True
    inside |= (matrix[np.flatnonzero(rows)].sum(axis=0) > 0) & ~known
    touched = matrix[np.flatnonzero(rows)].sum(axis=0) > 0
    return _Near(np.flatnonzero(rows), np.flatnonzero(inside), alone[touched[matrix[alone].indices]])


def _support(system: System, near: _Near, row: int, *, sign: int) -> set[int]:
    """Rows with a dual value other than zero when this row's sum is made as small (1) or as large (-1) as it gets."""
    if not near.columns.size:
        return {int(n) for n in near.alone}
    whole = system.matrix[near.rows]
    stated = np.zeros(whole.shape[1])
    stated[system.matrix[near.alone].indices] = system.low[near.alone]
    taken = whole @ stated
    part = whole[:, near.columns]
    target = system.matrix[[row]].toarray().ravel()
    found = dual(
        sign * target[near.columns],
        rows=vstack([part, -part]).tocsr(),
        limits=np.concatenate([system.high[near.rows] - taken, taken - system.low[near.rows]]),
        signed=False,
    )
    if found is None:
        return set()
    value = found[1][len(near.rows) :] - found[1][: len(near.rows)]
    net = sign * target - whole.T @ value
    used = near.rows[np.abs(value) > SUPPORT]
    stating = near.alone[np.abs(net[system.matrix[near.alone].indices]) > SUPPORT]
    return {int(n) for n in (*used, *stating)}


def _follows(system: System, support: Sequence[int], row: int, range_: tuple[float, float]) -> bool:
    """Whether these rows alone give the range: one after another, or in fractions of people, or (about few counts) in whole people."""
    picked = np.array([*support, *([] if row in support else [row])], dtype=np.int64)
    low, high = system.low[picked], system.high[picked]
    if row not in support:
        low[-1], high[-1] = 0.0, np.inf
    part = System(csr_array(system.matrix[picked]), low, high, system.whole)
    known = room(part)
    if known is None:
        return True
    at = int(np.flatnonzero(picked == row)[0])
    target = csr_array(part.matrix[[at]])
    least, most = (float(one[0]) for one in known.of(target))
    least, most = max(least, float(low[at])), min(most, float(high[at]))
    if least >= range_[0] - WHOLE and most <= range_[1] + WHOLE:
        return True
    above = np.minimum(known.most, limit(part, known))
    for sign in (1, -1):
        found = solve(part, sign * target.toarray().ravel(), least=known.least, most=above, whole=False)
        if found.impossible:
            return True
        least, most = (max(least, found.bound), most) if sign > 0 else (least, min(most, -found.bound))
    step = 1.0 - WHOLE if part.whole else WHOLE
    if least > range_[0] - step and most < range_[1] + step:
        return True
    if not part.whole or (known.least < known.most).sum() > LARGE:
        return False
    found_range = ranges(part, np.array([at]), wanted=np.full(1, np.inf))
    return found_range is None or bool(
        found_range.least[0] >= range_[0] - WHOLE and found_range.most[0] <= range_[1] + WHOLE
    )


def _fewer(system: System, rows: list[int], row: int, range_: tuple[float, float]) -> list[int]:
    kept = rows
    for one in rows[:MOST_TRIED]:
        without = [n for n in kept if n != one]
        if _follows(system, without, row, range_):
            kept = without
    return kept


def _tightest(group: Sequence[Said]) -> list[Said]:
    """Of everything said about one sum, what limits it: one for each side."""
    lower, upper = max(group, key=lambda one: one.low), min(group, key=lambda one: one.high)
    return [lower] if lower.high == upper.high else [lower, upper]
