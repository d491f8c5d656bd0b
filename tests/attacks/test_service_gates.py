"""The law at the doorstep: what a partner may not send stays outside, and nothing of it is left at the centre."""

import dataclasses
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from keys import Identity, sign_note
from linkage.central.receive import Doorstep, read_signed_manifest, receive
from linkage.errors import BadInput, BadSubmission
from linkage.manifest import MANIFEST_NAME, Manifest
from policies.catalogue_document import load_catalogue
from policies.facts import Facts
from policies.gateways import Stage
from service.demonstration.cast import HOST_KIND, NOW, PURPOSE
from service.desk.gates import objections
from service.dossier import Dossier, verify
from service.officer.mapping_file import read_mapping
from service.shared import read_project


@pytest.fixture(scope="module")
def facts(demo: Any) -> Facts:
    dossier = Dossier.read(demo.places.shared)
    return verify(dossier, project="vpp-demo", root=demo.cast.root, now=NOW).facts


def manifest_of(demo: Any, partner: str) -> Manifest:
    folder = demo.places.agency(partner) / "submission"
    return read_signed_manifest(folder, trust=read_project(demo.places.shared).trust, now=NOW)


def objected(manifest: Manifest, facts: Facts, **changes: Any) -> str:
    about: dict[str, Any] = {"facts": facts, "purpose": PURPOSE, "recipient": HOST_KIND, "now": NOW} | changes
    return "; ".join(objections(manifest, **about))


def with_evidence(facts: Facts, partner: str, **changes: str) -> Facts:
    record = {k: v for k, v in (dict(facts.evidence[partner]) | changes).items() if v}
    return dataclasses.replace(facts, evidence={**facts.evidence, partner: record})


@pytest.mark.parametrize("partner", ["police", "nhs", "schools", "youth-offending", "council"])
def test_what_the_demonstration_sends_may_come_in(demo: Any, facts: Facts, partner: str) -> None:
    assert objected(manifest_of(demo, partner), facts) == ""


def under(manifest: Manifest, attribute: str, gateway: str) -> Manifest:
    return dataclasses.replace(manifest, attributes={**manifest.attributes, attribute: gateway})


def test_patient_information_does_not_come_under_the_serious_violence_duty(demo: Any, facts: Facts) -> None:
    sent = under(manifest_of(demo, "nhs"), "ae_assault", "PCSC-s16")
    assert "nhs.ae_assault: PCSC-s16 is not a gateway that its controller declared" in objected(sent, facts)


def test_patient_information_does_not_come_so_even_where_a_catalogue_declares_it(
    demo: Any, facts: Facts
) -> None:
    text = (demo.places.shared / "catalogue.yaml").read_text("utf-8")
    wider = load_catalogue(text.replace("gateways: [COPI-s251]}", "gateways: [COPI-s251, PCSC-s16]}"))
    told = objected(
        under(manifest_of(demo, "nhs"), "ae_assault", "PCSC-s16"), dataclasses.replace(facts, catalogue=wider)
    )
    assert "patient information" in told


@pytest.mark.parametrize("gateway", ["PCSC-s16", "CDA-s115", "DEA-s64"])
def test_tokens_of_a_health_body_need_a_gateway_for_patient_information(
    demo: Any, facts: Facts, gateway: str
) -> None:
    sent = dataclasses.replace(manifest_of(demo, "nhs"), token_gateway=gateway)
    assert "patient information" in objected(sent, facts)
    assert "nhs.tokens" in objected(sent, facts)


def test_health_and_social_care_records_of_a_council_do_not_come_under_the_serious_violence_duty(
    demo: Any, facts: Facts
) -> None:
    assert "council.child_in_need" in objected(
        under(manifest_of(demo, "council"), "child_in_need", "PCSC-s16"), facts
    )


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize(
    ("partner", "gateway"), [("nhs", "PCSC-s16"), ("nhs", "PCSC-s17"), ("council", "PCSC-s16")]
)
def test_tokens_of_health_and_of_childrens_services_do_not_travel_under_the_serious_violence_duty(
    demo: Any, facts: Facts, partner: str, gateway: str, stage: Stage
) -> None:
    """Being in the file tells of health or care, so the tokens carry what the file's columns carry."""
    sent = dataclasses.replace(manifest_of(demo, partner), token_gateway=gateway)
    assert f"{partner}.tokens: the gateway {gateway} never carries" in objected(sent, facts, stage=stage)


def test_an_opt_out_check_that_is_too_old_keeps_the_submission_out(demo: Any, facts: Facts) -> None:
    nhs = manifest_of(demo, "nhs")
    assert objected(nhs, with_evidence(facts, "nhs", ndoo_checked_at="2026-11-01")) == ""
    assert "2026-11-30" in objected(nhs, with_evidence(facts, "nhs", ndoo_checked_at="2026-10-31"))
    assert objected(nhs, facts, now=NOW + timedelta(days=30)) != ""


