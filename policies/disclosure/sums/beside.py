"""What a checker knows of a printed table of sums and its readers do not: the true numbers behind it, and the largest contributions.

With them the people inside another tool's table are looked at as those of a table that is protected here: which sums tell too much, and who could take their own part off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from policies.disclosure.errors import TableInvalid
from policies.disclosure.printed import Printed, grid, parents_of
from policies.disclosure.rules import SumRules, TableRules
from policies.disclosure.sums.every import attack_every_sum
from policies.disclosure.sums.magnitudes import LARGEST, PER, SECOND, SUM, Magnitudes
from policies.disclosure.sums.protect import protect_magnitudes
from policies.disclosure.sums.result import Given, Result, Told
from policies.disclosure.sums.telling import Sides
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE

TRUE_COUNT: Final = "true_count"
TRUE_SUM: Final = "true_sum"
PRINTED: Final = (SUM, *PER)


def printed_alone(table: Magnitudes) -> Magnitudes:
    """The table as its readers have it."""
    return Magnitudes(table.counts, {one: its for one, its in table.columns.items() if one in PRINTED})


def attack_with_insiders(table: Magnitudes, *, earlier: Sequence[Magnitudes] = ()) -> Result:
    """As `attack_every_sum`, with what the table says beside its printed numbers: no sum that tells too much may be narrowed down by a reader, or by somebody who contributes to another one, to less than
    `protect` leaves; and where the table has rules none may be printed, which is a finding that
    names the cell itself as the one whose people know.

    Raises:
        TableInvalid: as `attack_every_sum`; or the true numbers are not given, or contradict themselves or what is printed.
    """
    counts, its = table.counts, printed_alone(table)
    telling = _telling(table)
    hidden = {codes: one for codes, one in telling.items() if its.hides(codes, measure=SUM)}
    result = attack_every_sum(its, earlier=[printed_alone(one) for one in earlier], sides=hidden)
    shown = tuple(
        _shown(its, n)
        for n, (codes, text) in enumerate(zip(counts.codes, its.columns[SUM], strict=True))
        if counts.rules is not None and codes in telling and text not in (HIDDEN, NOT_APPLICABLE)
    )
    return replace(result, findings=(*shown, *result.findings))


def _shown(table: Magnitudes, n: int) -> Told:
    counts, text = table.counts, table.columns[SUM][n]
    cell = tuple(zip(counts.dimensions, counts.codes[n], strict=True))
    given = (Given(counts.name, cell, SUM, text),)
    return Told(
        counts.name, counts.dimensions, counts.codes[n], SUM, float(text), float(text), given, counts.codes[n]
    )


def _telling(table: Magnitudes) -> Sides:
    """Every sum that tells too much: those that `protect` would hide first."""
    rules = (table.counts.rules or TableRules(mode="exact")).model_copy(
        update={"mode": "rounded", "totals": "sums", "weights": {}, "hide_zeros": False}
    )
    rules = rules.model_copy(update={"sums": rules.sums or SumRules()})
    return protect_magnitudes(_true(table, rules), rules=rules)[1]


def _true(table: Magnitudes, rules: TableRules) -> Magnitudes:
    """The table to be protected that this one came from. What totals are follows from their parts, so of them nothing is taken."""
    counts = table.counts
    spanned = grid(counts.dimensions, codes=counts.codes, parents=parents_of([rules]), name=counts.name)
    base = {codes: n for n, codes in enumerate(spanned.base_cells())}
    people, sums = np.zeros(len(base), dtype=np.int64), [""] * len(counts.codes)
    for n, codes in enumerate(counts.codes):
        if codes in base:
            number = _known(table, n, counts.shown[n], TRUE_COUNT)
            people[base[codes]] = 0 if number == NOT_APPLICABLE else int(number)
            sums[n] = _known(table, n, table.columns[SUM][n], TRUE_SUM)
    totals = spanned.sums(people.reshape(spanned.shape), codes=counts.codes)
    shown = [
        one if one == NOT_APPLICABLE else str(number) for one, number in zip(counts.shown, totals, strict=True)
    ]
    true = Printed(counts.name, counts.dimensions, counts.codes, tuple(shown), rules)
    return Magnitudes(true, {SUM: tuple(sums), LARGEST: table.columns[LARGEST], SECOND: table.columns[SECOND]})


def _known(table: Magnitudes, n: int, shown: str, measure: str) -> str:
    """The true number if it is given, or else the printed one."""
    told = table.columns[measure][n] if measure in table.columns else ""
    if HIDDEN in (told, told or shown):
        raise TableInvalid(
            f"{table.counts.name}, row {n + 2}, column {measure}: missing, and what is printed is hidden: give the true number, without which nobody can tell what people inside the "
            f"table could work out, or leave {LARGEST} and {SECOND} out"
        )
    return told or shown
