"""From the true counts of any table to what may be printed of it, by its rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from policies.disclosure.errors import TableInvalid
from policies.disclosure.hiding import suppress_and_round, tells_about_a_class
from policies.disclosure.joint import joint
from policies.disclosure.plan import Plan, plan
from policies.disclosure.printed import Grid, Printed, grid, parents_of
from policies.disclosure.problem import Cells, Problem
from policies.disclosure.reader import Narrow, attack, readings_of
from policies.disclosure.rules import TableRules
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE, CountTable, Layout


@dataclass(frozen=True, slots=True, eq=False)
class Protected:
    """What may be printed, before it is attacked; and the plan of what was hidden besides, in exact mode."""

    table: Printed
    plan: Plan | None


def protect_table(
    table: Printed,
    *,
    rules: TableRules,
    also: Collection[tuple[str, ...]] = (),
    earlier: Sequence[Printed] = (),
) -> Protected:
    """The table as its rules print it. A combination of categories without a row has no people, and gets a row.

    `also`: cells that are hidden for another reason. `earlier`: tables of the same people that readers have. In exact mode what one of them hides is hidden here too, what one of them prints is hidden for nobody's sake,
    and what the attack with all of them finds is protected by further cells as far as that can be.

    Raises:
        TableInvalid: a cell is hidden already, or a total is not the sum of its parts.
        Unsafe: exact counts cannot be protected by hiding others.
    """
    spanned = grid(table.dimensions, codes=table.codes, parents=parents_of([rules]), name=table.name)
    counts, structural = _true(table, spanned)
    codes = tuple(dict.fromkeys((*table.codes, *spanned.base_cells())))
    hiding = np.array([cell in also for cell in codes], dtype=bool)
    if rules.exact:
        return _exact(table, codes, counts, structural, spanned, rules, hiding, earlier)
    return Protected(_rounded(table, codes, counts, structural, spanned, rules, hiding), None)


def _true(table: Printed, spanned: Grid) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    counts = np.zeros(spanned.shape, dtype=np.int64)
    structural = np.zeros(spanned.shape, dtype=bool)
    where = [{code: n for n, code in enumerate(one.base)} for one in spanned.axes]
    for row, (cell, shown) in enumerate(zip(table.codes, table.shown, strict=True), start=2):
        if shown == HIDDEN:
            raise TableInvalid(
                f"{table.name}, row {row}: hidden already: protect the table with its true counts"
            )
        if all(code in place for code, place in zip(cell, where, strict=True)):
            at = tuple(place[code] for code, place in zip(cell, where, strict=True))
            structural[at] = shown == NOT_APPLICABLE
            counts[at] = 0 if shown == NOT_APPLICABLE else int(shown)
    wrong = np.flatnonzero(spanned.sums(counts, codes=table.codes) != table.numbers())
    if wrong.size:
        raise TableInvalid(
            f"{table.name}, row {wrong[0] + 2}: a total that is not the sum of its parts: give every part, or correct the hierarchy in the rules"
        )
    return counts, structural


def _rounded(
    table: Printed,
    codes: tuple[tuple[str, ...], ...],
    counts: NDArray[np.int64],
    structural: NDArray[np.bool_],
    spanned: Grid,
    rules: TableRules,
    hiding: NDArray[np.bool_],
) -> Printed:
    layout = Layout("", table.dimensions, tuple(one.base for one in spanned.axes))
    cells = suppress_and_round(CountTable(layout, counts, structural), rule=rules.rule).cells
    also = {cell for cell, hide in zip(codes, hiding, strict=True) if hide}
    cells = tuple(
        HIDDEN if cell in also else one for cell, one in zip(spanned.base_cells(), cells, strict=True)
    )
    base = dict(zip(spanned.base_cells(), cells, strict=True))
    shown = np.array([int(one) if one.isdecimal() else 0 for one in cells]).reshape(counts.shape)
    numbers = np.array([one.isdecimal() for one in cells], dtype=np.int64).reshape(counts.shape)
    hidden = np.array([one == HIDDEN for one in cells], dtype=np.int64).reshape(counts.shape)
    sums, shows, hides = (spanned.sums(one, codes=codes) for one in (shown, numbers, hidden))
    true = spanned.sums(counts, codes=codes)
    hide_zeros = bool((hidden.astype(bool) & (counts == 0)).any())
    printed = []
    for n, cell in enumerate(codes):
        if cell in base:
            printed.append(base[cell])
        elif hiding[n] and rules.total_kind != "sums":
            printed.append(HIDDEN)
        elif not shows[n] and not hides[n]:
            printed.append(NOT_APPLICABLE)
        elif rules.total_kind == "sums":
            printed.append(str(sums[n]) if shows[n] else HIDDEN)
        elif rules.total_kind == "exact":
            printed.append(str(true[n]))
        elif true[n] > rules.rule.largest_hidden or (true[n] == 0 and not hide_zeros):
            printed.append(str(rules.rule.rounded(true[n : n + 1])[0]))
        else:
            printed.append(HIDDEN)
    return Printed(table.name, table.dimensions, codes, tuple(printed), rules)


def _exact(
    table: Printed,
    codes: tuple[tuple[str, ...], ...],
    counts: NDArray[np.int64],
    structural: NDArray[np.bool_],
    spanned: Grid,
    rules: TableRules,
    hiding: NDArray[np.bool_],
    earlier: Sequence[Printed],
) -> Protected:
    values = spanned.sums(counts, codes=codes)
    absent = spanned.sums((~structural).astype(np.int64), codes=codes) == 0
    hide_zeros = rules.hide_zeros or tells_about_a_class(counts, structural)
    small = (values <= rules.rule.suppress) & ~absent & ((values > 0) | hide_zeros)
    place = {cell: n for n, cell in enumerate(codes)}

    def printed(hidden: Cells) -> Printed:
        shown = np.where(absent, NOT_APPLICABLE, np.where(hidden, HIDDEN, values.astype(str)))
        return Printed(table.name, table.dimensions, codes, tuple(map(str, shown)), rules)

    allowed = ~absent & ((values > 0) | hide_zeros)
    cost = costs_of(table.dimensions, codes=codes, counts=values, rules=rules)
    before, told = _before(printed(small | hiding), earlier) if earlier else (np.zeros_like(small),) * 2

    def attacked(hidden: Cells) -> NDArray[np.int64]:
        findings = attack(printed(hidden), earlier=earlier).findings
        return np.unique(np.array([n for one in findings for n in _to_hide(one, hidden)], dtype=np.int64))

    def _to_hide(one: Narrow, hidden: Cells) -> list[int]:
        """The cell itself, if it is one of this table, and else the cheapest number of this table that gives it away."""
        if one.table == table.name and one.codes in place:
            return [place[one.codes]]
        cells = [
            tuple(dict(said.cell)[name] for name in table.dimensions)
            for said in one.because
            if said.table == table.name
        ]
        may = [place[cell] for cell in cells if allowed[place[cell]] and not hidden[place[cell]]]
        return [min(may, key=cost.__getitem__)] if may else []

    problem = Problem(
        counts=values,
        sums=sums_of(spanned, codes=codes),
        first=small | hiding | (before & allowed),
        allowed=allowed & ~told,
        cost=cost,
        wanted=float(rules.wanted),
        floor=0 if hide_zeros else 1,
        lines=lines_of(spanned, codes=codes),
        axes=tuple(one.takes_in for one in spanned.axes),
        places=places_of(spanned, codes=codes),
        attacked=attacked,
        beside=bool(earlier),
    )
    found = plan(problem)
    return Protected(printed(found.hidden), found)


def _before(table: Printed, earlier: Sequence[Printed]) -> tuple[Cells, Cells]:
    """Which cells of the table some earlier one hides, and of which some earlier one tells the exact number.

    Raises:
        TableInvalid: the tables contradict each other.
    """
    together = joint(readings_of((table, *earlier)))
    exact = [one.rules is None or one.rules.exact for one in (table, *earlier)]
    others = [[said for said in together.said[row] if said.table] for row in together.rows[0]]
    hidden = [any(one.shown == HIDDEN for one in its) for its in others]
    told = [any(one.shown.isdecimal() and exact[one.table] for one in its) for its in others]
    return np.array(hidden, dtype=bool), np.array(told, dtype=bool)


def costs_of(
    dimensions: tuple[str, ...],
    *,
    codes: tuple[tuple[str, ...], ...],
    counts: NDArray[np.int64],
    rules: TableRules,
) -> NDArray[np.float64]:
    """What hiding each cell costs."""
    cost = 1.0 + counts if rules.cost == "counts" else np.ones(len(codes))
    factors = [rules.weights.get(name, {}) for name in dimensions]
    shares = [[f.get(code, 1.0) for f, code in zip(factors, cell, strict=True)] for cell in codes]
    return np.asarray(cost * np.array(shares).reshape(len(codes), -1).prod(axis=1), dtype=np.float64)


def places_of(spanned: Grid, *, codes: tuple[tuple[str, ...], ...]) -> NDArray[np.int64]:
    """The categories of each cell, by their numbers in each dimension (cells x dimensions)."""
    where = [{code: n for n, code in enumerate(one.codes)} for one in spanned.axes]
    places = [[its[code] for its, code in zip(where, cell, strict=True)] for cell in codes]
    return np.array(places, dtype=np.int64).reshape(len(codes), -1)


def sums_of(spanned: Grid, *, codes: tuple[tuple[str, ...], ...]) -> csr_array:
    """Each cell as a sum of base cells."""
    inside = [
        {code: np.flatnonzero(one.takes_in[n]) for n, code in enumerate(one.codes)} for one in spanned.axes
    ]
    places = []
    for cell in codes:
        found = np.zeros(1, dtype=np.int64)
        for width, its, code in zip(spanned.shape, inside, cell, strict=True):
            found = (found[:, None] * width + its[code][None, :]).ravel()
        places.append(found)
    ends = np.cumsum([0, *map(len, places)])
    columns = np.concatenate(places)
    return csr_array((np.ones(len(columns)), columns, ends), shape=(len(codes), int(np.prod(spanned.shape))))


def lines_of(spanned: Grid, *, codes: tuple[tuple[str, ...], ...]) -> tuple[NDArray[np.int64], ...]:
    """Every equation between printed cells: a category and those directly below it, all else the same."""
    at = {cell: n for n, cell in enumerate(codes)}
    lines = []
    for place, one in enumerate(spanned.axes):
        others = [axis.codes if n != place else ("",) for n, axis in enumerate(spanned.axes)]
        for upper, below in _divisions(one.codes, one.takes_in):
            for cell in product(*others):
                line = [at.get((*cell[:place], code, *cell[place + 1 :])) for code in (upper, *below)]
                if all(n is not None for n in line):
                    lines.append(np.array(line, dtype=np.int64))
    return tuple(lines)


def _divisions(codes: tuple[str, ...], takes_in: NDArray[np.bool_]) -> list[tuple[str, tuple[str, ...]]]:
    """Each category that the largest ones below it divide without overlap, and these."""
    found = []
    for n, code in enumerate(codes):
        inside = [
            m
            for m in range(len(codes))
            if (takes_in[m] <= takes_in[n]).all() and takes_in[m].sum() < takes_in[n].sum()
        ]
        largest = [
            m
            for m in inside
            if not any(
                (takes_in[m] <= takes_in[o]).all() and takes_in[m].sum() < takes_in[o].sum() for o in inside
            )
        ]
        if largest and (takes_in[largest].sum(axis=0) == takes_in[n]).all():
            found.append((code, tuple(codes[m] for m in largest)))
    return found
