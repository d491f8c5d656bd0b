"""A line of the linkage's own: near the one that labels would have given, at the general one where there is little to go by, and dependent on nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from linkage.central.assembly.pairs import ScoredRecords
from linkage.central.report.calibration import AS_SCORED, LINE, Line, calibrated, fit_line
from linkage.central.report.own_line import Heard, PassScores, fit_for, general_line, own_line

Floats = np.ndarray


def drawn(*, passes: int, noise: float, pairs: int, seed: int = 7) -> tuple[list[PassScores], Floats, Floats]:
    """Passes that each see the same evidence with noise of their own, and say of it exactly what is true; the best of them, and which pairs are of one person.

    Evidence is normal, around 2 for matches and -2 for others, a third of all; so the log odds of what a pass sees are a line of it (linear discriminant).
    """
    rng = np.random.default_rng(seed)
    right = rng.random(pairs) < 1 / 3
    evidence = np.where(right, 2.0, -2.0) + rng.normal(0, 1.5, pairs)
    seen = evidence + rng.normal(0, noise, (passes, pairs))
    said = expit(logit(1 / 3) + 4 * seen / (1.5**2 + noise**2))
    kept = said >= 0.01
    out = [PassScores(np.flatnonzero(k), p[k]) for p, k in zip(said, kept, strict=True)]
    met = kept.any(axis=0)
    return out, said.max(axis=0)[met], right[met]


@pytest.mark.parametrize(("passes", "noise"), [(2, 0.5), (3, 0.4), (8, 0.9)])
def test_without_labels_the_line_comes_near_the_one_with_labels(passes: int, noise: float) -> None:
    said, best, right = drawn(passes=passes, noise=noise, pairs=30_000)
    found, oracle = own_line(said), fit_line([(best, right)])
    at = np.array([0.3, 0.5, 0.7, 0.9, 0.95])
    assert np.abs(found(at) - oracle(at)).max() < 0.05
    assert np.abs(LINE(at) - oracle(at)).max() > 0.08
    calibrated_best = found(best)
    for low, high in ((0.5, 0.7), (0.7, 0.85), (0.85, 0.95)):
        here = (calibrated_best >= low) & (calibrated_best < high)
        assert here.sum() > 200
        assert abs(calibrated_best[here].mean() - right[here].mean()) < 0.06


def test_of_one_pass_alone_the_best_is_what_it_says() -> None:
    said, _, _ = drawn(passes=1, noise=0.5, pairs=30_000)
    found = own_line(said)
    assert found.offset == pytest.approx(AS_SCORED.offset, abs=0.05)
    assert found.slope == pytest.approx(AS_SCORED.slope, abs=0.05)


def test_where_there_are_few_pairs_the_line_stays_with_the_general_one() -> None:
    assert own_line([]) == own_line([PassScores(np.empty(0, dtype=np.int64), np.empty(0))]) == LINE
    said, _, _ = drawn(passes=3, noise=0.5, pairs=30)
    few, many = own_line(said), own_line(drawn(passes=3, noise=0.5, pairs=30_000)[0])
    assert abs(few.offset - LINE.offset) < 0.1
    assert abs(few.slope - LINE.slope) < 0.1
    assert abs(many.offset - LINE.offset) > 0.3


def test_pairs_that_every_pass_is_sure_of_say_nothing_of_the_line() -> None:
    said, _, _ = drawn(passes=3, noise=0.5, pairs=3_000)
    sure = PassScores(np.arange(10_000, 40_000), np.full(30_000, 0.9999))
    assert own_line([*said, sure]) == own_line(said)


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(4)), st.integers(1, 1 << 40))
def test_neither_the_order_of_passes_nor_the_numbers_of_pairs_matter(order: list[int], step: int) -> None:
    said, _, _ = drawn(passes=4, noise=0.6, pairs=400)
    other = [PassScores(said[at].pair * step, said[at].probability) for at in order]
    one, two = own_line(said), own_line(other)
    # Sums are added up in another order.
    assert (one.offset, one.slope) == pytest.approx((two.offset, two.slope), abs=0.0011)


def heard(said: list[PassScores], most: int) -> tuple[PassScores, ...]:
    ears = Heard(most)
    for one in said:
        ears.add(ScoredRecords(one.pair >> 7, one.pair & 127, one.probability))
    return ears.passes


@settings(deadline=None, max_examples=50)
@given(st.integers(300, 3_000), st.permutations(range(4)))
def test_of_too_many_scores_whole_pairs_are_left_out(most: int, order: list[int]) -> None:
    said, _, _ = drawn(passes=4, noise=0.6, pairs=2_000)
    all_, some = heard(said, 1 << 20), heard(said, most)
    assert sum(len(one.pair) for one in some) <= most
    assert [len(one.pair) for one in all_] == [len(one.pair) for one in said]
    kept = set(np.concatenate([one.pair for one in some]).tolist())
    assert [
        [p for p in one.pair.tolist() if p in kept] == here.pair.tolist()
        for one, here in zip(all_, some, strict=True)
    ] == [True] * 4
    again = heard([said[at] for at in order], most)
    assert {p for one in again for p in one.pair.tolist()} == kept


def test_a_sample_says_much_the_same_as_all() -> None:
    said, _, _ = drawn(passes=5, noise=0.7, pairs=30_000)
    sample = heard(said, 20_000)
    assert 5_000 < sum(len(one.pair) for one in sample) <= 20_000
    at = np.array([0.3, 0.5, 0.7, 0.9, 0.95])
    assert np.abs(own_line(said)(at) - own_line(sample)(at)).max() < 0.05


def test_files_that_are_looked_through_for_doubles_keep_the_general_line() -> None:
    said, _, _ = drawn(passes=5, noise=0.7, pairs=3_000)
    assert fit_for(1)(said) == own_line(said) != LINE
    assert fit_for(24)(said) == general_line(said) == LINE


THOUSANDTHS = st.integers(-5_000, 5_000).map(lambda n: n / 1_000)


@given(THOUSANDTHS, THOUSANDTHS)
def test_a_line_is_found_again_by_its_name(offset: float, slope: float) -> None:
    assert Line.named(Line(offset, slope).name) == Line(offset, slope)


@pytest.mark.parametrize("name", ["", "as scored", "log odds x 1", "log odds x 1 -1.15\n", "log odds x one -1"])
def test_what_names_no_line_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"name of a line|could not convert"):
        Line.named(name)


def test_pairs_taken_as_scored_stay_as_they_came() -> None:
    pairs = ScoredRecords(np.array([0]), np.array([1]), np.array([0.85]))
    assert calibrated(pairs, line=AS_SCORED) is pairs
