"""The mapping file is strict about its words, takes yesterday's files, and reads back what was written for people."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from linkage.errors import BadInput
from service.officer.mapping_file import MappingFile, mapping_text, parse_mapping, read_mapping

OLD: dict[str, Any] = {
    "mapping": "linkage-mapping/v1", "partner": "police", "record_id": "nominal_ref", "date_order": "DMY", "encoding": "cp1252",
    "identifiers": {"forename": "given_name", "date_of_birth": "dob"}, "attributes": {"custody": "custody"}, "token_gateway": "PCSC-s16",
    "attribute_gateways": {"custody": "PCSC-s16"},
}  # fmt: skip
NEW: dict[str, Any] = OLD | {
    "encoding": "utf-8",
    "source": {"sheet": "People", "encoding": "utf-8"},
    "date_orders": {"dob": "MDY"},
    "century_pivot": {"dob": 2026},
    "exclusions": [
        {
            "name": "national-data-opt-out",
            "file": "optouts.csv",
            "column": "nhs_number",
            "of": "nhs_number",
            "checked": "2026-11-20",
        }
    ],
}


def parsed(body: dict[str, Any]) -> MappingFile:
    return parse_mapping(yaml.safe_dump(body), name="mapping.yaml")


def test_a_mapping_of_before_is_still_one() -> None:
    one = parsed(OLD)
    assert one.read_as.encoding == "cp1252"
    assert one.columns().order_of("dob") == "DMY"
    assert (one.source.sheet, one.exclusions, one.century_pivot) == (None, (), {})


def test_a_mapping_says_how_its_source_is_read_and_who_is_left_out() -> None:
    one = parsed(NEW)
    assert (one.read_as.sheet, one.read_as.encoding) == ("People", "utf-8")
    assert one.columns().order_of("dob") == "MDY"
    assert one.columns().latest_years == {"dob": 2026}
    (listed,) = one.exclusions
    assert (listed.of, listed.checked, listed.keeps, listed.without) == (
        "nhs_number",
        date(2026, 11, 20),
        False,
        None,
    )


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"mapping": "linkage-mapping/v2"}, "mapping: Input should be 'linkage-mapping/v1'"),
        ({"shoes": 1}, "shoes: Extra inputs"),
        ({"source": {"page": "x"}}, "source.page: Extra inputs"),
        ({"date_orders": {"dob": "DYM"}}, "date_orders.dob"),
        (
            {"date_orders": {"seen": "DMY"}},
            "'seen' stands under date_orders or century_pivot and is no mapped column",
        ),
        ({"century_pivot": {"dob": 26}}, "century_pivot.dob: Input should be greater"),
        ({"source": {"encoding": "cp1252"}}, "encoding is said twice and differently"),
        ({"attributes": {}}, "custody should stand under both"),
        ({"exclusions": [NEW["exclusions"][0] | {"of": "upn"}]}, "exclusions.0.of"),
        ({"exclusions": [NEW["exclusions"][0] | {"name": "Opt Outs"}]}, "exclusions.0.name"),
        ({"exclusions": [NEW["exclusions"][0] | {"checked": "last week"}]}, "exclusions.0.checked"),
        ({"exclusions": NEW["exclusions"] * 2}, "two exclusions have the same name"),
    ],
)
def test_a_word_that_should_not_be_there_is_refused_by_its_place(change: dict[str, Any], saying: str) -> None:
    with pytest.raises(BadInput, match=r"^mapping\.yaml, ") as caught:
        parsed(NEW | change)
    assert saying in str(caught.value)


def test_a_text_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("mapping: [\n")
    with pytest.raises(BadInput, match=r"m\.yaml, line 2: this is no YAML"):
        read_mapping(path)
    with pytest.raises(BadInput, match=r"no file absent\.yaml"):
        read_mapping(tmp_path / "absent.yaml")


def test_a_mapping_is_written_for_people_and_reads_back_the_same() -> None:
    odd = 'a: "odd" #name\nwith a line'
    one = parsed(
        NEW | {"record_id": odd, "identifiers": {"forename": "null", "surname": "yes", "date_of_birth": "dob"}}
    )
    text = mapping_text(
        one, head="Made up\nfor a test", notes={"record_id": "each row\nhas its own", "identifiers.surname": "the header says so"},
        left_out={"shoe size": "12 different values", odd: "x"},
    )  # fmt: skip
    assert parse_mapping(text, name="it") == one
    assert text.startswith("# Made up\n# for a test\nmapping: linkage-mapping/v1\npartner: police\n")
    assert '  surname: "yes"' in text.replace("'yes'", '"yes"')
    assert "# the header says so" in text
    assert "# each row has its own" in text
    assert "#   shoe size: 12 different values" in text
    assert all(line.strip() for line in text.splitlines())


def test_what_is_left_out_can_break_no_line() -> None:
    text = mapping_text(
        parsed(OLD),
        notes={"identifiers.forename": "a\nrecord_id: evil"},
        left_out={"x\nrecord_id: evil": "y\npartner: z"},
    )
    assert parse_mapping(text, name="it") == parsed(OLD)


def test_subgroups_are_read_back_as_written_and_their_columns_are_read_once() -> None:
    codes = {"W1": "white", "1": "asian", "no": "unknown", "it's, odd: #": "other"}
    group = {"column": "custody", "gateway": "PCSC-s16", "codes": codes}
    one = parsed(OLD | {"subgroups": {"ethnic_group": group, "sex": {**group, "codes": {"F": "female"}}}})
    text = mapping_text(one, notes={}, left_out={})
    assert parse_mapping(text, name="again") == one
    assert one.columns().attributes == ("custody",)
    assert one.subgroup_gateways == {"ethnic_group": "PCSC-s16", "sex": "PCSC-s16"}
    assert one.subgroup_columns["ethnic_group"].codes == codes


@pytest.mark.parametrize("codes", ["{no: unknown}", "{1: asian}", "{W: yes}", "{W: }"])
def test_a_code_that_yaml_takes_for_something_else_is_asked_for_in_quotation_marks(codes: str) -> None:
    text = yaml.safe_dump(OLD) + f"subgroups: {{ethnic_group: {{column: c, gateway: g, codes: {codes}}}}}\n"
    with pytest.raises(BadInput, match="between quotation marks"):
        parse_mapping(text, name="mapping.yaml")
