"""Signed notes that were made elsewhere, verified and entered in the desk's log: each once, as the event that it stands for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ethics import Event
from keys import Root, TrustRegister
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
from linkage.errors import BadInput
from service.advice import ADVICE_FORMAT, verify_advice
from service.errors import OutOfOrder
from service.rounds import Rounds
from service.shared import read_project, read_root
from service.state import State
from service.texts import read_text

STATE_FILE: Final = "office.db"


@dataclass(frozen=True, slots=True)
class Meaning:
    """The event that a note stands for: its kind, who did it, and its details."""

    kind: str
    by: str
    details: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Against:
    """What notes are verified with: the root, the trust register, the published records, and which openings the log knows (digest to share)."""

    root: Root
    trust: TrustRegister
    rounds: Rounds
    openings: Mapping[str, str]


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
}


def record_notes(notes: Sequence[Path], *, desk: Path, shared: Path, root: Path, now: datetime) -> str:
    """Every note is verified and its event is in the desk's log, once for each note; openings come before the answers to them. If one does not hold,
    those before it stay recorded.

    Raises:
        BadInput: a file is no note of a kind that is recorded, or there is no such desk.
        BadSignature, NotTrusted, OutOfOrder: a note does not hold.
    """
    if not desk.is_dir():
        raise BadInput(f"there is no desk's folder {desk.name}/")
    project = read_project(shared, root=read_root(root))
    rounds = Rounds.read(shared, trust=project.trust, now=now)
    state = State(desk / STATE_FILE, origin=project.trust.only("audit-log", at=now).name)
    try:
        texts = {path: read_text(path) for path in notes}
        lines = []
        for path in sorted(notes, key=lambda p: texts[p].startswith(f"{CONTRIBUTION_FORMAT}\n")):
            against = Against(project.root, project.trust, rounds, _openings(state))
            meaning = _meaning(texts[path], name=path.name, against=against)
            event = Event(
                meaning.kind, at=now, by=meaning.by, project=project.trust.project, details=meaning.details
            )
            entry = state.record_note(text_digest(split_note(texts[path])[0]), event=event)
            done = "was recorded before" if entry is None else f"is entry {entry} of the log"
            lines.append(f"{path.name}: {meaning.kind} by {meaning.by} {done}")
    finally:
        state.close()
    return "\n".join(lines)


def _meaning(note: str, *, name: str, against: Against) -> Meaning:
    kind = note.partition("\n")[0]
    if kind not in MEANINGS:
        raise BadInput(f"{name} is no note that is recorded here: {', '.join(MEANINGS)} are")
    return MEANINGS[kind](note, against)


def _openings(state: State) -> dict[str, str]:
    asked = (e.details for e in state.log.events() if e.kind == "opening-asked")
    return {str(d["note_digest"]): str(d["share"]) for d in asked}
