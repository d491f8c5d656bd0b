"""Tables of counts: what was counted, and what is published of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from policies.canonical import ADDED
from policies.disclosure.errors import TableInvalid
from policies.disclosure.rounding import Rule

HIDDEN = "[c]"
"""The one marker of every hidden cell. Two markers for two reasons to hide would tell which cells are small."""

NOT_APPLICABLE = "[z]"
"""A combination that cannot occur, such as a school year for an adult."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A condition on who is counted: only the `kept` values of a dimension, out of all its values."""

    dimension: str
    kept: tuple[str, ...]
    all: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """What the categories of a dimension lie in, such as a small area in a ward and that in a district: each with the one above it."""

    dimension: str
    within: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What a table is about: whom (a salted commitment to the population), restricted how, divided how.

    The categories of a dimension list every value it can have, including one for unknown, so that each person of the
    population who meets the restrictions is in exactly one cell.
    """

    population: str
    dimensions: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    restrictions: tuple[Restriction, ...] = ()
    levels: tuple[Levels, ...] = field(default=(), metadata=ADDED)

    def __post_init__(self) -> None:
        if len(self.dimensions) != len(self.categories):
            raise TableInvalid("give one list of categories for each dimension")
        if len(set(self.dimensions)) != len(self.dimensions):
            raise TableInvalid("a dimension occurs twice: keep it once")
        for name, categories in zip(self.dimensions, self.categories, strict=True):
            if not categories or len(set(categories)) != len(categories):
                raise TableInvalid(f"{name}: categories have to be different from each other, and at least one")
        for rule in self.restrictions:
            if not set(rule.kept) <= set(rule.all):
                raise TableInvalid(
                    f"{rule.dimension}: a restriction keeps a value that is not among all its values"
                )

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of categories of each dimension."""
        return tuple(len(categories) for categories in self.categories)

    @property
    def size(self) -> int:
        """The number of cells."""
        return math.prod(self.shape)

    def cells(self) -> Iterator[tuple[str, ...]]:
        """The categories of each cell, the last dimension moving fastest."""
        return product(*self.categories)


@dataclass(frozen=True, slots=True, eq=False)
class CountTable:
    """Counts of people, before protection. `counts` and `not_applicable` have the shape of the layout."""

    layout: Layout
    counts: NDArray[np.int64]
    not_applicable: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        counts = np.asarray(self.counts)
        if counts.shape != self.layout.shape:
            raise TableInvalid(
                f"the counts have the shape {counts.shape} and the categories {self.layout.shape}"
            )
        if not np.issubdtype(counts.dtype, np.integer) or (counts < 0).any():
            raise TableInvalid("counts are whole numbers of people, from 0")
        structural = (
            np.zeros(counts.shape, bool) if self.not_applicable is None else np.asarray(self.not_applicable)
        )
        if structural.shape != counts.shape or structural.dtype != np.bool_:
            raise TableInvalid("`not_applicable` has to be true or false for each cell")
        if (counts[structural] != 0).any():
            raise TableInvalid("a cell that cannot apply has people in it")
        for name, value in (("counts", counts.astype(np.int64)), ("not_applicable", structural.copy())):
            value.flags.writeable = False
            object.__setattr__(self, name, value)

    @property
    def structural(self) -> NDArray[np.bool_]:
        """Which cells cannot occur."""
        return np.zeros(self.layout.shape, bool) if self.not_applicable is None else self.not_applicable


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """Exactly what a reader gets: each cell as it is printed, in the order of `Layout.cells`, and the rule behind it.

    `width`: 0 where counts are rounded and a total is the sum of the printed numbers. Where they are exact, how wide a range each hidden one keeps;
    `margins` are then the totals, by their categories.
    """

    layout: Layout
    rule: Rule
    cells: tuple[str, ...]
    width: int = field(default=0, metadata=ADDED)
    margins: tuple[tuple[tuple[str, ...], str], ...] = field(default=(), metadata=ADDED)

    @property
    def exact(self) -> bool:
        """Whether the numbers that are shown are true counts."""
        return self.width > 0

    def __post_init__(self) -> None:
        if len(self.cells) != self.layout.size:
            raise TableInvalid(f"{len(self.cells)} cells are given for a table of {self.layout.size}")
        told = (*self.cells, *(said for _, said in self.margins))
        if not all(cell in {HIDDEN, NOT_APPLICABLE} or cell.isdecimal() for cell in told):
            raise TableInvalid(f"a published cell is a number, {HIDDEN} or {NOT_APPLICABLE}")
