from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest

from policies import Crossing, Stage, carries, load_catalogue, load_gateways

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
