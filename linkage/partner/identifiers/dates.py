"""Dates of birth as eight characters YYYYMMDD; a part that is not known is `?`.

The order of day, month and year is a property of the column (`date_order`), agreed before the run and never guessed row by row.
A month above 12 beside a day that could be one is read as the two exchanged: it can be nothing else.
"""

import re
from datetime import date
from typing import Final

ORDERS: Final = {"YMD": (0, 1, 2), "DMY": (2, 1, 0), "MDY": (2, 0, 1)}
FIRST_YEAR: Final = 1880
LAST_YEAR: Final = 2100
SPLIT: Final = re.compile(r"[\-/. ]+")
CLOCK: Final = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
MONTHS: Final = {
    m: i
    for i, m in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
UNKNOWN: Final = re.compile(r"^[?XU]+$")


def clean(text: str) -> str | None:
    """A date already in the order year, month, day; see `clean_in_order`."""
    return clean_in_order(text, "YMD")


def clean_in_order(text: str, order: str) -> str | None:
    """The date as YYYYMMDD, unknown parts as `?`, or None where it is no date."""
    parts = SPLIT.split(CLOCK.sub("", text.strip().upper()))
    if len(parts) == 1 and len(parts[0]) == 8:
        whole = parts[0]
        parts = [whole[:4], whole[4:6], whole[6:]] if order == "YMD" else [whole[:2], whole[2:4], whole[4:]]
    if len(parts) != 3:
        return None
    y, m, d = (parts[i] for i in ORDERS[order])
    year, month, day = _number(y, 4), _number(MONTHS.get(m[:3], m), 2), _number(d, 2)
    if year is None or month is None or day is None:
        return None
    if _beyond(month, 12) and not _beyond(day, 12) and day != "??":
        month, day = day, month
    return year + month + day if _exists(year, month, day) else None


def _number(text: str | int, width: int) -> str | None:
    plain = str(text)
    if UNKNOWN.match(plain):
        return "?" * width
    return plain.zfill(width) if plain.isascii() and plain.isdigit() and len(plain) <= width else None


def _beyond(text: str, most: int) -> bool:
    return text.isdigit() and int(text) > most


def _exists(year: str, month: str, day: str) -> bool:
    if (year + month + day).strip("?") == "":
        return False
    if year.isdigit() and not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return False
    try:
        date(
            int(year) if year.isdigit() else 2000,
            int(month) if month.isdigit() else 1,
            int(day) if day.isdigit() else 1,
        )
    except ValueError:
        return False
    return True


def part(value: str, name: str) -> str | None:
    """`whole`, `year`, `year-month`, `year-day`, or `day-month` (the two in either order); None where a part is unknown."""
    year, month, day = value[:4], value[4:6], value[6:]
    parts = {
        "whole": value,
        "year": year,
        "year-month": year + month,
        "year-day": year + day,
        "day-month": min(month, day) + max(month, day),
    }
    out = parts[name]
    return None if "?" in out else out
