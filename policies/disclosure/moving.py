"""The cheapest cells to hide besides, so that given cells can be moved: two arrangements of people as one linear program.

An arrangement differs from the true counts in some cells. Where all of these are hidden, a reader has to think it possible. What is hidden already moves
almost for nothing, and everything else costs as much as it is moved, which stands for the price of hiding it (the linear relaxation of the cell suppression
problem: Kelly, Golden and Assad, Networks 22, 1992). Cells that lie apart are moved in one program, for their moves seldom touch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array, csr_array, hstack, vstack

from policies.disclosure.system import SECONDS_EACH, Floats

if TYPE_CHECKING:
    from policies.disclosure.problem import Problem

Cells = NDArray[np.bool_]
Whole = NDArray[np.int64]
SPARSE: Final = 1e-3
"""What moving a cell that is hidden anyway costs, as a share of what the cheapest cell costs: few cells are moved, and those alike for both arrangements."""
UNEVEN: Final = 0.1
"""By how much, as a share, that is drawn differently for each cell: among equal choices the program then takes a single one, not a mixture."""
SEED: Final = 1
FEW: Final = 30
"""Cells that share a sum of no more than so many do not lie apart."""
MOST_NODES: Final = 500


class Mover:
    """Looks for arrangements of one table. Its limits are counted in steps, so that the same table is protected in the same way everywhere.

    `spent`: the coefficients of all linear programs so far, the measure of the work.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        sums = csr_array(problem.sums)
        parts = np.diff(sums.indptr)
        self._own = np.full(sums.shape[1], -1)
        for row in np.flatnonzero(parts == 1)[::-1]:
            self._own[sums.indices[sums.indptr[row]]] = row
        self._rest = np.setdiff1d(np.arange(len(parts)), self._own)
        self._sums = sums
        self._touching = csc_array(sums[np.flatnonzero((parts > 1) & (parts <= FEW))])
        prices = problem.cost[problem.allowed & ~problem.first]
        self._cheapest = float(prices.min(initial=float(problem.cost.max())))
        self.spent = 0
        self._random = np.random.default_rng(SEED)

    def apart(self, cells: Whole, *, most: int) -> Whole:
        """The first of these cells and such others as share no small sum with it or with each other."""
        used = np.zeros(self._touching.shape[0], dtype=bool)
        chosen: list[int] = []
        for cell in cells:
            rows = self._touching[:, self._atoms(int(cell))].indices
            if len(chosen) == most:
                break
            if not (chosen and used[rows].any()):
                used[rows] = True
                chosen.append(int(cell))
        return np.array(chosen, dtype=np.int64)

    def pair(self, cells: Whole, *, hidden: Cells, may: Cells, whole: bool = False) -> Floats | None:
        """How every cell differs from its true count in two arrangements (2 x cells) that lie apart by the width wanted in each of these cells; None if none were found.

        Only cells that are hidden or that `may` be are changed. If not `whole`, people are divided where that is cheaper.
        """
        problem, count = self._problem, len(self._problem.counts)
        can = hidden | may
        atoms = np.flatnonzero((self._own < 0) | can[self._own])
        sums = self._sums[self._rest][:, atoms]
        felt = np.flatnonzero(np.diff(sums.indptr) > 0)
        totals = self._rest[felt]
        open_ = np.flatnonzero(can[totals])
        # What a sum of parts comes to, which stays as it is unless the total may change.
        takes = csr_array((-np.ones(len(open_)), (open_, np.arange(len(open_)))), shape=(len(felt), len(open_)))
        one = hstack([sums[felt], takes]).tocsr()
        unknown = np.concatenate([self._own[atoms], totals[open_]])
        width = len(unknown)
        place = np.full(count + 1, -1)
        place[unknown] = np.arange(width)
        at = place[cells]
        if (at < 0).any():
            return None
        both = hstack([one, -one, csr_array((len(felt), 2 * width))])
        other = hstack([csr_array((len(felt), 2 * width)), one, -one])
        # Each arrangement is what goes up less what goes down: the cell goes up in one of the two, and down in the other.
        turned = self._random.random(len(cells)) < 0.5 if len(cells) > 1 else np.zeros(1, dtype=bool)
        rising = np.where(turned, 2, 0) * width + at
        falling = np.where(turned, 1, 3) * width + at
        numbers = np.arange(len(cells))
        apart = csr_array(
            (np.ones(2 * len(cells)), (np.tile(numbers, 2), np.concatenate([rising, falling]))),
            shape=(len(cells), 4 * width),
        )
        rows = vstack([both, other, apart]).tocsr()
        self.spent += rows.nnz
        low = np.concatenate([np.zeros(2 * len(felt)), np.full(len(cells), problem.wanted)])
        high = np.concatenate([np.zeros(2 * len(felt)), np.full(len(cells), np.inf)])
        listed = unknown >= 0
        room = np.where(listed, problem.counts[unknown] - problem.floor, np.inf).astype(np.float64)
        endless = np.full(width, np.inf)
        most = np.concatenate([endless, room, endless, room])
        most[np.where(turned, 3, 1) * width + at] = 0.0
        most[np.where(turned, 0, 2) * width + at] = 0.0
        price = np.where(listed & ~hidden[unknown], problem.cost[unknown], 0.0)
        uneven = 1.0 + UNEVEN * self._random.random(width)
        found = milp(
            np.tile(price + SPARSE * self._cheapest * uneven, 4),
            integrality=np.full(4 * width, int(whole)),
            bounds=Bounds(0.0, most),
            constraints=LinearConstraint(rows, low, high),
            options={"node_limit": MOST_NODES, "time_limit": SECONDS_EACH},
        )
        if found.x is None:
            return None
        by = np.zeros((2, count + 1))
        by[0, unknown] = found.x[:width] - found.x[width : 2 * width]
        by[1, unknown] = found.x[2 * width : 3 * width] - found.x[3 * width :]
        return by[:, :-1]

    def _atoms(self, cell: int) -> Whole:
        return np.asarray(
            self._sums.indices[self._sums.indptr[cell] : self._sums.indptr[cell + 1]], dtype=np.int64
        )
