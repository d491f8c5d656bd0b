"""Several tables about the same people as one system of statements: each printed cell says something about a sum of unknown counts.

The unknown counts are those of every combination of categories that some table tells apart. Categories that no table tells apart are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from policies.disclosure.errors import TableInvalid
from policies.disclosure.printed import Grid, Parents, Printed, above, parents_of
from policies.disclosure.rules import TOTAL
from policies.disclosure.system import System
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE

MOST_COMBINATIONS: Final = 200_000
_REST: Final = "\0the rest"
NO_ROW: Final = "no row"
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Said:
    """One cell of one table, as a finding names it, and the range that it alone gives."""

    table: int
    codes: tuple[str, ...]
    shown: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """The system; for each of its rows what was said about it; for each table the row of each cell; rows whose range is demanded, and how wide."""

    system: System
    said: tuple[tuple[Said, ...], ...]
    rows: tuple[NDArray[np.int64], ...]
    demanded: NDArray[np.int64]
    wanted: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """How a reader takes one table: the least that a hidden count can be, and which people without a row there are none of.

    `absent`: 2 for categories that are not listed and combinations without a row, 1 for categories alone, 0 for neither.
    """

    table: Printed
    grid: Grid
    hidden_from: int
    absent: int

    def ranges(self) -> list[Range]:
        """What each cell says on its own.

        Raises:
            TableInvalid: a printed number cannot come about under the rules.
        """
        rules, table = self.table.rules, self.table
        base = self._base()
        top = np.inf if rules is None else rules.most_hidden
        kind = "exact" if rules is None else rules.total_kind
        if kind == "sums":
            self._check_sums(base)
        found: list[Range] = []
        for shown, is_base in zip(table.shown, base, strict=True):
            exact = rules is None or rules.exact or (kind == "exact" and not is_base)
            if not is_base and kind == "sums":
                found.append((0.0, np.inf))
            elif shown == NOT_APPLICABLE:
                found.append((0.0, 0.0))
            elif shown == HIDDEN:
                found.append((float(self.hidden_from), np.inf if exact else top))
            elif exact or rules is None:
                found.append((float(shown), float(shown)))
            else:
                low, high = rules.rule.range_of_shown(int(shown))
                if int(shown) % rules.rule.round_to or low > high:
                    raise TableInvalid(f"{table.name}, row {len(found) + 2}: not a number that its rules print")
                found.append((float(low), float(high)))
        return found

    def demands(self) -> NDArray[np.float64]:
        """How wide a range each cell has to keep; 0 where nothing is demanded."""
        rules = self.table.rules
        wanted = 1.0 if rules is None else float(rules.wanted)
        hidden = self.table.hidden
        if rules is not None and rules.total_kind == "sums":
            hidden &= self._base()
        return np.where(hidden, wanted, 0.0)

    def shows_a_zero(self) -> bool:
        """Whether a zero is printed that could have been hidden. Exact totals beside rounded cells are printed whatever they are, so theirs tell nothing."""
        rules = self.table.rules
        unruled = rules is not None and not rules.exact and rules.total_kind == "exact"
        ruled = self._base() if unruled else np.ones(len(self.table.codes), dtype=bool)
        return any(shown == "0" and may for shown, may in zip(self.table.shown, ruled, strict=True))

    def _base(self) -> NDArray[np.bool_]:
        bases = [set(one.base) for one in self.grid.axes]
        return np.array([all(c in b for c, b in zip(cell, bases, strict=True)) for cell in self.table.codes])

    def _check_sums(self, base: NDArray[np.bool_]) -> None:
        table = self.table
        numbers = table.numbers()
        values = np.zeros(self.grid.shape, dtype=np.int64)
        where = [{code: n for n, code in enumerate(one.base)} for one in self.grid.axes]
        for n in np.flatnonzero(base):
            values[tuple(where[d][code] for d, code in enumerate(table.codes[n]))] = numbers[n]
        sums = self.grid.sums(values, codes=table.codes)
        for n in np.flatnonzero(~base & (sums != numbers)):
            raise TableInvalid(
                f"{table.name}, row {n + 2}: not the sum of the printed numbers that it takes in: if totals are rounded on their own or exact, say so in the rules"
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Dimension:
    """The unknown parts of one dimension, and which of them each category takes in."""

    parts: dict[str, NDArray[np.int64]]
    count: int

    def of(self, code: str, kept: tuple[str, ...] | None) -> NDArray[np.int64]:
        own = self.parts[code]
        if kept is None:
            return own
        return np.intersect1d(own, np.unique(np.concatenate([self.parts[k] for k in kept])))


def joint(readings: Sequence[Reading]) -> Joint:
    """Everything the tables say together.

    Raises:
        TableInvalid: they tell more combinations apart than can be computed with, or one is not what its rules say.
    """
    parents = parents_of(one.table.rules for one in readings)
    dimensions = _dimensions(readings, parents)
    shape = tuple(one.count for one in dimensions.values())
    if prod(shape) > MOST_COMBINATIONS:
        raise TableInvalid(
            f"the tables tell more than {MOST_COMBINATIONS:,} combinations of categories apart together, too many to be checked: leave some tables or dimensions out"
        )
    strides = np.array([prod(shape[n + 1 :]) for n in range(len(shape))], dtype=np.int64)
    keys: dict[tuple[bytes, ...], int] = {}
    atoms: list[NDArray[np.int64]] = []
    said: list[list[Said]] = []
    rows: list[NDArray[np.int64]] = []
    demands: list[NDArray[np.float64]] = []
    for number, one in enumerate(readings):
        cells = list(zip(one.table.codes, one.table.shown, one.ranges(), strict=True))
        cells += [(c, NO_ROW, (0.0, 0.0)) for c in _unprinted(one)] if one.absent > 1 else []
        statements = [(codes, shown, limits, _sets(codes, one, dimensions)) for codes, shown, limits in cells]
        statements += _unlisted(one, dimensions) if one.absent else []
        found = []
        for codes, shown, (low, high), sets in statements:
            key = tuple(part.tobytes() for part in sets)
            row = keys.setdefault(key, len(keys))
            if row == len(atoms):
                atoms.append(_outer(sets, strides))
                said.append([])
            said[row].append(Said(number, codes, shown, low, high))
            found.append(row)
        rows.append(np.array(found[: len(one.table.codes)], dtype=np.int64))
        demands.append(one.demands())
    wanted = np.zeros(len(atoms))
    for where, width in zip(rows, demands, strict=True):
        np.maximum.at(wanted, where, width)
    demanded = np.flatnonzero(wanted > 0)
    return Joint(
        _system(atoms, said, prod(shape)), tuple(map(tuple, said)), tuple(rows), demanded, wanted[demanded]
    )


def _system(atoms: list[NDArray[np.int64]], said: list[list[Said]], count: int) -> System:
    ends = np.cumsum([0, *map(len, atoms)])
    columns = np.concatenate([*atoms, np.zeros(0, dtype=np.int64)])
    whole = csc_array(csr_array((np.ones(len(columns)), columns, ends), shape=(len(atoms), count)))
    different: dict[bytes, int] = {}
    for column in range(count):
        different.setdefault(whole.indices[whole.indptr[column] : whole.indptr[column + 1]].tobytes(), column)
    different.pop(b"", None)
    low = np.array([max(one.low for one in group) for group in said])
    high = np.array([min(one.high for one in group) for group in said])
    return System(csr_array(whole[:, np.array(list(different.values()), dtype=np.int64)]), low, high)


def _outer(sets: Sequence[NDArray[np.int64]], strides: NDArray[np.int64]) -> NDArray[np.int64]:
    found = np.zeros(1, dtype=np.int64)
    for part, stride in zip(sets, strides, strict=True):
        found = (found[:, None] + part[None, :] * stride).ravel()
    return found


def _sets(codes: Sequence[str], one: Reading, dimensions: Mapping[str, _Dimension]) -> list[NDArray[np.int64]]:
    """The parts of each dimension that a cell takes in."""
    restricted = one.table.rules.restricted_to if one.table.rules else {}
    given = dict(zip(one.table.dimensions, codes, strict=True))
    return [its.of(given.get(name, TOTAL), restricted.get(name)) for name, its in dimensions.items()]


def _unlisted(
    one: Reading, dimensions: Mapping[str, _Dimension]
) -> list[tuple[tuple[str, ...], str, Range, list[NDArray[np.int64]]]]:
    """Nobody is in a part that a divided category takes in and no category below it."""
    found = []
    everything = tuple(TOTAL for _ in one.table.dimensions)
    for name, its in zip(one.table.dimensions, one.grid.axes, strict=True):
        parts = dimensions[name].parts
        covered = np.unique(np.concatenate([parts[code] for code in its.base]))
        divided = [parts[code] for code in its.codes if code not in its.base]
        left = np.setdiff1d(np.unique(np.concatenate([covered, *divided])), covered)
        if left.size:
            sets = dict(zip(dimensions, _sets(everything, one, dimensions), strict=True))
            sets[name] = np.intersect1d(sets[name], left)
            found.append((everything, NO_ROW, (0.0, 0.0), list(sets.values())))
    return found


def _unprinted(one: Reading) -> list[tuple[str, ...]]:
    return [cell for cell in product(*(a.base for a in one.grid.axes)) if cell not in one.table.at]


def _dimensions(readings: Sequence[Reading], parents: Parents) -> dict[str, _Dimension]:
    codes: dict[str, dict[str, None]] = {}
    listed: set[str] = set()
    for one in readings:
        for name, its in zip(one.table.dimensions, one.grid.axes, strict=True):
            codes.setdefault(name, {}).update(dict.fromkeys(its.codes))
            if set(its.base) != {TOTAL} and not (one.table.rules and name in one.table.rules.restricted_to):
                listed.add(name)
        for name, kept in (one.table.rules.restricted_to if one.table.rules else {}).items():
            codes.setdefault(name, {}).update(dict.fromkeys(kept))
    return {
        name: _dimension(tuple(found), parents.get(name, {}), whole=name in listed)
        for name, found in sorted(codes.items())
    }


def _dimension(codes: tuple[str, ...], parents: Mapping[str, tuple[str, ...]], *, whole: bool) -> _Dimension:
    """`whole`: some table lists all categories, so that nobody is in another."""
    every = dict.fromkeys((*codes, *parents, *(up for ups in parents.values() for up in ups)))
    every.pop(TOTAL, None)
    uppers = {code: above(code, parents=parents) for code in every}
    divided = frozenset().union(*uppers.values())
    leaves = [code for code in every if code not in divided]
    if not whole:
        leaves.append(_REST)
        uppers[_REST] = frozenset()
    known = frozenset(codes)
    marks = dict.fromkeys(known & {leaf, TOTAL, *uppers[leaf]} for leaf in leaves)
    parts: dict[str, list[int]] = {code: [] for code in codes}
    for n, mark in enumerate(marks):
        for code in mark:
            parts[code].append(n)
    taken_in = {code: np.array(its, dtype=np.int64) for code, its in parts.items()}
    return _Dimension({TOTAL: np.arange(len(marks), dtype=np.int64), **taken_in}, len(marks))
