"""The only door out. One function takes an allowed request to a protected table, its proof and its package, or leaves everything shut."""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from ethics import Event
from keys import Identity, PublicIdentity, open_sealed, seal
from keys.sealing import open_body, read_header
from linkage.attributes import read_attributes
from linkage.central.cohort import NO_RECORD, Cohort, Where, by_person, count, read_spine
from linkage.central.receive import read_manifests
from linkage.manifest import ATTRIBUTES_NAME, Round
from policies import Decision, Permit, Request, decide, load_request
from policies.disclosure import (
    CountTable,
    Layout,
    Restriction,
    SafeTable,
    commit_population,
    csv_text,
    notes,
    protect,
    refuse_overlap,
)
from policies.explain import explain, obligations_in_words
from service.custodian import Custodian, Order, spine_context
from service.dossier import Dossier, Verified, verify
from service.errors import OutOfOrder
from service.state import State, StoredRequest

RELEASE_FORMAT: Final = "linkage-release/v1"
SPINE_FILE: Final = "spine.sealed"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the release desk works with: its folder, keys and state, the root's key, the log's identity, the custodian to ask, and the salt of
    the ledger's commitments."""

    folder: Path
    shared: Path
    one: Round
    identity: Identity
    log_identity: Identity
    root: PublicIdentity
    state: State
    custodian: Custodian
    salt: bytes
    clock: Callable[[], datetime]

    def verified(self) -> Verified:
        """The dossier, verified now."""
        return verify(Dossier.read(self.shared), root=self.root, now=self.clock())


@dataclass(frozen=True, slots=True)
class Release:
    """What was released: the protected table, the files by name as the analyst gets them, and the offline proof."""

    id: str
    safe: SafeTable
    files: Mapping[str, bytes]
    entry: int
    proof: str
    people: int


def ask(text: str, *, request_id: str, desk: Desk) -> Decision:
    """The decision on a request, stored and logged whichever way it goes.

    Raises:
        DocumentInvalid: the request is not written as it must be.
        OutOfOrder: a request of this id was made before.
    """
    request = load_request(text)
    desk.state.add_request(
        StoredRequest(request_id, text, request.digest, "made"),
        event=_event(
            desk, "request-made", request=request_id, purpose=request.purpose, form=request.form,
            request_digest=request.digest, attributes=len(request.requested),
        ),
    )  # fmt: skip
    found = desk.verified()
    decision = decide(request, found.policy, facts=found.facts, now=desk.clock())
    if decision.allowed:
        event = _event(
            desk, "request-allowed", request=request_id, decision_digest=decision.digest(), policy_digest=decision.policy,
            facts_digest=decision.facts, clauses=",".join(decision.clauses),
        )  # fmt: skip
    else:
        codes = ",".join(sorted({r.code for r in (*decision.reasons, *decision.errors)})) or "denied"
        event = _event(
            desk,
            "request-refused",
            request=request_id,
            reasons=codes,
            decision_digest=decision.digest(),
            policy_digest=decision.policy,
        )
    desk.state.decide_request(request_id, state="allowed" if decision.allowed else "refused", event=event)
    return decision


def release(request_id: str, *, by: PublicIdentity, desk: Desk) -> Release:
    """Let one allowed request's table out, protected and logged, or raise and leave everything as it was.

    1. the request is open, and `by` is who made it          5. the disclosure rules protect the table, and attack it
    2. the policies in force are verified once more          6. no earlier cohort is so close that the two could be subtracted
    3. the engine permits it now                             7. ledger, state and log in one transaction
    4. the custodian opens spine and columns, and they are counted   8. the files with their proof, sealed to the analyst

    Raises:
        OutOfOrder: it is not allowed, or released already, or somebody else's.
        Refused: the engine does not permit it any more.
        CustodianRefused: the custodian does not open a key.
        Unsafe: a reader could infer a hidden count.
    """
    now = desk.clock()
    # 1. the request is open, and `by` is who made it
    stored = desk.state.request(request_id)
    request = load_request(stored.text)
    if stored.state != "allowed" or request.requester != by.name:
        raise OutOfOrder(f"request {request_id} is not an allowed and unreleased request of {by.name}")
    # 2. the policies in force are verified once more
    dossier = Dossier.read(desk.shared)
    found = verify(dossier, root=desk.root, now=now)
    # 3. the engine permits it now
    decision = decide(request, found.policy, facts=found.facts, now=now)
    permit = decision.require()
    if not permit.valid_on(now):
        raise OutOfOrder(f"the permit of request {request_id} has expired: ask again")
    # 4. the custodian opens spine and columns, and they are counted
    release_id = f"release-{hashlib.sha256(f'{request_id}/{request.digest}'.encode()).hexdigest()[:12]}"
    order = Order(stored.text, dossier, release_id)
    cohort = _count(request, permit, order=order, found=found, desk=desk)
    # 5. the disclosure rules protect the table, and attack it
    ledger = desk.state.ledger()
    safe = protect(
        _table(cohort, request, found, salt=desk.salt),
        obligations=permit.obligations,
        ledger=ledger,
        permit=permit,
    )
    # 6. no earlier cohort is so close that the two could be subtracted
    earlier = {i: _open_people(sealed, i, desk) for i, sealed in desk.state.cohorts().items()}
    refuse_overlap(cohort.people, earlier=earlier, floor=permit.obligations.overlap)
    # 7. ledger, state and log in one transaction
    contents = _contents(release_id, request, decision, permit, safe)
    files_digest = hashlib.sha256(
        json.dumps({n: hashlib.sha256(c).hexdigest() for n, c in sorted(contents.items())}).encode()
    )
    entry = desk.state.add_release(
        release_id, request=request_id, table=safe.published, now=now,
        cohort=_seal_people(cohort.people, release_id, desk),
        event=_event(
            desk, "release-made", release=release_id, request=request_id, files_digest=files_digest.hexdigest(),
            decision_digest=permit.decision, policy_digest=permit.policy, purpose=permit.purpose, form=permit.form,
            cells=len(safe.published.cells), hidden=sum(c == "[c]" for c in safe.published.cells), expires=permit.expires.isoformat(),
        ),
    )  # fmt: skip
    # 8. the files with their proof, sealed to the analyst
    desk.state.log.checkpoint(by=desk.log_identity, now=now)
    proof = desk.state.log.prove(entry)
    package = {**contents, "audit-entry.json": desk.state.log.entry(entry), "audit-proof.txt": proof.encode()}
    sealed = {
        f"{n}.sealed": seal(c, to=by, context=desk.one.context("release", release_id, n))
        for n, c in package.items()
    }
    return Release(release_id, safe, sealed, entry, proof, len(cohort.people))


