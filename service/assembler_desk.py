"""The assembler's command over its own folder: sealed maps and pairs in, a sealed spine out."""

import os
import sys
from pathlib import Path

from keys import Identity, Secret, derive, seal
from keys.ceremony import load_secret
from linkage.central.assemble import run_assembler, write_spine
from linkage.central.model import DEFAULT_THRESHOLD
from service import clock
from service.accepted import accepted_manifests
from service.custodians import on_duty
from service.custody import spine_context
from service.memory import read_remembered
from service.places import IDENTITY_FILE
from service.unlocking import asking, unlocker


def run_assembler_desk(folder: Path, *, shared: Path, out: Path) -> str:
    """The assembler's run over its own folder; the spine is sealed to the custodian in `out`.

    Raises:
        RolledBack: the trust register or the clock is older than what the assembler has seen.
    """
    now, unlock, inbox = clock.now(), unlocker(os.environ, ask=asking(sys.stdin)), folder / "inbox"
    project = read_remembered(shared, folder=folder, now=now)
    own = load_secret(folder / "own.secret", name="assembler's own secret", unlock=unlock)
    linkage = run_assembler(
        inbox,
        pairs=folder / "pairs",
        one=project.one,
        manifests=accepted_manifests(
            folder, inbox=inbox, trust=project.trust, one=project.one, now=now, clock=now
        ),
        assembler=Identity.load(folder / IDENTITY_FILE, unlock=unlock),
        linker=project.trust.only("linker", at=now),
        threshold=DEFAULT_THRESHOLD,
    )
    spine = write_spine(
        linkage, secret=person_secret(own, project=project.one.project), meta={"project": project.one.project}
    )
    out.write_bytes(seal(spine, to=on_duty(project.trust, at=now), context=spine_context(project.one)))
    return f"{linkage.records.count:,} records, {linkage.people:,} people; spine sealed in {out.name}"


def person_secret(own: Secret, *, project: str) -> Secret:
    """The key of person ids: the assembler's own, for one project."""
    return derive(own, "person-ref", project)
