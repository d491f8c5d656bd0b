"""Moves of whole people that change no sum: against every arrangement of small tables, listed one by one."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from policies.disclosure import lattice as lattices
from policies.disclosure.lattice import Lattices, shortened, solved

MANY = settings(max_examples=60, deadline=None)


def margins(shape):
    """Every sum of a table of this shape over one dimension (sums x cells)."""
    places = np.arange(int(np.prod(shape))).reshape(shape)
    lines = [
        line for axis in range(len(shape)) for line in np.moveaxis(places, axis, -1).reshape(-1, shape[axis])
    ]
    matrix = np.zeros((len(lines), places.size))
    for n, line in enumerate(lines):
        matrix[n, line] = 1.0
    return csr_array(matrix)


def arrangements(matrix, counts, most):
    """Every arrangement of at most so many people a cell with the same sums."""
    every = np.array(list(product(range(most + 1), repeat=matrix.shape[1])), dtype=np.float64)
    return every[(every @ matrix.T.toarray() == matrix @ counts).all(axis=1)]


def moves_of(matrix, counts):
    found, _ = Lattices().of(matrix, matrix @ counts)
    return found.moves.toarray()


@MANY
@given(shape=st.sampled_from([(2, 3), (3, 3), (2, 2, 2), (2, 5), (4, 2)]), seed=st.integers(0, 10_000))
def test_every_arrangement_is_as_many_whole_moves_away_from_every_other(shape, seed):
    matrix = margins(shape)
    counts = np.random.default_rng(seed).integers(0, 4, matrix.shape[1]).astype(np.float64)
    every = arrangements(matrix, counts, 3 if matrix.shape[1] < 9 else 2)
    one = solved(matrix, matrix @ counts, order=np.random.default_rng(seed).permutation(matrix.shape[1]))
    assert one is not None
    moves, _ = shortened(one.moves())
    assert moves.shape[0] == matrix.shape[1] - np.linalg.matrix_rank(matrix.toarray())
    away = every - counts
    times = np.round(np.linalg.lstsq(moves.toarray().T, away.T, rcond=None)[0])
    assert np.array_equal(moves.T @ times, away.T)


@MANY
@given(shape=st.sampled_from([(3, 4), (2, 3, 3), (2, 2, 2, 3), (3, 3, 4)]), seed=st.integers(0, 10_000))
def test_moves_are_whole_and_change_no_sum_and_shorter_ones_are_no_longer(shape, seed):
    matrix = margins(shape)
    counts = np.random.default_rng(seed).integers(0, 30, matrix.shape[1]).astype(np.float64)
    long = solved(matrix, matrix @ counts, order=np.arange(matrix.shape[1])).moves()
    short, taken = shortened(long)
    for moves in (long, short):
        assert not (matrix @ moves.T).toarray().any()
        assert np.array_equal(moves.toarray(), np.round(moves.toarray()))
    assert ((short.toarray() ** 2).sum(axis=1) <= (long.toarray() ** 2).sum(axis=1)).all()
    # A whole matrix takes one to the other and back, so that both make up the same moves.
    there = np.linalg.lstsq(long.toarray().T, short.toarray().T, rcond=None)[0]
    assert abs(abs(np.linalg.det(there)) - 1.0) < 1e-6
    assert taken > 0


@MANY
@given(shape=st.sampled_from([(3, 4), (2, 3, 3), (2, 2, 2, 3)]), seed=st.integers(0, 10_000))
def test_counts_that_follow_from_whole_free_ones_are_whole_and_keep_every_sum(shape, seed):
    rng, matrix = np.random.default_rng(seed), margins(shape)
    counts = rng.integers(0, 30, matrix.shape[1]).astype(np.float64)
    one = solved(matrix, matrix @ counts, order=np.arange(matrix.shape[1]))
    found = one.counts(rng.integers(-5, 40, (len(one.free), 7)).astype(np.float64))
    assert found.shape == (matrix.shape[1], 7)
    assert np.abs(found - np.round(found)).max() < 1e-6
    assert np.allclose(matrix @ found, (matrix @ counts)[:, None])
    assert np.allclose(one.counts(counts[one.free][:, None])[:, 0], counts)


def test_equations_that_contradict_each_other_are_not_solved():
    assert solved(csr_array(np.ones((2, 3))), np.array([1.0, 2.0]), order=np.arange(3)) is None


def test_where_elimination_divides_people_a_move_is_of_as_many_as_make_it_whole():
    moves = moves_of(csr_array(np.array([[2.0, -4.0, 6.0]])), np.array([1.0, 1.0, 1.0]))
    assert np.array_equal(moves, np.round(moves))
    assert not (moves @ [2.0, -4.0, 6.0]).any()
    assert np.linalg.matrix_rank(moves) == 2


def test_a_move_that_divides_a_person_into_too_many_parts_is_left_out(monkeypatch):
    matrix = csr_array(np.array([[7.0, 1.0, 3.0]]))
    one = solved(matrix, np.array([11.0]), order=np.arange(3))
    assert one.moves().shape[0] == 2  # the count with the coefficient 1 follows from the others
    monkeypatch.setattr(lattices, "MOST_DIVIDED", 2)
    harder = solved(csr_array(np.array([[7.0, 5.0, 14.0]])), np.array([26.0]), order=np.arange(3))
    moves = harder.moves().toarray()
    assert len(moves) < 2
    assert not (moves @ [7.0, 5.0, 14.0]).any()


def test_nothing_is_solved_beyond_so_many_coefficients(monkeypatch):
    matrix = margins((3, 3))
    monkeypatch.setattr(lattices, "MOST_ENTRIES", matrix.shape[1] ** 2 - 1)
    assert solved(matrix, np.zeros(6), order=np.arange(9)) is None
    found, _ = Lattices().of(matrix, np.zeros(6))
    assert found.moves.shape == (0, 9)


def test_the_same_equations_take_no_effort_again_unless_many_others_were_asked_for():
    known, matrix = Lattices(), margins((3, 3))
    first, taken = known.of(matrix, np.full(6, 9.0))
    again, nothing = known.of(matrix.copy(), np.full(6, 9.0))
    assert again is first
    assert taken > 0
    assert nothing == 0
    for people in range(lattices.MOST_REMEMBERED):
        assert known.of(matrix, np.full(6, float(people)))[1] > 0
    assert known.of(matrix, np.full(6, 9.0))[1] == taken


def test_equations_with_other_coefficients_are_other_equations():
    known = Lattices()
    one, _ = known.of(csr_array(np.array([[1.0, 1.0]])), np.array([2.0]))
    other, _ = known.of(csr_array(np.array([[1.0, 2.0]])), np.array([2.0]))
    assert not np.array_equal(np.abs(one.moves.toarray()), np.abs(other.moves.toarray()))
    wider, _ = known.of(csr_array(np.array([[1.0, 1.0, 0.0]])), np.array([2.0]))
    assert wider.moves.shape[1] == 3


@pytest.mark.parametrize("shape", [(4, 4, 4), (3, 3, 3, 3)])
def test_moves_of_a_table_with_its_totals_touch_few_cells(shape):
    matrix = margins(shape)
    moves = moves_of(matrix, np.ones(matrix.shape[1]))
    assert np.median((moves != 0).sum(axis=1)) <= 2 ** len(shape) * 1.5
