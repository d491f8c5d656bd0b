"""Whom several tables could be combined to describe although none prints them: what cohorts have in common or together, less what others count.

Up to three cohorts are combined, each group divided by the categories that tables on all of them tell, at every level and summed over every dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.margins import parents_in
from policies.disclosure.table import Layout

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
MOST_FOR_THREE: Final = 12
"""Different cohorts up to which three are combined; beyond, two are."""
MOST_GROUPS: Final = 20_000
"""Groups that are looked at, those of two cohorts first."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """How cohorts are combined, in which orders, and how that is said."""

    says: str
    orders: tuple[tuple[int, ...], ...]
    holds: Callable[..., Mask]


_EACH: Final = ((0, 1, 2), (1, 0, 2), (2, 0, 1))
_LAST: Final = ((1, 2, 0), (0, 2, 1), (0, 1, 2))
_PATTERNS: Final = {
    2: (
        _Pattern("those of {} whom {} leaves out", ((0, 1), (1, 0)), lambda a, b: a & ~b),
        _Pattern("those whom both {} and {} count", ((0, 1),), lambda a, b: a & b),
    ),
    3: (
        _Pattern("those of {} whom {} and {} both leave out", _EACH, lambda a, b, c: a & ~b & ~c),
        _Pattern("those whom both {} and {} count and {} leaves out", _LAST, lambda a, b, c: a & b & ~c),
        _Pattern("those of {} or {} whom {} leaves out", _LAST, lambda a, b, c: (a | b) & ~c),
        _Pattern("those of {} whom {} and {} do not both count", _EACH, lambda a, b, c: a & ~(b & c)),
        _Pattern("those whom {}, {} and {} all count", ((0, 1, 2),), lambda a, b, c: a & b & c),
    ),
}


@dataclass(frozen=True, slots=True)
class Group:
    """People whom no table prints: how they follow from which tables, by number, the categories that they have, and the unknowns that count them."""

    says: str
    tables: tuple[int, ...]
    cell: tuple[str, ...]
    atoms: tuple[int, ...]

    def named(self, names: Sequence[str]) -> str:
        """What a finding calls it, with the name of each table."""
        return self.says.format(*(names[n] for n in self.tables))


def groups_between(layouts: Sequence[Layout], cell_of: Places) -> tuple[Group, ...]:
    """The groups between the cohorts of these tables, each once and none that is a whole cohort.

    `cell_of` has for each table and each unknown the number of the cell in which it is counted, or -1.
    """
    inside = cell_of >= 0
    cohorts: dict[bytes, list[int]] = {}
    for number, mask in enumerate(inside):
        cohorts.setdefault(mask.tobytes(), []).append(number)
    tables = list(cohorts.values())
    labels = _Labels(layouts, cell_of)
    found: dict[bytes, Group] = {}
    seen = set(cohorts)
    for says, chosen, mask in _regions(inside, tables):
        if mask.tobytes() in seen or not mask.any():
            continue
        seen.add(mask.tobytes())
        named = tuple(tables[n][0] for n in chosen)
        for names in _shared(layouts, [tables[n] for n in chosen]):
            for cell, atoms in labels.divided(mask, names):
                found.setdefault(atoms.tobytes(), Group(says, named, cell, tuple(atoms.tolist())))
        if len(found) >= MOST_GROUPS:
            break
    return tuple(islice(found.values(), MOST_GROUPS))


def _regions(inside: Mask, tables: Sequence[list[int]]) -> Iterator[tuple[str, tuple[int, ...], Mask]]:
    for count in (2, 3) if len(tables) <= MOST_FOR_THREE else (2,):
        for chosen in combinations(range(len(tables)), count):
            for one in _PATTERNS[count]:
                for order in one.orders:
                    ordered = tuple(chosen[n] for n in order)
                    yield one.says, ordered, one.holds(*(inside[tables[n][0]] for n in ordered))


def _shared(layouts: Sequence[Layout], cohorts: Sequence[list[int]]) -> list[tuple[str, ...]]:
    """The dimensions that a table on each of these cohorts has, for every choice of tables; none that lies in another such choice."""
    own = [{frozenset(layouts[n].dimensions) for n in its} for its in cohorts]
    every = {frozenset.intersection(*chosen) for chosen in product(*own)}
    return [tuple(sorted(one)) for one in sorted(every, key=sorted) if not any(one < other for other in every)]


class _Labels:
    """What category of each dimension an unknown has, as far as some table tells: at the coarsest level first."""

    def __init__(self, layouts: Sequence[Layout], cell_of: Places) -> None:
        within: dict[str, dict[str, str]] = {}
        for one in layouts:
            for name, its in parents_in(one).items():
                within.setdefault(name, {}).update(its)
        self._codes: dict[str, dict[str, int]] = {}
        self._at: dict[str, list[Places]] = {}
        for layout, cells in zip(layouts, cell_of, strict=True):
            atoms = np.flatnonzero(cells >= 0)
            places = np.unravel_index(cells[atoms], layout.shape or (1,))
            for name, categories, place in zip(layout.dimensions, layout.categories, places, strict=False):
                paths = [_path(code, within.get(name, {})) for code in categories]
                self._note(name, paths, atoms, np.asarray(place), count=cell_of.shape[1])

    def _note(
        self, name: str, paths: Sequence[tuple[str, ...]], atoms: Places, place: Places, *, count: int
    ) -> None:
        codes, levels = self._codes.setdefault(name, {}), self._at.setdefault(name, [])
        for depth in range(max(map(len, paths))):
            if depth == len(levels):
                levels.append(np.full(count, -1))
            told = [codes.setdefault(path[min(depth, len(path) - 1)], len(codes)) for path in paths]
            levels[depth][atoms] = np.array(told)[place]

    def divided(self, mask: Mask, names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], Places]]:
        """The unknowns of the mask, divided by some of the dimensions, each at one of its levels."""
        atoms = np.flatnonzero(mask)
        for levels in product(*([None, *range(len(self._at[name]))] for name in names)):
            used = [(name, level) for name, level in zip(names, levels, strict=True) if level is not None]
            if not used:
                yield (), atoms
                continue
            told = np.stack([self._at[name][level][atoms] for name, level in used])
            different, which = np.unique(told, axis=1, return_inverse=True)
            listed = [list(self._codes[name]) for name, _ in used]
            for n, codes in enumerate(different.T):
                if (codes >= 0).all():
                    cell = tuple(its[code] for its, code in zip(listed, codes, strict=True))
                    yield cell, atoms[which.ravel() == n]


def _path(code: str, within: dict[str, str]) -> tuple[str, ...]:
    """What a category lies in, from the coarsest down to itself."""
    path = [code]
    while (above := within.get(path[-1])) is not None and above not in path:
        path.append(above)
    return tuple(reversed(path))
