"""What of a table of counts is hidden for being small, and what is printed of the rest, rounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.rounding import Rule
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE, CountTable, PublishedTable


def suppress_and_round(table: CountTable, *, rule: Rule) -> PublishedTable:
    """The table as it is printed under the rule.

    A true zero is shown, unless the rule hides zeros or a zero would tell about everybody else: when in some line of the
    table all people fall in one category, all zeros of the table are hidden. (Hiding some of them would let a reader who
    knows the rule find out which.) Source of the concern: "class disclosure", GSS and OpenSAFELY guidance.
    """
    counts, structural = table.counts, table.structural
    hide_zeros = rule.hide_zeros or tells_about_a_class(counts, structural)
    hidden = (counts <= rule.largest_hidden) & ~structural & ((counts > 0) | hide_zeros)
    printed = np.where(structural, NOT_APPLICABLE, np.where(hidden, HIDDEN, rule.rounded(counts).astype(str)))
    return PublishedTable(table.layout, rule, tuple(str(cell) for cell in printed.ravel()))


def tells_about_a_class(counts: NDArray[np.int64], structural: NDArray[np.bool_]) -> bool:
    """Whether some line of the table has people in exactly one of several categories."""
    return any(
        bool((((counts > 0).sum(axis=axis) == 1) & ((~structural).sum(axis=axis) > 1)).any())
        for axis in range(counts.ndim)
    )
