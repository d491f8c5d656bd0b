"""The attacks on one pass of a schema after another, and on all passes joined."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from keys import Secret
from linkage.leak.blocks import sizes_of
from linkage.leak.colours import Flags, Numbers, Words, joined
from linkage.leak.exact_copy import Found, attack_with_copy
from linkage.leak.known import Known
from linkage.leak.made_up import MadeUp
from linkage.leak.patterns import Counts, counts_of, only_fitting
from linkage.leak.percolation import known_start
from linkage.leak.refinement import (
    NOBODY,
    Incidence,
    name_alike,
    name_in_the_best_round,
    records_right,
    refine,
)
from linkage.leak.register import attack_joined, attack_pass
from linkage.leak.sides import Seen, see
from linkage.leak.truth import gather, truth_of
from linkage.partner.tokenise import OpenedPass, Tokeniser
from linkage.schema import MatchKey, Schema

KNOWN_PEOPLE: Final = 20
REGISTER_TIMES: Final = 5
WIDE: Final = 10  # people of a file whose key's people in the register are looked at, at least
MOST_ROUNDS: Final = 4
ATTACKS: Final = ("a", "b", "c", "d", "e")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one pass file leaks. `records` have a row in it; `alone` is the share of rows alone in their block, `own` that of rows
    that share it with nobody but further rows of the same person; `attacks` are the shares that each attack gets right, and `parts` are
    figures behind them."""

    name: str
    records: int
    rows: int
    blocks: int
    alone: float
    own: float
    largest: int
    attacks: Mapping[str, float]
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leak:
    """What a schema's tokens of one file leak: pass by pass, and with the passes joined (None where only one key was measured). `sample` records
    made the file of attack (b)."""

    records: int
    sample: int
    passes: tuple[Figures, ...]
    joined: Figures | None


class Edges:
    """The rows of all passes as edges of one graph, pass after pass."""

    def __init__(self, records: int) -> None:
        self._records, self._blocks = records, 0
        self._parts: list[tuple[Numbers, Numbers, Words]] = []

    def add(self, record: Numbers, block: Numbers, label: Words) -> None:
        """The rows of one more pass."""
        self._parts.append((record, block + self._blocks, label))
        self._blocks += int(block.max(initial=-1)) + 1

    def graph(self) -> Incidence:
        """The graph of all passes so far."""
        record, block, label = (np.concatenate([p[at] for p in self._parts]) for at in range(3))
        return Incidence(record, block, label, self._records, self._blocks)


