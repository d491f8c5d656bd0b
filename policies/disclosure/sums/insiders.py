"""What people who contribute to hidden sums can work out about each other: each knows the own part, and takes it off.

Whoever is alone in a cell knows its sum; whoever shares it knows that it is no smaller than the own part. With that said besides, every other sum that tells too much has to stay as uncertain as for
a reader (the attacker of the p% rule: Hundepool and others, Statistical Disclosure Control, 2012, section 4.2.1; here for every equation of the table). An arrangement that differs from the truth in
few cells keeps a sum uncertain for everybody whose own cell it leaves as it is. So few linear programs settle all pairs of an insider and a sum, and only pairs that none of their
arrangements settles get programs of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from policies.disclosure.sums.tied import known_of
from policies.disclosure.system import Floats, Room, Solution, System, solve

SEED: Final = 1
ROUNDS: Final = 4
"""In which many sums are moved at once, each time along other ways."""
APIECE: Final = 24
"""Programs of one round."""
DEAR: Final = 4.0
"""How much more it costs to move a sum that somebody knows a part of."""
NEAR: Final = 1e-5
"""Differences below this are none, where the largest number of a program is 1e4."""
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


@dataclass(frozen=True, slots=True)
class Pair:
    """Who is in the cell `insider` can tell that the sum of the cell `target` does not lie as far up (1) or down (-1) as it has to stay possible. Both are places in `Inside`."""

    insider: int
    target: int
    sign: float


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What may differ from the start: its columns, the statements that bear on them, and how far each may go up and down."""

    columns: Ints
    rows: csr_array
    low: Floats
    high: Floats
    up: Floats
    down: Floats


