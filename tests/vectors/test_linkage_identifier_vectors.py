"""Identifiers against tables from public standards: Soundex, NHS numbers, postcodes, dates."""

import json
from pathlib import Path
from typing import Any

import pytest

from linkage.partner.identifiers import dates, names, nhs_number, postcode

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "identifiers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "code"), FACTS["soundex"]["cases"].items())
def test_a_name_sounds_as_the_national_archives_write_it(name: str, code: str) -> None:
    assert names.part(name, "sound") == code


@pytest.mark.parametrize(("text", "digits"), FACTS["nhs_number"]["valid"].items())
def test_an_nhs_number_whose_check_digit_fits_is_its_ten_digits(text: str, digits: str) -> None:
    assert nhs_number.clean(text) == digits


@pytest.mark.parametrize("text", FACTS["nhs_number"]["invalid"])
def test_an_nhs_number_whose_check_digit_does_not_fit_is_no_value(text: str) -> None:
    assert nhs_number.clean(text) is None


def test_of_every_last_digit_at_most_one_makes_an_nhs_number() -> None:
    for nine in ("943476591", "401023213", "100000000", "000000001"):
        weighted = sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True))
        check = (11 - weighted % 11) % 11
        valid = [d for d in "0123456789" if nhs_number.clean(nine + d) is not None]
        assert valid == ([str(check)] if check < 10 else [])


@pytest.mark.parametrize(
    ("text", "parts"), [*FACTS["postcode"]["valid"].items(), *FACTS["postcode"]["not_uk"].items()]
)
def test_a_postcode_has_its_whole_its_sector_and_its_outward_code(text: str, parts: list[str | None]) -> None:
    whole = postcode.clean(text)
    assert whole is not None
    assert [postcode.part(whole, p) for p in ("whole", "sector", "outward")] == parts


@pytest.mark.parametrize("text", FACTS["postcode"]["invalid"])
def test_what_is_no_postcode_or_stands_for_no_home_is_no_value(text: str) -> None:
    assert postcode.clean(text) is None


@pytest.mark.parametrize(("text", "order", "value"), FACTS["dates"]["cases"])
def test_a_date_is_read_in_its_columns_order_or_not_at_all(text: str, order: str, value: str | None) -> None:
    assert dates.clean_in_order(text, order) == value
