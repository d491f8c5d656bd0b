"""Statements that are a network: what moving people round finds is what HiGHS finds, and what is no network is not taken for one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.circulation import Circulation
from policies.disclosure.network import network
from policies.disclosure.system import System

Wholes = np.ndarray


def _rows(shape: tuple[int, ...], levels: int = 0) -> csr_array:
    """Every cell, every total, and if asked for so many groups of neighbouring categories of the first dimension, each with every category of the second."""
    cells = np.arange(int(np.prod(shape))).reshape(shape)
    found = [[int(one)] for one in cells.ravel()]
    for mask in range(1, 2 ** len(shape)):
        away = tuple(n for n in range(len(shape)) if mask >> n & 1)
        kept = [n for n in range(len(shape)) if n not in away]
        summed = cells.transpose(*kept, *away).reshape(int(np.prod([shape[n] for n in kept])), -1)
        found.extend(one.tolist() for one in summed)
    for group in np.array_split(np.arange(shape[0]), levels) if levels else ():
        found.extend(cells[group, n].ravel().tolist() for n in range(shape[1]))
        found.append(cells[group].ravel().tolist())
    rows = np.repeat(np.arange(len(found)), [len(one) for one in found])
    columns = np.concatenate([np.array(one) for one in found])
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(found), cells.size))


def _hidden(matrix: csr_array, *, seed: int, share: float, mean: float, least: int) -> tuple[System, Wholes]:
    """Printed numbers of made-up people, of which some are hidden, and which these are."""
    rng = np.random.default_rng(seed)
    people = np.maximum(rng.poisson(mean, matrix.shape[1]), least)
    counts = (matrix @ people).astype(np.float64)
    hidden = rng.random(len(counts)) < share
    system = System(matrix, np.where(hidden, float(least), counts), np.where(hidden, np.inf, counts))
    return system, np.flatnonzero(hidden)


def _by_highs(system: System, row: int) -> tuple[float, float]:
    """The ends of the sum of one row, in whole people, by branching."""
    objective = system.matrix[[row]].toarray().ravel()
    ends = []
    for sign in (1, -1):
        found = milp(
            sign * objective,
            integrality=np.ones(len(objective)),
            bounds=Bounds(0, 10_000),
            constraints=LinearConstraint(system.matrix, system.low, system.high),
        )
        ends.append(round(sign * found.fun))
    return float(ends[0]), float(ends[1])


def _ranges(system: System, rows: Wholes, *, width: float, exact: bool = True) -> Ranges:
    found = ranges(system, rows, wanted=np.full(len(rows), width), exact=exact)
    assert found is not None
    return found


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.sampled_from([(3, 4), (2, 5), (6, 2), (7,), (4, 4)]),
    levels=st.integers(0, 2),
    share=st.floats(0.2, 0.9),
    mean=st.sampled_from([1.0, 4.0, 30.0]),
    least=st.integers(0, 1),
)
def test_ranges_in_a_network_are_those_of_branching(
    seed: int, shape: tuple[int, ...], levels: int, share: float, mean: float, least: int
) -> None:
    matrix = _rows(shape, levels if len(shape) == 2 else 0)
    system, rows = _hidden(matrix, seed=seed, share=share, mean=mean, least=least)
    sums = csr_array(matrix[rows])
    assert network(system, sums, least=np.zeros(matrix.shape[1]), most=np.full(matrix.shape[1], 10_000.0))
    found = _ranges(system, rows, width=3.0)
    for n, row in enumerate(rows):
        if np.isfinite(found.most[n]) and found.most[n] < 9_000:
            assert (found.least[n], found.most[n]) == _by_highs(system, int(row))
            assert (found.reached_low[n], found.reached_high[n]) == (found.least[n], found.most[n])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0.3, 0.9), width=st.integers(1, 12))
def test_as_far_as_it_takes_is_as_good_as_exactly(seed: int, share: float, width: int) -> None:
    system, rows = _hidden(_rows((5, 6)), seed=seed, share=share, mean=5.0, least=1)
    exactly = _ranges(system, rows, width=width)
    enough = ranges(system, rows, wanted=np.full(len(rows), float(width)), exact=False, may_stop=False)
    assert enough is not None
    if not enough.cut_short:
        assert (enough.narrower(width) == exactly.narrower(width)).all()
        narrow = exactly.narrower(width)
        assert (enough.least[narrow] == exactly.least[narrow]).all()
        assert (enough.most[narrow] == exactly.most[narrow]).all()
    assert (enough.reached_low >= exactly.reached_low - 1e-9).all()
    assert (enough.reached_high <= exactly.reached_high + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), edge=st.integers(0, 200), goal=st.integers(0, 60))
def test_wherever_people_are_moved_every_statement_still_holds(seed: int, edge: int, goal: int) -> None:
    matrix = _rows((4, 5), 2)
    system, rows = _hidden(matrix, seed=seed, share=0.6, mean=6.0, least=0)
    people = np.maximum(np.random.default_rng(seed).poisson(6.0, 20), 0).astype(np.float64)
    net = network(system, csr_array(matrix[rows]), least=np.zeros(20), most=np.full(20, 500.0))
    assert net is not None
    moving = Circulation(net, people)
    assert moving.holds
    moving.moved(edge % len(net.tail), goal=goal)
    assert moving.holds
    assert (net.low <= moving.low).all()
    assert (moving.high <= net.high).all()


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 2, 4), (2, 2, 2, 2)])
def test_a_table_of_three_dimensions_is_no_network(shape: tuple[int, ...]) -> None:
    matrix = _rows(shape)
    system, rows = _hidden(matrix, seed=1, share=0.5, mean=5.0, least=0)
    width = matrix.shape[1]
    assert network(system, csr_array(matrix[rows]), least=np.zeros(width), most=np.full(width, 99.0)) is None


def test_bands_that_cut_across_each_other_twice_are_no_network() -> None:
    bands = csr_array(np.array([[1.0, 1, 0], [0, 1, 1], [1, 0, 1]]))
    system = System(bands, np.full(3, 3.0), np.full(3, 3.0))
    assert network(system, bands[:0], least=np.zeros(3), most=np.full(3, 9.0)) is None
    twice = System(bands[:2], np.full(2, 3.0), np.full(2, 3.0))
    assert network(twice, bands[:0], least=np.zeros(3), most=np.full(3, 9.0)) is not None


def test_a_number_that_counts_somebody_twice_is_no_network() -> None:
    system = System(csr_array(np.array([[1.0, 2.0]])), np.full(1, 4.0), np.full(1, 4.0))
    assert network(system, system.matrix[:0], least=np.zeros(2), most=np.full(2, 9.0)) is None


def test_numbers_that_contradict_each_other_are_no_arrangement() -> None:
    matrix = _rows((2, 3))
    numbers = np.array([np.nan] * 6 + [6.0, 4.0, 5.0, 5.0, 5.0, np.nan])
    hidden = np.isnan(numbers)
    low, high = np.where(hidden, 0.0, numbers), np.where(hidden, np.inf, numbers)
    assert ranges(System(matrix, low, high), np.arange(6), wanted=np.ones(6)) is None
