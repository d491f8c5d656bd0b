"""A safe table as rows and as CSV text (RFC 4180)."""

from __future__ import annotations

import csv
import io

from policies.disclosure.protect import SafeTable

ALL = "All"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def rows(safe: SafeTable) -> tuple[tuple[str, ...], ...]:
    """A heading row, one row for each cell, then the totals of each dimension and of everything."""
    published = safe.published
    layout = published.layout
    lines = [(*layout.dimensions, "count")]
    lines += [(*cell, shown) for cell, shown in zip(layout.cells(), published.cells, strict=True)]
    if len(layout.dimensions) > 1:
        for axis, name in enumerate(layout.dimensions):
            totals = published.total(keep=(name,))
            blank = [ALL] * len(layout.dimensions)
            for category, shown in zip(layout.categories[axis], totals, strict=True):
                lines.append((*blank[:axis], category, *blank[axis + 1 :], shown))
    if layout.dimensions:
        lines.append((*[ALL] * len(layout.dimensions), *published.total()))
    return tuple(lines)


def csv_text(safe: SafeTable) -> str:
    """The rows as CSV. A text that a spreadsheet would run as a formula gets a quote mark in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([[plain_cell(cell) for cell in row] for row in rows(safe)])
    return text.getvalue()


def notes(safe: SafeTable) -> tuple[str, ...]:
    """What a reader has to know to read the table, in sentences."""
    rule = safe.published.rule
    return (
        f"[c] stands for a count that is hidden: at most {rule.largest_hidden}, and it may be zero.",
        f"Other counts are rounded to the nearest {rule.round_to}.",
        "[z] stands for a combination that cannot occur.",
        "A total is the sum of the numbers printed, so it leaves out what is hidden.",
    )


def plain_cell(cell: str) -> str:
    """The text, with a quote mark in front if a spreadsheet would run it as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
