"""Groups between the cohorts of exact tables, of tables with levels and of three conditions, held against plain whole-number programs over every person-cell."""

from collections.abc import Sequence
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from policies.disclosure import CountTable, Layout, PublishedTable, Rule, suppress_and_round
from policies.disclosure.arrangement import People
from policies.disclosure.attack import Finding
from policies.disclosure.bounds import Ranges
from policies.disclosure.exact import show_exactly
from policies.disclosure.small_groups import Small, small_groups
from policies.disclosure.system import System
from policies.disclosure.table import HIDDEN, Levels, Restriction
from policies.disclosure.together import audit_together

YES = ("yes", "no")
DIMENSIONS = {"area": ("a", "b"), "fined": YES, "missing": YES}
WITHIN = Levels("area", (("a", "all of it"), ("b", "all of it")))
MOST = 7
Counts = NDArray[np.int64]
Question = tuple[tuple[str, ...], tuple[str, ...], bool]
"""By which dimensions, among whom who are all `yes` in these, and whether exactly."""


def told(counts: Counts, question: Question, *, levels: tuple[Levels, ...] = ()) -> PublishedTable:
    """The answer to a question on people counted by area, fined and missing."""
    names, among, exact = question
    kept = counts[
        (slice(None), *(slice(0, 1) if one in among else slice(None) for one in ("fined", "missing")))
    ]
    axes = tuple(n for n, name in enumerate(DIMENSIONS) if name not in names)
    restrictions = tuple(Restriction(one, ("yes",), YES) for one in among)
    layout = Layout("p", names, tuple(DIMENSIONS[n] for n in names), restrictions, levels)
    table = CountTable(layout, np.asarray(kept.sum(axis=axes), dtype=np.int64))
    if exact:
        return show_exactly(table, least=MOST + 1, width=MOST - 1, hide_zeros=False)
    return suppress_and_round(table, rule=Rule(MOST, 5, hide_zeros=False))


def found(tables: Sequence[PublishedTable]) -> tuple[Finding, ...]:
    return audit_together([(f"t{n}", one) for n, one in enumerate(tables)]).findings


def mask(cell: dict[str, str], among: Sequence[str] = ()) -> NDArray[np.bool_]:
    kept = np.ones((2, 2, 2), dtype=bool)
    for axis, (name, codes) in enumerate(DIMENSIONS.items()):
        code = cell.get(name, "Total")
        its = np.array([code in (one, "Total", "all of it") for one in codes])
        its &= np.array([one == "yes" or name not in among for one in codes])
        kept &= its.reshape([-1 if n == axis else 1 for n in range(3)])
    return kept


def ends(tables: Sequence[PublishedTable], group: NDArray[np.bool_]) -> tuple[int, int]:
    """The fewest and the most people of a group that the tables leave possible, by two plain programs over the eight cells."""
    rows, low, high = [], [], []
    for one in tables:
        among = [each.dimension for each in one.layout.restrictions]
        shows_zero = not one.exact or "0" in (*one.cells, *(said for _, said in one.margins))
        for cell, said in (*zip(one.layout.cells(), one.cells, strict=True), *one.margins):
            rows.append(mask(dict(zip(one.layout.dimensions, cell, strict=True)), among).ravel())
            hidden = (int(shows_zero), np.inf if one.exact else one.rule.largest_hidden)
            least, most = hidden if said == HIDDEN else one.rule.range_of_shown(int(said))
            low.append(least)
            high.append(most)
    of = LinearConstraint(np.array(rows, dtype=float), low, high)
    two = [
        milp(sign * group.ravel().astype(float), constraints=of, integrality=np.ones(8), bounds=Bounds(0, 900))
        for sign in (1, -1)
    ]
    assert all(one.x is not None for one in two)
    return round(two[0].fun), round(-two[1].fun)


def between(tables: Sequence[PublishedTable]) -> list[NDArray[np.bool_]]:
    """Every group of up to three cohorts that no table prints, whole and by area where all tables tell it."""
    cohorts = list(
        {mask({}, [r.dimension for r in one.layout.restrictions]).tobytes(): one for one in tables}.values()
    )
    sets = [mask({}, [r.dimension for r in one.layout.restrictions]) for one in cohorts]
    groups = [a & ~b for a, b in permutations(sets, 2)] + [a & b for a, b in combinations(sets, 2)]
    for a, b, c in permutations(sets, 3):
        groups += [a & ~b & ~c, a & b & ~c, (a | b) & ~c, a & ~(b & c), a & b & c]
    if all("area" in one.layout.dimensions for one in tables):
        groups += [one & mask({"area": code}) for one in groups for code in DIMENSIONS["area"]]
    return [one for one in groups if one.any() and not any((one == other).all() for other in sets)]


def small(low: int, high: int) -> bool:
    return 1 <= low <= high <= MOST and (low, high) != (1, MOST)


QUESTIONS = st.tuples(
    st.sampled_from([(), ("area",)]), st.sampled_from([(), ("fined",), ("missing",), ("fined", "missing")]), st.booleans()
)  # fmt: skip
COUNTS = st.lists(st.sampled_from([0, 1, 3, 9, 14, 31]), min_size=8, max_size=8).map(
    lambda its: np.array(its, dtype=np.int64).reshape(2, 2, 2)
)


@settings(max_examples=50, deadline=None)
@given(COUNTS, st.lists(QUESTIONS, min_size=2, max_size=4, unique=True))
def test_no_group_of_up_to_three_cohorts_that_comes_out_as_a_few_people_is_overlooked(
    counts: Counts, questions: list[Question]
) -> None:
    tables = [told(counts, one) for one in questions]
    findings = found(tables)
    if not findings:
        assert not any(small(*ends(tables, group)) for group in between(tables))


