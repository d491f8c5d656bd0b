"""The signed documents that a decision rests on, and the facts read out of them. Desk and custodian each read them for themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from ethics import Constitution, read_adoptions, read_constitution, tally
from ethics.approvals import ApprovalStatus
from keys import BadSignature, PublicIdentity, TrustRegister
from keys.trust import read_register
from policies import Facts, Policy, Requester, load_catalogue, load_gateways, load_policy
from service.errors import NotApproved

EVIDENCE_FORMAT: Final = "linkage-evidence/v1"
TRUST_FILE: Final = "trust.note"
POLICY_FILE: Final = "policy.yaml"


@dataclass(frozen=True, slots=True)
class Dossier:
    """The documents as text. `evidence` is a note that the secretariat signed; votes and adoptions are notes by members and controllers."""

    trust: str
    policy: str
    catalogue: str
    gateways: str
    evidence: str
    constitution: Path
    votes: tuple[str, ...]
    adoptions: tuple[str, ...]

    @classmethod
    def read(cls, shared: Path) -> "Dossier":
        """The dossier in a project's shared folder."""

        def text(name: str) -> str:
            return (shared / name).read_text("utf-8")

        def notes(folder: str) -> tuple[str, ...]:
            return tuple(p.read_text("utf-8") for p in sorted((shared / folder).glob("*.note")))

        return cls(
            trust=text(TRUST_FILE),
            policy=text(POLICY_FILE),
            catalogue=text("catalogue.yaml"),
            gateways=text("gateways.yaml"),
            evidence=text("evidence.note"),
            constitution=shared / "board.yaml",
            votes=notes("votes"),
            adoptions=notes("adoptions"),
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """What the dossier says once every signature was checked."""

    trust: TrustRegister
    policy: Policy
    facts: Facts
    approval: ApprovalStatus
    constitution: Constitution


def verify(dossier: Dossier, *, root: PublicIdentity, now: datetime) -> Verified:
    """The verified policy and the facts for its engine.

    Clauses count as recommended only when the board's quorum recommended this very policy; a controller's clauses only when it adopted
    them. Nothing here raises for a missing recommendation: the engine denies, and says why.

    Raises:
        BadSignature, NotTrusted: a document is not signed as it must be.
        PolicyError: a document breaks its rules.
        EthicsError: a vote or adoption is not what it says it is.
    """
    trust = read_register(dossier.trust, root=root)
    policy = load_policy(dossier.policy)
    constitution = read_constitution(dossier.constitution)
    approval = tally(dossier.votes, constitution=constitution, trust=trust, policy_digest=policy.digest, at=now)
    adoptions = read_adoptions(dossier.adoptions, trust=trust, policy_digest=policy.digest, at=now)
    evidence = _evidence(dossier.evidence, trust=trust, now=now)
    clauses = frozenset(c.id for c in policy.clauses)
    facts = Facts(
        catalogue=load_catalogue(dossier.catalogue),
        gateways=load_gateways(dossier.gateways),
        adoptions=adoptions,
        recommended=clauses if approval.recommended else frozenset(),
        dpia={c: date.fromisoformat(str(d)) for c, d in evidence["dpia"].items()},
        evidence={str(k): dict(v) for k, v in evidence["evidence"].items()},
        requesters={
            e.identity.name: Requester(
                e.roles, e.organisation, str(evidence["organisations"].get(e.organisation, ""))
            )
            for e in trust.holders("analyst", at=now)
        },
    )
    return Verified(trust, policy, facts, approval, constitution)


def _evidence(note: str, *, trust: TrustRegister, now: datetime) -> Mapping[str, Any]:
    try:
        body = trust.verify(note, kind=EVIDENCE_FORMAT, role="secretariat", at=now).body
    except BadSignature as fault:
        raise NotApproved(f"the record of evidence is not signed by the secretariat: {fault}") from fault
    value = yaml.safe_load(body)
    if not isinstance(value, dict) or not {"dpia", "evidence", "organisations"} <= set(value):
        raise NotApproved("the record of evidence is signed but lacks dpia, evidence or organisations")
    return value
