"""Signed notes that were made elsewhere, verified and entered in the desk's log: each once, as the event that it stands for."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from ethics.acts import ACT_FORMAT
from ethics.ballots import ADOPTION_FORMAT
from ethics.checkpoints import read_checkpoint
from ethics.errors import BadExport
from ethics.events import Event
from ethics.log_policy import LOG_POLICY_KIND
from ethics.roles import log_keys
from ethics.witness import verify_cosignatures
from keys import TrustRegister
from keys.ceremony_record import CEREMONY_FORMAT, verify_record
from keys.certificates import (
    ACKNOWLEDGEMENT_FORMAT,
    DESTRUCTION_FORMAT,
    verify_acknowledgement,
    verify_destruction,
)
from keys.notes import split_note
from keys.sessions import (
    CONTRIBUTION_FORMAT,
    OPEN_FORMAT,
    parse_contribution,
    parse_request,
    verify_contribution,
    verify_request,
)
from keys.statements import text_digest
from keys.trust import TRUST_FORMAT, read_register
from linkage.central.pairs.run import RUN_FORMAT
from linkage.errors import BadInput
from service.analyst.advice import ADVICE_FORMAT, verify_advice
from service.audit.verifying import publish_register
from service.centre.people_note import PEOPLE_FORMAT
from service.custody.rounds import Rounds
from service.desk.recorded import Against, Meaning, log_policy_meaning, people_meaning, run_meaning
from service.desk.recorded_acts import act_told, adoption_told
from service.desk.state import State
from service.errors import OutOfOrder
from service.shared import read_project, read_root
from service.texts import read_text

STATE_FILE: Final = "office.db"


def _register(note: str, against: Against) -> Meaning:
    signers = against.root.verify(note, kind=TRUST_FORMAT).signers
    register = read_register(note, root=against.root)
    if register.project != against.trust.project:
        raise OutOfOrder(f"this trust register is of project {register.project}")
    details: dict[str, str | int] = {
        "version": register.version,
        "register_digest": register.digest,
        "entries": len(register.entries),
    }
    return Meaning("trust-register-issued", min(signers), details)


def _ceremony(note: str, against: Against) -> Meaning:
    one = verify_record(note, trust=against.trust)
    details: dict[str, str | int] = {
        "epoch": one.epoch,
        "note_digest": one.digest,
        "threshold": one.threshold,
        "members": len(one.custodians),
    }
    return Meaning("secret-rotated" if one.closes else "ceremony-held", one.by, details)


def _acknowledgement(note: str, against: Against) -> Meaning:
    one = verify_acknowledgement(note, trust=against.trust)
    record = against.rounds.record(one.epoch)
    if (one.record, one.key_check) != (record.digest, record.key_check):
        raise OutOfOrder(f"{one.by} acknowledges another secret than that of epoch {one.epoch}")
    partner = against.trust.find(one.by).organisation
    digest = text_digest(one.text)
    return Meaning(
        "secret-acknowledged", one.by, {"epoch": one.epoch, "note_digest": digest, "partner": partner}
    )


def _destruction(note: str, against: Against) -> Meaning:
    one = verify_destruction(note, trust=against.trust)
    details: dict[str, str | int] = {"epoch": one.epoch, "note_digest": text_digest(one.text)}
    if one.what == "shares":
        return Meaning("share-destroyed", one.by, details)
    return Meaning("secret-destroyed", one.by, details | {"partner": against.trust.find(one.by).organisation})


def _opening(note: str, against: Against) -> Meaning:
    record = against.rounds.record(parse_request(note).epoch)
    one = verify_request(note, record=record, trust=against.trust, now=None)
    details: dict[str, str | int] = {
        "share": f"{one.what}/{one.epoch}",
        "reason": one.reason,
        "note_digest": one.digest,
    }
    return Meaning("opening-asked", one.by, details | ({"to": one.to} if one.to else {}))


def _contribution(note: str, against: Against) -> Meaning:
    session = parse_contribution(note).session
    if session not in against.openings:
        raise OutOfOrder(
            "this is an answer to an opening that the log does not know: record its open.note first"
        )
    one = verify_contribution(note, session=session, trust=against.trust, now=None)
    return Meaning("recovery-share-used", one.by, {"share": against.openings[session], "note_digest": session})


def _advice(note: str, against: Against) -> Meaning:
    one = verify_advice(note, trust=against.trust)
    if one.project != against.trust.project:
        raise OutOfOrder(f"this advice is of project {one.project}")
    details: dict[str, str | int] = {
        "note_digest": one.digest,
        "verdict": "allow" if one.allowed else "deny",
        "request_digest": one.request,
        "decision_digest": one.decision,
        "policy_digest": one.policy,
        "facts_digest": one.facts,
    }
    return Meaning("advice-given", one.by, details)


MEANINGS: Final[Mapping[str, Callable[[str, Against], Meaning]]] = {
    TRUST_FORMAT: _register,
    CEREMONY_FORMAT: _ceremony,
    ACKNOWLEDGEMENT_FORMAT: _acknowledgement,
    DESTRUCTION_FORMAT: _destruction,
    OPEN_FORMAT: _opening,
    CONTRIBUTION_FORMAT: _contribution,
    ADVICE_FORMAT: _advice,
    RUN_FORMAT: run_meaning,
    PEOPLE_FORMAT: people_meaning,
    LOG_POLICY_KIND: log_policy_meaning,
    ACT_FORMAT: lambda note, against: Meaning(*act_told(note, trust=against.trust)),
    ADOPTION_FORMAT: lambda note, against: Meaning(*adoption_told(note, trust=against.trust)),
}


def record_notes(
    notes: Sequence[Path], *, desk: Path, shared: Path, root: Path, now: datetime, publish: Path | None = None
) -> str:
    """Every note is verified and its event is in the desk's log, once for each note; openings come before the answers to them. If one does not hold,
    those before it stay recorded. Checkpoints that witnesses cosigned are joined to the log's own; with `publish` that folder then holds the longest of
    these, with its cosignatures and the files that it names, and no new one is signed: what the desk signed meanwhile waits for the next publication.

    Raises:
        BadInput: a file is no note of a kind that is recorded, or there is no such desk; or the folder to publish in holds another or a longer log.
        BadSignature, NotTrusted, OutOfOrder: a note does not hold.
    """
    if not desk.is_dir():
        raise BadInput(f"there is no desk's folder {desk.name}/")
    project = read_project(shared, root=read_root(root))
    rounds = Rounds.read(shared, trust=project.trust, now=now)
    state = State(desk / STATE_FILE, origin=project.trust.only("audit-log", at=now).name)
    try:
        texts = {path: read_text(path) for path in notes}
        lines: list[str] = []
        sizes: list[int] = []
        for path in sorted(notes, key=lambda p: texts[p].startswith(f"{CONTRIBUTION_FORMAT}\n")):
            if texts[path].startswith(f"{state.log.origin}\n"):
                size, said = _cosigned(texts[path], name=path.name, trust=project.trust, state=state, now=now)
                sizes.append(size)
                lines += said
                continue
            against = Against(project.root, project.trust, rounds, _openings(state), now)
            meaning = _meaning(texts[path], name=path.name, against=against)
            event = Event(
                meaning.kind, at=now, by=meaning.by, project=project.trust.project, details=meaning.details
            )
            entry = state.record_note(text_digest(split_note(texts[path])[0]), event=event)
            done = "was recorded before" if entry is None else f"is entry {entry} of the log"
            lines.append(f"{path.name}: {meaning.kind} by {meaning.by} {done}")
        if publish is not None:
            lines.append(_publish(state, size=max(sizes, default=None), out=publish))
            publish_register(shared, out=publish.parent)
    finally:
        state.close()
    return "\n".join(lines)


def _publish(state: State, *, size: int | None, out: Path) -> str:
    try:
        state.log.export(out, size=size)
    except BadExport as fault:
        raise BadInput(str(fault)) from fault
    of = "the newest checkpoint" if size is None else f"the checkpoint of {size} entries"
    return f"{out.name}/ holds {of} with its cosignatures"


def _cosigned(
    note: str, *, name: str, trust: TrustRegister, state: State, now: datetime
) -> tuple[int, list[str]]:
    """The size of the log's own checkpoint, on which the cosignatures now are, and a line for each; each has its event, once."""
    keys = log_keys(trust, at=now)
    head = read_checkpoint(note, log=keys.log)
    found = verify_cosignatures(note, witnesses=keys.witnesses, quorum=1)
    state.log.keep_cosigned(note, log=keys.log, witnesses=keys.witnesses, now=now)
    lines = []
    for one in found:
        details: dict[str, str | int] = {
            "witness": one.witness,
            "size": head.size,
            "root_digest": head.root.hex(),
        }
        event = Event("checkpoint-witnessed", at=now, by=one.witness, project=trust.project, details=details)
        entry = state.record_note(text_digest(f"{one.witness}\n{split_note(note)[0]}"), event=event)
        done = "was recorded before" if entry is None else f"is entry {entry} of the log"
        lines.append(f"{name}: checkpoint of {head.size} entries cosigned by {one.witness} {done}")
    return head.size, lines


def _meaning(note: str, *, name: str, against: Against) -> Meaning:
    kind = note.partition("\n")[0]
    if kind not in MEANINGS:
        raise BadInput(f"{name} is no note that is recorded here: {', '.join(MEANINGS)} are")
    return MEANINGS[kind](note, against)


def _openings(state: State) -> dict[str, str]:
    asked = (e.details for e in state.log.events() if e.kind == "opening-asked")
    return {str(d["note_digest"]): str(d["share"]) for d in asked}
