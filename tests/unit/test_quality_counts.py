"""Counts in a report on quality: small ones hidden, the others rounded, and nothing that gives them away by the back door."""

import pytest

from policies.disclosure import HIDDEN
from service.centre.quality_counts import binned, rate, shown, total


@pytest.mark.parametrize(
    ("count", "says"), [(0, 0), (1, HIDDEN), (7, HIDDEN), (8, 10), (12, 10), (13, 15), (1_002, 1_000)]
)
def test_a_count_is_hidden_up_to_seven_and_rounded_to_five_beyond(count: int, says: object) -> None:
    assert shown(count) == says


def test_no_two_neighbouring_counts_are_told_apart_by_what_is_shown_but_at_a_rounding_step() -> None:
    steps = [n for n in range(1, 200) if shown(n) != shown(n + 1)]
    assert steps == [7, *range(12, 200, 5)]


def test_a_total_is_the_sum_of_what_is_shown() -> None:
    assert total([shown(3), shown(11), shown(22)]) == 30


@pytest.mark.parametrize(
    ("count", "of", "says"),
    [(HIDDEN, 100, None), (10, HIDDEN, None), (5, 0, None), (25, 100, 25.0), (105, 100, 100.0), (0, 50, 0.0)],
)
def test_a_rate_comes_from_shown_counts_alone(count: int | str, of: int | str, says: float | None) -> None:
    assert rate(count, of=of) == says


def test_the_few_with_most_are_counted_together_so_that_they_do_not_stand_out() -> None:
    counts = {1: 500, 2: 101, 3: 2, 9: 4, 17: 5}
    assert binned(counts, last=4) == {"1": 500, "2": 100, "3": HIDDEN, "4 or more": 10}
