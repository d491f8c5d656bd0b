"""Tables of any tool as CSV: dimension columns, then `count`, and in tables of sums further numbers."""

from __future__ import annotations

import csv
import io
from typing import Final

from policies.disclosure.csv_cells import looks_like_a_total, no_number, number_in, separator_of
from policies.disclosure.errors import TableInvalid
from policies.disclosure.printed import Printed
from policies.disclosure.render import plain_cell
from policies.disclosure.rules import TOTAL, SumRules, TableRules
from policies.disclosure.sums.beside import TRUE_COUNT, TRUE_SUM
from policies.disclosure.sums.magnitudes import COUNT, LARGEST, PER, SECOND, SUM, Magnitudes
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE

OF_REPORTS: Final = frozenset({"status", "value", "lower", "upper", "table", "because", "settled"})
MEASURE: Final = "measure"
PRINTED: Final = (SUM, *PER)
FACTS: Final = (TRUE_COUNT, TRUE_SUM, LARGEST, SECOND)
"""What a checker may know beside what is printed. Totals may leave it empty, for it follows from their parts."""


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
    text = text.removeprefix("\ufeff")
    separator = separator_of(text, heading=COUNT)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    try:
        heading = _without_empty_ends(next(reader, []))
        dimensions, measures = _headings(heading, name)
        marker, total = (rules.marker, rules.total) if rules else (HIDDEN, TOTAL)
        cells: dict[tuple[str, ...], list[str]] = {}
        for row, line in enumerate(reader, start=2):
            found = [cell.strip() for cell in line]
            if not any(found):
                continue
            if row != len(cells) + 2:
                raise TableInvalid(f"{name}, row {row - 1}: empty: take it out")
            if len(found) < len(heading) or any(found[len(heading) :]):
                raise TableInvalid(
                    f"{name}, row {row}: {len(found)} cells where the headings have {len(heading)}: write one for each heading, and take out notes below the table"
                )
            key = tuple(TOTAL if code == total else code for code in found[: len(dimensions)])
            for column, code in zip(dimensions, key, strict=True):
                _check_category(code, column, rules, f"{name}, row {row}, column {column}")
            if key in cells:
                raise TableInvalid(
                    f"{name}, row {row}: these categories stand in an earlier row too: keep one of them"
                )
            numbers = zip(measures, found[len(dimensions) :], strict=False)
            cells[key] = [
                _shown(cell, measure, marker, separator, f"{name}, row {row}, column {measure}")
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


def _without_empty_ends(heading: list[str]) -> list[str]:
    """The headings as they are known, without empty ones at the end, which some tools leave."""
    known = [one.strip() for one in heading]
    known = [one.casefold() if one.casefold() in (COUNT, *PRINTED, *FACTS) else one for one in known]
    while known and not known[-1]:
        known.pop()
    return known


def _headings(names: list[str], name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The dimensions, and the measures from `count` on."""
    first = names.index(COUNT) if COUNT in names else len(names)
    dimensions, measures = names[:first], names[first:]
    other = next((first + n + 1 for n, one in enumerate(measures) if one not in (COUNT, *PRINTED, *FACTS)), 0)
    if not measures:
        raise TableInvalid(
            f"{name}, row 1: the last heading has to be {COUNT}, after one heading for each dimension, unless sums follow: call the column of counts {COUNT}, write one row for each cell, "
            "and take out lines above the headings"
        )
    if other:
        raise TableInvalid(
            f"{name}, row 1: the last heading has to be {COUNT}, or after it may stand {', '.join(PRINTED)}, as they are printed, and {', '.join(FACTS)}, which readers do not have; column {other} "
            f"is none of these: take it out, or put it before {COUNT}"
        )
    taken = OF_REPORTS | ({MEASURE} if measures[1:] else set())
    for place, one in enumerate(names):
        if not one or one in names[:place]:
            raise TableInvalid(
                f"{name}, row 1, column {place + 1}: a heading is empty or occurs twice: name each column once"
            )
        if one in taken:
            raise TableInvalid(
                f"{name}, row 1, column {place + 1}: a report needs this heading for itself: name it otherwise"
            )
    if (facts := set(measures) & set(FACTS)) and not {SUM, LARGEST, SECOND} <= set(measures):
        raise TableInvalid(
            f"{name}, row 1: beside {', '.join(sorted(facts))} there have to be {SUM}, {LARGEST} and {SECOND}: add them, or leave all of {', '.join(FACTS)} out"
        )
    return tuple(dimensions), tuple(measures)


def _check_category(code: str, column: str, rules: TableRules | None, place: str) -> None:
    """Nothing, if it is a category or a total; not what another tool calls a total, which would be taken for people of its own."""
    total = rules.total if rules else TOTAL
    if not code:
        raise TableInvalid(f"{place}: empty: write a category, or {total} for everybody")
    if code == TOTAL or not looks_like_a_total(code):
        return
    if rules is None or not any(code in ups for ups in rules.parents(column).values()):
        raise TableInvalid(
            f"{place}: this looks like a total, and is read as one only if it is called {total}: write {total}, say in the rules what totals are called (`total:`), or, if it "
            "takes in some categories alone, which (`hierarchies:`)"
        )


def _shown(cell: str, measure: str, marker: str, separator: str, place: str) -> str:
    if cell == marker:
        return HIDDEN
    if cell == NOT_APPLICABLE or (not cell and measure in FACTS):
        return cell
    whole = measure in (COUNT, TRUE_COUNT)
    number = number_in(cell, whole=whole, separator=separator)
    if number is None:
        raise TableInvalid(f"{place}: {no_number(cell, whole=whole, marker=marker)}")
    return number


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
