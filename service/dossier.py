"""The signed documents that a decision rests on, and the facts read out of them. Desk and custodian each read them for themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from ethics.acts import about
from ethics.adoptions import read_adoption, read_adoptions
from ethics.approvals import ApprovalStatus, outcome, tally
from ethics.board import Constitution
from ethics.documents import parse_document
from ethics.proposals import Proposal, proposal_of
from keys import NotTrusted, Root, TrustRegister
from keys.trust import read_register
from policies.document import Policy
from policies.errors import PolicyError
from policies.facts import Facts
from policies.load import load_policy
from service.evidence import VOUCHED, Vouched, on_record
from service.shared import TRUST_FILE, read_project
from service.texts import read_text

POLICY_FILE: Final = "policy.yaml"
PROPOSALS: Final = "proposals"


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

        trust, policy, vouched = text(TRUST_FILE), text(POLICY_FILE), Vouched.read(shared)
        return cls(
            trust=trust,
            policy=policy,
            catalogue=vouched.catalogue,
            gateways=vouched.gateways,
            evidence=vouched.evidence,
            constitution=vouched.constitution,
            votes=notes("votes"),
            adoptions=notes("adoptions"),
            acts=_about_policy(notes(f"{PROPOSALS}/*"), policy=policy),
        )

    @property
    def vouched(self) -> Vouched:
        """What of it the secretariat vouches for."""
        return Vouched(self.catalogue, self.gateways, self.constitution, self.evidence)


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
    facts = on_record(dossier.vouched, trust=trust, now=now)
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


def verified_in(shared: Path, *, root: Root, now: datetime) -> Verified:
    """The dossier of a project's shared folder, verified.

    Raises:
        As `verify`.
    """
    project = read_project(shared, root=root).one.project
    return verify(Dossier.read(shared), project=project, root=root, now=now)


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
