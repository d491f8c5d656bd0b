"""The one place where the commands read the time."""

from datetime import UTC, datetime

from service.texts import read_time


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def named(at: str | None) -> datetime:
    """The time that `--at` names, or this moment.

    Raises:
        BadInput: it names none, or one without its offset from UTC.
    """
    return now() if at is None else read_time(at, option="--at")
