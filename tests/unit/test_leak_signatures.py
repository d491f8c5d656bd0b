"""Distance signatures and what is matched by them, on blocks written down by hand."""

import numpy as np
import numpy.typing as npt
import pytest

from linkage.leak.blocks import by_size, pairs_of
from linkage.leak.known import KnownPass
from linkage.leak.matching import match_blocks, match_pairs
from linkage.leak.refinement import NOBODY
from linkage.leak.rows import match_rows
from linkage.leak.sides import ABSENT, APART, EQUAL, Layout, Seen
from linkage.leak.signatures import KnownPairs, ordered, scale_of, states_of
from linkage.tokens import Compared

NAME = Compared("forename", "forename", 0, ("presence_0", 0), filtered=True, banded=True, place=None)
TOWN = Compared("town", "town", 1, ("presence_0", 6), filtered=True, banded=False, place=None)
LAYOUT = Layout((NAME,), (NAME, TOWN), (((0,), (0, 1)),))
SCALE = np.tile(np.arange(129, dtype=np.float32) / 4, (2, 1))  # four bits are one standard deviation


def word(bits: int) -> int:
    """A 64-bit word with as many bits as asked for."""
    return int(np.array([(1 << bits) - 1], dtype=np.uint64).view(np.int64)[0])


def seen(
    block: list[int], bands: list[int], name: list[int], town: list[int], absent: list[int] | None = None
) -> Seen:
    """Rows whose filters have the first so many bits set, so that two are as far apart as these numbers. `absent` are codes of presence."""
    nothing = np.zeros(len(block), dtype=np.int64)
    columns = {"presence_0": np.array(absent or nothing)}
    for lane, bits in (("forename", name), ("town", town)):
        columns |= {f"{lane}_0": np.array([word(b) for b in bits]), f"{lane}_1": nothing}
    return Seen(LAYOUT, np.array(block), np.array(bands, dtype=np.int8)[:, None], columns)


def known(
    block: list[int], bands: list[int], places: dict[tuple[int, int], tuple[int, int]]
) -> tuple[KnownPass, list[KnownPairs]]:
    """Plaintext groups whose pairs of rows are as many bits apart as written; 0 is equal."""
    numbers = np.array(block)
    side = KnownPass(
        LAYOUT, np.arange(len(block)), numbers, numbers, np.array(bands, dtype=np.int8)[:, None], ()
    )
    out = []
    for blocks in by_size(numbers):
        ends = [e.ravel() for e in blocks.pairs()]
        bits = np.array([places[int(a), int(b)] for a, b in zip(*ends, strict=True)])
        out.append(
            KnownPairs(blocks, np.where(bits > 0, APART, EQUAL).astype(np.uint8), (bits / 4).astype(np.float32))
        )
    return side, out


def test_a_pair_stands_apart_equal_or_without_a_value() -> None:
    rows = seen([0, 0, 1, 1], [0] * 4, [0, 9, 5, 5], [3, 3, 0, 8], absent=[0, 0, 0, 1 << 6])
    left, right = pairs_of(rows.block)
    distances = rows.distances(left, right)
    assert distances.tolist() == [[9, 0], [0, 8]]
    assert states_of(rows.present(left, right), distances).tolist() == [[APART, EQUAL], [EQUAL, ABSENT]]


def test_blocks_are_taken_for_the_groups_with_the_nearest_distances() -> None:
    rows = seen([0, 0, 1, 1, 2, 2, 3], [0] * 7, [0, 10, 0, 30, 0, 20, 0], [0, 5, 0, 40, 0, 40, 0])
    theirs, pairs = known([0, 1, 1, 2, 2, 3, 3], [0] * 7, {(1, 2): (31, 38), (3, 4): (19, 41), (5, 6): (11, 6)})
    match = match_blocks(rows, theirs, pairs=pairs, scale=SCALE)
    assert match.group.tolist() == [3, 1, 2, NOBODY]
    assert match.clear.tolist() == [True, True, True, False]


def test_what_is_equal_on_one_side_alone_is_never_taken_for_the_other() -> None:
    rows = seen([0, 0], [0, 0], [0, 1], [0, 0])
    theirs, pairs = known([0, 0], [0, 0], {(0, 1): (1, 1)})
    assert match_blocks(rows, theirs, pairs=pairs, scale=SCALE).group.tolist() == [NOBODY]


