"""Attack (a): colour refinement. Whoever has an exact plaintext copy of a file lays its structure over the tokens'.

Colour refinement (the one-dimensional algorithm of Weisfeiler and Leman 1968) gives nodes one colour as long as their neighbourhoods look
alike. A colour that one record alone has on both sides names that record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np

from linkage.leak.blocks import by_size
from linkage.leak.colours import Flags, Numbers, Words, joined, mixed, multiset, row_colours
from linkage.leak.sides import Side, band_colours

NOBODY: Final = -1
ROUNDS_IN_A_BLOCK: Final = 3


@dataclass(frozen=True, slots=True)
class Incidence:
    """A graph between records and blocks: edge i joins `record[i]` and `block[i]` and looks like `label[i]`."""

    record: Numbers
    block: Numbers
    label: Words
    records: int
    blocks: int


def refine(graphs: Sequence[Incidence], *, starts: Sequence[Words], most: int | None = None) -> list[Words]:
    """The stable colours of the records of each graph, or those after `most` rounds, comparable between the graphs. `starts` are the records'
    colours before."""
    colours = list(starts)
    blocks = [np.zeros(g.blocks, dtype=np.uint64) for g in graphs]
    kinds = [len(np.unique(c)) for c in colours]
    for _ in count() if most is None else range(most):
        for at, g in enumerate(graphs):
            seen = multiset(joined(g.label, colours[at][g.record]), at=g.block, size=g.blocks)
            blocks[at] = joined(blocks[at], seen)
            seen = multiset(joined(g.label, blocks[at][g.block]), at=g.record, size=g.records)
            colours[at] = joined(colours[at], seen)
        now = [len(np.unique(c)) for c in colours]
        if now == kinds:
            break
        kinds = now
    return colours


def colours_of_rows(side: Side, *, gaps: bool) -> Words:
    """The stable colour of each row of one pass: its bands, those of its block, and, with `gaps`, which values are missing in the block.

    Rows of one pass cannot be joined to records, so that a pass is a set of separate blocks, each a complete graph. Where the lanes may stand in
    two ways, the colour counts both and does not tell them apart.
    """
    edges = _gaps(side) if gaps else None
    out = np.zeros(len(side.block), dtype=np.uint64)
    for turn in range(len(side.layout.turns)):
        out += mixed(_one_way(side, turn=turn, edges=edges))
    return out


def _gaps(side: Side) -> tuple[Numbers, Numbers, Flags]:
    """Every row beside every other of its block, and which values both have."""
    ends = [same.neighbours() for same in by_size(side.block)]
    row, other = (
        np.concatenate([np.empty(0, dtype=np.int64), *(e[at].ravel() for e in ends)]) for at in (0, 1)
    )
    return row, other, side.present(row, other)


def _one_way(side: Side, *, turn: int, edges: tuple[Numbers, Numbers, Flags] | None) -> Words:
    blocks = int(side.block.max(initial=-1)) + 1
    own = band_colours(side)[turn]
    order = list(side.layout.turns[turn][1])
    for _ in range(ROUNDS_IN_A_BLOCK):
        whole = multiset(own, at=side.block, size=blocks)[side.block]
        if edges is not None:
            row, other, both = edges
            label = row_colours(both[:, order])
            own = joined(own, multiset(joined(label, own[other]), at=row, size=len(own)))
        own = joined(own, whole)
    return own


def name_alike(seen: Words, known: Words, *, record: Numbers) -> Numbers:
    """For each seen node the record it must be, or `NOBODY`: its colour is as frequent on both sides, and all known nodes of that colour are
    of one record."""
    if not len(known):
        return np.full(len(seen), NOBODY, dtype=np.int64)
    kinds, at, counts = np.unique(known, return_inverse=True, return_counts=True)
    first, last = np.full(len(kinds), np.iinfo(np.int64).max), np.full(len(kinds), NOBODY)
    np.minimum.at(first, at, record)
    np.maximum.at(last, at, record)
    seen_kinds, seen_at, seen_counts = np.unique(seen, return_inverse=True, return_counts=True)
    place = np.searchsorted(kinds, seen_kinds)
    place[place == len(kinds)] = 0
    fits = (kinds[place] == seen_kinds) & (counts[place] == seen_counts) & (first[place] == last[place])
    named = np.where(fits, first[place], NOBODY)
    return np.asarray(named[seen_at], dtype=np.int64)


def records_right(claim: Numbers, truth: Numbers) -> int:
    """How many records have at least one row that the claim names rightly."""
    return len(np.unique(truth[(claim != NOBODY) & (claim == truth)]))


def name_in_the_best_round(graphs: Sequence[Incidence], *, record: Numbers, rounds: int) -> Numbers:
    """The claims of the round, up to `rounds`, in which most is claimed, on a seen and a known graph.

    What differs by chance between the two sides spoils everything near it, one step further with each round; how much he can claim the
    attacker sees.
    """
    claims = []
    for most in range(1, rounds + 1):
        colours = refine(graphs, starts=[np.zeros(g.records, dtype=np.uint64) for g in graphs], most=most)
        claims.append(name_alike(colours[0], colours[1], record=record))
    return max(claims, key=lambda claim: int((claim != NOBODY).sum()))
