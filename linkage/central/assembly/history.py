"""What became of people from one assembly to the next: who was merged into whom, who was parted, in ids and counts alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from linkage.central.assembly.identities import NOBODY, Change, People

EVENTS: Final = {
    "number": pa.int32(),
    "at": pa.string(),
    "kind": pa.string(),
    "before": pa.string(),
    "after": pa.string(),
    "records": pa.int32(),
}


@dataclass(frozen=True, slots=True)
class Event:
    """In the assembly of this number, at this time (ISO 8601), so many records of the person `before` became those of the person `after`; of a person who
    `ended`, there is nobody after. Kinds: `identities.Change`."""

    number: int
    at: str
    kind: str
    before: str
    after: str
    records: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in EVENTS}


def events_of(changes: Iterable[Change], *, people: People, number: int, at: str) -> tuple[Event, ...]:
    """The changes with the ids of the people."""

    def name(person: int) -> str:
        return "" if person == NOBODY else people.named(person)

    return tuple(
        Event(number, at, c.kind, name(c.before), name(c.after), c.records)
        for c in sorted(changes, key=lambda c: (c.kind, name(c.before), name(c.after)))
    )


def of_person(events: Sequence[Event], *, person: str) -> tuple[Event, ...]:
    """The events that concern a person, and those of the people that it came from or became, in order."""
    concerned, size = {person}, 0
    while size != len(concerned):
        size = len(concerned)
        for event in events:
            if concerned & {event.before, event.after}:
                concerned |= {event.before, event.after} - {""}
    return tuple(e for e in events if concerned & {e.before, e.after})
