"""A second implementation of the tokens: plain Python, value by value and gram by gram, on single messages and single AES blocks."""

import hmac
import itertools
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import shake_256
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation, Mode

from linkage.schema import MatchKey, Part, load_schema, parse_part

HERE = Path(__file__).parent
FACTS: dict[str, Any] = json.loads((HERE / "tokens.json").read_text(encoding="utf-8"))
SCHEMA = load_schema((HERE / "tokens_schema.yaml").read_text(encoding="utf-8"))
SECRET, OWN = (bytes.fromhex(FACTS[s]) for s in ("secret", "own"))
NAMES = ("forename", "surname")
Row = Mapping[str, Any]
Lanes = dict[str, int]


def fixed_randomness(seed: str) -> Callable[[int], bytes]:
    """Call number n gives SHAKE-256 of the seed and n."""
    calls = itertools.count()
    return lambda size: shake_256(f"{seed} {next(calls)}".encode()).digest(size)


# --- the second implementation: keys ------------------------------------------------------------------------------------------


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


def cmac(key: bytes, text: str) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(text.encode())
    return mac.finalize()


def kdf(key: bytes, digests: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Block and block secret."""
    one = KBKDFCMAC(
        algorithm=algorithms.AES,
        mode=Mode.CounterMode,
        length=32,
        rlen=4,
        llen=None,
        location=CounterLocation.AfterFixed,
        label=None,
        context=None,
        fixed=b"".join(digests),
    )
    made = one.derive(key)
    return made[:8], made[16:]


def little(number: int) -> bytes:
    return (number % (1 << 64)).to_bytes(8, "little")


def number_of(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def xored(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


# --- the second implementation: filters ---------------------------------------------------------------------------------------

STREETS: Final = "ROAD STREET AVENUE CLOSE LANE DRIVE COURT CRESCENT GARDENS PLACE SQUARE TERRACE GROVE GREEN PARK HOUSE WAY HILL WALK RISE VIEW FLAT"


def padded_bigrams(text: str, longest: int) -> set[tuple[int, int]]:
    return {(ord(a) * 256 + ord(b), 1) for a, b in itertools.pairwise(f" {text[:longest]} ")}


def packed(text: str) -> int:
    """Up to five characters as a number of 32 bits, 0 for none."""
    code = 0
    for place in range(5):
        code = code * 64 + (ord(text[place]) % 64 if place < len(text) else 0)
    return 1 << 31 | code if text.strip() else 0


def grams_of(kind: str, value: str) -> set[tuple[int, int]]:
    """Grams with their weights."""
    if kind == "name":
        return padded_bigrams(value.replace(" ", ""), 14)
    if kind == "email":
        local, _, domain = value.partition("@")
        return padded_bigrams(local, 12) | {(1 << 15 | zlib.crc32(domain.encode()) % (1 << 15), 1)}
    if kind == "date":
        out = {(place * 256 + ord(value[place]), 1) for place in range(2, 8) if value[place] != "?"}
        for which, at in ((None, 0), (1, 4), (2, 6)):
            if "?" not in value[at : at + 2]:
                two = int(value[at]) * 16 + int(value[at + 1])
                out |= (
                    {(256 + two, 1)}
                    if which is None
                    else {(1 << 15 | two, 1), (1 << 15 | which * 256 + two, 1)}
                )
        return out
    if kind == "postcode":
        aligned = f"{value[:-3][:5]:<5}{value[-3:]}"
        heavy = packed(aligned[:5]) | 1 << 32
        return {((place + 1) * 256 + ord(c), 1) for place, c in enumerate(aligned)} | {(heavy, 2)}
    number = next(iter(FACTS["parts"]["address"][value]["number"]), "")
    words = [w for w in value.split() if w != number]
    kinds = STREETS.split()
    out = padded_bigrams("".join(w for w in words if w not in kinds), 12)
    streets = [w for w in words if w in kinds]
    out |= {(1 << 15 | kinds.index(streets[-1]) + 1, 1)} if streets else set()
    return out | ({(packed(number) | 1 << 32, 4)} if number else set())


@cache
def halves(bits: int) -> list[int]:
    return [sum(1 << p for p in c) for c in itertools.combinations(range(64), bits // 2)]


def pattern(number: int, bits: int) -> bytes:
    """The pattern of that number, as the 16 bytes of its two words."""
    every = halves(bits)
    both = (number, number * 40_503 % 65_536)
    return b"".join(little(every[n * len(every) // 65_536]) for n in both)


@dataclass
class Prf:
    key: bytes

    def __call__(self, block_secret: bytes, slot: int, use: int, gram: int) -> bytes:
        tag = (slot + 1) << 56 | use << 48
        return aes(self.key, xored(block_secret, little(tag) + little(gram)))


def bloom(prf: Prf, block_secret: bytes, slot: int, grams: set[tuple[int, int]], bits: int) -> bytes:
    out = 0
    for gram, weight in grams:
        drawn = prf(block_secret, slot, 1, gram)
        for word in range(weight):
            out |= number_of(pattern(number_of(drawn[2 * word : 2 * word + 2]), bits))
    return out.to_bytes(16, "little")


# --- the second implementation: rows ------------------------------------------------------------------------------------------


@dataclass
class Made:
    """One row of a pass."""

    at: int
    block: bytes
    secret: bytes
    exchanged: bool


@cache
def digest_of(value: str, owner: str, part: str) -> bytes:
    return cmac(key_of(SECRET, "part-value", SCHEMA.digest, f"{owner}.{part}"), value)


def digests_of(row: Row, identifier: str, part: str) -> list[bytes]:
    owner = "name" if identifier in NAMES else identifier
    value = row[identifier]
    return [] if value is None else [digest_of(v, owner, part) for v in FACTS["parts"][identifier][value][part]]


def ways_of(row: Row, parts: Sequence[Part]) -> Iterator[tuple[list[bytes], bool]]:
    """The digests of every way in which the row makes the key, and whether the names are then the other way round."""
    choices: list[list[tuple[list[bytes], bool]]] = []
    for one in parts:
        first, last = ((digests_of(row, n, one.part) if one.order else []) for n in NAMES)
        if one.order is None:
            choices.append([([d], False) for d in digests_of(row, one.identifier, one.part)])
        elif one.order == "any":
            choices.append([([d], False) for d in first] + [([d], True) for d in last])
        else:
            wholes = [digest_of(row[n], "name", "whole") for n in NAMES] if first and last else []
            some = []
            for a, b in itertools.product(first, last):
                order = [number_of(d[:8]) for d in ((a, b) if a[:8] != b[:8] else wholes)]
                some.append(([b, a], True) if order[0] > order[1] else ([a, b], False))
            choices.append(some)
    for way in itertools.product(*choices):
        yield [d for digests, _ in way for d in digests], any(turned for _, turned in way)


def rows_of(rows: Sequence[Row], ids: Sequence[str], key: MatchKey) -> list[Made]:
    """All rows of the pass: one of a record in a block, and of so many people of a block as may stay."""
    block_key = key_of(SECRET, "pass-block", SCHEMA.digest, key.name)
    made: dict[tuple[int, bytes], Made] = {}
    for at, row in enumerate(rows):
        for digests, exchanged in ways_of(row, key.parts):
            block, secret = kdf(block_key, digests)
            made.setdefault((row["record"], block), Made(at, block, secret, exchanged))
    person = people_of(rows)
    lowest: dict[bytes, dict[int, int]] = {}
    for one in made.values():
        ref, who = reference(rows, ids, one, key), person[rows[one.at]["record"]]
        best = lowest.setdefault(one.block, {})
        best[who] = min(ref, best.get(who, ref))
    stay = {
        b: sorted(best, key=lambda who: best[who])[: SCHEMA.most_people_per_key] for b, best in lowest.items()
    }
    return [m for m in made.values() if person[rows[m.at]["record"]] in stay[m.block]]


def people_of(rows: Sequence[Row]) -> list[int]:
    """The number of each record's person, as the partner takes them together: by whatever of `FACTS["people"]` two records share."""
    person = list(range(max(r["record"] for r in rows) + 1))
    held = {i for r in rows for i, v in r.items() if v is not None}
    for texts in FACTS["people"]:
        parts = [parse_part(text, key="people") for text in texts]
        if not {i for p in parts for i in p.identifiers} <= held:
            continue
        first: dict[tuple[bytes, ...], int] = {}
        for row in rows:
            for digests, _ in ways_of(row, parts):
                a, b = person[first.setdefault(tuple(digests), row["record"])], person[row["record"]]
                person = [min(a, b) if p in (a, b) else p for p in person]
    return person


def reference(rows: Sequence[Row], ids: Sequence[str], one: Made, key: MatchKey) -> int:
    mixed = xored(cmac(key_of(OWN, "record-ref"), ids[rows[one.at]["record"]]), bytes(8) + one.block)
    return number_of(aes(key_of(OWN, "row-ref", key.name), mixed)[:8]) >> 1


def lanes_by_hand(rows: Sequence[Row], ids: Sequence[str], key: MatchKey, *, randomness: bytes) -> list[Lanes]:
    """The rows of one pass in the order of their references; `randomness` is the key of what stands for missing values."""
    prf = Prf(key_of(SECRET, "pass-filter", SCHEMA.digest, key.name))
    stream = Cipher(algorithms.AES(randomness), modes.CTR(bytes(16))).encryptor()
    found = sorted(rows_of(rows, ids, key), key=lambda m: reference(rows, ids, m, key))
    out: list[Lanes] = [{"row_ref": reference(rows, ids, m, key), "block": signed(m.block)} for m in found]
    ordered = any(p.order for p in key.parts)
    exact = 0
    for slot, (name, comparison) in enumerate(SCHEMA.comparisons.items()):
        lane = {"forename": "name_a", "surname": "name_b"}.get(name, name) if ordered else name
        of = comparison.identifier
        whole = {(p.order, p.identifier) for p in key.parts if p.part == "whole"}
        settled = (None, of) in whole or (("any", "name") in whole and lane == "name_a")
        settled |= ("both", "name") in whole and of in NAMES
        if comparison.exact and (
            settled or any((p.identifier, p.part) == (of, comparison.part) for p in key.parts)
        ):
            continue
        if settled and not comparison.banded:
            continue
        sources = [NAMES[1 - NAMES.index(of)] if lane != name and m.exchanged else of for m in found]
        values = [rows[m.at][source] for m, source in zip(found, sources, strict=True)]
        parts = [
            v if v is None or not comparison.exact else next(iter(FACTS["parts"][of][v][comparison.part]), None)
            for v in values
        ]
        absent = [at for at, v in enumerate(parts) if v is None]
        drawn = [number_of(stream.update(bytes(8))) for _ in absent]
        presence = dict(zip(absent, (d % 63 + 1 for d in drawn), strict=True))
        for at, row in enumerate(out):
            row[f"presence_{slot // 10}"] = row.get(f"presence_{slot // 10}", 0) | presence.get(at, 0) << 6 * (
                slot % 10
            )
        if not comparison.exact and not settled:
            filler = {at: stream.update(bytes(16)) for at in absent}
            for at, (row, value, m) in enumerate(zip(out, values, found, strict=True)):
                if value is not None:
                    made = bloom(
                        prf, m.secret, slot, grams_of(str(comparison.grams), value), comparison.bits_per_gram
                    )
                    filler[at] = xored(made, prf(m.secret, slot, 2, 0))
                row |= {f"{lane}_0": signed(filler[at][:8]), f"{lane}_1": signed(filler[at][8:])}
        if comparison.banded:
            for row, value, source in zip(out, values, sources, strict=True):
                known = [r[source] for r in rows]
                share = known.count(value) / sum(k is not None for k in known) if value is not None else 0.0
                row[f"{lane}_band"] = sum(share >= bound for bound in SCHEMA.bands)
        if comparison.exact:
            codes = {at: stream.update(bytes(8)) for at in absent}
            for at, (row, value, m) in enumerate(zip(out, parts, found, strict=True)):
                if value is not None:
                    codes[at] = prf(m.secret, slot, 3, number_of(digest_of(value, of, comparison.part)[:8]))
                place = f"exact_{exact // 4}"
                row[place] = row.get(place, 0) | number_of(codes[at][:2]) << 16 * (exact % 4)
            exact += 1
    for row, m in zip(out, found, strict=True):
        for kind, slot in (("presence", 200), ("exact", 220)):
            for number in range(2):
                if f"{kind}_{number}" in row:
                    mask = prf(m.secret, slot + number, 2, 0)[:8]
                    row[f"{kind}_{number}"] = signed(xored(little(row[f"{kind}_{number}"]), mask))
    return out


def passes_by_hand() -> dict[str, list[Lanes]]:
    randomness = fixed_randomness(FACTS["randomness"])
    ids = [r["id"] for r in FACTS["records"]]
    return {
        key.name: lanes_by_hand(FACTS["canonical"], ids, key, randomness=randomness(32))
        for key in SCHEMA.match_keys
    }
