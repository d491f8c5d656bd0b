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

    def possible(self, *, rules: SumRules) -> NDArray[np.bool_]:
        """Whether people with such contributions, none of them beyond what one person can have, can have such a sum."""
        least, most = rules.per_person
        rest = self.sums - self.largest - self.second
        others = np.maximum(self.people - 2, 0)
        return np.asarray(
            (self.second <= self.largest)
            & (self.largest <= most)
            & (rest >= others * least)
            & (rest <= others * self.second)
            & np.where(self.people > 0, self.largest >= least, self.largest == 0)
            & np.where(self.people > 1, self.second >= least, self.second == 0)
        )

    def known(self, *, rules: SumRules) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Between which two ends each sum lies for whoever knows how many people contribute, or that one might, and how much one can."""
        least, most = rules.per_person
        people = self.people.astype(np.float64)
        return np.asarray(people * least, np.float64), np.asarray(np.maximum(people, 1.0) * most, np.float64)

    def tell(self, *, rules: SumRules) -> NDArray[np.bool_]:
        """Whether each sum tells too much about one person: too few contribute to it, or one or two nearly everything, or everybody as little or as much as they can. A cell without people tells nothing.

        What the others are known to contribute at least or at most hides nobody, so it does not count towards the rest beside the two largest.
        """
        rule = Dominance(rules.threshold, rules.n, rules.k, rules.p)
        least, most = rules.per_person
        low, high = self.known(rules=rules)
        others = np.maximum(self.people - 2, 0)
        rest = self.sums - self.largest - self.second
        foremost = self.largest + (self.second if rules.n > 1 else 0)
        above = rest - others * least
        below = np.where(others > 0, np.maximum(others, 1) * most, np.inf) - rest
        free = np.minimum(above, below).clip(0, None).astype(np.float64)
        columns = zip(self.people, self.sums, self.largest, foremost, strict=True)
        told = [
            people < rule.threshold
            or tells(total, largest=one, foremost=top, rest=round(float(left)), rule=rule)
            for (people, total, one, top), left in zip(
                (map(int, row) for row in columns), np.minimum(free, self.sums), strict=True
            )
        ]
        bare = (self.sums <= low) | (self.sums >= high)
        return np.asarray((self.people > 0) & (np.array(told, dtype=bool) | bare), dtype=bool)

    def ends(self, *, rules: SumRules) -> tuple[Ints, Ints]:
        """Between which two ends each sum that tells too much may not be known to lie: `p` of its largest contribution away, and at least one step upwards, but no further than everybody knows. The
        sum itself, twice, for others."""
        telling = self.tell(rules=rules)
        away = np.ceil(np.where(telling, rules.p * self.largest, 0.0))
        upwards = np.where(telling, np.maximum(away, rules.units[1]), 0.0)
        low, high = self.known(rules=rules)
        lower, upper = np.maximum(self.sums - away, low), np.minimum(self.sums + upwards, high)
        return np.minimum(lower, self.sums).astype(np.int64), np.maximum(upper, self.sums).astype(np.int64)
