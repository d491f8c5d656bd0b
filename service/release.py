"""The only door out. One function takes an allowed request to a protected package, its proof and its seals, or leaves everything shut."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final

from keys import NotTrusted, PublicIdentity, TrustRegister
from linkage.errors import LinkageError
from policies.conditions import ROW_FORMS
from policies.decision import Permit
from policies.disclosure import DisclosureError, refuse_overlap
from policies.disclosure.extracts import LEAST_K, refuse_joined
from policies.engine import decide
from policies.errors import Refused
from policies.load import load_request
from service.analyst.signed_requests import read_request, text_of
from service.custody.asked import Order
from service.desk.archive import keep
from service.desk.asking import ask
from service.desk.changes import to_keep
from service.desk.checks import ballot_on, keep_for_checkers, reopened, stop
from service.desk.checks_state import STOPPED, Checks
from service.desk.extracts import extract_output
from service.desk.handing import collect
from service.desk.opening import open_for
from service.desk.package import digest_of, open_release, sealed_for, stated_permit
from service.desk.people import open_described, seal_described
from service.desk.shapes import (
    ANALYST,
    CERTIFY_DUTY,
    CHECKERS_DUTY,
    ENTRY_FILE,
    PROOF_FILE,
    SECURE_DUTY,
    SECURE_ENVIRONMENT,
    SPINE_FILE,
    Desk,
    Going,
    Handed,
    Output,
    Release,
    Waiting,
)
from service.desk.stored_release import NewRelease, Terms
from service.desk.tables import table_output
from service.dossier import Dossier, Verified
from service.errors import CustodianRefused, CustodianUnavailable, OutOfOrder

__all__ = [
    "ENTRY_FILE",
    "PROOF_FILE",
    "SPINE_FILE",
    "Desk",
    "Handed",
    "Release",
    "Waiting",
    "ask",
    "collect",
    "digest_of",
    "let_out",
    "open_release",
    "release",
]

STOPS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (Refused, "denied"),
    (CustodianRefused, "custodian-refused"),
    (CustodianUnavailable, "custodian-unavailable"),
    (DisclosureError, "disclosure-rules"),
    (LinkageError, "bad-submission"),
    (OutOfOrder, "out-of-order"),
)
STOPPING: Final = tuple(kind for kind, _ in STOPS)


def release(request_id: str, *, by: PublicIdentity, desk: Desk) -> Release:
    """As `let_out`, where nobody else has to look at what leaves, or those who have to have approved.

    Raises:
        OutOfOrder: it waits for its output checkers.
        OutOfOrder, NotTrusted, BadSignature, Refused, CustodianRefused, CustodianUnavailable, Unsafe: as `let_out`.
    """
    made = let_out(request_id, by=by, desk=desk)
    if isinstance(made, Waiting):
        raise OutOfOrder(f"{made.id} waits for its output checkers: {'; '.join(made.standing.missing)}")
    return made


def let_out(request_id: str, *, by: PublicIdentity, desk: Desk) -> Release | Waiting:
    """Let what one allowed request asks for out, protected and logged, or raise and leave everything as it was.

    1. the request is open, and `by` is who made it          6. no earlier cohort is so close that the two could be subtracted
    2. the policies in force are verified once more          7. output checkers approve exactly these bytes, where the permit asks for them
    3. the engine permits it now, and to whom it goes is sure   8. ledger, state and log in one transaction
    4. the custodian opens spine and columns                 9. the files with their proof, sealed to whom they are for
    5. the disclosure rules protect it, and attack it

    Where checkers have to look, the first call ends in 7 with what was prepared, kept and logged; a later one takes what they approved in place of 4,
    attacks it again in 5, and goes on from there. Whatever breaks off before the end of 8 has released nothing, and the same call can be made again;
    what breaks off in 9 has released and logged, and `collect` hands the files over. A stop at 3 to 7 is logged.

    Raises:
        OutOfOrder: it is not allowed, or released already, or somebody else's, or a checker stopped it, or there is no secure environment to send it to.
        NotTrusted: `by` is not the analyst of that name in the trust register.
        BadSignature: the request that is stored is not as its requester signed it.
        Refused: the engine does not permit it any more.
        CustodianRefused: the custodian does not open a key.
        CustodianUnavailable: the custodian does not answer.
        Unsafe: a reader could infer a hidden count, or single people.
    """
    now = desk.clock()
    # 1. the request is open, and `by` is who made it
    stored = desk.state.request(request_id)
    request = load_request(text_of(stored.text))
    if stored.state != "allowed" or request.requester != by.name:
        raise OutOfOrder(f"request {request_id} is not an allowed and unreleased request of {by.name}")
    kept = Checks(desk.state).prepared(request_id)
    if kept is not None and kept.state == STOPPED:
        raise OutOfOrder(f"an output checker refused {kept.release}: ask again with a new request")
    # 2. the policies in force are verified once more
    dossier = Dossier.read(desk.shared)
    found = desk.verify(dossier)
    if found.trust.require(by.name, role=ANALYST, at=now) != by:
        raise NotTrusted(f"this key is not that of {by.name} in the trust register")
    order = _order(request_id, stored.text, dossier, found, now)
    checked = desk.state.releases()
    with _logging_a_stop(request_id, desk):
        # 3. the engine permits it now, and to whom it goes is sure
        going = _going(request_id, order, found, by, now)
        keep(desk.folder, note=stored.text, dossier=dossier, decision=going.decision)
        # 4. the custodian opens spine and columns; 5. the disclosure rules protect it, and attack it
        output = _made(going, desk) if kept is None else reopened(kept, going=going, desk=desk)
        # 6. no earlier cohort is so close that the two could be subtracted
        _compare(output, going=going, desk=desk)
    # 7. output checkers approve exactly these bytes, where the permit asks for them
    votes: tuple[Any, ...] = ()
    if kept is not None or CHECKERS_DUTY in going.permit.obligations.duties:
        kept = kept or keep_for_checkers(output, going=going, desk=desk)
        ballot = ballot_on(kept, request_id=request_id, desk=desk)
        if ballot.standing.refuse:
            stop(request_id, desk=desk)
            raise OutOfOrder(f"an output checker refused {kept.release}: ask again with a new request")
        if not ballot.standing.approved:
            return Waiting(kept.release, kept.statement, ballot.standing)
        votes = ballot.events
    # 8. ledger, state and log in one transaction
    new = _stored(output, going, checked=checked, desk=desk)
    entry = desk.state.add_release(
        new, now=now, event=_made_event(output, going, new.terms, desk), before=votes
    )
    # 9. the files with their proof, sealed to whom they are for
    handed = collect(request_id, by=by, desk=desk)
    return Release(going.id, output.safe, handed.files, entry, handed.proof, len(output.people))


def _compare(output: Output, *, going: Going, desk: Desk) -> None:
    """Nothing, once it is certain that no cohort of the release could be subtracted from an earlier one or from its other one, and that an extract
    cannot be joined with earlier ones down to a few people.

    Raises:
        Unsafe: one could.
    """
    known = {i: open_described(sealed, i, desk) for i, sealed in desk.state.cohorts().items()}
    earlier = {f"{i}{part}": people for i, one in known.items() for part, people in one.cohorts.items()}
    obligations = going.permit.obligations
    for part, people in output.described.cohorts.items():
        refuse_overlap(people, earlier=earlier, floor=obligations.overlap)
        earlier[f"this release{part}"] = people
    if output.joins is not None:
        joins = {i: one.joins for i, one in known.items() if one.joins is not None}
        refuse_joined(
            output.joins, earlier=joins, k=max(obligations.k_anonymity, LEAST_K), l=obligations.l_diversity
        )


@contextmanager
def _logging_a_stop(request_id: str, desk: Desk) -> Iterator[None]:
    try:
        yield
    except STOPPING as fault:
        codes = ",".join(sorted(set(fault.reasons))) if isinstance(fault, Refused) else ""
        reasons = codes or next(code for kind, code in STOPS if isinstance(fault, kind))
        desk.state.record(desk.event("release-refused", request=request_id, reasons=reasons))
        raise


def _order(request_id: str, note: str, dossier: Dossier, found: Verified, now: datetime) -> Order:
    """What the custodian is brought: the request, as its requester signed it, and the name of the one release that it can lead to."""
    request = read_request(note, trust=found.trust, at=now)
    release_id = f"release-{hashlib.sha256(f'{request_id}/{request.digest}'.encode()).hexdigest()[:12]}"
    return Order(note, dossier, release_id)


def _going(request_id: str, order: Order, found: Verified, by: PublicIdentity, now: datetime) -> Going:
    request = read_request(order.request, trust=found.trust, at=now)
    decision = decide(request, found.policy, facts=found.facts, now=now)
    permit = decision.require()
    if not permit.valid_on(now):
        raise OutOfOrder(f"the permit of request {request_id} has expired: ask again")
    recipient, holder = _recipient(permit, by=by, trust=found.trust, now=now)
    return Going(order.release, request_id, request, order, found, decision, permit, by, recipient, holder)


def _recipient(
    permit: Permit, *, by: PublicIdentity, trust: TrustRegister, now: datetime
) -> tuple[PublicIdentity, str]:
    """To whom it is sealed, and in which role: to the analyst, or to the one secure environment, which is nobody else besides.

    Raises:
        OutOfOrder: the permit asks for the secure setting, and there is no such environment, or several, or it has another role too.
    """
    if SECURE_DUTY not in permit.obligations.duties:
        return by, ANALYST
    holders = trust.holders(SECURE_ENVIRONMENT, at=now)
    if (
        len(holders) != 1
        or holders[0].roles != {SECURE_ENVIRONMENT}
        or holders[0].identity.ed25519 == by.ed25519
    ):
        raise OutOfOrder(
            f"the permit asks for the secure setting, and the trust register has not exactly one {SECURE_ENVIRONMENT} that holds this role alone: "
            "nothing is released"
        )
    return holders[0].identity, SECURE_ENVIRONMENT


def _made(going: Going, desk: Desk) -> Output:
    opened = open_for(going, desk=desk)
    make = extract_output if going.permit.form in ROW_FORMS else table_output
    return make(going, opened=opened, desk=desk)


def _stored(output: Output, going: Going, *, checked: int, desk: Desk) -> NewRelease:
    stated = stated_permit(output.contents)
    return NewRelease(
        id=going.id,
        request=going.request_id,
        terms=Terms(
            recipient=going.recipient.name,
            holder=going.holder,
            expires=date.fromisoformat(stated["expires"]),
            certify=CERTIFY_DUTY in stated["obligations"]["duties"],
            files_digest=digest_of(output.contents),
        ),
        tables=output.tables,
        cohort=seal_described(to_keep(output, desk=desk), going.id, desk),
        files=sealed_for(output.contents, to=going.recipient, one=desk.one, place=("release", going.id)),
        checked=checked,
    )


def _made_event(output: Output, going: Going, terms: Terms, desk: Desk) -> Any:
    partners = sorted({a.partition(".")[0] for a in going.permit.opens})
    # Of an extract no number is told: how many people it has, and how many were left out, would be the first thing to subtract.
    cells = [cell for one in output.tables for cell in one.cells]
    counts = {"cells": len(cells), "hidden": sum(c == "[c]" for c in cells)} if cells else {}
    return desk.event(
        "release-made", release=going.id, request=going.request_id, files_digest=terms.files_digest, decision_digest=going.permit.decision,
        policy_digest=going.permit.policy, purpose=going.permit.purpose, form=going.permit.form, partners=",".join(partners),
        expires=terms.expires.isoformat(), **counts,
    )  # fmt: skip
