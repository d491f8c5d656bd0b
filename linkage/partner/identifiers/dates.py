"""Dates of birth as eight characters YYYYMMDD; a part that is not known is `?`.

The order of day, month and year is a property of the column (`date_order`), agreed before the run and never guessed row by row.
A month above 12 beside a day that could be one is read as the two exchanged: it can be nothing else. Zeros, question marks and X
stand for a part that is not known (as in partial dates of ISO 8601-2, Extended Date/Time Format); a year alone, or month and year,
are dates of which the rest is not known. A year of two digits is no year, unless the mapping says which is the latest that can be
meant (`latest_year`): there is no clock here. Days since 1900 (a spreadsheet's number for a date) are no dates either.

Some dates say that the date is not known: 1 January 1900 and 1901 and the zero dates of spreadsheets and databases are no values. Any
other 1 January may be a true birthday or the day that an office wrote where only the year was known (so for many refugees): it stays a
date that can be compared, but it gives no part in which the year is missing or in doubt, where it would meet everybody's.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from linkage.partner.identifiers.kind import Many
from linkage.partner.records import image_of_others

ORDERS: Final = {"YMD": (0, 1, 2), "DMY": (2, 1, 0), "MDY": (2, 0, 1)}
FIRST_YEAR: Final = 1880
LAST_YEAR: Final = 2100
SPLIT: Final = re.compile(r"[\-/., ]+")
CLOCK: Final = re.compile(r"[T ]\d{1,2}:\d{2}.*$", re.DOTALL)
# The usual writing of each order, which is nearly every value of a file.
PLAIN: Final = {
    "YMD": re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ][0-9]{2}:.*)?", re.DOTALL),
    "DMY": re.compile(r"([0-9]{2})[/.-]?([0-9]{2})[/.-]?([0-9]{4})"),
    "MDY": re.compile(r"([0-9]{2})[/.-]?([0-9]{2})[/.-]?([0-9]{4})"),
}
# Those of them that are surely dates, and how they read the other way round.
_YEAR, _MONTH, _DAY = (
    "(190[2-9]|19[1-9][0-9]|20[0-8][0-9]|209[0-8])",
    "(0[1-9]|1[0-2])",
    "(0[1-9]|1[0-9]|2[0-8])",
)
USUAL: Final = {
    "YMD": (f"^{_YEAR}-?{_MONTH}-?{_DAY}$", r"\1\2\3"),
    "DMY": (f"^{_DAY}[/.-]?{_MONTH}[/.-]?{_YEAR}$", r"\3\2\1"),
    "MDY": (f"^{_MONTH}[/.-]?{_DAY}[/.-]?{_YEAR}$", r"\3\1\2"),
}
ORDINAL: Final = re.compile(r"(?<=[0-9])(?:ST|ND|RD|TH)$")
JOINED_MONTH: Final = re.compile(r"^([0-9]{1,2})([A-Z]{3,9})([0-9]{2,4})$")
_MONTH_NAMES: Final = "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER"
MONTH_NAMES: Final = tuple(_MONTH_NAMES.split())
MONTHS: Final = {name[:3]: number for number, name in enumerate(MONTH_NAMES, 1)}
UNKNOWN: Final = re.compile(r"[?XU]+")
DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
PLACEHOLDERS: Final = frozenset(
    ["19000101", "19010101", "18991230", "18991231", "20991231", "21000101", "21001231", "1900????", "1901????", "190001??", "190101??"]
)  # fmt: skip
DEFAULT_DAY: Final = "0101"


def clean(text: str) -> str | None:
    """A date already in the order year, month, day; see `clean_in_order`."""
    return clean_in_order(text, "YMD")


def clean_in_order(text: str, order: str, *, latest_year: int | None = None) -> str | None:
    """The date as YYYYMMDD, unknown parts as `?`, or None where it is no date.

    `latest_year` is the latest year of birth that the column can hold; where it is given, a year of two digits is the last such year up
    to it. None refuses years of two digits.
    """
    if plain := PLAIN[order].fullmatch(text):
        year, month, day = ORDERS[order]
        y, m, d = plain[year + 1], plain[month + 1], plain[day + 1]
        if "01" <= m <= "12" and "01" <= d <= "28" and "1902" <= y <= "2098":
            return y + m + d
    parts = _split(text, order)
    whole = None if parts is None else _dated(*parts, latest_year)
    return None if whole in PLACEHOLDERS else whole


def clean_many_in_order(texts: pa.StringArray, order: str, *, latest_year: int | None = None) -> pa.StringArray:
    """`clean_in_order` of every text."""
    pattern, turned = USUAL[order]
    usual = pc.match_substring_regex(texts, pattern=pattern)
    plain = pc.replace_substring_regex(texts, pattern=pattern, replacement=turned)
    return image_of_others(
        texts, lambda text: clean_in_order(text, order, latest_year=latest_year), usual=usual, plain=plain
    )


def _split(text: str, order: str) -> tuple[str, str, str] | None:
    """The texts of year, month and day."""
    parts = SPLIT.split(CLOCK.sub("", text.strip().upper()).strip("-/., "))
    if len(parts) == 1 and len(whole := parts[0]) == 8:
        parts = [whole[:4], whole[4:6], whole[6:]] if order == "YMD" else [whole[:2], whole[2:4], whole[4:]]
    if len(parts) == 1 and (joined := JOINED_MONTH.match(parts[0])):
        return joined[3], joined[2], joined[1]
    if len(parts) == 3:
        y, m, d = ORDERS[order]
        return parts[y], parts[m], parts[d]
    years = [p for p in parts if len(p) == 4 and p.isdigit()]
    if len(years) != 1 or len(parts) > 2:
        return None
    months = [p for p in parts if p is not years[0]]
    return years[0], months[0] if months else "??", "??"


def _dated(y: str, m: str, d: str, latest_year: int | None) -> str | None:
    """The date of three texts, if there is such a date."""
    if latest_year is not None and len(y) == 2 and y.isascii() and y.isdigit():
        y = str(latest_year - (latest_year - int(y)) % 100)
    year, month, day = _number(y, 4), _number(_month(m), 2), _number(ORDINAL.sub("", d), 2)
    if year is None or month is None or day is None:
        return None
    if "12" < month <= "99" and "01" <= day <= "12":
        month, day = day, month
    return year + month + day if _exists(year, month, day) else None


def _month(text: str) -> str:
    """The number of a month that is written as its name, in full or cut short after three letters or more; any other text as it is."""
    number = MONTHS.get(text[:3])
    return str(number) if number is not None and MONTH_NAMES[number - 1].startswith(text) else text


def _number(text: str, width: int) -> str | None:
    if UNKNOWN.fullmatch(text) or text == "0" * width or (text == "0" and width == 2):
        return "?" * width
    return text.zfill(width) if text.isascii() and text.isdigit() and len(text) <= width else None


def _exists(year: str, month: str, day: str) -> bool:
    known_year, known_month, known_day = year != "????", month != "??", day != "??"
    if not (known_year or known_month or known_day):
        return False
    if known_year and not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return False
    if known_month and not "01" <= month <= "12":
        return False
    if not known_day:
        return True
    if (month, day) == ("02", "29") and known_year:
        return int(year) % 4 == 0 and (int(year) % 100 != 0 or int(year) % 400 == 0)
    return day >= "01" and int(day) <= (DAYS[int(month) - 1] if known_month else 31)


def is_default(value: str) -> bool:
    """Whether the date is a 1 January, which may stand for a year of which no more is known."""
    return value[4:] == DEFAULT_DAY


def _known(text: str) -> tuple[str, ...]:
    return () if "?" in text else (text,)


def _day_month(value: str) -> str:
    """Day and month, whichever comes first, so that the two exchanged agree."""
    month, day = value[4:6], value[6:]
    return month + day if month < day else day + month


def _doubtful(part: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    """The part, for dates that are not a default."""
    return lambda value: () if value[4:] == DEFAULT_DAY else _known(part(value))


DATE_PARTS: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = {
    "whole": _known,
    "certain": _doubtful(lambda value: value),
    "year": lambda value: _known(value[:4]),
    "year-month": _doubtful(lambda value: value[:6]),
    "year-day": _doubtful(lambda value: value[:4] + value[6:]),
    "day-month": _doubtful(_day_month),
    "decade-day-month": _doubtful(lambda value: value[:3] + _day_month(value)),
}


def _cut(values: pa.StringArray, *spans: tuple[int, int]) -> pa.StringArray:
    pieces = [pc.utf8_slice_codeunits(values, *span) for span in spans]
    return pieces[0] if len(pieces) == 1 else pc.binary_join_element_wise(*pieces, "")


def _days_months(values: pa.StringArray) -> pa.StringArray:
    month, day = _cut(values, (4, 6)), _cut(values, (6, 8))
    as_written, turned = (pc.binary_join_element_wise(*both, "") for both in ((month, day), (day, month)))
    return pc.if_else(pc.less(month, day), as_written, turned)


def _each_known(parts: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pc.match_substring(parts, "?"), pa.scalar(None, pa.string()), parts)


def _each_doubtful(part: Many) -> Many:
    def found(values: pa.StringArray) -> pa.StringArray:
        default = pc.ends_with(values, DEFAULT_DAY)
        return pc.if_else(default, pa.scalar(None, pa.string()), _each_known(part(values)))

    return found


DATE_PARTS_MANY: Final[Mapping[str, Many]] = {
    "whole": _each_known,
    "certain": _each_doubtful(lambda values: values),
    "year": lambda values: _each_known(_cut(values, (0, 4))),
    "year-month": _each_doubtful(lambda values: _cut(values, (0, 6))),
    "year-day": _each_doubtful(lambda values: _cut(values, (0, 4), (6, 8))),
    "day-month": _each_doubtful(_days_months),
    "decade-day-month": _each_doubtful(
        lambda values: pc.binary_join_element_wise(_cut(values, (0, 3)), _days_months(values), "")
    ),
}
