"""The linker's command over its own folder: sealed tokens in, sealed pairs out."""

import os
import sys
from pathlib import Path
from typing import Final

from keys import Identity
from linkage.central.link import run_linker
from linkage.errors import BadSubmission
from policies import Stage
from service import clock
from service.accepted import accepted_manifests
from service.dossier import Dossier, on_record
from service.gates import objections
from service.memory import read_remembered
from service.places import IDENTITY_FILE
from service.quorum import WAIT_SECONDS, Waiting, patiently, whole_linker
from service.rounds import read_rounds
from service.unlocking import asking, unlocker

MODEL_FILE: Final = "model.json"


def run_linker_desk(
    folder: Path,
    *,
    shared: Path,
    out: Path,
    at: str | None = None,
    session: Path | None = None,
    waiting: Waiting | None = None,
) -> str:
    """The linker's run over its own folder; the model is kept there, the sealed pairs go to `out`. With `at` it runs as things stood then; what it
    remembers goes by the clock all the same. Where custodians share the key that opens tokens, they are asked for it in the folder `session`.

    Raises:
        NotEnoughCustodians: too few of them answered in time.
        RolledBack: the trust register or the clock is older than what the linker has seen.
        BadSubmission: a gateway does not carry a submission's tokens or attributes into the linkage; nothing is opened.
    """
    today, now, inbox = clock.now(), clock.named(at), folder / "inbox"
    project = read_remembered(shared, folder=folder, now=today)
    manifests = accepted_manifests(
        folder, inbox=inbox, trust=project.trust, one=project.one, now=now, clock=today
    )
    if not manifests:
        raise BadSubmission(f"no submission is in {inbox.name}/ of {folder.name}/: there is nothing to link")
    facts = on_record(Dossier.read(shared), trust=project.trust, now=now)
    for manifest in manifests:
        if against := objections(
            manifest,
            facts=facts,
            purpose=project.purpose,
            recipient=project.recipient,
            now=now,
            stage=Stage.LINKAGE,
        ):
            raise BadSubmission(f"the submission of {manifest.partner} may not be linked: {'; '.join(against)}")
    linker = whole_linker(
        Identity.load(folder / IDENTITY_FILE, unlock=unlocker(os.environ, ask=asking(sys.stdin))),
        listed=project.trust.only("linker", at=now),
        record=lambda: read_rounds(shared, project=project, folder=folder, now=today).record(project.one.epoch),
        session=session,
        trust=project.trust,
        waiting=waiting or patiently(WAIT_SECONDS, say=print),
        randomness=os.urandom,
    )
    model = run_linker(
        inbox,
        out=out,
        schema=project.schema,
        one=project.one,
        manifests=manifests,
        linker=linker,
        assembler=project.trust.only("assembler", at=now),
        link_type=project.link_type,
    )
    (folder / MODEL_FILE).write_text(model.to_json(), encoding="utf-8")
    return f"{len(model.passes)} passes, {sum(p.pairs for p in model.passes):,} pairs compared; model in {MODEL_FILE}"
