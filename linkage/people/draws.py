"""Random draws over whole arrays; every function takes its generator as an argument."""

from collections.abc import Sequence

import numpy as np

from .arrays import Flags, Floats, Ints, Texts


def rank_weights(count: int, *, offset: float, exponent: float) -> Floats:
    """Weights of ``count`` ranked values, falling as ``1 / (rank + offset) ** exponent``; they sum to 1.

    The Zipf-Mandelbrot law (Mandelbrot 1953), which name frequencies follow closely.
    """
    weights = (np.arange(1, count + 1) + offset) ** -exponent
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def draw(weights: Floats, *, size: int, rng: np.random.Generator) -> Ints:
    """``size`` indices into ``weights``, each drawn with its weight."""
    bounds = np.cumsum(weights)
    drawn = np.searchsorted(bounds, rng.random(size) * bounds[-1], side="right")
    return np.asarray(np.minimum(drawn, len(bounds) - 1), dtype=np.int64)


def draw_rows(weights: Floats, *, rows: Ints, rng: np.random.Generator) -> Ints:
    """One index for each entry of ``rows``, drawn with the weights in that row of a two-dimensional table."""
    bounds = np.cumsum(weights, axis=1)
    bounds /= bounds[:, -1:]
    drawn = (rng.random(len(rows))[:, None] >= bounds[rows]).sum(axis=1)
    return np.asarray(np.minimum(drawn, weights.shape[1] - 1), dtype=np.int64)


def happens(chance: Floats | float, *, size: int, rng: np.random.Generator) -> Flags:
    """``size`` independent flags, true with the given chance (one for all, or one each)."""
    return np.asarray(rng.random(size) < chance, dtype=np.bool_)


def happens_logit(log_odds: Floats, *, rng: np.random.Generator) -> Flags:
    """Independent flags, true with the chance whose log odds are given."""
    return happens(1 / (1 + np.exp(-log_odds)), size=len(log_odds), rng=rng)


def log_odds(chance: Floats | float) -> Floats:
    """The log odds of each chance; a chance of 0 becomes minus infinity."""
    with np.errstate(divide="ignore"):
        p = np.asarray(chance, dtype=np.float64)
        return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def texts(values: Sequence[str | None]) -> Texts:
    """An object array of the values, one dimension whatever they contain."""
    array = np.empty(len(values), dtype=np.object_)
    array[:] = list(values)
    return array


def present(values: Texts) -> Flags:
    """Where something is written, that is, where the value is not None."""
    return np.array([value is not None for value in values.tolist()], dtype=np.bool_)
