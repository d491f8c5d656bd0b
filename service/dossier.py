"""The signed documents that a decision rests on, and the facts read out of them. Desk and custodian each read them for themselves."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ethics.acts import about
from ethics.adoptions import read_adoption, read_adoptions
from ethics.approvals import ApprovalStatus, outcome, tally
from ethics.board import Constitution
from ethics.documents import parse_document
from ethics.proposals import Proposal, proposal_of
from keys import BadSignature, NotTrusted, Root, TrustRegister
from keys.trust import read_register
from policies.document import Policy
from policies.errors import PolicyError
from policies.facts import Facts, Requester
from policies.load import load_catalogue, load_gateways, load_policy
from service.errors import NotApproved
from service.texts import read_text

EVIDENCE_FORMAT: Final = "linkage-evidence/v1"
TRUST_FILE: Final = "trust.note"
POLICY_FILE: Final = "policy.yaml"
PROPOSALS: Final = "proposals"
LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
VOUCHED: Final = {"catalogue": "catalogue.yaml", "gateways": "gateways.yaml", "constitution": "board.yaml"}


@dataclass(frozen=True, slots=True)
class Dossier:
    """The documents as text. `evidence` is a note that the secretariat signed, and that vouches for catalogue, gateways and constitution by
    their digests; votes and adoptions are notes by members and controllers, `acts` those of the policy's own proposal."""

    trust: str
    policy: str
    catalogue: str
    gateways: str
    evidence: str
    constitution: str
    votes: tuple[str, ...]
    adoptions: tuple[str, ...]
    acts: tuple[str, ...] = ()

    @classmethod
    def read(cls, shared: Path) -> "Dossier":
        """The dossier in a project's shared folder.

        Raises:
            BadInput: a document is missing or not readable.
        """

        def text(name: str) -> str:
            return read_text(shared / name)

        def notes(folder: str) -> tuple[str, ...]:
            return tuple(read_text(p) for p in sorted(shared.glob(f"{folder}/*.note")))

        return cls(
            trust=text(TRUST_FILE),
            policy=text(POLICY_FILE),
            catalogue=text(VOUCHED["catalogue"]),
            gateways=text(VOUCHED["gateways"]),
            evidence=text("evidence.note"),
            constitution=text(VOUCHED["constitution"]),
            votes=notes("votes"),
            adoptions=notes("adoptions"),
            acts=_about_policy(notes(f"{PROPOSALS}/*"), policy=text(POLICY_FILE)),
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """What the dossier says once every signature was checked. `versions` numbers each document that a later one replaces: the trust
    register and a recommended policy by version, a partner's adoption by the second it was signed in, a proposal by the number of its acts.
    `proposal` is None where the board recommended by votes alone."""

    trust: TrustRegister
    policy: Policy
    facts: Facts
    approval: ApprovalStatus
    constitution: Constitution
    versions: Mapping[str, int]
    proposal: Proposal | None = None


def _about_policy(acts: tuple[str, ...], *, policy: str) -> tuple[str, ...]:
    """The acts on this policy: those on earlier and later versions need not travel with every order. One that does not read is refused later."""
    if not acts:
        return ()
    try:
        return about(acts, policy_digest=load_policy(policy).digest)
    except PolicyError:
        return acts


def digests_of(*, catalogue: str, gateways: str, constitution: str) -> dict[str, str]:
    """What the secretariat's note says of the documents that carry no signature of their own: SHA-256 of each text, hexadecimal."""
    texts = {"catalogue": catalogue, "gateways": gateways, "constitution": constitution}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


def verify(dossier: Dossier, *, project: str, root: Root, now: datetime) -> Verified:
    """The verified policy and the facts for its engine.

    Clauses count as recommended only when the board's quorum recommended this very policy, and, once there is a proposal of it or the
    constitution asks for one, only while that proposal has them in force; a controller's clauses only when it adopted them. Nothing here raises
    for a missing recommendation: the engine denies, and says why.

    Raises:
        BadSignature, NotTrusted: a document is not signed as it must be, or the register is another project's.
        NotApproved: catalogue, gateways or constitution are not those that the secretariat vouched for.
        PolicyError: a document breaks its rules.
        EthicsError: a vote or adoption is not what it says it is.
    """
    trust = read_register(dossier.trust, root=root)
    if trust.project != project:
        raise NotTrusted(f"the trust register is of project {trust.project}, not of {project}")
    facts = on_record(dossier, trust=trust, now=now)
    policy = load_policy(dossier.policy)
    constitution = parse_document(dossier.constitution, model=Constitution, name=VOUCHED["constitution"])
    said = said_of(dossier, policy=policy, constitution=constitution, trust=trust, now=now)
    facts = replace(facts, adoptions=said.adoptions, recommended=said.recommended)
    acts = () if said.proposal is None else said.proposal.acts
    versions = {"trust": trust.version, f"proposal/{policy.policy}/{policy.version}": len(acts)}
    if said.approval.recommended:
        versions[f"policy/{policy.policy}"] = policy.version
    for note in dossier.adoptions:
        one = read_adoption(note, trust=trust)
        name = f"adoption/{one.partner}"
        versions[name] = max(versions.get(name, 0), int(one.at.timestamp()))
    return Verified(trust, policy, facts, said.approval, constitution, versions, said.proposal)


@dataclass(frozen=True, slots=True)
class Said:
    """What board and controllers have said of one text of a policy: the clauses that count as recommended, and partner -> adopted clauses."""

    approval: ApprovalStatus
    recommended: frozenset[str]
    adoptions: Mapping[str, frozenset[str]]
    proposal: Proposal | None


def said_of(
    dossier: Dossier, *, policy: Policy, constitution: Constitution, trust: TrustRegister, now: datetime
) -> Said:
    """What the notes of the dossier amount to. A proposal of this text goes before votes without one.

    Raises:
        BadSignature, NotTrusted: a note is not signed as it must be.
        EthicsError: an act, vote or adoption is not what it says it is.
    """
    if acts := about(dossier.acts, policy_digest=policy.digest):
        found = proposal_of(
            acts,
            adoptions=about(dossier.adoptions, policy_digest=policy.digest),
            project=trust.project,
            policy=policy,
            constitution=constitution,
            trust=trust,
            now=now,
        )
        approval = found.approval or outcome((), constitution=constitution)
        return Said(approval, found.in_force, found.adoptions, found)
    approval = tally(dossier.votes, constitution=constitution, trust=trust, policy_digest=policy.digest, at=now)
    carried = approval.recommended and constitution.decides_by == "votes"
    clauses = frozenset(c.id for c in policy.clauses) if carried else frozenset()
    adoptions = read_adoptions(dossier.adoptions, trust=trust, policy_digest=policy.digest, at=now)
    return Said(approval, clauses, adoptions, None)


def on_record(dossier: Dossier, *, trust: TrustRegister, now: datetime) -> Facts:
    """The facts that do not depend on any vote or adoption: catalogue, gateways, evidence, and who may ask.

    Raises:
        NotApproved: the secretariat did not sign the evidence, or did not vouch for these texts.
        PolicyError: a document breaks its rules.
    """
    evidence = _evidence(dossier, trust=trust, now=now)
    return Facts(
        catalogue=load_catalogue(dossier.catalogue),
        gateways=load_gateways(dossier.gateways),
        dpia=evidence.dpia,
        evidence=evidence.evidence,
        requesters={
            e.identity.name: Requester(e.roles, e.organisation, evidence.organisations.get(e.organisation, ""))
            for e in trust.holders("analyst", at=now)
        },
    )


class EvidenceBody(BaseModel):
    """What the secretariat signs: impact assessments by clause, evidence by partner or project, kinds of organisations, digests."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dpia: dict[str, date]
    evidence: dict[str, dict[str, str | date]]
    organisations: dict[str, str]
    documents: dict[str, str]


def _evidence(dossier: Dossier, *, trust: TrustRegister, now: datetime) -> EvidenceBody:
    try:
        body = trust.verify(dossier.evidence, kind=EVIDENCE_FORMAT, role="secretariat", at=now).body
    except BadSignature as fault:
        raise NotApproved(f"the record of evidence is not signed by the secretariat: {fault}") from fault
    try:
        value = EvidenceBody.model_validate(yaml.load(body, Loader=LOADER))  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValidationError) as fault:
        raise NotApproved(
            "the record of evidence is signed but is not dpia, evidence, organisations and documents"
        ) from fault
    here = digests_of(catalogue=dossier.catalogue, gateways=dossier.gateways, constitution=dossier.constitution)
    if other := [n for n, digest in here.items() if value.documents.get(n) != digest]:
        raise NotApproved(
            f"{VOUCHED[other[0]]} is not the text that the secretariat vouched for: it was altered, or needs a new record of evidence"
        )
    return value
