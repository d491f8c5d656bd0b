"""What the secretariat vouches for: catalogue, gateways and constitution by their digests, and the evidence on record; and the facts read out of them."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from keys import BadSignature, TrustRegister
from policies.catalogue_document import load_catalogue
from policies.facts import Facts, Requester
from policies.gateways_document import load_gateways
from service.errors import NotApproved
from service.texts import read_text

EVIDENCE_FORMAT: Final = "linkage-evidence/v1"
EVIDENCE_FILE: Final = "evidence.note"
LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
VOUCHED: Final = {"catalogue": "catalogue.yaml", "gateways": "gateways.yaml", "constitution": "board.yaml"}


@dataclass(frozen=True, slots=True)
class Vouched:
    """The documents as text, and `evidence`, the note by which the secretariat vouches for them."""

    catalogue: str
    gateways: str
    constitution: str
    evidence: str

    @classmethod
    def read(cls, shared: Path) -> "Vouched":
        """Those in a project's shared folder.

        Raises:
            BadInput: one is missing or not readable.
        """
        texts = {name: read_text(shared / file) for name, file in VOUCHED.items()}
        return cls(**texts, evidence=read_text(shared / EVIDENCE_FILE))


def digests_of(*, catalogue: str, gateways: str, constitution: str) -> dict[str, str]:
    """What the secretariat's note says of the documents that carry no signature of their own: SHA-256 of each text, hexadecimal."""
    texts = {"catalogue": catalogue, "gateways": gateways, "constitution": constitution}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


def on_record(vouched: Vouched, *, trust: TrustRegister, now: datetime) -> Facts:
    """The facts that do not depend on any vote or adoption: catalogue, gateways, evidence, and who may ask.

    Raises:
        NotApproved: the secretariat did not sign the evidence, or did not vouch for these texts.
        PolicyError: a document breaks its rules.
    """
    evidence = _evidence(vouched, trust=trust, now=now)
    return Facts(
        catalogue=load_catalogue(vouched.catalogue),
        gateways=load_gateways(vouched.gateways),
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


def _evidence(vouched: Vouched, *, trust: TrustRegister, now: datetime) -> EvidenceBody:
    try:
        body = trust.verify(vouched.evidence, kind=EVIDENCE_FORMAT, role="secretariat", at=now).body
    except BadSignature as fault:
        raise NotApproved(f"the record of evidence is not signed by the secretariat: {fault}") from fault
    try:
        value = EvidenceBody.model_validate(yaml.load(body, Loader=LOADER))  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValidationError) as fault:
        raise NotApproved(
            "the record of evidence is signed but is not dpia, evidence, organisations and documents"
        ) from fault
    here = digests_of(catalogue=vouched.catalogue, gateways=vouched.gateways, constitution=vouched.constitution)
    if other := [n for n, digest in here.items() if value.documents.get(n) != digest]:
        raise NotApproved(
            f"{VOUCHED[other[0]]} is not the text that the secretariat vouched for: it was altered, or needs a new record of evidence"
        )
    return value