class Arrangements:
    """Arrangements that were found, each as what differs from the start in every row; they serve as long as the statements allow them."""

    def __init__(self, matrix: csr_array, *, inside: Inside, start: Floats) -> None:
        self._matrix, self._inside, self._start = csr_array(matrix), inside, start
        self._rows = csr_array(self._matrix[inside.rows])
        self._every = np.arange(len(inside.rows))
        self._known = csr_array(self._matrix[np.maximum(inside.known, 0)])
        self._moves = np.zeros((0, self._matrix.shape[1]))
        self._moved = np.zeros((0, len(inside.rows)))
        self._leaves = np.zeros((0, len(inside.rows)), dtype=np.float32)
        self._add(np.zeros((1, self._matrix.shape[1])))
        self._random = np.random.default_rng(SEED)

    def told(self, system: System, *, most: int) -> list[Pair]:
        """The pairs for which these statements leave no arrangement, or none that was found; at most so many."""
        count = len(self._inside.rows)
        if count < 2:
            return []
        frame = self._frame(system)
        self._keep(system)
        for _ in range(ROUNDS):
            left = {sign: np.flatnonzero(self._open(sign, self._every).any(axis=1)) for sign in (1.0, -1.0)}
            if not any(one.size for one in left.values()):
                return []
            for sign, targets in left.items():
                order = self._random.permutation(targets)
                for some in np.array_split(order, min(APIECE, len(order)) or 1):
                    self._together(frame, some, sign)
        return self._one_by_one(frame, most)

    def _one_by_one(self, frame: _Frame, most: int) -> list[Pair]:
        found: list[Pair] = []
        none = np.zeros(0, dtype=np.int64)
        for sign in (1.0, -1.0):
            for target in np.flatnonzero(self._open(sign, self._every).any(axis=1)):
                one = np.array([target])
                left = np.flatnonzero(self._open(sign, one)[0])
                if not left.size or self._move(frame, one, sign, keeping=left):
                    continue
                outside = not self._move(frame, one, sign, keeping=none)
                for insider in left:
                    if outside or (
                        self._open(sign, one)[0, insider]
                        and not self._move(frame, one, sign, keeping=np.array([insider]))
                    ):
                        found.append(Pair(int(insider), int(target), sign))
                        if len(found) >= most:
                            return found
        return found

    def _frame(self, system: System) -> _Frame:
        known = known_of(system)
        if known is None:  # the start satisfies every statement, but for the smallest of differences
            known = Room(np.zeros(self._matrix.shape[1]), np.full(self._matrix.shape[1], np.inf))
        up, down = np.maximum(known.most - self._start, 0.0), np.maximum(self._start - known.least, 0.0)
        columns = np.flatnonzero((up > NEAR) | (down > NEAR))
        part = csr_array(self._matrix[:, columns])
        says = np.isfinite(system.high) | np.isfinite(system.low)
        bears = np.flatnonzero(says & (np.diff(part.indptr) > 0))
        at = self._matrix @ self._start
        return _Frame(
            columns,
            csr_array(part[bears]),
            np.minimum((system.low - at)[bears], 0.0),
            np.maximum((system.high - at)[bears], 0.0),
            up[columns],
            down[columns],
        )

    def _keep(self, system: System) -> None:
        """Only the arrangements that these statements allow."""
        at = (self._matrix @ (self._start + self._moves).T).T
        fits = ((at >= system.low - NEAR) & (at <= system.high + NEAR)).all(axis=1)
        fits |= np.arange(len(at)) == 0
        self._moves, self._moved, self._leaves = self._moves[fits], self._moved[fits], self._leaves[fits]

    def _add(self, moves: Floats) -> None:
        inside = self._inside
        moved = (self._rows @ moves.T).T
        also = (inside.known >= 0) & (np.abs((self._known @ moves.T).T) > NEAR)
        shut = np.where(inside.alone, (np.abs(moved) > NEAR) | also, moved < inside.own - inside.sums - NEAR)
        self._moves = np.concatenate([self._moves, moves])
        self._moved = np.concatenate([self._moved, moved])
        self._leaves = np.concatenate([self._leaves, (~shut).astype(np.float32)])

    def _open(self, sign: float, targets: Ints) -> Cells:
        """For which pairs of one of these sums and an insider no arrangement was found yet."""
        need = (self._inside.up if sign > 0 else self._inside.down)[targets]
        far = sign * self._moved[:, targets] >= need - NEAR
        same = targets[:, None] == self._every
        return np.asarray((far.T.astype(np.float32) @ self._leaves == 0) & ~same, dtype=bool)

    def _together(self, frame: _Frame, targets: Ints, sign: float) -> None:
        """All these sums moved in one arrangement, or in several where they cannot be."""
        none = np.zeros(0, dtype=np.int64)
        if not targets.size or self._move(frame, targets, sign, keeping=none) or len(targets) == 1:
            return
        for half in np.array_split(targets, 2):
            self._together(frame, half, sign)

    def _move(self, frame: _Frame, targets: Ints, sign: float, *, keeping: Ints) -> bool:
        """Whether there is an arrangement that moves these sums as far as needed, and leaves what these insiders know; it is kept."""
        inside = self._inside
        far = (inside.up if sign > 0 else inside.down)[targets]
        kept = [keeping, keeping[inside.alone[keeping] & (inside.known[keeping] >= 0)]]
        floor = np.where(inside.alone[keeping], 0.0, (inside.own - inside.sums)[keeping])
        ceiling = np.where(inside.alone[keeping], 0.0, np.inf)
        none = np.zeros(len(kept[1]))
        wide = len(frame.columns)
        rows = vstack(
            [
                frame.rows,
                sign * self._rows[targets][:, frame.columns],
                self._rows[kept[0]][:, frame.columns],
                self._known[kept[1]][:, frame.columns],
            ]
        )
        system = System(
            csr_array(hstack([rows, -rows])),
            np.concatenate([frame.low, far, floor, none]),
            np.concatenate([frame.high, np.full(len(far), np.inf), ceiling, none]),
            whole=False,
        )
        touched = np.bincount(self._rows.indices, minlength=len(self._start))[frame.columns] > 0
        price = np.where(touched, DEAR, 1.0) * self._random.uniform(1.0, 2.0, wide)
        done: Solution = solve(
            system,
            np.tile(price, 2),
            least=np.zeros(2 * wide),
            most=np.concatenate([frame.up, frame.down]),
            whole=False,
        )
        if done.counts is None:
            return False
        move = np.zeros((1, self._matrix.shape[1]))
        move[0, frame.columns] = done.counts[:wide] - done.counts[wide:]
        self._add(move)
        return True


def starting(system: System, *, inside: Inside, people: Sequence[float]) -> Floats | None:
    """Numbers that satisfy every statement, in which all these sums are the true ones; None if there are none. `people`: what is in the rows that are `known` besides.

    A mean of several arrangements, so that what may differ can go both ways.
    """
    alone = inside.known >= 0
    rows = np.concatenate([inside.rows, inside.known[alone]])
    values = np.concatenate([inside.sums, np.asarray(people, dtype=np.float64)[alone]])
    low, high = system.low.copy(), system.high.copy()
    low[rows], high[rows] = values, values
    random = np.random.default_rng(SEED)
    width = system.matrix.shape[1]
    every = []
    for _ in range(ROUNDS):
        done = solve(
            System(system.matrix, low, high, whole=False),
            random.uniform(0.1, 1.0, width),
            least=np.zeros(width),
            most=np.full(width, np.inf),
            whole=False,
        )
        if done.counts is None:
            return None
        every.append(done.counts)
    return np.asarray(np.mean(every, axis=0))
