"""Counts of people and records as a report shows them: by the rule of released tables, so that a report can be published and small groups stay hidden.

1 to 7 are hidden, the others rounded to 5; totals are sums of what is shown, and rates come from what is shown, so that neither tells more.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from policies.disclosure import HIDDEN, Rule

RULE: Final = Rule(suppress=7, round_to=5, hide_zeros=False)
Shown = int | str


def shown(count: int) -> Shown:
    """The count rounded, or the marker of what is hidden."""
    if 0 < count <= RULE.largest_hidden:
        return HIDDEN
    return int(RULE.rounded(np.array(count, dtype=np.int64)))


def total(counts: Iterable[Shown]) -> int:
    """The sum of the shown counts."""
    return sum(c for c in counts if isinstance(c, int))


def rate(count: Shown, *, of: Shown) -> float | None:
    """The share in per cent, to a tenth, of two shown counts; none where either is hidden, or where there is nothing to take a share of."""
    if isinstance(count, str) or isinstance(of, str) or not of:
        return None
    return round(min(100 * count / of, 100.0), 1)


def binned(counts: Mapping[int, int], *, last: int) -> dict[str, Shown]:
    """Counts by a number from 1, shown; all from `last` on together, so that the few who have most do not stand out."""
    out: dict[str, Shown] = {str(n): shown(counts.get(n, 0)) for n in range(1, last)}
    out[f"{last} or more"] = shown(sum(c for n, c in counts.items() if n >= last))
    return out
