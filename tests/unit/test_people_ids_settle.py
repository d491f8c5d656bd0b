"""Who keeps which person id when groups change: most records first, then the older id; nothing else is told than what happened."""

from typing import Any

import numpy as np
import pytest

from linkage.central.assembly.history import Event, events_of, of_person
from linkage.central.assembly.identities import NOBODY, Change, People, Settled, id_rows, settle


def ids(*made: int) -> People:
    return People(
        id_rows(b"".join(n.to_bytes(12, "big") for n in range(len(made)))), np.array(made, dtype=np.int64)
    )


def settled(former: list[int], group: list[int], people: People) -> Settled:
    return settle(np.array(former), np.array(group), groups=max(group) + 1, people=people)


def changes(one: Settled, *, new: int, left: tuple[int, ...] = ()) -> list[Change]:
    person = one.person.copy()
    person[person == NOBODY] = np.arange(new, new + (person == NOBODY).sum())
    return sorted(one.changes(person, left=np.array(left, dtype=np.int64)), key=repr)


def test_a_person_who_gains_and_loses_records_keeps_the_id_and_nothing_is_told() -> None:
    one = settled([0, 0, NOBODY], [0, 0, 0], ids(0))
    assert one.person.tolist() == [0]
    assert changes(one, new=1, left=(0,)) == []


def test_of_people_who_become_one_the_id_with_most_records_stays() -> None:
    one = settled([0, 1, 1], [0, 0, 0], ids(0, 3))
    assert one.person.tolist() == [1]
    assert changes(one, new=2) == [Change("merged", 0, 1, 1)]


@pytest.mark.parametrize(("made", "stays"), [((2, 1), 1), ((1, 2), 0), ((1, 1), 0)])
def test_of_people_with_as_many_records_the_older_id_stays_and_then_the_lower(made: tuple[int, int], stays: int) -> None:  # fmt: skip
    assert settled([0, 1], [0, 0], ids(*made)).person.tolist() == [stays]


def test_of_the_parts_of_a_person_the_one_with_most_records_keeps_the_id_and_then_the_first() -> None:
    one = settled([0, 0, 0], [0, 1, 1], ids(0))
    assert one.person.tolist() == [NOBODY, 0]
    assert changes(one, new=5) == [Change("split", 0, 5, 1)]
    assert settled([0, 0], [0, 1], ids(0)).person.tolist() == [0, NOBODY]


def test_a_record_that_goes_over_to_another_person_is_told_as_moved() -> None:
    one = settled([0, 0, 0, 1, 1], [0, 0, 1, 1, 1], ids(0, 0))
    assert one.person.tolist() == [0, 1]
    assert changes(one, new=2) == [Change("moved", 0, 1, 1)]


def test_an_id_whose_strongest_claim_is_taken_may_keep_a_weaker_one() -> None:
    one = settled([0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 0, 0, 0, 2], ids(0, 0))
    assert one.person.tolist() == [1, 0, NOBODY]
    assert changes(one, new=9) == [Change("moved", 0, 1, 2), Change("split", 1, 9, 1)]


def test_a_person_without_any_record_left_has_ended() -> None:
    one = settled([0], [0], ids(0, 0))
    assert changes(one, new=2, left=(1, 1, 0)) == [Change("ended", 1, NOBODY, 2)]


def test_the_history_of_a_person_follows_the_ids_that_it_came_from_and_became() -> None:
    people = ids(0, 0, 0, 1, 2)
    first = events_of(
        [Change("merged", 1, 0, 2), Change("ended", 2, NOBODY, 1)], people=people, number=1, at="monday"
    )
    second = events_of([Change("split", 0, 3, 1)], people=people, number=2, at="tuesday")
    names = [people.named(n) for n in range(5)]
    told: Any = of_person((*first, *second), person=names[3])
    assert [(e.kind, e.before, e.after, e.records, e.at) for e in told] == [
        ("merged", names[1], names[0], 2, "monday"),
        ("split", names[0], names[3], 1, "tuesday"),
    ]
    assert of_person((*first, *second), person=names[2]) == (Event(1, "monday", "ended", names[2], "", 1),)
    assert of_person((*first, *second), person=names[4]) == ()