class _Meter:
    """A file of everybody, a file of some of them, tokens of both under secrets that the attacker has not, and what he computes himself."""

    def __init__(self, file: MadeUp, *, schema: Schema, rng: np.random.Generator) -> None:
        clean, self._person = file.clean, file.person
        self._schema, self._rng, self._most = schema, rng, schema.most_people_per_key
        self._everybody = clean.records
        secret, own, other = (Secret(rng.bytes(32), name=n) for n in ("project", "own", "the attacker's"))
        some = np.zeros(clean.records, dtype=np.bool_)
        some[rng.permutation(clean.records)[: clean.records // REGISTER_TIMES]] = True
        self.register = np.flatnonzero(some)
        self.whole, self.sample = (
            Tokeniser(records, schema=schema, secret=secret, own=own, randomness=rng.bytes)
            for records in (clean, clean.keep(some))
        )
        self._known = Known(clean, schema=schema, secret=other)
        self._answers = Known(clean, schema=schema, secret=secret)
        self._start = known_start(len(self.register), register=self.register, known=KNOWN_PEOPLE, rng=rng)
        self._copies = tuple(Edges(clean.records) for _ in range(4))  # ours and theirs without gaps, then with
        self._registers = (Edges(len(self.register)), Edges(clean.records))
        self._counts: list[tuple[Counts, Counts, Counts]] = []

    def figures(self, key: MatchKey, whole: OpenedPass, sample: OpenedPass) -> Figures:
        """What the pass of the key leaks."""
        table, record = gather(whole, refs=self.whole.refs)
        if not table.rows:
            return Figures(key.name, 0, 0, 0, 0.0, 0.0, 0, {})
        seen = see(table, schema=self._schema)
        copy = self._with_copy(key, seen, record)
        shares, parts = dict(copy.shares), dict(copy.parts)
        register = self._with_register(key, sample)
        shares |= {"b": register["b"], "c": max(shares["c"], register["c"])}
        sizes = sizes_of(seen.block)
        alone, of_one = sizes[seen.block] == 1, _of_one_person(seen.block, self._person[record])
        parts |= {"c_copy": copy.shares["c"], "c_register": register["c"], "e_register": register["e"]}
        parts["e_of_one_person"] = float((copy.named & of_one).mean())
        return Figures(
            key.name,
            len(np.unique(record)),
            seen.rows,
            len(sizes),
            float(alone.mean()),
            float((of_one & ~alone).mean()),
            int(sizes.max()),
            {a: shares[a] for a in ATTACKS},
            parts,
        )

    def _with_copy(self, key: MatchKey, seen: Seen, record: Numbers) -> Found:
        plain, answer = (side.rows(key, most=self._most) for side in (self._known, self._answers))
        truth = truth_of(seen, record, known=plain, answer=answer)
        found = attack_with_copy(seen, plain, answer=answer, truth=truth, rng=self._rng)
        kind = self._number(key)
        for gaps in (0, 1):
            for edges, colours, rows, block in (
                (self._copies[2 * gaps], found.seen_colours, record, seen.block),
                (self._copies[2 * gaps + 1], found.known_colours, plain.record, plain.block),
            ):
                edges.add(rows, block, joined(np.full(len(rows), kind), colours[gaps]))
        return found

    def _with_register(self, key: MatchKey, sample: OpenedPass) -> dict[str, float]:
        table, record = gather(sample, refs=self.sample.refs)
        if not table.rows:
            return {"b": 0.0, "c": 0.0, "e": 0.0}
        seen = see(table, schema=self._schema)
        most = REGISTER_TIMES * max(self._most, WIDE)
        wide, answer = (side.rows(key, most=most) for side in (self._known, self._answers))
        truth = truth_of(seen, self.register[record], known=wide, answer=answer)
        every, drawn = (self._known.rows(key, most=m) for m in (self._everybody, self._most))
        certain = (sizes_of(every.block) == sizes_of(drawn.block))[every.block]
        self._counts.append(
            (
                counts_of(record, records=len(self.register)),
                counts_of(every.record[certain], records=self._everybody),
                counts_of(every.record, records=self._everybody),
            )
        )
        kind = np.uint64(self._number(key))
        self._registers[0].add(record, seen.block, np.full(seen.rows, kind))
        self._registers[1].add(wide.record, wide.block, np.full(len(wide.block), kind))
        return attack_pass(seen, wide, truth=truth, known=self._start[record] != NOBODY, rng=self._rng)

    def _number(self, key: MatchKey) -> int:
        return list(self._schema.keys).index(key.name)

    def joined(self) -> Figures:
        """What all passes joined leak: the rows of one record taken together, as whoever holds tokens and maps could."""
        graphs = [e.graph() for e in self._copies]
        ours, record = graphs[0], np.arange(graphs[1].records)
        colours = refine(graphs[:2], starts=[np.zeros(g.records, dtype=np.uint64) for g in graphs[:2]])
        claims = (
            name_alike(colours[0], colours[1], record=record),
            name_in_the_best_round(graphs[2:], record=record, rounds=MOST_ROUNDS),
        )
        has = np.unique(ours.record)
        file, register = (e.graph() for e in self._registers)
        ours_in, least, most = (np.column_stack([c[at] for c in self._counts]) for at in range(3))
        patterns = only_fitting(ours_in, least=least, most=most)
        return Figures(
            "joined",
            len(has),
            len(ours.record),
            ours.blocks,
            0.0,
            0.0,
            0,
            {
                "a": max(records_right(claim[has], has) for claim in claims) / max(len(has), 1),
                "b": attack_joined(file, register, patterns=patterns, truth=self.register, start=self._start),
            },
        )


def _of_one_person(block: Numbers, person: Numbers) -> Flags:
    """Which rows stand in a block of one person's rows alone."""
    blocks = int(block.max(initial=-1)) + 1
    least, most = np.full(blocks, person.max(initial=0)), np.zeros(blocks, dtype=np.int64)
    np.minimum.at(least, block, person)
    np.maximum.at(most, block, person)
    return np.asarray((least == most)[block])


def measure(
    file: MadeUp,
    *,
    schema: Schema,
    rng: np.random.Generator,
    only: str | None = None,
    say: Say = lambda _: None,
) -> Leak:
    """What the schema's tokens of this file leak.

    The attacker of (a), (c), (d) and (e) has an exact copy of all of them; that of (b) has them as the register behind a file of one in five of them,
    in which he knows `KNOWN_PEOPLE`. With `only`, that key alone is measured.
    """
    meter = _Meter(file, schema=schema, rng=rng)
    passes = []
    opened = zip(schema.match_keys, meter.whole.passes(), meter.sample.passes(), strict=True)
    for key, whole, sample in opened:
        if only is None or key.name == only:
            say(key.name)
            passes.append(meter.figures(key, whole, sample))
    measured = any(p.rows for p in passes)
    if only is None and measured:
        say("all passes joined")
    together = meter.joined() if only is None and measured else None
    return Leak(file.clean.records, len(meter.register), tuple(passes), together)
