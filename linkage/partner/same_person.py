"""Which records of a file are plainly of one person, as far as the partner itself can tell. It is told to nobody.

Of several people of one file who share a value of a match key only one stays in that pass, for else the linker would see how far apart they are.
Repeated records of one person are no several people. What is taken for one person here is only left in together; whether it is one is for
the linkage to say.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from keys import Secret
from linkage.partner.blocks import KeyReader, every_way
from linkage.partner.prepared import PartTables
from linkage.partner.records import CleanRecords
from linkage.schema import MatchKey, Schema, parse_part

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


def same_person(
    clean: CleanRecords, *, schema: Schema, secret: Secret, parts: PartTables
) -> npt.NDArray[np.int32]:
    """A number for each record, equal for records that agree on a number that only one person has; on both names and the date of birth (one of
    the two but nearly); or on forename, date of birth and postcode. Whoever agrees with the same third is joined too."""
    held = frozenset(i for i, c in clean.columns.items() if len(c.values))
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for key in _keys(held):
        reader = KeyReader(key, schema=schema, secret=secret, parts=parts)
        ways = list(every_way(reader, clean.rows))
        if ways:
            block = np.concatenate([w.block for w in ways])
            order = np.argsort(block, kind="stable")
            of = clean.record.take(np.concatenate([w.row for w in ways])).take(order)
            block = block.take(order)
            again = np.flatnonzero((block[1:] == block[:-1]) & (of[1:] != of[:-1]))
            pairs.append(np.stack([of[again], of[again + 1]], axis=1).astype(np.int64))
    joined = np.concatenate(pairs)
    if not len(joined):
        return np.arange(clean.records, dtype=np.int32)
    size = (clean.records, clean.records)
    graph = coo_array((np.ones(len(joined), dtype=np.int8), (joined[:, 0], joined[:, 1])), shape=size)
    number: npt.NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return number


def _keys(held: frozenset[str]) -> Iterator[MatchKey]:
    for number, texts in enumerate(PLAINLY):
        key = MatchKey(f"local-{number}", tuple(parse_part(t, key="local") for t in texts))
        if key.identifiers <= held:
            yield key
