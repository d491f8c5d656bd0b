"""From true counts, sums and largest contributions to what may be printed of them, by the rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from policies.disclosure.errors import TableInvalid
from policies.disclosure.magnitude import quotient
from policies.disclosure.printed import Grid, Printed, grid, parents_of
from policies.disclosure.protect_table import costs_of, lines_of, protect_table, sums_of
from policies.disclosure.rules import SumRules, TableRules
from policies.disclosure.sums.contributions import Contributions
from policies.disclosure.sums.magnitudes import (
    LARGEST,
    MEAN,
    PER,
    RATE,
    SECOND,
    SUM,
    Magnitudes,
    in_digits,
    thousandths,
)
from policies.disclosure.sums.plan import SumProblem, plan_sums
from policies.disclosure.sums.telling import Sides, Telling
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE

NEEDED = (SUM, LARGEST, SECOND)
Cell = tuple[str, ...]


def protect_magnitudes(table: Magnitudes, *, rules: TableRules) -> tuple[Magnitudes, Sides]:
    """The table as its rules print it, and what no reader may learn about each sum that tells too much; before it is attacked.

    A count is hidden where its sum is, and a sum where its count is. Each person contributes to one cell that is divided no further, so the largest contributions of totals follow.

    Raises:
        TableInvalid: a number is missing, hidden already, or is not what its parts add up to.
        Unsafe: exact numbers cannot be protected by hiding others.
    """
    sum_rules = rules.sums or SumRules()
    rules = rules.model_copy(update={"sums": sum_rules})
    spanned = grid(
        table.counts.dimensions, codes=table.counts.codes, parents=parents_of([rules]), name=table.counts.name
    )
    base = _true(table, spanned, sum_rules)
    codes = tuple(dict.fromkeys((*table.counts.codes, *spanned.base_cells())))
    matrix = sums_of(spanned, codes=codes)
    cells = base.of(matrix)
    _same(table, cells)
    hidden = cells.tell(rules=sum_rules)
    if rules.total_kind == "sums":
        counts, hidden = _hiding(table.counts, rules, hidden)
    else:
        problem = SumProblem(
            cells=cells,
            matrix=matrix,
            base=base,
            first=hidden | ((cells.people > 0) & (cells.people <= rules.rule.largest_hidden)),
            allowed=cells.people > 0,
            cost=costs_of(table.counts.dimensions, codes=codes, counts=cells.people, rules=rules),
            rules=sum_rules,
            lines=lines_of(spanned, codes=codes),
        )
        counts, hidden = _in_turn(table.counts, problem, rules)
    low, high = cells.ends(rules=sum_rules)
    undivided = np.diff(matrix.indptr) == 1
    sides = {
        codes[n]: Telling(
            people=int(cells.people[n]),
            total=int(cells.sums[n]),
            largest=int(cells.largest[n]),
            low=int(low[n]),
            high=int(high[n]),
            undivided=bool(undivided[n]),
        )
        for n in np.flatnonzero(hidden & cells.tell(rules=sum_rules))
    }
    return _printed(counts, cells, matrix, rules), sides


def _in_turn(table: Printed, problem: SumProblem, rules: TableRules) -> tuple[Printed, NDArray[np.bool_]]:
    """The counts as printed, and all cells hidden, where sums and counts are protected in turn until neither needs more."""
    while True:
        further = plan_sums(problem)
        counts, hidden = _hiding(table, rules, further)
        if not (hidden & ~further).any():
            return counts, hidden
        problem = replace(problem, first=hidden, allowed=problem.allowed | hidden)


def _hiding(table: Printed, rules: TableRules, cells: NDArray[np.bool_]) -> tuple[Printed, NDArray[np.bool_]]:
    """The counts as printed where these cells are hidden for their sums, and all that are hidden then."""
    spanned = grid(table.dimensions, codes=table.codes, parents=parents_of([rules]), name=table.name)
    codes = tuple(dict.fromkeys((*table.codes, *spanned.base_cells())))
    also = frozenset(codes[n] for n in np.flatnonzero(cells))
    counts = protect_table(table, rules=rules, also=also).table
    return counts, counts.hidden


def _true(table: Magnitudes, spanned: Grid, rules: SumRules) -> Contributions:
    """The contributions of every base cell; none where a combination has no row."""
    name = table.counts.name
    if not set(NEEDED) <= table.columns.keys():
        raise TableInvalid(
            f"{name}, row 1: sums are protected with the columns {', '.join(NEEDED)}: add the largest and second largest contribution of each cell"
        )
    cells = {codes: n for n, codes in enumerate(spanned.base_cells())}
    values = {one: np.zeros(len(cells), dtype=np.int64) for one in ("people", *NEEDED)}
    unit, _ = rules.units
    for row, (codes, people) in enumerate(zip(table.counts.codes, table.counts.shown, strict=True), start=2):
        shown = {one: table.columns[one][row - 2] for one in NEEDED}
        numbers = {one: _number(shown[one], f"{name}, row {row}, column {one}", unit) for one in NEEDED}
        if codes not in cells:
            continue
        for one in NEEDED:
            if not shown[one]:
                raise TableInvalid(f"{name}, row {row}, column {one}: empty: only totals may leave it out")
            values[one][cells[codes]] = numbers[one]
        values["people"][cells[codes]] = int(people) if people.isdecimal() else 0
        one_cell = Contributions(*(one[[cells[codes]]] for one in values.values()))
        if not one_cell.possible(rules=rules)[0]:
            raise TableInvalid(
                f"{name}, row {row}: so many people cannot have this sum with these largest contributions, of which none is negative or beyond what the rules say of one person: correct the row"
            )
    return Contributions(*values.values())


def _number(shown: str, place: str, unit: int) -> int:
    if shown == HIDDEN:
        raise TableInvalid(f"{place}: hidden already: protect the table with its true numbers")
    value = thousandths(shown) if shown not in ("", NOT_APPLICABLE) else 0
    if value % unit:
        raise TableInvalid(
            f"{place}: no multiple of the unit in the rules: state the unit that sums are given in"
        )
    return value


def _same(table: Magnitudes, cells: Contributions) -> None:
    """The totals of the table are those of its parts."""
    derived = {SUM: cells.sums, LARGEST: cells.largest, SECOND: cells.second}
    for measure, values in derived.items():
        for row, (shown, value) in enumerate(zip(table.columns[measure], values, strict=False), start=2):
            if shown not in ("", NOT_APPLICABLE) and thousandths(shown) != value:
                raise TableInvalid(
                    f"{table.counts.name}, row {row}, column {measure}: not what follows from the parts of this total: give every part, or correct the hierarchy in the rules"
                )


def _printed(counts: Printed, cells: Contributions, matrix: csr_array, rules: TableRules) -> Magnitudes:
    sum_rules = rules.sums or SumRules()
    _, step = sum_rules.units
    sums = _rounded(cells.sums, step)
    if rules.total_kind == "sums":
        shown = np.array([one.isdecimal() for one in counts.shown])
        is_base = np.diff(matrix.indptr) == 1
        printed = np.zeros(matrix.shape[1], dtype=np.int64)
        for n in np.flatnonzero(is_base & shown):
            printed[matrix.indices[matrix.indptr[n]]] = sums[n]
        sums = np.asarray(matrix @ printed).astype(np.int64)
    texts = tuple(
        in_digits(int(value), step=step) if one.isdecimal() else one
        for one, value in zip(counts.shown, sums, strict=True)
    )
    columns = {SUM: texts}
    for measure, digits in ((MEAN, sum_rules.mean), (RATE, sum_rules.rate)):
        if digits is not None:
            columns[measure] = tuple(
                quotient(above, below, per=PER[measure], digits=digits)
                for above, below in zip(texts, counts.shown, strict=True)
            )
    return Magnitudes(counts, columns)


def _rounded(values: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """To the nearest multiple, halves upwards."""
    return (2 * values + step) // (2 * step) * step
