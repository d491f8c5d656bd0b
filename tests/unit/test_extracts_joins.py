"""Extracts laid beside each other: who looks alike in all of them."""

import pytest

from policies.disclosure import Unsafe
from policies.disclosure.extracts import Column, Joins, hierarchy_of, refuse_joined

PEOPLE = [f"person-{n:03d}" for n in range(80)]
HALVES = Joins(("age",), {p: n % 2 for n, p in enumerate(PEOPLE)})
QUARTERS = Joins(("area",), {p: n // 20 for n, p in enumerate(PEOPLE)})


def test_groups_that_stay_large_together_are_let_out():
    refuse_joined(QUARTERS, earlier={"release-1": HALVES}, k=10)
    refuse_joined(QUARTERS, earlier={}, k=1000)


def test_groups_that_get_small_together_are_refused_by_name_and_column():
    with pytest.raises(
        Unsafe, match=r"beside release-1 fewer than 11 of the people in both look alike by age, area"
    ):
        refuse_joined(QUARTERS, earlier={"release-1": HALVES}, k=11)


def test_other_people_do_not_count():
    others = Joins(("age",), {f"somebody-{n}": n for n in range(9)})
    refuse_joined(QUARTERS, earlier={"release-1": others}, k=20)


def test_a_few_people_in_both_are_few_however_alike_they_look():
    few = Joins(("area",), dict.fromkeys([*PEOPLE[:4], *(f"somebody-{n}" for n in range(60))], 0))
    with pytest.raises(Unsafe):
        refuse_joined(HALVES, earlier={"release-1": few}, k=10)


def test_several_earlier_extracts_count_together():
    thirds = Joins(("sex",), {p: n // 2 % 2 for n, p in enumerate(PEOPLE)})
    refuse_joined(QUARTERS, earlier={"release-1": HALVES}, k=10)
    refuse_joined(QUARTERS, earlier={"release-2": thirds}, k=10)
    with pytest.raises(Unsafe, match="release-1, release-2"):
        refuse_joined(QUARTERS, earlier={"release-1": HALVES, "release-2": thirds}, k=10)


def test_areas_become_the_areas_that_they_lie_in():
    column = Column(
        "area",
        "quasi-identifier",
        ("E1", "E2", "E3", "no record"),
        3,
        (("W1", "W1", "W2", "no record"), ("D", "D", "D", "no record")),
    )
    assert [level.labels for level in hierarchy_of(column).levels] == [
        ("E1", "E2", "E3", "no record"), ("W1", "W2", "no record"), ("D", "no record"), ("any",),
    ]  # fmt: skip
    assert hierarchy_of(column).levels[1].lost == pytest.approx((1 / 3, 1 / 3, 0, 0))
