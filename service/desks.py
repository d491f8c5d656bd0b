"""The commands of the single actors, one function each: read what lies in the folders, do one thing, say what was done."""

import json
import os
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from keys import Identity, Secret, derive, seal
from keys.ceremony import load_secret
from keys.passphrase import Unlock
from linkage.central.assemble import run_assembler, write_spine
from linkage.central.link import run_linker
from linkage.central.model import DEFAULT_THRESHOLD
from linkage.errors import BadSubmission
from policies import PolicyError, Stage, decide, load_catalogue, load_gateways, load_policy, load_request
from policies.explain import explain, explain_document, explain_near_misses
from policies.linter import lint
from policies.selftest import first_day, run_tests
from service import clock
from service.accepted import accepted_manifests
from service.custodians import on_duty
from service.custody import spine_context
from service.dossier import POLICY_FILE, VOUCHED, Dossier, Verified, on_record, verify
from service.errors import NotApproved, OutOfOrder
from service.gates import objections
from service.memory import read_remembered
from service.quorum import WAIT_SECONDS, Waiting, patiently, whole_linker
from service.rounds import read_rounds
from service.shared import read_project, read_root
from service.signed_requests import is_signed, read_request, text_of
from service.texts import read_text, read_time
from service.unlocking import asking, unlocker

IDENTITY_FILE: Final = "identity.key"
MODEL_FILE: Final = "model.json"


def _now() -> datetime:
    return clock.now()


def _unlock() -> Unlock:
    return unlocker(os.environ, ask=asking(sys.stdin))


def run_linker_desk(
    folder: Path,
    *,
    shared: Path,
    out: Path,
    at: str | None = None,
    session: Path | None = None,
    waiting: Waiting | None = None,
) -> str:
    """The linker's run over its own folder; the model is kept there, the sealed pairs go to `out`. With `at` it runs as things stood then; what it
    remembers goes by the clock all the same. Where custodians share the key that opens tokens, they are asked for it in the folder `session`.

    Raises:
        NotEnoughCustodians: too few of them answered in time.
        RolledBack: the trust register or the clock is older than what the linker has seen.
        BadSubmission: a gateway does not carry a submission's tokens or attributes into the linkage; nothing is opened.
    """
    clock, now, inbox = _now(), _moment(at), folder / "inbox"
    project = read_remembered(shared, folder=folder, now=clock)
    manifests = accepted_manifests(
        folder, inbox=inbox, trust=project.trust, one=project.one, now=now, clock=clock
    )
    if not manifests:
        raise BadSubmission(f"no submission is in {inbox.name}/ of {folder.name}/: there is nothing to link")
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
    linker = whole_linker(
        Identity.load(folder / IDENTITY_FILE, unlock=_unlock()),
        listed=project.trust.only("linker", at=now),
        record=lambda: read_rounds(shared, project=project, folder=folder, now=clock).record(project.one.epoch),
        session=session,
        trust=project.trust,
        waiting=waiting or patiently(WAIT_SECONDS, say=print),
        randomness=os.urandom,
    )
    model = run_linker(
        inbox,
        out=out,
        schema=project.schema,
        one=project.one,
        manifests=manifests,
        linker=linker,
        assembler=project.trust.only("assembler", at=now),
        link_type=project.link_type,
    )
    (folder / MODEL_FILE).write_text(model.to_json(), encoding="utf-8")
    return f"{len(model.passes)} passes, {sum(p.pairs for p in model.passes):,} pairs compared; model in {MODEL_FILE}"


def run_assembler_desk(folder: Path, *, shared: Path, out: Path) -> str:
    """The assembler's run over its own folder; the spine is sealed to the custodian in `out`.

    Raises:
        RolledBack: the trust register or the clock is older than what the assembler has seen.
    """
    now, unlock, inbox = _now(), _unlock(), folder / "inbox"
    project = read_remembered(shared, folder=folder, now=now)
    own = load_secret(folder / "own.secret", name="assembler's own secret", unlock=unlock)
    linkage = run_assembler(
        inbox,
        pairs=folder / "pairs",
        one=project.one,
        manifests=accepted_manifests(
            folder, inbox=inbox, trust=project.trust, one=project.one, now=now, clock=now
        ),
        assembler=Identity.load(folder / IDENTITY_FILE, unlock=unlock),
        linker=project.trust.only("linker", at=now),
        threshold=DEFAULT_THRESHOLD,
    )
    spine = write_spine(
        linkage, secret=person_secret(own, project=project.one.project), meta={"project": project.one.project}
    )
    out.write_bytes(seal(spine, to=on_duty(project.trust, at=now), context=spine_context(project.one)))
    return f"{linkage.records.count:,} records, {linkage.people:,} people; spine sealed in {out.name}"


def person_secret(own: Secret, *, project: str) -> Secret:
    """The key of person ids: the assembler's own, for one project."""
    return derive(own, "person-ref", project)


def _moment(at: str | None) -> datetime:
    """The time that the words name, or now.

    Raises:
        BadInput: they name none, or one without its offset from UTC.
    """
    return _now() if at is None else read_time(at, option="--at")


def analyst_check(
    request: Path, *, shared: Path, root: Path, as_json: bool, at: str | None = None
) -> tuple[bool, str]:
    """Whether the request, signed or not yet, would be allowed at that time, and the answer in words or as JSON.

    Raises:
        BadSignature, NotTrusted: it is signed, and not as its requester would have to sign it.
        OutOfOrder: it is for another project.
    """
    now = _moment(at)
    found = _verified(shared, root=root, now=now)
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


def _verified(shared: Path, *, root: Path, now: datetime) -> Verified:
    top = read_root(root)
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
    outcomes = run_tests(document, catalogue=catalogue, gateways=gateways, now=first_day(document))
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