@settings(max_examples=30, deadline=None)
@given(COUNTS, st.lists(QUESTIONS, min_size=2, max_size=4, unique=True))
def test_one_more_table_never_makes_the_others_safer(counts: Counts, questions: list[Question]) -> None:
    tables = [told(counts, one) for one in questions]
    if found(tables[:-1]):
        assert found(tables)


def people(**cells: int) -> Counts:
    """Counts by area, fined and missing; `yes_no=4` are four of each area who were fined and are not missing."""
    counts = np.zeros((2, 2, 2), dtype=np.int64)
    for name, count in cells.items():
        fined, missing = name.split("_")
        counts[:, YES.index(fined), YES.index(missing)] = count
    return counts


def test_three_exact_totals_of_whom_none_is_close_to_another_tell_of_the_few_between_them() -> None:
    """208 in all less 100 who were fined less 104 who are missing, and nobody is both: four are neither."""
    counts = people(yes_no=50, no_yes=52, no_no=2)
    three: list[Question] = [((), (), True), ((), ("fined",), True), ((), ("missing",), True)]
    assert not found([told(counts, one) for one in three])
    (one,) = found([told(counts, one) for one in (*three, ((), ("fined", "missing"), True))])
    assert (one.table, one.low, one.high) == ("those of t0 whom t1 and t2 both leave out", 4, 4)


def test_who_is_in_both_of_two_cohorts_is_counted_by_inclusion_and_exclusion() -> None:
    """All, those fined, those missing and that nobody is neither say how many are both: three in each area."""
    counts = people(yes_yes=3, yes_no=50, no_yes=52, no_no=0)
    three: list[Question] = [
        (("area",), (), True),
        (("area",), ("fined",), True),
        (("area",), ("missing",), True),
    ]
    assert not found([told(counts, one) for one in three])
    neither = tuple(Restriction(name, ("no",), YES) for name in ("fined", "missing"))
    layout = Layout("p", ("area",), (DIMENSIONS["area"],), neither)
    zeros = show_exactly(CountTable(layout, np.zeros(2, dtype=np.int64)), least=8, width=6, hide_zeros=False)
    findings = found([*(told(counts, one) for one in three), zeros])
    assert {(one.cell, one.low, one.high) for one in findings} >= {(("a",), 3, 3), (("b",), 3, 3)}


def test_a_group_at_a_coarser_level_is_looked_at_where_its_parts_are_hidden() -> None:
    """Two in either area are left out: the parts stay open where small counts are hidden, what both come to does not."""
    counts = people(yes_yes=30, no_yes=2)
    questions: list[Question] = [(("area",), (), True), (("area",), ("fined",), True)]
    tables = [told(counts, one, levels=(WITHIN,)) for one in questions]
    findings = found(tables)
    assert {(one.cell, one.low, one.high) for one in findings} >= {((), 4, 4)}


def test_rounded_tables_with_levels_leave_their_difference_open() -> None:
    counts = people(yes_yes=30, no_yes=2)
    questions: list[Question] = [(("area",), (), False), (("area",), ("fined",), False)]
    assert not found([told(counts, one, levels=(WITHIN,)) for one in questions])


def test_a_group_that_is_small_only_because_people_are_whole_is_found() -> None:
    """Each two of three come to 14 or 15, twice over: 45 halves of people, and no more than 44 whole ones."""
    pairs = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    rows = np.zeros((6, 6))
    rows[:3, :3] = rows[3:, 3:] = pairs
    system = System(csr_array(rows), np.full(6, 14.0), np.full(6, 15.0))
    every = [
        sum(one)
        for one in product(range(16), repeat=3)
        if all(14 <= one[i] + one[i - 1] <= 15 for i in range(3))
    ]
    assert (2 * min(every), 2 * max(every)) == (42, 44)
    assert small_groups(system, csr_array(np.ones((1, 6))), most=44).small == (Small(0, 42, 44),)
    assert small_groups(system, csr_array(np.ones((1, 6))), most=43).small == ()


INF = np.inf
FOUND = {
    "nothing was found": ((0, 10, INF, -INF), True),
    "it may be a few": ((0, 10, 2, 5), True),
    "one end of a hidden count was found": ((0, 10, 1, 5), True),
    "both ends were found": ((0, 10, 1, 7), False),
    "it may be nobody": ((0, 10, 0, 2), False),
    "it may be many": ((0, 10, 2, 8), False),
    "it is many": ((9, INF, INF, -INF), False),
    "it is nobody": ((0, 0, INF, -INF), False),
}


@pytest.mark.parametrize(("ends", "few"), FOUND.values(), ids=FOUND)
def test_a_group_that_could_not_be_settled_counts_as_a_few(
    monkeypatch: pytest.MonkeyPatch, ends: tuple[float, ...], few: bool
) -> None:
    system = System(csr_array(np.ones((1, 2))), np.array([10.0]), np.array([10.0]))
    known = [np.array([float(one)]) for one in ends]
    cut = Ranges(known[0], known[1], known[2], known[3], cut_short=False, exhausted=True, spent=0)
    monkeypatch.setattr("policies.disclosure.small_groups.arrangement", lambda *_, **__: People(None, 0))
    monkeypatch.setattr("policies.disclosure.small_groups.ranges", lambda *_, **__: cut)
    group = csr_array(np.array([[1.0, 0.0]]))
    assert [one.group for one in small_groups(system, group, most=7).small] == [0] * few
