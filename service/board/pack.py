"""The board pack: two pages that a lay member can read before a vote, made from the draft, its exact preview, and the published log.

The page refers to nothing outside itself and holds no script. Its SHA-256 is what members sign.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from ethics.board import Constitution
from ethics.case import BoardCase
from ethics.events import Event
from ethics.framework import Framework
from ethics.principles import numbers_of
from ethics.roles import log_keys
from ethics.verify import verify_directory
from keys import TrustRegister
from policies.document import Policy
from policies.explain_change import explain_preview
from policies.facts import Facts
from policies.impact import Preview
from policies.wording import day_in_words

SECTIONS: Final = (
    "Newly allowed",
    "Newly refused",
    "Stricter, for what stays allowed",
    "Laxer, for what stays allowed",
)
MOST_PLACES: Final = 10
COUNTED: Final = {"request-allowed": "allowed", "release-made": "released", "release-refused": "stopped"}
PAGES: Final = Environment(
    loader=PackageLoader("service", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since a day: how many requests were allowed, releases made and stopped, and how many requests were refused for each reason."""

    day: date
    events: int
    allowed: int
    released: int
    stopped: int
    refused: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Papers:
    """All that the page says. `before` is the version in force, None if there is none; `since` None if the log was not looked at."""

    project: str
    policy: Policy
    before: Policy | None
    case: BoardCase
    proposer: str
    preview: Preview
    preview_digest: str
    facts: Facts
    constitution: Constitution
    framework: Framework
    made: date
    until: date
    since: Since | None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changes, and the places where it does."""

    what: str
    where: tuple[str, ...]


def since_of(events: Iterable[Event], *, day: date) -> Since:
    """The counts of what the log says of that day and after it."""
    late = [one for one in events if one.at.date() >= day]
    kinds = Counter(one.kind for one in late)
    reasons = Counter(
        code
        for one in late
        if one.kind == "request-refused"
        for code in set(str(one.details["reasons"]).split(","))
    )
    listed = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    counts = {name: kinds[kind] for kind, name in COUNTED.items()}
    return Since(
        day, len(late), refused=tuple((code.replace("-", " "), count) for code, count in listed), **counts
    )


def events_in(directory: Path, *, trust: TrustRegister, at: datetime) -> tuple[Event, ...]:
    """The events of a published log that holds.

    Raises:
        NotVerified: it does not.
        NotTrusted: the register names no log, or several.
    """
    keys = log_keys(trust, at=at)
    return verify_directory(directory, log=keys.log, witnesses=keys.witnesses).events


def changes_in(preview: Preview, *, papers: Papers) -> dict[str, tuple[Change, ...]]:
    """The preview's sentences by section, each with its places."""
    found: dict[str, list[Change]] = {name: [] for name in SECTIONS}
    section = ""
    for line in explain_preview(preview, catalogue=papers.facts.catalogue):
        if not line.startswith((" ", "-")):
            section = line.partition(":")[0]
        elif section in found and line.startswith("- "):
            found[section].append(Change(line.removeprefix("- "), ()))
        elif section in found:
            last = found[section].pop()
            found[section].append(Change(last.what, (*last.where, line.removeprefix("  - "))))
    return {name: tuple(listed) for name, listed in found.items()}


def page(papers: Papers) -> str:
    """The pack as one HTML page; the same papers give the same bytes."""
    return PAGES.get_template("board_pack.html").render(
        papers=papers,
        changes=changes_in(papers.preview, papers=papers),
        most=MOST_PLACES,
        clauses=[
            (one, _dpia(one.id, papers), " ".join(numbers_of(one.principles, framework=papers.framework)))
            for one in papers.policy.clauses
        ],
        day=day_in_words,
    )


def _dpia(clause: str, papers: Papers) -> str:
    until = papers.facts.dpia.get(clause)
    if until is None:
        return "not on record"
    return f"{'current until' if until >= papers.made else 'lapsed on'} {day_in_words(until)}"


def today(now: datetime) -> date:
    """The day of a moment, in UTC."""
    return now.astimezone(UTC).date()
