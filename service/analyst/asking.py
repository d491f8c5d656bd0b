"""What an analyst is told before she asks: the decision in words or as JSON, and a signed note of it for the log."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from keys import Identity, NotTrusted
from keys.passphrase import Unlock
from linkage.errors import BadInput
from policies.decision import Decision
from policies.engine import decide
from policies.explain import explain, explain_near_misses
from policies.forms import unfit
from policies.load import load_request
from service import clock
from service.analyst.advice import Advice, sign_advice
from service.analyst.signed_requests import is_signed, read_request, text_of
from service.desk.record import record_notes
from service.dossier import Dossier, verify
from service.errors import OutOfOrder
from service.memory import read_remembered
from service.shared import read_root
from service.texts import read_text
from service.trust.listed import listed
from service.writing import check_new, write_whole


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose identity file asks, how it opens, and the project it asks in: the shared folder and the file of the root's public keys."""

    identity: Path
    unlock: Unlock
    shared: Path
    root: Path


@dataclass(frozen=True, slots=True)
class Advised:
    """What she was told, and the signed note of it. `unfit`: what the request does not say that its form needs."""

    decision: Decision
    note: str
    unfit: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The answer in sentences, with the clauses that came nearest."""
        lacking = (f"Nothing can be counted yet: {why}." for why in self.unfit)
        return (*explain(self.decision), *explain_near_misses(self.decision), *lacking)


def advise(request: Path, *, asker: Asker, now: datetime, as_of: datetime) -> Advised:
    """What the engine would say to the request, signed already or not, as things stood at `as_of`.

    Raises:
        BadSignature, NotTrusted: it is signed, and not as its requester would have to sign it; or it is somebody else's; or she is no analyst.
        OutOfOrder: it is for another project.
        RolledBack: the trust register or the clock is older than what she has seen.
        DocumentInvalid: it is not written as it must be.
    """
    by = Identity.load(asker.identity, unlock=asker.unlock)
    root = read_root(asker.root)
    project = read_remembered(asker.shared, folder=asker.identity.parent, now=now, root=root)
    listed(by, role="analyst", trust=project.trust, at=as_of)
    found = verify(Dossier.read(asker.shared), project=project.one.project, root=root, now=as_of)
    text = read_text(request)
    asked = load_request(text_of(text), name=request.name)
    if asked.project != found.trust.project:
        raise OutOfOrder(f"{request.name} is for project {asked.project}; here is {found.trust.project}")
    if asked.requester != by.name:
        raise NotTrusted(
            f"{request.name} is {asked.requester}'s and this identity is {by.name}: whoever makes a request checks it"
        )
    if is_signed(text):
        asked = read_request(text, trust=found.trust, at=as_of)
    decision = decide(asked, found.policy, facts=found.facts, now=as_of)
    advice = Advice(
        project=asked.project, by=by.name, at=now, as_of=as_of, allowed=decision.allowed, request=decision.request,
        decision=decision.digest(), policy=decision.policy, facts=decision.facts,
    )  # fmt: skip
    return Advised(decision, sign_advice(advice, by=by), tuple(unfit(asked, catalogue=found.facts.catalogue)))


def analyst_check(
    request: Path,
    *,
    asker: Asker,
    note: Path | None,
    desk: Path | None,
    as_json: bool,
    at: str | None = None,
) -> tuple[bool, str]:
    """Whether the request would be allowed at that time, and the answer in words or as JSON. Every check leaves a signed note, which is for the desk's
    log: it is entered at once where `desk`, the desk's folder, is on this machine.

    Raises:
        As `advise`.
        BadInput: `note` exists, or there is no such desk.
    """
    now, as_of = clock.now(), clock.named(at)
    out = check_new(note) if note is not None else _free(request)
    told = advise(request, asker=asker, now=now, as_of=as_of)
    write_whole(out, told.note)
    logged = None
    if desk is not None:
        logged = record_notes([out], desk=desk, shared=asker.shared, root=asker.root, now=now)
    if as_json:
        body = {**decision_json(told.decision), "advice": {"note": out.name, "logged": logged is not None}}
        return told.decision.allowed, json.dumps(body, indent=1)
    kept = logged or f"{out.name} is for the log: give it to the release desk (linkage audit record)"
    return told.decision.allowed, "\n".join([*told.words, kept])


def _free(request: Path) -> Path:
    """The first free name for a note beside the request."""
    stem = request.name.split(".")[0]
    for number in range(1, 10_000):
        path = request.with_name(f"{stem}.advice-{number:04d}.note")
        if not path.exists():
            return path
    raise BadInput(f"{request.parent.name}/ holds all notes it can of {request.name}: name another with --note")


def decision_json(decision: Decision) -> dict[str, Any]:
    """The decision for other programs: decision, reasons, obligations, nearest, alternative, errors."""
    return {
        "decision": "allow" if decision.allowed else "deny",
        "reasons": [{"code": r.code, "sentence": r.sentence, "clause": r.clause} for r in decision.reasons],
        "clauses": list(decision.clauses),
        "obligations": {} if decision.obligations is None else _plain(asdict(decision.obligations)),
        "nearest": [
            {"clause": n.clause, "title": n.title, "lacks": [r.sentence for r in n.lacks]}
            for n in decision.nearest
        ],
        "alternative": [] if decision.alternative is None else list(decision.alternative.words),
        "errors": [{"code": r.code, "sentence": r.sentence} for r in decision.errors],
    }


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in value.items()}
