"""The tokens against a second implementation: plain Python, value by value and gram by gram, with hashlib and single AES blocks.

`tokens.json` holds made-up records, fixed secrets and what both implementations make of them under `tokens_schema.yaml`, in hexadecimal. Another implementation of the
token format can be checked against the same file.
"""

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from keys import Secret, derive
from linkage.partner.identifiers import KINDS
from linkage.partner.normalise import ColumnMapping, normalise
from linkage.partner.tokenise import record_refs, tokenise
from linkage.schema import MatchKey, Schema, load_schema
from linkage.tokens import PassTable

HERE = Path(__file__).parent
FACTS: dict[str, Any] = json.loads((HERE / "tokens.json").read_text(encoding="utf-8"))
SCHEMA = load_schema((HERE / "tokens_schema.yaml").read_text(encoding="utf-8"))
SECRET = Secret(bytes.fromhex(FACTS["secret"]), name="project secret")
OWN = Secret(bytes.fromhex(FACTS["own"]), name="own secret")
Record = Mapping[str, str | None]


def fixed_randomness(seed: str) -> Callable[[int], bytes]:
    """Call number n gives SHAKE-256 of the seed and n."""
    calls = itertools.count()
    return lambda size: hashlib.shake_256(f"{seed} {next(calls)}".encode()).digest(size)


# --- the second implementation ------------------------------------------------------------------------------------------------


def hkdf(secret: bytes, info: bytes, length: int = 32) -> bytes:
    extracted = hmac.digest(bytes(32), secret, "sha256")
    out, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(extracted, block + info + bytes([number]), "sha256")
        out += block
    return out[:length]


def encoded(*parts: str) -> bytes:
    raw = [p.encode() for p in parts]
    return len(raw).to_bytes(8, "big") + b"".join(len(r).to_bytes(8, "big") + r for r in raw)


def key_of(secret: bytes, name: str, *context: str) -> bytes:
    return hkdf(secret, encoded("linkage/v1", name, *context))


