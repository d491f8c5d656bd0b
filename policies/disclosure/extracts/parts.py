"""The people of several extracts in the smallest parts that their readers can tell apart, and what they can find out about each part.

A part is everybody who is in the same group of each extract, or in none of it. How many people a part has, and how many of them have which value, is unknown; each group of
each extract is the exact sum of some of that. Whatever people can be singled out by adding groups and taking them off are made of parts. So nobody is known to be one of a few, or to be alike
with all of them, if of every part there is an arrangement of people, agreeing with all groups, in which it is large, and one for each of enough values in which somebody there has it. A reader is taken to know in which parts there is nobody.

The arrangements are those of the attack on tables (`policies.disclosure.bounds`), with groups in place of printed cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from policies.disclosure.bounds import ranges
from policies.disclosure.extracts.measures import groups_of
from policies.disclosure.extracts.rows import Codes
from policies.disclosure.system import WHOLE, System

Cells = NDArray[np.bool_]
NOT_TOLD: Final = 0
"""The number of no value: of people of whom no extract tells one."""


class Parts:
    """The parts of some people. `groups` has a row for each person and a column for each extract: the number of the person's group, -1 for none; `valued` says which extracts were kept with values, `looked`
    who is looked at."""

    def __init__(self, groups: Codes, *, valued: Sequence[bool], looked: Cells) -> None:
        self._part = groups_of(groups)
        self._size = np.bincount(self._part)
        self._groups = np.zeros((len(self._size), groups.shape[1]), dtype=np.int64)
        self._groups[self._part] = groups
        self._looked = np.bincount(self._part, weights=looked) > 0
        self._valued = np.array(valued, dtype=bool)
        self._told = (self._groups[:, self._valued] >= 0).any(axis=1)

    def few_or_alike(self, values: Codes, *, k: int, l: int) -> bool:  # noqa: E741
        """Whether somebody who is looked at is certain to be in a part of fewer than `k` people, or of people with fewer than `l` values, or that could not be excluded. `values`: the number of each person's value."""
        counts = np.zeros((len(self._size), int(values.max()) + 1), dtype=np.int64)
        np.add.at(counts, (self._part, values), 1)
        few = np.flatnonzero(self._looked & (self._size < k))
        lacks = np.where(self._looked & self._told, l - (counts[:, NOT_TOLD + 1 :] > 0).sum(axis=1), 0)
        if not len(few) and lacks.max() <= 0:
            return False
        part, value = np.nonzero(self._possible(counts))
        system = self._system(counts, part, value)
        others = (counts[part, value] == 0) & (value != NOT_TOLD)
        one, several = np.flatnonzero(lacks == 1), np.flatnonzero(lacks > 1)
        return (
            not _can_be(system, _sums(few, part, np.ones(len(part), dtype=bool)), k).all()
            or not _can_be(system, _sums(one, part, others), 1).all()
            or any(_can_be(system, _each((part == n) & others), 1).sum() < lacks[n] for n in several)
        )

    def _possible(self, counts: Codes) -> Cells:
        """For each part which values somebody there could have: those that occur in each group that it lies in."""
        found = np.ones(counts.shape, dtype=bool)
        for group in self._groups[:, self._valued].T:
            inside = np.flatnonzero(group >= 0)
            its = np.zeros((int(group.max(initial=-1)) + 1, counts.shape[1]), dtype=np.int64)
            np.add.at(its, group[inside], counts[inside])
            found[inside] &= its[group[inside]] > 0
        found[~self._told] = np.arange(counts.shape[1]) == NOT_TOLD
        return found

    def _system(self, counts: Codes, part: Codes, value: Codes) -> System:
        """Every group of every extract as the sum that its readers have, of people in parts with values, and by value where the extract was kept with values."""
        width = counts.shape[1]
        true = counts[part, value].astype(np.float64)
        statements, sums = [], []
        for group, valued in zip(self._groups.T, self._valued, strict=True):
            inside = np.flatnonzero(group[part] >= 0)
            line = group[part[inside]] * width + (value[inside] if valued else 0)
            different, row = np.unique(line, return_inverse=True)
            shape = (len(different), len(part))
            statements.append(csr_array((np.ones(len(inside)), (row.ravel(), inside)), shape=shape))
            sums.append(np.bincount(row.ravel(), weights=true[inside], minlength=len(different)))
        exact = np.concatenate(sums).astype(np.float64)
        return System(csr_array(vstack(statements)), exact, exact)


def _sums(parts: Codes, part: Codes, which: Cells) -> csr_array:
    """For each of these parts the sum of those of its unknowns."""
    columns = np.flatnonzero(which & np.isin(part, parts))
    where = (np.searchsorted(parts, part[columns]), columns)
    return csr_array((np.ones(len(columns)), where), shape=(len(parts), len(part)))


def _each(which: Cells) -> csr_array:
    """Each of these unknowns alone."""
    columns = np.flatnonzero(which)
    where = (np.arange(len(columns)), columns)
    return csr_array((np.ones(len(columns)), where), shape=(len(columns), len(which)))


def _can_be(system: System, sums: csr_array, least: int) -> Cells:
    """For which of these sums an arrangement was found in which it is at least so much."""
    count = sums.shape[0]
    if not count:
        return np.ones(0, dtype=bool)
    wider = System(
        csr_array(vstack([system.matrix, sums])),
        np.append(system.low, np.zeros(count)),
        np.append(system.high, np.full(count, np.inf)),
    )
    rows, floor = np.arange(count) + system.matrix.shape[0], np.full(count, float(least))
    found = ranges(wider, rows, wanted=np.zeros(count), floor=floor, may_stop=False)
    return np.zeros(count, dtype=bool) if found is None else found.reached_high >= least - WHOLE
