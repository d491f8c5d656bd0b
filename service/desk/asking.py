"""A signed request, decided: stored and logged whichever way it goes."""

from policies.decision import Decision
from policies.engine import decide
from policies.terms import is_word
from service.analyst.signed_requests import read_request
from service.desk.archive import keep
from service.desk.shapes import Desk
from service.desk.state import StoredRequest
from service.dossier import Dossier
from service.errors import OutOfOrder


def ask(note: str, *, request_id: str, desk: Desk) -> Decision:
    """The decision on a request, a note that its requester signed; stored and logged whichever way it goes. A run that broke off between the two is
    finished by the same call.

    Raises:
        DocumentInvalid: the request is not written as it must be.
        OutOfOrder: a request of this id was made before, or it is for another project.
        BadSignature: its requester did not sign it.
        NotTrusted: its requester is no analyst. Nothing is stored in all these cases.
    """
    dossier = Dossier.read(desk.shared)
    found = desk.verify(dossier)
    request = read_request(note, trust=found.trust, at=desk.clock())
    if request.project != desk.one.project:
        raise OutOfOrder(f"request {request_id} is for another project than {desk.one.project}")
    made = StoredRequest(request_id, note, request.digest, "made")
    if desk.state.find(request_id) != made:
        desk.state.add_request(
            made,
            event=desk.event(
                "request-made", request=request_id, purpose=_word(request.purpose, "purpose"), form=_word(request.form, "form"),
                request_digest=request.digest, attributes=len(request.requested),
            ),
        )  # fmt: skip
    decision = decide(request, found.policy, facts=found.facts, now=desk.clock())
    keep(desk.folder, note=note, dossier=dossier, decision=decision)
    if decision.allowed:
        event = desk.event(
            "request-allowed", request=request_id, decision_digest=decision.digest(), policy_digest=decision.policy,
            facts_digest=decision.facts, clauses=",".join(decision.clauses),
        )  # fmt: skip
    else:
        codes = ",".join(sorted({r.code for r in (*decision.reasons, *decision.errors)})) or "denied"
        event = desk.event(
            "request-refused",
            request=request_id,
            reasons=codes,
            decision_digest=decision.digest(),
            policy_digest=decision.policy,
            facts_digest=decision.facts,
        )
    desk.state.decide_request(request_id, state="allowed" if decision.allowed else "refused", event=event)
    return decision


def _word(word: str, kind: str) -> str:
    """The word if the vocabulary has it: the log takes no other, for it could be anybody's name."""
    return word if is_word(word, kind=kind) or is_word(word, kind=f"never-{kind}") else "unknown"
