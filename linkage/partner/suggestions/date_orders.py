"""In which order a column writes day, month and year: counted over its values, told to a person, never guessed row by row."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from linkage.partner.identifiers.dates import FIRST_YEAR, LAST_YEAR, MONTHS, ORDERS

CLOCK: Final = re.compile(r"[T ]+\d{1,2}:\d{2}.*$")
SPLIT: Final = re.compile(r"[\-/. ,]+")
ORDINAL: Final = re.compile(r"^(\d{1,2})(?:ST|ND|RD|TH)$")
JOINED: Final = re.compile(r"(?<=\d)(?=[A-Z]{3})|(?<=[A-Z]{3})(?=\d)")
# Spreadsheets count days from 1900: five digits from 1927 to beyond today.
DAY_COUNT: Final = re.compile(r"^\d{5}(?:\.\d+)?$")
# A leap year, so that the 29th of February of a year in two digits is a day.
SOME_YEAR: Final = 2000
TOLERATED: Final = 0.03
DECISIVE: Final = 5


@dataclass(frozen=True, slots=True)
class DateFinding:
    """How a column's values read as dates. `readable` counts them by order; `dates` are those readable in some order, `two_digit` those of
    them whose year has two digits. `day_counts` are whole numbers as spreadsheets count days: no dates yet."""

    values: int
    dates: int
    two_digit: int
    day_counts: int
    readable: Mapping[str, int]

    @property
    def possible(self) -> tuple[str, ...]:
        """The orders in which the column can be read: one that reads every date where no other does; else those that read nearly all."""
        if not self.dates:
            return ()
        whole = [o for o, n in self.readable.items() if n == self.dates]
        rest = [n for o, n in self.readable.items() if o not in whole]
        if len(whole) == 1 and all(self.dates - n >= min(DECISIVE, self.dates / 4) for n in rest):
            return (whole[0],)
        enough = (1 - TOLERATED) * self.dates
        return tuple(o for o, n in self.readable.items() if n >= enough)

    @property
    def order(self) -> str | None:
        """The one possible order, or None where there are several or none."""
        return self.possible[0] if len(self.possible) == 1 else None

    @property
    def share(self) -> float:
        """The share of values that are dates in some order."""
        return self.dates / self.values if self.values else 0.0


def look_at_dates(values: Iterable[str]) -> DateFinding:
    """How the values read as dates, each counted as often as it stands there."""
    readable: Counter[str] = Counter()
    total = dates = two = counts = 0
    for value, times in Counter(values).items():
        total += times
        found = orders_of(value)
        if found:
            dates += times
            readable.update(dict.fromkeys(found, times))
            two += times * all(short for short in found.values())
        elif DAY_COUNT.match(value.strip()):
            counts += times
    return DateFinding(total, dates, two, counts, {o: readable[o] for o in ORDERS})


def orders_of(text: str) -> dict[str, bool]:
    """The orders in which the text is a day that exists, and whether its year would then have two digits."""
    plain = CLOCK.sub("", text.strip().upper())
    out = {}
    for order in ORDERS:
        year, month, day = _parts(plain, order)
        if _exists(year, month, day):
            out[order] = len(year) == 2
    return out


def date_order(values: Iterable[str]) -> str | None:
    """The one order of day, month and year in which the values are dates, or None where it cannot be told."""
    return look_at_dates(values).order


def _parts(plain: str, order: str) -> tuple[str, str, str]:
    """Year, month and day as the order has them, all empty where there are not three."""
    parts = [p for p in SPLIT.split(plain) if p]
    if len(parts) == 1 and not plain.isdigit():
        parts = JOINED.split(plain)
    if len(parts) == 1 and parts[0].isdigit() and len(parts[0]) in (6, 8):
        long, whole = len(parts[0]) - 4, parts[0]
        cuts = (0, long, long + 2, long + 4) if order == "YMD" else (0, 2, 4, 4 + long)
        parts = [whole[a:b] for a, b in pairwise(cuts)]
    if len(parts) != 3:
        return "", "", ""
    year, month, day = (parts[i] for i in ORDERS[order])
    return year, str(MONTHS.get(month[:3], month)) if month.isalpha() else month, ORDINAL.sub(r"\1", day)


def _exists(year: str, month: str, day: str) -> bool:
    if not all(p.isascii() and p.isdigit() for p in (year, month, day)) or len(month) > 2 or len(day) > 2:
        return False
    if len(year) == 4 and FIRST_YEAR <= int(year) <= LAST_YEAR:
        whole = int(year)
    elif len(year) == 2:
        whole = SOME_YEAR
    else:
        return False
    try:
        date(whole, int(month), int(day))
    except ValueError:
        return False
    return True
