"""Tables before and after an update of the linked data, read together: held against every arrangement of people who stayed, came and left."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from policies.disclosure import CountTable, Layout, PublishedTable, Rule, suppress_and_round, updates
from policies.disclosure.attack import Finding
from policies.disclosure.exact import show_exactly
from policies.disclosure.system import Solution
from policies.disclosure.table import Levels, Restriction
from policies.disclosure.updates import Change, across_update

AREAS = ("a", "b", "c")
SMALL = Rule(3, 1, hide_zeros=False)
SPARE = 2
MOST = 9
Counts = NDArray[np.int64]
Arrangement = tuple[tuple[int, int, int], ...]


def by_area(
    counts: Sequence[int], *, rule: Rule = SMALL, population: str = "before", **more: object
) -> PublishedTable:
    layout = Layout(population, ("area",), (AREAS[: len(counts)],), **more)  # type: ignore[arg-type]
    return suppress_and_round(CountTable(layout, np.array(counts, dtype=np.int64)), rule=rule)


def exactly(counts: Sequence[int], population: str = "before", **more: object) -> PublishedTable:
    layout = Layout(population, ("area",), (AREAS[: len(counts)],), **more)  # type: ignore[arg-type]
    return show_exactly(
        CountTable(layout, np.array(counts, dtype=np.int64)), least=8, width=6, hide_zeros=False
    )


def found(after: PublishedTable, before: PublishedTable, change: Change | None) -> tuple[Finding, ...]:
    return across_update([("after", after)], before=[("before", before)], change=change)


def possible(cell: str) -> range:
    return range(SMALL.suppress + 1) if cell == "[c]" else range(int(cell), int(cell) + 1)


def counts_of(one: Arrangement, of: int) -> list[int]:
    """How many are in each area, who stayed or (`of` 1) came, or (2) left."""
    return [area[0] + area[of] for area in one]


def hides_no_zero(counts: list[int], table: PublishedTable) -> bool:
    return all(n > 0 for n, cell in zip(counts, table.cells, strict=True) if cell == "[c]")


def may_print(counts: list[int], table: PublishedTable) -> bool:
    """Whether a table of these counts hides all its zeros, because everybody is in one area, or none."""
    in_one = sum(n > 0 for n in counts) == 1
    return "0" not in table.cells if in_one else hides_no_zero(counts, table)


def arrangements(after: PublishedTable, before: PublishedTable) -> Iterator[Arrangement]:
    """For each area who stayed, came and left, in every way that fits both tables; nobody imagines more than MOST of a kind."""
    ways = []
    for now, then in zip(after.cells, before.cells, strict=True):
        ways.append(
            [
                (stayed, came, left)
                for stayed, came, left in product(range(MOST), repeat=3)
                if stayed + came in possible(now) and stayed + left in possible(then)
            ]
        )
    for one in product(*ways):
        if may_print(counts_of(one, 1), after) and may_print(counts_of(one, 2), before):
            yield one


def known_to(every: list[Arrangement], change: Change) -> list[Arrangement]:
    """Those that fit how many came and left: exactly, or where that cannot be, with the fewest who changed area and no more than SPARE besides."""
    sums = [(sum(c for _, c, _ in one) - change.came, sum(g for *_, g in one) - change.left) for one in every]
    fewest = min(max(pair) for pair in sums if min(pair) >= 0)
    most = fewest + SPARE if fewest else 0
    return [one for one, pair in zip(every, sums, strict=True) if min(pair) >= 0 and max(pair) <= most]


def tells(values: set[int]) -> bool:
    return 1 <= min(values) <= max(values) <= SMALL.suppress and values != {*range(1, SMALL.suppress + 1)}


def unsafe(after: PublishedTable, before: PublishedTable, change: Change) -> bool:
    left = known_to(list(arrangements(after, before)), change)
    # Of a rounded table the sharper attack is that it hides no zero, if that can be.
    left = [
        one
        for one in left
        if hides_no_zero(counts_of(one, 1), after) and hides_no_zero(counts_of(one, 2), before)
    ] or left
    for n in range(len(after.cells)):
        for table, of in ((after, 1), (before, 2)):
            if table.cells[n] == "[c]":
                values = {one[n][0] + one[n][of] for one in left}
                if max(values) - min(values) < SMALL.suppress - 1:
                    return True
            if tells({one[n][of] for one in left}):
                return True
    return False


COUNT = st.integers(0, 5)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(COUNT, st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=2), st.integers(0, 2)
)
def test_what_is_refused_across_an_update_is_what_every_arrangement_of_people_says(
    people: list[tuple[int, int, int]], moved: int
) -> None:
    """`moved` of those who left one area and came to another are the same people, whom no count of the data tells of."""
    before, after = [s + g for s, _, g in people], [s + c for s, c, _ in people]
    came, left = sum(c for _, c, _ in people), sum(g for *_, g in people)
    moved = min(moved, came, left)
    change = Change(came - moved, left - moved)
    now, then = by_area(after, population="after"), by_area(before)
    assert bool(found(now, then, change)) == unsafe(now, then, change)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(COUNT, st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=3))
def test_one_more_table_before_or_after_an_update_never_makes_it_safer(
    people: list[tuple[int, int, int]],
) -> None:
    before, after = np.array([s + g for s, _, g in people]), np.array([s + c for s, c, _ in people])
    change = Change(sum(c for _, c, _ in people), sum(g for *_, g in people))
    one = [("after", by_area(list(after), population="after"))]
    other = [("before", by_area(list(before)))]
    # A table that hides a zero is first read as if it hid none: what is concluded from that is false, and one more table may show it.
    for (_, table), counts in ((one[0], after), (other[0], before)):
        assume(not any(cell == "[c]" for cell, n in zip(table.cells, counts, strict=True) if n == 0))
    total, now = (
        suppress_and_round(CountTable(Layout(population, (), ()), np.array(counts.sum())), rule=SMALL)
        for population, counts in (("before", before), ("after", after))
    )
    if across_update(one, before=other, change=change):
        assert across_update(one, before=[*other, ("earlier", total)], change=change)
        assert across_update([*one, ("this too", now)], before=other, change=change)


def test_a_hidden_count_that_is_shown_after_an_update_is_known_where_few_came() -> None:
    """6 to 7 before, for only two can have come: hidden counts are 1 to 7."""
    then, now = exactly([5, 40, 61]), exactly([8, 40, 61], "after")
    assert [one.code for one in found(now, then, Change(3, 0))][:1] == ["narrowed"]
    rounded = [by_area(its, rule=Rule(7, 5, False)) for its in ([5, 40, 61], [9, 40, 61])]
    narrow = found(rounded[1], rounded[0], Change(4, 0))
    assert ("before", ("a",), 4, 7) in {(one.table, one.cell, one.low, one.high) for one in narrow}


def test_a_hidden_count_stays_hidden_where_as_many_came_as_hide_it() -> None:
    rounded = [by_area(its, rule=Rule(7, 5, False)) for its in ([5, 40, 61], [9, 60, 90])]
    assert not found(rounded[1], rounded[0], Change(53, 0))
    assert not found(rounded[1], rounded[0], Change(40, 4))


def test_the_few_who_came_to_one_area_are_not_told_although_no_exact_number_stands_beside_another() -> None:
    """Thirty came in all, as the notes tell, and 26 to 28 of them to the others: two to four are left for one area."""
    before, after = by_area([40, 60, 80], rule=Rule(7, 1, False)), by_area([43, 73, 94], rule=Rule(7, 1, False))
    few = found(after, before, Change(30, 0))
    assert ("those who came to after", ("a",), "left-out", 3, 3) in {
        (one.table, one.cell, one.code, one.low, one.high) for one in few
    }


def test_who_left_is_told_as_little_as_who_came() -> None:
    before, after = by_area([43, 73, 94], rule=Rule(7, 1, False)), by_area([40, 60, 80], rule=Rule(7, 1, False))
    few = found(after, before, Change(0, 30))
    assert ("those who left before", ("a",), 3, 3) in {(one.table, one.cell, one.low, one.high) for one in few}


def test_where_nobody_told_how_many_came_it_is_as_many_as_the_tables_tell() -> None:
    """106 in all less 38 to 42 and 58 to 62 leaves 2 to 10, if nobody came; the tables do not tell that anybody did."""
    then = by_area([5, 40, 61], rule=Rule(7, 5, False))
    now = show_exactly(CountTable(Layout("after", (), ()), np.array(106)), least=8, width=6, hide_zeros=False)
    assert [(one.table, one.cell, one.low) for one in found(now, then, None)] == [("before", ("a",), 2)]
    assert not found(exactly([43, 91], "after"), exactly([43, 61]), None)


def test_that_as_many_came_as_left_tells_the_total_before_the_update() -> None:
    then = by_area([5, 40, 61], rule=Rule(7, 5, False))
    now = show_exactly(CountTable(Layout("after", (), ()), np.array(106)), least=8, width=6, hide_zeros=False)
    assert [(one.table, one.cell, one.low) for one in found(now, then, Change(20, 20))] == [
        ("before", ("a",), 2)
    ]


def test_where_people_changed_area_nobody_knows_how_many_and_large_moves_tell_nothing() -> None:
    then, now = by_area([5, 60, 61], rule=Rule(7, 5, False)), by_area([25, 40, 61], rule=Rule(7, 5, False))
    assert not found(now, then, Change(0, 0))


@pytest.mark.parametrize("change", [Change(12, 0), Change(0, 12), None])
def test_tables_under_a_condition_that_nobody_meets_are_no_clue(change: Change | None) -> None:
    nobody = (Restriction("fined", (), ("yes", "no")),)
    assert not found(exactly([43, 91], "after"), exactly([0, 0], restrictions=nobody), change)
    assert not found(exactly([0, 0], "after", restrictions=nobody), exactly([43, 91]), change)


def test_levels_are_known_across_an_update() -> None:
    """Ten came, seven of them to the ward that b and c lie in: three came to a, although each table tells another level."""
    levels = {"levels": (Levels("area", (("a", "north"), ("b", "south"), ("c", "south"))),)}
    fine = exactly([40, 60, 80], **levels)
    layout = Layout("after", ("area",), (("north", "south"),), (), levels["levels"])
    coarse = show_exactly(CountTable(layout, np.array([43, 147])), least=8, width=6, hide_zeros=False)
    assert ("those who came to after", ("north",), 3, 3) in {
        (o.table, o.cell, o.low, o.high) for o in found(coarse, fine, Change(10, 0))
    }


def test_tables_that_are_too_many_to_compute_with_are_refused() -> None:
    wide = [
        suppress_and_round(
            CountTable(
                Layout(p, (f"{p}-x", f"{p}-y"), (tuple("abcdefghij"), tuple(map(str, range(40))))),
                np.full((10, 40), 20),
            ),
            rule=Rule(7, 5, False),
        )
        for p in ("before", "after")
    ]
    assert [one.code for one in found(wide[1], wide[0], Change(5, 5))] == ["too-large"]


def test_what_an_update_tells_is_refused_where_it_takes_more_steps_than_one_program_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, then = by_area([40, 30], population="after"), by_area([20, 15])
    assert found(now, then, Change(35, 0)) == ()
    monkeypatch.setattr(updates.Programs, "push", lambda *_: Solution(None, -np.inf, impossible=False))
    assert [one.code for one in found(now, then, Change(35, 0))] == ["unsettled"]
