"""Whole people found by going down: of the fractions of people in the best arrangement those closest to whole numbers are fixed there, and the best arrangement with these is looked for.

Method: diving (Berthold, Primal Heuristics for Mixed Integer Programs, 2006, section 2.2), many at a time. In tables with their totals bold steps lead further than small ones.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.programs import Programs
from policies.disclosure.system import WHOLE, Floats, System

SHARE: Final = 3
"""One in so many fractions is fixed at once; where that contradicts the statements, fewer are."""
MOST_STEPS: Final = 12
MOST_BACK: Final = 4


class Dive:
    """From the least value of one objective. `spent`: the effort, as `Solution.spent`; `first`: the counts there, whole or not, None if there are none, or none were found in what it `may` take, as `Solution.taken`."""

    def __init__(
        self, system: System, objective: Floats, *, least: Floats, most: Floats, may: int | None = None
    ) -> None:
        self._programs = Programs(system, least=least, most=most, may=may)
        self._objective, self._least, self._most = objective, least, most
        self.first = self._programs.push(objective).counts

    @property
    def spent(self) -> int:
        """The effort so far."""
        return self._programs.spent

    @property
    def taken(self) -> int:
        """The effort so far, as `Solution.taken`."""
        return self._programs.taken

    def down(self) -> Floats | None:
        """Whole counts that satisfy every statement, if any were found."""
        least, most, counts, back = self._least.copy(), self._most.copy(), self.first, 0
        for _ in range(MOST_STEPS):
            if counts is None:
                return None
            off = np.abs(counts - np.round(counts))
            left = np.flatnonzero(off > WHOLE)
            if not left.size:
                return np.asarray(np.round(counts))
            left, many = left[np.argsort(off[left], kind="stable")], max(1, len(left) // SHARE)
            found = self._fixed(left[:many], counts, least=least, most=most)
            while found is None and many > 1 and back < MOST_BACK:
                many, back = many // 4 or 1, back + 1
                found = self._fixed(left[:many], counts, least=least, most=most)
            if found is None or back == MOST_BACK:
                return None
            near = np.round(counts[left[:many]])
            least[left[:many]], most[left[:many]] = near, near
            counts = found
        return None

    def _fixed(self, which: NDArray[np.int64], counts: Floats, *, least: Floats, most: Floats) -> Floats | None:
        low, high = least.copy(), most.copy()
        low[which] = high[which] = np.round(counts[which])
        self._programs.bounded(low, high)
        return self._programs.push(self._objective).counts
