"""A safe table as rows and as CSV text (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Final, TypeAlias

from policies.disclosure.magnitude import quotient
from policies.disclosure.margins import margins_of
from policies.disclosure.protect import SafeTable
from policies.disclosure.rules import TOTAL
from policies.disclosure.table import HIDDEN, NOT_APPLICABLE

ALL = "All"
PER: Final = 1_000
RATE: Final = "per_1000"
RATE_DIGITS: Final = 1
STATES: Final = {HIDDEN: "hidden", NOT_APPLICABLE: "not-applicable", "0": "zero"}
Rows: TypeAlias = tuple[tuple[str, ...], ...]
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def rows(safe: SafeTable) -> Rows:
    """A heading row, one row for each cell, then those of coarser levels, and the totals of each dimension and of everything."""
    published = safe.published
    layout = published.layout
    lines = [(*layout.dimensions, "count")]
    lines += [(*cell, shown) for cell, shown in zip(layout.cells(), published.cells, strict=True)]
    for cell, shown in margins_of(published):
        lines.append((*(ALL if code == TOTAL else code for code in cell), shown))
    return tuple(lines)


def rate_rows(inside: SafeTable, *, among: SafeTable) -> Rows:
    """As `rows`, with two columns more: of how many, and how many that is per 1,000. The rate is made of the two printed numbers, so it tells nothing new;
    it is hidden where either is, and does not apply where there is nobody to divide by."""
    heading, *lines = rows(inside)
    below = [line[-1] for line in rows(among)[1:]]
    told = (
        (*line, of, quotient(line[-1], of, per=PER, digits=RATE_DIGITS))
        for line, of in zip(lines, below, strict=True)
    )
    return ((*heading, "of", RATE), *told)


def map_rows(safe: SafeTable, *, level_of: Mapping[str, str]) -> Rows:
    """A row for each area at each level, and for each category of the other dimensions: ready to be joined to a map's shapes by the area's code.

    The first dimension is the area; `level_of` gives each area's level. `state` tells a hidden count, a zero and what cannot occur apart, and `count` is
    empty for the first and the last.
    """
    heading, *lines = rows(safe)
    told = []
    for area, *others, shown in lines:
        if area in level_of and ALL not in others:
            state = STATES.get(shown, "shown")
            told.append((area, level_of[area], *others, state, shown if shown.isdecimal() else ""))
    return (("area", "level", *heading[1:-1], "state", "count"), *told)


def csv_text(lines: Rows) -> str:
    """The rows as CSV. A text that a spreadsheet would run as a formula gets a quote mark in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([[plain_cell(cell) for cell in row] for row in lines])
    return text.getvalue()


def notes(safe: SafeTable) -> tuple[str, ...]:
    """What a reader has to know to read the table, in sentences."""
    rule = safe.published.rule
    if safe.published.exact:
        return (
            f"[c] stands for a count that is hidden: it is below {rule.largest_hidden + 1}, or it would give away one that is.",
            "Other counts, and totals, are exact.",
            "[z] stands for a combination that cannot occur.",
        )
    return (
        f"[c] stands for a count that is hidden: at most {rule.largest_hidden}, and it may be zero.",
        f"Other counts are rounded to the nearest {rule.round_to}.",
        "[z] stands for a combination that cannot occur.",
        "A total is the sum of the numbers printed, so it leaves out what is hidden.",
    )


def plain_cell(cell: str) -> str:
    """The text, with a quote mark in front if a spreadsheet would run it as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
