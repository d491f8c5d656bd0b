"""Attack (b): a register that holds the people among many others, and a few people whose records are known.

What is known of a record tells which key values its blocks stand for; whoever shares exactly those known blocks with the known, and is the only
one in the register to do so, becomes known too; and so on until nothing new is learnt (percolation matching: Narayanan and Shmatikov 2009;
Yartseva and Grossglauser 2013). A file is a part of its register, so what two of its records share they share in the register
as well, and what they do not share they do not share there.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from linkage.leak.blocks import by_size
from linkage.leak.colours import Flags, Numbers, Words, joined, multiset, row_colours, unordered
from linkage.leak.refinement import NOBODY, Incidence

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Sides:
    """The file's and the register's graph between records and blocks, with a colour for every record. Edges carry the pass in `label`."""

    file: Incidence
    register: Incidence
    file_colour: Words
    register_colour: Words


def percolate(sides: Sides, *, start: Numbers, value: Numbers) -> Numbers:
    """For each record of the file the register's record for which it is taken, or `NOBODY`. `start` are those known before; `value` is for each
    block of the file the register's block it is known to be, or `UNKNOWN`."""
    claim, value = start.copy(), value.copy()
    while True:
        _learn(sides, claim=claim, value=value)
        found = _only_ones(sides, claim=claim, value=value)
        if not len(found[0]):
            return claim
        claim[found[0]] = found[1]


def _learn(sides: Sides, *, claim: Numbers, value: Numbers) -> None:
    """Sets the value of every block that a known record has as its only unknown one of a pass, where the register's record has one too."""
    taken = np.zeros(sides.register.blocks, dtype=np.bool_)
    taken[value[value != UNKNOWN]] = True
    ours = (claim[sides.file.record] != NOBODY) & (value[sides.file.block] == UNKNOWN)
    known = np.zeros(sides.register.records, dtype=np.bool_)
    known[claim[claim != NOBODY]] = True
    theirs = known[sides.register.record] & ~taken[sides.register.block]
    a = pd.DataFrame(
        {
            "record": claim[sides.file.record[ours]],
            "kind": sides.file.label[ours],
            "block": sides.file.block[ours],
        }
    )
    b = pd.DataFrame(
        {
            "record": sides.register.record[theirs],
            "kind": sides.register.label[theirs],
            "value": sides.register.block[theirs],
        }
    )
    on = ["record", "kind"]
    pairs = a[~a.duplicated(on, keep=False)].merge(b[~b.duplicated(on, keep=False)], on=on)
    pairs = pairs.drop_duplicates("block").drop_duplicates("value")
    value[pairs["block"].to_numpy()] = pairs["value"].to_numpy()


def _only_ones(sides: Sides, *, claim: Numbers, value: Numbers) -> tuple[Numbers, Numbers]:
    """Unknown records of the file, and the only unknown record of the register with the same colour and the same known blocks as each."""
    ours_value = value[sides.file.block]
    some = ours_value != UNKNOWN
    ours = multiset(ours_value[some], at=sides.file.record[some], size=sides.file.records)
    learnt = np.zeros(sides.register.blocks, dtype=np.bool_)
    learnt[value[value != UNKNOWN]] = True
    some = learnt[sides.register.block]
    theirs = multiset(sides.register.block[some], at=sides.register.record[some], size=sides.register.records)
    free = np.ones(sides.register.records, dtype=np.bool_)
    free[claim[claim != NOBODY]] = False
    return _same(
        joined(ours, sides.file_colour),
        joined(theirs, sides.register_colour),
        ours_may=(claim == NOBODY) & (ours != 0),
        theirs_may=free & (theirs != 0),
    )


def _same(ours: Words, theirs: Words, *, ours_may: Flags, theirs_may: Flags) -> tuple[Numbers, Numbers]:
    """The places of words that stand once on both sides, among those that may count."""
    a, b = np.flatnonzero(ours_may), np.flatnonzero(theirs_may)
    kinds, first, counts = np.unique(ours[a], return_index=True, return_counts=True)
    their_kinds, their_first, their_counts = np.unique(theirs[b], return_index=True, return_counts=True)
    _, mine, other = np.intersect1d(
        kinds[counts == 1], their_kinds[their_counts == 1], assume_unique=True, return_indices=True
    )
    return a[first[counts == 1][mine]], b[their_first[their_counts == 1][other]]


