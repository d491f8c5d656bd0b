"""Values as q-grams, and what distances their filters come to."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import Secret
from linkage.partner.filters import BlockPrf, filters, masks
from linkage.partner.grams import GRAMS, bigrams
from linkage.schema import default_schema

SCHEMA = default_schema()
letters = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=26)


def grams_of(kind: str, *values: str) -> list[set[int]]:
    return [set(map(int, row)) - {0} for row in GRAMS[kind](np.array(values, dtype=object))]


def distances(kind: str, a: str, b: str, *, bits: int, blocks: int = 200) -> float:
    """The mean distance of the two values' unmasked filters over many blocks."""
    secrets = np.random.default_rng(4).integers(0, 1 << 63, (blocks, 2)).astype(np.uint64)
    prf = BlockPrf(Secret(bytes(32), name="pass"))
    made = [
        filters(
            prf,
            secrets,
            np.repeat(GRAMS[kind](np.array([v], dtype=object)), blocks, axis=0),
            slot=0,
            bits_per_gram=bits,
        )
        for v in (a, b)
    ]
    return float(np.bitwise_count(made[0] ^ made[1]).sum(axis=1).mean())


@given(st.lists(letters, min_size=1, max_size=6))
def test_bigrams_are_the_neighbouring_pairs_of_the_padded_text(values: list[str]) -> None:
    made = bigrams(np.array(values, dtype=object), longest=20)
    assert made.shape == (len(values), 21)
    for value, row in zip(values, made, strict=True):
        expected = {ord(a) * 256 + ord(b) for a, b in itertools.pairwise(f" {value[:20]} ")}
        assert set(map(int, row)) - {0} == expected


def test_every_kind_takes_no_values_at_all() -> None:
    for kind, make in GRAMS.items():
        assert len(make(np.array([], dtype=object))) == 0, kind


def test_an_unknown_part_of_a_date_gives_no_gram() -> None:
    whole, part = grams_of("date", "20040309", "2004??09")
    assert part < whole
    assert len(whole) == 8 + 4
    assert len(part) == 6 + 2


def test_values_of_one_kind_that_differ_have_other_grams() -> None:
    for kind, values in {
        "name": ["MARY", "MARYA", "YRAM"],
        "date": ["20040309", "20040903", "20040308"],
        "postcode": ["OX41AB", "OX14AB", "OX41BA", "X41AB"],
        "address": ["1 MILL LANE", "2 MILL LANE", "11 MILL LANE", "MILL LANE", "1A MILL LANE"],
        "email": ["a@b.org", "b@a.org"],
    }.items():
        made = grams_of(kind, *values)
        assert all(a != b for a, b in itertools.combinations(made, 2)), kind


@pytest.mark.parametrize(
    ("name", "a", "near", "far"),
    [
        ("forename", "CATHERINE", "CATHARINE", "MOHAMMED"),
        ("surname", "THOMPSON", "THOMSON", "OKAFOR"),
        ("born", "19800203", "19800204", "19911130"),
        ("born", "19800203", "19800302", "19911130"),
        ("postcode", "OX41AB", "OX41AC", "RG13EE"),
        ("address", "12 HIGH STREET", "12 HIGH STRET", "7 MILL LANE"),
        ("email", "mary.smith@example.org", "mary.smyth@example.org", "gwen@example.net"),
    ],
)
def test_near_values_are_within_the_levels_and_far_ones_beyond(name: str, a: str, near: str, far: str) -> None:
    one = SCHEMA.comparisons[name]
    kind, bits = str(one.grams), one.bits_per_gram
    assert distances(kind, a, a, bits=bits) == 0
    assert 0 < distances(kind, a, near, bits=bits) < one.levels[-1] < distances(kind, a, far, bits=bits)


def test_a_filter_has_at_most_the_bits_of_its_grams_and_leaves_no_row_out() -> None:
    rng = np.random.default_rng(1)
    rows = 20_000
    secrets = rng.integers(0, 1 << 63, (rows, 2)).astype(np.uint64)
    grams = np.repeat(GRAMS["name"](np.array(["JONES"], dtype=object)), rows, axis=0)
    made = filters(BlockPrf(Secret(bytes(32), name="pass")), secrets, grams, slot=3, bits_per_gram=6)
    ones = np.bitwise_count(made).sum(axis=1)
    assert made.shape == (rows, 2)
    assert ones.max() <= 6 * 6
    assert ones.min() > 15
    assert len(np.unique(made, axis=0)) == rows


def test_the_prf_separates_keys_comparisons_uses_and_grams() -> None:
    secrets = np.array([[1, 2]], dtype=np.uint64)
    seen = {
        tuple(map(int, BlockPrf(Secret(key * 32, name="pass"))(secrets, slot=slot, use=use, gram=gram)[0]))
        for key in (b"a", b"b")
        for slot in range(10)
        for use in (1, 2, 3)
        for gram in (0, 1, 256)
    }
    assert len(seen) == 2 * 10 * 3 * 3


def test_masks_are_equal_inside_a_block_and_unrelated_between_comparisons() -> None:
    prf = BlockPrf(Secret(bytes(32), name="pass"))
    secrets = np.repeat(np.array([[5, 6]], dtype=np.uint64), 4, axis=0)
    made = [masks(prf, secrets, slot=s) for s in (0, 1, 62, 63)]
    assert all((m == m[0]).all() for m in made)
    assert len({tuple(map(int, m[0])) for m in made}) == 4
