"""Match probabilities that mean what they say, and what follows from them without labels: the default threshold, and how much is wrong and missed.

A pair's score is its best over the passes, and the best of several is more than any of them says, however well each is calibrated. The log odds are therefore
lowered by one line (docs/decisions/0022 and 0027): Platt (1999), "Probabilistic outputs for support vector machines". The general one was fitted on sources with
known truth that weigh alike; a linkage between files has one of its own that begins from it (`own_line`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from linkage.central.assembly.pairs import ScoredRecords

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
# As far as a 64-bit float can be told from 1.
CERTAIN: Final = 1 - 1e-15
ONLY_CHANCE: Final = 0.5
NAME: Final = re.compile(r"log odds x (\S+) (\S+)")


@dataclass(frozen=True, slots=True)
class Line:
    """Log odds, natural logarithm, as they should have been: `offset` + `slope` x the best pass's."""

    offset: float
    slope: float

    @property
    def name(self) -> str:
        """What tells it from other lines, for whoever keeps what was made by it."""
        return f"log odds x {self.slope:.15g} {self.offset:+.15g}"

    @classmethod
    def named(cls, name: str) -> "Line":
        """The line that has this name.

        Raises:
            ValueError: it is no name of a line.
        """
        found = NAME.fullmatch(name)
        if found is None:
            raise ValueError("no name of a line")
        return cls(offset=float(found[2]), slope=float(found[1]))

    def __call__(self, probability: Floats) -> Floats:
        """The probabilities as they should have been; their order stays."""
        return chance(self.offset + self.slope * log_odds(probability))

    def before(self, probability: float) -> float:
        """The probability that becomes this one."""
        odds = log_odds(np.array([probability]))
        return float(chance((odds - self.offset) / self.slope)[0])


def log_odds(probability: Floats) -> Floats:
    """Natural logarithms of the odds, finite also where the probability is 0 or 1."""
    sure = np.clip(probability, 1 - CERTAIN, CERTAIN)
    odds: Floats = np.log(sure) - np.log1p(-sure)
    return odds


def chance(odds: Floats) -> Floats:
    """The probabilities of which these are the log odds."""
    chance: Floats = 1.0 / (1.0 + np.exp(-odds))
    return chance


LINE: Final = Line(offset=-1.15, slope=1.00)
AS_SCORED: Final = Line(offset=0.0, slope=1.0)


def calibrated(pairs: "ScoredRecords", *, line: Line = LINE) -> "ScoredRecords":
    """The pairs with probabilities that were brought in line; what is given are the best over the passes."""
    return pairs if line == AS_SCORED else replace(pairs, probability=line(pairs.probability))


def fit_line(sources: Sequence[tuple[Floats, Flags]]) -> Line:
    """The line that makes the truth of all sources likeliest, each source weighing alike however many pairs it has: best probabilities over the passes,
    and whether each pair is of one person."""
    # Nobody who links fits a line; importing this takes half as long as an incremental run.
    from scipy.optimize import minimize

    odds = [(log_odds(p), np.where(right, 1.0, -1.0)) for p, right in sources]

    def loss(at: Floats) -> float:
        return float(sum(np.logaddexp(0.0, -sign * (at[0] + at[1] * x)).mean() for x, sign in odds))

    found = minimize(loss, np.array([0.0, 1.0]))
    return Line(round(float(found.x[0]), 3), round(float(found.x[1]), 3))


def default_threshold(probability: Floats, *, counts: Floats | None = None) -> float:
    """The probability from which linking a pair raises the expected F1 of the linkage: half of the best expected F1. `counts` says how many pairs have
    each probability, one if it is left out.

    Expected hits and matches are sums of the pairs' own probabilities, so no truth is needed. Lipton, Elkan and Narayanaswamy (2014), "Optimal
    Thresholding of Classifiers to Maximize F1 Measure", theorem 1.
    """
    if not len(probability):
        return ONLY_CHANCE
    order = np.argsort(-probability, kind="stable")
    many = np.ones(len(probability)) if counts is None else counts[order]
    hits = np.cumsum(probability[order] * many)
    return float((2 * hits / (np.cumsum(many) + hits[-1])).max()) / 2


def scored_threshold(probability: Floats, *, counts: Floats) -> float:
    """The default threshold on the scale of probabilities as the passes score them, from how many of their pairs have each."""
    return LINE.before(default_threshold(LINE(probability), counts=counts))


@dataclass(frozen=True, slots=True)
class Expected:
    """What the probabilities say of a linkage: `precision`, the share of its linked pairs that are right; `missed`, the share of the matches among the
    compared pairs that were not linked; `never_met`, at least how many more matches never shared a match key."""

    precision: float
    missed: float
    never_met: float


def expected(probability: Floats, *, linked: Flags, met: npt.NDArray[np.int64], passes: int) -> Expected:
    """What to expect of a linkage, whose `linked` pairs are those within one person. `met` says in how many of all `passes` each pair met.

    Matches that met in one pass alone, or in two, tell how many met in none: Chao (1987), "Estimating the population size for capture-recapture data
    with unequal catchability". It is a lower bound: matches that are hard to meet in any pass make it too small.
    """
    total = float(probability.sum())
    once, twice = (float(probability[met == n].sum()) for n in (1, 2))
    return Expected(
        precision=float(probability[linked].mean()) if linked.any() else 1.0,
        missed=float(probability[~linked].sum()) / total if total else 0.0,
        never_met=(passes - 1) / max(passes, 1) * once * once / (2 * max(twice, 1.0)),
    )
