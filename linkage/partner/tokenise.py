"""From cleaned records to tokens: one table a match key, none of which can be compared outside its block.

For every record and every match key whose parts are all there: `block` and block secret from HMAC-SHA-256 under a key of this pass, keyed
by the project secret; for each identifier outside the key a Bloom filter whose positions and mask come from the block secret
(Schnell, Bachteler and Reiher 2009 for filters over q-grams; the block keying and its reasons: docs/decisions/0001).
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from keys import Secret, derive, encode
from keys.derive import encoded_count, encoded_part
from linkage.partner.filters import USE_EXACT, BlockPrf, Words, filters, masks, random_words
from linkage.partner.identifiers import KINDS
from linkage.partner.prepared import Prepared, prepare
from linkage.partner.records import CleanRecords, Codes, Column
from linkage.partner.statistics import estimate
from linkage.schema import NAMES, MatchKey, Part, Schema
from linkage.tokens import (
    EXACT_BITS,
    PRESENCE_BITS,
    Compared,
    PartnerStatistics,
    PassMap,
    PassTable,
    TokenTable,
    compared_names,
    lanes_of,
)

Randomness = Callable[[int], bytes]
MASK_PRESENCE = 62
MASK_EXACT = 63


@dataclass(frozen=True, slots=True)
class Variant:
    """One way a key can be read off the rows: the key's columns, and which name stands first."""

    columns: tuple[Column, ...]
    swapped: npt.NDArray[np.bool_] | None


