"""How numbers that satisfy every statement can be changed as little as may be, so that given sums move as far as they have to and others stay as somebody knows them.

Each such change is one linear program. All have the same coefficients, and what moves nothing costs nothing, so the dual simplex method begins there each time, and needs few steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from policies.disclosure.programs import MOST_EACH, Programs
from policies.disclosure.sums.pushes import FEWEST_STEPS
from policies.disclosure.sums.tied import connected, known_of
from policies.disclosure.system import Floats, Room, System

DEAR: Final = 4.0
"""How much more it costs to move a sum that somebody knows a part of."""
NEAR: Final = 1e-5
"""Differences below this are none, where the largest number of a program is 1e4."""
ABOUT: Final = 100
"""What is to be done about a program besides its steps, for each statement and unknown of it, as it was measured."""
ENDLESS: Final = 1e12
"""What stands for no limit where it is added up how far a statement could be moved."""
Ints = NDArray[np.int64]
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """Sums that tell too much, in the scale of the statements: the row of each, the sum, the part of its largest contributor, and how far up and down it has to stay possible.

    `alone`: nobody else contributes to it. `known`: rows besides that whoever is alone there knows, -1 for none.
    """

    rows: Ints
    sums: Floats
    own: Floats
    up: Floats
    down: Floats
    alone: Cells
    known: Ints


class Moves:
    """Changes of the numbers `start`, which satisfy the statements of a system."""

    def __init__(
        self, system: System, *, inside: Inside, start: Floats, random: np.random.Generator, effort: int | None
    ) -> None:
        """`effort`: about how much may be spent, as `Solution.spent`; then nothing is found any more."""
        matrix = csr_array(system.matrix)
        self._inside, self._random, self._width = inside, random, matrix.shape[1]
        known = known_of(system)
        if known is None:  # the start satisfies every statement, but for the smallest of differences
            known = Room(np.zeros(self._width), np.full(self._width, np.inf))
        up, down = np.maximum(known.most - start, 0.0), np.maximum(start - known.least, 0.0)
        self._columns = np.flatnonzero((up > NEAR) | (down > NEAR))
        up, down = up[self._columns], down[self._columns]
        part, at = csr_array(matrix[:, self._columns]), matrix @ start
        bears = np.flatnonzero(_bears(part, system.low - at, system.high - at, up=up, down=down))
        self._stated = csr_array(part[bears])
        self._targets = csr_array(part[inside.rows])
        also = csr_array(part[inside.known[inside.known >= 0]])
        self._also = np.cumsum(inside.known >= 0) - 1 + len(bears) + len(inside.rows)
        rows = csr_array(vstack([self._stated, self._targets, also]))
        free = np.full(rows.shape[0] - len(bears), np.inf)
        self._ends = (
            np.concatenate([np.minimum((system.low - at)[bears], 0.0), -free]),
            np.concatenate([np.maximum((system.high - at)[bears], 0.0), free]),
        )
        self._effort, self._besides = effort, 0
        self._programs = Programs(
            System(csr_array(hstack([rows, -rows])), *self._ends, whole=False),
            least=np.zeros(2 * len(self._columns)),
            most=np.concatenate([up, down]),
            most_each=MOST_EACH if effort is None else max(effort // 4, FEWEST_STEPS * int(rows.nnz)),
        )
        touched = np.bincount(self._targets.indices, minlength=len(self._columns)) > 0
        self._price = np.where(touched, DEAR, 1.0)
        pieces = connected(self._stated)
        self._piece = np.full(self._width, -1)
        self._piece[self._columns] = pieces
        own, also_own = (
            self._touched(csr_array(matrix[rows])) for rows in (inside.rows, np.maximum(inside.known, 0))
        )
        also_own[inside.known < 0] = 0.0
        self._target_pieces = own
        self.apart: Cells = np.asarray(own @ (own + also_own).T == 0)
        """For each sum and each insider, whether no statement connects what can change in the one with what the other knows."""

    @property
    def exhausted(self) -> bool:
        """Whether nothing is looked for any more."""
        return self._effort is not None and self.spent > self._effort

    @property
    def spent(self) -> int:
        """The effort so far, with what is to be done about each program besides its steps."""
        return self._programs.spent + self._besides

    def together(self, targets: Ints) -> int:
        """How many of these sums lie in the piece that has most of them: others need not be moved in different programs."""
        return int(self._target_pieces[targets].sum(axis=0).max(initial=0))

    def least(self, targets: Ints, sign: float, *, keeping: Ints) -> Floats | None:
        """The cheapest change that moves these sums as far as needed, and leaves what these insiders know; None if there is none."""
        if self.exhausted:
            return None
        self._besides += ABOUT * (len(self._ends[0]) + 2 * len(self._columns))
        inside, first = self._inside, self._stated.shape[0]
        low, high = (ends.copy() for ends in self._ends)
        if sign > 0:
            low[first + targets] = inside.up[targets]
        else:
            high[first + targets] = -inside.down[targets]
        alone = keeping[inside.alone[keeping]]
        at = first + keeping
        low[at] = np.maximum(low[at], np.where(inside.alone[keeping], 0.0, (inside.own - inside.sums)[keeping]))
        counted = self._also[alone[inside.known[alone] >= 0]]
        for rows in (first + alone, counted):
            low[rows], high[rows] = np.maximum(low[rows], 0.0), np.minimum(high[rows], 0.0)
        self._programs.limited(low, high)
        price = self._price * self._random.uniform(1.0, 2.0, len(self._price))
        done = self._programs.push(np.tile(price, 2))
        if done.counts is None:
            return None
        move = np.zeros(self._width)
        move[self._columns] = done.counts[: len(price)] - done.counts[len(price) :]
        return move

    def _touched(self, rows: csr_array) -> NDArray[np.float32]:
        """Which pieces each of these rows lies in."""
        found = np.zeros((rows.shape[0], int(self._piece.max(initial=-1)) + 2), dtype=np.float32)
        found[np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), self._piece[rows.indices]] = 1.0
        return found[:, :-1]  # the last is what cannot change


def _bears(part: csr_array, low: Floats, high: Floats, *, up: Floats, down: Floats) -> Cells:
    """Which statements could be broken by what can change at all; the others say nothing besides."""
    more, fewer = csr_array(part.maximum(0.0)), csr_array((-part).maximum(0.0))
    up, down = np.minimum(up, ENDLESS), np.minimum(down, ENDLESS)
    return np.asarray((more @ up + fewer @ down > high + NEAR) | (more @ down + fewer @ up > NEAR - low))
