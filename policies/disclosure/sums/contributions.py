"""What single people contribute to sums: the largest and second largest contribution of each cell, of totals too, and whether a sum tells too much about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from policies.disclosure.magnitude import Dominance, tells
from policies.disclosure.rules import SumRules

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """For each cell how many people contribute, their sum, and the largest and second largest contribution, in thousandths. Each person is in one base cell."""

    people: Ints
    sums: Ints
    largest: Ints
    second: Ints

    def together(self, cells: Sequence[int] | Ints) -> Contributions:
        """These cells, of which none takes in another, as a single one."""
        top = np.sort(np.concatenate([self.largest[cells], self.second[cells], [0, 0]]))
        return Contributions(
            self.people[cells].sum(keepdims=True), self.sums[cells].sum(keepdims=True), top[-1:], top[-2:-1]
        )

    def of(self, sums: csr_array) -> Contributions:
        """Those of cells that are sums of these ones; each row names what it takes in."""
        parts = [
            self.together(sums.indices[a:b].astype(np.int64))
            for a, b in zip(sums.indptr[:-1], sums.indptr[1:], strict=True)
        ]
        return Contributions(
            *(
                np.concatenate([getattr(one, name) for one in parts])
                for name in ("people", "sums", "largest", "second")
            )
        )

    def possible(self) -> NDArray[np.bool_]:
        """Whether people with such contributions, none of them negative, can have such a sum."""
        rest = self.sums - self.largest - self.second
        others = np.maximum(self.people - 2, 0)
        return np.asarray(
            (self.second <= self.largest)
            & (rest >= 0)
            & (rest <= others * self.second)
            & ((self.people > 0) | (self.largest == 0))
            & ((self.people > 1) | (self.second == 0))
        )

    def tell(self, *, rules: SumRules) -> NDArray[np.bool_]:
        """Whether each sum tells too much about one person: too few contribute to it, or one or two nearly everything, or nobody anything. A cell without people tells nothing."""
        rule = Dominance(rules.threshold, rules.n, rules.k, rules.p)
        foremost = self.largest + (self.second if rules.n > 1 else 0)
        columns = zip(self.people, self.sums, self.largest, self.second, foremost, strict=True)
        return np.array(
            [
                people > 0
                and (
                    people < rule.threshold
                    or tells(total, largest=one, foremost=top, rest=total - one - two, rule=rule)
                )
                for people, total, one, two, top in (map(int, row) for row in columns)
            ],
            dtype=bool,
        )

    def ends(self, *, rules: SumRules) -> tuple[Ints, Ints]:
        """Between which two ends each sum that tells too much may not be known to lie: `p` of its largest contribution away. The sum itself, twice, for others."""
        away = np.ceil(np.where(self.tell(rules=rules), rules.p * self.largest, 0.0)).astype(np.int64)
        return self.sums - away, self.sums + away