def open_release(files: Mapping[str, bytes], *, release_id: str, one: Round, by: Identity) -> dict[str, bytes]:
    """The files of a release, opened by the analyst.

    Raises:
        BadSeal: a file is for somebody else, or was altered.
    """
    return {
        n.removesuffix(".sealed"): open_sealed(
            c, by=by, context=one.context("release", release_id, n.removesuffix(".sealed"))
        )
        for n, c in files.items()
    }


def _count(request: Request, permit: Permit, *, order: Order, found: Verified, desk: Desk) -> Cohort:
    sealed = (desk.folder / SPINE_FILE).read_bytes()
    source = io.BytesIO(sealed)
    header = read_header(source)
    key = desk.custodian.open_spine(order, header=header)
    spine = read_spine(open_body(source, header=header, key=key, context=spine_context(desk.one)))
    wanted: dict[str, list[str]] = {}
    for attribute in sorted(permit.opens):
        partner, _, name = attribute.partition(".")
        wanted.setdefault(partner, []).append(name)
    tables: dict[str, pa.Table] = {}
    for manifest in read_manifests(desk.folder / "desk", trust=found.trust, one=desk.one, now=desk.clock()):
        if manifest.partner in wanted:
            content = (desk.folder / "desk" / manifest.partner / ATTRIBUTES_NAME).read_bytes()
            tables[manifest.partner] = read_attributes(
                content,
                columns=wanted[manifest.partner],
                unwrap=lambda wrapped, key_id: desk.custodian.open_column(
                    order, key_id=key_id, wrapped=wrapped
                ),
            )
    if missing := sorted(set(wanted) - set(tables)):
        raise OutOfOrder(f"{', '.join(missing)} made no submission in this round")
    order_of = {a: found.facts.catalogue.attributes[a].values for a in permit.opens}
    values = by_person(spine, tables, order=order_of)
    return count(
        spine,
        values,
        population=[Where(c.attribute, c.op, c.values) for c in request.population],
        group_by=request.group_by,
        order=order_of,
    )


def _table(cohort: Cohort, request: Request, found: Verified, *, salt: bytes) -> CountTable:
    restrictions = []
    for condition in request.population:
        every = (*(found.facts.catalogue.attributes[condition.attribute].values or condition.values), NO_RECORD)
        kept = tuple(
            v for v in every if v != NO_RECORD and (v in condition.values) != (condition.op == "is-not")
        )
        restrictions.append(Restriction(condition.attribute, kept, every))
    layout = Layout(
        commit_population(cohort.everyone, salt=salt), cohort.dimensions, cohort.categories, tuple(restrictions)
    )
    return CountTable(layout, cohort.counts)


def _contents(
    release_id: str, request: Request, decision: Decision, permit: Permit, safe: SafeTable
) -> dict[str, bytes]:
    note = [
        RELEASE_FORMAT,
        f"Release {release_id} for {request.project}",
        "",
        *notes(safe),
        "",
        *obligations_in_words(safe.obligations),
        "",
        "Whoever re-identifies a person from this table without the controller's consent commits an offence (Data Protection Act 2018, s. 171).",
        f"Use it until {permit.expires.isoformat()}.",
    ]
    record = {"permit": json.loads(permit.text()), "explanation": list(explain(decision))}
    return {
        "table.csv": csv_text(safe).encode(),
        "note.txt": ("\n".join(note) + "\n").encode(),
        "decision.json": (json.dumps(record, indent=1, sort_keys=True) + "\n").encode(),
    }


def _seal_people(people: tuple[str, ...], release_id: str, desk: Desk) -> bytes:
    return seal(
        "\n".join(people).encode(), to=desk.identity.public, context=desk.one.context("cohort", release_id)
    )


def _open_people(sealed: bytes, release_id: str, desk: Desk) -> frozenset[str]:
    opened = open_sealed(sealed, by=desk.identity, context=desk.one.context("cohort", release_id))
    return frozenset(opened.decode().split("\n"))


def _event(desk: Desk, kind: str, **details: Any) -> Event:
    return Event(kind, at=desk.clock(), by=desk.identity.name, project=desk.one.project, details=details)
