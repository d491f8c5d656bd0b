"""The assembler's command over its own folder: sealed maps and pairs in, a sealed spine out."""

import hashlib
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Final, get_args

from keys import Identity, Secret, derive, sign_note
from keys.ceremony import load_secret
from linkage.central.assemble import kept_spine
from linkage.central.assembly.identities import Kind
from linkage.central.assembly.keeping import Counted, Terms, assemble
from linkage.central.assembly.kept import Place
from linkage.central.assembly.maps import Reader
from linkage.central.assembly.runs import read_runs
from linkage.central.assembly.sealed_files import sealed_whole
from linkage.central.kept_memory import keep_freed_memory
from linkage.central.report.calibration import default_threshold
from linkage.central.report.own_line import fit_for
from service import clock
from service.centre.people_note import PEOPLE_NAME, PeopleNote
from service.centre.work_log import log_work
from service.custody.recipient import on_duty, spine_context
from service.desk.accepted import accepted_manifests
from service.memory import read_remembered
from service.places import IDENTITY_FILE
from service.trust.unlocking import asking, unlocker
from service.writing import write_whole

KEPT_FOLDER: Final = "people"


def run_assembler_desk(folder: Path, *, shared: Path, out: Path) -> str:
    """The assembler's run over its own folder; the spine is sealed to the custodian in `out`, and beside it lies what the assembler signs of the run, for
    the desk's log.

    Raises:
        RolledBack: the trust register or the clock is older than what the assembler has seen.
    """
    keep_freed_memory()
    now, unlock, inbox = clock.now(), unlocker(os.environ, ask=asking(sys.stdin)), folder / "inbox"
    project = read_remembered(shared, folder=folder, now=now)
    own = load_secret(folder / "own.secret", name="assembler's own secret", unlock=unlock)
    manifests = accepted_manifests(
        folder, inbox=inbox, trust=project.trust, one=project.one, now=now, clock=now
    )
    assembler = Identity.load(folder / IDENTITY_FILE, unlock=unlock)
    reader = Reader(inbox, project.one, assembler)
    made = assemble(
        Place(folder / KEPT_FOLDER, project.one, assembler),
        reader=reader,
        runs=read_runs(
            folder / "pairs",
            reader=reader,
            manifests=manifests,
            linker=project.trust.only("linker", at=now),
        ),
        manifests=manifests,
        terms=Terms(
            secret=person_secret(own, project=project.one.project),
            deduplicated=frozenset(m.partner for m in manifests if m.deduplicated),
            at=now.isoformat(timespec="seconds"),
            line=fit_for(project.schema.most_people_per_key),
            threshold=lambda pairs: default_threshold(pairs.probability),
        ),
    )
    digest = hashlib.sha256()
    custodian, context = on_duty(project.trust, at=now), spine_context(project.one)
    with sealed_whole(out, to=custodian, context=context, seen=digest.update) as spine:
        kept_spine(made.kept, meta={"project": project.one.project}, into=spine)
    counted = Counted.of(made.kept)
    told = PeopleNote.of(digest.hexdigest(), one=project.one, records=counted.records, people=counted.people)
    write_whole(out.with_name(PEOPLE_NAME), sign_note(told.text(), by=assembler))
    kinds = Counter(event.kind for event in made.events)
    facts = {
        "run": made.kept.run,
        "carried_on": made.extended,
        "records": counted.records,
        "people": counted.people,
        "spine": told.spine,
        "ids": {kind: kinds[kind] for kind in get_args(Kind)},
        "doubt": counted.doubt.to_json(),
    }
    log_work(folder, "assembly", facts=facts, by=assembler, now=now)
    return f"{counted.records:,} records, {counted.people:,} people; spine sealed in {out.name}; {counted.doubt.says()}"


def person_secret(own: Secret, *, project: str) -> Secret:
    """The key of person ids: the assembler's own, for one project."""
    return derive(own, "person-ref", project)
