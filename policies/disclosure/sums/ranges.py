"""The range of each hidden sum from all statements together, where numbers need not be whole.

Method: as `bounds`, the interval audit of Fischetti and Salazar-González (Management Science 47, 2001), by linear programs alone: every solution shows
something about every sum, so several are pushed up and others down at once, and only what is left open gets programs of its own. What could not be settled counts as too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from policies.disclosure.pieces import limit, part, pieces
from policies.disclosure.sums.pushes import Piece, Pushes
from policies.disclosure.system import Floats, System, room

MIXED: Final = 12
"""Solutions in which a random half of the sums that are open still is pushed up and the others down."""
NO_USE: Final = 1
"""Such pairs of solutions after which as many are open as before: then no more are tried."""
SEED: Final = 1
MOST_SINGLE: Final = 100
"""Linear programs for the ends of ranges on which nothing depends."""
MOST_CERTAIN: Final = 30
EFFORT: Final = 225_000_000
"""As `Solution.spent`, for all ranges of one attack. What is not settled by then counts as too narrow."""
KEPT_BACK: Final = 10
"""One in so many parts of the effort is kept for ranges of their own."""
UNLIMITED: Final = 1_000_000_000_000
LARGEST: Final = 1e4
"""The largest number in a program: others are scaled down to it, so that a tolerance of HiGHS (1e-7) is 1e-11 of the largest printed."""
NEAR: Final = 1e-9
"""Differences below this share of the largest number are none."""


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What ranges have to keep, one number for each: as a share of the upper end; at least; and the ends that have to stay possible. `unit`: true numbers are its multiples."""

    share: Floats
    width: Floats
    unit: Floats
    low_at_most: Floats
    high_at_least: Floats

    def of(self, which: NDArray[np.int64]) -> Demand:
        """The same of these alone."""
        return Demand(
            self.share[which],
            self.width[which],
            self.unit[which],
            self.low_at_most[which],
            self.high_at_least[which],
        )

    def kept(self, low: Floats, high: Floats, *, near: float, which: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether these ranges keep it, once their ends are moved inwards to multiples of the unit."""
        unit = self.unit[which]
        inner_low = np.ceil((low - near) / unit) * unit
        inner_high = np.floor((high + near) / unit) * unit
        with np.errstate(invalid="ignore"):
            wide = (
                inner_high - inner_low >= np.maximum(self.share[which] * inner_high, self.width[which]) - near
            )
        wide |= high == np.inf  # and not where none was reached
        sides = (low <= self.low_at_most[which] + near) & (high >= self.high_at_least[which] - near)
        return np.asarray(wide & sides, dtype=bool)


@dataclass(slots=True, eq=False)
class Found:
    """For each sum: no arrangement lies outside `least` to `most`; one was found at `low` and one at `high`."""

    least: Floats
    most: Floats
    low: Floats
    high: Floats
    near: float
    cut_short: bool = False
    spent: int = 0

    def too_narrow(self, demand: Demand) -> NDArray[np.int64]:
        """Which do not keep what is demanded for certain, or, if the search was not cut short, are not known to keep it."""
        every = np.arange(len(self.low))
        known = (self.least, self.most) if self.cut_short else (self.low, self.high)
        return np.flatnonzero(~demand.kept(*known, near=self.near, which=every))

    def either(self, other: Found, at: NDArray[np.int64]) -> None:
        """From now on what this and the other leave open between them; the other is about the sums `at` these places alone. Only what was found counts, for what was cut short in one is not known of both."""
        np.minimum.at(self.least, at, other.least)
        np.maximum.at(self.most, at, other.most)
        np.minimum.at(self.low, at, other.low)
        np.maximum.at(self.high, at, other.high)
        self.near, self.cut_short = max(self.near, other.near), False

    def certainly(self, demand: Demand, n: int) -> bool:
        """Whether it is known for certain that this one does not keep it."""
        which = np.array([n])
        return not demand.kept(self.least[which], self.most[which], near=self.near, which=which)[0]


def largest(system: System) -> float:
    """The largest number that the statements name."""
    ends = np.concatenate([system.high, system.low, [1.0]])
    return float(ends[np.isfinite(ends)].max())


def scaled(system: System, *, by: float) -> System:
    """The same with every number divided."""
    return System(system.matrix, system.low / by, system.high / by, whole=False)


def sum_ranges(
    system: System, rows: NDArray[np.int64], *, demand: Demand, effort: int | None = None
) -> Found | None:
    """The range of the sum in each of these rows, each row a sum of unknown numbers from 0; None if the statements contradict each other.

    `effort`: about how much may be spent, as `Solution.spent`; if None, whatever it takes to settle which keep what is demanded, and no more than that.
    """
    known = room(System(system.matrix, system.low, system.high, whole=False))
    if known is None:
        return None
    by = max(largest(system) / LARGEST, 1.0)
    low, high = known.of(system.matrix[rows])
    low, high = np.maximum(low, system.low[rows]), np.minimum(high, system.high[rows])
    endless = np.isinf(high)
    nothing = np.full(len(rows), np.inf)
    found = Found(low, high, nothing, np.where(endless, np.inf, -np.inf), largest(system) * NEAR)
    cap = limit(system, known)
    flat = System(system.matrix, system.low, system.high, whole=False)
    budget = Budget(0 if effort is None else MOST_SINGLE, effort=UNLIMITED if effort is None else effort)
    given = budget.effort
    for columns, inside, which in pieces(flat, known, rows):
        values = np.where(known.least == known.most, known.least, 0.0)
        if not len(columns):
            saw(found, which, system.matrix[rows[which]] @ values)
            continue
        base = system.matrix[rows[which]] @ values
        if len(columns) == 1:  # every number between its limits is possible
            for end in (known.least, known.most):
                saw(found, which, base + system.matrix[rows[which]][:, columns] @ end[columns])
            continue
        one = Piece(
            scaled(part(flat, known, columns, inside), by=by),
            csr_array(system.matrix[rows[which]][:, columns]),
            base,
            np.full(len(which), by),
            known.least[columns] / by,
            np.minimum(known.most[columns], cap) / by,
        )
        if not settle(one, which, found=found, demand=demand, budget=budget):
            return None
    found.cut_short, found.spent = budget.cut_short, given - budget.effort
    return found


@dataclass(slots=True, eq=False)
class Budget:
    """How many programs may still be spent on what nothing depends on, the effort that is left, as `Solution.spent`, how many ranges that are too narrow for certain are enough, and how many were found."""

    single: int
    effort: int
    enough: int = MOST_CERTAIN
    certain: int = 0

    @property
    def cut_short(self) -> bool:
        """Whether so many were found that the search ends; one is enough where no effort is left."""
        return self.certain >= (self.enough if self.effort > 0 else 1)


def saw(found: Found, which: NDArray[np.int64], values: Floats) -> None:
    """These values of the sums are possible, so their ranges reach as far."""
    found.low[which] = np.minimum(found.low[which], values)
    found.high[which] = np.maximum(found.high[which], values)


def settle(piece: Piece, which: NDArray[np.int64], *, found: Found, demand: Demand, budget: Budget) -> bool:
    """Whether the statements of one piece can hold together; the ranges of its sums are settled on the way."""

    if budget.effort <= 0:
        return True
    pushes = Pushes(piece, effort=budget.effort)
    effort = budget.effort

    def push(weights: Floats, *, best: str = "bound") -> float | None:
        """The sums, so weighted, made as small as they get; what that is, or None if there is no arrangement."""
        done = pushes.whole(weights) if best == "arrangement" else pushes.push(weights)
        budget.effort = effort - pushes.spent
        if done.counts is None:
            return None if done.impossible else done.bound
        saw(found, which, piece.base + piece.by * (piece.sums @ done.counts))
        return done.bound

    def kept(some: NDArray[np.int64]) -> NDArray[np.bool_]:
        return demand.kept(found.low[some], found.high[some], near=found.near, which=some)

    everything = np.ones(len(which))
    if push(everything) is None:
        return False
    push(-everything)
    sides = np.random.default_rng(SEED)
    before: list[int] = []
    for _ in range(MIXED):
        left = ~kept(which)
        before.append(int(left.sum()))
        if before[-1] < 2 or before.count(before[-1]) > NO_USE or budget.effort <= effort // KEPT_BACK:
            break
        weights = np.where(
            left, sides.choice([-1.0, 1.0], len(which)) * sides.uniform(0.5, 1.0, len(which)), 0.0
        )
        push(weights)
        push(-weights)
    for place, index in enumerate(which):
        one = np.array([index])
        if budget.effort <= 0:
            break
        if kept(one)[0]:
            budget.single -= 1
            if budget.single < 0:
                continue
        elif budget.cut_short:
            continue
        for how in ("bound", "arrangement")[: 1 if piece.whole is None else 2]:
            for sign in (1.0, -1.0):
                short = (
                    found.low[index] > found.least[index] + found.near
                    if sign > 0
                    else found.high[index] < found.most[index] - found.near
                )
                if not short:
                    continue
                weights = np.zeros(len(which))
                weights[place] = sign
                bound = push(weights, best=how)
                if bound is None or np.isinf(bound):
                    continue
                end = float(piece.base[place] + sign * piece.by[place] * bound)
                if sign > 0:
                    found.least[index] = max(found.least[index], min(end, found.low[index]))
                else:
                    found.most[index] = min(found.most[index], max(end, found.high[index]))
        budget.certain += int(not demand.kept(found.least[one], found.most[one], near=found.near, which=one)[0])
    return True
