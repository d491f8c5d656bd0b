"""The exact range of each unknown sum of counts, from all statements together.

Method: the interval audit of Fischetti and Salazar-González (Management Science 47, 2001). The range that single statements
leave is an outer one; every arrangement of counts that HiGHS finds is an inner one; where the two meet, the range is settled. Sums that share no
statement are pushed to their limits in one solution, so that most ranges are settled many at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from policies.disclosure.pieces import limit, part, pieces
from policies.disclosure.system import WHOLE, Floats, Room, Solution, System, room, solve

MOST_SINGLE: Final = 400
"""Searches for the end of one range that are made although nothing depends on it. Beyond, the range that is known is given."""
HARD: Final = 10
"""What a search in whole people counts for among these."""
MIXED: Final = 8
SEED: Final = 1
"""In large pieces, half of the sums are pushed up and half down, drawn anew so many times: where statements leave room, that settles most."""
LARGE: Final = 300
"""Counts in one piece, beyond which only those ranges are looked at that are not known to be wide enough."""
MOST_CERTAIN: Final = 30
"""Ranges that are too narrow for certain: after so many, the rest is left as it is known."""


FEW: Final = 30
"""Statements about no more counts than this count as narrow in any piece."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """For each sum: no arrangement lies outside `least` to `most`; one was found at `reached_low` and one at `reached_high`."""

    least: Floats
    most: Floats
    reached_low: Floats
    reached_high: Floats
    cut_short: bool

    @property
    def settled(self) -> NDArray[np.bool_]:
        """Where the range is known exactly."""
        return (self.reached_low <= self.least + WHOLE) & (self.reached_high >= self.most - WHOLE)

    def narrower(self, wanted: Floats | float) -> NDArray[np.bool_]:
        """Where no two arrangements were found that lie so far apart: what could not be settled counts as too narrow.

        Where the search was cut short because so much was found already, only what is certain.
        """
        if self.cut_short:
            return self.most - self.least < wanted - WHOLE
        return ~(self.reached_high >= self.reached_low + wanted - WHOLE)


@dataclass(slots=True, eq=False)
class _Work:
    """Ranges while they are being settled. `sums` has one row for each sum."""

    sums: csr_array
    least: Floats
    most: Floats
    low: Floats
    high: Floats
    single: int
    hurried: bool
    found: int = 0

    def enough(self, which: NDArray[np.int64], wanted: Floats) -> NDArray[np.bool_]:
        """Where arrangements were found that lie so far apart."""
        return self.high[which] >= self.low[which] + wanted[which] - WHOLE

    def certain(self, which: NDArray[np.int64], wanted: Floats) -> NDArray[np.bool_]:
        """Where there are none."""
        return self.most[which] - self.least[which] < wanted[which] - WHOLE

    def may_look(self, index: int, wanted: Floats, *, whole: bool, large: bool) -> bool:
        """Whether this range is worth another search: always where the answer depends on it, and else a limited number of times."""
        one = np.array([index])
        certain = bool(self.certain(one, wanted)[0])
        if not (self.enough(one, wanted)[0] or certain):
            return self.found < MOST_CERTAIN
        if large and not certain:
            return False
        self.single -= HARD if whole or large else 1
        return self.single >= 0

    def saw(self, counts: Floats, which: NDArray[np.int64]) -> None:
        values = self.sums[which] @ counts
        self.low[which] = np.minimum(self.low[which], values)
        self.high[which] = np.maximum(self.high[which], values)

    def open(self, which: NDArray[np.int64], *, sign: int) -> NDArray[np.int64]:
        """Sums whose lower (`sign` 1) or upper (-1) end is not reached yet."""
        short = (
            self.low[which] > self.least[which] + WHOLE
            if sign > 0
            else self.high[which] < self.most[which] - WHOLE
        )
        return which[short]


def ranges(system: System, rows: NDArray[np.int64], *, wanted: Floats, exact: bool = True) -> Ranges | None:
    """The range of the sum in each of these rows of the system; None if the statements contradict each other.

    A range at least as wide as `wanted` may be given too narrow where exactness would take too long; one that is narrower is exact.
    If not `exact`, only which ranges are wide enough is settled.
    """
    known = room(system)
    if known is None:
        return None
    targets = system.matrix[rows]
    low, high = known.of(targets)
    low, high = np.maximum(low, system.low[rows]), np.minimum(high, system.high[rows])
    endless = np.isinf(high)
    nothing = np.full(len(rows), np.inf)
    work = _Work(targets, low, high, nothing, np.where(endless, np.inf, -np.inf), MOST_SINGLE, not exact)
    most = limit(system, known)
    for columns, inside, which in pieces(system, known, rows):
        if not _settle(part(system, known, columns, inside), columns, which, known, most, wanted, work):
            return None
    return Ranges(work.least, work.most, work.low, work.high, work.found >= MOST_CERTAIN)


def _settle(
    piece: System,
    columns: NDArray[np.int64],
    which: NDArray[np.int64],
    known: Room,
    endless: float,
    wanted: Floats,
    work: _Work,
) -> bool:
    """Whether the statements of one piece can hold together; the ranges of its sums are settled on the way."""
    counts = np.where(known.least == known.most, known.least, 0.0)
    if not len(columns):
        work.saw(counts, which)
        return True
    least, most = known.least[columns], np.minimum(known.most[columns], endless)
    if len(columns) == 1:  # every whole number between its limits is possible
        for value in (least, most):
            counts[columns] = value
            work.saw(counts, which)
        return True
    sums = csr_array(work.sums[which][:, columns]) if len(which) else csr_array((0, len(columns)))

    large = work.hurried or len(columns) > LARGE

    def keep(found: Solution) -> bool:
        """Whether these are whole counts, or need not be; then what they show of the sums is kept."""
        if found.counts is None or (
            piece.whole and (np.abs(found.counts - np.round(found.counts)) > WHOLE).any()
        ):
            return False
        counts[columns] = np.round(found.counts) if piece.whole else found.counts
        work.saw(counts, which)
        return True

    def push(places: Sequence[int], *, sign: int | Floats) -> Solution:
        """The sums of these places made small (1) or large (-1) together; where that takes fractions of people, whole ones are looked for close by."""
        objective = np.asarray(
            sums[places].T @ np.broadcast_to(np.asarray(sign, dtype=np.float64), len(places))
        )
        found = solve(piece, objective, least=least, most=most, whole=False)
        alone_in_many = large and len(places) == 1
        if not keep(found) and found.counts is not None and not alone_in_many:
            for further in range(2):
                below = np.maximum(least, np.floor(found.counts + WHOLE) - further)
                above = np.minimum(most, np.ceil(found.counts - WHOLE) + further)
                if keep(solve(piece, objective, least=below, most=above, whole=True, gap=1.0)):
                    break
        return found

    narrow = np.diff(piece.matrix.indptr) <= max(FEW, piece.matrix.shape[1] // 3)
    touching = csc_array(piece.matrix[np.flatnonzero(narrow)])
    every = range(len(which))
    if push(every, sign=1).impossible:
        return False
    push(every, sign=-1)
    place = {int(w): n for n, w in enumerate(which)}
    sides = np.random.default_rng(SEED)
    for _ in range(MIXED if large else 0):
        left = which[~work.enough(which, wanted)]
        if len(left) < 2:
            break
        some = [place[int(w)] for w in left]
        signs = sides.choice([-1.0, 1.0], len(some))
        push(some, sign=signs)
        push(some, sign=-signs)
    for sign in (1, -1):
        tried: set[int] = set()
        while (left := work.open(which, sign=sign)).size:
            if large:
                left = left[~work.enough(left, wanted)]
            chosen = _apart([place[int(w)] for w in left if int(w) not in tried], sums, touching)
            if len(chosen) < 2:
                break
            tried |= {int(which[n]) for n in chosen}
            push(chosen, sign=sign)
    for whole in (False, True):
        for one in which:
            index, at = int(one), place[int(one)]
            for sign in (1, -1):
                if not work.open(np.array([index]), sign=sign).size:
                    continue
                if not work.may_look(index, wanted, whole=whole, large=large):
                    continue
                if whole:
                    found = solve(
                        piece, sign * sums[[at]].toarray().ravel(), least=least, most=most, whole=True
                    )
                    keep(found)
                else:
                    found = push([at], sign=sign)
                _tighten(work, index, found.bound, counts, columns, sign=sign, whole=piece.whole)
            work.found += int(work.certain(np.array([index]), wanted)[0]) if not whole else 0
    return True


def _tighten(
    work: _Work,
    index: int,
    bound: float,
    counts: Floats,
    columns: NDArray[np.int64],
    *,
    sign: int,
    whole: bool,
) -> None:
    if not np.isfinite(bound):
        return
    fixed = counts.copy()
    fixed[columns] = 0.0
    value = sign * bound + float((work.sums[[index]] @ fixed)[0])
    if whole:
        value = float(np.ceil(value - WHOLE)) if sign > 0 else float(np.floor(value + WHOLE))
    if sign > 0:
        work.least[index] = max(work.least[index], value)
    else:
        work.most[index] = min(work.most[index], value)


def _apart(places: list[int], sums: csr_array, touching: csc_array) -> list[int]:
    """Some of the sums, no two of which occur in one narrow statement: pushed together, they seldom stand in each other's way."""
    used = np.zeros(touching.shape[0], dtype=bool)
    chosen = []
    for place in places:
        atoms = sums.indices[sums.indptr[place] : sums.indptr[place + 1]]
        rows = np.concatenate([touching.indices[touching.indptr[a] : touching.indptr[a + 1]] for a in atoms])
        if not used[rows].any():
            used[rows] = True
            chosen.append(place)
    return chosen
