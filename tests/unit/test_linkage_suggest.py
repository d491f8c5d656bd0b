"""Columns are taken for what their headers and values say; values beat a header that misleads, and no value is ever shown."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from linkage.errors import BadInput
from linkage.partner.sources.opened import open_source
from linkage.partner.suggestions.content import EVIDENCE
from linkage.partner.suggestions.date_orders import date_order, look_at_dates, orders_of
from linkage.partner.suggestions.headings import HEADINGS, by_headers, read_heading
from linkage.partner.suggestions.suggest import suggest_mapping
from linkage.partner.suggestions.suggestion import Suggestion
from linkage.partner.suggestions.usual_names import FORENAMES, SURNAMES

Columns = Mapping[str, Sequence[str]]
FIRST = ("Mary", "JOHN", "Susan", "David", "Kaye", "Emma", "Paul", "Fatima", "Oluwaseun", "Claire")
LAST = ("Smith", "JONES", "Patel", "O'Brien", "Khan", "Vandersloot", "Taylor", "Wright", "Ng", "Green")
NHS = ("9434765919", "943 476 5870", "4010232137", "943-476-5919")
BORN = [f"{d:02}/{m:02}/{1950 + d + m}" for d in range(1, 29) for m in (3, 11)]
POSTCODES = ("OX4 1AB", "rg1 2ed", "SL13BB", "MK9 3QQ")
STREETS = ("1 Mill Lane", "Flat 2, 14 High Street", "Rose Cottage", "22b St Johns Rd")


def many(values: Sequence[str], rows: int = 60) -> list[str]:
    return [values[i % len(values)] for i in range(rows)]


def suggested(folder: Path, columns: Columns) -> Suggestion:
    rows = zip(*columns.values(), strict=True)
    lines = ['"' + '","'.join(cells) + '"' for cells in [tuple(columns), *rows]]
    (folder / "people.csv").write_text("\n".join(lines) + "\n", "utf-8")
    with open_source(folder / "people.csv") as source:
        return suggest_mapping(source)


@pytest.mark.parametrize(
    ("identifier", "headers"),
    [
        ("forename", "Forename|Fore Name|FIRST_NAME|givenName|pat_forename|ClientForename|forename1|Legal First Name"),
        ("middle_name", "Middle Name|other_names|Forename2|SECOND FORENAME|MiddleInitial"),
        ("surname", "Surname|SURNAME1|Family_Name|last name|patsurname|LegalSurname|Client Surname (text)"),
        ("previous_surname", "PreviousSurname|maiden_or_former_name|Birth Name|Former Surname|surname_prev|Maiden Name"),
        ("alias_forename", "KnownAs|Preferred Forename|alias_first_name|Nickname"),
        ("alias_surname", "AKA Surname|alias_surname|PreferredSurname|surname2"),
        ("date_of_birth", "D.O.B|DoB|d_o_b|DATE OF BIRTH|BirthDate|PatientDOB|Date of Birth (dd/mm/yyyy)|born"),
        ("sex", "Gender|SEX|Gender Code|sex_at_birth"),
        ("postcode", "Post Code|POSTCODE|pcode|Home Postcode|Address Postcode|zip"),
        ("previous_postcode", "Previous Postcode|old_postcode"),
        ("address", "Addr1|Address Line 1|Street|Home Address|ADDRESS_1"),
        ("town", "Town|post_town|City|Address Town"),
        ("email", "E-mail|Email Address|ContactEmail"),
        ("phone", "Mobile|Tel No.|Home Phone|Telephone Number|Contact Number"),
        ("nhs_number", "NHS_No|NHS Number|nhs"),
        ("upn", "UPN|Unique Pupil Number"),
        ("pnc_id", "PNCID|PNC No|pnc_ref"),
        ("uprn", "UPRN|Property UPRN"),
    ],
)  # fmt: skip
def test_the_usual_headers_of_each_identifier_are_known(identifier: str, headers: str) -> None:
    assert {h: read_heading(h).identifier for h in headers.split("|")} == dict.fromkeys(
        headers.split("|"), identifier
    )


@pytest.mark.parametrize(
    ("bar", "headers"),
    [
        (
            "another person",
            "GP_Postcode|School Postcode|NOK Surname|MothersForename|Mother's Maiden Name|Officer Name|Victim DOB",
        ),
        ("an earlier value", "PREV_ADDRESS|Former Town|old_email"),
        ("a whole name", "Name|Full Name|client_name"),
        (None, "Date of death|Place of birth|Title|ethnicity|Sexual orientation|Ward|shoe size"),
    ],
)
def test_headers_that_mean_somebody_or_something_else_are_no_identifiers(bar: str | None, headers: str) -> None:
    found = [read_heading(h) for h in headers.split("|")]
    assert [(f.identifier, f.bar) for f in found] == [(None, bar)] * len(found)


def test_no_header_means_two_identifiers_and_no_name_is_usual_before_and_behind() -> None:
    every = [h for headers in HEADINGS.values() for h in headers]
    assert len(every) == len(set(every))
    assert not FORENAMES & SURNAMES
    assert set(HEADINGS) == {*EVIDENCE, "middle_name", "date_of_birth"}


def test_headers_alone_map_each_identifier_to_the_plainest_column() -> None:
    found = by_headers(
        ["ID", "Client Surname", "Surname", "First Name", "D.O.B.", "sex", "Gender", "shoe size"]
    )
    assert found == {"surname": "Surname", "forename": "First Name", "date_of_birth": "D.O.B.", "sex": "sex"}


def test_headers_and_values_that_agree_are_sure(tmp_path: Path) -> None:
    found = suggested(
        tmp_path,
        {
            "Case Ref": [f"c{i}" for i in range(60)],
            "Forename": many(FIRST),
            "SURNAME1": many(LAST),
            "DoB": many(BORN, 60),
            "Post Code": many(POSTCODES),
            "NHS_No": many(NHS),
            "suspended": many(["yes", "no", ""]),
        },
    )
    assert found.identifiers == {
        "forename": "Forename", "surname": "SURNAME1", "date_of_birth": "DoB", "postcode": "Post Code", "nhs_number": "NHS_No",
    }  # fmt: skip
    assert {found.of(c).confidence for c in found.identifiers.values()} == {"high"}
    assert found.of("NHS_No").reason == "the header says so; 100 % of values are valid NHS numbers"
    assert (found.record_id, found.attributes) == ("Case Ref", ("suspended",))
    assert found.dates("DoB").order == "DMY"


def test_values_alone_say_what_columns_are_that_have_no_telling_header(tmp_path: Path) -> None:
    columns = {
        "nhs_number": many(NHS), "forename": many(FIRST), "surname": many(LAST), "postcode": many(POSTCODES), "address": many(STREETS),
        "email": [f"x{i}@example.org" for i in range(60)], "sex": many(["F", "male"]), "town": many(["Oxford", "READING", "High Wycombe", "Slough"]),
        "phone": many(["07700 900123", "+44 7700 900456", "01865 496000"]),
    }  # fmt: skip
    found = suggested(tmp_path, {f"field{i}": values for i, values in enumerate(columns.values())})
    names = {"forename", "surname"}
    assert {i: f"field{n}" for n, i in enumerate(columns) if i not in names} == {
        i: c for i, c in found.identifiers.items() if i not in names
    }
    # Ten different names are too few to tell names from categories.
    assert not names & set(found.identifiers)
    assert {c.confidence for c in found.columns if c.identifier} == {"medium"}


def test_a_column_of_many_usual_names_is_known_without_its_header(tmp_path: Path) -> None:
    found = suggested(
        tmp_path,
        {
            "a": many(sorted(FORENAMES)[::3]),
            "b": many(sorted(SURNAMES)[::3]),
            "c": many(sorted(SURNAMES)[1::3]),
        },
    )
    assert found.identifiers == {"forename": "a", "surname": "b"}
    second = found.of("c")
    assert (second.identifier, second.confidence) == ("previous_surname", "low")


def test_values_beat_a_header_that_misleads_and_the_reason_says_so(tmp_path: Path) -> None:
    found = suggested(
        tmp_path,
        {
            "NHS Number": [f"H{i}" for i in range(60)],
            "Hospital No": many(NHS),
            "Surname": many(sorted(FORENAMES)[::3]),
            "Forename": many(sorted(SURNAMES)[::3]),
            "Address": many(POSTCODES),
        },
    )
    assert found.identifiers == {
        "nhs_number": "Hospital No", "forename": "Surname", "surname": "Forename", "postcode": "Address",
    }  # fmt: skip
    assert (
        found.of("NHS Number").reason
        == "the header says nhs_number, but only 0 % of values are valid NHS numbers"
    )
    assert found.of("Hospital No").reason == "the header does not say; 100 % of values are valid NHS numbers"
    assert found.of("Surname").reason == (
        "the header says surname, but only 0 % of values are usual surnames; 100 % of values are usual forenames"
    )
    assert found.of("Address").confidence == "medium"


def test_of_several_address_lines_the_one_with_the_street_is_taken_and_the_town_and_postcode_are_found(
    tmp_path: Path,
) -> None:
    found = suggested(
        tmp_path,
        {
            "Addr1": many(["Flat A", "Rose", "The Hollies", "Unit 7 b"]),
            "Addr2": many(["1 Mill Lane", "14 High Street"]),
            "Addr3": many(["OXFORD", "Reading"]),
            "Addr4": many(POSTCODES),
        },
    )
    assert found.identifiers == {"address": "Addr2", "town": "Addr3", "postcode": "Addr4"}
    assert found.of("Addr1").reason == "column 'Addr2' serves better as address"
    assert found.of("Addr3").reason == "a line of the address; 100 % of values are British towns"


def test_an_empty_column_is_what_its_header_says_unless_a_filled_one_is(tmp_path: Path) -> None:
    found = suggested(tmp_path, {"Town": many([""]), "Surname": many([""]), "b": many(sorted(SURNAMES)[::3])})
    assert found.identifiers == {"town": "Town", "surname": "b"}
    assert found.of("Town").reason == "the header says so; the column is empty as far as was looked"
    assert found.of("Surname").reason == "column 'b' serves better as surname"


def test_a_column_of_other_people_is_left_out(tmp_path: Path) -> None:
    found = suggested(tmp_path, {"Mother Surname": many(LAST), "id": [str(i) for i in range(60)]})
    assert found.identifiers == {}
    assert found.of("Mother Surname").reason.startswith("the header names somebody else")


def test_a_date_without_a_telling_header_is_no_more_than_a_guess(tmp_path: Path) -> None:
    found = suggested(tmp_path, {"seen": many(BORN), "id": [str(i) for i in range(60)]})
    assert found.identifiers == {}
    assert (found.of("seen").identifier, found.of("seen").confidence) == ("date_of_birth", "low")


def test_day_counts_of_a_spreadsheet_are_named_as_such(tmp_path: Path) -> None:
    found = suggested(tmp_path, {"dob": [str(29221 + i) for i in range(60)], "id": [str(i) for i in range(60)]})
    assert "numbers as spreadsheets count days: give the column the format of a date" in found.of("dob").reason


def test_a_record_id_has_a_value_of_its_own_in_every_row(tmp_path: Path) -> None:
    ids = [f"r{i}" for i in range(60)]
    found = suggested(tmp_path, {"note": [f"n{i}" for i in range(60)], "client_id": ids, "surname": many(LAST)})
    assert found.record_id == "client_id"
    assert found.of("client_id").reason == "the header says so; each of 60 rows has a value of its own"
    again = suggested(tmp_path, {"client_id": ["r1", "", *ids[2:59], "r5"], "surname": many(LAST)})
    assert again.record_id is None
    assert again.of("client_id").reason == (
        "it sounds like a record id, but 1 rows have none and 1 have one that stood before"
    )


def test_a_file_without_a_header_is_refused_and_its_first_row_not_shown(tmp_path: Path) -> None:
    for first in (
        ("1", "Smith", "12/03/1980"),
        ("1", "Smith", "943 476 5919"),
        ("Smith", "OX4 1AB"),
        ("a", "x@y.org"),
    ):
        columns = {name: ["a", "b"] for name in first}
        with pytest.raises(
            BadInput, match="its first row looks like somebody's data; put a row of column names"
        ) as caught:
            suggested(tmp_path, columns)
        assert not [name for name in first if len(name) > 1 and name in str(caught.value)]


def test_nothing_that_is_suggested_shows_a_value(tmp_path: Path) -> None:
    found = suggested(
        tmp_path,
        {
            "id": [f"r{i}" for i in range(60)],
            "x": many(LAST),
            "Surname": many(NHS),
            "dob": many(BORN),
            "y": many(STREETS),
        },
    )
    said = " ".join(c.reason for c in found.columns)
    assert not [v for v in (*LAST, *NHS, *BORN, *STREETS) if len(v) > 2 and v in said]


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["1980-02-03", "1981-12-30"], "YMD"),
        (["03/02/1980", "31/12/1980"], "DMY"),
        (["02/03/1980", "12/31/1980"], "MDY"),
        (["02/03/1980", "04/05/1980"], None),
        (["31 Dec 1980", "01 Feb 1980"], "DMY"),
        (["Feb 3, 1980"], "MDY"),
        (["3rd February 1980"], "DMY"),
        (["03FEB1980"], "DMY"),
        (["19800203"], "YMD"),
        (["31121980"], "DMY"),
        (["03/02/1980 00:00", "31/12/1980 10:30"], "DMY"),
        (["1980-02-03T00:00:00"], "YMD"),
        (["12/03/85", "30/03/85"], "DMY"),
        (["unknown", ""], None),
        ([], None),
        (["31/12/1980", "12/31/1980"], None),
        (["31/02/1980", "32/01/1980"], None),
        ([*BORN, "12/31/1980"], "DMY"),
    ],
)
def test_the_order_of_a_columns_dates_is_told_or_left_open(values: list[str], order: str | None) -> None:
    assert date_order(values) == order


def test_dates_are_counted_by_the_orders_that_read_them() -> None:
    found = look_at_dates(["03/02/1980", "03/02/1980", "31/12/1980", "?", "29221", "01/02/03"])
    assert (found.values, found.dates, found.two_digit, found.day_counts) == (6, 4, 1, 1)
    assert found.readable == {"DMY": 4, "MDY": 3, "YMD": 1}
    assert orders_of("31/12/1980") == {"DMY": False}
    assert orders_of("31/12/80") == {"DMY": True}


def test_where_no_order_reads_the_dates_none_is_possible_and_where_several_do_all_are_named() -> None:
    assert look_at_dates(["31/12/1980", "12/31/1980"] * 20).possible == ()
    assert look_at_dates(["01/02/1980"] * 20).possible == ("DMY", "MDY")
