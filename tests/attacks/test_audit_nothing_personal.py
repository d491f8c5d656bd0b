"""Nothing about a person can stand in the log: no kind of event has room for it, none is there after a whole demonstration, not even as a hash."""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest

from ethics.errors import BadEvent
from ethics.events import Event
from ethics.kinds import FORM_OF, FORMS, KINDS
from ethics.tiles import unframed
from policies.disclosure import commit_population
from service.demonstration.cast import NOW

PERSONAL: Final = {
    "a full name": "Mary Okafor",
    "a name of other letters": "Zoë",
    "a name with an apostrophe": "O'Brien",
    "an NHS number": "9434765919",
    "an NHS number as printed": "943 476 5919",
    "a telephone number": "+447700900123",
    "a national insurance number as printed": "QQ 12 34 56 C",
    "an address": "12 Mill Lane",
    "a day of birth as people write it": "14/03/1987",
    "a sentence": "The suspect, her brother, was seen.",
    "a line break": "request-1\nMary",
    "a number": 9434765919.5,
    "a list": ["Mary"],
    "nothing": None,
    "a flag": True,
}
GOOD: Final = {
    "id": "a-1",
    "ids": "a-1,b-2",
    "code": "a-word",
    "codes": "a-word",
    "digest": "0" * 64,
    "day": "2026-11-02",
    "count": 1,
}
CASES: Final = [(kind, name) for kind, one in KINDS.items() for name in sorted(one.needs | one.may)]


def event(kind: str, **changes: Any) -> Event:
    details = {name: GOOD[FORM_OF[name]] for name in KINDS[kind].needs} | changes
    return Event(kind, datetime(2026, 11, 2, tzinfo=UTC), "centre/desk", "demo", details)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_no_detail_of_any_kind_of_event_takes_anything_personal(kind: str, name: str) -> None:
    event(kind, **{name: GOOD[FORM_OF[name]]})
    for what, value in PERSONAL.items():
        with pytest.raises(BadEvent) as refused:
            event(kind, **{name: value})
        assert len(str(value)) < 6 or str(value) not in str(refused.value), what


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_event_takes_a_detail_more(kind: str) -> None:
    for extra in ("name", "note", "Mary Okafor", *sorted(set(FORM_OF) - KINDS[kind].needs - KINDS[kind].may)):
        with pytest.raises(BadEvent):
            event(kind, **{extra: GOOD[FORM_OF.get(extra, "id")]})


@pytest.mark.parametrize("value", ["Mary Okafor", "mary@example.org", "9434765919 ", "Mary", "", "a" * 65])
def test_neither_who_did_it_nor_the_project_takes_a_persons_name(value: str) -> None:
    for by, project in ((value, "demo"), ("centre/desk", value)):
        with pytest.raises(BadEvent):
            Event("secret-rotated", NOW, by, project, {"epoch": 1})


def test_there_is_no_form_of_detail_for_text() -> None:
    assert set(GOOD) == {*FORMS, "count"}
    for pattern, _ in FORMS.values():
        assert not re.compile(pattern).fullmatch("two words")


@pytest.fixture(scope="module")
def known(demo: Any) -> frozenset[str]:
    """Every value of every identifier and record of every agency, as it stands in its file."""
    values: set[str] = set()
    for home in sorted((demo.places.root / "agencies").iterdir()):
        frame = pd.read_csv(home / "export.csv", dtype=str, keep_default_na=False)
        values |= {one for column in frame for one in frame[column].unique() if len(one) >= 4}
    assert len(values) > 5000
    return frozenset(values)


def entries(demo: Any) -> list[bytes]:
    folder = Path(demo.places.public / "audit" / "tile" / "entries")
    found = [one for path in sorted(folder.rglob("*")) if path.is_file() for one in unframed(path.read_bytes())]
    assert len(found) == demo.story.events
    return found


def test_no_value_of_any_agency_stands_in_the_log_of_the_demonstration(
    demo: Any, known: frozenset[str]
) -> None:
    words = {word for entry in entries(demo) for word in re.findall(r'"([^"]*)"', entry.decode())}
    words |= {part for word in words for part in re.split(r"[,/]", word)}
    # Values of attributes such as `yes` are words; those of identifiers are what tells people apart.
    assert {one for one in known if one in words} == set()


def test_no_hash_in_the_log_is_one_of_a_value_that_anybody_could_guess(
    demo: Any, known: frozenset[str]
) -> None:
    digests = {one for entry in entries(demo) for one in re.findall(r"[0-9a-f]{64}", entry.decode())}
    assert len(digests) > 20
    guessed: set[str] = set()
    for value in known:
        for spelling in {value, value.upper(), value.lower(), value.replace(" ", "")}:
            guessed.add(hashlib.sha256(spelling.encode()).hexdigest())
            guessed.add(hashlib.sha256(f"{spelling}\n".encode()).hexdigest())
    assert digests & guessed == set()


def test_what_is_said_of_a_set_of_people_is_salted_so_that_the_salt_can_be_destroyed() -> None:
    people = [f"person-{n}" for n in range(3)]
    one, other = (commit_population(people, salt=salt * 32) for salt in (b"a", b"b"))
    assert one != other
    assert hashlib.sha256("\n".join(people).encode()).hexdigest() not in one
