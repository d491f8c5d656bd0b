"""Expectation maximisation in fewer rounds: to the same end, in longer steps where the last two rounds point one way.

Varadhan and Roland (2008), "Simple and globally convergent methods for accelerating the convergence of any EM algorithm", Scandinavian Journal of Statistics 35(2), scheme
S3. A long step that ends where the data are less likely than before it is taken back, so likelihood never falls; one that leaves the range of a parameter is halved.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# Parameters by distribution, each summing to 1; the first are the shares of the classes.
Parts = tuple[Floats, ...]
# So near 0 a parameter is only brought by plain rounds.
LEAST: Final = 1e-15


def settled(
    step: Callable[[Parts], tuple[Parts, float]], start: Parts, *, close: float, rounds: int
) -> tuple[Parts, int]:
    """Where a round moves no share of a class by as much as `close`, and after how many rounds; or what `rounds` rounds lead to. `step` is one round, and tells
    how likely what it was given is (the logarithm)."""
    at, done = start, 0
    after, _ = step(at)
    done += 1
    while _moved(at, after) >= close and done < rounds:
        beyond, likely_after = step(after)
        done += 1
        if _moved(after, beyond) < close or done >= rounds:
            return beyond, done
        far = _far(at, after, beyond)
        ahead, likely_far = step(far)
        done += 1
        if likely_far >= likely_after and np.isfinite(likely_far):
            at, after = far, ahead
        else:
            at, after = after, beyond
    return after, done


def _moved(before: Parts, after: Parts) -> float:
    return float(np.abs(after[0] - before[0]).max())


def _far(zero: Parts, one: Parts, two: Parts) -> Parts:
    """A step as long as the last two rounds make likely that it should be, or half, a quarter of it, so that no parameter leaves its range; never shorter than they
    were together."""
    first = [b - a for a, b in zip(zero, one, strict=True)]
    bend = [c - b - d for b, c, d in zip(one, two, first, strict=True)]
    length = max(1.0, _norm(first) / max(_norm(bend), LEAST))
    while length > 1.0:
        far = [a + 2 * length * d + length * length * v for a, d, v in zip(zero, first, bend, strict=True)]
        if all((part > LEAST).all() for part in far):
            return tuple(part / part.sum() for part in far)
        length = max(1.0, length / 2)
    return two


def _norm(parts: list[Floats]) -> float:
    return float(np.sqrt(sum(float(part @ part) for part in parts)))
