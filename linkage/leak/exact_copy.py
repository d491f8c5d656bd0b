"""What an attacker with an exact plaintext copy of everybody in a file gets right of one of its passes: attacks (a), (c), (d) and (e)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from linkage.leak.blocks import pairs_of, sizes_of
from linkage.leak.colours import Flags, Words
from linkage.leak.frequency import expected_right
from linkage.leak.known import KnownPass
from linkage.leak.matching import match_blocks
from linkage.leak.refinement import NOBODY, colours_of_rows, name_alike, records_right
from linkage.leak.rows import match_rows
from linkage.leak.sides import Seen, Side
from linkage.leak.signatures import simulate_groups
from linkage.leak.truth import Truth, share
from linkage.leak.words import Sources, name_rows, name_values, one_key_words, vocabulary

DRAWS: Final = 8


@dataclass(frozen=True, slots=True)
class Found:
    """The share that each attack gets right, the figures behind them, which rows' blocks (e) names rightly, and the stable colours of the rows on
    both sides, without and with the gaps."""

    shares: dict[str, float]
    parts: dict[str, float]
    named: Flags
    seen_colours: tuple[Words, Words]
    known_colours: tuple[Words, Words]


def attack_with_copy(
    seen: Seen, plain: KnownPass, *, answer: KnownPass, truth: Truth, rng: np.random.Generator
) -> Found:
    """The attacks on one pass. `answer` and `truth` score them."""
    ours, theirs = _colours(seen), _colours(plain)
    claim = name_alike(ours[1], theirs[1], record=plain.record)
    pairs, scale = simulate_groups(plain, draws=DRAWS, rng=rng)
    match = match_blocks(seen, plain, pairs=pairs, scale=scale)
    group = match.group[seen.block]
    named = (group != NOBODY) & (group == truth.group)
    clear = match.clear[seen.block] & (group != NOBODY)
    row = match_rows(seen, plain, match=match, pairs=pairs, scale=scale)
    inside = share((row != NOBODY) & (plain.record[row] == truth.record))
    values, rows = attack_across_blocks(seen, plain, answer=answer, truth=truth, rng=rng)
    shares = {
        "a": records_right(claim, truth.record) / len(np.unique(truth.record)),
        "c": expected_right(sizes_of(seen.block), sizes_of(plain.block), truth=truth.group_of_block),
        "d": max(inside, values, rows),
        "e": share(named),
    }
    parts = {
        "d_inside": inside,
        "d_values_across": values,
        "d_rows_across": rows,
        "e_claimed": share(group != NOBODY),
        "e_clear": share(clear),
        "e_clear_right": share(clear & named),
    }
    return Found(shares, parts, named, ours, theirs)


def _colours(side: Side) -> tuple[Words, Words]:
    return colours_of_rows(side, gaps=False), colours_of_rows(side, gaps=True)


def attack_across_blocks(
    seen: Seen, plain: KnownPass, *, answer: KnownPass, truth: Truth, rng: np.random.Generator
) -> tuple[float, float]:
    """What is right when lanes are compared across blocks: the largest share of rows whose value in one lane is named, and the share of rows whose
    record is."""
    values = 0.0
    ours, theirs = [], []
    ends, plain_ends = pairs_of(seen.block), pairs_of(plain.block)
    for at, one in enumerate(plain.layout.measured):
        if one.filtered:
            words = seen.words(one)
            claim = name_values(vocabulary(words), plain.values[at], rng=rng)
            right = (claim != NOBODY) & (truth.row != NOBODY) & (claim == answer.values[at].number[truth.row])
            values = max(values, share(right))
            ours.append(Sources(words, *ends))
            theirs.append(Sources(one_key_words(plain.values[at], rng=rng), *plain_ends))
    return values, share(name_rows(ours, theirs, seen=seen, known=plain) == truth.record)
