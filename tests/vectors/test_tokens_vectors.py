"""The tokens against a second implementation, which is in tokens_by_hand.py.

`tokens.json` holds made-up records, fixed secrets and what both implementations make of them under `tokens_schema.yaml`, in hexadecimal. Another
implementation of the token format can be checked against the same file. After a change of the format or of the schema,
`python -m tests.vectors.test_tokens_vectors` writes it again, tokens by the second implementation.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import pytest

from keys import Secret, derive
from linkage.partner.identifiers import KINDS
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.records import CleanRecords
from linkage.partner.tokenise import record_refs, tokenise
from linkage.partner.tokens.same_person import PLAINLY
from linkage.schema import parse_part
from linkage.tokens import PassTable, lanes_of
from tests.vectors.tokens_by_hand import (
    FACTS,
    HERE,
    NAMES,
    OWN,
    SCHEMA,
    SECRET,
    Lanes,
    Row,
    cmac,
    encoded,
    fixed_randomness,
    hkdf,
    key_of,
    little,
    passes_by_hand,
    people_of,
    rows_of,
    ways_of,
)

SOURCE: Final = (
    "Made-up people; both the product and the plain-Python implementation in tokens_by_hand.py give these values. `canonical` has"
    " the rows of cleaned records, `parts` the values of parts by canonical value, `people` the parts by which a partner takes"
    " records for one person's. Lanes are little-endian bytes in hexadecimal."
)


def cleaned() -> CleanRecords:
    rows = pd.DataFrame(FACTS["records"], dtype="str")
    mapping = ColumnMapping("id", {i: i for i in rows.columns if i != "id"})
    return normalise(rows, schema=SCHEMA, mapping=mapping, file="tokens.json")[0]


def passes_of_the_product() -> dict[str, PassTable]:
    tokens, _ = tokenise(
        cleaned(),
        schema=SCHEMA,
        secret=Secret(SECRET, name="project secret"),
        own=Secret(OWN, name="own secret"),
        randomness=fixed_randomness(FACTS["randomness"]),
    )
    return {t.key: t for t in tokens.passes}


def as_hex(lane: str, value: int) -> str:
    return value.to_bytes(1, "little").hex() if lane.endswith("_band") else little(value).hex()


@pytest.fixture(scope="module")
def product() -> dict[str, PassTable]:
    return passes_of_the_product()


@pytest.fixture(scope="module")
def by_hand() -> dict[str, list[Lanes]]:
    return passes_by_hand()


KEYS = [k.name for k in SCHEMA.match_keys]


@pytest.mark.parametrize("key", KEYS)
def test_both_implementations_make_the_same_tokens(
    key: str, product: dict[str, PassTable], by_hand: dict[str, list[Lanes]]
) -> None:
    table = product[key]
    assert table.rows == len(by_hand[key])
    for at, row in enumerate(by_hand[key]):
        assert {n: int(c[at]) for n, c in table.columns.items()} == row


@pytest.mark.parametrize("key", KEYS)
def test_the_tokens_are_those_written_down(key: str, product: dict[str, PassTable]) -> None:
    table = product[key]
    assert [{n: as_hex(n, int(c[at])) for n, c in table.columns.items()} for at in range(table.rows)] == FACTS[
        "passes"
    ][key]


def test_the_written_passes_hold_rows_and_lanes_of_every_kind() -> None:
    rows = {key: FACTS["passes"][key] for key in KEYS}
    assert min(map(len, rows.values())) >= 1
    assert sum(map(len, rows.values())) > 60
    lanes = {lane for some in rows.values() for row in some for lane in row}
    assert lanes == {lane for key in SCHEMA.match_keys for lane in lanes_of(SCHEMA, key)}
    assert {"presence_1", "exact_1", "name_a_band", "name_b_0", "forename_1", "postcode_0"} <= lanes
    bands = {row[lane] for some in rows.values() for row in some for lane in row if lane.endswith("_band")}
    assert bands == {"00", "01", "02"}


def test_the_written_records_make_keys_in_every_way_there_is() -> None:
    rows = FACTS["canonical"]
    ids = [r["id"] for r in FACTS["records"]]
    ways = {key.name: [list(ways_of(row, key.parts)) for row in rows] for key in SCHEMA.match_keys}
    assert len(rows) > len(FACTS["records"])
    assert max(map(len, ways["root-sector"])) > 1
    assert {turned for row in ways["names-year"] for _, turned in row} == {False, True}
    alike = [row for row in ways["born-name"] if len(row) == 2 and row[0][0] == row[1][0]]
    assert alike, "no record whose names sound alike"
    house = SCHEMA.match_key("house-year")
    records = {r["record"] for r, some in zip(rows, ways["house-year"], strict=True) if some}
    assert len(rows_of(rows, ids, house)) < len(records), "no value that too many people share"
    assert len(set(people_of(rows))) < len(ids), "no two records that are plainly of one person"


def test_the_schema_is_the_one_that_the_vectors_were_made_with() -> None:
    assert SCHEMA.digest == FACTS["schema"]


def canonical_rows() -> list[dict[str, Any]]:
    clean = cleaned()
    texts = {i: c.texts() for i, c in clean.columns.items()}
    return [{"record": int(r), **{i: t[at] for i, t in texts.items()}} for at, r in enumerate(clean.record)]


def parts_of(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, list[str]]]]:
    """The values of every part that the schema uses, by identifier and canonical value."""
    used = {(p.identifier, p.part) for k in SCHEMA.match_keys for p in k.parts if p.order is None}
    used |= {(n, p.part) for k in SCHEMA.match_keys for p in k.parts if p.order for n in NAMES}
    used |= {(c.identifier, c.part) for c in SCHEMA.comparisons.values() if c.exact}
    used |= {
        (i, p.part) for texts in PLAINLY for p in (parse_part(t, key="") for t in texts) for i in p.identifiers
    }
    used |= {("address", "number"), *((n, "whole") for n in NAMES)}
    out: dict[str, dict[str, dict[str, list[str]]]] = {}
    for identifier, part in sorted(used):
        for value in sorted({r[identifier] for r in rows if identifier in r} - {None}):
            of_value = out.setdefault(identifier, {}).setdefault(value, {})
            of_value[part] = list(KINDS[identifier].parts(value, part))
    return out


def test_cleaning_gives_the_canonical_rows_and_their_parts() -> None:
    assert canonical_rows() == FACTS["canonical"]
    assert parts_of(FACTS["canonical"]) == FACTS["parts"]
    assert [list(texts) for texts in PLAINLY] == FACTS["people"]


def some_keys() -> list[dict[str, Any]]:
    """Keys with their labels, by the second implementation's HKDF."""
    wanted: list[tuple[str, str, list[str], int]] = [
        ("secret", "part-value", [SCHEMA.digest, "name.sound"], 32),
        ("secret", "part-value", [SCHEMA.digest, "nhs_number.whole"], 32),
        ("secret", "pass-block", [SCHEMA.digest, "born-name"], 32),
        ("secret", "pass-filter", [SCHEMA.digest, "born-name"], 32),
        ("secret", "key-check", ["demo", "1"], 4),
        ("own", "record-ref", [], 32),
        ("own", "row-ref", ["born-name"], 32),
    ]
    return [
        {
            "from": source,
            "label": name,
            "context": context,
            "length": length,
            "key": hkdf(
                SECRET if source == "secret" else OWN, encoded("linkage/v1", name, *context), length
            ).hex(),
        }
        for source, name, context, length in wanted
    ]


