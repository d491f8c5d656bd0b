"""Groups that no table prints: the people between the cohorts of several tables, such as those whom a condition leaves out.

Two rounded numbers leave their difference open. But where the same people were counted several ways, by other columns and as totals, or exactly, the difference can
come out as a few people. Such a group is as small as one that would have been hidden. Three cohorts are combined too (A less B less C, inclusion and exclusion).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from policies.disclosure.progress import Effort
from policies.disclosure.regions import Group, groups_between
from policies.disclosure.small_groups import small_in_every_way
from policies.disclosure.table import Layout
from policies.disclosure.zeros import Ways

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A group that comes out as at least one person and few, or that could not be settled, and the range that it does not lie outside of; `high` is -1 where that is not known."""

    group: Group
    low: int
    high: int


def small_groups_left_out(
    ways: Ways, layouts: Sequence[Layout], cell_of: Places, *, most: int, effort: Effort | None = None
) -> tuple[LeftOut, ...]:
    """The groups that are certain to have from 1 to `most` people, and to lie in a narrower range than that, which is what a hidden cell tells; and those of which
    that could not be excluded.

    `cell_of` has for each table and each unknown of the statements the number of the cell in which it is counted, or -1. `effort`: of the attack to which this belongs, if it is not one by itself.
    """
    groups = groups_between(layouts, cell_of)
    if not groups:
        return ()
    sizes = [len(one.atoms) for one in groups]
    columns = np.concatenate([np.array(one.atoms) for one in groups])
    rows = csr_array(
        (np.ones(len(columns)), columns, np.cumsum([0, *sizes])), shape=(len(groups), cell_of.shape[1])
    )
    return tuple(
        LeftOut(groups[one.group], one.low, one.high)
        for one in small_in_every_way(ways, rows, most=most, effort=effort)
    )
