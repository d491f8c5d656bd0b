"""The law at the doorstep and before a linkage: whether each field of a submission, and its tokens, may go on under the gateway its manifest
names."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from linkage.manifest import Manifest
from policies.catalogue import HEALTH, HEALTH_FLAGS, Attribute
from policies.facts import Facts
from policies.gateways import Crossing, Stage, carries
from policies.terms import AttributeClass


def objections(
    manifest: Manifest,
    *,
    facts: Facts,
    purpose: str,
    recipient: str,
    now: datetime,
    stage: Stage = Stage.SUBMISSION,
) -> list[str]:
    """Every reason against the submission at this stage, in sentences; none means it may come in, or may be linked.

    Tokens are personal information of the partner's people, so they need a gateway like any attribute. They carry every flag of health or social
    care that anything of the partner carries: who is in a hospital's file, or in that of children's services, is told by being in it. So do subgroup codes;
    an ethnic group is special category data, and all kinds are held to that.
    """
    partner = facts.catalogue.partners.get(manifest.partner)
    if partner is None:
        return [f"{manifest.partner} is not in the catalogue"]
    own = HEALTH_FLAGS if partner.kind in HEALTH else frozenset()
    tokens = Attribute(
        id=f"{manifest.partner}.tokens",
        says="tokens for linkage",
        sensitivity=AttributeClass.C4,
        flags=own | facts.catalogue.held_by(manifest.partner),
        values=(),
        gateways=(manifest.token_gateway,),
        sources=frozenset(),
    )
    out, crossing = [], [(tokens, manifest.token_gateway)]
    for kind, gateway in sorted(manifest.subgroups.items()):
        name = f"{manifest.partner}.subgroups.{kind}"
        codes = replace(tokens, id=name, says="codes for linkage quality", gateways=(gateway,))
        crossing.append((codes, gateway))
    for name, gateway in sorted(manifest.attributes.items()):
        attribute = facts.catalogue.attributes.get(f"{manifest.partner}.{name}")
        if attribute is None:
            out.append(f"{manifest.partner}.{name} is not in the catalogue")
        else:
            crossing.append((attribute, gateway))
    for attribute, gateway in crossing:
        out += _against(
            attribute,
            gateway,
            facts=facts,
            purpose=purpose,
            source=partner.kind,
            recipient=recipient,
            partner=manifest.partner,
            now=now,
            stage=stage,
        )
    return out


def _against(
    attribute: Attribute,
    gateway: str,
    *,
    facts: Facts,
    purpose: str,
    source: str,
    recipient: str,
    partner: str,
    now: datetime,
    stage: Stage,
) -> list[str]:
    if gateway not in attribute.gateways or gateway not in facts.gateways:
        return [f"{attribute.id}: {gateway} is not a gateway that its controller declared"]
    evidence: Mapping[str, Mapping[str, object]] = {"partner": facts.evidence.get(partner, {})}
    carriage = carries(
        facts.gateways[gateway],
        attribute=attribute,
        crossing=Crossing(purpose, source, recipient, stage),
        evidence=evidence,  # type: ignore[arg-type]  # the same mapping, typed wider
        now=now,
    )
    return [r.sentence for r in carriage.bars]
