"""From agreement patterns to m, u and the share of matches, one pass at a time, without labels.

Expectation maximisation for the model of Fellegi and Sunter (1969) as Winkler (1988) gives it, with Dirichlet priors on every distribution
(maximum a posteriori): nearly all pairs of a rare key are matches, and then a level's u has no pair to be learnt from. Splink's own EM
raises on such passes (docs/decisions/0003). u of comparisons that do not depend on the key stays what the partners measured. Relatives are classes of
their own (Winkler 1993, docs/decisions/0027).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.central.pairs.levels import LaneLevels
from linkage.central.pairs.relatives import NONE, as_matches, class_odds, of_kinds
from linkage.central.pairs.rounds import KINDS, Rounds, columns_of
from linkage.central.pairs.settling import Parts, settled
from linkage.tokens import PartnerStatistics

Floats = npt.NDArray[np.float64]
# The weight of the priors, in pairs, chosen on five data sets together (docs/decisions/0003): m, u where it is learnt, and the share of matches,
# which starts high because match keys are chosen so that few share one by chance.
PRIOR_M_PAIRS: Final = 8.0
PRIOR_POOLED_PAIRS: Final = 200.0
PRIOR_U_PAIRS: Final = 30.0
PRIOR_MATCHES: Final = 20.0
PRIOR_OTHERS: Final = 1.0
FIRST_SHARE: Final = 0.95
# Of each kind of relatives: so few that a pass without any is taken as it is. From a small first share expectation maximisation settles soonest.
PRIOR_RELATIVES: Final = 0.02
FIRST_RELATIVES: Final = 0.001
ROUNDS: Final = 1000
POOLINGS: Final = 2
CLOSE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Patterns:
    """How often each agreement pattern occurs among a pass's pairs: `levels` (patterns, lanes), -1 where a value is missing."""

    levels: npt.NDArray[np.int64]
    counts: Floats

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return int(self.counts.sum())


@dataclass(frozen=True, slots=True)
class Fit:
    """What one pass taught: the share of matches among its pairs, m and u a lane, and how many matches it expects. `seen` has for each lane how
    many expected matches, and how many expected others that teach u, had a value on both sides; `relatives` the share of each kind among the pairs."""

    prior: float
    m: Mapping[str, tuple[float, ...]]
    u: Mapping[str, tuple[float, ...]]
    pairs: int
    matches: float
    rounds: int
    seen: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    relatives: Mapping[str, float] = field(default_factory=dict)


def measured(statistics: Sequence[PartnerStatistics], lanes: Sequence[LaneLevels]) -> frozenset[str]:
    """The lanes whose u some partner has measured."""
    told = {name for s in statistics for name in s.u}
    names = ("forename", "surname")
    return frozenset(
        one.lane
        for one in lanes
        if one.comparison in told or (one.lane in ("name_a", "name_b") and told & set(names))
    )


def combined_u(statistics: Sequence[PartnerStatistics], lanes: Sequence[LaneLevels]) -> dict[str, Floats]:
    """u of every lane from the partners' random pairs, weighted by their records. A lane in which forename or surname may stand takes the
    geometric mean of the two."""

    def of(name: str) -> Floats | None:
        told = [(s.records, np.array(s.u[name])) for s in statistics if name in s.u]
        weight = sum(max(n, 1) for n, _ in told)
        return sum((max(n, 1) * u for n, u in told), start=np.zeros(1)) / weight if told else None

    out = {}
    for lane in lanes:
        u = of(lane.comparison)
        if lane.lane in ("name_a", "name_b"):
            both = [x for x in (of("forename"), of("surname")) if x is not None]
            u = np.exp(np.mean([np.log(x) for x in both], axis=0)) if both else None
        out[lane.lane] = _whole(
            u if u is not None and len(u) >= lane.size else np.array(lane.prior_m)[::-1], lane.size
        )
    return out


def _whole(u: Floats, size: int) -> Floats:
    """The first `size` levels summing to 1; a lane that settles equality alone keeps its bands."""
    cut = u[:size].copy()
    cut[-1] += u[size:].sum()
    whole: Floats = cut / cut.sum()
    return whole


