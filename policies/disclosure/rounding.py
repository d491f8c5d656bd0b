"""The published rule: what is hidden, what is rounded, and what a reader who knows the rule can tell from a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rule:
    """Hide small counts, round the others. The rule is published with every table.

    `suppress`: counts from 1 to this are hidden. `round_to`: the others are rounded, halves upwards. `hide_zeros`: a zero
    is hidden too. Sources: NHS England's Hospital Episode Statistics analysis guide and OpenSAFELY's output rules
    (hide up to 7, round to 5).
    """

    suppress: int
    round_to: int
    hide_zeros: bool

    @property
    def largest_hidden(self) -> int:
        """The largest count that is hidden: a count that would round to nothing is hidden, and not shown as zero."""
        return max(self.suppress, (self.round_to + 1) // 2 - 1)

    def rounded(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Each count rounded to the nearest multiple, halves upwards."""
        return (counts + self.round_to // 2) // self.round_to * self.round_to

    def range_of_shown(self, value: int) -> tuple[int, int]:
        """The smallest and largest count that would be shown as this number."""
        if value == 0:
            return (0, 0)
        low = max(value - self.round_to // 2, self.largest_hidden + 1)
        return (low, value + (self.round_to - 1) // 2)
