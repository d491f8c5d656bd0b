"""A line of the linkage's own, from what its passes say and without labels (docs/decisions/0022).

Inside one pass a probability means what it says; the best of several passes does not. So the pairs that met in one pass and that it puts in one band should, once
their best probabilities are calibrated, sum to what the pass says of them. The line is the one that comes nearest to that in all passes and bands: a moment each,
weighed by its variance (Hansen 1982, "Large sample properties of generalized method of moments estimators"), and drawn towards the general line, where it stays
when there are few pairs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from linkage.central.report.calibration import LINE, Floats, Line, chance, log_odds

if TYPE_CHECKING:
    from linkage.central.assembly.pairs import ScoredRecords

# Bounds of the bands of a pass, in log odds (natural logarithm).
BANDS: Final = np.array([-3.5, -2.5, -1.5, -0.5, 0.5, 1.2, 1.8, 2.4, 3.0, 4.0, 5.0])
# What a pass is surer of than this would outweigh all else and hardly depends on the line.
SURE: Final = 0.999
# How far from the general line is unlikely, before any pair was seen (standard deviations).
OFFSET_MAY: Final = 0.2
SLOPE_MAY: Final = 1 / 6
# Added to the variance of each band: a band of few pairs, all of them nearly certain, says less than its variance claims.
LEAST_VARIANCE: Final = 2.0
# Best probabilities are counted in steps of their log odds.
STEP: Final = 0.05
LOWEST, HIGHEST = -5.0, 12.0
# Some 64 MB. Of more, pairs are left out at random, each in all passes or in none.
MOST_SCORES: Final = 4_000_000
SIDE: Final = 32
MIXER: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class PassScores:
    """What one pass says: its pairs, each as one number, and the probability of each."""

    pair: npt.NDArray[np.int64]
    probability: Floats

    def only(self, which: npt.NDArray[np.bool_]) -> "PassScores":
        """Those of the pairs."""
        return PassScores(self.pair[which], self.probability[which])


Fit = Callable[[Sequence[PassScores]], Line]


def general_line(_: Sequence[PassScores]) -> Line:
    """The line that is the same for every linkage."""
    return LINE


def fit_for(most_people_per_key: int) -> Fit:
    """How the line of a linkage is found. Where several people of one file may share a match key, files are looked through for doubles, and passes are less
    sure than they might be: there the general line did better (docs/decisions/0027)."""
    return own_line if most_people_per_key == 1 else general_line


class Heard:
    """The scores of one pass after another, of all pairs or, where those are too many, of a sample that depends on nothing but the pairs."""

    def __init__(self, most: int = MOST_SCORES) -> None:
        self._most, self._halvings = most, 0
        self._passes: list[PassScores] = []

    @property
    def passes(self) -> tuple[PassScores, ...]:
        """What was heard, in order."""
        return tuple(self._passes)

    def add(self, pairs: "ScoredRecords") -> None:
        """One pass more is heard, whose pairs are given each once."""
        self._passes.append(self._drawn(PassScores((pairs.left << SIDE) | pairs.right, pairs.probability)))
        while sum(len(one.pair) for one in self._passes) > self._most:
            self._halvings += 1
            self._passes = [self._drawn(one) for one in self._passes]

    def _drawn(self, one: PassScores) -> PassScores:
        if not self._halvings:
            return one
        mixed = one.pair.astype(np.uint64) * MIXER
        mixed ^= mixed >> np.uint64(SIDE)
        return one.only((mixed * MIXER) >> np.uint64(64 - self._halvings) == 0)


def own_line(passes: Sequence[PassScores]) -> Line:
    """The line by which, in each pass and band, the calibrated best probabilities of its pairs sum to what the pass says; to three digits after the point.

    At most some millions of scores are meant to be given (`Heard`): all are in memory at once.
    """
    if not any(len(one.pair) for one in passes):
        return LINE
    # Only a full assembly fits a line; importing this takes half as long as an incremental run.
    from scipy.optimize import least_squares

    counts, said, variance = _cells(passes)
    steps = LOWEST + STEP * np.arange(counts.shape[1])
    general, may = np.array([LINE.offset, LINE.slope]), np.array([OFFSET_MAY, SLOPE_MAY])

    def away(at: Floats) -> Floats:
        short = counts @ chance(at[0] + at[1] * steps) - said
        out: Floats = np.concatenate([short / np.sqrt(variance + LEAST_VARIANCE), (at - general) / may])
        return out

    found = least_squares(away, general).x
    return Line(round(float(found[0]), 3), round(float(found[1]), 3))


def _cells(passes: Sequence[PassScores]) -> tuple[Floats, Floats, Floats]:
    """Of each band of each pass: how many of its pairs have which best log odds (a column a step), and the sum and variance that the pass says."""
    pairs, place = np.unique(np.concatenate([one.pair for one in passes]), return_inverse=True)
    best = np.zeros(len(pairs))
    ends = np.cumsum([len(one.pair) for one in passes])[:-1]
    places = np.split(place, ends)
    for one, at in zip(passes, places, strict=True):
        best[at] = np.maximum(best[at], one.probability)
    step = np.rint((np.clip(log_odds(best), LOWEST, HIGHEST) - LOWEST) / STEP).astype(np.int64)
    bands, steps = len(BANDS) + 1, round((HIGHEST - LOWEST) / STEP) + 1
    counts, said, variance = [], [], []
    for one, at in zip(passes, places, strict=True):
        here = one.probability < SURE
        its = one.probability[here]
        band = np.digitize(log_odds(its), BANDS)
        counts.append(np.bincount(band * steps + step[at[here]], minlength=bands * steps).reshape(bands, steps))
        said.append(np.bincount(band, weights=its, minlength=bands))
        variance.append(np.bincount(band, weights=its * (1 - its), minlength=bands))
    return np.concatenate(counts).astype(np.float64), np.concatenate(said), np.concatenate(variance)