@pytest.mark.parametrize("missing", ["cag_ref", "caldicott_approval", "next_review", "ndoo_checked_at"])
def test_evidence_that_is_not_on_record_keeps_the_submission_out(demo: Any, facts: Facts, missing: str) -> None:
    assert objected(manifest_of(demo, "nhs"), with_evidence(facts, "nhs", **{missing: ""})) != ""


@pytest.mark.parametrize("word", ["not a day", "31/10/2026"])
def test_evidence_that_is_no_day_is_no_evidence(demo: Any, facts: Facts, word: str) -> None:
    assert objected(manifest_of(demo, "nhs"), with_evidence(facts, "nhs", ndoo_checked_at=word)) != ""


def test_an_attribute_that_is_not_in_the_catalogue_keeps_the_submission_out(demo: Any, facts: Facts) -> None:
    sent = under(manifest_of(demo, "police"), "intelligence_notes", "PCSC-s16")
    assert objected(sent, facts) == "police.intelligence_notes is not in the catalogue"


def test_a_partner_that_is_not_in_the_catalogue_keeps_its_submission(demo: Any, facts: Facts) -> None:
    assert "not in the catalogue" in objected(
        dataclasses.replace(manifest_of(demo, "police"), partner="debt-collector"), facts
    )


@pytest.mark.parametrize(
    ("changes", "partner"),
    [
        ({"purpose": "research"}, "police"),
        ({"recipient": "university"}, "police"),
        ({"purpose": "nonsense"}, "nhs"),
    ],
)
def test_a_purpose_or_recipient_that_the_gateway_does_not_name_keeps_the_submission_out(
    demo: Any, facts: Facts, changes: dict[str, str], partner: str
) -> None:
    assert objected(manifest_of(demo, partner), facts, **changes) != ""


@pytest.mark.parametrize(
    ("partner", "change"),
    [
        ("nhs", lambda m: under(m, "ae_assault", "PCSC-s16")),
        ("nhs", lambda m: dataclasses.replace(m, token_gateway="PCSC-s16")),  # noqa: S106  the name of a legal gateway
        ("police", lambda m: under(m, "intelligence_notes", "PCSC-s16")),
    ],
)
def test_a_submission_that_is_refused_leaves_nothing_at_the_centre(
    demo: Any, facts: Facts, tmp_path: Path, partner: str, change: Callable[[Manifest], Manifest]
) -> None:
    folder = tmp_path / "arrived"
    home = demo.places.agency(partner)
    shutil.copytree(home / "submission", folder)
    officer = Identity.load(home / "identity.key")
    altered = change(manifest_of(demo, partner))
    (folder / MANIFEST_NAME).write_text(sign_note(altered.text(), by=officer), encoding="utf-8")
    project = read_project(demo.places.shared)
    doorstep = Doorstep(tmp_path / "linker", tmp_path / "assembler", tmp_path / "desk")

    def arrive() -> object:
        return receive(
            folder,
            trust=project.trust,
            one=project.one,
            doorstep=doorstep,
            signer=demo.cast.people["desk/1"],
            now=NOW,
            object_to=lambda m: objections(m, facts=facts, purpose=PURPOSE, recipient=HOST_KIND, now=NOW),
        )

    with pytest.raises(BadSubmission, match="may not come in"):
        arrive()
    assert [p for p in tmp_path.rglob("*") if p.is_file() and folder not in p.parents] == []
    shutil.copyfile(home / "submission" / MANIFEST_NAME, folder / MANIFEST_NAME)
    assert arrive()


@pytest.mark.parametrize(("old", "new"), [("suspended: PCSC-s16\n", ""), ("suspended: suspended\n", "")])
def test_an_attribute_cannot_travel_without_its_gateway_nor_a_gateway_without_its_attribute(
    demo: Any, tmp_path: Path, old: str, new: str
) -> None:
    text = (demo.places.agency("schools") / "mapping.yaml").read_text("utf-8")
    assert text.count(old) == 1
    (tmp_path / "mapping.yaml").write_text(text.replace(f"  {old}", new), encoding="utf-8")
    with pytest.raises(BadInput, match="suspended should stand under both"):
        read_mapping(tmp_path / "mapping.yaml")


def test_a_submission_whose_gateway_has_lapsed_is_not_linked_and_nothing_is_opened(
    demo_copy: Any, command: Any
) -> None:
    places = demo_copy
    out = places.root / "pairs-again"
    words = ["centre", "link", str(places.linker), "--shared", str(places.shared), "--out", str(out)]
    done = command(*words, "--at", "2027-08-01T10:00Z")
    assert done.code == 10
    assert "may not be linked" in done.err
    assert "nhs" in done.err
    assert not out.exists()
