"""Ways in which zeros can be hidden: one counts only if whole people were found who can be so."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from policies.disclosure import bounds, over_ways, zeros
from policies.disclosure.arrangement import People, people
from policies.disclosure.bounds import Ranges
from policies.disclosure.doubts import Doubt, Line, different
from policies.disclosure.every_way import holds, ranges_in_every_way
from policies.disclosure.pieces import pieces
from policies.disclosure.small_groups import Small, small_in_every_way
from policies.disclosure.system import System, room
from policies.disclosure.zeros import Ways

PAIRS = np.array([[1.0, 1, 0], [0, 1, 1], [1, 0, 1]])


def pairs(count: float) -> System:
    """Of three cells, each two come to so many."""
    return System(csr_array(PAIRS), np.full(3, count), np.full(3, count))


def two_cells(total: float) -> tuple[System, Ways]:
    """Two hidden cells of a table and their total; rows 0 and 1 are the cells."""
    rows = csr_array(np.array([[1.0, 0], [0, 1], [1, 1]]))
    system = System(rows, np.array([0.0, 0, total]), np.array([np.inf, np.inf, total]))
    lines = (Line(0, np.array([1])), Line(1, np.array([0])))
    return system, Ways(system, [Doubt(np.array([0, 1]), lines)])


def test_statements_that_fractions_of_people_alone_satisfy_do_not_stand() -> None:
    assert people(pairs(2.0)).counts is not None
    assert people(pairs(1.0)).counts is None
    assert not holds(Ways(pairs(1.0), [Doubt(np.zeros(0, dtype=np.int64), ())]))


def test_each_cell_is_as_wide_as_all_ways_together_leave_it() -> None:
    _, ways = two_cells(3.0)
    found = ranges_in_every_way(ways, np.array([0, 1]), wanted=np.full(2, 3.0))
    assert found is not None
    assert found.reached_low.tolist() == [0, 0]
    assert found.reached_high.tolist() == [3, 3]


def test_the_first_way_is_one_with_somebody_missing_where_nobody_missing_cannot_be() -> None:
    system, ways = two_cells(1.0)
    assert [way.high[:2].tolist() for way in (ways.at(0), ways.at(1)) if way is not None] == [
        [np.inf, 0],
        [0, np.inf],
    ]
    assert ways.at(2) is None
    some = System(system.matrix, np.array([0.0, 1, 1]), system.high)
    sharper = ways.among(some)
    assert sharper.at(1) is None
    first = sharper.at(0)
    assert first is not None
    assert first.low.tolist() == [0, 1, 1]


def test_a_group_is_open_as_soon_as_one_way_leaves_it_open_and_none_is_where_no_way_was_found() -> None:
    one = csr_array(np.array([[1.0, 0]]))
    system, ways = two_cells(3.0)
    assert small_in_every_way(ways, one, most=3) == ()
    apart = Ways(system, [Doubt(np.array([0, 1]), ())])
    assert small_in_every_way(apart, one, most=3) == (Small(0, 1, 2),)
    nobody, _ = two_cells(1.0)
    assert small_in_every_way(Ways(nobody, [Doubt(np.array([0, 1]), ())]), one, most=3) == (Small(0, 0, -1),)


def test_whole_people_of_a_large_piece_satisfy_everything_and_a_contradiction_is_told_at_once() -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson(4.0, (12, 15))
    rows = np.vstack([np.kron(np.eye(12), np.ones(15)), np.kron(np.ones(12), np.eye(15))])
    totals = np.concatenate([counts.sum(axis=1), counts.sum(axis=0)]).astype(np.float64)
    found = people(System(csr_array(rows), totals, totals))
    assert found.counts is not None
    assert (found.counts >= 0).all()
    assert (rows @ found.counts == totals).all()
    assert (found.counts == np.round(found.counts)).all()
    other = totals.copy()
    other[0] += 1.0
    none = people(System(csr_array(rows), other, other))
    assert none.counts is None
    assert 0 < none.spent < 2 * found.spent


def test_a_table_printed_again_or_turned_hides_the_same_zeros_and_another_one_others() -> None:
    one = Doubt(np.array([0, 1]), (Line(0, np.array([1])), Line(1, np.array([0]))))
    turned = Doubt(np.array([1, 0]), (Line(1, np.array([0])), Line(0, np.array([1]))))
    other = Doubt(np.array([0, 1]), (Line(0, np.array([1])),))
    assert different([one, one, turned]) == [one]
    assert different([one, other, turned]) == [one, other]


def test_statements_fall_into_the_pieces_that_no_statement_connects() -> None:
    rows = csr_array(np.array([[1.0, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1]]))
    system = System(rows, np.zeros(3), np.full(3, 4.0))
    known = room(system)
    assert known is not None
    _, *found = pieces(system, known, np.array([0, 1, 2]))
    assert [one.tolist() for columns, inside, _ in found for one in (columns, inside)] == [
        [0, 2, 4], [0, 2], [1, 3], [1],
    ]  # fmt: skip


def a_square(width: int, each: int) -> tuple[System, Ways]:
    """Hidden cells with as many people, their totals of every row and column, and every line in which one of them may have everybody."""
    places = np.arange(width * width).reshape(width, width)
    lines = [*places, *places.T]
    rows = np.vstack([np.eye(width * width), *(np.isin(places.ravel(), line)[None, :] for line in lines)])
    low = np.concatenate([np.zeros(width * width), np.full(2 * width, float(width * each))])
    system = System(csr_array(rows.astype(np.float64)), low, np.where(low > 0, low, np.inf))
    held = tuple(Line(int(one), line[line != one]) for line in lines for one in line)
    return system, Ways(system, [Doubt(np.arange(width * width), held)])


def test_the_way_that_is_asked_for_soon_moves_the_fewest_people_and_empties_no_cell_that_is_too_narrow() -> (
    None
):
    system, ways = a_square(13, 1)
    assert ways.at(0, soon=True) is not None
    known, narrow = ways.people(0), np.array([0])
    assert known is not None
    way = ways.at(1, narrow=narrow, soon=True)
    assert way is not None
    empty = np.flatnonzero(way.high[:169] == 0)
    assert 0 not in empty
    assert len(empty) == 12
    people_there = ways.people(1)
    assert people_there is not None
    assert (system.matrix @ people_there)[empty].sum() == 0


def test_a_way_for_which_nobody_is_found_soon_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def found(system: System, **how: Any) -> People:
        asked.append(how["soon"])
        return People(None if how["soon"] else people(system).counts, 1)

    monkeypatch.setattr(zeros, "people", found)
    _, ways = two_cells(3.0)
    assert ways.at(0, soon=True) is not None  # nobody is known who could be close
    assert ways.at(1, soon=True) is None
    assert asked == [False, True, True]
    assert [ways.at(number) is not None for number in (1, 2, 3)] == [True, True, False]
    assert asked == [False, True, True, False, False]
    assert ways.spent == 5


def a_cube(width: int, each: int) -> Ways:
    """The same of three dimensions, with the totals of every line."""
    places = np.arange(width**3).reshape(width, width, width)
    lines = [
        line for axis in range(3) for line in np.moveaxis(places, axis, -1).reshape(-1, width)
    ]  # fmt: skip
    rows = np.vstack([np.eye(width**3), *(np.isin(places.ravel(), line)[None, :] for line in lines)])
    low = np.concatenate([np.zeros(width**3), np.full(len(lines), float(width * each))])
    system = System(csr_array(rows.astype(np.float64)), low, np.where(low > 0, low, np.inf))
    held = tuple(Line(int(one), line[line != one]) for line in lines for one in line)
    return Ways(system, [Doubt(np.arange(width**3), held)])


def asked_how(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether only what a walk shows was asked for, each time."""
    asked: list[bool] = []

    def ranges(*given: Any, **how: Any) -> Ranges | None:
        asked.append(how.get("walking", False))
        return bounds.ranges(*given, **how)

    monkeypatch.setattr(over_ways, "ranges", ranges)
    return asked


def test_what_a_walk_in_some_ways_shows_needs_no_further_search(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asked_how(monkeypatch)
    found = ranges_in_every_way(a_cube(6, 5), np.arange(216), wanted=np.full(216, 9.0))
    assert found is not None
    assert (found.reached_high - found.reached_low >= 9.0).all()
    assert asked
    assert all(asked)


def test_networks_and_few_sums_are_not_walked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asked_how(monkeypatch)
    _, flat = a_square(13, 5)
    assert ranges_in_every_way(flat, np.arange(169), wanted=np.full(169, 9.0)) is not None
    assert asked[:2] == [True, False]
    asked.clear()
    assert ranges_in_every_way(a_cube(6, 5), np.arange(5), wanted=np.full(5, 9.0)) is not None
    assert asked
    assert not any(asked)


def test_where_single_statements_tell_of_many_sums_no_way_is_walked_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = asked_how(monkeypatch)
    found = ranges_in_every_way(a_cube(6, 1), np.arange(216), wanted=np.full(216, 9.0))
    assert found is not None
    assert found.cut_short
    assert found.narrower(9.0).all()
    assert asked == [False]
    assert not np.isfinite(found.reached_low).any()
