"""The only door out. One function takes an allowed request to a protected table, its proof and its package, or leaves everything shut."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from ethics import Event
from keys import Identity, NotTrusted, PublicIdentity, Root, Secret, open_sealed, seal
from keys.sealing import open_body, read_header
from linkage.central.cohort import (
    NO_RECORD,
    Cohort,
    Selection,
    Where,
    Within,
    count,
    expected_error_of,
    read_spine,
)
from linkage.central.current import current_attributes
from linkage.central.receive import read_manifests
from linkage.errors import LinkageError
from linkage.manifest import Round
from policies import Decision, Permit, Refused, Request, decide, load_request
from policies.cohort import Condition, Window
from policies.disclosure import (
    CountTable,
    DisclosureError,
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
from policies.five_safes import counted_in_words
from policies.terms import is_word
from service.custody import Custody, Order, spine_context
from service.dossier import Dossier, Verified, verify
from service.errors import CustodianRefused, CustodianUnavailable, OutOfOrder
from service.signed_requests import read_request, text_of
from service.state import State, StoredRequest

RELEASE_FORMAT: Final = "linkage-release/v1"
SPINE_FILE: Final = "spine.sealed"
ENTRY_FILE: Final = "audit-entry.json"
PROOF_FILE: Final = "audit-proof.txt"
# Duties that must be done before a release and that nothing here does: a permit that asks for one releases nothing.
NOT_HERE: Final = frozenset({"two-output-checkers", "secure-setting"})
STOPS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (Refused, "denied"),
    (CustodianRefused, "custodian-refused"),
    (CustodianUnavailable, "custodian-unavailable"),
    (DisclosureError, "disclosure-rules"),
    (LinkageError, "bad-submission"),
    (OutOfOrder, "out-of-order"),
)
STOPPING: Final = tuple(kind for kind, _ in STOPS)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the release desk works with: its folder, keys and state, the root's keys, the log's identity, the custodian to ask, and the salt of
    the ledger's commitments."""

    folder: Path
    shared: Path
    one: Round
    identity: Identity
    log_identity: Identity
    root: Root
    state: State
    custodian: Custody
    salt: Secret
    clock: Callable[[], datetime]

    def verified(self) -> Verified:
        """The dossier, verified now."""
        return self.verify(Dossier.read(self.shared))

    def verify(self, dossier: Dossier) -> Verified:
        """This dossier, verified now."""
        return verify(dossier, project=self.one.project, root=self.root, now=self.clock())


@dataclass(frozen=True, slots=True)
class Release:
    """What was released: the protected table, the files by name as the analyst gets them, and the offline proof."""

    id: str
    safe: SafeTable
    files: Mapping[str, bytes]
    entry: int
    proof: str
    people: int


@dataclass(frozen=True, slots=True)
class Handed:
    """What the analyst fetches of a release: its id, every sealed file by name, and the offline proof."""

    id: str
    files: Mapping[str, bytes]
    proof: str


