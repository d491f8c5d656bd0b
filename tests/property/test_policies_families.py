"""Families of sets and boxes of points, held to the plain lists of what they stand for."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.boxes import boxes
from policies.families import both, count, family, gained, holds

masks = st.lists(st.integers(0, 63), max_size=5)
families = masks.map(family)
sums = settings(max_examples=150, deadline=None)


def members(whole):
    """Every set in the family, by looking at each."""
    return {one for one in range(1, 64) if any(one & top == one for top in whole)}


@sums
@given(masks)
def test_a_family_holds_its_members_and_their_parts_and_names_no_member_twice(drawn):
    whole = family(drawn)
    assert members(whole) == {one for one in range(1, 64) if any(one & mask == one for mask in drawn)}
    assert not any(a & b == a for a in whole for b in whole if a != b)
    assert all(holds(whole, one) == (one in members(whole)) for one in range(1, 64))


@sums
@given(families)
def test_the_count_is_the_number_of_sets(whole):
    assert count(whole) == len(members(whole))


@sums
@given(families, families)
def test_what_both_hold_is_what_each_holds(one, other):
    assert members(both(one, other)) == members(one) & members(other)


@sums
@given(families, families)
def test_what_is_gained_is_exactly_what_the_new_one_holds_and_the_old_one_does_not(old, new):
    told = set()
    for whole, pieces in gained(old, new):
        told |= {one for one in members((whole,)) if not holds(pieces, one)}
        assert all(piece & whole == piece for piece in pieces)
    assert told == members(new) - members(old)


def test_a_hundred_attributes_are_counted_without_listing_their_sets():
    assert count(((1 << 100) - 1,)) == 2**100 - 1
    halves = family([(1 << 60) - 1, ((1 << 60) - 1) << 40])
    assert count(halves) == 2 * 2**60 - 2**20 - 1


points = st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 3)), max_size=25)


@sums
@given(points)
def test_boxes_hold_every_point_once_and_no_other(drawn):
    listed = [point for box in boxes(drawn) for point in product(*box)]
    assert sorted(listed) == sorted(drawn)


@sums
@given(st.tuples(*(st.sets(st.integers(0, 5), min_size=1) for _ in range(4))))
def test_points_that_make_one_box_are_told_as_one(sides):
    assert boxes(product(*sides)) == (tuple(tuple(sorted(side)) for side in sides),)
