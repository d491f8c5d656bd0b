"""Sums as multiples of their unit, where true means and rates are printed: of few people, only few of them come out as what is printed.

A mean of 3.143 is that of 7 people who have 22 together, or of 14 with 44, and of nobody else for a while. So sums are whole numbers of units beside such means, as people are whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, gcd, inf
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from policies.disclosure.rules import THOUSANDTHS
from policies.disclosure.sums.magnitudes import SUM, Magnitudes
from policies.disclosure.sums.pushes import Piece
from policies.disclosure.sums.result import Given
from policies.disclosure.system import WHOLE, Floats, Room, System
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE

MOST_COUNTED: Final = 10_000
"""Counts of one cell that are tried one by one; of the others nothing is known."""
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A true mean or rate: the sum in this row of sums is between so many and so many thousandths for each of those in this row of counts."""

    count: int
    sum: int
    least: float
    most: float
    given: Given

    def fits(self, counts: Sequence[float], sums: Sequence[float], *, unit: float) -> int:
        """How many whole counts between two ends, of which the upper may be infinite, have a multiple of the unit between two others that comes out so; at most as many as are tried."""
        first = max(ceil(counts[0] - WHOLE), 1)
        last = min(counts[1] + WHOLE, first + MOST_COUNTED)
        people = np.arange(first, floor(last) + 1, dtype=np.float64)
        low = upwards(np.maximum(people * self.least, sums[0]), unit=unit)
        return int((low <= downwards(np.minimum(people * self.most, sums[1]), unit=unit)).sum())

    def skips(self, counts: Sequence[float], *, unit: float) -> bool:
        """Whether some whole counts between two ends have no multiple of the unit that comes out so."""
        first = max(ceil(counts[0] - WHOLE), 1)
        last = min(counts[1] + WHOLE, first + MOST_COUNTED)
        return self.fits(counts, (0.0, inf), unit=unit) < floor(last) + 1 - first


def unit_of(
    tables: Sequence[Magnitudes], ratios: Sequence[tuple[Magnitudes, int, float, float]], of: str | None
) -> int:
    """In thousandths, of what every true sum is a multiple: as rules say, and else as many digits as are printed, or more if a printed mean of a printed count asks for them."""
    ours = [one for one in tables if one.of == of]
    told = [one.rules.units[0] for one in ours if one.counts.rules is not None]
    plain = [one for one in ours if one.counts.rules is None]
    numbers = (
        shown for one in plain for shown in one.columns.get(SUM, ()) if shown not in (HIDDEN, NOT_APPLICABLE)
    )
    digits = max((len(one.partition(".")[2]) for one in numbers), default=0)
    unit = gcd(*told, *((THOUSANDTHS // 10**digits,) if plain else ()))
    while unit > 1 and unit % 10 == 0 and not told and not _every_mean_fits(ratios, unit):
        unit //= 10
    return unit


def _every_mean_fits(ratios: Sequence[tuple[Magnitudes, int, float, float]], unit: int) -> bool:
    for table, n, least, most in ratios:
        shown = table.counts.shown[n]
        people = np.array([float(shown) if shown.isdecimal() else 0.0])
        if (upwards(people * least, unit=unit) > downwards(people * most, unit=unit)).any():
            return False
    return True


def upwards(values: Floats, *, unit: float) -> Floats:
    """The next multiples of the unit."""
    return np.asarray(np.ceil(values / unit - WHOLE) * unit)


def downwards(values: Floats, *, unit: float) -> Floats:
    """The last multiples of the unit before them."""
    return np.asarray(np.floor(values / unit + WHOLE) * unit)


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Which rows of the statements compare a sum with a count by a true mean or rate; how many unknowns, the first ones, are counts; and the unit of sums, as sums are scaled."""

    ratios: Ints
    people: int
    unit: float

    def room(self, known: Room) -> Room | None:
        """Only whole counts and multiples of the unit; None if that leaves none for some unknown."""
        steps = np.where(np.arange(len(known.least)) < self.people, 1.0, self.unit)
        least, most = (
            np.asarray(end)
            for end in (
                np.ceil(known.least / steps - WHOLE) * steps,
                np.floor(known.most / steps + WHOLE) * steps,
            )
        )
        return None if (least > most).any() else Room(least, most)

    def inward(self, system: System, matrix: csr_array, taken: Floats, unknown: Ints) -> System:
        """The ends of statements in which sums alone, or counts alone, are open moved inwards to what these can be. `matrix`: of the `unknown` columns; `taken`: what the others come to."""
        of_sums = abs(matrix) @ (unknown >= self.people).astype(np.float64) > 0
        of_counts = abs(matrix) @ (unknown < self.people).astype(np.float64) > 0
        size = np.diff(matrix.indptr)
        times = np.ones(len(size))
        times[size > 0] = np.abs(matrix.data[matrix.indptr[:-1][size > 0]])
        times[times == 0] = 1.0
        steps = np.where(of_sums, self.unit, times)
        alone = of_sums ^ of_counts
        low = np.where(alone, np.ceil((system.low - taken) / steps - WHOLE) * steps + taken, system.low)
        high = np.where(alone, np.floor((system.high - taken) / steps + WHOLE) * steps + taken, system.high)
        return System(system.matrix, low, high, whole=False)

    def ties(self, matrix: csr_array, unknown: Ints, inside: Ints) -> bool:
        """Whether, of these statements, a mean or rate compares a sum that is open with counts that are."""
        rows = abs(matrix[np.intersect1d(inside, self.ratios)])
        sums = rows @ (unknown >= self.people).astype(np.float64) > 0
        counts = rows @ (unknown < self.people).astype(np.float64) > 0
        return bool((sums & counts).any())

    def counted_in(self, piece: Piece, people: NDArray[np.bool_]) -> Piece:
        """The same piece with sums counted in units, and whole."""
        times = np.where(people, 1.0, self.unit)
        of_sums = abs(piece.system.matrix) @ (~people).astype(np.float64) > 0
        by = np.where(of_sums, 1.0 / self.unit, 1.0)
        system = piece.system
        matrix = csr_array(diags_array(by) @ system.matrix @ diags_array(times))
        return replace(
            piece,
            system=System(matrix, system.low * by, system.high * by, whole=False),
            sums=csr_array(piece.sums @ diags_array(times)),
            least=np.round(piece.least / times),
            most=np.floor(piece.most / times + WHOLE),
            whole=people,
            units=True,
        )


NO_UNITS: Final = Units(np.zeros(0, dtype=np.int64), 0, inf)
