"""What partners declare: who says it, about whom, under which gateway; and what the law adds whatever they declare."""

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from policies.catalogue import HEALTH_FLAGS, LAW_ENFORCEMENT
from policies.catalogue_document import load_catalogue
from policies.errors import DocumentInvalid
from policies.gateways import Crossing, Stage, carries
from policies.gateways_document import load_gateways
from policies.terms import VERSION, AttributeClass

LIBRARY = files("policies") / "library"
TEXT = (LIBRARY / "catalogue.yaml").read_text("utf-8")
CATALOGUE = load_catalogue(TEXT)
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
SMALL = f"""\
format: linkage-catalogue/v1
catalogue: small
version: 1
vocabulary: {VERSION}
partners:
  police:
    name: Police
    kind: police
    declared_by: data officer
    attributes:
      arrested_on: {{says: arrested, class: C3, subject: [suspect], states: fact, values: date, gateways: [PCSC-s16]}}
      risk: {{says: risk grade, class: C4, subject: [suspect], states: assessment, declared_by: an inspector, values: [low, high], gateways: [PCSC-s16]}}
  clinic:
    name: Clinic
    kind: gp-practice
    declared_by: guardian
    attributes:
      area: {{says: area, class: C0, values: any, gateways: [COPI-s251]}}
"""


def problem(text):
    with pytest.raises(DocumentInvalid) as caught:
        load_catalogue(text)
    return caught.value.problems[0]


def test_an_attribute_says_who_declared_it_and_under_which_gateway_it_is_submitted():
    offered = load_catalogue(SMALL).attributes
    assert offered["police.arrested_on"].declared_by == "data officer"
    assert offered["police.risk"].declared_by == "an inspector"
    assert offered["police.arrested_on"].submitted_under == "PCSC-s16"
    assert CATALOGUE.attributes["police.arrested_violence"].submitted_under == "PCSC-s16"
    assert CATALOGUE.attributes["derived.known_to_three"].submitted_under == ""


def test_a_date_is_known_as_a_date_and_an_assessment_as_an_assessment():
    offered = load_catalogue(SMALL).attributes
    assert (offered["police.arrested_on"].dated, offered["police.arrested_on"].values) == (True, ())
    assert "assessment" in offered["police.risk"].flags
    assert "assessment" not in offered["police.arrested_on"].flags
    assert not any(attribute.dated for attribute in CATALOGUE.attributes.values())


def test_what_a_health_body_holds_is_patient_information_whatever_its_row_says():
    assert load_catalogue(SMALL).attributes["clinic.area"].flags == HEALTH_FLAGS
    assert load_catalogue(SMALL).held_by("clinic") == HEALTH_FLAGS
    assert load_catalogue(SMALL).held_by("police") == frozenset()
    assert CATALOGUE.held_by("council") == {"health_or_social_care"}


def test_subjects_pass_to_what_is_made_from_them():
    assert CATALOGUE.attributes["derived.known_to_three"].subjects == {"suspect", "convicted"}
    assert CATALOGUE.attributes["derived.violence_any_source"].subjects == {"victim"}


def test_every_shipped_row_of_law_enforcement_says_whom_it_is_about():
    rows = [
        attribute
        for attribute in CATALOGUE.attributes.values()
        if attribute.partner in CATALOGUE.partners
        and CATALOGUE.partners[attribute.partner].kind in LAW_ENFORCEMENT
        and attribute.sensitivity >= AttributeClass.C2
    ]
    assert len(rows) >= 5
    assert all(attribute.subjects for attribute in rows)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (", states: fact", "", "arrested_on", "a fact or somebody's assessment"),
        ("subject: [suspect], states: fact", "states: fact", "arrested_on", "whom it is about"),
        ("states: fact", "states: rumour", "arrested_on", "not a word for statement"),
        ("states: assessment", "flags: [assessment], states: fact", "risk", "under “states”"),
        ("values: [low, high]", "values: []", "risk", "none, or one is listed twice"),
        ("values: [low, high]", "values: [low, low]", "risk", "none, or one is listed twice"),
        (
            "values: date, gateways: [PCSC-s16]",
            "values: date, gateways: [PCSC-s16, PCSC-s16]",
            "arrested_on",
            "named twice",
        ),
        ("values: date", "values: days", "arrested_on", "takes"),
        ("kind: gp-practice", "kind: hospital", "hospital", "not a word for organisation"),
        (VERSION, "vpp-vocab@1", "vpp-vocab@1", f"this program speaks {VERSION}"),
    ],
)
def test_a_row_that_does_not_hang_together_is_refused_where_it_stands(old, new, line, says):
    assert old in SMALL
    text = SMALL.replace(old, new, 1)
    found = problem(text)
    assert says in f"{found.message} {found.fix}"
    assert line in text.splitlines()[found.line - 1]


@pytest.mark.parametrize("name", sorted(n for n in CATALOGUE.attributes if not n.startswith("derived.")))
def test_every_gateway_that_a_shipped_row_declares_can_carry_it(name):
    attribute = CATALOGUE.attributes[name]
    kind = CATALOGUE.partners[attribute.partner].kind
    now = datetime(2026, 12, 1, tzinfo=UTC)
    needs = [need for gateway in GATEWAYS.values() for need in gateway.needs]
    record = {n.name: "2026-11-20" if n.kind == "not-older-than" else "2027-01-01" for n in needs}
    for gateway in (GATEWAYS[one] for one in attribute.gateways):
        recipient = sorted(gateway.recipients)[0]
        crossing = Crossing(sorted(gateway.purposes)[0], kind, recipient, Stage.SUBMISSION)
        found = carries(
            gateway,
            attribute=attribute,
            crossing=crossing,
            evidence={"partner": record, "project": record},
            now=now,
        )
        assert found.bars == ()
