"""Tokens that are known to leak, put through the same attacks, to show that the attacks bite: hashes of every identifier in one row, Bloom
filters with one key for all, and a match key that a family shares."""

import hmac
from typing import Any, Final

import numpy as np
import yaml

from keys import Secret
from linkage.leak.colours import Numbers, dense
from linkage.leak.exact_copy import attack_across_blocks
from linkage.leak.known import Known
from linkage.leak.made_up import MadeUp
from linkage.leak.measure import KNOWN_PEOPLE, REGISTER_TIMES, Edges, Figures, measure
from linkage.leak.percolation import UNKNOWN, Sides, known_start, pass_colours, percolate
from linkage.leak.refinement import NOBODY, Incidence, name_alike, records_right, refine
from linkage.leak.sides import Seen
from linkage.leak.truth import Truth
from linkage.partner.records import CleanRecords
from linkage.partner.tokens.prf import Prp
from linkage.schema import Schema, load_schema

HASHES: Final = "each identifier hashed"
FILTERS: Final = "filters under one key"
FAMILY: Final = "surname + postcode"
FAMILY_MOST: Final = 24
FAMILY_KEY: Final = {"control-family": ["surname.whole", "postcode.whole"]}


def hashed_identifiers(clean: CleanRecords, *, rng: np.random.Generator) -> Figures:
    """What one row a record with an HMAC of every identifier leaks to attacks (a) and (b)."""
    secret = rng.bytes(32)
    ours, theirs = _hash_graph(clean, key=secret), _hash_graph(clean, key=rng.bytes(32))
    colours = refine([ours, theirs], starts=[np.zeros(clean.records, dtype=np.uint64) for _ in range(2)])
    record = np.arange(clean.records)
    pinned = records_right(name_alike(colours[0], colours[1], record=record), record) / clean.records
    some = np.zeros(clean.records, dtype=np.bool_)
    some[rng.permutation(clean.records)[: clean.records // REGISTER_TIMES]] = True
    truth = np.flatnonzero(some)
    file = _hash_graph(clean.keep(some), key=secret)
    start = known_start(len(truth), register=truth, known=KNOWN_PEOPLE, rng=rng)
    sides = Sides(file, theirs, pass_colours(file), pass_colours(theirs))
    claim = percolate(sides, start=start, value=np.full(file.blocks, UNKNOWN, dtype=np.int64))
    beyond = start == NOBODY
    return Figures(
        HASHES, clean.records, clean.records, ours.blocks, 0.0, 0.0, 0,
        {"a": pinned, "b": float((claim == truth)[beyond].mean())},
    )  # fmt: skip


def _hash_graph(clean: CleanRecords, *, key: bytes) -> Incidence:
    edges = Edges(clean.records)
    for number, (identifier, column) in enumerate(clean.columns.items()):
        has = np.flatnonzero(column.present)
        pairs = np.unique(np.column_stack([clean.record[has], column.codes[has]]), axis=0).astype(np.int64)
        label = np.full(len(pairs), number, dtype=np.uint64)
        edges.add(
            pairs[:, 0],
            dense(_hashes(column.values.to_pylist(), key + identifier.encode())[pairs[:, 1]]),
            label,
        )
    return edges.graph()


def _hashes(values: list[str], key: bytes) -> Numbers:
    raw = b"".join(hmac.digest(key, v.encode(), "sha256")[:8] for v in values)
    return np.frombuffer(raw, dtype=np.int64)


def plain_filters(clean: CleanRecords, *, schema: Schema, rng: np.random.Generator) -> Figures:
    """What the schema's filters leak to attack (d) when one key makes those of all rows, as in Schnell, Bachteler and Reiher 2009."""
    known = Known(clean, schema=schema, secret=Secret(rng.bytes(32), name="the attacker's")).unkeyed()
    order = rng.permutation(len(known.block))
    prf, secrets = Prp(Secret(rng.bytes(32), name="project")), rng.integers(0, 1 << 64, (1, 2), dtype=np.uint64)
    columns: dict[str, np.ndarray[Any, np.dtype[Any]]] = {}
    for one, values in zip(known.layout.measured, known.values, strict=True):
        if one.filtered:
            words = values.filters(prf, np.tile(secrets, (len(order), 1)), number=values.number)
            missing = ~values.present
            words[missing] = rng.integers(0, 1 << 64, (int(missing.sum()), 2), dtype=np.uint64)
            columns |= {f"{one.lane}_{half}": words[order, half].view(np.int64) for half in (0, 1)}
    seen = Seen(known.layout, np.arange(len(order)), known.bands[order], columns)
    truth = Truth(order, known.record[order], known.block[order], known.block[order])
    values_right, rows_right = attack_across_blocks(seen, known, answer=known, truth=truth, rng=rng)
    return Figures(
        FILTERS, clean.records, len(order), len(order), 1.0, 0.0, 1,
        {"d": max(values_right, rows_right)},
        {"d_values_across": values_right, "d_rows_across": rows_right},
    )  # fmt: skip


def family_key(file: MadeUp, *, schema: Schema, rng: np.random.Generator) -> Figures:
    """What a pass by surname and postcode leaks, with the schema's own comparisons, where families may share keys."""
    loose = with_keys(schema, FAMILY_KEY, most=FAMILY_MOST)
    one = measure(file, schema=loose, rng=rng, only=next(iter(FAMILY_KEY))).passes[0]
    return Figures(
        FAMILY, one.records, one.rows, one.blocks, one.alone, one.own, one.largest, one.attacks, one.parts
    )


def with_keys(schema: Schema, keys: dict[str, list[str]], *, most: int | None = None) -> Schema:
    """The schema with these match keys in place of its own, and, where given, with up to `most` people to a key."""
    document = {**yaml.safe_load(schema.text), "keys": keys}
    if most is not None:
        document["most_people_per_key"] = most
    return load_schema(yaml.safe_dump(document, sort_keys=False))
