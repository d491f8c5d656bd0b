"""What an attacker gets right of a file with a register that holds its people among many others, and a few of them known: attacks (b), (c) and (e)."""

import numpy as np

from linkage.leak.blocks import sizes_of
from linkage.leak.colours import Flags, Numbers, Words, mixed
from linkage.leak.exact_copy import DRAWS
from linkage.leak.frequency import expected_right
from linkage.leak.known import KnownPass
from linkage.leak.matching import match_pairs
from linkage.leak.percolation import UNKNOWN, Sides, only_possible, pass_colours, percolate, unlike_any_other
from linkage.leak.refinement import NOBODY, Incidence
from linkage.leak.sides import Seen, Side, band_colours
from linkage.leak.signatures import simulate_groups
from linkage.leak.truth import Truth


def attack_pass(
    seen: Seen, wide: KnownPass, *, truth: Truth, known: Flags, rng: np.random.Generator
) -> dict[str, float]:
    """The shares of (b), (c) and (e) on one pass. `wide` is the pass of the register, `truth` that of the file in the register's numbers, and `known`
    marks the rows of the file that the attacker knows. (b) counts rows beyond those."""
    ours, theirs = _bands_in_any_turn(seen), _bands_in_any_turn(wide)
    start = np.where(known, truth.row, NOBODY)
    sides = Sides(_rows(seen.block), _rows(wide.block), ours, theirs)
    claim = percolate(sides, start=start, value=only_possible(seen.block, ours, wide.block, theirs))
    named = (claim != NOBODY) & ~known
    right = named & (wide.record[claim] == truth.record)
    ranks = expected_right(sizes_of(seen.block), sizes_of(wide.block), truth=truth.group_of_block)
    pairs, scale = simulate_groups(wide, draws=DRAWS, rng=rng)
    group = match_pairs(seen, wide, pairs=pairs, scale=scale)
    group = group[seen.block]
    alike = (group != NOBODY) & (group == truth.group) & ~known
    beyond = max(int((~known).sum()), 1)
    return {"b": float(right.sum() / beyond), "c": ranks, "e": float(alike.sum() / beyond)}


def attack_joined(
    file: Incidence, register: Incidence, *, patterns: Numbers, truth: Numbers, start: Numbers
) -> float:
    """The share of (b) with the passes joined: records named rightly beyond those known at the start. `patterns` are those named by their numbers
    of rows; `truth` is the register's record of each of the file's."""
    sides = Sides(file, register, pass_colours(file), pass_colours(register))
    told = start
    for named in (patterns, unlike_any_other(sides)):
        told = np.where(told != NOBODY, told, named)
    claim = percolate(sides, start=_once(told), value=np.full(file.blocks, UNKNOWN, dtype=np.int64))
    beyond = start == NOBODY
    return float((beyond & (claim == truth)).sum() / max(beyond.sum(), 1))


def _once(claim: Numbers) -> Numbers:
    """The claims without those that give one record of the register to two of the file."""
    counts = np.bincount(claim[claim != NOBODY], minlength=1)
    return np.where((claim != NOBODY) & (counts[claim] > 1), NOBODY, claim)


def _bands_in_any_turn(side: Side) -> Words:
    out = np.zeros(len(side.block), dtype=np.uint64)
    for colours in band_colours(side):
        out += mixed(colours)
    return out


def _rows(block: Numbers) -> Incidence:
    """Rows that nothing joins: each its own record."""
    blocks = int(block.max(initial=-1)) + 1
    return Incidence(np.arange(len(block)), block, np.zeros(len(block), dtype=np.uint64), len(block), blocks)
