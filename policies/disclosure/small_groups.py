"""Groups of people, as sums of unknown counts, that readers know to be a few although no table prints them.

A group is open where whole people can be arranged so that nobody is in it, so that more are in it than are hidden for being few, or so that it has either end of
what a hidden count can be. Whatever was not found open, within a number of searches, counts as a few: the effort is counted in nodes, never in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from policies.disclosure import progress
from policies.disclosure.arrangement import arrangement
from policies.disclosure.bounds import Ranges, ranges
from policies.disclosure.pieces import limit
from policies.disclosure.programs import Programs
from policies.disclosure.progress import Effort
from policies.disclosure.system import WHOLE, Floats, System, room
from policies.disclosure.zeros import Ways

Places = NDArray[np.int64]
ROUNDS: Final = 6
"""Arrangements that are looked for on either side before the groups that are left are searched one by one."""
MOST_WAYS: Final = 12
"""Ways in which zeros can be hidden that are looked at."""


@dataclass(frozen=True, slots=True)
class Small:
    """A group, by number, and the range that nothing lies outside of; `high` is -1 where that is not known."""

    group: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Looked:
    """The groups that may be a few, and the effort of looking, as `Solution.taken`."""

    small: tuple[Small, ...]
    spent: int


def small_groups(system: System, groups: csr_array, *, most: int, most_spent: int | None = None) -> Looked:
    """The groups (rows over the unknowns) that may be certain to have from 1 to `most` people in a narrower range than that, which is what a hidden cell tells.

    The statements of the system hold together. A group that could not be settled is among them, with an effort of `most_spent`, if not the usual one.
    """
    may = progress.MOST_SPENT if most_spent is None else most_spent
    known = room(system)
    if known is None:  # not even that the statements hold together could be shown again
        return Looked(tuple(Small(group, 0, -1) for group in range(groups.shape[0])), 0)
    endless = limit(system, known)
    ends = np.minimum(known.most, endless)
    left, spent = _sieved(system, groups, least=known.least, ends=ends, most=most, most_spent=may)
    if not len(left):
        return Looked((), spent)
    its = csr_array(groups[left])
    wider = System(
        csr_array(vstack([system.matrix, its])),
        np.append(system.low, np.zeros(len(left))),
        np.append(system.high, np.full(len(left), np.inf)),
        system.whole,
    )
    rows = np.arange(len(left)) + system.matrix.shape[0]
    wanted = np.full(len(left), float(most))
    found = ranges(wider, rows, wanted=wanted, may_stop=False, most_spent=max(may - spent, 0))
    if found is None:
        return Looked(tuple(Small(int(group), 0, -1) for group in left), spent)
    low, high = np.ceil(found.least - WHOLE), np.floor(np.minimum(found.most, endless) + WHOLE)
    few = np.flatnonzero(~_open(found, most))
    return Looked(tuple(Small(int(left[n]), int(low[n]), int(high[n])) for n in few), spent + found.spent)


def small_in_every_way(
    ways: Ways, groups: csr_array, *, most: int, effort: Effort | None = None
) -> tuple[Small, ...]:
    """The same over all ways in which zeros can be hidden: a group is open as soon as one of them leaves it open. Where none was found, no group is. `effort`: of the attack to which this belongs, if it is not one by itself."""
    effort = Effort(progress.MOST_SPENT) if effort is None else effort
    found = {group: Small(group, 0, -1) for group in range(groups.shape[0])}
    for number in range(MOST_WAYS):
        left, before = list(found), ways.spent
        system = ways.at(number) if left and effort.left else None
        effort.took(ways.spent - before)
        if system is None:
            break
        its = csr_array(groups[left])
        looked = small_groups(system, its, most=most, most_spent=effort.left)
        effort.took(looked.spent)
        few = {left[one.group]: one for one in looked.small}
        found = {
            group: Small(group, one.low, one.high) if not number else _either(found[group], one)
            for group, one in few.items()
        }
    return tuple(found.values())


def _either(one: Small, other: Small) -> Small:
    known = min(one.high, other.high) >= 0
    return Small(one.group, min(one.low, other.low), max(one.high, other.high) if known else -1)


def _open(found: Ranges, most: int) -> NDArray[np.bool_]:
    """Where an arrangement was found that takes away that these are a few people, or none can make them few."""
    ends = (found.reached_low <= 1 + WHOLE) & (found.reached_high >= most - WHOLE)
    shown = (found.reached_low < 1 - WHOLE) | (found.reached_high > most + WHOLE) | ends
    return np.asarray(shown | (found.least > most + WHOLE) | (found.most < 1 - WHOLE))


def _sieved(
    system: System, groups: csr_array, *, least: Floats, ends: Floats, most: int, most_spent: int
) -> tuple[Places, int]:
    """The groups, by number, for which no arrangement of whole people was found at once that has nobody there or more than `most`, and the effort. One drops many."""
    left, spent, programs = (
        np.arange(groups.shape[0]),
        0,
        Programs(system, least=least, most=ends, may=most_spent),
    )
    for sign in (-1.0, 1.0):
        for _ in range(ROUNDS):
            if not len(left) or spent >= most_spent:
                break
            its = groups[left]
            objective = sign * np.asarray(its.sum(axis=0), dtype=np.float64)
            found = arrangement(
                system, objective, least=least, most=ends, programs=programs, may=most_spent - spent
            )
            spent += found.spent
            if found.counts is None:
                break
            people = its @ found.counts
            stays = (people > WHOLE) & (people < most + 1 - WHOLE)
            left = left[stays]
            if stays.all():
                break
    return left, spent
