"""The totals that are printed beside the cells of a table: over levels of a hierarchy, over each dimension, and over everything."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.errors import TableInvalid
from policies.disclosure.printed import Grid, grid
from policies.disclosure.rules import TOTAL
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE, Layout, PublishedTable

Cell = tuple[str, ...]
Margins = tuple[tuple[Cell, str], ...]


def parents_in(layout: Layout) -> dict[str, dict[str, str]]:
    """For each dimension in levels, what every category lies in."""
    return {one.dimension: dict(one.within) for one in layout.levels}


def uppers_in(layout: Layout) -> tuple[tuple[str, ...], ...]:
    """For each dimension the coarser categories that its own lie in, from below to above."""
    found = []
    for name, categories in zip(layout.dimensions, layout.categories, strict=True):
        within = parents_in(layout).get(name, {})
        level, above = list(categories), dict[str, None]()
        while level := list(dict.fromkeys(within[one] for one in level if one in within)):
            if len(above) > len(within):
                raise TableInvalid("a hierarchy runs in a circle: a category is above itself")
            above.update(dict.fromkeys(level))
        found.append(tuple(above))
    return tuple(found)


def margin_cells(layout: Layout) -> tuple[Cell, ...]:
    """The totals of a table, each as its categories, with `Total` for a dimension that is summed over.

    Raises:
        TableInvalid: a category is called `Total`, or stands at two levels.
    """
    every = [(*own, *above) for own, above in zip(layout.categories, uppers_in(layout), strict=True)]
    if any(TOTAL in codes or len(set(codes)) != len(codes) for codes in every):
        raise TableInvalid(f"a category is called {TOTAL}, or stands at two levels: name it otherwise")
    own = set(layout.cells())
    cells = [cell for cell in product(*every) if cell not in own]
    blank = (TOTAL,) * len(every)
    if len(every) > 1:
        cells += [
            (*blank[:axis], code, *blank[axis + 1 :]) for axis, codes in enumerate(every) for code in codes
        ]
    return (*cells, blank) if every else ()


def margins_of(published: PublishedTable) -> Margins:
    """Every total of a table as it is printed. In a rounded table it is the sum of the printed numbers, so that it tells nothing new; a total over
    hidden cells alone is hidden. Method: OpenSAFELY's "sum of rounded" rule."""
    if published.exact:
        return published.margins
    layout, wanted = published.layout, margin_cells(published.layout)
    if not wanted:
        return ()
    spanned = spanning(layout, wanted)
    cells = np.array(published.cells, dtype=object).reshape(layout.shape)
    hidden, absent = cells == HIDDEN, cells == NOT_APPLICABLE
    sums = _summed(spanned, np.where(hidden | absent, "0", cells).astype(np.int64), wanted)
    shown = _summed(spanned, (~hidden & ~absent).astype(np.int64), wanted)
    hides = _summed(spanned, hidden.astype(np.int64), wanted)
    told = [
        str(n) if s else HIDDEN if h else NOT_APPLICABLE for n, s, h in zip(sums, shown, hides, strict=True)
    ]
    return tuple(zip(wanted, told, strict=True))


def spanning(layout: Layout, totals: tuple[Cell, ...]) -> Grid:
    """The grid of a table's cells and totals."""
    parents = {d: {child: (up,) for child, up in its.items()} for d, its in parents_in(layout).items()}
    return grid(layout.dimensions, codes=(*layout.cells(), *totals), parents=parents, name="the table")


def _summed(spanned: Grid, values: NDArray[np.int64], cells: tuple[Cell, ...]) -> NDArray[np.int64]:
    return np.atleast_1d(spanned.sums(values, codes=cells))
