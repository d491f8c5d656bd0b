"""Attack (e), second half: blocks are matched to the plaintext groups whose signatures are nearest, each group once."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from linkage.leak.blocks import Blocks, by_size
from linkage.leak.colours import Flags, Numbers
from linkage.leak.known import KnownPass
from linkage.leak.refinement import NOBODY
from linkage.leak.sides import Seen
from linkage.leak.signatures import (
    KnownPairs,
    Scale,
    Signatures,
    Vectors,
    known_signatures,
    seen_signatures,
    stacked,
)

MARGIN: Final = 6.0
CELLS: Final = 8_000_000


@dataclass(frozen=True, slots=True)
class Match:
    """For each seen block the group it is taken for (`NOBODY` for none) and the turn of its lanes, and whether no other group came near."""

    group: Numbers
    turn: Numbers
    clear: Flags


def match_blocks(seen: Seen, known: KnownPass, *, pairs: list[KnownPairs], scale: Scale) -> Match:
    """The group for which each block of the file is taken: the nearest among those that agree exactly, each group once."""
    blocks = int(seen.block.max(initial=-1)) + 1
    match = Match(
        np.full(blocks, NOBODY, dtype=np.int64),
        np.zeros(blocks, dtype=np.int64),
        np.zeros(blocks, dtype=np.bool_),
    )
    groups = {p.blocks.size: p for p in pairs}
    for same in by_size(seen.block):
        if same.size not in groups:
            continue
        theirs = known_signatures(known, groups[same.size])
        ours = seen_signatures(seen, same, scale=scale)
        nearest, gap, clear = nearest_of(ours, theirs)
        found = np.flatnonzero(nearest != NOBODY)
        group = theirs.number[nearest[found]]
        kept = _each_once(group, gap[found])
        number, chosen = ours.number[found[kept]], nearest[found[kept]]
        match.group[number] = theirs.number[chosen]
        match.turn[number] = theirs.turn[chosen]
        match.clear[number] = clear[found[kept]]
    return match


def match_pairs(seen: Seen, wide: KnownPass, *, pairs: list[KnownPairs], scale: Scale) -> Numbers:
    """The group of a register for which each block of a file is taken: that of the pair of rows most like one of its own. A file holds a part of
    each of the register's groups, so that only pairs can be compared."""
    blocks = int(seen.block.max(initial=-1)) + 1
    out = np.full(blocks, NOBODY, dtype=np.int64)
    ours = [
        seen_signatures(seen, two, scale=scale) for same in by_size(seen.block) for two in [_as_pairs(same)]
    ]
    theirs = [
        known_signatures(wide, KnownPairs(_as_pairs(p.blocks), p.states, p.places))
        for p in pairs
        if len(p.states)
    ]
    if not ours or not theirs:
        return out
    us, them = stacked(ours), stacked(theirs)
    nearest, gap, _ = nearest_of(us, them)
    found = np.flatnonzero(nearest != NOBODY)
    found = found[_each_once(us.number[found], gap[found])]
    group = them.number[nearest[found]]
    kept = _each_once(group, gap[found])
    out[us.number[found[kept]]] = group[kept]
    return out


def _as_pairs(blocks: Blocks) -> Blocks:
    left, right = blocks.pairs()
    return Blocks(np.repeat(blocks.number, left.shape[1]), np.column_stack([left.ravel(), right.ravel()]))


def nearest_of(ours: Signatures, theirs: Signatures) -> tuple[Numbers, Vectors, Flags]:
    """For each of our signatures the place of the nearest of theirs in the same stratum (`NOBODY` where there is none), its squared distance,
    and whether the nearest of any other group is further off by `MARGIN`."""
    nearest = np.full(len(ours.stratum), NOBODY, dtype=np.int64)
    gap = np.full(len(ours.stratum), np.inf, dtype=np.float32)
    clear = np.zeros(len(ours.stratum), dtype=np.bool_)
    order = np.argsort(theirs.stratum, kind="stable")
    kinds, starts, counts = np.unique(theirs.stratum[order], return_index=True, return_counts=True)
    our_order = np.argsort(ours.stratum, kind="stable")
    our_kinds, our_starts, our_counts = np.unique(
        ours.stratum[our_order], return_index=True, return_counts=True
    )
    common, mine, other = np.intersect1d(our_kinds, kinds, assume_unique=True, return_indices=True)
    for a, b in zip(mine[: len(common)], other, strict=True):
        us = our_order[our_starts[a] : our_starts[a] + our_counts[a]]
        them = order[starts[b] : starts[b] + counts[b]]
        p = theirs.vectors[them]
        used = p.any(axis=0)
        p = p[:, used]
        step = max(1, CELLS // len(them))
        for at in range(0, len(us), step):
            rows = us[at : at + step]
            nearest[rows], gap[rows], clear[rows] = _nearest(
                ours.vectors[rows][:, used], p, them, theirs.number[them]
            )
    return nearest, gap, clear


def _nearest(q: Vectors, p: Vectors, index: Numbers, number: Numbers) -> tuple[Numbers, Vectors, Flags]:
    squared = (p * p).sum(axis=1)[None, :] - 2 * (q @ p.T)
    best = squared.argmin(axis=1)
    rows = np.arange(len(q))
    own = (q * q).sum(axis=1)
    gap = np.maximum(squared[rows, best] + own, 0)
    if len(p) == 1:
        return index[best], gap, np.ones(len(q), dtype=np.bool_)
    squared[rows, best] = np.inf
    runner = squared.argmin(axis=1)
    clear = squared[rows, runner] + own > gap + MARGIN
    return index[best], gap, clear | (number[runner] == number[best])


def _each_once(group: Numbers, gap: Vectors) -> Numbers:
    """The places of the claims that stay when each group is given to the nearest of those who claim it."""
    order = np.lexsort((gap, group))
    first = (
        np.concatenate([[True], group[order][1:] != group[order][:-1]]) if len(order) else np.empty(0, np.bool_)
    )
    return np.sort(order[first])
