"""Who is who, for scoring alone: which row of the plaintext each row of a token file is. No attack reads it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.leak.colours import Flags, Numbers, joined
from linkage.leak.known import KnownPass
from linkage.leak.refinement import NOBODY
from linkage.leak.sides import Seen
from linkage.partner.tokenise import OpenedPass
from linkage.tokens import PassTable


@dataclass(frozen=True, slots=True)
class Truth:
    """For each row of the file its row of the plaintext, its record, and its group; for each block its group. `NOBODY` where the plaintext
    does not have it, because too many share a key and the partner drew others of them than the attacker."""

    row: Numbers
    record: Numbers
    group: Numbers
    group_of_block: Numbers


def gather(
    opened: OpenedPass, *, refs: np.ndarray[tuple[int, int], np.dtype[np.uint8]]
) -> tuple[PassTable, Numbers]:
    """The pass file as its recipient has it, and the record of each row. `refs` are the file's record references."""
    chunks = list(opened.chunks())
    names = list(chunks[0].lanes) if chunks else ["row_ref", "block"]
    nothing = np.empty(0, dtype=np.int64)
    columns = {n: np.concatenate([c.lanes[n] for c in chunks]) if chunks else nothing for n in names}
    first = np.ascontiguousarray(refs).view(np.uint64)[:, 0]
    order = np.argsort(first)
    found = np.concatenate([first[:0], *(np.ascontiguousarray(c.refs).view(np.uint64)[:, 0] for c in chunks)])
    return PassTable(opened.key.name, columns), order[np.searchsorted(first[order], found)].astype(np.int64)


def truth_of(seen: Seen, record: Numbers, *, known: KnownPass, answer: KnownPass) -> Truth:
    """The truth of a pass file in the numbers of `known`, what the attacker computes; `answer` is the same under the file's own secret, so that its
    blocks are those of the file."""
    blocks, first = np.unique(answer.made, return_index=True)
    group = (
        known.block[first[_place(blocks, seen.columns["block"])]]
        if len(blocks)
        else np.empty(0, dtype=np.int64)
    )
    group = np.where(np.isin(seen.columns["block"], blocks), group, NOBODY)
    of_block = np.full(int(seen.block.max(initial=-1)) + 1, NOBODY, dtype=np.int64)
    of_block[seen.block] = group
    ours, theirs = joined(seen.columns["block"], record), joined(answer.made, answer.record)
    order = np.argsort(theirs, kind="stable")
    row = order[_place(theirs[order], ours)]
    return Truth(np.where(theirs[row] == ours, row, NOBODY), record, group, of_block)


def _place(values: npt.NDArray[np.generic], wanted: npt.NDArray[np.generic]) -> Numbers:
    """Where each wanted value stands in the sorted values, or where some other stands if it does not."""
    return np.asarray(np.minimum(np.searchsorted(values, wanted), len(values) - 1), dtype=np.int64)


def share(right: Flags) -> float:
    """The share of what is right; 0 of nothing."""
    return float(right.mean()) if len(right) else 0.0
