"""Training in longer steps: the same end as round by round, never less likely on the way, in fewer rounds."""

from itertools import pairwise

import numpy as np
import pytest

from linkage.central.pairs.settling import Parts, settled

RATES = np.array([[0.9, 0.07, 0.03], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
SEEN = np.array([530.0, 190.0, 280.0])


def mixture(at: Parts) -> tuple[Parts, float]:
    """A round of expectation maximisation for the shares of three known classes, two of them hard to tell apart."""
    joint = at[0][:, None] * RATES
    found = (joint / joint.sum(axis=0) * SEEN).sum(axis=1) + 0.5
    likely = float(SEEN @ np.log(joint.sum(axis=0))) + 0.5 * float(np.log(at[0]).sum())
    return (found / found.sum(),), likely


def round_by_round(at: Parts, *, close: float) -> tuple[Parts, int]:
    for rounds in range(1, 100_000):
        after, _ = mixture(at)
        if np.abs(after[0] - at[0]).max() < close:
            return after, rounds
        at = after
    raise AssertionError


START = (np.array([0.001, 0.009, 0.99]),)


def test_long_steps_lead_to_the_same_end_in_a_fraction_of_the_rounds() -> None:
    slow, rounds = round_by_round(START, close=1e-12)
    fast, steps = settled(mixture, START, close=1e-12, rounds=10_000)
    assert fast[0] == pytest.approx(slow[0], abs=1e-8)
    assert steps < rounds / 4


def test_what_is_taken_from_a_long_step_is_never_less_likely() -> None:
    met: list[float] = []

    def watched(at: Parts) -> tuple[Parts, float]:
        after, likely = mixture(at)
        met.append(likely)
        return after, likely

    ends = [settled(watched, START, close=1e-12, rounds=most)[0] for most in range(1, 30)]
    likely = [mixture(end)[1] for end in ends]
    assert likely[-1] > likely[0]
    assert max(met) <= max(likely) + 1e-9
    assert all(b >= a - 1e-9 for a, b in pairwise(likely))


def test_a_long_step_that_is_less_likely_is_taken_back() -> None:
    """Rounds that seem to lead far, to where nothing is likely: the end is still that of round by round."""

    def misleading(at: Parts) -> tuple[Parts, float]:
        share = at[0][0]
        after = share + 0.1 * (0.5 - share)
        return (np.array([after, 1 - after]),), -1e6 * max(0.0, share - 0.5) - abs(0.5 - share)

    found, _ = settled(misleading, (np.array([0.1, 0.9]),), close=1e-9, rounds=1000)
    assert found[0][0] == pytest.approx(0.5, abs=1e-7)


def test_it_stops_after_so_many_rounds_and_does_the_same_again() -> None:
    for most in (1, 2, 3, 7):
        assert settled(mixture, START, close=0.0, rounds=most)[1] == most
    once, again = (settled(mixture, START, close=1e-9, rounds=500) for _ in range(2))
    assert (once[0][0] == again[0][0]).all()
