"""The commands of the single actors, one function each: read what lies in the folders, do one thing, say what was done."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ethics import verify_directory, verify_proof
from keys import Identity, PublicIdentity, Secret, derive, seal
from keys.ceremony import load_secret
from linkage.central.assemble import run_assembler, write_spine
from linkage.central.link import run_linker
from linkage.central.model import DEFAULT_THRESHOLD
from linkage.central.receive import read_manifests
from linkage.errors import BadInput, BadSubmission
from policies import PolicyError, Stage, decide, load_catalogue, load_gateways, load_policy, load_request
from policies.explain import explain, explain_document, explain_near_misses
from policies.linter import lint
from policies.selftest import run_tests
from service.custodian import spine_context
from service.dossier import POLICY_FILE, VOUCHED, Dossier, Verified, on_record, verify
from service.errors import NotApproved, OutOfOrder
from service.gates import objections
from service.shared import read_identity, read_project
from service.texts import read_text

IDENTITY_FILE: Final = "identity.key"
MODEL_FILE: Final = "model.json"
KEYS_FORMAT: Final = "linkage-log-keys/v1"
KEYS_FILE: Final = "keys.json"


def _now() -> datetime:
    return datetime.now(UTC)


def run_linker_desk(folder: Path, *, shared: Path, out: Path, at: str | None = None) -> str:
    """The linker's run over its own folder; the model is kept there, the sealed pairs go to `out`.

    Raises:
        BadSubmission: a gateway does not carry a submission's tokens or attributes into the linkage; nothing is opened.
    """
    project, now = read_project(shared), _moment(at)
    inbox = folder / "inbox"
    manifests = read_manifests(inbox, trust=project.trust, one=project.one, now=now)
    facts = on_record(Dossier.read(shared), trust=project.trust, now=now)
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
    model = run_linker(
        inbox,
        out=out,
        schema=project.schema,
        one=project.one,
        manifests=manifests,
        linker=Identity.load(folder / IDENTITY_FILE),
        assembler=project.trust.only("assembler", at=now),
        link_type=project.link_type,
    )
    (folder / MODEL_FILE).write_text(model.to_json(), encoding="utf-8")
    return f"{len(model.passes)} passes, {sum(p.pairs for p in model.passes):,} pairs compared; model in {MODEL_FILE}"


def run_assembler_desk(folder: Path, *, shared: Path, out: Path) -> str:
    """The assembler's run over its own folder; the spine is sealed to the custodian in `out`."""
    project, now = read_project(shared), _now()
    inbox = folder / "inbox"
    own = load_secret(folder / "own.secret", name="assembler's own secret")
    linkage = run_assembler(
        inbox,
        pairs=folder / "pairs",
        one=project.one,
        manifests=read_manifests(inbox, trust=project.trust, one=project.one, now=now),
        assembler=Identity.load(folder / IDENTITY_FILE),
        linker=project.trust.only("linker", at=now),
        threshold=DEFAULT_THRESHOLD,
    )
    spine = write_spine(
        linkage, secret=person_secret(own, project=project.one.project), meta={"project": project.one.project}
    )
    out.write_bytes(seal(spine, to=project.trust.only("custodian", at=now), context=spine_context(project.one)))
    return f"{linkage.records.count:,} records, {linkage.people:,} people; spine sealed in {out.name}"


def person_secret(own: Secret, *, project: str) -> Secret:
    """The key of person ids: the assembler's own, for one project."""
    return derive(own, "person-ref", project)


def _moment(at: str | None) -> datetime:
    """The time that the words name, or now.

    Raises:
        BadInput: they name none, or one without its offset from UTC.
    """
    if at is None:
        return _now()
    try:
        named = datetime.fromisoformat(at)
    except ValueError as fault:
        raise BadInput("--at takes a time such as 2026-12-01T10:00Z") from fault
    if named.tzinfo is None:
        raise BadInput("--at takes a time with its offset from UTC, such as 2026-12-01T10:00Z")
    return named.astimezone(UTC)


def analyst_check(
    request: Path, *, shared: Path, root: Path, as_json: bool, at: str | None = None
) -> tuple[bool, str]:
    """Whether the request would be allowed at that time, and the answer in words or as JSON."""
    now = _moment(at)
    found = _verified(shared, root=root, now=now)
    asked = load_request(read_text(request), name=request.name)
    if asked.project != found.trust.project:
        raise OutOfOrder(f"{request.name} is for project {asked.project}; here is {found.trust.project}")
    decision = decide(asked, found.policy, facts=found.facts, now=now)
    if as_json:
        return decision.allowed, json.dumps(decision_json(decision), indent=1)
    return decision.allowed, "\n".join([*explain(decision), *explain_near_misses(decision)])