def unlike_any_other(sides: Sides) -> Numbers:
    """For each record of the file the register's record it must be, without knowing anybody, or `NOBODY`: it shares a block with another, and no
    other two in the register have these colours and share blocks in exactly these passes."""
    claim = np.full(sides.file.records, NOBODY, dtype=np.int64)
    a, b, key = _shared(sides.file, sides.file_colour)
    c, d, their_key = _shared(sides.register, sides.register_colour)
    every = np.ones(len(key), dtype=np.bool_)
    mine, other = _same(key, their_key, ours_may=every, theirs_may=np.ones(len(their_key), dtype=np.bool_))
    a, b, c, d = a[mine], b[mine], c[other], d[other]
    crossed = sides.file_colour[a] != sides.register_colour[c]
    told = sides.file_colour[a] != sides.file_colour[b]
    claim[a[told]] = np.where(crossed, d, c)[told]
    claim[b[told]] = np.where(crossed, c, d)[told]
    return claim


def _shared(graph: Incidence, colour: Words) -> tuple[Numbers, Numbers, Words]:
    """All pairs of records that share a block, and a word for each pair: both colours, and the passes in which they share one."""
    left, right, label = [], [], []
    order = np.argsort(graph.block, kind="stable")
    at, block, kind = graph.record[order], graph.block[order], graph.label[order]
    for same in by_size(block):
        a, b = same.pairs()
        left.append(at[a.ravel()])
        right.append(at[b.ravel()])
        label.append(kind[a.ravel()])
    if not left:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)
    a, b, word = np.concatenate(left), np.concatenate(right), np.concatenate(label)
    different = a != b
    a, b, word = a[different], b[different], word[different]
    pair = np.minimum(a, b) * graph.records + np.maximum(a, b)
    kinds, place = np.unique(pair, return_inverse=True)
    low, high = kinds // graph.records, kinds % graph.records
    passes = multiset(word, at=place, size=len(kinds))
    return low, high, joined(passes, unordered(colour[low], colour[high]))


def only_possible(
    file_block: Numbers, file_colour: Words, register_block: Numbers, register_colour: Words
) -> Numbers:
    """For each block of one pass of the file the only block of the register that can hold it, or `UNKNOWN`: it must have at least as many rows of
    every colour."""
    if not len(file_block) or not len(register_block):
        return np.full(int(file_block.max(initial=-1)) + 1, UNKNOWN, dtype=np.int64)
    colours, at = np.unique(np.concatenate([file_colour, register_colour]), return_inverse=True)
    tables = []
    for block, colour in ((file_block, at[: len(file_block)]), (register_block, at[len(file_block) :])):
        counts = np.zeros((int(block.max()) + 1, len(colours)), dtype=np.int32)
        np.add.at(counts, (block, colour), 1)
        tables.append(counts)
    needs, need = np.unique(tables[0], axis=0, return_inverse=True)
    holds, first, hold = np.unique(tables[1], axis=0, return_index=True, return_counts=True)
    only = np.full(len(needs), UNKNOWN, dtype=np.int64)
    for row, wanted in enumerate(needs):
        fits = (holds >= wanted).all(axis=1)
        if hold[fits].sum() == 1:
            only[row] = first[np.flatnonzero(fits)[0]]
    return only[need]


def pass_colours(graph: Incidence) -> Words:
    """A colour for every record: in how many blocks of each pass it stands."""
    kinds = pd.DataFrame({"record": graph.record, "kind": graph.label}).value_counts().reset_index()
    word = row_colours(kinds[["kind", "count"]].to_numpy().astype(np.int64))
    return multiset(word, at=kinds["record"].to_numpy(), size=graph.records)


def known_start(records: int, *, register: Numbers, known: int, rng: np.random.Generator) -> Numbers:
    """`known` records of the file, drawn at random, with the register's records they are; `NOBODY` for the others."""
    start = np.full(records, NOBODY, dtype=np.int64)
    some = rng.permutation(records)[:known]
    start[some] = register[some]
    return start
