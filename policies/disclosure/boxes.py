"""Further cells to hide as the corners of boxes: whole people move round the corners of a box, and every printed sum that is no corner stays as it is.

In a table with all its totals such a move takes two categories of each dimension, adds people at half of the corners and takes as many from the others
(the basic moves of Diaconis and Sturmfels, Annals of Statistics 26, 1998). A total can be a corner too, and in a hierarchy what lies between is one. A move there and back shows
that every corner has that range in whole people; the attack, which does not know these moves, still has to find it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.problem import Cells, Problem, too_narrow
from policies.disclosure.system import Floats

Whole = NDArray[np.int64]
NEVER: Final = 1e15
"""The cost of a box that cannot be: more than all cells together."""
MOST_SPLITS: Final = 8
"""Ways to divide the demanded width between there and back, less one."""
MOST_PASSES: Final = 3
"""Times every box is taken away and the cheapest ones are put in its place."""
MOST_ROUNDS: Final = 8
"""Times what an attack does not settle gets further boxes."""
PARTS: Final = 10
"""Of so many parts of the cells that need a box, the one whose boxes cost least gets them at a time;"""
FEWEST: Final = 20
"""and at least one of so many parts of those that needed one at first."""
MOST_PARTS: Final = 12
"""Attacks on one choice while parts get boxes."""
MOST_ATTACKS: Final = 3
"""Whole attacks on one choice, with further boxes after each, before it is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Cells that are moved together, by so much in all that the range of each is as wide as wanted."""

    corners: Whole


def boxed(problem: Problem, hidden: Cells, *, needed: Cells, at_first: Cells) -> Cells | None:
    """What has to be hidden so that an attack finds nothing: together with the hidden cells boxes for those of the needed cells that it does not find wide without one; or, where that costs less,
    boxes for all that are needed `at_first`, without any cell but those that are hidden first. None if no such choice was found."""
    boxes, anew = Boxes(problem, hidden), Boxes(problem, problem.first)
    few = _by_parts(problem, hidden, np.flatnonzero(needed), lambda hidden: too_narrow(problem, hidden))
    found = [_settled(boxes, boxes.cover(needed)) if few is None else few, _settled(anew, anew.cover(at_first))]
    return min((one for one in found if one is not None), key=lambda one: problem.cost[one].sum(), default=None)


def _by_parts(problem: Problem, hidden: Cells, needed: Whole, attack: Callable[[Cells], Whole]) -> Cells | None:
    """With boxes for a part of the needed cells at a time, those that cost least first: once more is hidden, an attack finds of many others that they are wide without one. None if it still
    finds others after many parts, or no box hides more."""
    fewest, left = max(len(needed) // FEWEST, 1), needed
    for _ in range(MOST_PARTS):
        boxes = Boxes(problem, hidden)
        part = boxes.dearest_last(left)[: max(len(left) // PARTS, fewest)]
        some = np.zeros_like(hidden)
        some[part] = True
        more = boxes.cover(some)
        if more is None or more.sum() == hidden.sum():
            more = boxes.further(part, hidden)
        if more is None:
            return None
        hidden, left = more, attack(more)
        if not left.size:
            return hidden
    return None


def withstanding(problem: Problem, settled: Cells) -> Cells:
    """With further boxes for what the whole attack finds, which also asks what zeros tell, until it finds nothing; as it was if it still does."""
    left = problem.attacked(settled)
    if not left.size:
        return settled
    hidden = _by_parts(problem, settled, left, problem.attacked)
    if hidden is not None:
        return hidden
    boxes, hidden = Boxes(problem, problem.first), settled
    for _ in range(MOST_ATTACKS):
        hidden = _settled(boxes, boxes.further(left, hidden))
        if hidden is None:
            break
        left = problem.attacked(hidden)
        if not left.size:
            return hidden
    return settled


def _settled(boxes: Boxes, hidden: Cells | None) -> Cells | None:
    """With the corners of further boxes, until an attack by a reader, who does not know these moves, finds others that are as good."""
    problem = boxes.problem
    for _ in range(MOST_ROUNDS):
        if hidden is None:
            break
        left = too_narrow(problem, hidden)
        if not left.size:
            return hidden
        hidden = boxes.further(left, hidden)
    return None


class Boxes:
    """The boxes of one table of which `first` is hidden anyway."""

    def __init__(self, problem: Problem, first: Cells) -> None:
        self.problem, self._first = problem, first
        self._shape = tuple(len(one) for one in problem.axes)
        self._where = np.ravel_multi_index(tuple(problem.places.T), self._shape)
        self._cell = np.full(int(np.prod(self._shape)), -1)
        self._cell[self._where] = np.arange(len(problem.counts))
        self._steps = cache(self._steps_of)
        wanted = int(np.ceil(problem.wanted))
        up = np.unique(np.linspace(0, wanted, min(wanted, MOST_SPLITS) + 1).round().astype(np.int64))
        # Where zeros may be hidden, a reader still supposes first that none is, so nobody who is there is moved away to leave none.
        room = problem.counts - np.minimum(problem.counts, max(problem.floor, 1))
        self._splits = [(room >= int(wanted - one), room >= int(one)) for one in up]

    def cover(self, needed: Cells) -> Cells | None:
        """The cells that are hidden first and the corners of boxes, so that each of the needed cells is a corner; None if one of them can be none."""
        chosen = self._added([], needed)
        if chosen is None:
            return None
        for _ in range(MOST_PASSES):
            before = self._cost(chosen)
            for box in sorted(chosen, key=self._alone(chosen), reverse=True):
                other = self._added([one for one in chosen if one is not box], needed)
                if other is not None and self._cost(other) < self._cost(chosen):
                    chosen = other
            if self._cost(chosen) >= before:
                break
        return self._hidden(chosen)

    def dearest_last(self, cells: Whole) -> Whole:
        """These cells in the order of what their cheapest boxes cost; last those that have one already, or can have none."""
        prices = np.full(len(cells), NEVER)
        for n, cell in enumerate(cells):
            box = self.cheapest(int(cell), hidden=self._first)
            if box is not None:
                prices[n] = float(self.problem.cost[box.corners[~self._first[box.corners]]].sum()) or NEVER
        return cells[np.argsort(prices, kind="stable")]

    def further(self, cells: Whole, hidden: Cells) -> Cells | None:
        """With another box for each of these cells, which hides more; None if there is none."""
        hidden, before = hidden.copy(), hidden.sum()
        for cell in cells:
            box = self.cheapest(int(cell), hidden=hidden, more=True)
            if box is not None:
                hidden[box.corners] = True
        return hidden if hidden.sum() > before else None

    def _added(self, chosen: list[Box], needed: Cells) -> list[Box] | None:
        """With the cheapest box for each needed cell that is no corner yet; None if one of them can be none."""
        chosen, hidden = list(chosen), self._hidden(chosen)
        open_ = needed.copy()
        for box in chosen:
            open_[box.corners] = False
        for cell in np.flatnonzero(open_)[np.argsort(-self.problem.counts[open_], kind="stable")]:
            if open_[cell]:
                found = self.cheapest(int(cell), hidden=hidden)
                if found is None:
                    return None
                chosen.append(found)
                hidden[found.corners], open_[found.corners] = True, False
        return chosen

    def _hidden(self, chosen: list[Box]) -> Cells:
        hidden = self._first.copy()
        for box in chosen:
            hidden[box.corners] = True
        return hidden

    def _cost(self, chosen: list[Box]) -> float:
        return float(self.problem.cost[self._hidden(chosen) & ~self._first].sum())

    def _alone(self, chosen: list[Box]) -> Callable[[Box], float]:
        """What each box costs that no other needs."""
        used = np.zeros(len(self.problem.counts))
        for box in chosen:
            used[box.corners] += 1
        cost = np.where(self._first, 0.0, self.problem.cost)
        return lambda box: float(cost[box.corners[used[box.corners] == 1]].sum())

    def cheapest(self, cell: int, *, hidden: Cells, more: bool = False) -> Box | None:
        """The box with this cell as a corner for which hiding the others costs least, or of those that hide `more`; None if there is none."""
        steps = [self._steps(d, int(code)) for d, code in enumerate(self.problem.places[cell])]
        price = np.where(hidden, 0.0, np.where(self.problem.allowed, self.problem.cost, NEVER))
        best, found = NEVER, None
        for falls, rises in self._splits:
            if not falls[cell]:
                continue
            costs = self._costs(steps, np.where(falls, price, NEVER), np.where(rises, price, NEVER))
            if more:
                costs = np.where(costs > 0.0, costs, NEVER)
            at = int(costs.argmin())
            if costs.flat[at] < best:
                best, found = float(costs.flat[at]), np.unravel_index(at, costs.shape)
        if found is None:
            return None
        return Box(self._corners([its[n] for its, n in zip(steps, found, strict=True)]))

    def _steps_of(self, dimension: int, code: int) -> Floats:
        """Every way to move one person into a category, from another or from outside: what each category gains (ways x categories)."""
        takes_in = self.problem.axes[dimension].astype(np.float64)
        own, others = np.flatnonzero(takes_in[code]), np.flatnonzero(takes_in[code] == 0)
        into = takes_in[:, own].T
        moves = (into[:, None, :] - takes_in[:, others].T[None, :, :]).reshape(-1, len(takes_in))
        return np.concatenate([moves, into])

    def _costs(self, steps: list[Floats], gains: Floats, loses: Floats) -> Floats:
        """What each box costs, if these are the costs of corners that gain people and of those that lose them (ways of each dimension)."""
        plus, minus = self._spread(gains), self._spread(loses)
        for step in steps:
            more, fewer = np.maximum(step, 0.0), np.maximum(-step, 0.0)
            plus, minus = (
                np.tensordot(plus, more, axes=(0, 1)) + np.tensordot(minus, fewer, axes=(0, 1)),
                np.tensordot(minus, more, axes=(0, 1)) + np.tensordot(plus, fewer, axes=(0, 1)),
            )
        return np.asarray(plus)

    def _spread(self, values: Floats) -> Floats:
        spread = np.zeros(len(self._cell))
        spread[self._where] = values
        return spread.reshape(self._shape)

    def _corners(self, steps: list[Floats]) -> Whole:
        moved = np.ones(())
        for step in steps:
            moved = np.multiply.outer(moved, step)
        corners = self._cell[np.flatnonzero(moved)]
        return corners[corners >= 0]
