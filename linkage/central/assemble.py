"""The assembler's run: scored row references become scored records, records become people. It never sees a token."""

import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from keys import Identity, PublicIdentity, Secret
from linkage.central.assembly.identities import ID_BYTES, id_rows
from linkage.central.assembly.kept_tables import Kept
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.maps import open_maps as open_maps
from linkage.central.assembly.pairs import ScoredRecords as ScoredRecords
from linkage.central.assembly.pairs import best_of as best_of
from linkage.central.assembly.pairs import resolve as resolve
from linkage.central.assembly.people import Doubt as Doubt
from linkage.central.assembly.people import Linkage as Linkage
from linkage.central.assembly.people import doubt_of as doubt_of
from linkage.central.assembly.people import expected_error
from linkage.central.assembly.people import people_of as people_of
from linkage.central.assembly.people import person_ids as person_ids
from linkage.central.assembly.records import Records as Records
from linkage.central.assembly.records import gather as gather
from linkage.central.assembly.runs import read_runs
from linkage.central.assembly.weakest import WEAKEST_LINK, weakest_links
from linkage.central.assembly.whole import everyone, whole
from linkage.central.report.calibration import calibrated, default_threshold
from linkage.central.report.own_line import Fit, Heard, general_line
from linkage.columns import named
from linkage.manifest import Manifest, Round
from linkage.tokens import Chunk, write_chunks, write_table

SPINE_FORMAT: Final = "linkage-spine/v2"
SPINE_TYPES: Final = {
    "partner": pa.dictionary(pa.uint16(), pa.string()),
    "record_ref": pa.binary(16),
    "person_id": pa.binary(ID_BYTES),
}
AT_ONCE: Final = 1 << 15


def write_spine(linkage: Linkage, *, secret: Secret, meta: Mapping[str, str]) -> bytes:
    """The spine as bytes: `partner` (its name), `record_ref` (16 bytes), `person_id` (12 bytes)."""
    pairs = linkage.pairs
    return write_table(
        {
            "partner": named(linkage.records.partner.astype(np.uint16), linkage.records.partners),
            "record_ref": linkage.records.record_ref,
            "person_id": id_rows(bytes.fromhex("".join(person_ids(linkage, secret=secret)))),
        },
        kind=SPINE_FORMAT,
        types=SPINE_TYPES,
        meta={
            **meta,
            **expected_error(pairs.probability, threshold=linkage.threshold),
            **weakest_links(
                linkage.person,
                left=pairs.left,
                right=pairs.right,
                probability=pairs.probability,
                threshold=linkage.threshold,
            ),
        },
    )


def kept_spine(kept: Kept, *, meta: Mapping[str, str], into: io.IOBase) -> None:
    """The spine of what the assembler keeps, in the order of partners and pseudonyms, is written, a little at a time."""
    standing = kept.standing
    which = standing.settled_order(np.flatnonzero(standing.here))
    says = {
        **meta,
        **expected_error(standing.pairs.probability, threshold=kept.rules.threshold),
        WEAKEST_LINK: standing.band[which].tobytes().decode("ascii"),
    }
    parts = (which[at : at + AT_ONCE] for at in range(0, len(which), AT_ONCE))
    chunks: Iterator[Chunk] = (
        {
            "partner": named(standing.partner[its], standing.partners),
            "record_ref": standing.record_ref.take(its, axis=0),
            # Every record that is here has a person: nothing is clipped, and numpy does not have to look first.
            "person_id": standing.people.ids.take(standing.person[its], axis=0, mode="clip"),
        }
        for its in parts
    )
    write_chunks(into, chunks, kind=SPINE_FORMAT, types=pa.schema(SPINE_TYPES, says))


def run_assembler(
    inbox: Path,
    *,
    pairs: Path,
    one: Round,
    manifests: Sequence[Manifest],
    assembler: Identity,
    linker: PublicIdentity,
    threshold: float | None = None,
    fit: Fit = general_line,
    deduplicated: Collection[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Linkage:
    """The people of a linkage from the sealed maps in `inbox` and the pairs in `pairs` that `linker` signed for: those of a full run and of every update
    after it: by default of pairs calibrated by the line that `fit` finds, at the threshold that follows from them, else of the pairs as scored. No two records of one of the `deduplicated` partners are of one person.

    Raises:
        BadSubmission: a run of the linker is unfinished, altered, not signed by it, or the last is of other submissions.
    """
    reader = Reader(inbox, one, assembler)
    runs = read_runs(pairs, reader=reader, manifests=manifests, linker=linker)
    of = everyone(reader, manifests=manifests)
    heard = Heard()
    scored = whole(runs, reader=reader, manifests=manifests, of=of, hear=heard.add, progress=progress)
    if threshold is None:
        scored = calibrated(scored, line=fit(heard.passes))
        threshold = default_threshold(scored.probability)
    return people_of(scored, records=of.records, threshold=threshold, deduplicated=deduplicated)
