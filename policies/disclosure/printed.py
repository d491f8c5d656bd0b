"""Any table as its readers have it: cells with their categories, printed as a number, as hidden or as not applicable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.errors import TableInvalid
from policies.disclosure.rules import TOTAL, TableRules
from policies.disclosure.table import HIDDEN

MOST_CELLS: Final = 200_000
Parents = Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Printed:
    """One table. `codes` has the categories of each cell, `shown` what is printed there; `rules` is None if only the numbers are known.

    `shown` holds numbers, `[c]` for hidden whatever the marker in the file, and `[z]`.
    """

    name: str
    dimensions: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    shown: tuple[str, ...]
    rules: TableRules | None = None
    at: Mapping[tuple[str, ...], int] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", {codes: n for n, codes in enumerate(self.codes)})
        if len(self.at) != len(self.codes) or len(self.codes) != len(self.shown):
            raise TableInvalid(f"{self.name}: every cell stands in the table once, with one number")

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Which cells are hidden."""
        return np.array([one == HIDDEN for one in self.shown], dtype=bool)

    def numbers(self) -> NDArray[np.int64]:
        """The printed numbers; 0 where there is none."""
        return np.array([int(one) if one.isdecimal() else 0 for one in self.shown], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """One dimension of one table: its codes, those that are divided no further there, and which of these each code takes in (codes x base)."""

    codes: tuple[str, ...]
    base: tuple[str, ...]
    takes_in: NDArray[np.bool_]


def above(code: str, *, parents: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Every category that takes this one in.

    Raises:
        TableInvalid: the hierarchy runs in a circle.
    """
    found: set[str] = set()
    left = list(parents.get(code, ()))
    while left:
        one = left.pop()
        if one == code:
            raise TableInvalid("a hierarchy runs in a circle: a category is above itself")
        if one not in found:
            found.add(one)
            left.extend(parents.get(one, ()))
    return frozenset(found)


def axis(codes: Iterable[str], *, parents: Mapping[str, tuple[str, ...]]) -> Axis:
    """The codes of one dimension in the order given, with what lies in what."""
    listed = tuple(dict.fromkeys(codes))
    uppers = {code: above(code, parents=parents) for code in listed}
    divided = frozenset().union(*uppers.values()) | ({TOTAL} if len(listed) > 1 else set())
    base = tuple(code for code in listed if code not in divided)
    place = {code: n for n, code in enumerate(listed)}
    takes_in = np.zeros((len(listed), len(base)), dtype=bool)
    for n, below in enumerate(base):
        takes_in[[place[code] for code in (TOTAL, below, *uppers[below]) if code in place], n] = True
    return Axis(listed, base, takes_in)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The cells of a table that are divided no further, as an array, and how to sum them up to any cell."""

    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of base categories of each dimension."""
        return tuple(len(one.base) for one in self.axes)

    @property
    def size(self) -> int:
        """The number of combinations of all categories, totals among them."""
        return prod(len(one.codes) for one in self.axes)

    def base_cells(self) -> list[tuple[str, ...]]:
        """The categories of each base cell, the last dimension moving fastest."""
        return list(product(*(one.base for one in self.axes)))

    def sums(self, values: NDArray[np.int64], *, codes: Sequence[tuple[str, ...]]) -> NDArray[np.int64]:
        """The sum over each of these cells of an array with one value a base cell."""
        summed = values
        for place, one in enumerate(self.axes):
            summed = np.moveaxis(np.tensordot(one.takes_in.astype(np.int64), summed, axes=(1, place)), 0, place)
        where = [{code: n for n, code in enumerate(one.codes)} for one in self.axes]
        places = [[where[d][code] for d, code in enumerate(cell)] for cell in codes]
        return np.asarray(summed[tuple(np.array(places, dtype=np.int64).reshape(len(codes), -1).T)])


def grid(dimensions: Sequence[str], *, codes: Sequence[tuple[str, ...]], parents: Parents, name: str) -> Grid:
    """The grid that these cells span.

    Raises:
        TableInvalid: it has too many cells, or none.
    """
    axes = tuple(
        axis((cell[n] for cell in codes), parents=parents.get(d, {})) for n, d in enumerate(dimensions)
    )
    if prod(len(one.codes) for one in axes) > MOST_CELLS:
        raise TableInvalid(
            f"{name}: more than {MOST_CELLS:,} combinations of categories: leave out a dimension"
        )
    if not codes:
        raise TableInvalid(f"{name}: no cells: a table has at least one row below its headings")
    return Grid(axes)


def parents_of(rules: Iterable[TableRules | None]) -> dict[str, dict[str, tuple[str, ...]]]:
    """All hierarchies of several tables together."""
    merged: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in rules:
        for dimension in one.hierarchies if one else ():
            found = merged.setdefault(dimension, {})
            for child, ups in one.parents(dimension).items() if one else ():
                found[child] = tuple(dict.fromkeys((*found.get(child, ()), *ups)))
    return merged
