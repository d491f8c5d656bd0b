from importlib.resources import files

import pytest

from policies.canonical import canonical, digest
from policies.catalogue_document import load_catalogue
from policies.errors import DocumentInvalid, NotCanonical
from policies.gateways_document import load_gateways
from policies.load import load_policy, load_request
from policies.terms import AttributeClass

LIBRARY = files("policies") / "library"
FRAMEWORK = (LIBRARY / "framework.yaml").read_text("utf-8")
CATALOGUE = (LIBRARY / "catalogue.yaml").read_text("utf-8")
GATEWAYS = (LIBRARY / "gateways.yaml").read_text("utf-8")
REQUEST = """\
format: linkage-request/v1
project: needs-2027
requester: asker
role: analyst
organisation: Partnership
purpose: strategic-needs-assessment
form: aggregate-table
attributes:
  police.area: where
  schools.suspended: who
population:
  - {attribute: schools.suspended, op: is, values: [yes]}
group-by: [police.area]
area: local-partnership
benefit: earlier help
asked-on: 2026-12-01
use-until: 2027-03-01
"""


def only_problem(load, text):
    with pytest.raises(DocumentInvalid) as caught:
        load(text, name="it.yaml")
    (problem,) = caught.value.problems
    return problem


def test_an_unknown_word_is_refused_with_its_line_its_column_and_the_nearest_word():
    text = REQUEST.replace("op: is,", "op: is,")
    bad = FRAMEWORK.replace("purposes: [service-planning]", "purposes: [servise-planning]")
    problem = only_problem(load_policy, bad)
    line = bad.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith("servise-planning")
    assert "“service-planning”" in problem.fix
    assert load_request(text).purpose == "strategic-needs-assessment"


def test_an_extra_field_is_refused_where_it_stands_and_the_right_name_is_offered():
    bad = FRAMEWORK.replace("    basis: Digital", "    bases: Digital")
    problem = only_problem(load_policy, bad)
    assert bad.splitlines()[problem.line - 1].startswith("    bases:")
    assert (problem.column, "“basis”" in problem.fix) == (5, True)


def test_a_missing_field_is_named():
    problem = only_problem(load_request, REQUEST.replace("benefit: earlier help\n", ""))
    assert "“benefit” is missing" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("role: analyst", "role: analyst\nrole: auditor", "twice"),
        ("role: analyst", "role: &a analyst", "Anchors"),
        ("role: analyst", "role: !!python/name:os.system analyst", "Tags"),
        ("role: analyst", "role: !secret analyst", "Tags"),
        ("role: analyst", "role: [unclosed", "not YAML"),
        ("use-until: 2027-03-01", "use-until: 2026-03-01", "ends before"),
        ("  police.area: where\n", "", "No reason is given for police.area"),
        ("police.area: where", "Police.Area: where", "Write it like police.age_band"),
        ("op: is,", "op: matches,", "is-not"),
    ],
)
def test_what_could_be_understood_in_two_ways_is_refused(old, new, says):
    assert old in REQUEST
    with pytest.raises(DocumentInvalid, match=says):
        load_request(REQUEST.replace(old, new))


def test_yes_and_no_stay_words():
    assert load_request(REQUEST).population[0].values == ("yes",)


def test_what_selects_or_groups_counts_as_requested():
    assert load_request(REQUEST).requested == {"police.area", "schools.suspended"}


@pytest.mark.parametrize("text", ["", "   \n", "- 1", "just words", "\x00", "a: " + "[" * 3000])
def test_what_is_no_document_is_refused(text):
    with pytest.raises(DocumentInvalid):
        load_policy(text)


def test_a_never_allowed_purpose_cannot_be_written_into_a_clause():
    bad = FRAMEWORK.replace("purposes: [research]", "purposes: [commercial]")
    assert "commercial" in only_problem(load_policy, bad).message


def test_two_rules_may_not_share_an_id():
    with pytest.raises(DocumentInvalid, match="Two rules are called SNA-1"):
        load_policy(FRAMEWORK.replace("id: PLAN-1", "id: SNA-1"))


