from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest

from policies.catalogue_document import load_catalogue
from policies.errors import DocumentInvalid
from policies.gateways import Crossing, Stage, carries
from policies.gateways_document import load_gateways
from policies.terms import AttributeClass, words

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
SUPPORT = {
    "cag_ref": "26/CAG/0001",
    "caldicott_approval": "C-1",
    "next_review": "2027-04-01",
    "ndoo_checked_at": "2026-11-20",
}
PLANNING = Crossing("service-planning", "nhs-trust", "local-policing-body", Stage.RELEASE, "aggregate-table")


def bars(gateway, attribute, crossing, evidence=None, now=NOW):
    answer = carries(
        GATEWAYS[gateway] if isinstance(gateway, str) else gateway,
        attribute=CATALOGUE.attributes[attribute],
        crossing=crossing,
        evidence={"partner": evidence or {}, "project": {}},
        now=now,
    )
    return {bar.code for bar in answer.bars}


@pytest.mark.parametrize("stage", list(Stage))
def test_patient_information_never_travels_under_the_serious_violence_duty(stage):
    crossing = replace(PLANNING, source="police", stage=stage)
    assert "gateway-bars" in bars("PCSC-s16", "nhs.ae_assault", crossing)
    assert "gateway-bars" in bars("PCSC-s16", "derived.violence_any_source", crossing)
    assert bars("PCSC-s16", "police.arrested_violence", crossing) == set()


def test_information_of_a_social_care_authority_does_not_travel_under_the_duty():
    crossing = replace(PLANNING, source="council")
    assert bars("PCSC-s16", "council.protection_plan", crossing) == {"gateway-bars"}
    assert bars("CDA-s115", "council.protection_plan", crossing, {"necessity_statement": "N-1"}) == set()


def test_patient_information_travels_with_support_and_all_of_its_evidence():
    assert bars("COPI-s251", "nhs.ae_assault", PLANNING, SUPPORT) == set()
    for name in ("cag_ref", "caldicott_approval", "next_review"):
        without = {key: value for key, value in SUPPORT.items() if key != name}
        assert bars("COPI-s251", "nhs.ae_assault", PLANNING, without) == {"evidence-missing"}


def test_support_lapses_on_the_day_after_its_review_was_due():
    on_the_day = datetime(2027, 4, 1, 23, tzinfo=UTC)
    day_after = datetime(2027, 4, 2, 0, tzinfo=UTC)
    assert bars("COPI-s251", "nhs.ae_assault", PLANNING, SUPPORT, on_the_day) == set()
    assert bars("COPI-s251", "nhs.ae_assault", PLANNING, SUPPORT, day_after) == {"evidence-lapsed"}


@pytest.mark.parametrize("broken", ["", "   ", "next year", date(2020, 1, 1)])
def test_evidence_that_is_not_what_was_asked_for_does_not_serve(broken):
    assert bars("COPI-s251", "nhs.ae_assault", PLANNING, {**SUPPORT, "next_review": broken}) & {
        "evidence-missing",
        "evidence-lapsed",
    }


def test_a_stale_opt_out_check_stops_a_submission_and_not_a_release():
    stale = {**SUPPORT, "ndoo_checked_at": "2026-10-01"}
    assert bars("COPI-s251", "nhs.ae_assault", replace(PLANNING, stage=Stage.SUBMISSION), stale) == {
        "evidence-lapsed"
    }
    assert bars("COPI-s251", "nhs.ae_assault", PLANNING, stale) == set()


def test_patient_information_leaves_as_counts_and_never_as_rows():
    assert bars("COPI-s251", "nhs.ae_assault", replace(PLANNING, form="pseudonymised-extract"), SUPPORT) == {
        "gateway-form"
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"purpose": "research"}, "gateway-purpose"),
        ({"source": "police"}, "gateway-source"),
        ({"recipient": "university"}, "gateway-recipient"),
        ({"form": ""}, "gateway-form"),
    ],
)
def test_what_a_gateway_does_not_name_it_does_not_carry(change, code):
    assert bars("COPI-s251", "nhs.ae_assault", replace(PLANNING, **change), SUPPORT) == {code}


def test_a_gateway_carries_only_while_it_is_in_force_and_switched_on():
    gateway, crossing = GATEWAYS["PCSC-s16"], replace(PLANNING, source="police")
    ask = "police.custody_episodes"
    assert bars(replace(gateway, enabled=False), ask, crossing) == {"gateway-disabled"}
    assert bars(replace(gateway, until=date(2026, 11, 30)), ask, crossing) == {"gateway-not-in-force"}
    assert bars(replace(gateway, effective=date(2026, 12, 2)), ask, crossing) == {"gateway-not-in-force"}
    assert bars(replace(gateway, until=date(2026, 12, 1)), ask, crossing) == set()


def test_nothing_stricter_than_the_class_it_carries():
    low = replace(GATEWAYS["PCSC-s16"], max_class=CATALOGUE.attributes["police.age_band"].sensitivity)
    assert bars(low, "police.arrested_violence", replace(PLANNING, source="police")) == {"gateway-class"}


