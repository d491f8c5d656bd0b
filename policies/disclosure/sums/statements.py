"""Everything that printed counts, sums, means and rates say together, as linear statements about unknown counts and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_array, vstack

from policies.disclosure.joint import Joint, Reading, Said, joint
from policies.disclosure.sums.each import Further, PerPerson, of_nobody, of_people
from policies.disclosure.sums.limits import cell_of, compared, limits_of, most_of_sums
from policies.disclosure.sums.magnitudes import COUNT, SUM, Magnitudes
from policies.disclosure.sums.ranges import LARGEST, Demand, largest, scaled
from policies.disclosure.sums.reading import sum_reading
from policies.disclosure.sums.result import Given
from policies.disclosure.sums.units import NO_UNITS, Ratio, Units, unit_of
from policies.disclosure.system import System, room
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE


@dataclass(frozen=True, slots=True, eq=False)
class Statements:
    """`counts` and `sums` have the same rows, one for each sum of unknowns that some table has a cell for.

    `system` is everything that bears on the hidden numbers, scaled: each row is `by` times what it says. `lower` and `upper` name the number behind the two ends of each row.
    `entangled`: means or rates, what one person can contribute, or that nobody contributes nothing, tie counts to sums; then the rows are those of the counts, those of the sums, and those that tie them. Otherwise they are those
    of the sums, and what people whose number is known can contribute.
    `nobody`: rows of sums that are 0 because counts say that nobody is there. `ratios`: true means and rates; then sums are multiples of the `unit`, in thousandths.
    """

    counts: Joint
    sums: Joint
    system: System
    by: NDArray[np.float64]
    lower: tuple[Given, ...]
    upper: tuple[Given, ...]
    entangled: bool
    nobody: NDArray[np.bool_]
    ratios: tuple[Ratio, ...] = ()
    unit: int = 1

    @property
    def units(self) -> Units:
        """Of the system: where sums are whole numbers of units."""
        first = len(self.counts.said) + len(self.sums.said)
        people = self.counts.system.matrix.shape[1]
        rows = np.arange(first, first + 2 * len(self.ratios))
        return Units(rows, people, self.unit / float(self.by[first - 1])) if self.ratios else NO_UNITS


def are_tied(tables: Sequence[Magnitudes], counts: System, *, of: str | None, person: PerPerson) -> bool:
    """Whether means or rates, what one person can contribute, or that nobody contributes nothing, tie counts to sums."""
    if limits_of(tables, of):
        return True
    counted = room(counts)
    if counted is None:
        return False
    is_open = counted.least < counted.most
    may_be_nobody = bool((is_open & (counted.least < 1)).any())
    return (person.known and bool(is_open.any())) or (may_be_nobody and _prints_sums(tables, of))


def statements(
    tables: Sequence[Magnitudes],
    readings: Sequence[Reading],
    *,
    of: str | None,
    counts: Joint,
    tied: bool,
    person: PerPerson,
) -> Statements:
    """What the tables say about the `counts` and about the sums of `of`, which are `tied` or not, and to which one `person` contributes so much.

    Raises:
        TableInvalid: a printed number cannot come about under its rules.
    """
    sums = joint([sum_reading(one, table=t, of=of) for one, t in zip(readings, tables, strict=True)])
    nobody = _nobody(counts.system)
    own = sums.system
    sums = replace(sums, system=System(own.matrix, own.low, np.where(nobody, 0.0, own.high), whole=False))
    limits = limits_of(tables, of)
    counted = room(counts.system) if person.known or tied else None
    most = max((most for _, _, most in limits), default=0.0)
    if tied and person.most < np.inf:
        most = max(most, person.most)
    by = max(largest(sums.system) / LARGEST, most * largest(counts.system) / LARGEST, 1.0)
    named = _named(sums, tables, SUM)
    if not tied:
        further = [] if counted is None else [of_people(person, counted, by=1.0).of_sums()]
        sums = replace(sums, system=_with(sums.system, further))
        given = tuple(text for one in further for text in one.given)
        plain = scaled(sums.system, by=by)
        every = np.full(len(plain.low), by)
        upper, lower = (*named[1], *given), (*named[0], *given)
        return Statements(counts, sums, plain, every, lower, upper, entangled=False, nobody=nobody)
    plain = scaled(sums.system, by=by)
    further = [compared(tables, limits, counts, sums, by=by)] if limits else []
    if counted is not None:
        further += [of_people(person, counted, by=by)] if person.known else []
        most_of, behind = most_of_sums(tables, limits, counts, sums, named[1])
        further += [of_nobody(most_of, counted, behind, below=person.most, by=by)]
    system = System(
        csr_array(block_diag([counts.system.matrix, plain.matrix])),
        np.concatenate([counts.system.low, plain.low]),
        np.concatenate([counts.system.high, plain.high]),
        whole=False,
    )
    given = tuple(text for one in further for text in one.given)
    scale = np.concatenate([np.ones(len(counts.said)), np.full(len(sums.said), by), np.ones(len(given))])
    lower, upper = ((*a, *b, *given) for a, b in zip(_named(counts, tables, COUNT), named, strict=True))
    system = _with(system, further)
    ratios = tuple(
        Ratio(int(counts.rows[number][n]), int(sums.rows[number][n]), least, most, said)
        for ((number, n, _), least, most), said in zip(limits, given, strict=False)
    )
    unit = unit_of(tables, [(tables[number], n, least, most) for (number, n, _), least, most in limits], of)
    return Statements(
        counts, sums, system, scale, lower, upper, entangled=True, nobody=nobody, ratios=ratios, unit=unit
    )


def _with(system: System, further: Sequence[Further]) -> System:
    return System(
        csr_array(vstack([system.matrix, *(one.rows for one in further)])),
        np.concatenate([system.low, *(one.low for one in further)]),
        np.concatenate([system.high, *(one.high for one in further)]),
        whole=False,
    )


def first_of_sums(together: Statements) -> int:
    """The row of the system that is the first row of sums."""
    return len(together.counts.said) if together.entangled else 0


def demand_of(tables: Sequence[Magnitudes], together: Statements) -> tuple[NDArray[np.int64], Demand]:
    """The rows of hidden sums that have to keep a range, and what range: the widest that any table which hides it demands.

    Where a table's rules are not known, its sums may not follow exactly.
    """
    rows = together.sums.demanded
    share, width, unit = (np.zeros(len(rows)) for _ in range(3))
    for n, row in enumerate(rows):
        for one in together.sums.said[int(row)]:
            table = tables[one.table]
            if not table.hides(one.codes, measure=SUM):
                continue
            known = table.counts.rules is not None
            own_unit, own_step = table.rules.units if known else (1, 1)
            share[n] = max(share[n], table.rules.width if known else 0.0)
            width[n] = max(width[n], float(own_step))
            unit[n] = max(unit[n], float(own_unit))
    width = np.maximum(width, 4e-9 * largest(together.sums.system))
    free = np.full(len(rows), np.inf)
    return rows, Demand(share, width, unit, free, -free)


def _nobody(counts: System) -> NDArray[np.bool_]:
    """Which rows count nobody for certain."""
    known = room(counts)
    if known is None:
        return np.zeros(len(counts.low), dtype=bool)
    return np.asarray(np.minimum(known.of(counts.matrix)[1], counts.high) == 0, dtype=bool)


def _named(
    together: Joint, tables: Sequence[Magnitudes], measure: str
) -> tuple[tuple[Given, ...], tuple[Given, ...]]:
    lower, upper = [], []
    for group in together.said:
        least = max(group, key=lambda one: one.low)
        most = min(group, key=lambda one: one.high)
        lower.append(given(least, tables, measure))
        upper.append(given(most, tables, measure))
    return tuple(lower), tuple(upper)


def given(one: Said, tables: Sequence[Magnitudes], measure: str) -> Given:
    """A printed number as a finding names it."""
    table = tables[one.table]
    at = table.counts.at.get(one.codes)
    columns = {COUNT: table.counts.shown, **table.columns}
    if at is None or one.shown == "no row":
        return Given(table.counts.name, cell_of(table, one.codes), COUNT, "no row")
    measure = measure if measure in columns else COUNT
    return Given(table.counts.name, cell_of(table, one.codes), measure, printed(table, columns[measure][at]))


def printed(table: Magnitudes, shown: str) -> str:
    """What stands there, with the table's own marker."""
    rules = table.counts.rules
    return rules.marker if rules is not None and shown == "[c]" else shown


def _prints_sums(tables: Sequence[Magnitudes], of: str | None) -> bool:
    columns = (one.columns.get(SUM, ()) for one in tables if one.of == of)
    return any(shown not in (HIDDEN, NOT_APPLICABLE) for column in columns for shown in column)