def test_a_policy_may_not_expire_before_it_begins():
    with pytest.raises(DocumentInvalid, match="expires before"):
        load_policy(FRAMEWORK.replace("expires: 2027-12-31", "expires: 2026-05-31"))


def test_the_digest_covers_meaning_and_not_layout():
    same = "# a remark\n" + FRAMEWORK.replace(
        "forms: [flag-count, aggregate-table]", "forms: [aggregate-table, flag-count]"
    )
    assert same != FRAMEWORK
    assert load_policy(same).digest == load_policy(FRAMEWORK).digest
    assert (
        load_policy(FRAMEWORK.replace("suppress: 7, round", "suppress: 8, round")).digest
        != load_policy(FRAMEWORK).digest
    )


def test_a_changed_copy_has_a_digest_of_its_own():
    policy = load_policy(FRAMEWORK)
    before = policy.digest
    assert policy.model_copy(update={"version": 2}).digest != before


def test_canonical_bytes_are_sorted_json_without_spaces_and_floats_have_none():
    assert canonical({"b": frozenset({"z", "a"}), "a": 1}) == b'{"a":1,"b":["a","z"]}'
    assert (
        digest("") == "sha256:12ae32cb1ec02d01eda3581b127c1fee3b0dc53572ed6baf239721a03d82e126"
    )  # of two quote marks
    with pytest.raises(NotCanonical):
        canonical({"rate": 0.5})


def test_a_derived_attribute_inherits_the_strictest_class_and_every_flag():
    catalogue = load_catalogue(CATALOGUE)
    derived = catalogue.attributes["derived.violence_any_source"]
    assert derived.sensitivity is AttributeClass.C5
    assert {"patient_information", "health_or_social_care"} <= derived.flags
    assert catalogue.contributors({"derived.violence_any_source"}) == {"police", "nhs"}


def test_inheritance_reaches_through_several_steps_and_cannot_be_declared_away():
    twice = (
        CATALOGUE
        + '  washed: {says: made once more, made_from: [derived.violence_any_source], class: C0, values: ["yes", "no"]}\n'
    )
    washed = load_catalogue(twice).attributes["derived.washed"]
    assert washed.sensitivity is AttributeClass.C5
    assert "patient_information" in washed.flags
    assert "nhs.ae_assault" in washed.sources


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "made_from: [police.victim_violence, nhs.ae_assault]",
            "made_from: [police.victim_violense]",
            "police.victim_violence",
        ),
        ("made_from: [police.victim_violence, nhs.ae_assault]", "made_from: []", "made from nothing"),
        (
            "made_from: [police.victim_violence, nhs.ae_assault]",
            "made_from: [derived.violence_any_source]",
            "not above it",
        ),
        ("{any: {police", "{all: {police.victim_violence: [yes]}, any: {police", "either all or any"),
        ("{any: {police.victim_violence", "{any: {police.arrested_violence", "other attributes"),
        ('victim_violence: ["yes"], nhs', 'victim_violence: ["often"], nhs', "never has a value"),
        ('victim_violence: ["yes"], nhs', "victim_violence: [], nhs", "No value counts as yes"),
        (
            'nhs.ae_assault: ["yes"]}}\n    values: ["yes", "no"]',
            'nhs.ae_assault: ["yes"]}}\n    values: any',
            "yes or no",
        ),
        ("class: C5", "class: C9", "C9"),
        ("  council:\n", "  derived:\n", "may not be called"),
        ("gateways: [COPI-s251]", "gateways: []", "No gateway"),
    ],
)
def test_a_catalogue_that_does_not_hang_together_is_refused(old, new, says):
    assert old in CATALOGUE
    with pytest.raises(DocumentInvalid, match=says):
        load_catalogue(CATALOGUE.replace(old, new, 1))


def test_every_row_of_the_shipped_gateways_waits_for_a_lawyer():
    assert {gateway.confirmation for gateway in load_gateways(GATEWAYS).values()} == {
        "to be confirmed by the partner's lawyer"
    }
