"""Cohorts that several earlier ones nearly make up together are refused, although each pair of them is far enough apart."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.disclosure import Unsafe, refuse_overlap


def people(*ranges):
    return frozenset(f"p{n}" for low, high in ranges for n in range(low, high))


A, B, C = people((0, 100)), people((0, 30)), people((30, 60))
EARLIER = {"a": A, "b": B, "c": C}


@pytest.mark.parametrize(
    ("here", "saying"),
    [
        (people((63, 100)), "a, b, c"),  # A without B and C, and three people less
        (people((0, 57)), "b, c"),  # B and C together, nearly
        (people((31, 100)), "a, b"),  # A without B, and one person less
    ],
)
def test_nearly_a_union_or_difference_of_earlier_cohorts_is_refused(here, saying):
    assert all(len(here ^ other) >= 10 for other in EARLIER.values())
    with pytest.raises(Unsafe, match=f"of {saying} together"):
        refuse_overlap(here, earlier=EARLIER, floor=10)


def test_what_follows_exactly_from_earlier_cohorts_tells_nothing_new():
    refuse_overlap(people((60, 100)), earlier=EARLIER, floor=10)
    refuse_overlap(A, earlier=EARLIER, floor=10)


def test_cohorts_that_overlap_are_combined_as_sums_too():
    """Who is in exactly one of two cohorts, nearly: a sum of the two less what a third described twice over."""
    earlier = {"one": people((0, 60)), "three": people((40, 60)), "two": people((40, 90), (90, 91))}
    with pytest.raises(Unsafe, match="together"):
        refuse_overlap(people((0, 40), (40, 60), (60, 88)), earlier=earlier, floor=10)
    refuse_overlap(people((300, 340)), earlier=earlier, floor=10)


def test_a_refusal_names_releases_and_no_person():
    with pytest.raises(Unsafe) as caught:
        refuse_overlap(people((63, 100)), earlier=EARLIER, floor=10)
    assert "p63" not in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.frozensets(st.integers(0, 40), min_size=1), min_size=1, max_size=4),
    st.frozensets(st.integers(0, 40)),
)
def test_every_pair_of_earlier_cohorts_is_tried_in_every_way(cohorts, here):
    floor = 5
    close = set()
    for one, two in combinations({*cohorts} - {here}, 2):
        made = (one | two, one - two, two - one, one & two)
        close |= {len(here ^ other) for other in made}
    close |= {len(here ^ one) for one in cohorts}
    earlier = {f"r{n}": {str(p) for p in one} for n, one in enumerate(cohorts)}
    if any(0 < apart < floor for apart in close):
        with pytest.raises(Unsafe):
            refuse_overlap({str(p) for p in here}, earlier=earlier, floor=floor)
    elif len(set(cohorts)) == 1:
        refuse_overlap({str(p) for p in here}, earlier=earlier, floor=floor)
