"""Patterns of bits, and filters of many rows at once against filters made gram by gram."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import Secret
from linkage.partner.tokens.filters import HEAVY, PATTERNS, USE_GRAM, filters, keyed, patterns
from linkage.partner.tokens.grams import Grams, Heavy
from linkage.partner.tokens.prf import Prp, Words

PRF = Prp(Secret(bytes(32), name="pass"))
BITS = (2, 4, 6, 8)


@pytest.fixture(scope="module")
def tables() -> dict[int, Words]:
    return {bits: patterns(bits) for bits in BITS}


def as_bits(words: Words) -> npt.NDArray[np.uint8]:
    """One column a bit, lowest first."""
    return (words[:, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)).astype(np.uint8)


@pytest.mark.parametrize("bits", BITS)
def test_every_pattern_sets_the_same_number_of_bits_in_either_half(tables: dict[int, Words], bits: int) -> None:
    assert tables[bits].shape == (PATTERNS, 2)
    assert (np.bitwise_count(tables[bits]) == bits // 2).all()


@pytest.mark.parametrize(("bits", "off"), [(2, 0.01), (4, 0.01), (6, 0.01), (8, 0.03)])
def test_every_position_is_nearly_equally_often_set(tables: dict[int, Words], bits: int, off: float) -> None:
    for half in (0, 1):
        often = as_bits(tables[bits][:, half]).sum(axis=0)
        assert often.sum() == PATTERNS * bits // 2
        assert np.abs(often / often.mean() - 1).max() <= off


@pytest.mark.parametrize("bits", BITS)
def test_combinations_are_nearly_equally_often_used(tables: dict[int, Words], bits: int) -> None:
    there_are = len(list(combinations(range(64), bits // 2)))
    for half in (0, 1):
        _, often = np.unique(tables[bits][:, half], return_counts=True)
        assert len(often) == min(there_are, PATTERNS)
        assert often.max() - often.min() <= 1


@pytest.mark.parametrize("bits", BITS)
def test_the_halves_of_a_pattern_are_unrelated(tables: dict[int, Words], bits: int) -> None:
    """The correlation of any bit of one half with any of the other is no larger than that of random patterns."""
    left, right = (as_bits(tables[bits][:, half]).astype(float) for half in (0, 1))
    left, right = ((x - x.mean(axis=0)) / x.std(axis=0) for x in (left, right))
    assert np.abs(left.T @ right / PATTERNS).max() < 0.05


def by_hand(secret: Words, light: list[int], heavy: list[tuple[int, int]], *, bits: int, table: Words) -> Words:
    out = np.zeros(2, dtype=np.uint64)
    for gram in light:
        drawn = keyed(PRF, secret[None], slot=3, use=USE_GRAM, gram=gram)
        out |= table[int(drawn.view("<u2").reshape(-1)[0])]
    for number, (code, weight) in enumerate(heavy, 1):
        drawn = keyed(PRF, secret[None], slot=3, use=USE_GRAM, gram=code | number << HEAVY)
        for word in drawn.view("<u2").reshape(-1)[:weight] if code else ():
            out |= table[int(word)]
    return out


values = st.tuples(
    st.lists(st.integers(1, (1 << 16) - 1), max_size=12), st.sampled_from([0, 1 << 31 | 7, 1 << 31 | 8])
)


@settings(deadline=None, max_examples=60)
@given(st.lists(values, min_size=1, max_size=8), st.data(), st.sampled_from(BITS))
def test_filters_of_many_rows_are_those_made_gram_by_gram(
    tables: dict[int, Words], found: list[tuple[list[int], int]], data: st.DataObject, bits: int
) -> None:
    width = max(max(len(light) for light, _ in found), 1)
    codes = np.zeros((len(found), width), dtype=np.uint16)
    for row, (light, _) in zip(codes, found, strict=True):
        row[: len(light)] = light
    heavy = (
        Heavy(np.array([h for _, h in found], dtype=np.uint32), 2),
        Heavy(np.array([h and h + 1 for _, h in found], dtype=np.uint32), 5),
    )
    grams = Grams(codes, np.array([len(light) for light, _ in found], dtype=np.uint8), heavy)
    which = np.array(data.draw(st.lists(st.integers(0, len(found) - 1), max_size=20)), dtype=np.int32)
    secrets = np.random.default_rng(len(which)).integers(0, 1 << 64, (len(which), 2), dtype=np.uint64)
    before = secrets.copy()
    made = filters(PRF, secrets, grams, which, slot=3, bits_per_gram=bits)
    assert made.shape == (len(which), 2)
    assert (secrets == before).all()
    for row, secret, at in zip(made, secrets, which, strict=True):
        light, code = found[at]
        weighed = [(code, 2), (code and code + 1, 5)]
        assert (row == by_hand(secret, light, weighed, bits=bits, table=tables[bits])).all()


def test_rows_of_one_block_may_share_one_secret_without_a_copy_of_it_a_row() -> None:
    grams = Grams(np.array([[5, 6], [7, 0]], dtype=np.uint16), np.array([2, 1], dtype=np.uint8))
    codes = np.array([0, 1, 0], dtype=np.int32)
    secret = np.array([9, 10], dtype=np.uint64)
    shared, own = (
        filters(PRF, s, grams, codes, slot=0, bits_per_gram=4)
        for s in (np.broadcast_to(secret, (3, 2)), np.repeat(secret[None], 3, axis=0))
    )
    assert (shared == own).all()
    assert (shared[0] == shared[2]).all()
