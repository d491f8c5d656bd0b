"""What stands in the cells of tables of other tools: numbers as they print them, markers that are not those of the rules, totals that are called otherwise.

Only what can be read in one way is read: `1,204` between quotes and `1 204` are 1204, but `1.204` and, where commas stand for points, `1,5` are refused.
"""

from __future__ import annotations

import csv
import re
from typing import Final

from policies.disclosure.table import NOT_APPLICABLE

LARGEST: Final = 10**9
SEPARATORS: Final = (",", ";", "\t")
_SPACES: Final = " \u00a0\u2009\u202f"
_WHOLE: Final = re.compile(r"([0-9]{1,10})(?:\.0{1,2})?")
_DECIMAL: Final = re.compile(r"([0-9]{1,10})(?:\.[0-9]{1,3})?")
_MARKERS: Final = frozenset(
    [
        "*",
        "**",
        ".",
        "..",
        "...",
        "-",
        "--",
        "–",
        "—",
        ":",
        "#",
        "~",
        "c",
        "s",
        "u",
        "x",
        "n/a",
        "na",
        "[c]",
        "[s]",
        "[u]",
        "[x]",
        "[..]",
        "(c)",
        "(s)",
        "(x)",
    ]
)
_FEWER: Final = re.compile(r"[<≤] ?[0-9]{1,3}")
_TOTAL: Final = re.compile(
    r"(.* )?(sub-?|grand[ -]?)?totals?([ :,].*)?|overall|all|all (areas|ages|sexes|people|persons|groups|categories|values)", re.IGNORECASE
)  # fmt: skip


def separator_of(text: str, *, heading: str) -> str:
    """What stands between the cells of the first line, as far as that makes one of them this heading; else a comma."""
    line = next(iter(text.splitlines()), "")
    for one in SEPARATORS:
        if heading in (cell.strip().casefold() for cell in next(csv.reader([line], delimiter=one), [])):
            return one
    return SEPARATORS[0]


def number_in(cell: str, *, whole: bool, separator: str) -> str | None:
    """The number without what separates thousands, and a whole one without its point; None if it is none, or could be read in two ways.

    `separator`: what stands between cells. Where that is a comma, one inside a cell separates thousands; elsewhere it could as well be a point.
    """
    marks = _SPACES + ("," if separator == "," else "")
    if re.match(f"[0-9]{{1,3}}(?:([{marks}])[0-9]{{3}})(?:\\1[0-9]{{3}})*(?![0-9,{_SPACES}])", cell):
        cell = re.sub(f"[{marks}]", "", cell)
    found = (_WHOLE if whole else _DECIMAL).fullmatch(cell)
    if separator == ";" and re.fullmatch(
        r"[0-9]{1,3}\.[0-9]{3}", cell
    ):  # thousands, where commas stand for points
        return None
    if found is None or int(found[1]) > LARGEST:
        return None
    return str(int(found[1])) if whole else cell


def no_number(cell: str, *, whole: bool, marker: str) -> str:
    """What is wrong with a cell that is neither a number nor the marker, and what to do; never what stands there, unless it is a marker of another tool."""
    if not cell:
        return f"empty: write a number, {marker} if it is hidden, or {NOT_APPLICABLE} if there cannot be one"
    if cell.casefold() in _MARKERS or _FEWER.fullmatch(cell):
        return f'{cell} is not the marker of hidden numbers here, which is {marker}: if it is one, say so in the rules (`marker: "{cell}"`), and write the same for every hidden number; if it stands for something else, write the number'
    if re.fullmatch(f"[0-9][0-9.,'{_SPACES}]*", cell):
        return (
            "a number that could be read in two ways, is too large, or has too many digits after its point: write it without marks between thousands"
            + (", and whole" if whole else ", and with a point before at most three digits")
        )
    kind = "a whole number" if whole else "a number, not negative, with at most 3 digits after the point,"
    return f"neither {kind} up to {LARGEST:,} nor {marker} for hidden nor {NOT_APPLICABLE} for not applicable: write one of these, and take out notes"


def looks_like_a_total(code: str) -> bool:
    """Whether a category is called as totals are."""
    return _TOTAL.fullmatch(code) is not None
