"""Tables of sums that print no zero, held against a reader who lists all counts that would be printed so, with two linear programs a sum for each."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from policies.disclosure.errors import Unsafe
from policies.disclosure.printed import Printed
from policies.disclosure.rules import TableRules
from policies.disclosure.sums import Magnitudes, attack_magnitudes, protect_magnitudes
from policies.disclosure.sums.telling import Sides
from policies.disclosure.table import HIDDEN
from tests.brute_force_reader import Counts, Seen, every_arrangement, whom

SHAPES = ((3,), (2, 2), (4,), (3, 2))
EACH = ((0, None), (0, 20), (5, 20), (5, None))
MOST_PROGRAMS = 80
NEAR = 1e-3


@dataclass(frozen=True, eq=False)
class Protected:
    """A table, what no reader may learn of it, and for each cell whom it takes in."""

    table: Magnitudes
    sides: Sides
    cells: tuple[NDArray[np.bool_], ...]
    base: NDArray[np.bool_]

    def seen(self) -> Seen:
        shown = self.table.counts.shown
        limits = tuple((0, np.inf) if one == HIDDEN else (int(one), int(one)) for one in shown)
        return Seen(self.cells, limits, tuple(one == HIDDEN for one in shown), self.base, "0" in shown)


def protected(
    people: list[list[int]], shape: tuple[int, ...], sums: dict[str, float], *, among: bool, threshold: int = 3
) -> Protected:
    """By the first dimension, among those alone who are first in the second one; or by all."""
    dimensions = {
        name: tuple(f"{name}{n}" for n in range(size)) for name, size in zip("xy", shape, strict=False)
    }
    names = ("x",) if among else tuple(dimensions)
    restricted = {"y": ("y0",)} if among else {}
    codes = list(product(*((*dimensions[name], "Total") for name in names)))
    cells = [whom(dict(zip(names, one, strict=True)), dimensions, restricted) for one in codes]
    values = [
        sorted((v for its, inside in zip(people, one, strict=True) if inside for v in its), reverse=True)
        for one in cells
    ]
    given = {"mode": "exact", "threshold": threshold, "width": 1, "sums": sums, "restricted_to": restricted}
    rules = TableRules.model_validate(given)
    counts = Printed(f"{among}", names, tuple(codes), tuple(str(len(one)) for one in values), rules)
    columns = {
        "sum": tuple(str(sum(one)) for one in values),
        "largest": tuple(str([*one, 0][0]) for one in values),
        "second": tuple(str([*one, 0, 0][1]) for one in values),
    }
    table, sides = protect_magnitudes(Magnitudes(counts, columns), rules=rules)
    at = dict(zip(codes, cells, strict=True))
    base = np.array([at[one] for one in codes if "Total" not in one])
    own = tuple(len(dimensions[name]) for name in names)
    return Protected(table, sides, tuple(at[one] for one in table.counts.codes), base.reshape(*own, -1))


def drawn(seed: int) -> tuple[list[Protected], tuple[int, int | None]]:
    rng = np.random.default_rng(seed)
    shape, (least, most) = SHAPES[rng.integers(4)], EACH[rng.integers(4)]
    people = [
        [] if rng.random() < 0.4 else rng.integers(least, (most or 30) + 1, rng.integers(1, 6)).tolist()
        for _ in range(int(np.prod(shape)))
    ]
    sums = {"threshold": 3, "width": 0.1, "least_per_person": least} | (
        {"most_per_person": most} if most else {}
    )
    second = len(shape) == 2 and rng.random() < 0.5
    return [protected(people, shape, sums, among=one) for one in ((False, True) if second else (False,))], (
        least,
        most,
    )


def left(
    every: Counts, tables: list[Protected], each: tuple[int, int | None], aim: NDArray[np.bool_]
) -> tuple[float, float]:
    """The ends of a sum over all these counts."""
    told = [
        (cell, float(said))
        for one in tables
        for cell, said in zip(one.cells, one.table.columns["sum"], strict=True)
        if said != HIDDEN
    ]
    ends = [np.inf, -np.inf]
    for counts in every:
        most = np.where(counts > 0, np.inf if each[1] is None else counts * each[1], 0)
        for sign, better in ((1, min), (-1, max)):
            done = linprog(
                sign * aim.astype(float),
                A_eq=np.array([cell for cell, _ in told], dtype=float) if told else None,
                b_eq=[value for _, value in told] if told else None,
                bounds=np.column_stack([counts * each[0], most]),
            )
            if done.status != 2:
                ends[sign < 0] = better(ends[sign < 0], np.inf if done.status == 3 else sign * done.fun)
    return ends[0], ends[1]


def narrows(tables: list[Protected], each: tuple[int, int | None]) -> bool | None:
    """Whether a hidden sum is narrower than it has to be, for those who list all counts."""
    every = every_arrangement([one.seen() for one in tables])
    if every is not None and each == (0, None):  # only who is missing matters
        every = every[np.unique(every > 0, axis=0, return_index=True)[1]]
    if every is None or len(every) * sum(sum(one.seen().hidden) for one in tables) > MOST_PROGRAMS:
        return None
    for number, one in enumerate(tables):
        for codes, cell, said in zip(one.table.counts.codes, one.cells, one.table.columns["sum"], strict=True):
            if said != HIDDEN:
                continue
            low, high = left(every, tables, each, cell)
            if high < np.inf and np.floor(high + NEAR) - np.ceil(low - NEAR) < max(0.1 * high, 1) - NEAR:
                return True
            side = one.sides.get(codes) if number == 0 else None
            if side and (low > side.low / 1000 + NEAR or high < side.high / 1000 - NEAR):
                return True
    return False


@pytest.mark.parametrize("start", range(0, 90, 30))
def test_no_sum_that_a_reader_who_lists_all_counts_narrows_is_called_safe(start: int) -> None:
    judged = 0
    for seed in range(start, start + 30):
        try:
            tables, each = drawn(seed)
        except Unsafe:
            continue
        judgement = narrows(tables, each) if not all("0" in one.table.counts.shown for one in tables) else None
        if judgement is None:
            continue
        judged += 1
        first, *earlier = tables
        result = attack_magnitudes(first.table, earlier=[one.table for one in earlier], sides=first.sides)
        assert not (result.safe and judgement), seed
    assert judged > 3


def test_the_ways_that_are_looked_at_from_inside_are_those_in_which_what_is_true_there_can_be() -> None:
    """There are 26 lines that may have everybody in one cell, and most contradict that somebody is in a cell whose sum tells too much."""
    rng = np.random.default_rng(113)
    counts = rng.poisson(rng.gamma(0.6, 6, (4, 5)))
    people = [np.ceil(rng.lognormal(3, 1.2, n)).astype(int).tolist() for n in counts.ravel()]
    one = protected(people, (4, 5), {"threshold": 5, "width": 0.1}, among=False, threshold=5)
    assert "0" not in one.table.counts.shown
    assert not counts.all()
    assert attack_magnitudes(one.table, sides=one.sides).safe


@pytest.mark.parametrize("seed", [107, 257, 323])
def test_a_sum_that_is_as_large_as_it_can_be_as_everybody_knows_needs_no_move(seed: int) -> None:
    """Each of these has one."""
    assert any(HIDDEN in one.table.counts.shown for one in drawn(seed)[0])
