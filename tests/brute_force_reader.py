"""A reader who lists every table of whole people that would be printed so, with the rule on zeros as whoever protects tables applies it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.disclosure import PublishedTable
from policies.disclosure.table import HIDDEN

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
MOST_LISTED = 20_000


@dataclass(frozen=True, eq=False)
class Seen:
    """One printed table: for each printed cell whom it takes in, of the people told apart, and what it may count; the base cells, as an array of such masks."""

    cells: tuple[Mask, ...]
    limits: tuple[tuple[float, float], ...]
    hidden: tuple[bool, ...]
    base: NDArray[np.bool_]
    shows_zero: bool


def whom(
    cell: Mapping[str, str], dimensions: Mapping[str, Sequence[str]], among: Mapping[str, Sequence[str]]
) -> Mask:
    """Of every combination of categories, those that a cell takes in among people who are restricted so."""
    taken = np.ones((), dtype=bool)
    for name, codes in dimensions.items():
        its = [cell.get(name, "Total") in (one, "Total") and one in among.get(name, codes) for one in codes]
        taken = np.logical_and.outer(taken, its)
    return np.asarray(taken, dtype=bool).ravel()


def seen(table: PublishedTable, dimensions: Mapping[str, Sequence[str]]) -> Seen:
    """A table of the release desk, of people told apart by these dimensions."""
    layout, rule = table.layout, table.rule
    among = {one.dimension: one.kept for one in layout.restrictions}
    told = [*zip(layout.cells(), table.cells, strict=True), *table.margins]
    masks = tuple(whom(dict(zip(layout.dimensions, cell, strict=True)), dimensions, among) for cell, _ in told)
    hidden = (0, np.inf if table.exact else rule.largest_hidden)
    limits = tuple(hidden if said == HIDDEN else rule.range_of_shown(int(said)) for _, said in told)
    base = np.array(masks[: layout.size]).reshape(*layout.shape, -1)
    return Seen(
        masks, limits, tuple(said == HIDDEN for _, said in told), base, any(said == "0" for _, said in told)
    )


def every_arrangement(tables: Sequence[Seen]) -> Counts | None:
    """Every way in which people can be counted so that all tables print what they do; None where these are too many to be listed."""
    rows = np.array([cell for one in tables for cell in one.cells])
    low, high = np.array([ends for one in tables for ends in one.limits]).T
    found, told = np.zeros((1, 0), dtype=np.int64), np.zeros((1, len(rows)))
    for place in range(rows.shape[1]):
        inside = rows[:, place]
        most = np.min(np.where(inside, high - told, np.inf), axis=1)
        if np.isinf(most).any() or (most + 1).clip(0).sum() > MOST_LISTED:
            return None
        choices = (most + 1).clip(0).astype(int)
        which = np.repeat(np.arange(len(found)), choices)
        chosen = np.concatenate([np.arange(0), *map(np.arange, choices)])
        found = np.column_stack([found[which], chosen])
        told = told[which] + chosen[:, None] * inside
        ended = ~rows[:, place + 1 :].any(axis=1)
        fits = (told <= high).all(axis=1) & ((told >= low) | ~ended).all(axis=1)
        found, told = found[fits], told[fits]
    for one in tables:
        found = found[_keeps_the_rule(one, found)]
    return found


def _keeps_the_rule(one: Seen, every: Counts) -> Mask:
    """Zeros are hidden, all of them, where some line of base cells has people in one alone; and else they are shown."""
    base = np.moveaxis(one.base @ every.T, -1, 0)
    in_one = np.zeros(len(every), dtype=bool)
    for axis in range(1, base.ndim):
        if base.shape[axis] > 1:
            in_one |= ((base > 0).sum(axis=axis) == 1).reshape(len(every), -1).any(axis=1)
    hidden = [
        every[:, cell].sum(axis=1) > 0 for cell, hides in zip(one.cells, one.hidden, strict=True) if hides
    ]
    return np.where(in_one, not one.shows_zero, np.array([in_one | True, *hidden]).all(axis=0))
