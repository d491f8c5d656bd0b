"""Everything that the linker's runs tell of the records that are here, put together at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from linkage.central.assembly.maps import Reader
from linkage.central.assembly.pairs import Rows, ScoredRecords, merged, no_pairs, resolved, rows_of
from linkage.central.assembly.records import Codes, Flags, Ints, Numbered, Records, Shorts
from linkage.central.assembly.runs import Told
from linkage.central.pairs.sealed_pairs import SCORED_FROM
from linkage.manifest import Manifest

Progress = Callable[[str], None]
Keep = Callable[[str, Mapping[str, Rows]], None]
Hear = Callable[[ScoredRecords], None]


@dataclass(frozen=True, slots=True)
class Everyone:
    """All records as they stand; `told` is the place in its partner's chain of the submission that brought each as it is now."""

    records: Records
    told: Ints


def everyone(reader: Reader, *, manifests: Sequence[Manifest]) -> Everyone:
    """The records of all partners' chains.

    Raises:
        BadSubmission, BadSeal: a map is missing, altered, or does not fit what it follows.
    """
    here = {m.partner: reader.here(m) for m in manifests}
    names = tuple(sorted(here))
    nothing = np.empty((0, 16), dtype=np.uint8)
    records = Records(
        names,
        np.repeat(np.arange(len(names), dtype=np.int64), [len(here[n].told) for n in names]),
        np.concatenate([nothing, *(here[n].record_ref for n in names)]),
    )
    return Everyone(records, np.concatenate([np.empty(0, dtype=np.int64), *(here[n].told for n in names)]))


def whole(
    runs: Sequence[Told],
    *,
    reader: Reader,
    manifests: Sequence[Manifest],
    of: Everyone,
    keep: Keep = lambda _, __: None,
    hear: Hear = lambda _: None,
    progress: Progress = lambda _: None,
) -> ScoredRecords:
    """The pairs of records that the runs scored, each with its best score. What a run said of a record counts until that record is replaced or
    gone. `keep` is given the rows of each pass, `hear` its pairs.

    Raises:
        BadSubmission: the last run names a row that no map has; or as `Reader.rows` and `Told.pairs`.
    """

    numbers = [np.flatnonzero(of.records.partner == at) for at in range(len(of.records.partners))]
    known = [Numbered(of.records.record_ref[its], number=its) for its in numbers]
    seen = [
        seen_by(told, partners=of.records.partners, partner=of.records.partner, since=of.told) for told in runs
    ]

    def rows_of_pass(key: str) -> dict[str, Rows]:
        out = {}
        for head in manifests:
            at = of.records.partners.index(head.partner)
            out[head.partner] = rows_of(reader.rows(head, key), known=known[at], partner=head.partner)
        return out

    def pairs_of(key: str) -> ScoredRecords:
        rows = rows_of_pass(key)
        keep(key, rows)
        found = merged(
            as_seen(resolved(table, rows=rows, unknown=told is not runs[-1]), seen=still)
            for told, still in zip(runs, seen, strict=True)
            for table in told.pairs(key, one=reader.one, assembler=reader.assembler)
        )
        hear(found)
        progress(key)
        return found

    keys = sorted({key for told in runs for key in told.passes()})
    return merged(pairs_of(key) for key in keys) if keys else no_pairs()


def seen_by(told: Told, *, partners: Sequence[str], partner: Ints | Codes, since: Ints | Shorts) -> Flags:
    """Which records are still as a run saw them."""
    upto = np.array([told.upto.get(name, -1) for name in partners], dtype=np.int32)
    out: Flags = since <= upto[partner] if len(partner) else np.zeros(0, dtype=np.bool_)
    return out


def as_seen(pairs: ScoredRecords, *, seen: Flags) -> ScoredRecords:
    """The pairs whose two records are still as they were seen, but for those that a full run would not have told: they would weigh otherwise than pairs never scored."""
    return pairs.only(seen[pairs.left] & seen[pairs.right] & (pairs.probability >= SCORED_FROM))