def ask(note: str, *, request_id: str, desk: Desk) -> Decision:
    """The decision on a request, a note that its requester signed; stored and logged whichever way it goes. A run that broke off between the two is
    finished by the same call.

    Raises:
        DocumentInvalid: the request is not written as it must be.
        OutOfOrder: a request of this id was made before, or it is for another project.
        BadSignature: its requester did not sign it.
        NotTrusted: its requester is no analyst. Nothing is stored in all these cases.
    """
    found = desk.verified()
    request = read_request(note, trust=found.trust, at=desk.clock())
    if request.project != desk.one.project:
        raise OutOfOrder(f"request {request_id} is for another project than {desk.one.project}")
    made = StoredRequest(request_id, note, request.digest, "made")
    if desk.state.find(request_id) != made:
        desk.state.add_request(
            made,
            event=_event(
                desk, "request-made", request=request_id, purpose=_word(request.purpose, "purpose"), form=_word(request.form, "form"),
                request_digest=request.digest, attributes=len(request.requested),
            ),
        )  # fmt: skip
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

    Whatever breaks off before the end of 7 has released nothing, and the same call can be made again; what breaks off in 8 has released
    and logged, and `collect` hands the files over. A stop at 3 to 6 is logged.

    Raises:
        OutOfOrder: it is not allowed, or released already, or somebody else's.
        NotTrusted: `by` is not the analyst of that name in the trust register.
        BadSignature: the request that is stored is not as its requester signed it.
        Refused: the engine does not permit it any more.
        CustodianRefused: the custodian does not open a key.
        CustodianUnavailable: the custodian does not answer.
        Unsafe: a reader could infer a hidden count.
    """
    now = desk.clock()
    # 1. the request is open, and `by` is who made it
    stored = desk.state.request(request_id)
    request = load_request(text_of(stored.text))
    if stored.state != "allowed" or request.requester != by.name:
        raise OutOfOrder(f"request {request_id} is not an allowed and unreleased request of {by.name}")
    # 2. the policies in force are verified once more
    dossier = Dossier.read(desk.shared)
    found = desk.verify(dossier)
    if found.trust.require(by.name, role="analyst", at=now) != by:
        raise NotTrusted(f"this key is not that of {by.name} in the trust register")
    request = read_request(stored.text, trust=found.trust, at=now)
    release_id = f"release-{hashlib.sha256(f'{request_id}/{request.digest}'.encode()).hexdigest()[:12]}"
    order = Order(stored.text, dossier, release_id)
    ledger = desk.state.ledger()
    with _logging_a_stop(request_id, desk):
        # 3. the engine permits it now
        decision = decide(request, found.policy, facts=found.facts, now=now)
        permit = decision.require()
        if not permit.valid_on(now):
            raise OutOfOrder(f"the permit of request {request_id} has expired: ask again")
        if unmet := sorted(permit.obligations.duties & NOT_HERE):
            raise OutOfOrder(
                f"the permit asks for {', '.join(unmet)}, which this desk cannot do: nothing is released"
            )
        # 4. the custodian opens spine and columns, and they are counted
        spine = _spine(order, desk)
        cohort = _count(spine, request, permit, order=order, found=found, desk=desk)
        # 5. the disclosure rules protect the table, and attack it
        table = _table(cohort, request, found, salt=desk.salt)
        safe = protect(table, obligations=permit.obligations, ledger=ledger, permit=permit)
        # 6. no earlier cohort is so close that the two could be subtracted
        earlier = {i: _open_people(sealed, i, desk) for i, sealed in desk.state.cohorts().items()}
        refuse_overlap(cohort.people, earlier=earlier, floor=permit.obligations.overlap)
    # 7. ledger, state and log in one transaction
    partners = sorted({a.partition(".")[0] for a in permit.opens})
    told = (
        _sources(partners, found),
        *counted_in_words(request, catalogue=found.facts.catalogue),
        expected_error_of(spine),
    )
    contents = _contents(release_id, request, decision, permit, safe, told)
    entry = desk.state.add_release(
        release_id, request=request_id, table=safe.published, now=now,
        cohort=_seal_people(cohort.people, release_id, desk), files=_sealed(contents, release_id, by, desk), checked=len(ledger.entries),
        event=_event(
            desk, "release-made", release=release_id, request=request_id, files_digest=digest_of(contents),
            decision_digest=permit.decision, policy_digest=permit.policy, purpose=permit.purpose, form=permit.form, partners=",".join(partners),
            cells=len(safe.published.cells), hidden=sum(c == "[c]" for c in safe.published.cells), expires=permit.expires.isoformat(),
        ),
    )  # fmt: skip
    # 8. the files with their proof, sealed to the analyst
    handed = collect(request_id, by=by, desk=desk)
    return Release(release_id, safe, handed.files, entry, handed.proof, len(cohort.people))


def digest_of(contents: Mapping[str, bytes]) -> str:
    """What the log says of a release's opened files: SHA-256 over the name and the SHA-256 of each, hexadecimal."""
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def collect(request_id: str, *, by: PublicIdentity, desk: Desk) -> Handed:
    """The sealed files of a release with their proof under a new checkpoint, as often as they are asked for: they open for the analyst they
    were sealed to and nobody else.

    Raises:
        OutOfOrder: nothing was released for this request.
    """
    release_id, entry, files = desk.state.release_of(request_id)
    desk.state.log.checkpoint(by=desk.log_identity, now=desk.clock())
    proof = desk.state.log.prove(entry)
    proven = {ENTRY_FILE: desk.state.log.entry(entry), PROOF_FILE: proof.encode()}
    return Handed(release_id, {**files, **_sealed(proven, release_id, by, desk)}, proof)


def _sealed(contents: Mapping[str, bytes], release_id: str, by: PublicIdentity, desk: Desk) -> dict[str, bytes]:
    return {
        f"{n}.sealed": seal(c, to=by, context=desk.one.context("release", release_id, n))
        for n, c in contents.items()
    }


