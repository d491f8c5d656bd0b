"""Groups that no table prints: the people of a table whom another one, on some of the same people, leaves out.

Two rounded numbers leave their difference open. But where the same people were counted several ways, by other columns and as totals, the rounding can be
undone together, and then a difference may come out as a few people. Such a group is as small as one that would have been hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from policies.disclosure.bounds import ranges
from policies.disclosure.system import WHOLE, System, room, solve
from policies.disclosure.table import Layout

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A group that comes out as at least one person and few: the tables by number, the categories that both tell, and the range."""

    whole: int
    part: int
    cell: tuple[str, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class _Group:
    whole: int
    part: int
    cell: tuple[str, ...]
    atoms: tuple[int, ...]


def small_groups_left_out(
    system: System, layouts: Sequence[Layout], cell_of: NDArray[np.int64], *, most: int
) -> tuple[LeftOut, ...]:
    """The groups that are certain to have from 1 to `most` people, and to lie in a narrower range than that, which is what a hidden cell tells.

    `cell_of` has for each table and each unknown of the system the number of the cell in which it is counted, or -1.
    """
    groups = list({one.atoms: one for one in _groups(layouts, cell_of)}.values())
    if not groups:
        return ()
    sizes = [len(one.atoms) for one in groups]
    columns = np.concatenate([np.array(one.atoms) for one in groups])
    extra = csr_array(
        (np.ones(len(columns)), columns, np.cumsum([0, *sizes])), shape=(len(groups), system.matrix.shape[1])
    )
    wider = System(
        csr_array(vstack([system.matrix, extra])),
        np.append(system.low, np.zeros(len(groups))),
        np.append(system.high, np.full(len(groups), np.inf)),
        system.whole,
    )
    left = _sieved(system, extra, most=most)
    rows = left + system.matrix.shape[0]
    found = ranges(wider, rows, wanted=np.full(len(rows), float(most)), may_stop=False) if len(rows) else None
    if found is None:
        return ()
    low, high = np.ceil(found.least - 1e-6), np.floor(found.most + 1e-6)
    small = (low >= 1) & (high <= most) & ((low > 1) | (high < most))
    return tuple(
        LeftOut(groups[g].whole, groups[g].part, groups[g].cell, int(low[n]), int(high[n]))
        for n, g in enumerate(left.tolist())
        if small[n]
    )


def _sieved(system: System, groups: csr_array, *, most: int) -> Places:
    """The groups, by number, that may be certain to have from 1 to `most` people: those for which no arrangement, in fractions of people, was found that has nobody
    there or more than `most`. One arrangement drops many."""
    known = room(system)
    if known is None:
        return np.empty(0, dtype=np.int64)
    left = np.arange(groups.shape[0])
    for sign in (-1.0, 1.0):
        dropped = True
        while dropped and len(left):
            its = groups[left]
            found = solve(
                system, sign * np.asarray(its.sum(axis=0)), least=known.least, most=known.most, whole=False
            )
            if found.counts is None:
                break
            people = its @ found.counts
            stays = (people > WHOLE) & (people < most + 1 - WHOLE)
            dropped, left = not stays.all(), left[stays]
    return left


def _groups(layouts: Sequence[Layout], cell_of: NDArray[np.int64]) -> Iterator[_Group]:
    inside = cell_of >= 0
    for whole, part in permutations(range(len(layouts)), 2):
        left = inside[whole] & ~inside[part]
        if not left.any() or (inside[part] & ~inside[whole]).any() or not inside[part].any():
            continue
        shared = [n for n, name in enumerate(layouts[whole].dimensions) if name in layouts[part].dimensions]
        atoms = np.flatnonzero(left)
        place = np.array(np.unravel_index(cell_of[whole][atoms], layouts[whole].shape or (1,)))
        for codes in np.unique(place[shared], axis=1).T if shared else [np.empty(0, dtype=np.int64)]:
            its = (place[shared] == codes[:, None]).all(axis=0) if shared else np.ones(len(atoms), dtype=bool)
            cell = tuple(layouts[whole].categories[n][code] for n, code in zip(shared, codes, strict=True))
            yield _Group(whole, part, cell, tuple(atoms[its].tolist()))