def fit(
    patterns: Patterns,
    lanes: Sequence[LaneLevels],
    *,
    u: Mapping[str, Floats],
    pooled: Mapping[str, tuple[float, ...]] | None = None,
    near: Fit | None = None,
) -> Fit:
    """The parameters that make the patterns likeliest, priors included.

    `pooled`, where given, is what the other passes taught about m: a pass on its own may take the people of one household, who share an
    e-mail, for one person; what all passes say of dates and forenames keeps it from that. `near`, where given, is a fit to begin from; its rounds
    count with those that follow.
    """
    m0 = {one.lane: np.array((pooled or {}).get(one.lane, one.prior_m)) for one in lanes}
    u0 = {one.lane: _between(u[one.lane], m0[one.lane]) if one.dependent else u[one.lane] for one in lanes}
    first = np.array([FIRST_SHARE, *of_kinds(FIRST_RELATIVES, kinds=KINDS)])
    its = Rounds(
        lanes=lanes,
        columns=columns_of(patterns.levels),
        counts=patterns.counts,
        agree=[as_matches(one.shared, kinds=KINDS) for one in lanes],
        u=u0,
        prior_m={n: v * (PRIOR_POOLED_PAIRS if n in (pooled or {}) else PRIOR_M_PAIRS) for n, v in m0.items()},
        prior_u={n: v * PRIOR_U_PAIRS for n, v in u0.items()},
        prior_shares=np.array([PRIOR_MATCHES, *of_kinds(PRIOR_RELATIVES, kinds=KINDS), PRIOR_OTHERS]),
    )
    start = its.parts(np.append(first, 1.0 - first.sum()), m0, u0)
    if near is not None:
        kinds = [near.relatives[kind] for kind in KINDS]
        start = its.parts(
            np.array([near.prior, *kinds, 1.0 - near.prior - sum(kinds)]),
            {n: np.array(v) for n, v in near.m.items()},
            {n: np.array(v) for n, v in near.u.items()},
        )
    before = near.rounds if near is not None else 0
    found, rounds = settled(its.step, start, close=CLOSE, rounds=max(ROUNDS - before, 1))
    return _told(its, found, rounds=before + rounds)


def _told(its: Rounds, found: Parts, *, rounds: int) -> Fit:
    shares, m, u = its.named(found)
    pairs, _ = its.expected(found)
    seen = {}
    for column, alike, one in zip(its.columns, its.agree, its.lanes, strict=True):
        there = column > 0
        seen[one.lane] = (float(pairs[0][there].sum()), float(pairs[~alike][:, there].sum()))
    as_tuples = [{n: tuple(float(x) for x in v) for n, v in p.items()} for p in (m, u)]
    relatives = {kind: float(share) for kind, share in zip(KINDS, shares[1:-1], strict=True)}
    many, expected = int(its.counts.sum()), float(pairs[0].sum())
    return Fit(float(shares[0]), as_tuples[0], as_tuples[1], many, expected, rounds, seen, relatives)


def fit_all(
    counted: Sequence[Patterns], lanes: Sequence[Sequence[LaneLevels]], *, u: Sequence[Mapping[str, Floats]]
) -> list[Fit]:
    """The fit of every pass: each on its own first, then `POOLINGS` times again with what all of them taught about m. The first of these begins afresh, for a pass on
    its own may have settled where the others never would; those after it begin from the one before."""
    every = list(zip(counted, lanes, u, strict=True))
    fits = [fit(one, its, u=its_u) for one, its, its_u in every]
    near: list[Fit | None] = [None] * len(fits)
    for _ in range(POOLINGS):
        pooled = pooled_m(fits, lanes)
        fits = [
            fit(one, its, u=its_u, pooled=pooled, near=last)
            for (one, its, its_u), last in zip(every, near, strict=True)
        ]
        near = list(fits)
    return fits


def posterior(
    patterns: Patterns,
    lanes: Sequence[LaneLevels],
    *,
    prior: float,
    m: Mapping[str, Floats],
    u: Mapping[str, Floats],
    relatives: Mapping[str, float] = NONE,
) -> Floats:
    """The probability of a match for each pattern."""
    odds = log_odds(patterns, lanes, prior=prior, m=m, u=u, relatives=relatives)
    chance: Floats = 1.0 / (1.0 + np.exp(-odds))
    return chance


def log_odds(
    patterns: Patterns,
    lanes: Sequence[LaneLevels],
    *,
    prior: float,
    m: Mapping[str, Floats],
    u: Mapping[str, Floats],
    relatives: Mapping[str, float] = NONE,
) -> Floats:
    """The natural logarithm of the odds of a match, against relatives and strangers together, for each pattern; a missing value says nothing. `prior` is the share
    of matches among all pairs, `relatives` that of each kind."""
    shares = np.array([prior, *relatives.values(), 1.0 - prior - sum(relatives.values())])
    agree = [as_matches(one.shared, kinds=tuple(relatives)) for one in lanes]
    weights = [np.log(m[one.lane]) - np.log(u[one.lane]) for one in lanes]
    odds = class_odds(columns_of(patterns.levels), agree, shares=shares, weights=weights)
    out: Floats = odds[0] - np.logaddexp.reduce(odds[1:], axis=0)
    return out


def pooled_m(fits: Sequence[Fit], lanes: Sequence[Sequence[LaneLevels]]) -> dict[str, tuple[float, ...]]:
    """m of every lane over the passes whose key it does not depend on, weighted by the matches each expects."""
    told: dict[str, list[tuple[float, Floats]]] = {}
    for one_fit, its_lanes in zip(fits, lanes, strict=True):
        for lane in its_lanes:
            if not lane.dependent:
                told.setdefault(lane.lane, []).append((one_fit.matches + 1e-9, np.array(one_fit.m[lane.lane])))
    return {
        n: tuple(np.average([m for _, m in v], axis=0, weights=[w for w, _ in v]).tolist())
        for n, v in told.items()
    }


def _between(u: Floats, m: Floats) -> Floats:
    """A first guess of u where strangers who share the key tend to agree: half way, in logarithms, between u and m."""
    half = np.sqrt(u * m)
    guess: Floats = half / half.sum()
    return guess
