"""Ways in which zeros can be hidden: one counts only if whole people were found who can be so."""

import numpy as np
from scipy.sparse import csr_array

from policies.disclosure.arrangement import people
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
