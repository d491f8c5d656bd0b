"""The linker's command over its own folder: sealed tokens in, sealed pairs out."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from keys import Identity, PublicIdentity
from linkage.central.kept_memory import keep_freed_memory
from linkage.central.link import run_linker, run_update
from linkage.central.pairs.model import Model, read_model
from linkage.central.pairs.run import RUN_NAME, signed_run
from linkage.central.pairs.since import in_full_because
from linkage.central.pairs.token_files import Tokens
from linkage.errors import BadInput, BadModel, BadSubmission
from linkage.manifest import Manifest
from policies.gateways import Stage
from service import clock
from service.centre.work_log import log_work
from service.custody.quorum import WAIT_SECONDS, Waiting, patiently, whole_linker
from service.custody.rounds import read_rounds
from service.desk.accepted import accepted_manifests
from service.desk.gates import objections
from service.evidence import Vouched, on_record
from service.memory import read_remembered
from service.places import IDENTITY_FILE
from service.progress import Progress, Step, silent
from service.shared import Project
from service.trust.unlocking import asking, unlocker
from service.writing import write_whole

MODEL_FILE: Final = "model.json"
# What an unfinished run has finished so far, under seal for the linker alone.
WORK_FOLDER: Final = "work"

Scope = Literal["as needed", "update", "full"]


def scope_of(given: Mapping[Scope, bool]) -> Scope:
    """What is asked for, by the options that are given.

    Raises:
        BadInput: more than one is.
    """
    asked = [scope for scope, is_given in given.items() if is_given]
    if len(asked) > 1:
        raise BadInput(
            "--update links only what is new and --full links everything: give one of them, or neither"
        )
    return asked[0] if asked else "as needed"


def run_linker_desk(
    folder: Path,
    *,
    shared: Path,
    out: Path,
    at: str | None = None,
    session: Path | None = None,
    waiting: Waiting | None = None,
    progress: Progress = silent,
    scope: Scope = "as needed",
    keep: bool = True,
    warn: Callable[[str], None] = lambda _: None,
) -> str:
    """The linker's run over its own folder; the model is kept there, the sealed pairs go to `out`. With `at` it runs as things stood then; what it
    remembers goes by the clock all the same. Where custodians share the key that opens tokens, they are asked for it in the folder `session`. A run that
    was broken off goes on, with the same submissions, where it was. The `scope` of an "update" is what is new since the runs in `out`, linked by their model; "as
    needed", that is done where it can be, and else all is linked; the answer says which and why. `warn` hears what makes the model doubtful. With `keep` the rows of
    a full run stay in the linker's folder, under seal, so that later updates open few of them; it takes as much space again as the submissions.

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
    facts = on_record(Vouched.read(shared), trust=project.trust, now=now)
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
    about = _About(
        folder, out, project, tuple(manifests), linker, project.trust.only("assembler", at=now), progress
    )
    chosen, because = about.needed() if scope == "as needed" else (scope, "")
    done = about.update(now=today) if chosen == "update" else about.in_full(now=today, keep=keep, warn=warn)
    return f"{done}{because}"


@dataclass(frozen=True, slots=True)
class _About:
    """What a run of the desk is of, once it may go ahead."""

    folder: Path
    out: Path
    project: Project
    manifests: tuple[Manifest, ...]
    linker: Identity
    assembler: PublicIdentity
    progress: Progress

    def needed(self) -> tuple[Scope, str]:
        """What a run has to do, an update where that does what is asked and all where it does not; and why, as words after those of the run."""
        if not (self.out / RUN_NAME).is_file():
            return "full", ""
        tokens = Tokens.of(
            self.folder / "inbox", manifests=self.manifests, schema=self.project.schema, one=self.project.one,
            linker=self.linker,
        )  # fmt: skip
        because = in_full_because(self.out, tokens, model=self._model())
        if because is not None:
            return "full", f"; everything was linked anew, for {because}"
        return "update", "; only what is new since the last run was linked, and --full links everything anew"

    def _model(self) -> Model | None:
        """The model of the last full run, if it is here and of this linkage."""
        path = self.folder / MODEL_FILE
        try:
            model = read_model(path.read_text("utf-8"), schema=self.project.schema)
        except (BadModel, FileNotFoundError, UnicodeDecodeError):
            return None
        return model if model.link_type == self.project.link_type else None

    def in_full(self, *, now: datetime, keep: bool, warn: Callable[[str], None]) -> str:
        """The full run, in words."""
        model = run_linker(
            self.folder / "inbox", out=self.out, link_type=self.project.link_type, progress=self._told,
            schema=self.project.schema, one=self.project.one, manifests=self.manifests, linker=self.linker,
            assembler=self.assembler, work=self.folder / WORK_FOLDER, keep=keep,
        )  # fmt: skip
        write_whole(self.folder / MODEL_FILE, model.to_json())
        self._log("full run", model, self.out, now=now)
        for sentence in model.warnings:
            warn(sentence)
        return f"{len(model.passes)} passes, {sum(p.pairs for p in model.passes):,} pairs compared; model in {MODEL_FILE}"

    def update(self, *, now: datetime) -> str:
        """The incremental run, in words."""
        keep_freed_memory()
        path = self.folder / MODEL_FILE
        if not path.is_file():
            raise BadModel(
                f"{MODEL_FILE} is not in {self.folder.name}/: run the linker in full first, without --update"
            )
        model = read_model(path.read_text("utf-8"), schema=self.project.schema)
        made = run_update(
            self.folder / "inbox", out=self.out, model=model, progress=self._told,
            schema=self.project.schema, one=self.project.one, manifests=self.manifests, linker=self.linker,
            assembler=self.assembler, work=self.folder / WORK_FOLDER,
        )  # fmt: skip
        if made is None:
            return "nothing is new since the last run: there is nothing to link"
        self._log("incremental run", model, made, now=now)
        return f"{len(model.passes)} passes, what is new in {made.name}/; scored by the model in {MODEL_FILE}"

    def _told(self, name: str, done: int, total: int, unit: str) -> None:
        self.progress(Step(name, done, total, unit))

    def _log(self, what: str, model: Model, out: Path, *, now: datetime) -> None:
        run = signed_run(out, one=self.project.one, linker=self.linker.public)
        facts = {
            "run": run.digest,
            "model": model.digest,
            "submissions": dict(run.submissions),
            "epoch": run.round.epoch,
            "files": len(run.files),
        }
        log_work(self.folder, what, facts=facts, by=self.linker, now=now)
