"""Inside a block the masks cancel: distances are those of the unmasked filters, whatever the values are."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation, Mode
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import Secret, derive
from linkage.partner.identifiers import KINDS
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.tokenise import record_refs, tokenise
from linkage.partner.tokens.filters import filters
from linkage.partner.tokens.grams import GRAMS
from linkage.partner.tokens.prf import Prp
from linkage.schema import load_schema
from linkage.tokens import EXACT_BITS, PRESENCE_BITS, PassMap, PassTable, compared_names, lanes_of

SCHEMA = load_schema((Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8"))
SECRET = Secret(bytes(range(32)), name="project")
NUMBERS = [
    f"{n}{c}" for n in range(400000000, 400000090) for c in range(10) if KINDS["nhs_number"].clean(f"{n}{c}")
]
words = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ'- éßŁ", min_size=1, max_size=32)
people = st.fixed_dictionaries(
    {
        "forename": st.none() | words,
        "surname": st.none() | words,
        "date_of_birth": st.none() | st.dates().map(str),
        "postcode": st.none()
        | st.sampled_from(["OX4 1AB", "OX4 1AC", "OX14 1AB", "RG1 3EE", "W1A 1HQ", "90210", "SW1A 2AA"]),
        "address": st.none() | st.tuples(st.integers(1, 99999), words).map(lambda t: f"{t[0]} {t[1]}"),
        "town": st.none() | words,
        "email": st.none() | st.emails(),
        "sex": st.sampled_from([None, "M", "F"]),
        "middle_name": st.none() | words,
    }
)


def word(table: PassTable, lane: str, at: int) -> int:
    return int(table.columns[lane][at]) & (1 << 64) - 1


def distance(table: PassTable, lane: str, a: int, b: int) -> int:
    return sum((word(table, f"{lane}_{h}", a) ^ word(table, f"{lane}_{h}", b)).bit_count() for h in (0, 1))


def bare_filter(value: str, *, comparison: str, block_secret: bytes, key: str) -> int:
    """The unmasked filter as a number, from the product's own function."""
    prf = Prp(derive(SECRET, "pass-filter", SCHEMA.digest, key))
    one = SCHEMA.comparisons[comparison]
    made = filters(
        prf,
        np.frombuffer(block_secret, dtype=np.uint64).reshape(1, 2),
        GRAMS[str(one.grams)](pa.array([value], pa.string())),
        np.zeros(1, dtype=np.int32),
        slot=list(SCHEMA.comparisons).index(comparison),
        bits_per_gram=one.bits_per_gram,
    )
    return int.from_bytes(made.tobytes(), "little")


def block_of_number(number: str) -> tuple[bytes, bytes]:
    """Block and block secret of an NHS number in its pass, by the library's CMAC and KDF."""
    mac = CMAC(AES(derive(SECRET, "part-value", SCHEMA.digest, "nhs_number.whole").expose()))
    mac.update(number.encode())
    kdf = KBKDFCMAC(AES, Mode.CounterMode, 32, 4, None, CounterLocation.AfterFixed, None, None, mac.finalize())
    made = kdf.derive(derive(SECRET, "pass-block", SCHEMA.digest, "nhs-number").expose())
    return made[:8], made[16:]


