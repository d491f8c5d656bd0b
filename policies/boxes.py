"""A set of points told in few sentences: cut into boxes, each a choice of values in every dimension.

A box is one sentence: "as a table or a map, for research, to an analyst". The cut is exact: every point is in one box, and no box
holds another point. Fewest boxes is a hard problem (it is minimum rectangle partition), so dimensions are merged in several fixed orders and the
cut with the fewest boxes is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Point: TypeAlias = tuple[int, ...]
"""The place of the value in each dimension."""

Box: TypeAlias = tuple[tuple[int, ...], ...]
"""The places that are in the box, rising, in each dimension."""


def boxes(points: Iterable[Point]) -> tuple[Box, ...]:
    """The points as boxes that do not overlap, in a fixed order."""
    single: set[Box] = {tuple((place,) for place in point) for point in points}
    if not single:
        return ()
    dimensions = range(len(next(iter(single))))
    turns = [[*dimensions[start:], *dimensions[:start]] for start in dimensions]
    cuts = [_merged(single, order) for turn in turns for order in (turn, turn[::-1])]
    return min((tuple(sorted(cut)) for cut in cuts), key=lambda cut: (len(cut), cut))


def _merged(cut: set[Box], order: list[int]) -> set[Box]:
    while True:
        before = len(cut)
        for dimension in order:
            cut = _along(cut, dimension)
        if len(cut) == before:
            return cut


def _along(cut: set[Box], dimension: int) -> set[Box]:
    """The boxes that differ in this dimension alone, joined."""
    rows: dict[Box, list[int]] = {}
    for box in cut:
        rows.setdefault((*box[:dimension], *box[dimension + 1 :]), []).extend(box[dimension])
    return {(*rest[:dimension], tuple(sorted(places)), *rest[dimension:]) for rest, places in rows.items()}
