"""What a partner tells about its file as a whole: u-probabilities, which identifiers it holds, and how frequent a name is.

The centre cannot draw random pairs (masks cancel only inside a block), so each partner compares random pairs of its own records under one
throw-away block secret, with the same filters, and sends rounded rates (Fellegi and Sunter 1969; Splink's estimate of u from random pairs).
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.partner.tokens.filters import LANE_BITS, filters
from linkage.partner.tokens.portions import Portions
from linkage.partner.tokens.prepared import Prepared
from linkage.partner.tokens.prf import Prp, Words
from linkage.schema import Comparison, Schema, Together
from linkage.tokens import PartnerStatistics

PAIRS: Final = 400_000
SAMPLE: Final = 20_000
SECRETS: Final = 8
ROWS_A_SECRET: Final = 250
DIGITS: Final = 3
Levels = npt.NDArray[np.int64]


def estimate(
    portions: Portions,
    *,
    schema: Schema,
    prf: Prp,
    randomness: Callable[[int], bytes],
) -> PartnerStatistics:
    """The rounded statistics. `u` of a comparison lists the share of random pairs in each level, best first, disagreement last; a banded
    comparison's equal level is given once for each band, rare first. Distances are measured under several throw-away block secrets, for
    under a single one chance places the same few q-grams alike in every pair. The two rows of a pair are under the same."""
    rng = np.random.default_rng(int.from_bytes(randomness(8), "big"))
    rows = rng.permutation(portions.rows)[:SAMPLE]
    sample = portions.sample(rows)
    shares = max(1, min(SECRETS, len(rows) // ROWS_A_SECRET))
    size = max(len(rows) // shares, 1)
    first = rng.integers(0, shares, PAIRS) * size
    left, right = (first + rng.integers(0, size, PAIRS) for _ in range(2))
    different = sample.record[left] != sample.record[right]
    left, right = left[different], right[different]
    every = np.frombuffer(randomness(16 * shares), dtype=np.uint64).reshape(shares, 2)
    secrets = every.take(np.minimum(np.arange(len(rows)) // size, shares - 1), axis=0)
    u, held = {}, {}
    levels: dict[str, Levels] = {}
    for slot, (name, comparison) in enumerate(schema.comparisons.items()):
        one = sample.prepared[name]
        held[name] = _round(portions.held(name))
        codes = one.codes
        level = _levels(one, comparison, left, right, prf=prf, secrets=secrets, slot=slot)
        levels[name] = level
        both = level >= 0
        last = len(comparison.levels)
        graded = level[both]
        if one.band is not None:
            band = np.maximum(one.band[codes[left[both]]], one.band[codes[right[both]]])
            graded = np.where(graded == 0, band, graded + 2)
            last += 2
        if len(graded):
            u[name] = _rates(graded, last)
    for name, group in schema.together.items():
        level = _level_together(levels, group)
        if (level >= 0).any():
            u[name] = _rates(level[level >= 0], len(group.levels))
    return PartnerStatistics(int(round(portions.records, -2)), held, u)


def _levels(
    one: Prepared,
    comparison: Comparison,
    left: Levels,
    right: Levels,
    *,
    prf: Prp,
    secrets: Words,
    slot: int,
) -> Levels:
    """The level of each pair of sampled rows, -1 where one of the two has no value."""
    codes = one.codes
    out = np.full(len(left), -1, dtype=np.int64)
    both = np.flatnonzero((codes[left] >= 0) & (codes[right] >= 0))
    a, b = codes[left[both]], codes[right[both]]
    if one.digest is not None:
        out[both] = np.where(one.digest[a] == one.digest[b], 0, 1)
        return out
    assert one.grams is not None  # noqa: S101  the schema allows no third kind
    made = np.zeros((len(codes), 2), dtype=np.uint64)
    has = np.flatnonzero(codes >= 0)
    made[has] = filters(
        prf,
        secrets.take(has, axis=0),
        one.grams,
        codes.take(has),
        slot=slot,
        bits_per_gram=comparison.bits_per_gram,
    )
    apart = made.take(left[both], axis=0) ^ made.take(right[both], axis=0)
    bits = np.bitwise_count(apart)
    of_distance = np.digitize(np.arange(2 * LANE_BITS + 1), np.array(comparison.levels), right=True)
    out[both] = of_distance.take(bits[:, 0] + bits[:, 1])
    return out


def _level_together(levels: Mapping[str, npt.NDArray[np.int64]], group: Together) -> npt.NDArray[np.int64]:
    """The level of each pair in a group: the first whose comparisons all reach it, disagreement last, -1 where nothing can be compared."""
    member = [levels[m] for m in group.of]
    out = np.full(len(member[0]), len(group.levels), dtype=np.int64)
    for at, wanted in reversed(list(enumerate(group.levels))):
        holds = np.logical_and.reduce([(levels[m] >= 0) & (levels[m] <= most) for m, most in wanted.items()])
        out[holds] = at
    out[np.logical_and.reduce([m < 0 for m in member])] = -1
    return out


def _rates(level: npt.NDArray[np.int64], last: int) -> tuple[float, ...]:
    counts = np.bincount(level, minlength=last + 1)
    return tuple(_round(float(c)) for c in (counts + 0.5) / (counts.sum() + 0.5 * len(counts)))


def _round(share: float) -> float:
    return float(f"{share:.{DIGITS}g}")
