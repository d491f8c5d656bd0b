"""What one person can contribute, where readers know it beforehand, as statements about sums beside counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf
from typing import Final

import numpy as np
from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack

from policies.disclosure.rules import THOUSANDTHS
from policies.disclosure.sums.magnitudes import Magnitudes
from policies.disclosure.sums.result import Given
from policies.disclosure.system import Floats, Room, System

PER_PERSON: Final = "per person"


@dataclass(frozen=True, slots=True, eq=False)
class Further:
    """Statements beside those of single cells, over counts and then sums, scaled; and what each is called."""

    rows: csr_array
    low: Floats
    high: Floats
    given: tuple[Given, ...]

    def of_sums(self) -> Further:
        """The same over sums alone, where no count occurs."""
        return Further(csr_array(self.rows[:, self.rows.shape[1] // 2 :]), self.low, self.high, self.given)


@dataclass(frozen=True, slots=True)
class PerPerson:
    """The least and the most that one person contributes, in thousandths, and the table whose rules say so."""

    least: float
    most: float
    table: str

    @property
    def known(self) -> bool:
        """Whether readers know anything."""
        return self.least > 0 or not isinf(self.most)

    @property
    def given(self) -> Given:
        """As a finding names it."""
        low, high = (f"{one / THOUSANDTHS:g}" for one in (self.least, self.most))
        return Given(self.table, (), PER_PERSON, f"at least {low}" if isinf(self.most) else f"{low} to {high}")


def per_person(tables: Sequence[Magnitudes], of: str | None) -> PerPerson:
    """What the rules of all tables of these sums say together."""
    told = [
        (*one.rules.per_person, one.counts.name)
        for one in tables
        if one.of == of and one.counts.rules is not None
    ]
    least = max((one[0] for one in told), default=0.0)
    most = min((one[1] for one in told), default=inf)
    name = next((name for low, high, name in told if (low, high) != (0.0, inf)), "")
    return PerPerson(least, most, name)


def of_people(one: PerPerson, counted: Room, *, by: float) -> Further:
    """For every unknown: where its people are counted, between which two numbers its sum lies; elsewhere, how many times its count.

    `counted`: how many people it can be. `by`: what sums are divided by.
    """
    width = len(counted.least)
    known = counted.least == counted.most
    some, others = np.flatnonzero(known), np.flatnonzero(~known)
    every = eye_array(width).tocsr()
    parts = [hstack([csr_array((len(some), width)), every[some]])]
    people = counted.least[some]
    low = [people * one.least / by]
    high = [np.where(people > 0, np.maximum(people, 1) * one.most / by, 0.0)]
    nothing, free = np.zeros(len(others)), np.full(len(others), np.inf)
    if one.least > 0:
        parts.append(hstack([every[others] * (-one.least / by), every[others]]))
        low, high = [*low, nothing], [*high, free]
    if not isinf(one.most):
        parts.append(hstack([every[others] * (-one.most / by), every[others]]))
        low, high = [*low, -free], [*high, nothing]
    rows = csr_array(vstack(parts))
    return Further(rows, np.concatenate(low), np.concatenate(high), (one.given,) * rows.shape[0])


def of_nobody(sums: System, counted: Room, named: Sequence[Given], *, below: float, by: float) -> Further:
    """For every unknown that may count nobody, no more than its count times the least printed sum that takes it in: where nobody is, there is no sum.

    `named`: the number behind the upper end of each statement about `sums`. `below`: of what one person can have, readers know that already. `by`: what sums are divided by.
    """
    rows = np.repeat(np.arange(sums.matrix.shape[0]), np.diff(sums.matrix.indptr))
    smallest_last = np.argsort(-sums.high[rows], kind="stable")
    behind = np.full(sums.matrix.shape[1], -1)
    behind[sums.matrix.indices[smallest_last]] = rows[smallest_last]
    ceiling = np.where(behind < 0, np.inf, sums.high[behind])
    may_be_nobody = (counted.least < 1) & (counted.most > counted.least)
    some = np.flatnonzero(may_be_nobody & (ceiling > 0) & (ceiling < below))
    every = eye_array(len(ceiling)).tocsr()[some]
    tied = csr_array(hstack([diags_array(-ceiling[some] / by) @ every, every]))
    given = tuple(named[row] for row in behind[some])
    return Further(tied, np.full(len(some), -np.inf), np.zeros(len(some)), given)