def test_bands_must_agree() -> None:
    rows = seen([0, 0, 1, 1], [0, 1, 0, 0], [0, 10, 0, 10], [0, 5, 0, 5])
    theirs, pairs = known([0, 0, 1, 1], [0, 0, 1, 0], {(0, 1): (10, 5), (2, 3): (10, 5)})
    assert match_blocks(rows, theirs, pairs=pairs, scale=SCALE).group.tolist() == [1, 0]


def test_a_group_is_given_to_the_nearest_of_those_who_claim_it() -> None:
    rows = seen([0, 0, 1, 1], [0] * 4, [0, 10, 0, 14], [0, 5, 0, 5])
    theirs, pairs = known([0, 0, 1], [0] * 3, {(0, 1): (13, 5)})
    match = match_blocks(rows, theirs, pairs=pairs, scale=SCALE)
    assert match.group.tolist() == [NOBODY, 0]


def test_two_groups_that_look_alike_leave_no_clear_winner() -> None:
    rows = seen([0, 0], [0, 0], [0, 10], [0, 5])
    theirs, pairs = known([0, 0, 1, 1], [0] * 4, {(0, 1): (10, 5), (2, 3): (11, 5)})
    match = match_blocks(rows, theirs, pairs=pairs, scale=SCALE)
    assert match.group.tolist() == [0]
    assert match.clear.tolist() == [False]


def test_rows_of_three_are_told_apart_by_their_distances_and_rows_of_two_by_their_bands() -> None:
    # Row 1 is far from both others; of the pair, row 3 is in band 1.
    rows = seen([0, 0, 0, 1, 1], [0, 0, 0, 1, 0], [0, 40, 4, 0, 10], [0, 30, 3, 0, 5])
    theirs, pairs = known(
        [0, 0, 0, 1, 1], [0, 0, 0, 0, 1],
        {(0, 1): (40, 30), (0, 2): (36, 27), (1, 2): (4, 3), (3, 4): (10, 5)},
    )  # fmt: skip
    match = match_blocks(rows, theirs, pairs=pairs, scale=SCALE)
    assert match.group.tolist() == [0, 1]
    assert match_rows(rows, theirs, match=match, pairs=pairs, scale=SCALE).tolist() == [1, 0, 2, 4, 3]


def test_a_pair_of_a_file_is_found_in_a_larger_group_of_the_register() -> None:
    rows = seen([0, 0, 1], [0] * 3, [0, 40, 0], [0, 30, 0])
    theirs, pairs = known(
        [0, 0, 0, 1, 1], [0] * 5, {(0, 1): (40, 30), (0, 2): (36, 27), (1, 2): (4, 3), (3, 4): (10, 5)}
    )
    assert match_blocks(rows, theirs, pairs=pairs, scale=SCALE).group.tolist() == [1, NOBODY]
    assert match_pairs(rows, theirs, pairs=pairs, scale=SCALE).tolist() == [0, NOBODY]


def test_the_order_of_pairs_does_not_change_a_signature() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 3, (5, 6)).astype(np.uint64)
    places = rng.random((5, 6, 2)).astype(np.float32)
    order = rng.permutation(6)
    a, b = ordered(codes, places), ordered(codes[:, order], places[:, order])
    assert (a[0] == b[0]).all()
    assert np.allclose(a[1], b[1], atol=2e-3)
    other = codes.copy()
    other[:, 0] += 1
    assert (ordered(other, places)[0] != a[0]).all()


@pytest.mark.parametrize(("spread", "places"), [(2.0, 10.0), (4.0, 5.0)])
def test_the_scale_counts_in_standard_deviations(spread: float, places: float) -> None:
    draws = np.random.default_rng(1).normal(40, spread, (8, 4000, 1))
    simulated: npt.NDArray[np.uint8] = np.rint(draws).astype(np.uint8)
    scale = scale_of(simulated)[0]
    assert scale[50] - scale[30] == pytest.approx(places, rel=0.06)
    assert scale[0] == 0
