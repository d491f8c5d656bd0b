"""Groups of several extracts taken off each other, against two counts by hand: every sum and difference of groups, and every arrangement of people."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.disclosure import Unsafe
from policies.disclosure.extracts import Joins
from policies.disclosure.extracts.taken_off import refuse_taken_off

MOST_GROUPS = 8
MOST_UNKNOWN = 9


@st.composite
def extracts(draw):
    """Two to four extracts on a few people in a few parts, so that groups of one often are sums of groups of others."""
    count = draw(st.integers(2, 4))
    parts = draw(st.lists(st.tuples(*[st.integers(-1, 1)] * count), min_size=1, max_size=4, unique=True))
    parts = [one for one in parts if max(one) >= 0] or [(0,) * count]
    people = {}
    for number, part in enumerate(parts):
        for n, value in enumerate(draw(st.lists(st.sampled_from("xyz"), min_size=1, max_size=3))):
            people[f"person-{number}-{n}"] = part, value
    made = []
    for n in range(count):
        group_of = {p: part[n] for p, (part, _) in people.items() if part[n] >= 0}
        made.append(Joins(("age",), group_of, {"found": {p: people[p][1] for p in group_of}}))
    return people, made


def refused(made, k, l):  # noqa: E741
    new, *others = made
    try:
        refuse_taken_off(new, earlier={f"release-{n}": one for n, one in enumerate(others)}, k=k, l=l)
    except Unsafe:
        return True
    return False


def connected(made):
    """The extracts that are connected with the first by people."""
    found, left = [made[0]], made[1:]
    while near := [one for one in left if any(one.group_of.keys() & other.group_of.keys() for other in found)]:
        found, left = found + near, [one for one in left if one not in near]
    return found


def groups(every):
    return [
        frozenset(p for p in one.group_of if one.group_of[p] == number)
        for one in every
        for number in sorted(set(one.group_of.values()))
    ]


def told_before(people, every, k, l):  # noqa: E741
    """Whoever is not in the new extract, and in a group of an earlier one that is small or alike itself."""
    bare = [g for g in groups(every[1:]) if len(g) < k or len({people[p][1] for p in g}) < l]
    return frozenset().union(*bare) - every[0].group_of.keys()


@settings(max_examples=120, deadline=None)
@given(extracts(), st.integers(1, 4), st.integers(1, 3))
def test_whoever_is_left_when_groups_are_added_and_taken_off_is_refused(given_, k, l):  # noqa: E741
    people, made = given_
    its = groups(connected(made))
    if len(connected(made)) < 2 or len(its) > MOST_GROUPS:
        return
    for signs in product((-1, 0, 1), repeat=len(its)):
        left = Counter()
        for sign, group in zip(signs, its, strict=True):
            for person in group if sign else ():
                left[person] += sign
        if set(left.values()) <= {0, 1} and (who := [p for p, n in left.items() if n]):
            values = {people[p][1] for p in who}
            before = told_before(people, connected(made), k, l)
            if (len(who) < k or len(values) < l) and not before.issuperset(who):
                assert refused(made, k, l)
                return


@settings(max_examples=120, deadline=None)
@given(extracts(), st.integers(1, 4), st.integers(1, 3))
def test_it_is_refused_exactly_if_no_arrangement_of_people_makes_a_part_large_and_different(given_, k, l):  # noqa: E741
    people, made = given_
    every = connected(made)
    inside = [p for p in people if any(p in one.group_of for one in every)]
    part_of = {p: tuple(one.group_of.get(p) for one in every) for p in inside}
    parts = sorted(set(part_of.values()), key=str)
    if len(every) < 2 or 3 * len(parts) > MOST_UNKNOWN:
        return
    sums = Counter()
    for p in inside:
        sums.update((n, group, people[p][1]) for n, group in enumerate(part_of[p]) if group is not None)
    most, seen = dict.fromkeys(parts, 0), {part: set() for part in parts}
    for counts in arrangements(parts, sums):
        for part in parts:
            here = {v: counts[part, v] for v in "xyz"}
            most[part] = max(most[part], sum(here.values()))
            seen[part] |= {v for v, n in here.items() if n}
    before = told_before(people, every, k, l)
    looked = {part_of[p] for p in inside if p not in before}
    assert refused(made, k, l) == any(most[part] < k or len(seen[part]) < l for part in looked)


def arrangements(parts, sums):
    """All ways in which so many people of each part can have each value that every group comes out."""
    cells = [(part, value) for part in parts for value in "xyz"]

    def fill(at, left, chosen):
        if at == len(cells):
            if not any(left.values()):
                yield dict(chosen)
            return
        part, value = cells[at]
        lines = [(n, group, value) for n, group in enumerate(part) if group is not None]
        for number in range(min(left[line] for line in lines) + 1):
            yield from fill(
                at + 1,
                left - Counter(dict.fromkeys(lines, number)) if number else left,
                [*chosen, ((part, value), number)],
            )

    return fill(0, sums, [])


def test_the_counts_by_hand_find_what_they_are_meant_to():
    """One person is left when two groups are taken off a third; two who are left have the same value."""
    found = dict(zip("abcdefg", "xyxyxyz", strict=True))
    whole, first, rest = "abcdefg", "abc", "defg"

    def of(groups):
        return Joins(
            ("age",),
            {p: n for n, group in enumerate(groups) for p in group},
            {"found": {p: found[p] for group in groups for p in group}},
        )

    assert not refused([of([whole]), of([first, rest])], 3, 2)
    assert refused([of([whole]), of([first]), of(["def"])], 2, 1)
    assert refused([of([whole]), of([first]), of(["deg"])], 2, 1)
    assert not refused([of([whole]), of([first]), of(["de", "fg"])], 2, 2)
    with pytest.raises(
        Unsafe, match=r"this extract and release-0, release-1 may leave a few people.* and all tell found"
    ):
        refuse_taken_off(
            of([whole]),
            earlier={"release-0": of([first]), "release-1": of(["def"]), "release-2": of([whole])},
            k=2,
            l=1,
        )