DUTY = ("PCSC-s10", "PCSC-s16", "PCSC-s17")


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("gateway", DUTY)
@pytest.mark.parametrize(
    "attribute", [n for n, a in CATALOGUE.attributes.items() if "patient_information" in a.flags]
)
def test_no_gateway_of_the_duty_carries_patient_information_at_any_stage(gateway, attribute, stage):
    """Not even switched on, in force, and with every piece of evidence on record."""
    open_one = replace(GATEWAYS[gateway], enabled=True)
    record = {need.name: "2027-01-01" for need in open_one.needs}
    crossing = replace(
        PLANNING, source=sorted(open_one.sources)[0], recipient=sorted(open_one.recipients)[0], stage=stage
    )
    assert "gateway-bars" in bars(open_one, attribute, crossing, record)


def test_the_table_has_every_gateway_of_the_vocabulary_and_no_other():
    assert set(GATEWAYS) == set(words("gateway"))


@pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=lambda gateway: gateway.id)
def test_every_row_cites_its_law_and_bars_terrorism(gateway):
    assert any(law in gateway.citation for law in ("Act", "Regulations", "UK GDPR"))
    assert "terrorism" in gateway.bars
    assert ("patient_information" in gateway.bars) == (gateway.max_class < AttributeClass.C5)


@pytest.mark.parametrize(
    "gateway", ["PCSC-s10", "CDA-s17A", "OMA-s14", "CDA-s39", "COPI-r3", "CA-s10", "CA-s16LA", "UKGDPR-ea"]
)
def test_what_nobody_has_confirmed_is_switched_off(gateway):
    assert not GATEWAYS[gateway].enabled


def test_recognised_legitimate_interests_are_for_charities_alone():
    assert GATEWAYS["UKGDPR-ea"].sources == {"voluntary-sector"}


def test_sharing_about_a_named_child_reaches_no_purpose_here():
    assert not GATEWAYS["CA-s16LA"].purposes


def test_management_of_offenders_does_not_carry_records_of_victims():
    gateway = replace(GATEWAYS["OMA-s14"], enabled=True)
    crossing = Crossing(
        "strategic-needs-assessment", "probation", "probation", Stage.RELEASE, "aggregate-table"
    )
    assert bars(gateway, "police.victim_violence", crossing) == {"gateway-subject"}
    assert bars(gateway, "police.arrested_violence", crossing) == set()


def test_a_university_brings_its_condition_for_records_of_offences_and_for_nothing_else():
    accredited = dict.fromkeys(
        ("project_accreditation", "researcher_accreditation", "processor_accreditation"), "2027-01-01"
    )
    crossing = Crossing("research", "police", "university", Stage.RELEASE, "aggregate-table")

    def missing(attribute, recipient, project):
        answer = carries(
            GATEWAYS["DEA-s64"],
            attribute=CATALOGUE.attributes[attribute],
            crossing=replace(crossing, recipient=recipient),
            evidence={"partner": {}, "project": project},
            now=NOW,
        )
        return {dict(bar.details)["word"] for bar in answer.bars}

    assert missing("police.arrested_violence", "university", accredited) == {"criminal_offence_condition"}
    assert missing("police.area", "university", accredited) == set()
    assert missing("police.arrested_violence", "local-policing-body", accredited) == set()
    recorded = {**accredited, "criminal_offence_condition": "DPA 2018 Sch. 1 para. 4"}
    assert missing("police.arrested_violence", "university", recorded) == set()


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (
            "    effective: 2023-01-31\n    enabled: true\n  PCSC-s17",
            "    effective: 2023-01-31\n    until: 2022-01-01\n    enabled: true\n  PCSC-s17",
            "until",
            "ends before",
        ),
        ("kind: not-older-than, days: 30", "kind: not-older-than", "ndoo", "How old it may be"),
        (
            "name: cag_ref, kind: reference",
            "name: cag_ref, kind: reference, days: 3",
            "days",
            "How old it may be",
        ),
        ("name: cag_ref", "name: cag_reff", "cag_reff", "“cag_ref”"),
        ("max_class: C5", "max_class: C6", "max_class", "never released"),
        (
            "bars: [patient_information, terrorism] ",
            "bars: [terrorism] ",
            "bars",
            "does not bar patient information",
        ),
        ("enabled: true", "enabled: on", "enabled", "Write true or false"),
        ("stages: [submission]", "stages: []", "ndoo", "at no stage"),
        ("  OMA-s14:", "  OMA-s15:", "OMA-s15", "“OMA-s14”"),
    ],
)
def test_a_row_that_does_not_hang_together_is_refused_where_it_stands(old, new, line, says):
    text = (LIBRARY / "gateways.yaml").read_text("utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    with pytest.raises(DocumentInvalid) as caught:
        load_gateways(text)
    (problem,) = caught.value.problems
    assert says in f"{problem.message} {problem.fix}"
    assert line in text.splitlines()[problem.line - 1]
