"""What a report on a linkage is made from: the linkage once more, put together from what the linker handed on, with what the assembler keeps no count of."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from keys import Identity, PublicIdentity
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.people import Linkage, people_of
from linkage.central.assembly.records import Finder, Ints, Records
from linkage.central.assembly.runs import Told, read_runs
from linkage.central.assembly.whole import everyone, whole
from linkage.central.pairs.run import Run
from linkage.central.report.calibration import Line, calibrated, default_threshold
from linkage.central.report.own_line import Fit, Heard, general_line
from linkage.central.report.report import Evidence, evidence_of
from linkage.errors import BadSubmission
from linkage.manifest import Manifest, Round


def read_linkage(
    inbox: Path,
    *,
    pairs: Path,
    one: Round,
    manifests: Sequence[Manifest],
    match_keys: Sequence[str],
    assembler: Identity,
    linker: PublicIdentity,
    threshold: float | None = None,
    line: Line | None = None,
    fit: Fit = general_line,
    deduplicated: Collection[str] = (),
) -> tuple[Run, Linkage, Evidence, Line]:
    """The linker's last run, the people as the assembler forms them, the evidence, and the line that it was calibrated by. `match_keys` are all of the schema, also those that no pair
    shares; the threshold is the default one if it is left out, and the line the one that `fit` finds; no two records of one of the `deduplicated` partners are of one person.

    Raises:
        BadSubmission: a run of the linker is unfinished, altered, not signed by it, or the last is of other submissions; or there is nothing.
    """
    if not manifests:
        raise BadSubmission(f"no submission is in {inbox.name}/: there is nothing to report on")
    reader = Reader(inbox, one, assembler)
    runs = read_runs(pairs, reader=reader, manifests=manifests, linker=linker)
    of = everyone(reader, manifests=manifests)
    stands = np.zeros(of.records.count, dtype=np.int64)
    by_pass = []
    for key in match_keys:
        for manifest in manifests:
            stands += _stands(manifest, key, reader=reader, records=of.records)
        by_pass.append(whole([_only(told, key) for told in runs], reader=reader, manifests=manifests, of=of))
    evidence = evidence_of(by_pass, records=of.records, stands=stands, passes=len(match_keys))
    if line is None:
        heard = Heard()
        for found in by_pass:
            heard.add(found)
        line = fit(heard.passes)
    shown = calibrated(evidence.pairs, line=line)
    if threshold is None:
        threshold = default_threshold(shown.probability)
    return (
        runs[-1].run,
        people_of(shown, records=of.records, threshold=threshold, deduplicated=deduplicated),
        evidence,
        line,
    )


def _only(told: Told, key: str) -> Told:
    """The run as if it had that pass alone."""
    names = set(told.passes().get(key, ()))
    return replace(told, run=replace(told.run, files={n: d for n, d in told.run.files.items() if n in names}))


def _stands(head: Manifest, key: str, *, reader: Reader, records: Records) -> Ints:
    """1 for each record of the partner that has a row in the pass, 0 for the others."""
    out = np.zeros(records.count, dtype=np.int64)
    its = np.flatnonzero(records.partner == records.partners.index(head.partner))
    found = Finder(records.record_ref[its]).find(reader.rows(head, key).record_ref)
    out[its[found[found >= 0]]] = 1
    return out
