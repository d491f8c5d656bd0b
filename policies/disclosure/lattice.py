"""What equations leave free: the counts that follow from the others, and moves of whole people that change no sum.

Method: Gauss's elimination in whole numbers. Tables with their totals nearly always let themselves be solved so that no step divides people: then every choice of the free counts
gives whole counts, and one move for each free count together make up all moves. Moves are made short by taking one off another while that makes it smaller, pair by pair (Lagrange's reduction; Seysen, Combinatorica 13, 1993). Each move is
checked against every equation before it is used, whatever found it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array, diags_array, vstack

from policies.disclosure.system import WHOLE, Floats

Whole = NDArray[np.int64]
NOTHING: Final = 1e-7
"""What is left of a number that should be 0 after elimination."""
MOST_ENTRIES: Final = 6_000_000
"""Equations times counts, and counts times counts, beyond which nothing is solved."""
MOST_DIVIDED: Final = 6
"""Moves that divide a person into more parts are left out."""
MOST_ROUNDS: Final = 40
"""Times every move is made shorter where that is easy."""
EACH: Final = 22_000
"""What a count takes in elimination beside the coefficients, as `Solution.taken`."""
MOST_REMEMBERED: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Equations, solved from either side, and whole moves (moves x counts) that leave them as they are. `taken`: the effort, as `Solution.taken`."""

    solved: tuple[Solved, ...]
    moves: csr_array
    taken: int


class Lattices:
    """Those of the equations that were asked for last. The same ones take no effort again."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Lattice] = {}

    def of(self, matrix: csr_array, values: Floats) -> tuple[Lattice, int]:
        """The lattice of the equations matrix @ counts = values, and the effort that was spent on it now."""
        parts = matrix.indptr, matrix.indices, matrix.data, values
        said = matrix.shape, *(one.tobytes() for one in parts)
        if (known := self._known.get(said)) is not None:
            return known, 0
        found = _lattice(matrix, values)
        while len(self._known) >= MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[said] = found
        return found, found.taken


def _lattice(matrix: csr_array, values: Floats) -> Lattice:
    forth = np.arange(matrix.shape[1])
    # From either side, for moves that are short in one are long in the other.
    every = tuple(one for order in (forth, forth[::-1]) if (one := solved(matrix, values, order=order)))
    taken, moves = sum(one.taken for one in every), [csr_array((0, matrix.shape[1]))]
    for one in every:
        short, spent = shortened(one.moves())
        moves.append(short)
        taken += spent
    return Lattice(every, csr_array(vstack(moves)), taken)


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """Equations solved: the counts `follow`, by a triangle, from the `free` ones. `taken`: the effort, as `Solution.taken`."""

    matrix: csr_array
    follow: Whole
    free: Whole
    triangle: Floats
    beside: Floats
    values: Floats
    taken: int

    def counts(self, free: Floats) -> Floats:
        """All counts (counts x choices), if these are the free ones (free x choices). They satisfy the equations, and may be fractions or less than nobody."""
        out = np.zeros((len(self.follow) + len(self.free), free.shape[1]))
        out[self.free] = free
        out[self.follow] = self._following(self.values[:, None] - self.beside @ free)
        return out

    def moves(self) -> csr_array:
        """Whole moves (moves x counts), one for each free count, that leave every equation as it is."""
        many = len(self.free)
        found = np.zeros((many, len(self.follow) + many))
        found[np.arange(many), self.free] = 1.0
        found[:, self.follow] = -self._following(self.beside).T
        parts = np.zeros(many)
        for by in range(1, MOST_DIVIDED + 1):
            rest = np.abs(found * by - np.round(found * by)).max(axis=1, initial=0.0)
            parts[(parts == 0) & (rest < WHOLE)] = by
        whole = csr_array(np.round(found * parts[:, None])[parts > 0])
        return csr_array(whole[np.diff(csr_array(whole @ self.matrix.T).indptr) == 0])

    def _following(self, sums: Floats) -> Floats:
        return np.asarray(solve_triangular(self.triangle, sums, check_finite=False))


def solved(matrix: csr_array, values: Floats, *, order: Whole) -> Solved | None:
    """The equations matrix @ counts = values, solved for one count after another in this order where that divides nobody; None if they are too many, or contradict each other."""
    rows, columns = matrix.shape
    if max(rows, columns) * columns > MOST_ENTRIES:
        return None
    short = np.argsort(np.diff(matrix.indptr), kind="stable")
    left = np.asfortranarray(np.hstack([matrix[short][:, order].toarray(), values[short][:, None]]))
    waits, postponed, used = np.ones(rows, dtype=bool), [], []
    taken = EACH * columns
    for column in range(columns):
        its = np.flatnonzero(waits & (np.abs(left[:, column]) > NOTHING))
        if not its.size:
            continue
        one = its[np.abs(np.abs(left[its, column]) - 1.0) < NOTHING]
        if not one.size:
            postponed.append(column)
            continue
        taken += _eliminated(left, column, row=int(one[0]), others=its[its != one[0]])
        waits[one[0]] = False
        used.append((int(one[0]), column))
    for column in postponed:
        its = np.flatnonzero(waits & (np.abs(left[:, column]) > NOTHING))
        if its.size:
            row = int(its[np.abs(left[its, column]).argmax()])
            taken += _eliminated(left, column, row=row, others=its[its != row])
            waits[row] = False
            used.append((row, column))
    if (np.abs(left[waits, -1]) > WHOLE).any():
        return None
    at, follow = (np.array([one[side] for one in used], dtype=np.int64) for side in (0, 1))
    free = np.setdiff1d(np.arange(columns), follow)
    done = left[at]
    return Solved(
        matrix, order[follow], order[free], done[:, follow], done[:, free], done[:, -1], taken
    )  # fmt: skip


def _eliminated(left: Floats, column: int, *, row: int, others: Whole) -> int:
    """The count of this column goes out of the other equations; the effort."""
    its = np.flatnonzero(left[row])
    if others.size:
        left[np.ix_(others, its)] -= np.outer(left[others, column] / left[row, column], left[row, its])
        left[others, column] = 0.0
    return len(others) * len(its) + int(left.shape[0])


def shortened(moves: csr_array) -> tuple[csr_array, int]:
    """Moves that make up the same ones, each as short as taking one other at a time makes it; and the effort, as `Solution.taken`."""
    taken = 0
    for _ in range(MOST_ROUNDS):
        met = csr_array(moves @ moves.T)
        length = met.diagonal()
        one = np.repeat(np.arange(met.shape[0]), np.diff(met.indptr))
        other, product = met.indices, met.data
        times = np.round(product / length[other])
        gain = np.where(one == other, 0.0, times * (2 * product - times * length[other]))
        taken += 10 * (int(met.nnz) + int(moves.nnz))
        some = np.flatnonzero(gain > 0.5)  # products of whole numbers are whole
        if not some.size:
            break
        some = some[np.argsort(-gain[some], kind="stable")]
        changed, kept, chosen = set[int](), set[int](), []
        for place in some.tolist():
            its, off = int(one[place]), int(other[place])
            if its not in changed and its not in kept and off not in changed:
                changed.add(its)
                kept.add(off)
                chosen.append(place)
        step = csr_array((-times[chosen], (one[chosen], other[chosen])), shape=met.shape)
        moves = csr_array((step + diags_array(np.ones(met.shape[0]))) @ moves)
        moves.eliminate_zeros()
    return moves, taken
