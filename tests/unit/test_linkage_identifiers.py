"""What is common to all identifiers, and how the plain ones are cleaned: dates, postcodes, addresses, e-mail, telephone, sex."""

import pytest

from linkage.partner.identifiers import KINDS, address, dates, email, phone, postcode, sex
from linkage.schema import IDENTIFIERS, PARTS

EXAMPLES = {
    "date_of_birth": "19800203",
    "postcode": "OX41AB",
    "address": "1 MILL LANE",
    "email": "mary@x.org",
    "phone": "+447700900123",
    "nhs_number": "9434765919",
    "upn": "B801200005001",
    "pnc_id": "1979/0163001B",
    "uprn": "100120012345",
    "sex": "F",
}


def parts(identifier: str, value: str, names: str) -> list[str | None]:
    return [KINDS[identifier].part(value, n) for n in names.split()]


def test_every_identifier_of_the_schema_has_its_kind_and_every_part_is_made() -> None:
    assert set(KINDS) == set(IDENTIFIERS)
    for identifier in IDENTIFIERS:
        example = EXAMPLES.get(identifier, "MARY")
        assert KINDS[identifier].clean(example) == example
        for part in PARTS[identifier]:
            assert KINDS[identifier].parts(example, part), (identifier, part)


def test_an_identifier_has_no_part_that_it_does_not_name() -> None:
    for identifier, kind in KINDS.items():
        with pytest.raises(KeyError):
            kind.parts(EXAMPLES.get(identifier, "MARY"), "middle")


def test_what_has_no_value_of_a_part_gives_none_of_it() -> None:
    assert KINDS["address"].parts("HIGH STREET", "number") == ()
    assert KINDS["address"].part("HIGH STREET", "number") is None
    assert KINDS["sex"].alternatives("F") == ()
    assert KINDS["sex"].main is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1987", "1987????"), ("03/1987", "198703??"), ("Mar 1987", "198703??"), ("1987-03", "198703??"), ("1987-00-00", "1987????"),
        ("????-03-12", "????0312"), ("0000-03-12", "????0312"), ("1987-03-12 00:00:00", "19870312"), ("1987-03-12T00:00:00Z", "19870312"),
        ("12MAR1987", "19870312"), (" 1987-3-2 ", "19870302"), ("1987-13-02", "19870213"),
        ("87-03-12", None), ("00-03-12", None), ("12MAR87", None), ("31778", None), ("1987-02-29", None), ("1987-13-13", None), ("1987-03-99", None),
        ("????-??-??", None), ("1987 1988", None), ("13/1987", None), ("Deceased 1987", None), ("Sept 1987", "198709??"), ("today", None), ("", None), ("-", None),
    ],
)  # fmt: skip
def test_a_date_may_be_known_in_part_and_is_never_guessed(text: str, value: str | None) -> None:
    assert dates.clean(text) == value


@pytest.mark.parametrize(
    ("text", "order", "value"),
    [
        ("00/00/1987", "DMY", "1987????"), ("12th March 1987", "DMY", "19870312"), ("March 12, 1987", "MDY", "19870312"),
        ("3/12/1987", "MDY", "19870312"), ("3/12/1987", "DMY", "19871203"), ("12.03.1987", "DMY", "19870312"), ("12031987", "DMY", "19870312"),
        ("31/31/1987", "DMY", None), ("12-MAR-87", "DMY", None),
    ],
)  # fmt: skip
def test_a_date_is_read_in_the_order_of_its_column(text: str, order: str, value: str | None) -> None:
    assert dates.clean_in_order(text, order) == value


def test_a_year_of_two_digits_is_read_where_the_latest_year_is_named() -> None:
    assert dates.clean_in_order("12-MAR-87", "DMY", latest_year=2010) == "19870312"
    assert dates.clean_in_order("12/03/10", "DMY", latest_year=2010) == "20100312"
    assert dates.clean_in_order("12/03/11", "DMY", latest_year=2010) == "19110312"
    assert dates.clean_in_order("12/03/00", "DMY", latest_year=2010) == "20000312"


@pytest.mark.parametrize(
    "text",
    [
        "1900-01-01",
        "1901-01-01",
        "01/01/1900",
        "1899-12-30",
        "1899-12-31",
        "9999-12-31",
        "2099-12-31",
        "1900",
        "1753-01-01",
    ],
)
def test_a_date_that_stands_for_none_is_none(text: str) -> None:
    assert dates.clean_in_order(text, "DMY" if "/" in text else "YMD") is None