def tokenise(
    clean: CleanRecords,
    *,
    schema: Schema,
    secret: Secret,
    own: Secret,
    randomness: Randomness,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[TokenTable, PartnerStatistics]:
    """All passes of the schema over the records, their maps, and the partner's statistics.

    `secret` is the project secret of this round; `own` the partner's own secret, which alone can make or reverse `row_ref` and
    `record_ref`. Same arguments, same tokens.
    """
    prepared = {n: prepare(clean, c, bounds=schema.bands) for n, c in schema.comparisons.items()}
    refs = record_refs(clean.record_ids, own=own)
    tables, maps = [], []
    for key in schema.match_keys:
        progress(key.name)
        table, one = _tokenise_pass(
            clean,
            key,
            schema=schema,
            prepared=prepared,
            refs=refs,
            secret=secret,
            own=own,
            randomness=randomness,
        )
        tables.append(table)
        maps.append(one)
    throw_away = Secret(randomness(32), name="statistics")
    statistics = estimate(
        clean, schema=schema, prepared=prepared, prf=BlockPrf(throw_away), randomness=randomness
    )
    return TokenTable(tuple(tables), tuple(maps)), statistics


def record_refs(record_ids: npt.NDArray[np.object_], *, own: Secret) -> npt.NDArray[np.uint8]:
    """The pseudonyms of the records for the assembler, (n, 16) bytes: HMAC-SHA-256 of the local id, cut to 128 bits."""
    key = derive(own, "record-ref").expose()
    raw = b"".join(hmac.digest(key, encode([str(i)]), "sha256")[:16] for i in record_ids)
    return np.frombuffer(raw, dtype=np.uint8).reshape(-1, 16)


def part_columns(clean: CleanRecords, part: Part) -> list[tuple[Column, npt.NDArray[np.bool_] | None]]:
    """The columns that a part can be read from, each with which rows then have their names the other way round."""
    if part.order is None:
        kind = KINDS[part.identifier]
        return [(clean.columns[part.identifier].map(lambda v: kind.part(v, part.part)), None)]
    first, last = (clean.columns[n].map(lambda v: KINDS["surname"].part(v, part.part)) for n in NAMES)
    if part.order == "any":
        never, always = np.zeros(clean.rows, dtype=bool), np.ones(clean.rows, dtype=bool)
        return [(first, never), (last, always)]
    a, b = first.texts(), last.texts()
    whole_a, whole_b = (clean.columns[n].texts() for n in NAMES)
    both = first.present & last.present
    swapped = np.zeros(clean.rows, dtype=bool)
    ordered = np.full(clean.rows, None, dtype=object)
    left = [(x, w) for x, w in zip(a[both], whole_a[both], strict=True)]
    right = [(x, w) for x, w in zip(b[both], whole_b[both], strict=True)]
    swapped[both] = [x > y for x, y in zip(left, right, strict=True)]
    ordered[both] = [f"{min(x, y)[0]}+{max(x, y)[0]}" for x, y in zip(left, right, strict=True)]
    return [(Column.of(pd.Series(ordered, dtype=object)), swapped)]


def _variants(clean: CleanRecords, key: MatchKey) -> Iterator[Variant]:
    for choice in product(*(part_columns(clean, part) for part in key.parts)):
        order = next((s for _, s in choice if s is not None), None)
        yield Variant(tuple(c for c, _ in choice), order)


def _key_codes(columns: tuple[Column, ...]) -> tuple[Codes, Codes]:
    """The rows that have all parts, and a dense code of their compound."""
    rows = np.flatnonzero(np.logical_and.reduce([c.present for c in columns]))
    code = np.zeros(len(rows), dtype=np.int64)
    for c in columns:
        code = code * (len(c.values) + 1) + c.codes[rows]
        code = pd.factorize(code)[0].astype(np.int64)
    return rows, code


def _blocks(
    columns: tuple[Column, ...], rows: Codes, code: Codes, *, key: bytes
) -> tuple[npt.NDArray[np.int64], Words]:
    """Block and block secret of each row: the halves of HMAC-SHA-256 over the compound's values."""
    if not len(rows):
        return np.empty(0, dtype=np.int64), np.empty((0, 2), dtype=np.uint64)
    _, first = np.unique(code, return_index=True)
    begin = encoded_count(len(columns))
    parts = [np.array([encoded_part(v) for v in c.values], dtype=object)[c.codes[rows[first]]] for c in columns]
    digests = b"".join(
        [hmac.digest(key, begin + b"".join(values), "sha256") for values in zip(*parts, strict=True)]
    )
    words = np.frombuffer(digests, dtype=np.uint64).reshape(-1, 4)
    return words[code, 0].view(np.int64), np.ascontiguousarray(words[code, 2:4])


def _tokenise_pass(
    clean: CleanRecords,
    key: MatchKey,
    *,
    schema: Schema,
    prepared: dict[str, Prepared],
    refs: npt.NDArray[np.uint8],
    secret: Secret,
    own: Secret,
    randomness: Randomness,
) -> tuple[PassTable, PassMap]:
    block_key = derive(secret, "pass-block", schema.digest, key.name).expose()
    prf = BlockPrf(derive(secret, "pass-filter", schema.digest, key.name))
    blocks, secrets, rows, swapped = [], [], [], []
    for variant in _variants(clean, key):
        at, code = _key_codes(variant.columns)
        block, block_secret = _blocks(variant.columns, at, code, key=block_key)
        blocks.append(block)
        secrets.append(block_secret)
        rows.append(at)
        swapped.append(np.zeros(len(at), dtype=bool) if variant.swapped is None else variant.swapped[at])
    block, row = np.concatenate(blocks), np.concatenate(rows)
    keep = _rare(block, row, clean.record[row], most=schema.most_records_per_key)
    block, row = block[keep], row[keep]
    lanes = {"row_ref": _row_refs(refs[clean.record[row]], row, block, key=key, own=own), "block": block}
    lanes |= _lanes(
        schema, key, prepared=prepared, prf=prf, secrets=np.concatenate(secrets)[keep], row=row,
        swapped=np.concatenate(swapped)[keep], randomness=randomness,
    )  # fmt: skip
    order = np.argsort(lanes["row_ref"])
    table = PassTable(key.name, {n: lanes[n][order] for n in lanes_of(schema, key)})
    return table, PassMap(key.name, table.columns["row_ref"], refs[clean.record[row]][order])


def _rare(block: npt.NDArray[np.int64], row: Codes, record: Codes, *, most: int) -> npt.NDArray[np.bool_]:
    """Which rows to keep: one of a row in a block (both names of a record may sound alike), and none of a block that too many records
    share."""
    code = pd.factorize(block)[0]
    first = ~pd.DataFrame({"block": code, "row": row}).duplicated().to_numpy()
    records = pd.DataFrame({"block": code, "record": record}).drop_duplicates()["block"]
    shared = np.bincount(records, minlength=int(code.max(initial=-1)) + 1)
    keep: npt.NDArray[np.bool_] = first & (shared[code] <= most)
    return keep


def _row_refs(
    refs: npt.NDArray[np.uint8], row: Codes, block: Codes, *, key: MatchKey, own: Secret
) -> npt.NDArray[np.int64]:
    """Pseudonyms of the rows for this pass alone: AES-256 under a key of the partner and the pass, cut to 63 bits."""
    cipher = Cipher(algorithms.AES(derive(own, "row-ref", key.name).expose()), modes.ECB())  # noqa: S305  a PRF, not a mode
    words = np.ascontiguousarray(refs).view(np.uint64).copy().reshape(-1, 2)
    words[:, 1] ^= row.astype(np.uint64) ^ block.view(np.uint64)
    out = np.frombuffer(cipher.encryptor().update(words.tobytes()), dtype=np.uint64).reshape(-1, 2)[:, 0]
    return (out >> np.uint64(1)).astype(np.int64)


def _lanes(
    schema: Schema,
    key: MatchKey,
    *,
    prepared: dict[str, Prepared],
    prf: BlockPrf,
    secrets: Words,
    row: Codes,
    swapped: npt.NDArray[np.bool_],
    randomness: Randomness,
) -> dict[str, npt.NDArray[np.int64]]:
    n = len(row)
    presence, exact = np.zeros(n, dtype=np.uint64), np.zeros(n, dtype=np.uint64)
    lanes: dict[str, npt.NDArray[np.int64]] = {}
    exact_slot = 0
    for one in compared_names(schema, key):
        comparison = schema.comparisons[one.comparison]
        sources = _sources(one, prepared, swapped)
        present = np.zeros(n, dtype=bool)
        code = random_words((n,), randomness)
        presence_code = code % np.uint64((1 << PRESENCE_BITS) - 1) + np.uint64(1)
        filled = random_words((n, 2), randomness).copy() if one.filtered else None
        band = np.zeros(n, dtype=np.int64)
        equal = random_words((n,), randomness).copy() if one.exact else None
        for source, here in sources:
            codes = source.column.codes[row]
            has = here & (codes >= 0)
            present |= has
            if filled is not None and source.grams is not None:
                made = filters(
                    prf,
                    secrets[has],
                    source.grams[codes[has]],
                    slot=one.slot,
                    bits_per_gram=comparison.bits_per_gram,
                )
                filled[has] = made ^ masks(prf, secrets[has], slot=one.slot)
            if source.band is not None:
                band[has] = source.band[codes[has]]
            if equal is not None:
                equal[has] = _exact_codes(prf, secrets[has], source.column.take(row[has]), slot=one.slot)
        presence |= np.where(present, np.uint64(0), presence_code) << np.uint64(PRESENCE_BITS * one.slot)
        if filled is not None:
            lanes[f"{one.lane}_0"], lanes[f"{one.lane}_1"] = (filled[:, i].view(np.int64) for i in (0, 1))
        if one.banded:
            lanes[f"{one.lane}_band"] = band
        if equal is not None:
            exact |= (equal & np.uint64((1 << EXACT_BITS) - 1)) << np.uint64(EXACT_BITS * exact_slot)
            exact_slot += 1
    lanes["presence"] = (presence ^ masks(prf, secrets, slot=MASK_PRESENCE)[:, 0]).view(np.int64)
    lanes["exact"] = (exact ^ masks(prf, secrets, slot=MASK_EXACT)[:, 0]).view(np.int64)
    return lanes


def _sources(
    one: Compared, prepared: dict[str, Prepared], swapped: npt.NDArray[np.bool_]
) -> list[tuple[Prepared, npt.NDArray[np.bool_]]]:
    """Where the rows of a lane take their value from: forename and surname change places where the names are swapped."""
    if one.lane == one.comparison:
        return [(prepared[one.comparison], np.ones(len(swapped), dtype=bool))]
    other = "surname" if one.comparison == "forename" else "forename"
    return [(prepared[one.comparison], ~swapped), (prepared[other], swapped)]


def _exact_codes(prf: BlockPrf, secrets: Words, column: Column, *, slot: int) -> Words:
    """A 16-bit code of the value under the block secret: equal values have equal codes, others one time in 65,536. The value enters as the
    first eight bytes of its SHA-256, so that all of it counts."""
    digests = b"".join(hashlib.sha256(str(v).encode()).digest()[:8] for v in column.values)
    value = np.frombuffer(digests, dtype=np.uint64)
    return prf(secrets, slot=slot, use=USE_EXACT, gram=value[column.codes])[:, 0]
