"""The tray between an analyst and the release desk: a folder both can reach, with signed requests in it and signed answers.

Whoever can write to the folder can fill it or empty it, and nothing else: requests and answers are notes that their signers stand for, each answer names its
request by digest, and what the desk decided stands in its own state and log.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ethics.errors import EthicsError
from keys import BadSignature, Identity, KeysError, TrustRegister, sign_note
from keys.notes import split_note
from keys.statements import moment, parse, statement, verify_by
from linkage.errors import BadInput
from policies.decision import Decision
from policies.engine import decide
from policies.errors import PolicyError
from policies.explain import explain
from policies.load import load_request
from service import clock
from service.analyst.asking import Asker, advise, decision_json
from service.analyst.signed_requests import read_request, sign_request, text_of
from service.desk.folder import Where, opened
from service.desk.record import record_notes
from service.errors import OutOfOrder
from service.memory import read_remembered
from service.release import Desk, ask
from service.texts import read_text
from service.writing import write_whole

ANSWER_FORMAT: Final = "linkage-answer/v1"
REQUESTS, ANSWERS, ADVICE = "requests", "answers", "advice"
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}", re.ASCII)
# What a request in the tray can be at fault for; anything else is the desk's own trouble, and stops it.
REQUESTERS_FAULTS: Final = (KeysError, PolicyError, OutOfOrder, BadInput, EthicsError)
NOT_TAKEN: Final = "not-taken"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk says to one request. `outcome` is allow, deny, or not-taken where it was no request that the desk could decide; `decision` is the
    decision for other programs, empty where there is none."""

    project: str
    by: str
    at: datetime
    id: str
    request: str
    outcome: str
    words: tuple[str, ...]
    decision: dict[str, Any]

    @property
    def text(self) -> str:
        """The text that the desk signs."""
        return statement(
            ANSWER_FORMAT,
            {
                "project": self.project,
                "by": self.by,
                "at": self.at.isoformat(),
                "id": self.id,
                "request": self.request,
                "outcome": self.outcome,
                "words": list(self.words),
                "decision": self.decision,
            },
        )


def hand_in(
    request: Path, *, asker: Asker, tray: Path, request_id: str | None, refused_too: bool
) -> tuple[bool, str, dict[str, Any]]:
    """Whether the request is in the tray, signed; what the analyst is told, and the same for other programs. It is checked before: one that would be refused
    now goes in only with `refused_too`. The note of the check goes in too, for the log.

    Raises:
        BadInput: there is no such tray, it leads elsewhere, an id cannot be that, or a request of this id is in.
        As `service.analyst.asking.advise`.
    """
    _check(tray)
    now = clock.now()
    told = advise(request, asker=asker, now=now, as_of=now)
    digest = told.decision.request.rpartition(":")[2]
    name = _name(request_id or f"request-{digest[:12]}")
    note = tray / REQUESTS / f"{name}.note"
    if note.exists():
        raise BadInput(f"a request {name} is in {tray.name}/ already: give this one another --id")
    allowed = told.decision.allowed
    write_whole(tray / ADVICE / f"{name}-{now:%Y%m%dT%H%M%S%f}.note", told.note)
    body = {"id": name, "handed_in": allowed or refused_too, "check": decision_json(told.decision)}
    if not body["handed_in"]:
        lines = [*told.words, f"{name} is not handed in: with --anyway the desk decides it all the same"]
        return False, "\n".join(lines), body
    signer = Identity.load(asker.identity, unlock=asker.unlock)
    write_whole(note, sign_request(text_of(read_text(request)), by=signer))
    done = f"{name} is in {tray.name}/: the release desk decides it; read its answer with linkage analyst answer {name}"
    return True, "\n".join([*told.words, done]), body


def answer_waiting(tray: Path, *, where: Where) -> list[dict[str, str]]:
    """Every request in the tray has a signed answer, and is decided and logged; the notes of checks are in the log. One entry for each request answered now:
    `id` and `outcome`.

    A run that breaks off is finished by the same call.

    Raises:
        BadInput: there is no such tray, or it leads elsewhere.
        As `service.desk.folder.opened`.
    """
    _check(tray)
    done = []
    with opened(where) as (desk, _):
        _record_advice(tray, where=where)
        for path in _waiting(tray):
            one = _answer(path, desk=desk)
            note = sign_note(one.text, by=desk.identity)
            write_whole(tray / ANSWERS / path.name, note)
            done.append({"id": one.id, "outcome": one.outcome})
    return done


