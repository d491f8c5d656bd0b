"""Extracts laid beside each other: who looks alike in all of them."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.disclosure import Unsafe
from policies.disclosure.extracts import Column, Joins, hierarchy_of, refuse_joined
from policies.disclosure.extracts.taken_off import refuse_taken_off

PEOPLE = [f"person-{n:03d}" for n in range(80)]
HALVES = Joins(("age",), {p: n % 2 for n, p in enumerate(PEOPLE)})
QUARTERS = Joins(("area",), {p: n // 20 for n, p in enumerate(PEOPLE)})


def test_groups_that_stay_large_together_are_let_out():
    refuse_joined(QUARTERS, earlier={"release-1": HALVES}, k=10, l=1)
    refuse_joined(QUARTERS, earlier={}, k=1000, l=1)


def test_groups_that_get_small_together_are_refused_by_name_and_column():
    with pytest.raises(
        Unsafe, match=r"beside release-1 fewer than 11 of the people in both look alike by age, area"
    ):
        refuse_joined(QUARTERS, earlier={"release-1": HALVES}, k=11, l=1)


def test_other_people_do_not_count():
    others = Joins(("age",), {f"somebody-{n}": n for n in range(9)})
    refuse_joined(QUARTERS, earlier={"release-1": others}, k=20, l=1)


def test_a_few_people_in_both_are_few_however_alike_they_look():
    few = Joins(("area",), dict.fromkeys([*PEOPLE[:4], *(f"somebody-{n}" for n in range(60))], 0))
    with pytest.raises(Unsafe):
        refuse_joined(HALVES, earlier={"release-1": few}, k=10, l=1)


def test_several_earlier_extracts_count_together():
    thirds = Joins(("sex",), {p: n // 2 % 2 for n, p in enumerate(PEOPLE)})
    refuse_joined(QUARTERS, earlier={"release-1": HALVES}, k=10, l=1)
    refuse_joined(QUARTERS, earlier={"release-2": thirds}, k=10, l=1)
    with pytest.raises(Unsafe, match="release-1, release-2"):
        refuse_joined(QUARTERS, earlier={"release-1": HALVES, "release-2": thirds}, k=10, l=1)


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


def fined(*who):
    """Whether each of the eighty people was fined: `yes` for these, `no` for others."""
    return {"fined": {p: "yes" if n in who else "no" for n, p in enumerate(PEOPLE)}}


def test_groups_that_look_alike_and_have_different_values_are_let_out():
    values = fined(*range(0, 80, 3))
    one, two = replace(HALVES, values=values), replace(QUARTERS, values=values)
    refuse_joined(two, earlier={"release-1": one}, k=10, l=2)


def test_people_in_the_common_part_of_two_groups_who_all_have_the_same_value_are_refused():
    """In either extract some of each group were fined; of the even ones of the first twenty nobody was."""
    values = fined(*range(1, 20, 2), *range(20, 80, 3))
    for group, own in ((HALVES, QUARTERS), (QUARTERS, HALVES)):
        one, two = replace(group, values=values), own
        for number in set(one.group_of.values()):
            assert len({values["fined"][p] for p in PEOPLE if one.group_of[p] == number}) == 2
        with pytest.raises(
            Unsafe,
            match="beside release-1 people in both who look alike have fewer than 2 different values of fined",
        ):
            refuse_joined(two, earlier={"release-1": one}, k=10, l=2)
        with pytest.raises(Unsafe, match="fewer than 2 different values of fined"):
            refuse_joined(one, earlier={"release-1": two}, k=10, l=2)
        refuse_joined(two, earlier={"release-1": one}, k=10, l=1)


def test_a_value_that_only_one_of_two_groups_has_is_nobodys_who_is_in_both():
    """Values changed in between: a and b in the first, b and c in the second, so that who is in both has b."""
    first = Joins(("age",), dict.fromkeys(PEOPLE, 0), {"found": {p: "ab"[n % 2] for n, p in enumerate(PEOPLE)}})
    second = Joins(
        ("age",), dict.fromkeys(PEOPLE, 0), {"found": {p: "bc"[n % 2] for n, p in enumerate(PEOPLE)}}
    )
    with pytest.raises(Unsafe, match="different values of found"):
        refuse_joined(second, earlier={"release-1": first}, k=10, l=2)
    refuse_joined(first, earlier={"release-1": first}, k=10, l=2)


def test_an_extract_that_was_kept_without_its_values_stops_another_one_on_the_same_people():
    with pytest.raises(Unsafe, match="it was not kept which sensitive values"):
        refuse_joined(QUARTERS, earlier={"release-1": replace(HALVES, values=None)}, k=10, l=2)
    refuse_joined(QUARTERS, earlier={"release-1": replace(HALVES, values=None)}, k=10, l=1)


def test_a_group_that_a_group_of_another_extract_can_be_taken_off_is_refused():
    """The second has the people of the first, one more in the first group and twenty in the other: of that one person alone the value would be left."""
    newcomers = [f"newcomer-{n:02d}" for n in range(21)]
    groups = {p: 0 if n < 10 else 1 for n, p in enumerate(PEOPLE[:20])}
    more = groups | {newcomers[0]: 0} | dict.fromkeys(newcomers[1:], 1)
    found = {p: ("no", "yes")[n % 2] for n, p in enumerate(more)}
    first = Joins(("age",), groups, {"fined": {p: found[p] for p in groups}})
    second = Joins(("age",), more, {"fined": found})
    for new, before in ((second, first), (first, second)):
        with pytest.raises(Unsafe, match="taken off each other group by group, this extract and release-1"):
            refuse_joined(new, earlier={"release-1": before}, k=10, l=1)
    apart = replace(second, values={"arrested": found})
    refuse_joined(apart, earlier={"release-1": first}, k=10, l=1)
    refuse_joined(second, earlier={"release-1": second}, k=10, l=2)


def test_many_who_are_left_and_all_have_one_value_are_refused():
    groups = dict.fromkeys(PEOPLE, 0)
    values = {p: "no" if n >= 40 else ("no", "yes")[n % 2] for n, p in enumerate(PEOPLE)}
    first = Joins(("age",), dict.fromkeys(PEOPLE[:40], 0), {"fined": {p: values[p] for p in PEOPLE[:40]}})
    second = Joins(("age",), groups, {"fined": values})
    refuse_joined(second, earlier={"release-1": first}, k=10, l=1)
    with pytest.raises(Unsafe, match="fewer than 2 different values, and both tell fined"):
        refuse_joined(second, earlier={"release-1": first}, k=10, l=2)


def telling(*groups, found=None):
    """An extract with these groups of the eighty people, given as ranges, of whom every second was fined if nothing else is said."""
    group_of = {PEOPLE[n]: number for number, group in enumerate(groups) for n in group}
    every = {p: ("no", "yes")[n % 2] for n, p in enumerate(PEOPLE)} | (found or {})
    return Joins(("age",), group_of, {"fined": {p: every[p] for p in group_of}})


def test_groups_of_two_earlier_extracts_taken_off_one_are_refused_by_both_names():
    """Neither of the two alone leaves a few of the forty; together they leave three."""
    new, first, second = telling(range(40)), telling(range(20)), telling(range(20, 37))
    elsewhere = {
        "release-0": telling(range(50, 80)),
        "release-3": replace(first, values={"arrested": first.values["fined"]}),
    }
    refuse_joined(new, earlier={"release-1": first, **elsewhere}, k=10, l=2)
    refuse_joined(new, earlier={"release-2": second, **elsewhere}, k=10, l=2)
    with pytest.raises(Unsafe, match=r"this extract and release-1, release-2 may leave .* and all tell fined"):
        refuse_joined(new, earlier={"release-1": first, "release-2": second, **elsewhere}, k=10, l=2)


def test_an_extract_that_shares_nobody_counts_where_another_one_connects_them():
    """Of the forty in the middle, twenty are in the new one and seventeen in an earlier one on other people: three are left."""
    new, middle, apart = telling(range(20)), telling(range(40)), telling(range(20, 37))
    refuse_joined(new, earlier={"release-1": middle}, k=10, l=2)
    refuse_joined(new, earlier={"release-2": apart}, k=10, l=2)
    with pytest.raises(Unsafe, match="release-1, release-2"):
        refuse_joined(new, earlier={"release-1": middle, "release-2": apart}, k=10, l=2)


def test_rows_left_out_of_one_of_two_extracts_are_refused_though_no_group_lies_in_another():
    """Odd and even in the one, first and second forty in the other: of the same people, but for three of whom the second shows none."""
    halves = telling(
        range(0, 80, 2), range(1, 80, 2), found={p: "ny"[n // 2 % 2] for n, p in enumerate(PEOPLE)}
    )
    blocks = telling(range(40), range(40, 77), found=halves.values["fined"])
    with pytest.raises(Unsafe, match="taken off each other"):
        refuse_joined(blocks, earlier={"release-1": halves}, k=10, l=2)
    refuse_joined(
        telling(range(40), range(40, 80), found=halves.values["fined"]),
        earlier={"release-1": halves},
        k=10,
        l=2,
    )
    others = telling(range(3, 80, 2), range(2, 80, 2), found=halves.values["fined"])  # of each some are missing
    refuse_joined(blocks, earlier={"release-1": others}, k=10, l=2)


def test_where_two_tell_different_values_either_may_have_been_true_all_along():
    """The twenty who are left have one value as the first extract told it, and two as the second would."""
    changed = dict.fromkeys(PEOPLE[20:40], "no")
    new, first, second = telling(range(20)), telling(range(40), found=changed), telling(range(20, 40))
    refuse_joined(new, earlier={"release-2": second}, k=10, l=2)
    refuse_joined(new, earlier={"release-1": telling(range(40)), "release-2": second}, k=10, l=2)
    with pytest.raises(Unsafe, match="taken off each other"):
        refuse_joined(new, earlier={"release-1": first, "release-2": second}, k=10, l=2)


def test_what_an_earlier_extract_under_laxer_rules_told_by_itself_does_not_stop_a_new_one():
    """Of its second group, of whom the new one has nobody, all had the same value."""
    lax = telling(range(40), range(40, 80), found=dict.fromkeys(PEOPLE[40:], "no"))
    refuse_joined(telling(range(40)), earlier={"release-1": lax}, k=10, l=2)
    with pytest.raises(Unsafe):
        refuse_joined(telling(range(40), range(40, 60)), earlier={"release-1": lax}, k=10, l=2)


def test_six_extracts_on_halves_of_the_same_people_are_settled():
    """A person here is one of two or three who are in the same of them, and no reader can tell."""
    random = np.random.default_rng(1)
    people = [f"person-{n:04d}" for n in range(600)]
    group, value = random.integers(0, 3, 600), random.integers(0, 4, 600)
    every = []
    for _ in range(6):
        some = np.flatnonzero(random.random(600) < 0.5)
        group_of = {people[n]: int(group[n]) for n in some}
        every.append(Joins(("age",), group_of, {"fined": {people[n]: str(value[n]) for n in some}}))
    refuse_taken_off(every[0], earlier={f"release-{n}": one for n, one in enumerate(every[1:])}, k=10, l=2)


GROUPS = st.lists(st.integers(0, 2), min_size=12, max_size=12)
VALUES = st.lists(st.sampled_from("xyz"), min_size=12, max_size=12)


def made(groups, first, values):
    """An extract of nine of twelve people, from the `first` on."""
    people = PEOPLE[first : first + 9]
    group_of = {p: groups[n] for n, p in enumerate(people)}
    return Joins(("age",), group_of, {"found": {p: values[n] for n, p in enumerate(people)}})


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(GROUPS, st.integers(0, 3), VALUES), min_size=2, max_size=3),
    st.integers(1, 3),
    st.integers(1, 2),
)
def test_what_is_refused_is_what_counting_person_by_person_says(extracts, k, l):  # noqa: E741
    new, *earlier = [made(*one) for one in extracts]
    refused = False
    for count in range(1, len(earlier) + 1):
        for chosen in combinations(earlier, count):
            every = (new, *chosen)
            both = [p for p in PEOPLE if all(p in one.group_of for one in every)]
            for person in both:
                alike = [p for p in both if all(one.group_of[p] == one.group_of[person] for one in every)]
                refused |= len(alike) < k
                refused |= any(len({one.values["found"][p] for p in alike}) < l for one in every)
                seen = [
                    {one.values["found"][p] for p in one.group_of if one.group_of[p] == one.group_of[person]}
                    for one in every
                ]
                refused |= len(set.intersection(*seen)) < l and l > 1
    known = {f"release-{n}": one for n, one in enumerate(earlier)}
    try:  # which has a test of its own in tests/property
        refuse_taken_off(new, earlier=known, k=k, l=l)
    except Unsafe:
        refused = True
    if refused:
        with pytest.raises(Unsafe):
            refuse_joined(new, earlier=known, k=k, l=l)
    else:
        refuse_joined(new, earlier=known, k=k, l=l)
