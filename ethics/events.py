"""Events: what happened, when, by whom, in which project, with details that cannot hold anything personal."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from ethics.errors import BadEvent
from ethics.kinds import FORM_OF, FORMS, KINDS, MAX_COUNT
from keys.identity import check_name

EVENT_FORMAT: Final = "linkage-event/v1"
INSTANT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
PROJECT: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log. It cannot be made with a kind, detail or value that `ethics.kinds` does not list.

    `at` is aware and stored in UTC; `by` is the identity name of whoever did it; `details` is read-only.

    Raises:
        BadEvent: something in it may not be logged.
    """

    kind: str
    at: datetime
    by: str
    project: str
    details: Mapping[str, str | int]

    def __post_init__(self) -> None:
        check_details(self.kind, self.details)
        if self.at.tzinfo is None:
            raise BadEvent(f"event {self.kind}: `at` has no time zone: give an aware time")
        if not PROJECT.fullmatch(self.project):
            raise BadEvent(f"event {self.kind}: the project name should be a-z, 0-9, '.', '-', at most 64")
        try:
            check_name(self.by)
        except ValueError as fault:
            raise BadEvent(f"event {self.kind}: `by` should be the name of an identity") from fault
        object.__setattr__(self, "at", self.at.astimezone(UTC))
        object.__setattr__(self, "details", MappingProxyType(dict(self.details)))

    @property
    def says(self) -> str:
        """The plain sentence of its kind."""
        return KINDS[self.kind].says

    def to_bytes(self) -> bytes:
        """The one byte string of this event: a line of JSON, keys sorted, no spaces, ASCII, without line end."""
        value = {
            "at": self.at.strftime(INSTANT),
            "by": self.by,
            "details": dict(self.details),
            "format": EVENT_FORMAT,
            "kind": self.kind,
            "project": self.project,
        }
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def check_details(kind: str, details: Mapping[str, str | int]) -> None:
    """Returns if the kind exists and has exactly such details.

    Raises:
        BadEvent: it does not. The message names the detail, never its value.
    """
    known = KINDS.get(kind)
    if known is None:
        raise BadEvent("an event of a kind that is not listed: add it to ethics.kinds.KINDS first")
    unknown = set(details) - known.needs - known.may
    if unknown:
        # A key could be text from a record too: only keys that are listed somewhere are repeated.
        named = ", ".join(sorted(unknown & set(FORM_OF))) or "one not listed in ethics.kinds.DETAILS"
        raise BadEvent(f"event {kind}: this kind carries no such detail: {named}")
    if missing := known.needs - set(details):
        raise BadEvent(f"event {kind}: these details are missing: {', '.join(sorted(missing))}")
    for name, value in details.items():
        _check_value(kind, name, value)


def _check_value(kind: str, name: str, value: object) -> None:
    form = FORM_OF[name]
    if form == "count":
        if type(value) is not int or not 0 <= value <= MAX_COUNT:
            raise BadEvent(f"event {kind}: {name} should be a whole number from 0 to 2**53 - 1")
        return
    pattern, says = FORMS[form]
    if type(value) is not str or not pattern.fullmatch(value):
        raise BadEvent(f"event {kind}: {name} should be {says}")


def read_event(entry: bytes) -> Event:
    """The event that `to_bytes` wrote, and no other spelling of it.

    Raises:
        BadEvent: the bytes are no event of this format, or not in canonical form.
    """
    try:
        value = json.loads(entry.decode("ascii"))
        event = Event(
            kind=value["kind"],
            at=datetime.fromisoformat(value["at"]),
            by=value["by"],
            project=value["project"],
            details=value["details"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise BadEvent(f"this is no {EVENT_FORMAT} entry: its bytes cannot be read as one") from fault
    if event.to_bytes() != entry:
        raise BadEvent(f"this {EVENT_FORMAT} entry is not in canonical form: it was written by something else")
    return event