def read_answer(request_id: str, *, tray: Path, shared: Path, identity: Path) -> Answer:
    """The desk's answer to the request of that id in the tray, as the desk signed it.

    Raises:
        BadInput: there is none yet.
        BadSignature, NotTrusted: the desk did not sign this answer, or it is to another request.
    """
    name = _name(request_id)
    path = tray / ANSWERS / f"{name}.note"
    if not path.exists():
        raise BadInput(
            f"there is no answer to {name} in {tray.name}/ yet: the release desk decides what is in the tray"
        )
    project = read_remembered(shared, folder=identity.parent, now=clock.now())
    one = verify_answer(read_text(path), trust=project.trust)
    asked = load_request(text_of(read_text(tray / REQUESTS / path.name))).digest
    if one.outcome != NOT_TAKEN and (one.id, one.request, one.project) != (name, asked, project.one.project):
        raise BadSignature(f"{path.name} answers another request than {name}: ask the release desk")
    return one


def verify_answer(note: str, *, trust: TrustRegister) -> Answer:
    """The answer in a note, signed by the desk that it names.

    Raises:
        BadSignature: it did not sign it, or it is not readable.
        NotTrusted: it was no release desk at that time.
    """
    one = parse(split_note(note)[0], kind=ANSWER_FORMAT, read=_read, write=lambda a: a.text)
    verify_by(note, kind=ANSWER_FORMAT, by=one.by, role="desk", at=one.at, trust=trust)
    return one


def _read(body: dict[str, Any]) -> Answer:
    if body["outcome"] not in ("allow", "deny", NOT_TAKEN) or not isinstance(body["decision"], dict):
        raise ValueError("no outcome of a request")
    return Answer(
        project=str(body["project"]),
        by=str(body["by"]),
        at=moment(body["at"]),
        id=str(body["id"]),
        request=str(body["request"]),
        outcome=body["outcome"],
        words=tuple(str(line) for line in body["words"]),
        decision=body["decision"],
    )


def _check(tray: Path) -> None:
    """Nothing, if the tray is a folder and what is in it stays in it: whoever can write there could lead the desk to write elsewhere by a link."""
    if not tray.is_dir():
        raise BadInput(
            f"there is no folder {tray.name}/: make it where analysts and the release desk can reach it"
        )
    if linked := [name for name in (REQUESTS, ANSWERS, ADVICE) if (tray / name).is_symlink()]:
        raise BadInput(f"{linked[0]} in {tray.name}/ is a link to elsewhere: remove it, and ask who made it")


def _name(request_id: str) -> str:
    if not NAME.fullmatch(request_id):
        raise BadInput("--id takes a letter, then up to 63 of A-Z a-z 0-9 . _ -")
    return request_id


def _waiting(tray: Path) -> Iterator[Path]:
    for path in sorted((tray / REQUESTS).glob("*.note")):
        if NAME.fullmatch(path.stem) and not (tray / ANSWERS / path.name).exists():
            yield path


def _answer(path: Path, *, desk: Desk) -> Answer:
    """The desk's answer; the request is decided and logged, now or by an earlier run that broke off before it answered."""
    digest, decision, fault = "", None, ""
    try:
        note = read_text(path)
        digest = load_request(text_of(note)).digest
        stored = desk.state.find(path.stem)
        if stored is not None and stored.text == note and stored.state != "made":
            decision = _decided(note, allowed=stored.state != "refused", desk=desk)
        else:
            decision = ask(note, request_id=path.stem, desk=desk)
    except REQUESTERS_FAULTS as found:
        fault = str(found)
    outcome = NOT_TAKEN if decision is None else "allow" if decision.allowed else "deny"
    words = explain(decision) if decision is not None else (f"The desk could not take this request: {fault}",)
    return Answer(
        project=desk.one.project, by=desk.identity.name, at=desk.clock(), id=path.stem, request=digest, outcome=outcome,
        words=tuple(words), decision={} if decision is None else decision_json(decision),
    )  # fmt: skip


def _decided(note: str, *, allowed: bool, desk: Desk) -> Decision:
    """The decision that was logged, made again for its words.

    Raises:
        OutOfOrder: it would be another one now.
    """
    found = desk.verified()
    again = decide(read_request(note, trust=found.trust, at=desk.clock()), found.policy, facts=found.facts, now=desk.clock())  # fmt: skip
    if again.allowed != allowed:
        raise OutOfOrder(
            "it was decided before, and would be decided otherwise now: hand it in anew under another id"
        )
    return again


def _record_advice(tray: Path, *, where: Where) -> None:
    """The notes of checks are in the log; those that do not hold stay where they are, and say nothing."""
    for path in sorted((tray / ADVICE).glob("*.note")):
        try:
            record_notes([path], desk=where.folder, shared=where.shared, root=where.root, now=clock.now())
        except REQUESTERS_FAULTS:
            continue
        path.unlink()


def as_json(answer: Answer) -> str:
    """The answer for other programs."""
    body = {"id": answer.id, "outcome": answer.outcome, "at": answer.at.isoformat(), "by": answer.by}
    return json.dumps({**body, "words": list(answer.words), "decision": answer.decision}, indent=1)
