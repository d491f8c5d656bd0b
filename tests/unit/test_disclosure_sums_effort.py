"""What an attack on sums does not settle within its effort counts as unsafe, and what grows without end is found by one program."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from policies.disclosure.programs import Programs
from policies.disclosure.sums.pushes import Piece, Pushes
from policies.disclosure.sums.ranges import Demand, sum_ranges
from policies.disclosure.sums.tied import tied_ranges
from policies.disclosure.system import System

FREE = Demand(*(np.zeros(2) for _ in range(2)), np.ones(2), np.full(2, np.inf), np.full(2, -np.inf))
ASKED = replace(FREE, width=np.full(2, 5.0))


def two_sums() -> System:
    """Two sums with 100 together."""
    return System(csr_array(np.array([[1.0, 0], [0, 1], [1, 1]])), np.array([0, 0, 100.0]), np.array([np.inf, np.inf, 100.0]), whole=False)  # fmt: skip


def test_sums_that_are_wide_enough_are_unsafe_only_where_no_effort_is_left():
    asked = np.array([0, 1])
    found = sum_ranges(two_sums(), asked, demand=ASKED, effort=1_000_000)
    given_up = sum_ranges(two_sums(), asked, demand=ASKED, effort=0)
    assert found is not None
    assert given_up is not None
    assert found.too_narrow(ASKED).tolist() == []
    assert given_up.too_narrow(ASKED).tolist() == [0, 1]
    assert not given_up.certainly(ASKED, 0)


def test_a_sum_of_any_number_of_people_has_no_limit_and_one_of_counted_people_has():
    # Counts a and b, sums s and t; each person has at most 10; b is at most 3.
    rows = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [-10, 0, 1, 0], [0, -10, 0, 1]]
    low = np.array([0, 0, 0, 0, -np.inf, -np.inf])
    high = np.array([np.inf, 3, np.inf, np.inf, 0, 0])
    system = System(csr_array(np.array(rows, dtype=np.float64)), low, high, whole=False)
    found = tied_ranges(system, np.array([2, 3]), by=np.ones(2), demand=FREE, people=2, effort=1_000_000)
    assert found is not None
    assert found.high.tolist() == [np.inf, pytest.approx(30)]


def test_an_arrangement_of_whole_people_is_found_where_fractions_of_people_are_cheaper():
    # A sum of 35 to 45 among people who have at most 30 each: 1.17 of them would do, two are needed.
    matrix = csr_array(np.array([[0.0, 1.0], [-30.0, 1.0]]))
    system = System(matrix, np.array([35.0, -np.inf]), np.array([45.0, 0.0]), whole=False)
    piece = Piece(
        system, csr_array(np.array([[1.0, 0.0]])), np.zeros(1), np.ones(1), np.zeros(2), np.full(2, 60.0), np.array([True, False])
    )  # fmt: skip
    pushes = Pushes(piece, effort=1_000_000)
    done = pushes.push(np.ones(1))
    assert done.counts is not None
    assert done.counts[0] == 2
    assert 35 <= done.counts[1] <= 45
    assert done.bound == pytest.approx(35 / 30)
    assert pushes.whole(np.ones(1)).bound == pytest.approx(2)


def test_a_program_that_needs_more_steps_than_it_has_tells_no_bound():
    random = np.random.default_rng(1)
    matrix = csr_array(random.uniform(0.0, 1.0, (60, 60)))
    system = System(matrix, np.full(60, 5.0), np.full(60, 50.0), whole=False)
    ends = {"least": np.zeros(60), "most": np.full(60, 100.0)}
    few = Programs(system, **ends, most_each=3_600).push(np.ones(60))
    enough = Programs(system, **ends).push(np.ones(60))
    assert few.bound == -np.inf
    assert not few.impossible
    assert enough.counts is not None
    assert enough.bound == pytest.approx(float(enough.counts.sum()))


def test_a_count_of_people_who_each_have_much_has_no_limit_either():
    # A count and a sum; each person has at least 10,000, so that the count stays far below the sum.
    system = System(
        csr_array(np.array([[1.0, 0], [0, 1], [-1e4, 1]])), np.zeros(3), np.full(3, np.inf), whole=False
    )
    found = tied_ranges(system, np.array([0, 1]), by=np.ones(2), demand=FREE, people=1, effort=1_000_000)
    assert found is not None
    assert np.isinf(found.most).all()
