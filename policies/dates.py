"""The calendar day of a moment, the same wherever it is asked."""

from __future__ import annotations

from datetime import UTC, date, datetime


def day_of(now: datetime) -> date:
    """The day in UTC on which a moment falls.

    Raises:
        ValueError: the moment does not say its time zone, so its day is not known.
    """
    if now.tzinfo is None:
        raise ValueError("a moment needs a time zone: use datetime.now(UTC)")
    return now.astimezone(UTC).date()