def test_a_first_of_january_is_a_date_but_gives_no_part_without_a_sure_year() -> None:
    names = "whole certain year year-month year-day day-month decade-day-month"
    assert parts("date_of_birth", "19870101", names) == ["19870101", None, "1987", None, None, None, None]
    assert parts("date_of_birth", "19870102", names) == [
        "19870102",
        "19870102",
        "1987",
        "198701",
        "198702",
        "0102",
        "1980102",
    ]
    assert [dates.is_default(v) for v in ("19870101", "????0101", "19870110", "1987????")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("20040309", ["20040309", "2004", "200403", "200409", "0309", "2000309"]),
        ("20040903", ["20040903", "2004", "200409", "200403", "0309", "2000309"]),
        ("2004??09", [None, "2004", None, "200409", None, None]),
        ("????0309", [None, None, None, None, "0309", None]),
        ("2004????", [None, "2004", None, None, None, None]),
    ],
)
def test_a_date_has_a_part_where_all_of_it_is_known(value: str, expected: list[str | None]) -> None:
    assert (
        parts("date_of_birth", value, "whole year year-month year-day day-month decade-day-month") == expected
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("OX4 IAB", "OX41AB"), ("0X4 1AB", "OX41AB"), ("OXI4 1AB", "OX141AB"), ("WIA 1HQ", "W1A1HQ"), ("W1O 1AA", "W101AA"), ("S015 1AA", "SO151AA"),
        ("SO15 1AA", "SO151AA"), ("OX04 1AB", "OX41AB"), ("L01 1AA", "L11AA"), ("ox4-1ab", "OX41AB"), ("OX4.1AB", "OX41AB"), ("GIR 0AA", "GIR0AA"),
        ("BFPO 57", "BFPO57"), ("JE2 3AB", "JE23AB"), ("GY1 1AA", "GY11AA"), ("IM1 1AA", "IM11AA"), ("BF1 0AX", "BF10AX"),
        ("S01 1AA", "S011AA"), ("1011 AB", "1011AB"), ("D02 AF30", "D02AF30"), ("90210", "90210"),
        ("ZZ99 3VZ", None), ("ZZ993WZ", None), ("ZZ99 3CZ", None), ("AA1 1AA", None), ("UNKNOWN", None), ("N/A", None), ("NFA", None), ("OX4", None),
        ("OX14", None), ("OX14 1", None), ("OX4 1", None), ("SW1A", None), ("HM12", "HM12"), ("00000", None), ("", None),
    ],
)  # fmt: skip
def test_a_postcode_is_put_right_where_only_one_code_can_be_meant(text: str, value: str | None) -> None:
    assert postcode.clean(text) == value


def test_a_postcode_has_an_area_and_a_foreign_one_has_none() -> None:
    assert parts("postcode", "OX41AB", "whole sector outward area") == ["OX41AB", "OX41", "OX4", "OX"]
    assert parts("postcode", "W1A1HQ", "whole sector outward area") == ["W1A1HQ", "W1A1", "W1A", "W"]
    assert parts("postcode", "90210", "whole sector outward area") == ["90210", "90210", None, None]
    assert parts("postcode", "BFPO57", "whole sector outward area") == ["BFPO57", "BFPO57", None, None]


@pytest.mark.parametrize(
    ("text", "value", "street", "house", "number"),
    [
        ("12 St. Clement's Rd", "12 STREET CLEMENTS ROAD", "CLEMENTS", "12 CLEMENTS", "12"),
        ("Flat 3, 12A Mill Ln", "FLAT 3 12A MILL LANE", "MILL", "12 MILL", "12"),
        ("12 A Mill Lane", "12A MILL LANE", "MILL", "12 MILL", "12"),
        ("Flat 2 14 High Street", "FLAT 2 14 HIGH STREET", "HIGH", "14 HIGH", "14"),
        ("14 High St Flat 2", "14 HIGH STREET FLAT 2", "HIGH", "14 HIGH", "14"),
        ("2nd Floor, 14 High St", "2ND FLOOR 14 HIGH STREET", "HIGH", "14 HIGH", "14"),
        ("Apt 2 High St", "FLAT 2 HIGH STREET", "HIGH", "2 HIGH", "2"),
        ("12-14 High-Town Rd", "12-14 HIGH TOWN ROAD", "HIGH", "12 HIGH", "12"),
        ("12 - 14 High St", "12-14 HIGH STREET", "HIGH", "12 HIGH", "12"),
        ("Rose Cottage, 14 The Avenue", "ROSE COTTAGE 14 THE AVENUE", "AVENUE", "14 AVENUE", "14"),
        ("Rose Cottage, Mill Lane", "ROSE COTTAGE MILL LANE", "ROSE", "ROSE COTTAGE", None),
        ("The Old Mill", "THE OLD MILL", "OLD", "OLD MILL", None),
        ("High Street 14", "HIGH STREET 14", "HIGH", "14 HIGH", "14"),
        ("High Street", "HIGH STREET", "HIGH", None, None),
        ("3 The Street", "3 THE STREET", "STREET", "3 STREET", "3"),
        ("3 First Avenue", "3 FIRST AVENUE", "FIRST", "3 FIRST", "3"),
        ("7", "7", None, None, "7"),
        ("Straße 5", "STRASSE 5", "STRASSE", "5 STRASSE", "5"),
    ],
)  # fmt: skip
def test_an_address_is_words_and_its_building_has_number_and_street(
    text: str, value: str, street: str | None, house: str | None, number: str | None
) -> None:
    assert address.clean(text) == value
    assert parts("address", value, "whole street house number") == [value, street, house, number]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",.-",
        "'",
        "NFA",
        "No Fixed Abode",
        "of no fixed abode, Oxford",
        "Homeless",
        "unknown",
        "N/A",
        "not known",
        "XXX",
        "No address given",
    ],
)
def test_a_text_that_says_there_is_no_address_is_none(text: str) -> None:
    assert address.clean(text) is None


