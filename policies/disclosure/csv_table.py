"""Tables of any tool as CSV: dimension columns, then `count`."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from policies.disclosure.errors import TableInvalid
from policies.disclosure.printed import Printed
from policies.disclosure.render import plain_cell
from policies.disclosure.rules import TOTAL, TableRules
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE

COUNT: Final = "count"
LARGEST: Final = 10**9
OF_REPORTS: Final = frozenset({"status", "value", "lower", "upper", "table", "because"})
_NUMBER: Final = re.compile(r"([0-9]{1,10})(?:\.0{1,3})?")


def read_table(text: str, *, name: str, rules: TableRules | None = None) -> Printed:
    """The table that a CSV text holds. `name` is what errors call it.

    Raises:
        TableInvalid: with the row (the headings are row 1) and the column; never with a value.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        heading = next(reader, [])
        dimensions = _dimensions(heading, name)
        marker, total = (rules.marker, rules.total) if rules else (HIDDEN, TOTAL)
        codes: dict[tuple[str, ...], str] = {}
        for row, cells in enumerate(reader, start=2):
            if not cells:
                continue
            if row != len(codes) + 2:
                raise TableInvalid(f"{name}, row {row - 1}: empty: take it out")
            if len(cells) != len(heading):
                raise TableInvalid(
                    f"{name}, row {row}: {len(cells)} cells where the headings have {len(heading)}"
                )
            key = tuple(TOTAL if cell.strip() == total else cell.strip() for cell in cells[:-1])
            for column, code in zip(dimensions, key, strict=True):
                if not code:
                    raise TableInvalid(f"{name}, row {row}, column {column}: empty: write a category, or Total")
            if key in codes:
                raise TableInvalid(
                    f"{name}, row {row}: these categories stand in an earlier row too: keep one of them"
                )
            codes[key] = _shown(cells[-1].strip(), marker, f"{name}, row {row}, column {COUNT}")
    except csv.Error:
        raise TableInvalid(f"{name}: not CSV: check the quotes near row {reader.line_num}") from None
    if not codes:
        raise TableInvalid(f"{name}: no rows below the headings")
    return Printed(name, dimensions, tuple(codes), tuple(codes.values()), rules)


def _dimensions(heading: list[str], name: str) -> tuple[str, ...]:
    names = [one.strip() for one in heading]
    if not names or names[-1] != COUNT:
        raise TableInvalid(
            f"{name}, row 1: the last heading has to be {COUNT}, after one heading for each dimension"
        )
    for place, one in enumerate(names):
        if not one or one in names[:place]:
            raise TableInvalid(f"{name}, row 1, column {place + 1}: a heading is empty or occurs twice")
        if one in OF_REPORTS:
            raise TableInvalid(
                f"{name}, row 1, column {place + 1}: a report needs this heading for itself: name it otherwise"
            )
    return tuple(names[:-1])


def _shown(cell: str, marker: str, place: str) -> str:
    if cell == marker:
        return HIDDEN
    if cell == NOT_APPLICABLE:
        return NOT_APPLICABLE
    number = _NUMBER.fullmatch(cell)
    if number is None or int(number[1]) > LARGEST:
        raise TableInvalid(
            f"{place}: neither a whole number up to {LARGEST:,} nor {marker} for hidden nor {NOT_APPLICABLE} for not applicable"
        )
    return str(int(number[1]))


def table_csv(table: Printed) -> str:
    """The table as CSV (RFC 4180), hidden cells with the marker of its rules."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    marker, total = (table.rules.marker, table.rules.total) if table.rules else (HIDDEN, TOTAL)
    writer.writerow([*map(plain_cell, table.dimensions), COUNT])
    for codes, shown in zip(table.codes, table.shown, strict=True):
        named = (total if code == TOTAL else code for code in codes)
        writer.writerow([*map(plain_cell, named), marker if shown == HIDDEN else shown])
    return text.getvalue()
