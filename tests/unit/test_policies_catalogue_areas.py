"""What the catalogue declares of areas, and of who could be recognised by what."""

import json
from pathlib import Path

import pytest

from policies.canonical import digest
from policies.catalogue_document import load_catalogue
from policies.disclosure import Layout, Ledger, PublishedTable, Rule, Unsafe
from policies.disclosure.entangled import refuse_entangled
from policies.disclosure.extracts import QUASI, SENSITIVE, role_of
from policies.errors import DocumentInvalid
from policies.explain import explain_attribute
from policies.forms import shown_level

TEXT = (Path(__file__).parents[2] / "policies" / "library" / "catalogue.yaml").read_text("utf-8")
WITHIN = {"E1": "W1", "E2": "W1", "E3": "W2", "W1": "north", "W2": "south"}
LEVELS = ["LSOA", "ward", "local-partnership"]
AREA = "{says: local partnership of residence, class: C0, values: any, gateways: [PCSC-s16, CDA-s115, DEA-s64]}"
DECLARED = f"areas:\n  county: {{levels: {json.dumps(LEVELS)}, within: {json.dumps(WITHIN)}}}\nderived:\n"


def catalogue(*, area="areas: county, ", declared=DECLARED, more=""):
    text = TEXT.replace(AREA, AREA.replace("values: any, ", f"values: any, {area}{more}"), 1)
    return load_catalogue(text.replace("derived:\n", declared, 1))


def test_a_catalogue_that_declares_nothing_new_keeps_its_digest():
    assert (
        digest(load_catalogue(TEXT))
        == "sha256:3830dda77f2b7b032c3478959b8cf656c3139d1557d092f76a86f8aa7fcbccb2"
    )


def test_an_attribute_has_the_areas_of_its_level():
    found = catalogue().attributes["police.area"]
    assert (found.level, found.values) == ("LSOA", ("E1", "E2", "E3"))
    assert catalogue(more="level: ward, ").attributes["police.area"].values == ("W1", "W2")


@pytest.mark.parametrize(
    ("asked", "shown"), [("LSOA", "LSOA"), ("ward", "ward"), ("local-partnership", "local-partnership")]
)
def test_areas_are_shown_no_finer_than_was_asked_for(asked, shown):
    found = catalogue().attributes["police.area"]
    assert shown_level(found, area=asked) == shown
    assert (
        found.areas.upwards(to=shown)["E3"] == {"LSOA": "E3", "ward": "W2", "local-partnership": "south"}[shown]
    )
    assert shown_level(catalogue(more="level: ward, ").attributes["police.area"], area="LSOA") == "ward"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"declared": "derived:\n"}, "names areas that are not in the catalogue"),
        ({"more": "level: whole-area, "}, "a level that its areas do not have"),
        ({"area": "level: ward, "}, "An attribute has areas, a level, or values of its own"),
        ({"declared": DECLARED.replace('"LSOA", "ward"', '"ward", "LSOA"')}, "do not go from fine to coarse"),
        ({"declared": DECLARED.replace('"W1": "north"', '"W1": "E1"')}, "does not lie in an area of each level"),
        ({"declared": DECLARED.replace('"E3": "W2"', '"E3": "south"')}, "does not lie in an area of each level"),
        ({"declared": DECLARED.replace('"E3": "W2"', '"Total": "W2"')}, "called Total"),
    ],
)  # fmt: skip
def test_areas_that_do_not_hang_together_are_refused(changes, says):
    with pytest.raises(DocumentInvalid, match=says):
        catalogue(**changes)


def test_what_others_can_know_is_declared_and_follows_from_the_class_only_where_nothing_is_said():
    found = load_catalogue(TEXT).attributes
    assert (role_of(found["police.age_band"]), role_of(found["police.arrested_violence"])) == (QUASI, SENSITIVE)
    said = TEXT.replace(
        "{says: age band, class: C1,", "{says: age band, class: C1, quasi_identifier: false,", 1
    ).replace(
        "{says: arrested for a violent offence, class: C3,",
        "{says: arrested for a violent offence, class: C3, quasi_identifier: true,",
        1,
    )
    found = load_catalogue(said).attributes
    assert (role_of(found["police.age_band"]), role_of(found["police.arrested_violence"])) == (SENSITIVE, QUASI)
    # What is made of something that others can know is known with it.
    assert role_of(found["derived.known_to_three"]) == QUASI


def test_two_attributes_for_the_same_areas_are_not_both_described():
    text = TEXT.replace(AREA, AREA.replace("values: any, ", "values: any, areas: county, "), 1).replace(
        "      age_band: {",
        f"      ward: {AREA.replace('values: any, ', 'values: any, areas: county, level: ward, ')}\n      age_band: {{",
        1,
    )
    known = load_catalogue(text.replace("derived:\n", DECLARED, 1))
    earlier = PublishedTable(
        Layout("people", ("police.ward",), (("W1", "W2"),)), Rule(7, 5, False), ("20", "30")
    )
    later = Layout("people", ("police.area",), (("E1", "E2", "E3"),))
    refuse_entangled(later, ledger=Ledger(), catalogue=known)
    with pytest.raises(Unsafe, match="the same areas at two levels"):
        refuse_entangled(later, ledger=Ledger().add("release-1", table=earlier), catalogue=known)


def test_members_read_what_is_declared_of_an_attribute():
    assert explain_attribute("police.area", catalogue=catalogue()).endswith(
        "It shows areas as fine as small area (LSOA)."
    )
    said = load_catalogue(TEXT.replace("class: C1, values", "class: C1, quasi_identifier: true, values", 1))
    assert explain_attribute("police.age_band", catalogue=said).endswith("Somebody could be recognised by it.")
