"""Frequency ranks on sizes whose answer is known by hand."""

import numpy as np
import pytest

from linkage.leak.frequency import expected_right


def expected(seen: list[int], known: list[int], truth: list[int]) -> float:
    return expected_right(np.array(seen), np.array(known), truth=np.array(truth))


def test_blocks_of_different_sizes_are_all_named_by_an_exact_copy() -> None:
    assert expected([5, 3, 1], [1, 5, 3], [1, 2, 0]) == 1.0


def test_blocks_of_one_size_are_guessed() -> None:
    assert expected([2, 2, 2, 2], [2, 2, 2, 2], [3, 0, 1, 2]) == pytest.approx(1 / 4)


def test_rows_count_and_not_blocks() -> None:
    # The block of 4 is certain; each of the three of 1 has one chance in three.
    assert expected([4, 1, 1, 1], [4, 1, 1, 1], [0, 1, 2, 3]) == pytest.approx((4 + 1) / 7)


def test_in_a_larger_register_ranks_drift_apart() -> None:
    # The file's only block is of the register's second value: its rank is the first, so it is named wrongly.
    assert expected([2], [9, 7], [1]) == 0.0
    # Two register values share the first two ranks: one chance in two.
    assert expected([2], [7, 7], [1]) == pytest.approx(1 / 2)


def test_a_block_whose_value_the_plaintext_leaves_out_is_never_named() -> None:
    assert expected([3, 1], [3, 1], [-1, 1]) == pytest.approx(1 / 4)


def test_nothing_is_named_where_there_is_nothing() -> None:
    assert expected([], [], []) == 0.0
    assert expected([2], [], [0]) == 0.0
