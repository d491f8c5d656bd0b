"""Where statements are equations, people who are found by moving others or by going down are whole and satisfy every statement, and the quick attack finds what the slow one finds."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from policies.disclosure import progress, settling
from policies.disclosure.apart import Apart
from policies.disclosure.bounds import ranges
from policies.disclosure.diving import Dive
from policies.disclosure.shifting import Shifter, Shifters
from policies.disclosure.system import System, solve
from policies.disclosure.whole import some_whole

SHAPE = (3, 3, 3)
quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 100_000)


def lines(seed: int) -> tuple[System, np.ndarray]:
    """A table of three dimensions of which every line is told, but for some, which are at least 1; and its counts."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.gamma(1, 4, SHAPE)) + 1
    rows, told = [], []
    for axis in range(3):
        for place in product(*(range(size) for n, size in enumerate(SHAPE) if n != axis)):
            line = np.zeros(SHAPE)
            at: tuple[Any, ...] = (*place[:axis], slice(None), *place[axis:])
            line[at] = 1.0
            rows.append(line.ravel())
            told.append(rng.random() < 0.85)
    matrix = csr_array(np.array(rows))
    sums = matrix @ counts.ravel()
    low, high = np.where(told, sums, 1.0), np.where(told, sums, np.inf)
    alone = csr_array(np.eye(counts.size))
    both = csr_array(np.vstack([matrix.toarray(), alone.toarray()]))
    least, most = np.append(low, np.ones(counts.size)), np.append(high, np.full(counts.size, np.inf))
    return System(both, least, most), counts.ravel().astype(float)


def satisfied(system: System, counts: np.ndarray) -> bool:
    told = system.matrix @ counts
    whole = (counts == np.round(counts)).all() and (counts >= 0).all()
    return bool(whole and (system.low <= told).all() and (told <= system.high).all())


@quick
@given(seeds, st.sampled_from([1, 2, 3]))
def test_people_who_are_moved_satisfy_every_statement_and_reach_the_goal(seed: int, by: int) -> None:
    system, counts = lines(seed)
    cells = csr_array(np.eye(len(counts)))
    one = Shifter(
        system, cells, least=np.zeros(len(counts)), most=np.full(len(counts), 200.0), start=counts, by=by
    )
    for place in range(0, len(counts), 5):
        for sign in (1.0, -1.0):
            goal = counts[place] + sign
            found = one.to(np.array([place]), goals=np.array([goal]), signs=np.array([sign]))
            if found is not None:
                assert satisfied(system, found)
                assert sign * found[place] >= sign * counts[place]
    assert one.taken > 0


def test_a_cell_that_can_be_moved_by_whole_people_is() -> None:
    """Two lines of two: one person more here is one fewer there, and the other way round in the other line."""
    matrix = csr_array(np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]], dtype=float))
    start = np.array([3.0, 4.0, 2.0, 5.0])
    told = matrix @ start
    starts = Shifters(System(matrix, told, told), csr_array(np.eye(4)), least=np.zeros(4), most=np.full(4, 9.0))
    assert starts.to(0, goal=4.0, sign=1, by=1) is None
    starts.know(start)
    found = starts.to(0, goal=4.0, sign=1, by=1)
    assert found is not None
    assert found.tolist() == [4.0, 3.0, 1.0, 6.0]
    assert starts.to(0, goal=6.0, sign=1, by=1) is None
    twice = starts.to(0, goal=4.0, sign=1, by=2)
    assert twice is not None
    assert twice.tolist() == [5.0, 2.0, 0.0, 7.0]


@quick
@given(seeds)
def test_people_found_by_going_down_are_whole_and_not_better_than_the_best(seed: int) -> None:
    system, counts = lines(seed)
    objective = np.random.default_rng(seed).choice([-1.0, 0.0, 1.0], len(counts))
    least, most = np.zeros(len(counts)), np.full(len(counts), 200.0)
    one = Dive(system, objective, least=least, most=most)
    assert one.first is not None
    found = one.down()
    best = solve(system, objective, least=least, most=most, whole=False)
    assert found is None or (satisfied(system, found) and objective @ found >= best.bound - 1e-6)
    some = some_whole(system, objective, least=least, most=most)
    assert some.counts is not None
    assert satisfied(system, np.round(some.counts))


def test_that_there_are_no_such_people_is_said() -> None:
    system, counts = lines(3)
    most = counts - 1.0
    assert Dive(system, np.ones(len(counts)), least=np.zeros(len(counts)), most=most).down() is None
    assert some_whole(system, np.ones(len(counts)), least=np.zeros(len(counts)), most=most).impossible


@quick
@given(seeds)
def test_tables_of_three_dimensions_are_judged_alike_in_the_quick_way_and_in_the_slow_one(seed: int) -> None:
    system, counts = lines(seed)
    rows = np.arange(27, 27 + len(counts))
    wanted = np.full(len(rows), 4.0)
    slow = ranges(system, rows, wanted=wanted, may_stop=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settling, "LARGE", 1)
        patch.setattr(progress, "MOST_CERTAIN", 1_000)
        found = ranges(system, rows, wanted=wanted, may_stop=False)
    assert slow is not None
    assert found is not None
    assert (found.narrower(wanted) == slow.narrower(wanted)).all()
    for reached in (found.reached_low, found.reached_high):
        assert (slow.least <= reached).all()
        assert (reached <= slow.most).all()


@quick
@given(seeds)
def test_without_looking_for_whole_people_nothing_is_called_wide_that_is_not(seed: int) -> None:
    system, counts = lines(seed)
    rows = np.arange(27, 27 + len(counts))
    wanted = np.full(len(rows), 4.0)
    right = ranges(system, rows, wanted=wanted, may_stop=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "MOST_LOOKED", 0)
        found = ranges(system, rows, wanted=wanted, may_stop=False)
    assert right is not None
    assert found is not None
    assert (found.narrower(wanted) | ~right.narrower(wanted)).all()


def test_sums_that_lie_apart_share_no_statement() -> None:
    system, counts = lines(1)
    narrow, cells = csr_array(system.matrix[:27]), csr_array(np.eye(len(counts)))
    chosen = Apart(narrow, cells).of(np.arange(len(counts)))
    touched = (narrow[:, chosen] > 0).sum(axis=1)
    assert len(chosen) > 1
    assert touched.max() == 1
