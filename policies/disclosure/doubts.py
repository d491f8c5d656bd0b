"""Tables of which a reader cannot tell whether they hide zeros, and how they can.

Zeros are shown all together or not at all, and they are hidden only where in some line everybody falls in one category. So either nobody is missing anywhere, and
every hidden count is at least 1, or some line has people in one cell alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.joint import Joint, Reading
from policies.disclosure.printed import Grid, Printed

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line in which one cell may have everybody: that cell, and the hidden ones that are then empty; by their places in a table, or by their rows in a system."""

    held: int
    empty: Places


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """A table of which a reader cannot tell whether zeros are hidden, by rows of a system: its hidden cells, and every line in which one of them may have everybody."""

    hidden: Places
    lines: tuple[Line, ...]

    @property
    def said(self) -> tuple[frozenset[int], frozenset[tuple[int, frozenset[int]]]]:
        """What it comes to, in whatever order."""
        return frozenset(self.hidden.tolist()), frozenset(
            (one.held, frozenset(one.empty.tolist())) for one in self.lines
        )


def lines_of_one(table: Printed, spanned: Grid) -> list[Line]:
    """Every line of the cells that are divided no further in which, as far as the numbers printed there tell, one cell alone may have people."""
    places = [table.at.get(cell, -1) for cell in spanned.base_cells()]
    cells = np.array(places, dtype=np.int64).reshape(spanned.shape)
    shown = np.array([*(one.isdecimal() for one in table.shown), False], dtype=bool)
    return lines_among(cells, hidden=np.append(table.hidden, False), shown=shown)


def lines_among(cells: Places, *, hidden: NDArray[np.bool_], shown: NDArray[np.bool_]) -> list[Line]:
    """The same of cells (their numbers, laid out by dimension) of which some are hidden and some shown with people in them; lines that come first are of different places."""
    found = []
    for axis in range(cells.ndim):
        for line in np.moveaxis(cells, axis, -1).reshape(-1, cells.shape[axis]):
            closed, held = line[hidden[line]], line[shown[line]]
            if len(closed) + len(held) < 2 or len(held) > 1:
                continue
            found.append([Line(int(one), closed[closed != one]) for one in (held if len(held) else closed)])
    longest = max(map(len, found), default=0)
    return [its[n] for n in range(longest) for its in found if n < len(its)]


def doubts(together: Joint, readings: Sequence[Reading]) -> list[Doubt]:
    """The tables of which a reader cannot tell whether zeros are hidden."""
    found = []
    for rows, one in zip(together.rows, readings, strict=True):
        rules, hidden = one.table.rules, one.table.hidden
        if rules is None or rules.hide_zeros or one.hidden_from or not hidden.any():
            continue
        lines = lines_of_one(one.table, one.grid)
        found.append(Doubt(rows[hidden], tuple(Line(int(rows[its.held]), rows[its.empty]) for its in lines)))
    return different(found)


def different(every: Sequence[Doubt]) -> list[Doubt]:
    """Each of these once: whoever prints a table again, or its categories in another order, hides the same zeros again."""
    found: dict[object, Doubt] = {}
    for one in every:
        found.setdefault(one.said, one)
    return list(found.values())