def aes(key: bytes, block: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305  one block


def little(number: int) -> bytes:
    return (number % (1 << 64)).to_bytes(8, "little")


def number_of(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def padded_bigrams(text: str, longest: int) -> set[int]:
    padded = f" {text[:longest]} "
    return {ord(a) * 256 + ord(b) for a, b in itertools.pairwise(padded)}


def grams_of(kind: str, value: str) -> set[int]:
    whole = 1 << 40
    if kind == "name":
        return padded_bigrams(value, 20)
    if kind == "email":
        return padded_bigrams(value, 28)
    if kind == "date":
        out = {(place + 1) * 256 + ord(c) for place, c in enumerate(value) if c != "?"}
        for two in (value[4:6], value[6:8]):
            if "?" not in two:
                out |= {whole * n + ord(two[0]) * 256 + ord(two[1]) for n in (1, 2)}
        return out
    if kind == "postcode":
        aligned = f"{value[:-3][:5]:<5}{value[-3:]}"
        out = {(place + 1) * 256 + ord(c) for place, c in enumerate(aligned) if c != " "}
        outward = 0
        for c in aligned[:5]:
            outward = outward * 64 + ord(c) % 64
        return out | {whole + outward, 2 * whole + outward}
    words = value.split()
    number = next((w for w in words if w[0].isdigit()), "")
    out = padded_bigrams(value.replace(number, "", 1).replace(" ", ""), 28)
    code = 0
    for place in range(5):
        code = code * 64 + (ord(number[place]) % 64 if place < len(number) else 0)
    return out | ({whole * n + code for n in range(1, 6)} if code else set())


@dataclass
class Prf:
    key: bytes

    def __call__(self, block_secret: bytes, slot: int, use: int, gram: int) -> bytes:
        tag = (slot + 1) << 56 | use << 48
        return aes(
            self.key,
            little(number_of(block_secret[:8]) ^ tag) + little(number_of(block_secret[8:]) ^ gram),
        )


def xored(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def bloom(prf: Prf, block_secret: bytes, slot: int, grams: set[int], bits: int) -> bytes:
    out = bytearray(16)
    for gram in grams:
        for place in prf(block_secret, slot, 1, gram)[:bits]:
            at = place & 127
            out[at // 8] |= 0x80 >> (at % 8)
    return bytes(out)


def key_values(record: Record, key: MatchKey, *, surname_first: bool) -> tuple[list[str], bool] | None:
    """The key's values, and whether the names are the other way round; None where a part is missing."""

    def part(identifier: str, name: str) -> str | None:
        value = record[identifier]
        return None if value is None else KINDS[identifier].part(value, name)

    values, exchanged = [], surname_first
    for one in key.parts:
        if one.order == "both":
            named = [(part(n, one.part), record[n]) for n in ("forename", "surname")]
            if any(p is None for p, _ in named):
                return None
            exchanged = str(named[0]) > str(named[1])
            values.append("+".join(sorted(str(p) for p, _ in named)))
        else:
            name = ("forename", "surname")[surname_first] if one.order == "any" else one.identifier
            values.append(part(name, one.part) or "")
    return None if "" in values else (values, exchanged)


def lanes_by_hand(
    records: list[Record], ids: list[str], key: MatchKey, *, schema: Schema, randomness: Callable[[int], bytes]
) -> list[dict[str, int]]:
    """The rows of one pass in the order of their references."""
    secret, own = SECRET.expose(), OWN.expose()
    prf = Prf(key_of(secret, "pass-filter", schema.digest, key.name))
    block_key = key_of(secret, "pass-block", schema.digest, key.name)
    found = []
    for surname_first in (False, True) if any(p.order == "any" for p in key.parts) else (False,):
        for row, record in enumerate(records):
            if (read := key_values(record, key, surname_first=surname_first)) is not None:
                values, exchanged = read
                digest = hmac.digest(block_key, encoded(*values), "sha256")
                found.append((row, digest[:8], digest[16:], exchanged))
    whole_any = any(p.order == "any" and p.part == "whole" for p in key.parts)
    out: list[dict[str, int]] = []
    for row, block, _, _ in found:
        ref = hmac.digest(key_of(own, "record-ref"), encoded(ids[row]), "sha256")[:16]
        mixed = ref[:8] + little(number_of(ref[8:]) ^ row ^ number_of(block))
        reference = number_of(aes(key_of(own, "row-ref", key.name), mixed)[:8]) >> 1
        out.append({"row_ref": reference, "block": signed(block), "presence": 0, "exact": 0})
    exact_slot = 0
    for slot, (name, comparison) in enumerate(schema.comparisons.items()):
        lane = {"forename": "name_a", "surname": "name_b"}.get(name, name) if key.symmetric else name
        settled = any(
            p.part == "whole" and p.order is None and p.identifier == comparison.identifier for p in key.parts
        )
        settled |= whole_any and lane == "name_a"
        in_key = any(p.identifier == comparison.identifier and p.part == comparison.part for p in key.parts)
        if (comparison.exact and (settled or in_key)) or (settled and not comparison.banded):
            continue
        filtered = not comparison.exact and not settled
        codes = randomness(8 * len(found))
        fresh = randomness(16 * len(found)) if filtered else b""
        equal = randomness(8 * len(found)) if comparison.exact else b""
        for at, (row, _, block_secret, exchanged) in enumerate(found):
            source = comparison.identifier
            if lane != name and exchanged:
                source = "surname" if name == "forename" else "forename"
            value = records[row][source]
            if value is not None and comparison.part == "initial":
                value = value[0]
            if value is None:
                out[at]["presence"] |= (number_of(codes[8 * at : 8 * at + 8]) % 63 + 1) << 6 * slot
            if filtered:
                made = fresh[16 * at : 16 * at + 16]
                if value is not None:
                    grams = grams_of(str(comparison.grams), value)
                    made = xored(
                        bloom(prf, block_secret, slot, grams, comparison.bits_per_gram),
                        prf(block_secret, slot, 2, 0),
                    )
                out[at] |= {f"{lane}_0": signed(made[:8]), f"{lane}_1": signed(made[8:])}
            if comparison.banded:
                known = [r[source] for r in records if r[source] is not None]
                share = known.count(value) / len(known) if value is not None else 0.0
                out[at][f"{lane}_band"] = sum(share >= bound for bound in schema.bands)
            if comparison.exact:
                code = equal[8 * at : 8 * at + 8]
                if value is not None:
                    code = prf(
                        block_secret,
                        slot,
                        3,
                        int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "little"),
                    )[:8]
                out[at]["exact"] |= (number_of(code) & 0xFFFF) << 16 * exact_slot
        exact_slot += comparison.exact
    for at, (_, _, block_secret, _) in enumerate(found):
        for lane, slot in (("presence", 62), ("exact", 63)):
            out[at][lane] = signed(xored(little(out[at][lane]), prf(block_secret, slot, 2, 0)[:8]))
    return sorted(out, key=lambda r: r["row_ref"])


# --- what is compared -----------------------------------------------------------------------------------------------------------


def passes_of_the_product() -> dict[str, PassTable]:
    rows = pd.DataFrame(FACTS["records"], dtype="str")
    mapping = ColumnMapping("id", {i: i for i in rows.columns if i != "id"})
    clean, _ = normalise(rows, schema=SCHEMA, mapping=mapping, file="tokens.json")
    tokens, _ = tokenise(
        clean, schema=SCHEMA, secret=SECRET, own=OWN, randomness=fixed_randomness(FACTS["randomness"])
    )
    return {t.key: t for t in tokens.passes}


def passes_by_hand() -> dict[str, list[dict[str, int]]]:
    records: list[Record] = [{i: v for i, v in r.items() if i != "id"} for r in FACTS["canonical"]]
    ids = [str(r["id"]) for r in FACTS["canonical"]]
    randomness = fixed_randomness(FACTS["randomness"])
    return {
        key.name: lanes_by_hand(records, ids, key, schema=SCHEMA, randomness=randomness)
        for key in SCHEMA.match_keys
    }


def as_hex(value: int) -> str:
    return little(value).hex()


PRODUCT = passes_of_the_product()
BY_HAND = passes_by_hand()


@pytest.mark.parametrize("key", [k.name for k in SCHEMA.match_keys])
def test_both_implementations_make_the_same_tokens(key: str) -> None:
    table = PRODUCT[key]
    assert table.rows == len(BY_HAND[key])
    for at, row in enumerate(BY_HAND[key]):
        assert {n: int(c[at]) for n, c in table.columns.items()} == row


@pytest.mark.parametrize("key", FACTS["passes"])
def test_the_tokens_are_those_written_down(key: str) -> None:
    written = FACTS["passes"][key]
    table = PRODUCT[key]
    assert [{n: as_hex(int(c[at])) for n, c in table.columns.items()} for at in range(table.rows)] == written


def test_the_written_passes_hold_rows_of_every_kind() -> None:
    assert sum(len(rows) for rows in FACTS["passes"].values()) >= 15
    assert {"name_a_0", "born_0", "postcode_0", "address_0", "exact", "presence"} <= set(
        FACTS["passes"]["nhs-number"][0]
    ) | set(FACTS["passes"]["born-name"][0]) | set(FACTS["passes"]["names-year"][0])


def test_the_schema_is_the_one_that_the_vectors_were_made_with() -> None:
    assert SCHEMA.digest == FACTS["schema"]


def test_cleaning_gives_the_canonical_records() -> None:
    rows = pd.DataFrame(FACTS["records"], dtype="str")
    mapping = ColumnMapping("id", {i: i for i in rows.columns if i != "id"})
    clean, _ = normalise(rows, schema=SCHEMA, mapping=mapping, file="tokens.json")
    assert [
        {"id": r["id"], **{i: clean.columns[i].texts()[at] for i in clean.columns}}
        for at, r in enumerate(FACTS["canonical"])
    ] == FACTS["canonical"]


@pytest.mark.parametrize("one", FACTS["keys"], ids=lambda one: "/".join([one["label"], *one["context"][1:]]))
def test_keys_are_derived_as_written_down_and_as_rfc_5869_says(one: dict[str, Any]) -> None:
    secret = SECRET if one["from"] == "secret" else OWN
    made = derive(secret, one["label"], *one["context"], length=one["length"]).expose()
    assert made.hex() == one["key"]
    assert (
        hkdf(secret.expose(), encoded("linkage/v1", one["label"], *one["context"]), one["length"]).hex()
        == one["key"]
    )


def test_record_references_are_those_written_down() -> None:
    ids = np.array([r["id"] for r in FACTS["canonical"]], dtype=object)
    assert [bytes(r).hex() for r in record_refs(ids, own=OWN)] == FACTS["record_refs"]
    key = key_of(OWN.expose(), "record-ref")
    assert [hmac.digest(key, encoded(i), "sha256")[:16].hex() for i in ids] == FACTS["record_refs"]
