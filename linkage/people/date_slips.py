"""The slips that happen to dates of birth; every result is a date that a form would accept."""

import datetime
from typing import Final

import numpy as np

from .arrays import Days, Flags, Ints
from .households import OLDEST, STUDY_DATE

_LATEST: Final = STUDY_DATE.astype(object)
_EARLIEST: Final = _LATEST.replace(year=_LATEST.year - OLDEST - 5)


def day_and_month(born: Days) -> tuple[Ints, Ints]:
    """Day 1-31 and month 1-12 of each date."""
    month = born.astype("M8[M]")
    day = (born - month.astype("M8[D]")).astype(np.int64) + 1
    return day, (month - born.astype("M8[Y]").astype("M8[M]")).astype(np.int64) + 1


def can_swap(born: Days) -> Flags:
    """Whether day and month can be exchanged and give another date."""
    day, month = day_and_month(born)
    return np.asarray((day <= 12) & (day != month), dtype=np.bool_)


def swapped(born: Days) -> Days:
    """Day and month exchanged; all the dates must pass ``can_swap``. Never after the study date."""
    day, month = day_and_month(born)
    year = born.astype("M8[Y]").astype("M8[M]")
    exchanged = (year + (day - 1).astype("m8[M]")).astype("M8[D]") + (month - 1).astype("m8[D]")
    return np.where(exchanged <= STUDY_DATE, exchanged, born)


def first_of_january(born: Days) -> Days:
    """The first day of the year, which stands for a day that nobody knew."""
    return born.astype("M8[Y]").astype("M8[D]")


def year_off(born: Days, *, number: Ints) -> Days:
    """The same day ``number`` years later, or the last day of that month; never after the study date."""
    day, _ = day_and_month(born)
    month = born.astype("M8[M]") + number.astype("m8[Y]")
    last = ((month + np.timedelta64(1, "M")).astype("M8[D]") - month.astype("M8[D]")).astype(np.int64)
    moved = month.astype("M8[D]") + (np.minimum(day, last) - 1).astype("m8[D]")
    return np.where(moved <= STUDY_DATE, moved, born)


def wrong_digit(born: datetime.date, *, choice: float) -> datetime.date:
    """One digit of the written date is another; ``choice`` in [0, 1) picks among all the dates possible so."""
    written = born.isoformat()
    possible = []
    for at, right in enumerate(written):
        if right != "-":
            for digit in "0123456789":
                date = _date(written[:at] + digit + written[at + 1 :])
                if digit != right and date is not None and _EARLIEST <= date <= _LATEST:
                    possible.append(date)
    return possible[int(choice * len(possible))]


def _date(written: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(written)
    except ValueError:
        return None
