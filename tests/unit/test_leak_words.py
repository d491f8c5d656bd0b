"""Lanes taken as if they could be compared everywhere: vocabularies, returning words and matched graphs, by hand."""

import numpy as np
import pytest

from linkage.leak.words import Sources, consistency, distances, match_graphs, returning, vocabulary

A, B, C = [1, 2], [3, 4], [5, 6]


def test_a_vocabulary_lists_words_by_frequency() -> None:
    words = np.array([A, B, C, B, C, B], dtype=np.uint64)
    found = vocabulary(words)
    assert found.counts.tolist() == [3, 2, 1]
    assert found.words.tolist() == [B, C, A]
    assert found.which.tolist() == [2, 0, 1, 0, 1, 0]


def test_words_return_if_they_occur_in_more_than_one_block() -> None:
    found = vocabulary(np.array([A, A, B, B, C], dtype=np.uint64))
    assert returning(found, np.array([0, 0, 1, 2, 3])) == pytest.approx(2 / 5)
    assert returning(found, np.array([0, 0, 1, 1, 2])) == 0.0


def test_the_differences_of_pairs_leave_out_equal_words() -> None:
    words = np.array([A, B, A, A], dtype=np.uint64)
    rows, differences = Sources(words, np.array([0, 2]), np.array([1, 3])).paired()
    assert rows.tolist() == [0, 1]
    assert differences.tolist() == [[1 ^ 3, 2 ^ 4]] * 2


def test_two_graphs_of_the_same_points_are_matched_from_distances_alone() -> None:
    rng = np.random.default_rng(4)
    words = rng.integers(0, 1 << 64, (40, 2), dtype=np.uint64) & rng.integers(
        0, 1 << 64, (40, 2), dtype=np.uint64
    )
    order = rng.permutation(40)
    ours, theirs = distances(words[order][None]), distances(words[None])
    even = np.ones(40, dtype=np.int64)
    taken = match_graphs(ours, theirs, ours_weight=even, theirs_weight=even)
    assert (taken == order).all()
    assert consistency(ours, theirs, taken) == pytest.approx(1)
    assert abs(consistency(ours, theirs, rng.permutation(40))) < 0.2


def test_distances_are_means_over_the_draws() -> None:
    draws = np.array([[[0, 0], [7, 1]], [[0, 0], [1, 1]]], dtype=np.uint64)
    assert distances(draws).tolist() == [[0, 3], [3, 0]]
