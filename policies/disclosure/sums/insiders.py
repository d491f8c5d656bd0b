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
from scipy.sparse import csr_array

from policies.disclosure.programs import Programs
from policies.disclosure.sums.moves import NEAR, Inside, Moves
from policies.disclosure.sums.pushes import quickest_first
from policies.disclosure.system import Floats, System

SEED: Final = 1
ROUNDS: Final = 4
"""In which many sums are moved at once, each time along other ways."""
APIECE: Final = 24
"""Programs of one round, at most."""
SHARING: Final = 24
"""Sums of one piece that are moved in one program, if there are so many."""
Ints = NDArray[np.int64]
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pair:
    """Who is in the cell `insider` can tell that the sum of the cell `target` does not lie as far up (1) or down (-1) as it has to stay possible. Both are places in `Inside`."""

    insider: int
    target: int
    sign: float


class Arrangements:
    """Arrangements that were found, each as what differs from the start in every row; they serve as long as the statements allow them. `spent`: the effort so far."""

    def __init__(self, matrix: csr_array, *, inside: Inside, start: Floats, asked: Cells | None = None) -> None:
        """`asked`: the sums that are looked at, if not all; the others are those of insiders alone."""
        self._asked = np.ones(len(inside.rows), dtype=bool) if asked is None else asked
        self._matrix, self._inside, self._start = csr_array(matrix), inside, start
        self._rows = csr_array(self._matrix[inside.rows])
        self._every = np.arange(len(inside.rows))
        self._known = csr_array(self._matrix[np.maximum(inside.known, 0)])
        self._changes = np.zeros((0, self._matrix.shape[1]))
        self._moved = np.zeros((0, len(inside.rows)))
        self._leaves = np.zeros((0, len(inside.rows)), dtype=np.float32)
        self._add(np.zeros((1, self._matrix.shape[1])))
        self._apart = np.zeros((len(inside.rows), len(inside.rows)), dtype=bool)
        # Sums that no arrangement moves, whatever it leaves.
        self._fast: dict[float, Cells] = {}
        self._random = np.random.default_rng(SEED)
        self.spent = 0

    def told(self, system: System, *, most: int, effort: int | None = None) -> list[Pair]:
        """The pairs for which these statements leave no arrangement, or none that was found; at most so many. `effort`: about how much may be spent, as `Solution.spent`; None for whatever it takes."""
        count = len(self._inside.rows)
        if count < 2:
            return []
        moves = Moves(system, inside=self._inside, start=self._start, random=self._random, effort=effort)
        found = self._told(system, moves, most)
        self.spent += moves.spent
        return found

    def _told(self, system: System, moves: Moves, most: int) -> list[Pair]:
        self._apart = moves.apart
        self._fast = {sign: np.zeros(len(self._every), dtype=bool) for sign in (1.0, -1.0)}
        self._keep(system)
        for n in range(ROUNDS):
            none_left = True
            for sign in (1.0, -1.0):
                left = self._open(sign, self._every).any(axis=1)
                none_left &= not left.any()
                order = self._random.permutation(np.flatnonzero(left & ~self._fast[sign]))
                for some in np.array_split(order, max(min(APIECE, -(-moves.together(order) // SHARING)), 1)):
                    self._together(moves, some, sign, keep=n > 0)
            if none_left:
                return []
            if moves.exhausted:
                break
        return self._one_by_one(moves, most)

    def _one_by_one(self, moves: Moves, most: int) -> list[Pair]:
        found: list[Pair] = []
        none = np.zeros(0, dtype=np.int64)
        for sign in (1.0, -1.0):
            for target in np.flatnonzero(self._open(sign, self._every).any(axis=1)):
                one = np.array([target])
                left = np.flatnonzero(self._open(sign, one)[0])
                fast = bool(self._fast[sign][target])
                if not left.size or (not fast and self._move(moves, one, sign, keeping=left)):
                    continue
                outside = fast or not self._move(moves, one, sign, keeping=none)
                for insider in left:
                    if outside or (
                        self._open(sign, one)[0, insider]
                        and not self._move(moves, one, sign, keeping=np.array([insider]))
                    ):
                        found.append(Pair(int(insider), int(target), sign))
                        if len(found) >= most:
                            return found
        return found

    def _keep(self, system: System) -> None:
        """Only the arrangements that these statements allow."""
        at = (self._matrix @ (self._start + self._changes).T).T
        fits = ((at >= system.low - NEAR) & (at <= system.high + NEAR)).all(axis=1)
        fits |= np.arange(len(at)) == 0
        self._changes, self._moved, self._leaves = self._changes[fits], self._moved[fits], self._leaves[fits]

    def _add(self, changes: Floats) -> None:
        inside = self._inside
        moved = (self._rows @ changes.T).T
        also = (inside.known >= 0) & (np.abs((self._known @ changes.T).T) > NEAR)
        shut = np.where(inside.alone, (np.abs(moved) > NEAR) | also, moved < inside.own - inside.sums - NEAR)
        self._changes = np.concatenate([self._changes, changes])
        self._moved = np.concatenate([self._moved, moved])
        self._leaves = np.concatenate([self._leaves, (~shut).astype(np.float32)])

    def _open(self, sign: float, targets: Ints) -> Cells:
        """For which pairs of one of these sums and an insider no arrangement was found yet."""
        need = (self._inside.up if sign > 0 else self._inside.down)[targets]
        far: Cells = np.asarray(sign * self._moved[:, targets] >= need - NEAR)
        same = targets[:, None] == self._every
        # Of an arrangement, that part alone is possible too which lies in the pieces of one sum. Where totals are sums of printed numbers they say nothing of true ones, so each sum is a piece,
        # and what somebody knows of another one never bears on it.
        whole: Cells = np.asarray(far.T.astype(np.float32) @ self._leaves == 0)
        found = np.where(self._apart[targets], ~np.any(far, axis=0)[:, None], whole)
        return np.asarray(found & ~same & self._asked[targets][:, None], dtype=bool)

    def _together(self, moves: Moves, targets: Ints, sign: float, *, keep: bool) -> None:
        """All these sums moved in one arrangement, or in several where they cannot be; if `keep`, one that leaves what all those know for whom there is none yet."""
        if moves.exhausted:
            return
        left: Cells = np.zeros(len(self._every), dtype=bool)
        if keep:
            left |= self._open(sign, targets).any(axis=0)
        left[targets] = False
        if not targets.size or self._move(moves, targets, sign, keeping=np.flatnonzero(left)):
            return
        if len(targets) == 1:
            if not left.any():
                self._fast[sign][targets] = True
            return
        for half in np.array_split(targets, 2):
            self._together(moves, half, sign, keep=keep)

    def _move(self, moves: Moves, targets: Ints, sign: float, *, keeping: Ints) -> bool:
        """Whether there is an arrangement that moves these sums as far as needed, and leaves what these insiders know; it is kept."""
        move = moves.least(targets, sign, keeping=keeping)
        if move is None:
            return False
        self._add(move[None, :])
        return True


def starting(system: System, *, inside: Inside, people: Sequence[float]) -> Floats | None:
    """Numbers that satisfy every statement, in which all these sums are the true ones; None if there are none. `people`: what is in the rows that are `known` besides.

    A mean of several arrangements, so that what may differ can go both ways.
    """
    alone = inside.known >= 0
    rows = np.concatenate([inside.rows, inside.known[alone]])
    values = np.concatenate([inside.sums, np.asarray(people, dtype=np.float64)[alone]])
    low, high = system.low.copy(), system.high.copy()
    if (values < low[rows] - NEAR).any() or (values > high[rows] + NEAR).any():
        return None
    low[rows], high[rows] = values, values
    random = np.random.default_rng(SEED)
    width = system.matrix.shape[1]
    programs = Programs(
        System(system.matrix, low, high, whole=False),
        least=np.zeros(width),
        most=np.full(width, np.inf),
        first=quickest_first(system.matrix.nnz),
    )
    every = []
    for _ in range(ROUNDS):
        done = programs.push(random.uniform(0.1, 1.0, width))
        if done.counts is None:
            return None
        every.append(done.counts)
    return np.asarray(np.mean(every, axis=0))
