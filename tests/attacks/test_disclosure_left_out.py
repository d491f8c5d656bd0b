"""Groups that no table prints: where the same people are counted several ways, rounding is undone, and what a condition leaves out may come out as a few."""

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from policies.disclosure import CountTable, Layout, PublishedTable, Rule, suppress_and_round
from policies.disclosure.attack import Audit, audit, view
from policies.disclosure.table import Restriction

AREAS, ARRESTED, AGES = ("north", "south", "east"), ("yes", "no"), ("child", "adult")
RULE = Rule(7, 5, hide_zeros=False)
DIMENSIONS = {"area": AREAS, "arrested": ARRESTED}
CHILDREN = Restriction("age", ("child",), AGES)
Counts = NDArray[np.int64]


def people(seed: int) -> Counts:
    """Made-up counts by age, area and arrest; there are few adults."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(8, 30, (3, 2)), rng.integers(0, 4, (3, 2))])


def tables(counts: Counts) -> Iterator[tuple[str, PublishedTable]]:
    """All ways of counting, of everybody and of children alone."""
    for restrictions, cohort in (((), counts.sum(axis=0)), ((CHILDREN,), counts[0])):
        for size in range(3):
            for names in combinations(DIMENSIONS, size):
                axes = tuple(n for n, name in enumerate(DIMENSIONS) if name not in names)
                layout = Layout("p", names, tuple(DIMENSIONS[n] for n in names), restrictions)
                table = CountTable(layout, np.asarray(cohort.sum(axis=axes), dtype=np.int64))
                yield (
                    f"{cohort is counts}-{'-'.join(names)}-{len(restrictions)}",
                    suppress_and_round(table, rule=RULE),
                )


def attacked(counts: Counts) -> Audit:
    return audit([view(one, name=name) for name, one in tables(counts)])


def range_of_adults(counts: Counts, **kept: str) -> tuple[int, int]:
    """The least and the most adults, where the categories are these, that all tables leave open, by two plain whole-number programs."""
    rows, low, high = [], [], []
    for _, one in tables(counts):
        known = view(one, name="")
        for n, cell in enumerate(one.layout.cells()):
            row = np.zeros((2, 3, 2))
            where = tuple(
                DIMENSIONS[name].index(cell[one.layout.dimensions.index(name)])
                if name in one.layout.dimensions
                else slice(None)
                for name in DIMENSIONS
            )
            row[(0 if one.layout.restrictions else slice(None), *where)] = 1
            rows.append(row.ravel())
            low.append(known.low[n])
            high.append(known.high[n])
    group = np.zeros((2, 3, 2))
    group[(1, *(DIMENSIONS[n].index(kept[n]) if n in kept else slice(None) for n in DIMENSIONS))] = 1
    ends = [
        milp(sign * group.ravel(), constraints=LinearConstraint(np.array(rows), low, high), integrality=np.ones(12), bounds=Bounds(0, np.inf))
        for sign in (1, -1)
    ]  # fmt: skip
    assert all(end.success for end in ends)
    return round(ends[0].fun), round(-ends[1].fun)


def test_what_a_condition_leaves_out_is_found_where_it_comes_out_as_a_few_people() -> None:
    found = {seed: attacked(people(seed)) for seed in range(12)}
    left = [(seed, one) for seed, report in found.items() for one in report.findings if one.code == "left-out"]
    assert left
    for seed, one in left:
        kept = {name: code for code in one.cell for name, codes in DIMENSIONS.items() if code in codes}
        low, high = range_of_adults(people(seed), **kept)
        assert (one.low, one.high) == (low, high)
        assert 1 <= low <= high <= RULE.largest_hidden
        assert high - low < RULE.largest_hidden - 1


@pytest.mark.parametrize("seed", range(12))
def test_no_group_that_comes_out_as_a_few_people_is_overlooked(seed: int) -> None:
    counts = people(seed)
    if attacked(counts).findings:
        return
    for area in (None, *AREAS):
        for arrested in (None, *ARRESTED):
            kept = {n: c for n, c in (("area", area), ("arrested", arrested)) if c is not None}
            low, high = range_of_adults(counts, **kept)
            few = 1 <= low <= high <= RULE.largest_hidden
            assert not few or (low, high) == (1, RULE.largest_hidden)


def test_two_rounded_numbers_alone_leave_their_difference_open() -> None:
    layout, part = Layout("p", (), ()), Layout("p", (), (), (CHILDREN,))
    both = [CountTable(layout, np.array(103)), CountTable(part, np.array(99))]
    assert audit([view(suppress_and_round(t, rule=RULE), name="t") for t in both]).findings == ()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_group_is_few_by_the_rule_that_hides_most_whichever_table_is_read_first(
    order: tuple[int, ...],
) -> None:
    """The second table prints the first one's number again under another rule."""
    said = (("25", (), 3), ("25", (), 7), ("20", (CHILDREN,), 3))
    views = [
        view(PublishedTable(Layout("p", (), (), told), Rule(most, 1, hide_zeros=True), (number,)), name=number)
        for number, told, most in (said[n] for n in order)
    ]
    found = audit(views).findings
    assert [(one.code, one.low, one.high) for one in found] == [("left-out", 5, 5)]
