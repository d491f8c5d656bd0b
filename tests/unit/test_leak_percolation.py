"""Percolation and matching in a register, on graphs whose answer is known by hand."""

import numpy as np
import pytest

from linkage.leak.patterns import counts_of, only_fitting
from linkage.leak.percolation import (
    UNKNOWN,
    Sides,
    known_start,
    only_possible,
    pass_colours,
    percolate,
    unlike_any_other,
)
from linkage.leak.refinement import NOBODY, Incidence

# Records with their value in each of three passes; record 0 is who the attacker knows. Values are the register's block numbers.
PEOPLE = [
    (0, 10, 20),
    (0, 11, 21),
    (1, 11, 22),
    (1, 12, 23),
    (2, 13, 24),
    (2, 13, 24),
]
REGISTER = [*PEOPLE, (3, 14, 25), (3, 15, 26), (0, 16, 27)]


def graph(rows: list[tuple[int, ...]]) -> Incidence:
    every = [[row[at] for row in rows] for at in range(3)]
    record = np.tile(np.arange(len(rows)), 3)
    block = np.concatenate([np.array(v) for v in every])
    label = np.repeat(np.arange(3), len(rows)).astype(np.uint64)
    return Incidence(record, block, label, len(rows), int(block.max()) + 1)


def sides(file: Incidence, register: Incidence) -> Sides:
    return Sides(file, register, pass_colours(file), pass_colours(register))


def start(known: dict[int, int], size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    out = np.full(size, NOBODY)
    for ours, theirs in known.items():
        out[ours] = theirs
    return out


def nothing(g: Incidence) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.full(g.blocks, UNKNOWN)


def test_whoever_shares_blocks_with_the_known_becomes_known_step_by_step() -> None:
    file, register = graph(PEOPLE), graph(PEOPLE)
    claim = percolate(sides(file, register), start=start({0: 0}, 6), value=nothing(file))
    # 0 leads to 1 by the first pass, 1 to 2 by the second, 2 to 3 by the first; nothing leads to the twins.
    assert list(claim) == [0, 1, 2, 3, NOBODY, NOBODY]


def test_a_register_with_a_second_person_in_a_block_keeps_the_first_unknown() -> None:
    file, register = graph(PEOPLE), graph(REGISTER)
    claim = percolate(sides(file, register), start=start({0: 0}, 6), value=nothing(file))
    # In the register two more people share the first value of record 0.
    assert list(claim) == [0, *[NOBODY] * 5]
    claim = percolate(sides(file, register), start=start({0: 0, 3: 3}, 6), value=nothing(file))
    assert list(claim) == [0, 1, 2, 3, NOBODY, NOBODY]


def test_twins_stay_unknown_even_if_all_their_blocks_are_known() -> None:
    file, register = graph(PEOPLE), graph(PEOPLE)
    value = nothing(file)
    value[[2, 13, 24]] = [2, 13, 24]
    assert list(percolate(sides(file, register), start=start({}, 6), value=value)) == [NOBODY] * 6


def test_records_with_another_number_of_rows_are_no_candidates() -> None:
    file, register = graph(PEOPLE[:2]), graph([*PEOPLE[:2], (0, 11, 29)])
    more = Incidence(
        np.append(register.record, 2),
        np.append(register.block, 28),
        np.append(register.label, 1).astype(np.uint64),
        3,
        register.blocks,
    )
    known = start({0: 0}, 2)
    assert list(percolate(sides(file, register), start=known, value=nothing(file))) == [0, NOBODY]
    assert list(percolate(sides(file, more), start=known, value=nothing(file))) == [0, 1]


def test_a_pair_that_shares_blocks_as_no_other_does_is_known_without_knowing_anybody() -> None:
    # Only the twins share all three blocks, but nothing tells which of them is which.
    file = graph(PEOPLE)
    assert list(unlike_any_other(sides(file, file))) == [NOBODY] * 6
    # With a further row for one of them they are told apart.
    extra = Incidence(
        np.append(file.record, 5), np.append(file.block, 30), np.append(file.label, 2).astype(np.uint64), 6, 31
    )
    assert list(unlike_any_other(sides(extra, extra))) == [NOBODY] * 4 + [4, 5]


def test_a_block_is_named_if_only_one_value_of_the_register_can_hold_it() -> None:
    def named(file: list[list[int]], register: list[list[int]]) -> list[int]:
        blocks = [np.repeat(np.arange(len(side)), [len(b) for b in side]) for side in (file, register)]
        colours = [np.array([c for b in side for c in b], dtype=np.uint64) for side in (file, register)]
        return list(only_possible(blocks[0], colours[0], blocks[1], colours[1]))

    assert named([[1], [1, 1, 1]], [[1, 1], [1], [1, 1, 1, 1]]) == [UNKNOWN, 2]
    assert named([[1, 2]], [[1, 1], [2, 2], [2, 1, 1]]) == [2]
    assert named([[1, 2]], [[1, 2], [2, 1]]) == [UNKNOWN]
    assert named([[3]], [[1], [2]]) == [UNKNOWN]


def test_a_record_is_named_by_its_numbers_of_rows_if_one_alone_can_have_them() -> None:
    def fitting(file: list[list[int]], register: list[tuple[list[int], list[int]]]) -> list[int]:
        least, most = (np.array([r[at] for r in register], dtype=np.int16) for at in (0, 1))
        return list(only_fitting(np.array(file, dtype=np.int16), least=least, most=most))

    register = [([1, 1], [1, 2]), ([1, 0], [1, 1]), ([2, 1], [2, 1]), ([2, 1], [2, 1])]
    assert fitting([[1, 2]], register) == [0]
    assert fitting([[1, 0]], register) == [1]
    assert fitting([[1, 1]], register) == [NOBODY], "two can have them"
    assert fitting([[2, 1]], register) == [NOBODY], "two have the same"
    assert fitting([[3, 1]], register) == [NOBODY]
    assert fitting([[1, 0], [1, 0], [1, 2]], register) == [NOBODY, NOBODY, 0]
    assert list(counts_of(np.array([2, 0, 2]), records=4)) == [1, 0, 2, 0]


@pytest.mark.parametrize("known", [0, 3])
def test_the_known_are_as_many_as_asked_for_and_rightly_known(known: int) -> None:
    register = np.array([8, 3, 5, 1])
    got = known_start(4, register=register, known=known, rng=np.random.default_rng(1))
    assert (got != NOBODY).sum() == known
    assert (got[got != NOBODY] == register[got != NOBODY]).all()
