"""The assembler's run: scored row references become scored records, records become people. It never sees a token."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keys import Identity, PublicIdentity, Secret
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
from linkage.central.assembly.records import Bytes16
from linkage.central.assembly.records import Records as Records
from linkage.central.assembly.records import gather as gather
from linkage.central.assembly.runs import read_runs
from linkage.central.assembly.weakest import WEAKEST_LINK, weakest_links
from linkage.central.assembly.whole import everyone, whole
from linkage.central.report.calibration import calibrated, default_threshold
from linkage.central.report.own_line import Fit, Heard, general_line
from linkage.columns import fixed_texts, repeated
from linkage.manifest import Manifest, Round
from linkage.tokens import write_table

SPINE_FORMAT: Final = "linkage-spine/v1"
SPINE_TYPES: Final = {"partner": pa.string(), "record_ref": pa.binary(16), "person_id": pa.string()}


def write_spine(linkage: Linkage, *, secret: Secret, meta: Mapping[str, str]) -> bytes:
    """The spine as bytes: `partner` (its name), `record_ref` (16 bytes), `person_id` (text)."""
    pairs = linkage.pairs
    return spine_of(
        np.asarray(linkage.records.partners, dtype=object)[linkage.records.partner].astype(str),
        refs=linkage.records.record_ref,
        ids=person_ids(linkage, secret=secret).astype(str),
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


def kept_spine(kept: Kept, *, meta: Mapping[str, str]) -> bytes:
    """The spine of what the assembler keeps, in the order of partners and pseudonyms."""
    standing = kept.standing
    which = standing.settled_order(np.flatnonzero(standing.here))
    ids = standing.people.ids[standing.person[which]]
    return spine_of(
        repeated(standing.partner[which], names=standing.partners),
        refs=standing.record_ref[which],
        ids=fixed_texts(ids),
        meta={
            **meta,
            **expected_error(standing.pairs.probability, threshold=kept.rules.threshold),
            WEAKEST_LINK: standing.band[which].tobytes().decode("ascii"),
        },
    )


def spine_of(
    partner: npt.NDArray[np.str_] | pa.Array,
    *,
    refs: Bytes16,
    ids: npt.NDArray[np.str_] | pa.Array,
    meta: Mapping[str, str],
) -> bytes:
    """The spine's columns as bytes, with what it says of itself."""
    return write_table(
        {"partner": partner, "record_ref": refs, "person_id": ids},
        kind=SPINE_FORMAT,
        types=SPINE_TYPES,
        meta=meta,
    )


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