@pytest.mark.parametrize(
    "text", ["North Street", "No 4 Mill Lane", "Address House", "Homeless House, 3 Mill Lane", "1 Unknown Road"]
)
def test_an_address_that_only_begins_like_that_is_one(text: str) -> None:
    assert (address.clean(text) is None) == text.startswith("Homeless")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" Mary.S@Example.ORG ", "mary.s@example.org"), ("Mary S <mary@x.org>", "mary@x.org"), ("mailto:mary@x.org", "mary@x.org"), ("mary@x.org;", "mary@x.org"),
        ("m.a.r.y+x@gmail.com", "m.a.r.y+x@gmail.com"), ("İo@x.org", "i̇o@x.org"),
        ("mary", None), ("@example.org", None), ("a@b@c", None), ("a b@c.org", None), ("mary@", None), ("mary@xorg", "mary@xorg"),
        ("none@none", None), ("noemail@nhs.net", None), ("NoReply@x.org", None), ("test@test.com", None), ("a@x.org b@x.org", None),
    ],
)  # fmt: skip
def test_an_email_address_is_somebodys(text: str, value: str | None) -> None:
    assert email.clean(text) == value


def test_the_parts_of_an_email_address() -> None:
    assert parts("email", "mary.s@example.org", "whole local start") == ["mary.s@example.org", "mary.s", "mary"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("01865 270 000", "+441865270000"), ("+44 (0)1865 270000", "+441865270000"), ("020 7946 0958", "+442079460958"), ("0169 77 2345", "+44169772345"),
        ("+353 1 234 5679", "+35312345679"), ("00353 1 234 5679", "+35312345679"), ("+1 (212) 555-0123", "+12125550123"),
        ("07777777777", None), ("07123456789", None), ("01234567890", None), ("07700 000000", None), ("123", None), ("999", None), ("0790012345", None),
        ("077009001234", None), ("ext 12", None), ("none", None), ("+", None), ("", None), ("8765432", None),
    ],
)  # fmt: skip
def test_a_telephone_number_is_in_international_form_or_none(text: str, value: str | None) -> None:
    assert phone.clean(text) == value


def test_the_last_six_digits_of_a_telephone_number_are_a_part() -> None:
    assert parts("phone", "+447700900123", "whole last") == ["+447700900123", "900123"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("F", "F"), ("female", "F"), (" Boy ", "M"), ("1", "M"), ("2", "F"), ("1 - Male", "M"), ("2: F", "F"), ("(M)", "M"), ("Woman", "F"),
        ("9", None), ("0", None), ("X", None), ("", None), ("1 - Female", None), ("Male to female", None), ("Not known", None),
    ],
)  # fmt: skip
def test_sex_is_m_or_f_or_not_compared(text: str, value: str | None) -> None:
    assert sex.clean(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100120012345", "100120012345"), ("000100120012345", "100120012345"), ("10012 0012345", "100120012345"), ("100012345678.0", "100012345678"), ("1", "1"),
        ("0", None), ("", None), ("999999999999", None), ("123456789012", None), ("1234567890123", None), ("12A", None), ("-5", None), ("1.5", None), ("²", None),
    ],
)  # fmt: skip
def test_a_property_reference_number_has_no_leading_zeros(text: str, value: str | None) -> None:
    assert KINDS["uprn"].clean(text) == value
