"""Which keys are said to leak, and which are not."""

import pytest

from linkage.leak.controls import with_keys
from linkage.leak.lint import Finding, lint
from linkage.schema import default_schema, load_schema

PEOPLE = 1_000
NAMED = {
    "family": ["surname.whole", "postcode.whole"],
    "family-any": ["name.any.sound", "town.whole"],
    "born": ["date_of_birth.whole"],
    "names": ["name.both.sound"],
    "nhs": ["nhs_number.whole"],
    "rare": ["name.both.whole", "date_of_birth.whole"],
}


@pytest.fixture(scope="module")
def findings() -> tuple[Finding, ...]:
    return lint(with_keys(default_schema(), NAMED, most=24), people=PEOPLE, seed=2)


def of(findings: tuple[Finding, ...], where: str) -> list[Finding]:
    return [f for f in findings if f.where == where]


def test_a_key_whose_parts_a_family_shares_leaks_by_rule_and_by_count(findings: tuple[Finding, ...]) -> None:
    by_rule, by_count = of(findings, "family")
    assert by_rule.severity == "leaks"
    assert by_rule.sentence.startswith("a family shares every part of it")
    assert by_count.figure is not None
    assert by_count.figure > 0.1
    assert f"{by_count.figure:.1%}" in by_count.sentence


def test_a_key_by_either_name_is_a_family_key_because_it_may_be_read_by_surname(
    findings: tuple[Finding, ...],
) -> None:
    assert of(findings, "family-any")[0].sentence.startswith("a family shares every part of it")


def test_one_part_that_many_share_leaks(findings: tuple[Finding, ...]) -> None:
    assert of(findings, "born")[0].sentence.startswith("it is one part that many people share")
    assert not [f for f in of(findings, "names") if f.sentence.startswith("it is one part")], (
        "both names are two parts"
    )


def test_rare_keys_are_clean(findings: tuple[Finding, ...]) -> None:
    assert not of(findings, "rare")
    assert not of(findings, "nhs")


def test_a_key_whose_values_are_too_common_leaks_and_leaves_most_rows_out() -> None:
    by_rule, by_count, left_out = lint(
        with_keys(default_schema(), {"sex": ["sex.whole"]}, most=24), people=PEOPLE, seed=2
    )
    assert (by_rule.severity, by_count.severity, left_out.severity) == ("leaks", "leaks", "warning")
    assert by_count.figure == 1.0
    assert "on average 24.0 people to a row's block" in by_count.sentence
    # 24 people stay of either sex, of nearly a thousand.
    assert left_out.figure == pytest.approx(1 - 48 / PEOPLE, abs=0.002)
    assert left_out.sentence.endswith("left out, because more than 24 people share their key")


def test_where_one_person_of_a_key_stays_a_family_key_is_clean_and_one_that_hardly_anybody_keeps_is_not() -> (
    None
):
    schema = with_keys(
        default_schema(), {"family": NAMED["family"], "sex": ["sex.whole"], "rare": NAMED["rare"]}, most=1
    )
    found = lint(schema, people=PEOPLE, seed=2)
    assert [(f.where, f.severity) for f in found] == [("sex", "warning"), ("sex", "warning")]
    assert found[0].sentence.endswith("most of them are left out of this pass")
    assert found[1].figure == pytest.approx(1 - 2 / PEOPLE, abs=0.002)
    assert found[1].sentence.endswith("are left out, because others in the file share their key")


def test_of_two_people_who_may_stay_a_family_key_leaks() -> None:
    found = lint(with_keys(default_schema(), {"family": NAMED["family"]}, most=2), people=PEOPLE, seed=2)
    assert (found[0].where, found[0].severity) == ("family", "leaks")


def test_large_blocks_and_names_without_bands_are_named() -> None:
    plain = load_schema(default_schema().text.replace("banded: true", "banded: false"))
    found = lint(with_keys(plain, {"rare": NAMED["rare"]}, most=400), people=PEOPLE, seed=2)
    assert {(f.where, f.severity) for f in found} == {
        ("forename", "note"),
        ("surname", "note"),
        ("most_people_per_key", "leaks"),
    }


def test_a_key_that_leaves_nothing_to_compare_is_named() -> None:
    schema = load_schema(
        """
schema: linkage-schema/v1
name: one
version: 1
filter_bits: 128
most_people_per_key: 24
bands: [0.1, 0.2]
comparisons: {born: {of: [date_of_birth], grams: date}}
keys: {both: [date_of_birth.whole, name.both.whole]}
"""
    )
    assert [f.sentence for f in lint(schema, people=PEOPLE, seed=2) if f.severity == "warning"] == [
        "nothing is compared beside the key: whoever shares it is taken for one person"
    ]


def test_every_finding_on_the_default_schema_names_one_of_its_entries() -> None:
    schema = default_schema()
    for finding in lint(schema, people=PEOPLE, seed=2):
        assert finding.where in {*schema.keys, *schema.comparisons}
        assert finding.severity != "note" or finding.figure is None
