"""How a column gets coarser, level by level: neighbours are joined in pairs, pairs of pairs, and at the top everything is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from policies.disclosure.extracts.rows import Codes, Column

ANY: Final = "any"


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One level: the label of each coarser value, for each category the coarser value that it falls into, and how much is lost of a category (0 for
    nothing, 1 for everything)."""

    labels: tuple[str, ...]
    into: Codes
    lost: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The levels of one column, from the values themselves up to `any`."""

    levels: tuple[Level, ...]


def hierarchy_of(column: Column) -> Hierarchy:
    """The levels of a column: its values, runs of 2, 4, 8, … of those that are in an order, and `any`. Areas become the areas that they lie in.

    A value outside the order, such as that a partner has no record of somebody, stays by itself up to the top. What is lost of a value is the
    normalised certainty penalty of Xu and others, "Utility-based anonymization using local recoding" (2006): of m values that became one out
    of n, (m - 1) / (n - 1).
    """
    levels, width = [_level(column, width=1)], 2
    levels += [_named(labels) for labels in column.coarser]
    while width < column.listed and not column.coarser:
        levels.append(_level(column, width=width))
        width *= 2
    if len(column.categories) > 1:
        if column.listed > 1 and column.listed < len(column.categories) and not column.coarser:
            levels.append(_level(column, width=column.listed))
        everything = np.zeros(len(column.categories), dtype=np.int64)
        levels.append(Level((ANY,), everything, (1.0,) * len(column.categories)))
    return Hierarchy(tuple(levels))


def _named(labels: tuple[str, ...]) -> Level:
    """The level at which each category has one of these labels."""
    different = tuple(dict.fromkeys(labels))
    place = {label: number for number, label in enumerate(different)}
    others = max(len(labels) - 1, 1)
    lost = tuple((labels.count(label) - 1) / others for label in labels)
    return Level(different, np.array([place[label] for label in labels], dtype=np.int64), lost)


def _level(column: Column, *, width: int) -> Level:
    runs = [
        column.categories[first : min(first + width, column.listed)] for first in range(0, column.listed, width)
    ]
    runs += [(single,) for single in column.categories[column.listed :]]
    into = np.repeat(np.arange(len(runs), dtype=np.int64), [len(run) for run in runs])
    labels = tuple(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
    others = max(len(column.categories) - 1, 1)
    return Level(labels, into, tuple((len(run) - 1) / others for run in runs for _ in run))
