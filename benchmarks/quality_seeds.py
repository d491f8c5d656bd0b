"""Made-up people of several seeds, pooled: what probabilities say, and what is true, with the interval that so many pairs leave.

One run of made-up people has some tens of pairs in a band, whose right share moves by a tenth and more with the seed; all seeds together say more. Intervals are
Wilson's (1927, "Probable inference, the law of succession, and statistical inference"), 95 %, as if pairs were independent: pairs of one person are not, and so the
interval is rather too narrow.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from service.officer.fairness import wilson

SEEDS: Final = (3, 11, 12, 13, 14, 21, 22, 23)
COLUMNS: Final = ("band", "said", "true", "95 % interval", "pairs", "least and most by seed")


def pooled(seeds: Sequence[tuple[np.ndarray, np.ndarray]], *, bounds: Sequence[float]) -> list[list[str]]:
    """A row a band: what was said on average and what was true of all seeds' pairs, and of the seeds with the least and the most right. Each seed has the calibrated
    probabilities of its pairs, and which are right."""
    said, right = (np.concatenate([one[at] for one in seeds]) for at in (0, 1))
    rows = []
    for low, high in pairwise(bounds):
        here = (said >= low) & (said < high)
        if not here.any():
            continue
        by_seed = [r[(p >= low) & (p < high)] for p, r in seeds]
        shares = [one.mean() for one in by_seed if len(one)]
        least, most = wilson(right[here].sum(), here.sum())
        rows.append([
            f"{low:g} to {min(high, 1.0):g}", f"{said[here].mean():.3f}", f"{right[here].mean():.3f}", f"{least:.3f} to {most:.3f}",
            f"{here.sum():,}", f"{min(shares):.2f} to {max(shares):.2f}",
        ])  # fmt: skip
    return rows
