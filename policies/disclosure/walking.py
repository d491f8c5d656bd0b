"""Whole people who wander: many arrangements at once, each moved again and again by as many people as its room allows, drawn at random.

Whoever is hidden can be wherever such a walk has been. Method: hit and run (Smith, Operations Research 32, 1984) over the arrangements that satisfy the same equations, by moves that change none of them
(Diaconis and Sturmfels, Annals of Statistics 26, 1998). The moves need not lead everywhere: where a walk was is certain, and where it was not, nothing follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, identity, vstack

from policies.disclosure.lattice import Lattices
from policies.disclosure.sweeping import BY, FAR, Drawn, Group, Rooms, Whole, groups
from policies.disclosure.system import WHOLE, Floats, System, satisfies

SEED: Final = 1
CHAINS: Final = 64
"""Arrangements that are moved side by side."""
STARTS: Final = 16
"""As many are drawn close to fractions of people."""
MOST_MENDING: Final = 30
"""Times every move is made to bring back whoever is less than nobody;"""
STUCK: Final = 3
NEARLY: Final = 3
"""fewer where so many times one after another brought back nobody, and more people than this are missing."""
SMALL: Final = 2**30
"""Room that four bytes hold, with as many people again."""
STEP: Final = 10_000
PARTS: Final = 2
"""What a group of moves takes, and beside that for each arrangement each so many limits that it changes, as `Solution.taken`."""


class Walk:
    """Arrangements of whole people under a system, of which it is asked how far some sums are apart. `taken`: the effort so far, as `Solution.taken`."""

    def __init__(
        self, system: System, sums: csr_array, *, least: Floats, most: Floats, lattices: Lattices
    ) -> None:
        self._system, self._least, self._most = system, least, most
        self._random = np.random.default_rng(SEED)
        self._sums = csr_array(sums)
        self._limits, self._limit = _limits(system, least=least, most=most)
        equal = np.flatnonzero(system.low == system.high)
        lattice, self.taken = lattices.of(csr_array(system.matrix[equal]), system.low[equal])
        self._solved, self._moves = lattice.solved, lattice.moves
        self._shown = csr_array(self._sums @ self._moves.T)
        changed = csr_array(self._moves @ self._limits.T)
        changed.eliminate_zeros()
        self._groups = groups(changed)
        self._width = sum(one.falling.size + one.rising.size for one in self._groups)
        self._room: Rooms = np.zeros((0, 0), dtype=np.int64)
        self._made: Rooms = np.zeros((0, 0), dtype=np.int64)
        self._first = np.zeros((len(least), 0))

    @property
    def may_move(self) -> bool:
        """Whether there is anything to move."""
        return bool(self._groups)

    @property
    def weight(self) -> int:
        """What it takes to make every move once, as `Solution.taken`."""
        return self._weight(CHAINS)

    def _weight(self, arrangements: int) -> int:
        return STEP * len(self._groups) + arrangements * self._width // PARTS

    def begin(self, people: list[Floats]) -> bool:
        """Whether the walk begins at these whole counts, if there are any that satisfy the system."""
        starts = [one for one in people if self._holds(one)]
        if not starts:
            return False
        self._first = np.stack([starts[n % len(starts)] for n in range(CHAINS)], axis=1)
        self._room, self._made = self._rooms(self._first)
        return True

    def _rooms(self, counts: Floats) -> tuple[Rooms, Rooms]:
        """How much room these arrangements have, and how often each move was made there so far."""
        kept = np.floor(self._limits @ counts - self._limit[:, None] + WHOLE)
        room = np.vstack([kept, np.full((1, counts.shape[1]), FAR)])
        small = np.int32 if np.abs(room).max(initial=0.0) < SMALL else np.int64
        return room.astype(small), np.zeros((self._moves.shape[0], counts.shape[1]), dtype=small)

    def near(self, fractions: Floats) -> list[Floats]:
        """Whole people who satisfy the system, close to these fractions of them: the free counts are rounded by chance, the others follow, and moves bring back whoever is less than nobody."""
        if not self._solved:
            return []
        one = self._solved[0]
        drawn = np.floor(fractions[one.free][:, None] + self._random.random((len(one.free), STARTS)))
        counts = one.counts(drawn)
        counts = np.round(counts[:, np.abs(counts - np.round(counts)).max(axis=0, initial=0.0) < WHOLE])
        if not counts.shape[1]:
            return []
        room, made = self._rooms(counts)
        fewest, stuck = np.inf, 0
        for _ in range(MOST_MENDING):
            missing = -np.minimum(room, 0).sum(axis=0).max()
            stuck = stuck + 1 if missing >= fewest and missing > NEARLY else 0
            fewest = min(fewest, missing)
            if not missing or stuck == STUCK:
                break
            self._each(room, made, lambda its: self._some((len(BY), len(its), room.shape[1])), Group.mend)
            self.taken += len(BY) * self._weight(room.shape[1])
        counts = counts + self._moves.T @ made
        return [its for its in counts.T[(room >= 0).all(axis=0)] if self._holds(its)]

    def _holds(self, counts: Floats) -> bool:
        whole = bool((counts == np.round(counts)).all())
        return whole and satisfies(self._system, counts, least=self._least, most=self._most)

    def _some(self, shape: tuple[int, ...]) -> Drawn:
        return self._random.random(shape, dtype=np.float32)

    def _each(
        self,
        room: Rooms,
        made: Rooms,
        drawn: Callable[[Whole], Drawn],
        how: Callable[[Group, Rooms, Drawn], Rooms],
    ) -> None:
        for number in self._random.permutation(len(self._groups)):
            one = self._groups[number]
            made[one.numbers] += how(one, room, drawn(one.numbers))

    def wander(self) -> None:
        """Every move is made once in each arrangement, by as many people as chance and room will have it."""
        self._sweep(self._some(self._made.shape))

    def make_for(self, sums: Whole, signs: Floats) -> None:
        """The same, but in each arrangement one of these sums is moved as far up (1) or down (-1) as it goes by every move that moves it."""
        toward = np.sign(self._shown[sums].toarray().T) * signs
        drawn = self._some(self._made.shape)
        drawn[toward > 0], drawn[toward < 0] = 1.0, 0.0
        self._sweep(drawn)

    def _sweep(self, drawn: Drawn) -> None:
        self._each(self._room, self._made, lambda its: drawn[its], Group.make)
        self.taken += self.weight

    def apart(self, sums: Whole) -> tuple[Floats, Floats]:
        """The least and the largest value that each of these sums has now."""
        values = self._sums[sums] @ self._first + self._shown[sums] @ self._made
        return values.min(axis=1), values.max(axis=1)

    def people(self, many: int) -> list[Floats]:
        """Some of the arrangements as they are now."""
        counts = self._first[:, :many] + self._moves.T @ self._made[:, :many]
        return [its for its in counts.T if self._holds(its)]


def _limits(system: System, *, least: Floats, most: Floats) -> tuple[csr_array, Floats]:
    """Sums, and what each is at least, that are all that counts of whole people have to keep to beside the equations: what follows from the others is left out."""
    matrix = csr_array(system.matrix)
    smallest, largest = _ends(matrix, least, most)
    open_ = system.low != system.high
    low = np.flatnonzero(open_ & (smallest < system.low - WHOLE))
    high = np.flatnonzero(open_ & np.isfinite(system.high) & (largest > system.high + WHOLE))
    above = np.flatnonzero(np.isfinite(most) & ~_capped(system, least, most))
    own = csr_array(identity(len(least), format="csr"))
    rows = vstack([own, -own[above], matrix[low], -matrix[high]])
    return csr_array(rows), np.concatenate([least, -most[above], system.low[low], -system.high[high]])


def _ends(matrix: csr_array, least: Floats, most: Floats) -> tuple[Floats, Floats]:
    """How small and how large each sum is at most, if every count lies between its limits."""
    adds, takes = matrix.maximum(0), -matrix.minimum(0)
    endless = np.isinf(most).astype(np.float64)
    finite = np.where(np.isinf(most), 0.0, most)
    smallest = np.where(takes @ endless > 0, -np.inf, adds @ least - takes @ finite)
    return smallest, np.where(adds @ endless > 0, np.inf, adds @ finite - takes @ least)


def _capped(system: System, least: Floats, most: Floats) -> NDArray[np.bool_]:
    """Which counts some equation keeps from passing `most`, if the others in it are at least `least`."""
    equal = csr_array(system.matrix[np.flatnonzero(system.low == system.high)])
    values = system.low[system.low == system.high]
    out = np.zeros(len(least), dtype=bool)
    rows = np.repeat(np.arange(equal.shape[0]), np.diff(equal.indptr))
    plain = np.ones(equal.shape[0], dtype=bool)
    plain[rows[equal.data <= 0]] = False
    over = (values - equal @ least)[rows] / equal.data + least[equal.indices]
    out[equal.indices[plain[rows] & (np.floor(over + WHOLE) <= most[equal.indices])]] = True
    return out
