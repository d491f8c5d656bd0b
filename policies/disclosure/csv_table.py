"""Tables of any tool as CSV: dimension columns, then `count`, and in tables of sums further numbers."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from policies.disclosure.errors import TableInvalid
from policies.disclosure.printed import Printed
from policies.disclosure.render import plain_cell
from policies.disclosure.rules import MOST_DIGITS, TOTAL, SumRules, TableRules
from policies.disclosure.sums.magnitudes import COUNT, PER, SUM, Magnitudes
from policies.disclosure.sums.magnitudes import LARGEST as LARGEST_ONE
from policies.disclosure.sums.magnitudes import SECOND as SECOND_ONE
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE

LARGEST: Final = 10**9
OF_REPORTS: Final = frozenset({"status", "value", "lower", "upper", "table", "because"})
MEASURE: Final = "measure"
PRINTED: Final = (SUM, *PER)
TRUE: Final = (SUM, LARGEST_ONE, SECOND_ONE)
MAY_BE_EMPTY: Final = (LARGEST_ONE, SECOND_ONE)
"""In totals, whose largest contributions follow from those of their parts."""
_NUMBER: Final = re.compile(r"([0-9]{1,10})(?:\.0{1,3})?")
_DECIMAL: Final = re.compile(r"([0-9]{1,10})(?:\.[0-9]{1,3})?")


def read_table(text: str, *, name: str, rules: TableRules | None = None) -> Printed:
    """The table of counts that a CSV text holds. `name` is what errors call it.

    Raises:
        TableInvalid: with the row (the headings are row 1) and the column; never with a value.
    """
    table = read_magnitudes(text, name=name, rules=rules)
    if table.columns:
        raise TableInvalid(
            f"{name}, row 1: the last heading has to be {COUNT}, after one heading for each dimension"
        )
    return table.counts


def read_magnitudes(text: str, *, name: str, rules: TableRules | None = None) -> Magnitudes:
    """The table that a CSV text holds, with its sums if it has any. `name` is what errors call it.

    Raises:
        TableInvalid: with the row (the headings are row 1) and the column; never with a value.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        heading = next(reader, [])
        dimensions, measures = _headings(heading, name)
        marker, total = (rules.marker, rules.total) if rules else (HIDDEN, TOTAL)
        cells: dict[tuple[str, ...], list[str]] = {}
        for row, found in enumerate(reader, start=2):
            if not found:
                continue
            if row != len(cells) + 2:
                raise TableInvalid(f"{name}, row {row - 1}: empty: take it out")
            if len(found) != len(heading):
                raise TableInvalid(
                    f"{name}, row {row}: {len(found)} cells where the headings have {len(heading)}"
                )
            codes = [cell.strip() for cell in found[: len(dimensions)]]
            key = tuple(TOTAL if code == total else code for code in codes)
            for column, code in zip(dimensions, key, strict=True):
                if not code:
                    raise TableInvalid(f"{name}, row {row}, column {column}: empty: write a category, or Total")
            if key in cells:
                raise TableInvalid(
                    f"{name}, row {row}: these categories stand in an earlier row too: keep one of them"
                )
            numbers = zip(measures, found[len(dimensions) :], strict=True)
            cells[key] = [
                _shown(cell.strip(), measure, marker, f"{name}, row {row}, column {measure}")
                for measure, cell in numbers
            ]
    except csv.Error:
        raise TableInvalid(f"{name}: not CSV: check the quotes near row {reader.line_num}") from None
    if not cells:
        raise TableInvalid(f"{name}: no rows below the headings")
    counts, *others = map(tuple, zip(*cells.values(), strict=True))
    if rules is not None:  # so that a hidden count means what it means in this kind of table
        sums = (rules.sums or SumRules()) if others else None
        rules = rules.model_copy(update={"sums": sums})
    return Magnitudes(
        Printed(name, dimensions, tuple(cells), counts, rules), dict(zip(measures[1:], others, strict=True))
    )


def _headings(heading: list[str], name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The dimensions, and the measures from `count` on."""
    names = [one.strip() for one in heading]
    first = names.index(COUNT) if COUNT in names else len(names)
    dimensions, measures = names[:first], names[first:]
    if not measures or not (set(measures[1:]) <= set(PRINTED) or set(measures[1:]) <= set(TRUE)):
        raise TableInvalid(
            f"{name}, row 1: the last heading has to be {COUNT}, after one heading for each dimension; after it may stand {', '.join(PRINTED)} "
            f"of a printed table, or {', '.join(TRUE)} of one to be protected"
        )
    taken = OF_REPORTS | ({MEASURE} if measures[1:] else set())
    for place, one in enumerate(names):
        if not one or one in names[:place]:
            raise TableInvalid(f"{name}, row 1, column {place + 1}: a heading is empty or occurs twice")
        if one in taken:
            raise TableInvalid(
                f"{name}, row 1, column {place + 1}: a report needs this heading for itself: name it otherwise"
            )
    return tuple(dimensions), tuple(measures)


def _shown(cell: str, measure: str, marker: str, place: str) -> str:
    if cell == marker:
        return HIDDEN
    if cell == NOT_APPLICABLE or (not cell and measure in MAY_BE_EMPTY):
        return cell
    number = (_NUMBER if measure == COUNT else _DECIMAL).fullmatch(cell)
    if number is None or int(number[1]) > LARGEST:
        kind = (
            "a whole number"
            if measure == COUNT
            else f"a number, not negative, with at most {MOST_DIGITS} digits after the point,"
        )
        raise TableInvalid(
            f"{place}: neither {kind} up to {LARGEST:,} nor {marker} for hidden nor {NOT_APPLICABLE} for not applicable"
        )
    return str(int(number[1])) if measure == COUNT else cell


def table_csv(table: Printed) -> str:
    """The table as CSV (RFC 4180), hidden cells with the marker of its rules."""
    return magnitudes_csv(Magnitudes(table, {}))


def magnitudes_csv(table: Magnitudes) -> str:
    """The same with its sums, means and rates."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    counts = table.counts
    marker, total = (counts.rules.marker, counts.rules.total) if counts.rules else (HIDDEN, TOTAL)
    writer.writerow([*map(plain_cell, counts.dimensions), COUNT, *table.columns])
    for codes, *numbers in zip(counts.codes, counts.shown, *table.columns.values(), strict=True):
        named = (total if code == TOTAL else code for code in codes)
        writer.writerow([*map(plain_cell, named), *(marker if one == HIDDEN else one for one in numbers)])
    return text.getvalue()
