"""The exact range of each unknown sum of counts, from all statements together.

Method: the interval audit of Fischetti and Salazar-González (Management Science 47, 2001). The range that single statements
leave is an outer one; every arrangement of counts that HiGHS finds is an inner one; where the two meet, the range is settled. Sums that share no
statement are pushed to their limits in one solution, so that most ranges are settled many at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.disclosure import progress
from policies.disclosure.lattice import Lattices
from policies.disclosure.pieces import limit, pieces
from policies.disclosure.progress import Work
from policies.disclosure.settling import LARGE, settle
from policies.disclosure.system import WHOLE, Floats, System, room


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """For each sum: no arrangement lies outside `least` to `most`; one was found at `reached_low` and one at `reached_high`.

    `cut_short`: so many are too narrow that not all others were looked at; `exhausted`: the effort that one attack may take was `spent` (`Solution.taken`), of which so much was `looked` where statements are equations.
    """

    least: Floats
    most: Floats
    reached_low: Floats
    reached_high: Floats
    cut_short: bool
    exhausted: bool
    spent: int
    looked: int = 0

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


def ranges(
    system: System,
    rows: NDArray[np.int64],
    *,
    wanted: Floats,
    exact: bool = True,
    proving: bool = False,
    people_first: bool = False,
    walking: bool = False,
    may_stop: bool = True,
    most_spent: int | None = None,
    looked: int = 0,
    floor: Floats | None = None,
    start: Floats | None = None,
    lattices: Lattices | None = None,
) -> Ranges | None:
    """The range of the sum in each of these rows of the system; None if the statements contradict each other.

    A range at least as wide as `wanted` may be given too narrow where exactness would take too long; one that is narrower is exact.
    If not `exact`, only which ranges are wide enough is settled; if `proving`, only which are not, for as many of these as not even fractions of people make wide enough. `people_first`: in large pieces whole people are looked for before that is proved. `walking`: only what a walk from the `start` soon shows. `may_stop`: once single statements tell of enough ranges that are narrower than wanted.
    `most_spent`: the effort after which nothing more is looked for, if not the usual one; `looked`: that which was spent before where statements are equations. `floor`: below it the width of a range does not count. `start`: whole counts that satisfy the statements, if any are known. `lattices`: of equations that were asked for before.
    """
    lattices = Lattices() if lattices is None else lattices
    known = room(system)
    if known is None:
        return None
    targets = system.matrix[rows]
    low, high = known.of(targets)
    low, high = np.maximum(low, system.low[rows]), np.minimum(high, system.high[rows])
    work = Work.of(
        targets,
        low,
        high,
        wanted=wanted,
        hurried=proving or not exact,
        proving=proving,
        people_first=people_first,
        walking=walking,
        told=0,
        most_spent=progress.MOST_SPENT if most_spent is None else most_spent,
        most_looked=progress.most_looked(system) - looked,
        floor=np.zeros(len(rows)) if floor is None else floor,
    )
    if may_stop and len(known.least) > LARGE:
        work.told = int(work.certain(np.arange(len(rows))).sum())
    most = limit(system, known)
    for columns, inside, which in pieces(system, known, rows):
        if not settle(
            system, columns, inside, which, known=known, endless=most, work=work, start=start, lattices=lattices
        ):
            return None
    return Ranges(
        work.least, work.most, work.low, work.high, work.cut_short, work.exhausted, work.spent, work.looked
    )
