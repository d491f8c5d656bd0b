"""Calibration and the default threshold: orders stay, the threshold is the best there is, and a fit finds the line that made the data."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from linkage.central.assembly.pairs import ScoredRecords
from linkage.central.report.calibration import (
    LINE,
    Line,
    calibrated,
    default_threshold,
    expected,
    fit_line,
    scored_threshold,
)

# Pairs below 0.01 are not handed on.
PROBABILITIES = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=60).map(np.array)


def expected_f1(probability: np.ndarray, threshold: float) -> float:
    linked = probability >= threshold
    claimed = linked.sum() + probability.sum()
    return float(2 * probability[linked].sum() / claimed) if claimed else 0.0


@given(PROBABILITIES)
def test_no_threshold_has_a_better_expected_f1_than_the_default(probability: np.ndarray) -> None:
    best = max(expected_f1(probability, t) for t in [*probability.tolist(), 2.0])
    # A pair whose probability is the threshold itself neither gains nor costs anything; rounding may put it on either side.
    nearby = max(
        expected_f1(probability, default_threshold(probability) + slip) for slip in (0.0, -1e-12, 1e-12)
    )
    assert nearby >= best - 1e-9


@given(PROBABILITIES)
def test_the_line_keeps_the_order_and_stays_between_0_and_1(probability: np.ndarray) -> None:
    out = LINE(np.sort(probability))
    assert (np.diff(out) >= 0).all()
    assert ((out >= 0) & (out <= 1)).all()


def test_a_line_is_what_it_says_in_log_odds() -> None:
    given_odds = np.array([-3.0, 0.0, 2.0])
    assert np.allclose(logit(Line(-1.0, 0.5)(expit(given_odds))), -1.0 + 0.5 * given_odds)


def test_a_fit_finds_the_line_by_which_the_truth_was_drawn_and_sources_weigh_alike() -> None:
    rng = np.random.default_rng(5)
    made = Line(-1.2, 0.6)
    sources = []
    for size in (4_000, 40_000):
        said = expit(rng.normal(1.0, 3.0, size))
        sources.append((said, rng.random(size) < made(said)))
    found = fit_line(sources)
    assert abs(found.offset - made.offset) < 0.15
    assert abs(found.slope - made.slope) < 0.05
    # A small source with another truth moves the line as much as a large one.
    odd = (sources[0][0], rng.random(4_000) < 0.5)
    moved, turned = (
        fit_line([odd, sources[1]]),
        fit_line([(np.tile(odd[0], 3), np.tile(odd[1], 3)), sources[1]]),
    )
    assert abs(moved.slope - turned.slope) < 0.01
    assert moved.slope < found.slope - 0.1


@given(PROBABILITIES)
def test_what_is_expected_of_all_pairs_together_are_their_probabilities(probability: np.ndarray) -> None:
    linked = probability >= 0.5
    says = expected(probability, linked=linked, met=np.ones(len(probability), dtype=np.int64), passes=1)
    right = says.precision * linked.sum() if linked.any() else 0.0
    assert np.isclose(right + says.missed * probability.sum(), probability.sum())


def test_matches_that_met_in_one_pass_alone_tell_of_those_that_met_in_none() -> None:
    """Drawn as Chao (1987) assumes at best: every match meets in each of ten passes with the same chance."""
    rng = np.random.default_rng(2)
    met = rng.binomial(10, 0.15, 20_000)
    seen = met[met > 0]
    says = expected(
        np.ones(len(seen)), linked=np.ones(len(seen), dtype=bool), met=seen.astype(np.int64), passes=10
    ).never_met
    assert abs(says / (met == 0).sum() - 1) < 0.1


def test_without_any_pair_only_an_even_chance_links() -> None:
    nothing = np.empty(0)
    assert default_threshold(nothing) == 0.5
    says = expected(nothing, linked=np.empty(0, dtype=bool), met=np.empty(0, dtype=np.int64), passes=0)
    assert (says.precision, says.missed, says.never_met) == (1.0, 0.0, 0.0)


@given(st.floats(0.001, 0.999))
def test_the_probability_before_the_line_becomes_the_one_after_it(probability: float) -> None:
    assert np.isclose(LINE(np.array([LINE.before(probability)]))[0], probability)


@given(PROBABILITIES, st.lists(st.integers(1, 5), min_size=60, max_size=60))
def test_pairs_may_be_counted_by_their_probability(probability: np.ndarray, counts: list[int]) -> None:
    many = np.array(counts[: len(probability)])
    apart = default_threshold(np.repeat(probability, many))
    assert np.isclose(default_threshold(probability, counts=many.astype(float)), apart)
    assert np.isclose(
        LINE(np.array([scored_threshold(probability, counts=many.astype(float))]))[0],
        default_threshold(LINE(probability), counts=many.astype(float)),
    )


def test_calibrated_pairs_are_the_same_pairs_and_their_conflicts_stay() -> None:
    pairs = ScoredRecords(np.array([0, 1]), np.array([2, 3]), np.array([0.9, 0.99]), np.array([True, False]))
    out = calibrated(pairs)
    assert (out.left.tolist(), out.right.tolist(), out.conflict.tolist()) == ([0, 1], [2, 3], [True, False])
    assert out.probability.tolist() == LINE(pairs.probability).tolist()


def test_a_line_has_a_name_that_tells_it_from_others() -> None:
    assert len({Line(-1.3, 0.7).name, Line(-1.3, 0.71).name, Line(1.3, 0.7).name}) == 3
