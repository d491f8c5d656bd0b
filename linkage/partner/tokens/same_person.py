"""Which records of a file are plainly of one person, as far as the partner itself can tell. It is told to nobody.

Of several people of one file who share a value of a match key only one stays in that pass, for else the linker would see how far apart they are.
Repeated records of one person are no several people. What is taken for one person here is only left in together; whether it is one is for
the linkage to say.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from keys import Secret
from linkage.partner.records import CleanRecords
from linkage.partner.tokens.blocks import KeyReader, every_way
from linkage.partner.tokens.ordering import ascending, in_share, repeated, shares_of
from linkage.partner.tokens.prepared import PartTables
from linkage.partner.tokens.scratch import Kept, Scratch
from linkage.schema import MatchKey, Schema, parse_part

Numbers = npt.NDArray[np.int32]
MEMORY: Final = 64 << 20
PLAINLY: Final = (
    ("nhs_number.whole",),
    ("upn.whole",),
    ("pnc_id.whole",),
    ("name.both.phonetic", "date_of_birth.whole"),
    ("name.both.root", "date_of_birth.whole"),
    ("name.both.whole", "date_of_birth.year-month"),
    ("name.both.whole", "date_of_birth.year-day"),
    ("forename.phonetic", "date_of_birth.whole", "postcode.whole"),
)


class People:
    """Finds the records that agree on a number that only one person has; on both names and the date of birth (one of the two but nearly); or on forename,
    date of birth and postcode. Whoever agrees with the same third is joined too. Records come portion by portion; what does not fit in memory lies
    beside the submission `beside`."""

    def __init__(self, *, schema: Schema, secret: Secret, beside: Path | None) -> None:
        self._schema, self._secret = schema, secret
        self._scratch = Scratch(beside, memory=MEMORY)
        self._found: dict[str, list[tuple[Kept, Kept]]] = {}
        self._rows: Counter[str] = Counter()
        self._records = 0

    def add(self, clean: CleanRecords, *, parts: PartTables) -> None:
        """The next records."""
        held = frozenset(i for i, c in clean.columns.items() if len(c.values))
        for key in _keys(held):
            reader = KeyReader(key, schema=self._schema, secret=self._secret, parts=parts)
            ways = list(every_way(reader, clean.rows))
            if ways:
                block = np.concatenate([w.block for w in ways])
                record = clean.record.take(np.concatenate([w.row for w in ways])) + np.int32(self._records)
                kept = self._scratch.put(block), self._scratch.put(record)
                self._found.setdefault(key.name, []).append(kept)
                self._rows[key.name] += len(block)
        self._records += clean.records

    def finish(self) -> Numbers:
        """A number for each record, equal for those of one person."""
        person = np.arange(self._records, dtype=np.int32)
        for key, found in self._found.items():
            # Most pairs of a key are joined by those before it.
            ends = person[_pairs(found, rows=self._rows[key])]
            person = _joined(person, ends[ends[:, 0] != ends[:, 1]])
        self._found = {}
        self._scratch.close()
        return person


def _joined(person: Numbers, ends: Numbers) -> Numbers:
    """The numbers of persons when those in one row of `ends` are one: the lowest stands for all."""
    if not len(ends):
        return person
    known, at = np.unique(ends, return_inverse=True)
    lowest = known.take(lowest_joined(len(known), at.reshape(-1, 2).astype(np.int32)))
    new = np.arange(len(person), dtype=np.int32)
    new[known] = lowest
    return new.take(person)


def lowest_joined(count: int, ends: Numbers) -> Numbers:
    """For each of the numbers from 0 to `count` - 1 the lowest that it is joined to by the rows of `ends`, itself among them: every tree of joined numbers is
    hung below the lowest root beside it, and flattened, until nothing changes (after Shiloach and Vishkin 1982). SciPy's takes longer to load than this."""
    root = np.arange(count, dtype=np.int32)
    while True:
        left, right = root.take(ends[:, 0]), root.take(ends[:, 1])
        apart = np.flatnonzero(left != right)
        if not len(apart):
            return root
        ends, left, right = ends.take(apart, axis=0), left.take(apart), right.take(apart)
        np.minimum.at(root, np.maximum(left, right), np.minimum(left, right))
        while (root != (above := root.take(root))).any():
            root = above


def _pairs(found: Sequence[tuple[Kept, Kept]], *, rows: int) -> Numbers:
    """Records that have the same block, each with the next one there, (n, 2). Blocks are looked at share by share, for memory's sake."""
    count = shares_of(rows)
    out = [np.empty((0, 2), dtype=np.int32)]
    for share in range(count):
        blocks, records = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int32)]
        for block, record in found:
            every = block()
            its = np.flatnonzero(in_share(every, share=share, of=count))
            blocks.append(every.take(its))
            records.append(record().take(its))
        out.append(_neighbours(np.concatenate(blocks), np.concatenate(records)))
    return np.concatenate(out)


def _neighbours(block: npt.NDArray[np.int64], of: Numbers) -> Numbers:
    again = repeated(block)
    block, of = block.take(again), of.take(again)
    order = ascending(block.view(np.uint64))
    block, of = block.take(order), of.take(order)
    at = np.flatnonzero((block[1:] == block[:-1]) & (of[1:] != of[:-1]))
    return np.stack([of[at], of[at + 1]], axis=1)


def same_person(clean: CleanRecords, *, schema: Schema, secret: Secret, parts: PartTables) -> Numbers:
    """A number for each record, equal for those that `People` takes for one person."""
    people = People(schema=schema, secret=secret, beside=None)
    people.add(clean, parts=parts)
    return people.finish()


def _keys(held: frozenset[str]) -> Iterator[MatchKey]:
    for number, texts in enumerate(PLAINLY):
        key = MatchKey(f"local-{number}", tuple(parse_part(t, key="local") for t in texts))
        if key.identifiers <= held:
            yield key