def test_keys_are_derived_as_written_down_and_as_rfc_5869_says() -> None:
    assert some_keys() == FACTS["keys"]
    for one in FACTS["keys"]:
        secret = Secret(SECRET if one["from"] == "secret" else OWN, name=one["from"])
        made = derive(secret, one["label"], *one["context"], length=one["length"]).expose()
        assert made.hex() == one["key"]


def test_record_references_are_those_written_down() -> None:
    ids = [r["id"] for r in FACTS["records"]]
    made = record_refs(ids, own=Secret(OWN, name="own secret"))
    assert [bytes(r).hex() for r in made] == FACTS["record_refs"]
    assert [cmac(key_of(OWN, "record-ref"), i).hex() for i in ids] == FACTS["record_refs"]


def write_again() -> None:
    """`tokens.json` of the secrets and records that it holds, its tokens by the second implementation."""
    FACTS.update(source=SOURCE, schema=SCHEMA.digest, canonical=canonical_rows(), keys=some_keys())
    FACTS["people"] = [list(texts) for texts in PLAINLY]
    FACTS["parts"] = parts_of(FACTS["canonical"])
    FACTS["record_refs"] = [cmac(key_of(OWN, "record-ref"), r["id"]).hex() for r in FACTS["records"]]
    FACTS["passes"] = {
        key.name: [{n: as_hex(n, row[n]) for n in lanes_of(SCHEMA, key)} for row in rows]
        for key, rows in zip(SCHEMA.match_keys, passes_by_hand().values(), strict=True)
    }
    text = json.dumps(FACTS, indent=1, ensure_ascii=False)
    (HERE / "tokens.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write_again()