def tokenised(rows: list[dict[str, Any]]) -> tuple[dict[str, PassTable], dict[str, dict[str, list[int]]], Any]:
    """Passes by key; for each, the rows of each record; and the cleaned records."""
    frame = pd.DataFrame(rows, dtype="str")
    mapping = ColumnMapping("id", {c: c for c in frame.columns if c != "id"})
    clean, _ = normalise(frame, schema=SCHEMA, mapping=mapping, file="made-up")
    rng = np.random.default_rng(3)
    own = Secret(bytes(32), name="own")
    tokens, _ = tokenise(clean, schema=SCHEMA, secret=SECRET, own=own, randomness=rng.bytes)
    name = {
        bytes(r): str(i)
        for r, i in zip(record_refs(clean.record_ids, own=own), clean.record_ids.to_pylist(), strict=True)
    }
    places: dict[str, dict[str, list[int]]] = {m.key: {} for m in tokens.maps}
    for one in tokens.maps:
        for at, r in enumerate(one.record_ref):
            places[one.key].setdefault(name[bytes(r)], []).append(at)
    return {t.key: t for t in tokens.passes}, places, clean


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.lists(st.tuples(people, people), min_size=1, max_size=30))
def test_the_distance_inside_a_block_is_that_of_the_unmasked_filters(pairs: list[tuple[Any, Any]]) -> None:
    rows = [
        {"id": f"{n}{side}", **person, "nhs_number": NUMBERS[n]}
        for n, pair in enumerate(pairs)
        for side, person in zip("ab", pair, strict=True)
    ]
    passes, places, clean = tokenised(rows)
    table, place = passes["nhs-number"], places["nhs-number"]
    assert tuple(table.columns) == lanes_of(SCHEMA, SCHEMA.match_key("nhs-number"))
    key = SCHEMA.match_key("nhs-number")
    standing = {one.comparison: one for one in compared_names(SCHEMA, key)}
    texts = {i: c.texts() for i, c in clean.columns.items()}
    for n in range(len(pairs)):
        # A record with two surnames has one row in a block all the same: that of the name it is known by.
        (a,), (b,) = place[f"{n}a"], place[f"{n}b"]
        block, block_secret = block_of_number(NUMBERS[n])
        assert table.columns["block"][a] == table.columns["block"][b]
        assert word(table, "block", a) == int.from_bytes(block, "little")
        for name, one in standing.items():
            x, y = (texts[SCHEMA.comparisons[name].identifier][2 * n + side] for side in (0, 1))
            lane, shift = one.presence
            absent = (word(table, lane, a) ^ word(table, lane, b)) >> shift & (1 << PRESENCE_BITS) - 1
            if x is None or y is None:
                assert absent or (x is None and y is None)
                continue
            assert absent == 0
            if one.filtered:
                bare = [
                    bare_filter(v, comparison=name, block_secret=block_secret, key=key.name) for v in (x, y)
                ]
                assert distance(table, name, a, b) == (bare[0] ^ bare[1]).bit_count()


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.lists(people, min_size=1, max_size=30), st.data())
def test_equal_records_of_two_partners_are_at_no_distance_in_every_pass(
    found: list[Any], data: st.DataObject
) -> None:
    rows = [
        {"id": str(n), **p, "nhs_number": data.draw(st.sampled_from([None, *NUMBERS]))}
        for n, p in enumerate(found)
    ]
    frame = pd.DataFrame(rows, dtype="str")
    mapping = ColumnMapping("id", {c: c for c in frame.columns if c != "id"})
    clean, _ = normalise(frame, schema=SCHEMA, mapping=mapping, file="made-up")
    ours, theirs = (
        tokenise(
            clean,
            schema=SCHEMA,
            secret=SECRET,
            own=Secret(bytes([n] * 32), name="own"),
            randomness=np.random.default_rng(n).bytes,
        )[0]
        for n in (1, 2)
    )
    for a, b, a_map, b_map in zip(ours.passes, theirs.passes, ours.maps, theirs.maps, strict=True):
        left, right = (
            aligned(t, m, record_refs(clean.record_ids, own=Secret(bytes([n] * 32), name="own")))
            for t, m, n in ((a, a_map, 1), (b, b_map, 2))
        )
        assert (a.columns["block"][left] == b.columns["block"][right]).all()
        standing = {one.lane: one for one in compared_names(SCHEMA, SCHEMA.match_key(a.key))}
        names = {"name_a": ("forename", "surname"), "name_b": ("forename", "surname")}
        for lane in [n for n, one in standing.items() if one.filtered]:
            word_of, shift = standing[lane].presence
            presence = (a.columns[word_of][left] ^ b.columns[word_of][right]).view(np.uint64)
            has = (presence >> np.uint64(shift)) & np.uint64((1 << PRESENCE_BITS) - 1) == 0
            identifiers = names.get(
                lane, (SCHEMA.comparisons[lane].identifier,) if lane in SCHEMA.comparisons else ()
            )
            held = np.logical_and.reduce([clean.columns[i].present for i in identifiers])
            for h in (0, 1):
                same = a.columns[f"{lane}_{h}"][left] == b.columns[f"{lane}_{h}"][right]
                assert (same | ~(has & held[rows_of(a_map, clean, 1)[left]])).all()


def rows_of(one: PassMap, clean: Any, own: int) -> npt.NDArray[np.int64]:
    """The number of the record of each row of the pass."""
    refs = record_refs(clean.record_ids, own=Secret(bytes([own] * 32), name="own"))
    where = {bytes(r): at for at, r in enumerate(refs)}
    return np.array([where[bytes(r)] for r in one.record_ref], dtype=np.int64)


def aligned(table: PassTable, one: PassMap, refs: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """The rows in the order of record and block, which both partners share; a record that is twice in a block is left out, for its two
    rows have no order."""
    where = {bytes(r): at for at, r in enumerate(refs)}
    at_record = np.array([where[bytes(r)] for r in one.record_ref], dtype=np.int64)
    order = np.lexsort((table.columns["block"], at_record))
    pair = np.column_stack([at_record, table.columns["block"]])
    _, group, size = np.unique(pair, axis=0, return_inverse=True, return_counts=True)
    alone: npt.NDArray[np.int64] = order[size[group.ravel()][order] == 1]
    return alone


def test_exchanged_names_meet_at_no_distance() -> None:
    base = {
        "date_of_birth": "1980-02-03",
        "postcode": "OX4 1AB",
        "town": "Oxford",
        "middle_name": "Ann",
        "address": "1 High Street",
    }
    rows = [
        {"id": "0", "forename": "Mary", "surname": "Jones", **base},
        {"id": "1", "forename": "Jones", "surname": "Mary", **base},
    ]
    passes, places, _ = tokenised(rows)
    for key in SCHEMA.match_keys:
        if not key.symmetric:
            continue
        table = passes[key.name]
        for block in np.unique(table.columns["block"]):
            a, b = np.flatnonzero(table.columns["block"] == block)
            for lane in ("name_a", "name_b"):
                if f"{lane}_0" in table.columns:
                    assert distance(table, lane, int(a), int(b)) == 0
    born = passes["nhs-number"]
    assert born.rows == 0
    plain, place = passes["postcode-day"], places["postcode-day"]
    assert distance(plain, "forename", *place["0"], *place["1"]) > SCHEMA.comparisons["forename"].levels[-1]


def test_exact_codes_agree_for_equal_values_and_hardly_ever_for_others() -> None:
    rows = [
        {"id": f"{n}{side}", "email": f"a{n}@example.org", "sex": sex, "nhs_number": NUMBERS[n]}
        for n in range(60)
        for side, sex in (("a", "M"), ("b", "M" if n % 2 else "F"))
    ]
    passes, places, _ = tokenised(rows)
    table, place = passes["email-local"], places["email-local"]
    for n in range(60):
        apart = word(table, "exact_0", *place[f"{n}a"]) ^ word(table, "exact_0", *place[f"{n}b"])
        codes = [apart >> EXACT_BITS * slot & (1 << EXACT_BITS) - 1 for slot in range(3)]
        assert (codes[0] == 0) == bool(n % 2)
        assert codes[2] == 0
