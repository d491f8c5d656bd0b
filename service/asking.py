"""What an analyst is told before and after asking: the decision in words, or as JSON."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from policies import decide, load_request
from policies.explain import explain, explain_near_misses
from service import clock
from service.errors import OutOfOrder
from service.shared import read_root, verified_in
from service.signed_requests import is_signed, read_request, text_of
from service.texts import read_text


def analyst_check(
    request: Path, *, shared: Path, root: Path, as_json: bool, at: str | None = None
) -> tuple[bool, str]:
    """Whether the request, signed or not yet, would be allowed at that time, and the answer in words or as JSON.

    Raises:
        BadSignature, NotTrusted: it is signed, and not as its requester would have to sign it.
        OutOfOrder: it is for another project.
    """
    now = clock.named(at)
    found = verified_in(shared, root=read_root(root), now=now)
    text = read_text(request)
    asked = load_request(text_of(text), name=request.name)
    if asked.project != found.trust.project:
        raise OutOfOrder(f"{request.name} is for project {asked.project}; here is {found.trust.project}")
    if is_signed(text):
        asked = read_request(text, trust=found.trust, at=now)
    decision = decide(asked, found.policy, facts=found.facts, now=now)
    if as_json:
        return decision.allowed, json.dumps(decision_json(decision), indent=1)
    return decision.allowed, "\n".join([*explain(decision), *explain_near_misses(decision)])


def decision_json(decision: Any) -> dict[str, Any]:
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
