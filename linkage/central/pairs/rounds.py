"""One round of expectation maximisation over a pass's patterns (Dempster, Laird and Rubin 1977): how many pairs of each pattern each class is expected to have, and
what they teach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.central.pairs.levels import LaneLevels
from linkage.central.pairs.relatives import RELATIVES, belonging, by_rule, class_odds
from linkage.central.pairs.settling import Parts

Floats = npt.NDArray[np.float64]
KINDS: Final = tuple(RELATIVES)


@dataclass(frozen=True, slots=True)
class Rounds:
    """What does not change from round to round: the pass's patterns, which classes agree in each lane as matches do, u, and the priors of m, of u where it is learnt, and of
    the classes, in pairs."""

    lanes: Sequence[LaneLevels]
    columns: Sequence[npt.NDArray[np.int64]]
    counts: Floats
    agree: Sequence[npt.NDArray[np.bool_]]
    u: Mapping[str, Floats]
    prior_m: Mapping[str, Floats]
    prior_u: Mapping[str, Floats]
    prior_shares: Floats

    def step(self, at: Parts) -> tuple[Parts, float]:
        """One round of expectation maximisation from there, and how likely what it came from is: the logarithm, priors included, less a constant."""
        shares, m, u = self.named(at)
        pairs, evidence = self.expected(at)
        likely = float(self.counts @ evidence) + float(self.counts.sum() * np.log(shares[-1]))
        likely += float(self.prior_shares @ np.log(shares))
        found = [by_rule(_whole_of(pairs.sum(axis=1) + self.prior_shares), kinds=KINDS)]
        learnt_u = []
        for column, alike, one in zip(self.columns, self.agree, self.lanes, strict=True):
            found.append(_learn(column, pairs[0], self.prior_m[one.lane]))
            likely += float(self.prior_m[one.lane] @ np.log(m[one.lane]))
            if one.dependent:
                learnt_u.append(_learn(column, pairs[~alike].sum(axis=0), self.prior_u[one.lane]))
                seen = np.bincount(column, weights=self.counts, minlength=one.size + 1)[1:]
                likely += float((seen + self.prior_u[one.lane]) @ np.log(u[one.lane]))
        return (*found, *learnt_u), likely

    def expected(self, at: Parts) -> tuple[Floats, Floats]:
        """How many pairs of each pattern are of each class, (classes, patterns), and the logarithm of the sum of the odds of each pattern."""
        shares, m, u = self.named(at)
        weights = [np.log(m[one.lane]) - np.log(u[one.lane]) for one in self.lanes]
        pairs, evidence = belonging(class_odds(self.columns, self.agree, shares=shares, weights=weights))
        pairs *= self.counts
        return pairs, evidence

    def named(self, at: Parts) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
        """The shares of the classes, and m and u by lane."""
        names = [one.lane for one in self.lanes]
        dependent = [one.lane for one in self.lanes if one.dependent]
        m = dict(zip(names, at[1 : 1 + len(names)], strict=True))
        return at[0], m, {**self.u, **dict(zip(dependent, at[1 + len(names) :], strict=True))}

    def parts(self, shares: Floats, m: Mapping[str, Floats], u: Mapping[str, Floats]) -> Parts:
        """The same as `named`, the other way round."""
        return (
            shares,
            *(np.array(m[one.lane]) for one in self.lanes),
            *(np.array(u[one.lane]) for one in self.lanes if one.dependent),
        )


def columns_of(levels: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """The levels lane by lane, each counted from 1, so that 0 stands for a missing value and a column is read in one go."""
    return [np.ascontiguousarray(column) + 1 for column in levels.T]


def _learn(column: npt.NDArray[np.int64], weight: Floats, prior: Floats) -> Floats:
    return _whole_of(np.bincount(column, weights=weight, minlength=len(prior) + 1)[1:] + prior)


def _whole_of(counts: Floats) -> Floats:
    whole: Floats = counts / counts.sum()
    return whole
