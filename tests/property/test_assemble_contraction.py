"""Contraction and bridges against what anybody would write down who need not be quick."""

from itertools import combinations
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from linkage.central.assembly.bridges import bridges
from linkage.central.assembly.contract import BETWEEN, INSIDE, Contraction
from linkage.central.assembly.records import Finder


@st.composite
def knots(draw: st.DrawFn) -> tuple[list[int], dict[tuple[int, int], int], frozenset[int]]:
    partner = draw(st.lists(st.integers(0, 2), min_size=1, max_size=7))
    pairs = list(combinations(range(len(partner)), 2))
    weights = st.sampled_from([-20_000_000, -3_000_000, 0, 100_000, 3_000_000, 3_000_001, 9_000_000])
    ties = draw(st.dictionaries(st.sampled_from(pairs), weights, max_size=12)) if pairs else {}
    return partner, ties, draw(st.frozensets(st.integers(0, 2), max_size=2))


def by_looking_at_all_couples(
    partner: list[int], ties: dict[tuple[int, int], int], single: frozenset[int]
) -> list[list[int]]:
    groups = [[n] for n in range(len(partner))]

    def says(one: list[int], other: list[int]) -> int | None:
        pairs = [(min(a, b), max(a, b)) for a in one for b in other]
        if not any(p in ties for p in pairs) or any(
            partner[a] == partner[b] and partner[a] in single for a, b in pairs
        ):
            return None
        unseen = {True: -INSIDE, False: -BETWEEN}
        total = sum(ties.get((a, b), unseen[partner[a] == partner[b]]) for a, b in pairs)
        return total if total >= 0 else None

    while True:
        couples = [(s, a, b) for a, b in combinations(groups, 2) if (s := says(a, b)) is not None]
        if not couples:
            return sorted(groups)
        _, a, b = min(couples, key=lambda c: (-c[0], c[1][0], c[2][0]))
        groups = sorted([*(g for g in groups if g not in (a, b)), sorted(a + b)])


@settings(deadline=None, max_examples=300, derandomize=True)
@given(knots())
def test_the_strongest_couple_is_contracted_until_none_says_one_person(case: Any) -> None:
    partner, ties, single = case
    assert sorted(Contraction(partner, ties, deduplicated=single).groups()) == by_looking_at_all_couples(
        partner, ties, single
    )


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.integers(2, 9), st.data())
def test_a_bridge_is_a_tie_without_which_the_group_falls_apart(count: int, data: st.DataObject) -> None:
    tree = [(data.draw(st.integers(0, n - 1)), n) for n in range(1, count)]
    more = data.draw(st.sets(st.sampled_from(list(combinations(range(count), 2))), max_size=5))
    ties = sorted(set(tree) | more)
    expected = []
    for left_out in ties:
        rest = np.array([t for t in ties if t != left_out], dtype=np.int64).reshape(-1, 2)
        graph = coo_array((np.ones(len(rest)), (rest[:, 0], rest[:, 1])), shape=(count, count))
        parts, label = connected_components(graph, directed=False)
        if parts > 1:
            expected.append(int((label != label[0]).sum()))
    assert sorted(bridges(count, ties)) == sorted(expected)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=8, unique=True),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=8),
)
def test_pseudonyms_are_found_also_where_their_first_halves_are_alike(
    known: list[tuple[int, int]], wanted: list[tuple[int, int]]
) -> None:
    def refs(numbers: list[tuple[int, int]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return np.array([[high] * 8 + [low] * 8 for high, low in numbers], dtype=np.uint8).reshape(-1, 16)

    finder = Finder(refs(known))
    assert finder.find(refs(wanted)).tolist() == [known.index(w) if w in known else -1 for w in wanted]
    assert not finder.twice
    assert not known or Finder(refs([*known, known[0]])).twice
