"""Sets as whole numbers say what plain sets and plain counting say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.bitmaps import Ordered, Tally, by_value, members, union

positions = st.frozensets(st.integers(0, 600), max_size=12)


def bits(chosen):
    return sum(1 << position for position in chosen)


@given(positions, positions)
def test_sets_and_their_members_are_the_same_thing(one, other):
    assert list(members(bits(one))) == sorted(one)
    assert union([bits(one), bits(other)]) == bits(one | other)
    assert union([]) == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 600))))
def test_each_value_has_the_positions_that_it_came_with(pairs):
    found = by_value(pairs)
    assert set(found) == {value for value, _ in pairs}
    for value, chosen in found.items():
        assert set(members(chosen)) == {position for one, position in pairs if one == value}


@given(st.dictionaries(st.integers(0, 600), st.integers(-5, 5)), positions, st.integers(-7, 7))
def test_what_is_in_order_knows_who_is_below_and_the_extremes(values, within, limit):
    ordered = Ordered((value, position) for position, value in values.items())
    assert set(members(ordered.below(limit))) == {p for p, value in values.items() if value < limit}
    inside = [value for position, value in values.items() if position in within]
    if inside:
        assert (ordered.smallest(bits(within)), ordered.largest(bits(within))) == (min(inside), max(inside))
    else:
        for extreme in (ordered.smallest, ordered.largest):
            with pytest.raises(ValueError, match="nothing"):
                extreme(bits(within))


@given(st.lists(positions, max_size=20), positions)
def test_a_tally_finds_those_that_were_counted_least(counted, within):
    tally = Tally()
    for one in counted:
        tally.add(bits(one))
    times = {position: sum(position in one for one in counted) for position in within}
    least = {position for position, count in times.items() if count == min(times.values())}
    assert set(members(tally.least(bits(within)))) == least
