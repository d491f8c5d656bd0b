"""A derived attribute is counted by its rule, from columns that the custodian opens, and not beside what it is made of."""

import csv
from typing import Any

import pytest

from policies.disclosure import Unsafe
from service.demonstration.cast import ANALYST
from service.release import open_release, release

MADE = "derived.violence_any_source"
ASKED: dict[str, Any] = {"attributes": {MADE: "who was harmed"}, "group_by": [MADE]}
SOURCE: dict[str, Any] = {
    "attributes": {"police.victim_violence": "a sign"},
    "group_by": ["police.victim_violence"],
}


def table(office: Any, request_id: str) -> list[list[str]]:
    made = release(request_id, by=office.analyst.public, desk=office.desk)
    opened = open_release(made.files, release_id=made.id, one=office.desk.one, by=office.cast.people[ANALYST])
    return list(csv.reader(opened["table.csv"].decode().splitlines()))


def test_a_derived_attribute_is_counted_by_its_rule(office: Any) -> None:
    heading, *rows = table(office, office.asked("request-8", **ASKED))
    assert heading == [MADE, "count"]
    assert [row[0] for row in rows[:3]] == ["no", "yes", "no record"]
    shown = dict(rows)
    assert int(shown["no"]) > 0
    assert shown["All"] not in ("[c]", "0")


def test_it_is_not_released_beside_what_it_is_made_of(office: Any) -> None:
    table(office, office.asked("request-7", **SOURCE))
    later = office.asked("request-8", **ASKED)
    with pytest.raises(Unsafe, match=f"{MADE} and police.victim_violence are made of the same records"):
        release(later, by=office.analyst.public, desk=office.desk)
    both = {
        "attributes": {**ASKED["attributes"], **SOURCE["attributes"]},
        "group_by": [MADE, "police.victim_violence"],
    }
    with pytest.raises(Unsafe, match="made of the same records"):
        release(office.asked("request-9", **both), by=office.analyst.public, desk=office.desk)