def _verified(shared: Path, *, root: Path, now: datetime) -> Verified:
    top = read_identity(root)
    project = read_project(shared, root=top).one.project
    return verify(Dossier.read(shared), project=project, root=top, now=now)


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


def board_explain(policy: Path) -> str:
    """The policy in sentences."""
    return "\n".join(explain_document(load_policy(read_text(policy), name=policy.name)))


def board_lint(policy: Path, *, shared: Path) -> str:
    """Nothing wrong, in one line.

    Raises:
        PolicyError: there are faults, or a test inside the document fails; the message lists them.
    """
    document = load_policy(read_text(policy), name=policy.name)
    catalogue = load_catalogue(read_text(shared / VOUCHED["catalogue"]), name=VOUCHED["catalogue"])
    gateways = load_gateways(read_text(shared / VOUCHED["gateways"]), name=VOUCHED["gateways"])
    faults = [str(f) for f in lint(document, catalogue=catalogue, gateways=gateways)]
    outcomes = run_tests(document, catalogue=catalogue, gateways=gateways, now=_now())
    faults += [f"test {o.id} failed" for o in outcomes if not o.passed]
    if faults:
        raise PolicyError("\n".join(faults))
    return f"{policy.name}: no faults; {len(outcomes)} tests inside the document pass"


def board_tally(shared: Path, *, root: Path, at: str | None = None) -> str:
    """The state of the vote on the policy in the shared folder.

    Raises:
        NotApproved: the quorum has not recommended it; the message says what is missing.
    """
    found = _verified(shared, root=root, now=_moment(at))
    status = found.approval
    head = f"{POLICY_FILE}: {len(status.approve)} approve, {len(status.send_back)} send back, {len(status.refuse)} refuse, {len(status.conflicted)} conflicted"
    adopted = [f"adopted by {p}: {', '.join(sorted(c))}" for p, c in sorted(found.facts.adoptions.items())]
    if not status.recommended:
        raise NotApproved("\n".join([head, *status.missing]))
    return "\n".join([head, "recommended by the board's quorum", *adopted])


def write_log_keys(
    path: Path, *, log: PublicIdentity, witnesses: tuple[PublicIdentity, ...], quorum: int
) -> None:
    """The public keys that verify a log, as JSON."""
    body = {
        "format": KEYS_FORMAT,
        "log": log.to_json(),
        "witnesses": [w.to_json() for w in witnesses],
        "quorum": quorum,
    }
    path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")


def _read_log_keys(path: Path) -> tuple[PublicIdentity, tuple[PublicIdentity, ...], int]:
    if not path.is_file():
        raise BadInput(f"no {path.name}: name the public keys of log and witnesses with --keys")
    try:
        value = json.loads(read_text(path))
        if value["format"] != KEYS_FORMAT:
            raise ValueError("format")
        witnesses = tuple(PublicIdentity.from_json(w) for w in value["witnesses"])
        return PublicIdentity.from_json(value["log"]), witnesses, int(value["quorum"])
    except (ValueError, KeyError, TypeError) as fault:
        raise BadInput(f"{path.name} is not {KEYS_FORMAT}") from fault


def audit_verify(directory: Path, *, keys: Path) -> str:
    """The log holds, in one line.

    Raises:
        NotVerified: something in it was changed, cut, added, or not signed.
    """
    log, witnesses, quorum = _read_log_keys(directory.parent / KEYS_FILE if keys == Path() else keys)
    found = verify_directory(directory, log=log, witnesses=witnesses, quorum=quorum)
    return f"audit: {found.head.size} events, checkpoint verifies, {len(found.cosignatures)} witnesses"


def audit_proof(proof: Path, *, entry: Path, keys: Path) -> str:
    """The entry is in the log, in one line.

    Raises:
        NotVerified: it is not, or the proof was altered.
    """
    log, witnesses, _ = _read_log_keys(keys)
    for path in (proof, entry):
        if not path.is_file():
            raise BadInput(f"no file {path.name}")
    text = proof.read_bytes().decode("utf-8", errors="replace")
    found = verify_proof(text, entry.read_bytes(), log=log, witnesses=witnesses)
    return f"entry {found.number} ({found.event.kind}) is in the log of {found.head.size} events"