@contextmanager
def _logging_a_stop(request_id: str, desk: Desk) -> Iterator[None]:
    try:
        yield
    except STOPPING as fault:
        codes = ",".join(sorted(set(fault.reasons))) if isinstance(fault, Refused) else ""
        reasons = codes or next(code for kind, code in STOPS if isinstance(fault, kind))
        desk.state.record(_event(desk, "release-refused", request=request_id, reasons=reasons))
        raise


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


def _spine(order: Order, desk: Desk) -> bytes:
    source = io.BytesIO((desk.folder / SPINE_FILE).read_bytes())
    header = read_header(source)
    key = desk.custodian.open_spine(order, header=header)
    return open_body(source, header=header, key=key, context=spine_context(desk.one))


def _count(
    opened: bytes, request: Request, permit: Permit, *, order: Order, found: Verified, desk: Desk
) -> Cohort:
    spine = read_spine(opened)
    wanted: dict[str, list[str]] = {}
    for attribute in sorted(permit.opens):
        partner, _, name = attribute.partition(".")
        wanted.setdefault(partner, []).append(name)
    tables: dict[str, pa.Table] = {}
    manifests = read_manifests(
        desk.folder / "desk", trust=found.trust, one=desk.one, now=desk.clock(), received=_received(desk)
    )
    for manifest in manifests:
        if manifest.partner in wanted:
            if unsent := sorted(set(wanted[manifest.partner]) - set(manifest.attributes)):
                raise OutOfOrder(f"{manifest.partner} did not submit {', '.join(unsent)} in this round")
            tables[manifest.partner] = current_attributes(
                desk.folder / "desk",
                head=manifest,
                columns=wanted[manifest.partner],
                unwrap=lambda wrapped, key_id: desk.custodian.open_column(
                    order, key_id=key_id, wrapped=wrapped
                ),
            )
    if missing := sorted(set(wanted) - set(tables)):
        raise OutOfOrder(f"{', '.join(missing)} made no submission in this round")
    order_of = {a: found.facts.catalogue.attributes[a].values for a in permit.opens}
    return count(
        spine,
        tables,
        population=[_selection(one) for one in request.population],
        group_by=request.group_by,
        order=order_of,
    )


def _selection(one: Condition | Window) -> Selection:
    if isinstance(one, Window):
        return Within(one.attribute, one.op, one.of, one.days)
    return Where(one.attribute, one.op, one.values)


def _restriction(one: Condition | Window, cohort: Cohort, found: Verified) -> Restriction:
    if isinstance(one, Window):
        return Restriction(one.dimension, one.kept, one.pieces)
    listed = found.facts.catalogue.attributes[one.attribute].values
    every = (*(listed or dict.fromkeys((*cohort.seen.get(one.attribute, ()), *one.values))), NO_RECORD)
    kept = tuple(v for v in every if v != NO_RECORD and (v in one.values) != (one.op == "is-not"))
    return Restriction(one.attribute, kept, every)


def _received(desk: Desk) -> dict[str, datetime]:
    """When the desk took each submission in, by its own log: an officer whose role ends later has submitted it all the same."""
    received: dict[str, datetime] = {}
    for event in desk.state.log.events():
        if event.kind == "submission-received":
            received.setdefault(str(event.details["manifest_digest"]), event.at)
    return received


def _table(cohort: Cohort, request: Request, found: Verified, *, salt: Secret) -> CountTable:
    restrictions = [_restriction(one, cohort, found) for one in request.population]
    layout = Layout(
        commit_population(cohort.everyone, salt=salt.expose()),
        cohort.dimensions,
        cohort.categories,
        tuple(restrictions),
    )
    return CountTable(layout, cohort.counts)


def _sources(partners: list[str], found: Verified) -> str:
    return f"It rests on data of: {', '.join(found.facts.catalogue.partners[p].name for p in partners)}."


def _contents(
    release_id: str,
    request: Request,
    decision: Decision,
    permit: Permit,
    safe: SafeTable,
    told: tuple[str, ...],
) -> dict[str, bytes]:
    note = [
        RELEASE_FORMAT,
        f"Release {release_id} for {request.project}",
        "",
        *notes(safe),
        "",
        *told,
        "",
        *obligations_in_words(safe.obligations, form=permit.form),
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
    return frozenset(opened.decode().splitlines())


def _word(word: str, kind: str) -> str:
    """The word if the vocabulary has it: the log takes no other, for it could be anybody's name."""
    return word if is_word(word, kind=kind) or is_word(word, kind=f"never-{kind}") else "unknown"


def _event(desk: Desk, kind: str, **details: Any) -> Event:
    return Event(kind, at=desk.clock(), by=desk.identity.name, project=desk.one.project, details=details)
