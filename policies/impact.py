"""What a change of a document does, as values: which requests are newly allowed or refused, and which conditions change for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from policies.space import Space


@dataclass(frozen=True, slots=True)
class Where:
    """Part of the space: any of these words together, for a use of `shortest` to `longest` days."""

    purposes: tuple[str, ...]
    forms: tuple[str, ...]
    roles: tuple[str, ...]
    areas: tuple[str, ...]
    kinds: tuple[str, ...]
    shortest: int
    longest: int


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets of attributes.

    With `any_of`: every set that is permitted there, by the version that permits more of them, and that holds at least one of these.
    Otherwise: every part of `together` that lies within none of `apart`; every part at all if `apart` is empty.
    """

    any_of: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    apart: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """Requests whose answer changes: these sets of attributes, asked for there."""

    where: Where
    sets: Sets


@dataclass(frozen=True, slots=True)
class Shifted:
    """A condition that changes for requests that stay allowed. `what` is a limit or a duty; a duty goes from 0 to 1 or back.

    `sets` is None where it changes for everything that stays allowed there.
    """

    where: Where
    what: str
    old: int
    new: int
    sets: Sets | None

    @property
    def stricter(self) -> bool:
        """Whether less can be seen, or more has to be done, than before."""
        return self.new > self.old


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two documents, and the day on which it was looked at."""

    version: int
    digest: str
    on: date
    in_force: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests there are: `all` that can be put together, and how many each version allows.

    A request counts once however long the use is, at its shortest. `single_*` counts requests for one attribute.
    """

    all: int
    before: int
    after: int
    gained: int
    lost: int
    single_all: int
    single_before: int
    single_after: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that changes from one document to another, in a fixed order."""

    old: Side
    new: Side
    space: Space
    newly_allowed: tuple[Moved, ...]
    newly_refused: tuple[Moved, ...]
    stricter: tuple[Shifted, ...]
    laxer: tuple[Shifted, ...]
    counts: Counts

    @property
    def widens(self) -> bool:
        """Whether anything at all is newly allowed, or allowed under laxer conditions."""
        return bool(self.newly_allowed or self.laxer)
