"""Whole people found by moving as few as may be of an arrangement that is known, so that given sums become as large or as small as they have to.

Each such move is one linear program. In a table with its totals it goes round in small circles, one more here and one fewer there, and nearly always moves
whole people although nothing demands it (Kelly, Golden and Assad, Networks 22, 1992). All programs have the same coefficients, and not to move costs nothing, so the dual simplex method begins there each time.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack
from scipy.sparse.csgraph import connected_components

from policies.disclosure.programs import Programs
from policies.disclosure.progress import Places
from policies.disclosure.system import WHOLE, Floats, System

SEED: Final = 1
MOST_STARTS: Final = 12
"""Whole counts that are kept to be moved."""
DEARER: Final = 2.0
"""Up to how much more it costs to move one count than another: drawn, so that among equal moves there is a single cheapest one, and not a mixture."""


class Shifter:
    """Moves from `start`, whole counts between `least` and `most` that satisfy a system. `taken`: the effort so far, as `Solution.taken`.

    `by`: moves are of so many people at a time, so that halves (2) or thirds (3) of them are whole people.
    """

    def __init__(
        self, system: System, sums: csr_array, *, least: Floats, most: Floats, start: Floats, by: int = 1
    ) -> None:
        rows = csr_array(vstack([system.matrix, sums]))
        self._matrix = csr_array(system.matrix)
        at = system.matrix @ start
        free = np.full(sums.shape[0], np.inf)
        self.start, self._values = start, sums @ start
        self._by = by
        self._low, self._high = (
            np.append(-self._down(at - system.low), -free),
            np.append(self._down(system.high - at), free),
        )
        self._first = system.matrix.shape[0]
        self._programs = Programs(
            System(csr_array(hstack([rows, -rows])), self._low, self._high, whole=False),
            least=np.zeros(2 * len(start)),
            most=np.concatenate([self._down(most - start), self._down(start - least)]),
        )
        self._random = np.random.default_rng(SEED)

    @property
    def taken(self) -> int:
        """The effort so far."""
        return self._programs.taken

    def _down(self, numbers: Floats) -> Floats:
        """The next multiple below."""
        return np.asarray(self._by * np.floor((numbers + WHOLE) / self._by))

    def to(self, places: Places, *, goals: Floats, signs: Floats) -> Floats | None:
        """Whole counts that mostly make these sums at least (sign 1) or at most (-1) as large as their goals; None if none were found."""
        low, high = self._low.copy(), self._high.copy()
        at, up = self._first + places, signs > 0
        by = -signs * self._down(-signs * (goals - self._values[places]))
        low[at[up]], high[at[~up]] = by[up], by[~up]
        self._programs.limited(low, high)
        price = self._random.uniform(1.0, DEARER, len(self.start))
        found = self._programs.push(np.tile(price, 2)).counts
        if found is None:
            return None
        move = found[: len(price)] - found[len(price) :]
        divided = np.abs(move - np.round(move)) > WHOLE
        if not divided.any():
            return np.asarray(self.start + np.round(move))
        return self._without(move, divided)

    def _without(self, move: Floats, divided: NDArray[np.bool_]) -> Floats | None:
        """The move without what hangs together, by statements, with people who are divided: each part of a move can be left out."""
        moved = np.flatnonzero(np.abs(move) > WHOLE)
        part = csr_array(self._matrix[:, moved])
        _, label = connected_components(csr_array(part.T @ part), directed=False)
        whole = moved[~np.isin(label, label[divided[moved]])]
        if not whole.size:
            return None
        counts = self.start.copy()
        counts[whole] += np.round(move[whole])
        return counts


class Shifters:
    """Moves from whichever whole counts known so far come closest: the first that were known are the `starts`. `taken`: the effort so far, as `Solution.taken`."""

    def __init__(self, system: System, sums: csr_array, *, least: Floats, most: Floats) -> None:
        self._system, self._sums, self._least, self._most = system, sums, least, most
        self.starts: list[Floats] = []
        self._values: list[Floats] = []
        self._made: dict[tuple[int, int], Shifter] = {}

    @property
    def taken(self) -> int:
        """The effort so far."""
        return sum(one.taken for one in self._made.values())

    def know(self, counts: Floats) -> None:
        """These whole counts satisfy the system."""
        if len(self.starts) < MOST_STARTS:
            self.starts.append(counts)
            self._values.append(self._sums @ counts)

    def to(self, place: int, *, goal: float, sign: int, by: int) -> Floats | None:
        """Whole counts that make this sum at least (sign 1) or at most (-1) as large as the goal; None if none were found."""
        if not self.starts:
            return None
        nearest = int(np.argmax([sign * values[place] for values in self._values]))
        if (nearest, by) not in self._made:
            self._made[nearest, by] = Shifter(
                self._system, self._sums, least=self._least, most=self._most, start=self.starts[nearest], by=by
            )
        signs = np.array([sign], dtype=np.float64)
        return self._made[nearest, by].to(np.array([place]), goals=np.array([goal]), signs=signs)
