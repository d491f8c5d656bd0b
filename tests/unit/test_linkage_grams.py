"""Values as q-grams, and what distances their filters come to."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import Secret
from linkage.partner.tokens.filters import filters, keyed, masks
from linkage.partner.tokens.grams import GRAMS, LONGEST, STREET_KINDS, Grams, grams_of
from linkage.partner.tokens.prf import Prp, Words
from linkage.schema import dedupe_schema, default_schema

SCHEMA = default_schema()
EVERY_KIND = dedupe_schema()
letters = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=26)


def light(grams: Grams) -> list[set[int]]:
    return [set(map(int, row[:n])) for row, n in zip(grams.codes, grams.lengths, strict=True)]


def weighed(kind: str, *values: str) -> list[set[tuple[int, int]]]:
    """Every gram of each value with its weight: 1 for light ones."""
    made = GRAMS[kind](pa.array(values, pa.string()))
    out = [{(g, 1) for g in row} for row in light(made)]
    for one in made.heavy:
        for row, code in zip(out, one.codes, strict=True):
            row |= {(int(code), one.weight)} if code else set()
    return out


def filters_of(kind: str, value: str, secrets: Words, *, slot: int = 0, bits: int = 6) -> Words:
    grams = GRAMS[kind](pa.array([value], pa.string()))
    prf = Prp(Secret(bytes(32), name="pass"))
    codes = np.zeros(len(secrets), dtype=np.int32)
    return filters(prf, secrets, grams, codes, slot=slot, bits_per_gram=bits)


def some_secrets(blocks: int) -> Words:
    return np.random.default_rng(4).integers(0, 1 << 64, (blocks, 2), dtype=np.uint64)


def distances(kind: str, a: str, b: str, *, bits: int, blocks: int = 200) -> float:
    """The mean distance of the two values' unmasked filters over many blocks."""
    made = [filters_of(kind, v, some_secrets(blocks), bits=bits) for v in (a, b)]
    return float(np.bitwise_count(made[0] ^ made[1]).sum(axis=1).mean())


@given(st.lists(letters, min_size=1, max_size=6))
def test_bigrams_are_the_neighbouring_pairs_of_the_padded_text(values: list[str]) -> None:
    made = light(GRAMS["name"](pa.array(values, pa.string())))
    longest = LONGEST["name"]
    assert made == [{ord(a) * 256 + ord(b) for a, b in itertools.pairwise(f" {v[:longest]} ")} for v in values]


def test_every_kind_takes_no_values_at_all() -> None:
    for kind, make in GRAMS.items():
        for made in (make(pa.array([], pa.string())), grams_of(kind, pa.array([], pa.string()))):
            assert len(made.codes) == len(made.lengths) == 0, kind
            assert all(len(h.codes) == 0 for h in made.heavy), kind


@pytest.mark.parametrize("kind", GRAMS)
def test_grams_made_some_values_at_a_time_are_those_made_at_once(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "name": ["MARY", "BARTHOLOMEW", "AL", "ANN MARIE", "O"],
        "date": ["20040309", "2004??09", "19990229", "????0101", "20101010"],
        "postcode": ["OX41AB", "SW1A2AA", "M11AE", "90210", "W1A1HQ"],
        "address": ["1 MILL LANE", "THE OLD MILL", "FLAT 3 12A CLEMENTS ROAD", "7", "GREEN"],
        "email": ["a@b.org", "a.long.name@a.long.domain.example", "z@z.net", "y@z.net", "x@z.net"],
    }[kind]
    whole = grams_of(kind, pa.array(values))
    monkeypatch.setattr("linkage.partner.tokens.grams.SOME_VALUES", 2)
    pieces = grams_of(kind, pa.array(values))
    assert light(pieces) == light(whole) == [{g for g, n in row if n == 1} for row in weighed(kind, *values)]
    assert [(h.codes.tolist(), h.weight) for h in pieces.heavy] == [
        (h.codes.tolist(), h.weight) for h in whole.heavy
    ]


def test_an_unknown_part_of_a_date_gives_no_gram() -> None:
    whole, part, no_century = weighed("date", "20040309", "2004??09", "??040309")
    assert part < whole
    assert len(whole) == 1 + 6 + 4
    assert len(part) == 1 + 4 + 2
    assert len(whole - no_century) == 1


def test_an_exchange_of_day_and_month_keeps_the_grams_of_both_as_numbers() -> None:
    a, b = weighed("date", "20040309", "20040903")
    assert len(a & b) == 3 + 2 + 2


def test_a_street_kind_is_one_gram_and_the_number_of_the_house_a_heavy_one() -> None:
    road, lane, none = weighed("address", "12A MILL ROAD", "12A MILL LANE", "12A MILL")
    assert road - none == {(1 << 15 | STREET_KINDS["ROAD"], 1)}
    assert lane - none == {(1 << 15 | STREET_KINDS["LANE"], 1)}
    assert [n for _, n in none if n > 1] == [4]
    assert all(n == 1 for _, n in weighed("address", "THE OLD MILL")[0])
    flat, house, other = weighed("address", "FLAT 3 12 MILL ROAD", "12 MILL ROAD", "14 MILL ROAD")
    assert {g for g in flat if g[1] > 1} == {g for g in house if g[1] > 1} != {g for g in other if g[1] > 1}


def test_values_of_one_kind_that_differ_have_other_grams() -> None:
    for kind, values in {
        "name": ["MARY", "MARYA", "YRAM"],
        "date": ["20040309", "20040903", "20040308"],
        "postcode": ["OX41AB", "OX14AB", "OX41BA", "X41AB"],
        "address": ["1 MILL LANE", "2 MILL LANE", "11 MILL LANE", "MILL LANE", "1A MILL LANE"],
        "email": ["a@b.org", "b@a.org"],
    }.items():
        made = weighed(kind, *values)
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
    one = EVERY_KIND.comparisons[name]
    kind, bits = str(one.grams), one.bits_per_gram
    assert distances(kind, a, a, bits=bits) == 0
    assert 0 < distances(kind, a, near, bits=bits) < one.levels[-1] < distances(kind, a, far, bits=bits)


def test_a_filter_has_at_most_the_bits_of_its_grams_and_leaves_no_row_out() -> None:
    made = filters_of("name", "JONES", some_secrets(20_000), slot=3)
    halves = np.bitwise_count(made)
    assert made.shape == (20_000, 2)
    assert halves.max() <= 3 * 6
    assert halves.min() > 6
    assert len(np.unique(made, axis=0)) == 20_000


def test_the_prf_separates_keys_comparisons_uses_and_grams() -> None:
    secrets = np.array([[1, 2]], dtype=np.uint64)
    seen = {
        tuple(map(int, keyed(Prp(Secret(key * 32, name="pass")), secrets, slot=slot, use=use, gram=gram)[0]))
        for key in (b"a", b"b")
        for slot in range(10)
        for use in (1, 2, 3)
        for gram in (0, 1, 256)
    }
    assert len(seen) == 2 * 10 * 3 * 3


def test_masks_are_equal_inside_a_block_and_unrelated_between_comparisons() -> None:
    prf = Prp(Secret(bytes(32), name="pass"))
    secrets = np.repeat(np.array([[5, 6]], dtype=np.uint64), 4, axis=0)
    made = [masks(prf, secrets, slot=s) for s in (0, 1, 200, 220)]
    assert all((m == m[0]).all() for m in made)
    assert len({tuple(map(int, m[0])) for m in made}) == 4
