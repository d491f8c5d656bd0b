"""How each identifier is cleaned, and which parts of it may stand in a match key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.partner.headers import HEADERS, date_order, suggest
from linkage.partner.identifiers import KINDS, address, dates, email, names, sex
from linkage.schema import IDENTIFIERS, PARTS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Mary", "MARY"), (" mary-ann ", "MARYANN"), ("O'Connor", "OCONNOR"), ("O’Connor", "OCONNOR"), ("José", "JOSE"),
        ("Żółć", "ZOLC"), ("Müller", "MULLER"), ("Mr. John", "JOHN"), ("Dr Mary Ann", "MARYANN"), ("Ольга", "OLGA"),
        ("J.", "J"), ("Mary (Molly)", "MARYMOLLY"), ("Tom2", "TOM"),
        ("unknown", None), ("Not Known", None), ("N/A", None), ("baby", None), ("Mr", None), ("", None), ("123", None), ("-", None),
    ],
)  # fmt: skip
def test_a_forename_is_its_letters_without_titles_or_words_for_unknown(text: str, value: str | None) -> None:
    assert names.clean_forename(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Smith-Jones", "SMITHJONES"), ("van der Berg", "VANDERBERG"), ("Smith Jr", "SMITH"), ("Smith III", "SMITH"), ("de la Cruz OBE", "DELACRUZ"),
        ("Al-Ḥasan", "ALHASAN"), ("NFN", None), ("esq", None),
    ],
)  # fmt: skip
def test_a_surname_keeps_its_particles_and_loses_titles_and_suffixes(text: str, value: str | None) -> None:
    assert names.clean_surname(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("Saint Albans", "STALBANS"), ("St. Albans", "STALBANS"), ("High Wycombe", "HIGHWYCOMBE")],
)
def test_a_town_is_its_words_joined(text: str, value: str) -> None:
    assert names.clean_place(text) == value


@given(st.text(max_size=40))
def test_a_name_of_any_script_is_capital_latin_letters_or_nothing(text: str) -> None:
    for clean in (names.clean_forename, names.clean_surname, names.clean_place):
        value = clean(text)
        assert value is None or (value.isascii() and value.isalpha() and value.isupper())
        if value is not None:
            assert names.part(value, "initial") == value[0]
            assert len(names.part(value, "sound") or "") == 4


@given(st.text(max_size=30))
def test_cleaning_never_fails_and_what_is_clean_stays_as_it_is(text: str) -> None:
    for identifier in ("sex", "postcode", "email", "nhs_number", "date_of_birth", "address"):
        kind = KINDS[identifier]
        value = kind.clean(text)
        if value is not None and identifier != "sex":
            assert value.strip() == value != ""
        if value is not None and "?" not in value and identifier != "address":
            assert kind.clean(value) == value


@given(st.dates(), st.sampled_from(["YMD", "DMY", "MDY"]), st.sampled_from(["-", "/", "."]))
def test_a_date_written_in_its_columns_order_is_read_back(day: object, order: str, gap: str) -> None:
    text = str(day)
    y, m, d = text.split("-")
    written = gap.join({"Y": y, "M": m, "D": d}[c] for c in order)
    expected = text.replace("-", "") if dates.FIRST_YEAR <= int(y) <= dates.LAST_YEAR else None
    assert dates.clean_in_order(written, order) == expected


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("20040309", ["20040309", "2004", "200403", "200409", "0309"]),
        ("20040903", ["20040903", "2004", "200409", "200403", "0309"]),
        ("2004??09", [None, "2004", None, "200409", None]),
        ("????0309", [None, None, None, None, "0309"]),
    ],
)
def test_a_date_has_a_part_where_all_of_it_is_known(value: str, parts: list[str | None]) -> None:
    assert [dates.part(value, p) for p in ("whole", "year", "year-month", "year-day", "day-month")] == parts


@pytest.mark.parametrize(
    ("text", "value", "street", "house"),
    [
        ("12 St. Clement's Rd", "12 STREET CLEMENTS ROAD", "CLEMENTS", "12 CLEMENTS"),
        ("Flat 3, 12A Mill Ln", "FLAT 3 12A MILL LANE", "MILL", "3 MILL"),
        ("The Old Mill", "THE OLD MILL", "THE", None),
        ("7", "7", None, None),
        ("Apt 2 High St", "FLAT 2 HIGH STREET", "HIGH", "2 HIGH"),
    ],
)
def test_an_address_is_words_a_street_and_a_house(
    text: str, value: str, street: str | None, house: str | None
) -> None:
    assert address.clean(text) == value
    assert address.part(value, "whole") == value
    assert address.part(value, "street") == street
    assert address.part(value, "house") == house


@pytest.mark.parametrize("text", ["", " ", ",.-", "'"])
def test_an_address_without_words_is_none(text: str) -> None:
    assert address.clean(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" Mary.S@Example.ORG ", "mary.s@example.org"),
        ("mary", None),
        ("@example.org", None),
        ("a@b@c", None),
        ("a b@c", None),
        ("mary@", None),
    ],
)
def test_an_email_address_has_one_at_sign_with_something_on_both_sides(text: str, value: str | None) -> None:
    assert email.clean(text) == value


def test_the_parts_of_an_email_address() -> None:
    assert [email.part("mary.s@example.org", p) for p in ("whole", "local", "start")] == [
        "mary.s@example.org",
        "mary.s",
        "mary",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [("F", "F"), ("female", "F"), (" Boy ", "M"), ("1", "M"), ("2", "F"), ("9", None), ("X", None), ("", None)],
)
def test_sex_is_m_or_f_or_not_compared(text: str, value: str | None) -> None:
    assert sex.clean(text) == value


def test_every_identifier_of_the_schema_has_its_kind_and_every_part_is_made() -> None:
    assert set(KINDS) == set(IDENTIFIERS)
    examples = {
        "date_of_birth": "19800203",
        "postcode": "OX41AB",
        "address": "1 MILL LANE",
        "email": "mary@x.org",
        "nhs_number": "9434765919",
        "sex": "F",
    }
    for identifier in IDENTIFIERS:
        for part in PARTS[identifier]:
            assert KINDS[identifier].part(examples.get(identifier, "MARY"), part), (identifier, part)


def test_headers_say_which_identifier_a_column_is() -> None:
    found = suggest(
        [
            "ID",
            "First Name",
            "family_name",
            "D.O.B.",
            "Post Code",
            "sex",
            "Gender",
            "E-mail",
            "NHS No",
            "shoe size",
        ]
    )
    assert found == {
        "forename": "First Name", "surname": "family_name", "date_of_birth": "D.O.B.", "postcode": "Post Code", "sex": "sex",
        "email": "E-mail", "nhs_number": "NHS No",
    }  # fmt: skip
    assert suggest([]) == {}
    assert suggest(["Maiden Name", "Surname"]) == {"previous_surname": "Maiden Name", "surname": "Surname"}


def test_no_header_means_two_identifiers() -> None:
    every = [h for names_of in HEADERS.values() for h in names_of]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["1980-02-03", "1981-12-30"], "YMD"),
        (["03/02/1980", "31/12/1980"], "DMY"),
        (["02/03/1980", "12/31/1980"], "MDY"),
        (["02/03/1980", "04/05/1980"], None),
        (["31 Dec 1980", "01 Feb 1980"], "DMY"),
        (["unknown", ""], None),
        ([], None),
        (["31/12/1980", "12/31/1980"], None),
    ],
)
def test_the_order_of_a_columns_dates_is_told_or_left_open(values: list[str], order: str | None) -> None:
    assert date_order(values) == order
