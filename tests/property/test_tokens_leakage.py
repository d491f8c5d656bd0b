"""What the linker can learn from tokens: nothing of a row alone in its block, and nothing that joins two blocks or two passes.

The statistics have fixed seeds and bounds that chance would break less than once in a thousand million runs.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import chi2, spearmanr

from keys import Secret
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.records import CleanRecords
from linkage.partner.tokenise import record_refs, tokenise
from linkage.partner.tokens.filters import filters
from linkage.partner.tokens.grams import GRAMS
from linkage.partner.tokens.prf import Prp
from linkage.people import make_world
from linkage.schema import Schema, default_schema, load_schema
from linkage.tokens import PassTable, TokenTable, compared_names

SCHEMA = default_schema()
CORE = load_schema((Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8"))
SECRET = Secret(b"project secret of the round, 32b", name="project")
OTHER_SECRET = Secret(b"project secret of another, 32 b.", name="project")
OWN = Secret(b"own secret of the police, 32 b..", name="own")
OTHER_OWN = Secret(b"own secret of the schools, 32 b.", name="own")
ALONE = 4000
UNLIKELY = 1e-9


def fixed_randomness(seed: str) -> Callable[[int], bytes]:
    calls = itertools.count()
    return lambda size: hashlib.shake_256(f"{seed} {next(calls)}".encode()).digest(size)


def tokens_of(
    clean: CleanRecords, *, schema: Schema, secret: Secret = SECRET, own: Secret = OWN, seed: str = "one"
) -> dict[str, PassTable]:
    tokens, _ = tokenise(clean, schema=schema, secret=secret, own=own, randomness=fixed_randomness(seed))
    return {t.key: t for t in tokens.passes}


def cleaned(rows: pd.DataFrame, *, schema: Schema) -> CleanRecords:
    mapping = ColumnMapping("id", {c: c for c in rows.columns if c != "id"})
    return normalise(rows.astype("str"), schema=schema, mapping=mapping, file="made-up")[0]


@pytest.fixture(scope="module")
def lonely() -> CleanRecords:
    """People of one name, sex and address, some values missing, none sharing a date of birth."""
    days = pd.date_range("1950-01-01", periods=ALONE).strftime("%Y-%m-%d")
    rows = pd.DataFrame(
        {"id": [f"r{n}" for n in range(ALONE)], "forename": "Mary", "surname": "Smith", "date_of_birth": days}
    )
    rows["sex"], rows["postcode"], rows["address"] = "F", "OX4 1AB", "1 High Street"
    rows.loc[rows.index % 3 == 0, "postcode"] = None
    rows.loc[rows.index % 5 == 0, "sex"] = None
    return cleaned(rows, schema=CORE)


@pytest.fixture(scope="module")
def alone(lonely: CleanRecords) -> PassTable:
    table = tokens_of(lonely, schema=CORE)["born-name"]
    assert table.rows == 2 * ALONE
    assert len(np.unique(table.columns["block"])) == table.rows
    return table


def council_under(schema: Schema) -> CleanRecords:
    agency = next(a for a in make_world(people=9000, seed=5).agencies if a.name == "council")
    mapping = ColumnMapping(agency.record_id, agency.identifiers, agency.date_order)
    return normalise(agency.frame, schema=schema, mapping=mapping, file="council.csv")[0]


@pytest.fixture(scope="module")
def council() -> CleanRecords:
    return council_under(SCHEMA)


@pytest.fixture(scope="module")
def submitted(council: CleanRecords) -> TokenTable:
    return tokenise(council, schema=SCHEMA, secret=SECRET, own=OWN, randomness=fixed_randomness("one"))[0]


def bits(lane: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return np.unpackbits(np.ascontiguousarray(lane).view(np.uint8).reshape(-1, 8), axis=1)


def sum_apart(a: PassTable, left: Any, b: PassTable, right: Any, *, lane: str) -> npt.NDArray[np.int64]:
    """The Hamming distance of the filters of some rows of two tables."""
    halves = [a.columns[f"{lane}_{h}"][left] ^ b.columns[f"{lane}_{h}"][right] for h in (0, 1)]
    words = np.column_stack(halves).view(np.uint64)
    distance: npt.NDArray[np.int64] = np.bitwise_count(words).astype(np.int64).sum(axis=1)
    return distance


def filters_in(table: PassTable) -> set[str]:
    """The lanes of a table of the default schema that are filters, without the number of the half."""
    return {one.lane for one in compared_names(SCHEMA, SCHEMA.match_key(table.key)) if one.filtered}


def off_uniform(lane: npt.NDArray[Any]) -> float:
    """How improbable the counts of the 64 single bits and of all byte values would be for uniform words."""
    ones = bits(lane).sum(axis=0)
    n = len(lane)
    by_bit = float(((ones - n / 2) ** 2 / (n / 4)).sum())
    counts = np.bincount(np.ascontiguousarray(lane).view(np.uint8), minlength=256)
    by_byte = float(((counts - 8 * n / 256) ** 2 / (8 * n / 256)).sum())
    return float(min(chi2.sf(by_bit, 64), chi2.sf(by_byte, 255)))


def masked_lanes(table: PassTable) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for name, lane in table.columns.items():
        if not name.endswith("_band"):
            yield name, lane


def test_the_lanes_of_rows_alone_in_their_blocks_are_uniform_though_all_have_one_name(alone: PassTable) -> None:
    lanes = {n: lane for n, lane in masked_lanes(alone) if n != "row_ref"}
    assert {
        "block",
        "presence_0",
        "presence_1",
        "exact_0",
        "exact_1",
        "name_a_0",
        "name_b_1",
        "postcode_0",
        "address_1",
    } <= set(lanes)
    assert {n: p for n, lane in lanes.items() if (p := off_uniform(lane)) < UNLIKELY} == {}


def test_the_same_measure_sees_through_filters_that_are_not_masked(alone: PassTable) -> None:
    secrets = np.frombuffer(fixed_randomness("blocks")(16 * ALONE), dtype=np.uint64).reshape(-1, 2)
    grams = GRAMS["name"](pa.array(["SMITH"], pa.string()))
    codes = np.zeros(ALONE, dtype=np.int32)
    bare = filters(Prp(OWN), secrets, grams, codes, slot=0, bits_per_gram=6)
    assert off_uniform(bare[:, 0].view(np.int64)) < UNLIKELY
    repeated = np.resize(alone.columns["name_a_0"][:10], ALONE)
    assert off_uniform(repeated) < UNLIKELY


def test_row_references_are_uniform_over_63_bits(alone: PassTable) -> None:
    reference = alone.columns["row_ref"]
    assert (reference >= 0).all()
    assert off_uniform((reference << 1) | (bits(alone.columns["block"])[:, 7].astype(np.int64))) >= UNLIKELY


def test_a_missing_value_cannot_be_told_from_one_in_a_row_alone_in_its_block(
    alone: PassTable, lonely: CleanRecords
) -> None:
    missing = lonely.columns["postcode"].codes < 0
    known = tokenise(lonely, schema=CORE, secret=SECRET, own=OWN, randomness=fixed_randomness("one"))[0]
    one_map = next(m for m in known.maps if m.key == "born-name")
    absent_refs = {bytes(r) for r in refs_of(lonely)[missing]}
    absent = np.array([bytes(r) in absent_refs for r in one_map.record_ref])
    assert 0 < absent.sum() < len(absent)
    for lane in ("postcode_0", "postcode_1", "presence_0", "presence_1", "exact_0", "exact_1"):
        assert off_uniform(alone.columns[lane][absent]) >= UNLIKELY
        assert off_uniform(alone.columns[lane][~absent]) >= UNLIKELY


def refs_of(clean: CleanRecords) -> npt.NDArray[np.uint8]:
    return record_refs(clean.record_ids, own=OWN)


def test_one_value_in_two_blocks_is_about_64_of_128_bits_apart(alone: PassTable) -> None:
    for name in ("name_a", "name_b", "address"):
        distance = sum_apart(alone, slice(None, -1), alone, slice(1, None), lane=name)
        assert abs(float(distance.mean()) - 64) < 0.5
        assert abs(float(distance.std()) - np.sqrt(32)) < 0.4
        assert distance.min() > 25


def test_one_value_of_one_record_in_two_passes_is_about_64_of_128_bits_apart(submitted: TokenTable) -> None:
    compared = 0
    filled = [(t, m) for t, m in zip(submitted.passes, submitted.maps, strict=True) if t.rows]
    for (a, a_map), (b, b_map) in itertools.combinations(filled, 2):
        where = {bytes(r): at for at, r in enumerate(b_map.record_ref)}
        rows = [(at, where[bytes(r)]) for at, r in enumerate(a_map.record_ref) if bytes(r) in where]
        left, right = (np.array(side, dtype=np.int64) for side in zip(*rows, strict=True))
        for lane in filters_in(a) & filters_in(b):
            distance = sum_apart(a, left, b, right, lane=lane)
            assert abs(float(distance.mean()) - 64) < 6.5 * np.sqrt(32 / len(left)), (a.key, b.key, lane)
            compared += 1
    assert compared > 200


def test_no_token_reference_or_block_occurs_in_two_passes(submitted: TokenTable) -> None:
    seen: dict[int, str] = {}
    for table in submitted.passes:
        own = {int(v) for _, lane in masked_lanes(table) for v in np.unique(lane)}
        assert not own & seen.keys(), f"{table.key} shares a value with another pass"
        seen |= dict.fromkeys(own, table.key)
    assert len(seen) > 50_000


def test_the_orders_of_rows_in_two_passes_and_in_the_file_are_unrelated(
    submitted: TokenTable, council: CleanRecords
) -> None:
    in_file = {bytes(r): at for at, r in enumerate(refs_of(council))}
    places = [in_file] + [
        {bytes(r): at for at, r in enumerate(m.record_ref)} for m in submitted.maps if len(m.row_ref)
    ]
    assert len(places) > 12
    for a, b in itertools.combinations(places, 2):
        both = sorted(a.keys() & b.keys())
        rank = float(spearmanr([a[r] for r in both], [b[r] for r in both]).statistic)
        assert abs(rank) < 5.5 / np.sqrt(len(both) - 1)


def test_rows_stand_in_the_order_of_references_that_only_the_partner_can_make(submitted: TokenTable) -> None:
    for one, table in zip(submitted.maps, submitted.passes, strict=True):
        assert (one.row_ref == table.columns["row_ref"]).all()
        assert (np.diff(table.columns["row_ref"]) >= 0).all()
        assert not {bytes(r)[:8] for r in one.record_ref} & {int(v).to_bytes(8, "little") for v in one.row_ref}


def test_another_project_secret_gives_entirely_other_tokens(
    council: CleanRecords, submitted: TokenTable
) -> None:
    other = tokens_of(council, schema=SCHEMA, secret=OTHER_SECRET, seed="two")
    for table in submitted.passes:
        # Who of several people stays in a block is drawn anew, but somebody does in each.
        blocks = [np.unique(t.columns["block"]) for t in (table, other[table.key])]
        assert len(blocks[0]) == len(blocks[1])
        for name, lane in masked_lanes(table):
            if name != "row_ref":
                assert not np.isin(lane, other[table.key].columns[name]).any()


def test_another_schema_gives_entirely_other_tokens(council: CleanRecords, submitted: TokenTable) -> None:
    renewed = load_schema(f"{SCHEMA.text}# agreed anew\n")
    assert renewed.digest != SCHEMA.digest
    other = tokenise(council, schema=renewed, secret=SECRET, own=OWN, randomness=fixed_randomness("one"))[0]
    for a, b in zip(submitted.passes, other.passes, strict=True):
        assert not np.isin(a.columns["block"], b.columns["block"]).any()


def test_another_partner_has_other_row_references_but_the_same_blocks_and_equal_filters(
    council: CleanRecords, submitted: TokenTable
) -> None:
    other = tokens_of(council, schema=SCHEMA, own=OTHER_OWN, seed="two")
    for table in submitted.passes:
        theirs = other[table.key]
        assert not np.isin(table.columns["row_ref"], theirs.columns["row_ref"]).any()
        assert (np.unique(table.columns["block"]) == np.unique(theirs.columns["block"])).all()
    core = council_under(CORE)
    ours, theirs = (tokens_of(core, schema=CORE, own=own)["names-year"] for own in (OWN, OTHER_OWN))
    _, block, size = np.unique(ours.columns["block"], return_inverse=True, return_counts=True)
    once = np.flatnonzero(size[block] == 1)
    place = {int(b): at for at, b in enumerate(theirs.columns["block"])}
    right = np.array([place[int(b)] for b in ours.columns["block"][once]])
    for lane in ("name_a", "name_b"):
        present = sum_apart(ours, once, theirs, right, lane=lane) == 0
        assert present.mean() > 0.9, lane


def test_the_same_arguments_give_the_same_tokens_and_statistics(council: CleanRecords) -> None:
    a, b = (
        tokenise(council, schema=SCHEMA, secret=SECRET, own=OWN, randomness=fixed_randomness("same"))
        for _ in range(2)
    )
    assert a[1] == b[1]
    for x, y in zip(a[0].passes, b[0].passes, strict=True):
        assert list(x.columns) == list(y.columns)
        assert all((x.columns[n] == y.columns[n]).all() for n in x.columns)
    for m, k in zip(a[0].maps, b[0].maps, strict=True):
        assert (m.row_ref == k.row_ref).all()
        assert (m.record_ref == k.record_ref).all()


def test_only_the_fillers_of_missing_values_depend_on_the_randomness(
    alone: PassTable, lonely: CleanRecords
) -> None:
    again = tokens_of(lonely, schema=CORE, seed="two")["born-name"]
    changed = {n for n in alone.columns if (alone.columns[n] != again.columns[n]).any()}
    missing = {
        "presence_0",
        "presence_1",
        "exact_0",
        "exact_1",
        "postcode_0",
        "postcode_1",
        "town_0",
        "town_1",
        "email_0",
        "email_1",
    }
    assert changed == missing
    assert (alone.columns["postcode_0"] != again.columns["postcode_0"]).mean() == pytest.approx(1 / 3, abs=0.01)


def test_every_part_of_a_key_moves_its_block() -> None:
    """Two records meet in a pass if and only if all parts of its key agree."""
    base = {
        "forename": "Mary",
        "middle_name": "Ann",
        "surname": "Smith",
        "date_of_birth": "1980-02-03",
        "sex": "F",
    }
    base |= {"postcode": "OX4 1AB", "address": "1 High Street", "town": "Oxford", "email": "mary@example.org"}
    base |= {
        "nhs_number": "9434765919",
        "upn": "A123456789012",
        "pnc_id": "2004/0123456B",
        "uprn": "100121234567",
    }
    base |= {"phone": "07700 900123"}
    other = {
        "forename": "Gwen",
        "middle_name": "Zoe",
        "surname": "Jones",
        "date_of_birth": "1971-11-25",
        "sex": "M",
    }
    other |= {"postcode": "RG1 3EE", "address": "22 Mill Lane", "town": "Slough", "email": "gwen@example.net"}
    other |= {
        "nhs_number": "4010232137",
        "upn": "R053630027086",
        "pnc_id": "1999/0654321Z",
        "uprn": "10033544614",
    }
    other |= {"phone": "07911 123456"}
    rows = [{"id": "0", **base}]
    rows += [{"id": str(n), **base, name: other[name]} for n, name in enumerate(base, 1)]
    clean = cleaned(pd.DataFrame(rows), schema=SCHEMA)
    tokens = tokenise(clean, schema=SCHEMA, secret=SECRET, own=OWN, randomness=fixed_randomness("one"))[0]
    refs = [bytes(r) for r in refs_of(clean)]
    for key, table, one in zip(SCHEMA.match_keys, tokens.passes, tokens.maps, strict=True):
        blocks: dict[bytes, set[int]] = {ref: set() for ref in refs}
        for ref, block in zip(one.record_ref, table.columns["block"], strict=True):
            blocks[bytes(ref)].add(int(block))
        for n, name in enumerate(base, 1):
            shared = blocks[refs[0]] & blocks[refs[n]]
            assert blocks[refs[0]], key.name
            if name not in key.identifiers:
                assert shared == blocks[refs[0]]
            elif any(p.order == "any" for p in key.parts) and name in ("forename", "surname"):
                assert len(shared) == 1
            else:
                assert not shared
