"""What a partner tells about its file as a whole: u-probabilities, which identifiers it holds, and how frequent a name is.

The centre cannot draw random pairs (masks cancel only inside a block), so each partner compares random pairs of its own records under one
throw-away block secret, with the same filters, and sends rounded rates (Fellegi and Sunter 1969; Splink's estimate of u from random pairs).
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.partner.filters import BlockPrf, filters, random_words
from linkage.partner.prepared import Prepared
from linkage.partner.records import CleanRecords
from linkage.schema import Schema, Together
from linkage.tokens import PartnerStatistics

PAIRS: Final = 400_000
SAMPLE: Final = 20_000
DIGITS: Final = 3


def estimate(
    clean: CleanRecords,
    *,
    schema: Schema,
    prepared: Mapping[str, Prepared],
    prf: BlockPrf,
    randomness: Callable[[int], bytes],
) -> PartnerStatistics:
    """The rounded statistics. `u` of a comparison lists the share of random pairs in each level, best first, disagreement last; a banded
    comparison's equal level is given once for each band, rare first."""
    rng = np.random.default_rng(int.from_bytes(randomness(8), "big"))
    rows = rng.permutation(clean.rows)[:SAMPLE]
    left, right = (rng.integers(0, len(rows), PAIRS) for _ in range(2))
    different = clean.record[rows[left]] != clean.record[rows[right]]
    left, right = left[different], right[different]
    shared = np.broadcast_to(random_words((1, 2), randomness), (len(rows), 2))
    u, held = {}, {}
    levels: dict[str, npt.NDArray[np.int64]] = {}
    for slot, (name, comparison) in enumerate(schema.comparisons.items()):
        one = prepared[name]
        codes = one.column.codes[rows]
        held[name] = _round(float((one.column.codes >= 0).mean()))
        both = (codes[left] >= 0) & (codes[right] >= 0)
        a, b = left[both], right[both]
        if comparison.exact:
            level = np.where(codes[a] == codes[b], 0, 1)
        else:
            assert one.grams is not None  # noqa: S101  the schema allows no third kind
            has = codes >= 0
            made = np.zeros((len(rows), 2), dtype=np.uint64)
            made[has] = filters(
                prf, shared[has], one.grams[codes[has]], slot=slot, bits_per_gram=comparison.bits_per_gram
            )
            distance = np.bitwise_count(made[a] ^ made[b]).sum(axis=1)
            level = np.digitize(distance, np.array(comparison.levels), right=True)
        levels[name] = np.full(len(left), -1, dtype=np.int64)
        levels[name][both] = level
        last = len(comparison.levels)
        if one.band is not None:
            band = np.maximum(one.band[codes[a]], one.band[codes[b]])
            level = np.where(level == 0, band, level + 2)
            last += 2
        if len(level):
            u[name] = _rates(level, last)
    for name, group in schema.together.items():
        level = _level_together(levels, group)
        if (level >= 0).any():
            u[name] = _rates(level[level >= 0], len(group.levels))
    return PartnerStatistics(int(round(len(clean.record_ids), -2)), held, u)


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
