"""Colour refinement on graphs whose answer is known by hand."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.leak.refinement import (
    NOBODY,
    Incidence,
    colours_of_rows,
    name_alike,
    records_right,
    refine,
)
from linkage.leak.sides import Bands, Layout
from linkage.tokens import Compared

Numbers = npt.NDArray[np.int64]


def graph(edges: list[tuple[int, int]], *, labels: list[int] | None = None) -> Incidence:
    record, block = (np.array([e[at] for e in edges], dtype=np.int64) for at in (0, 1))
    label = np.array(labels or [0] * len(edges), dtype=np.uint64)
    return Incidence(record, block, label, int(record.max()) + 1, int(block.max()) + 1)


def pinned(seen: Incidence, known: Incidence) -> list[int]:
    colours = refine([seen, known], starts=[np.zeros(g.records, dtype=np.uint64) for g in (seen, known)])
    return list(name_alike(colours[0], colours[1], record=np.arange(known.records)))


def renumbered(g: Incidence, records: list[int], blocks: list[int]) -> Incidence:
    """The graph with record i called `records[i]`, block j `blocks[j]`, and its edges in reverse."""
    record, block = np.array(records)[g.record][::-1], np.array(blocks)[g.block][::-1]
    return Incidence(record, block, g.label[::-1], g.records, g.blocks)


# Records 0 - 1 - 2 - 3 in a line of shared blocks, with a further block that 0 has alone.
LINE = graph([(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (3, 2), (0, 3)])


def test_a_line_with_one_end_marked_names_everybody() -> None:
    known = renumbered(LINE, [2, 0, 3, 1], [3, 1, 0, 2])
    assert pinned(LINE, known) == [2, 0, 3, 1]


def test_a_line_with_equal_ends_names_nobody() -> None:
    line = graph([(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (3, 2)])
    assert pinned(line, line) == [NOBODY] * 4


def test_a_ring_names_nobody_until_one_of_its_edges_looks_different() -> None:
    edges = [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (0, 2)]
    assert pinned(graph(edges), graph(edges)) == [NOBODY] * 3
    marked = graph(edges, labels=[1, 0, 0, 0, 0, 0])
    assert pinned(marked, marked) == [0, 1, 2]


def test_two_triangles_look_like_one_ring_of_six() -> None:
    """The limit of the method, known since Weisfeiler and Leman: regular graphs are not told apart."""
    triangles = graph(
        [(r, b) for b, pair in enumerate([(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)]) for r in pair]
    )
    ring = graph([(r, b) for b in range(6) for r in (b, (b + 1) % 6)])
    a, b = refine([triangles, ring], starts=[np.zeros(6, dtype=np.uint64)] * 2)
    assert set(a) == set(b)
    assert len(set(a)) == 1


def test_after_one_round_only_neighbours_count() -> None:
    colours = refine([LINE], starts=[np.zeros(4, dtype=np.uint64)], most=1)[0]
    # 0 has a block alone; 1 and 2 both share two blocks; 3 shares one.
    assert colours[1] == colours[2]
    assert len(set(colours)) == 3


def test_a_colour_names_a_record_only_if_it_is_as_frequent_on_both_sides_and_of_one_record() -> None:
    seen = np.array([7, 7, 8, 9, 9, 5], dtype=np.uint64)
    known = np.array([7, 7, 8, 8, 9, 9, 6], dtype=np.uint64)
    record = np.array([4, 4, 1, 1, 2, 3, 0])
    # 7: two rows of record 4 on either side. 8: once here, twice there. 9: two records. 5: not known at all.
    assert list(name_alike(seen, known, record=record)) == [4, 4, NOBODY, NOBODY, NOBODY, NOBODY]
    assert list(name_alike(seen, known[:0], record=record[:0])) == [NOBODY] * 6


def test_a_record_counts_once_however_many_of_its_rows_are_named() -> None:
    truth = np.array([4, 4, 1, 2])
    assert records_right(np.array([4, 4, NOBODY, 3]), truth) == 1
    assert records_right(np.array([NOBODY, 4, 1, 2]), truth) == 3


@dataclass(frozen=True)
class Side:
    """Rows of one pass written down by hand; `missing` lists (row, lane) without a value."""

    layout: Layout
    block: Numbers
    bands: Bands
    missing: frozenset[tuple[int, int]] = frozenset()

    def present(self, left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
        lanes = range(len(self.layout.measured))
        pairs = zip(left.tolist(), right.tolist(), strict=True)
        out = [[not {(a, lane), (b, lane)} & self.missing for lane in lanes] for a, b in pairs]
        return np.array(out, dtype=np.bool_).reshape(len(left), len(lanes))


def lane(name: str) -> Compared:
    return Compared(name, name, 0, ("presence_0", 0), filtered=True, banded=True, place=None)


FIXED = Layout((lane("name_a"),), (lane("name_a"), lane("town")), (((0,), (0, 1)),))
EITHER = Layout(
    (lane("name_a"), lane("name_b")), (lane("name_a"), lane("name_b")), (((0, 1), (0, 1)), ((1, 0), (1, 0)))
)


def side(
    layout: Layout, block: list[int], bands: list[list[int]], missing: tuple[tuple[int, int], ...] = ()
) -> Side:
    return Side(layout, np.array(block), np.array(bands, dtype=np.int8), frozenset(missing))


def classes(colours: npt.NDArray[np.uint64]) -> list[int]:
    """Running numbers of the colours in the order in which they first occur."""
    seen: dict[int, int] = {}
    return [seen.setdefault(int(c), len(seen)) for c in colours]


def test_rows_of_a_pass_are_coloured_by_bands_and_size_of_their_block() -> None:
    rows = side(FIXED, [0, 0, 1, 1, 2, 3, 3], [[0], [1], [0], [0], [0], [1], [0]])
    assert classes(colours_of_rows(rows, gaps=True)) == [0, 1, 2, 2, 3, 1, 0]


def test_missing_values_show_between_rows_and_not_in_a_row_alone() -> None:
    rows = side(FIXED, [0, 0, 1, 1, 2, 3], [[0]] * 6, ((0, 1), (4, 1)))
    assert classes(colours_of_rows(rows, gaps=True)) == [0, 0, 1, 1, 2, 2]


def test_without_gaps_missing_values_do_not_count() -> None:
    rows = side(FIXED, [0, 0, 1, 1, 2, 3], [[0]] * 6, ((0, 1), (4, 1)))
    assert classes(colours_of_rows(rows, gaps=False)) == [0, 0, 0, 0, 1, 1]


def test_in_a_block_of_three_the_row_that_lacks_a_value_is_told() -> None:
    rows = side(FIXED, [0, 0, 0], [[0]] * 3, ((1, 0),))
    assert classes(colours_of_rows(rows, gaps=True)) == [0, 1, 0]


def test_where_names_may_stand_in_either_order_exchanged_lanes_look_the_same() -> None:
    one = side(EITHER, [0, 0, 1], [[0, 2], [1, 2], [0, 1]], ((0, 0),))
    other = side(EITHER, [0, 0, 1], [[2, 0], [2, 1], [1, 0]], ((0, 1),))
    a, b = colours_of_rows(one, gaps=True), colours_of_rows(other, gaps=True)
    assert list(a) == list(b)
    assert len(set(a)) == 3
    half = side(EITHER, [0, 0, 1], [[2, 0], [1, 2], [1, 0]], ((0, 1),))
    assert colours_of_rows(half, gaps=True)[0] != a[0], (
        "the lanes of one block change places together or not at all"
    )
