from importlib.resources import files

import pytest

from policies.catalogue_document import load_catalogue
from policies.explain import explain_attribute, explain_document, explain_gateway, vocabulary_in_words
from policies.gateways_document import load_gateways
from policies.linter import lint
from policies.load import load_policy

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
FRAMEWORK = (LIBRARY / "framework.yaml").read_text("utf-8")
BASIS = (
    "    basis: Crime and Disorder Act 1998 s. 115; Children Act 2004 s. 10; UK GDPR Art. 6(1)(e) and Art. 10\n"
)
PLACE = "      classes: [C0, C1, C2]\n    gateways: [CDA-s115]"


def faults(text):
    return {
        (fault.rule, fault.code) for fault in lint(load_policy(text), catalogue=CATALOGUE, gateways=GATEWAYS)
    }


def test_the_shipped_framework_has_no_faults():
    assert faults(FRAMEWORK) == set()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (BASIS, "", ("SAFE-1", "no-basis")),
        (
            "transparency]\n    review: 2027-05-31\ntests:",
            "transparency]\ntests:",
            ("RESEARCH-1", "no-review-date"),
        ),
        (
            "transparency]\n    review: 2027-05-31\ntests:",
            "transparency]\n    review: 2027-09-01\ntests:",
            ("RESEARCH-1", "review-too-late"),
        ),
        (
            "transparency]\n    review: 2027-05-31\ntests:",
            "transparency]\n    review: 2026-01-01\ntests:",
            ("RESEARCH-1", "unreachable"),
        ),
        ("      suppress: 7\n", "      suppress: 5\n", ("SNA-1", "wider-than-floor")),
        ("      k: 10\n", "      k: 5\n", ("RESEARCH-1", "wider-than-floor")),
        (
            "finest-area: ward\n    attributes",
            "finest-area: LSOA\n    attributes",
            ("PLACE-1", "wider-than-floor"),
        ),
        ("use-within-days: 366, finest", "use-within-days: 300, finest", ("EVAL-1", "wider-than-floor")),
        (PLACE, PLACE.replace("C2]", "C2, C5]"), ("PLACE-1", "gateway-cannot-carry")),
        (PLACE, PLACE.replace("C2]", "C2, C6]"), ("PLACE-1", "never-released-class")),
        (PLACE, PLACE.replace("CDA-s115", "CDA-s17A"), ("PLACE-1", "gateway-cannot-carry")),
        (
            PLACE,
            PLACE.replace("gateways: [CDA-s115]", "  flags: [patient_information]\n    gateways: [CDA-s115]"),
            ("PLACE-1", "gateway-cannot-carry"),
        ),
        (PLACE, PLACE.replace("CDA-s115", "COPI-s251"), ("PLACE-1", "unreachable")),
        (PLACE, PLACE.replace("classes: [C0, C1, C2]", "classes: [C4]"), ("PLACE-1", "unreachable")),
        (
            "    forms: [pseudonymised-extract]\n    flags: [assessment]",
            "    purposes: [research]",
            ("RESEARCH-1", "prohibited-throughout"),
        ),
        (FRAMEWORK[FRAMEWORK.index("tests:") :], "", ("tvvpp-ethical-framework", "no-tests")),
    ],
)
def test_each_fault_is_found_in_a_twin_that_has_it(old, new, fault):
    assert old in FRAMEWORK
    assert fault in faults(FRAMEWORK.replace(old, new, 1))


def test_a_gateway_that_is_missing_from_the_table_is_found():
    table = {name: row for name, row in GATEWAYS.items() if name != "DEA-s64"}
    found = lint(load_policy(FRAMEWORK), catalogue=CATALOGUE, gateways=table)
    assert ("RESEARCH-1", "gateway-unknown") in {(fault.rule, fault.code) for fault in found}


def test_the_document_is_told_in_sentences_made_from_its_fields():
    policy = load_policy(FRAMEWORK)
    told = "\n".join(explain_document(policy))
    assert policy.digest in told
    for clause in policy.clauses:
        assert clause.id in told
        assert clause.basis in told
    changed = policy.model_copy(update={"floors": policy.floors.model_copy(update={"suppress": 9})})
    assert "Counts from 1 to 9 are hidden" in "\n".join(explain_document(changed))


def test_gateways_attributes_and_words_are_told_in_sentences():
    assert all(
        name in explain_gateway(row) and "lawyer" in explain_gateway(row) for name, row in GATEWAYS.items()
    )
    assert "patient information" in explain_attribute("nhs.ae_assault", catalogue=CATALOGUE)
    assert len(vocabulary_in_words()) > 60
