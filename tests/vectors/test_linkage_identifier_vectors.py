"""Identifiers against tables from public standards: Soundex, NHS, pupil, police and telephone numbers, postcodes, dates."""

import json
from pathlib import Path
from typing import Any

import pytest

from linkage.partner.identifiers import KINDS, dates

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "identifiers.json").read_text(encoding="utf-8"))
NUMBERS = ("nhs_number", "upn", "pnc_id", "phone")


def test_every_table_names_its_source() -> None:
    assert all(len(table["source"]) > 20 for table in FACTS.values())


@pytest.mark.parametrize(("name", "code"), FACTS["soundex"]["cases"].items())
def test_a_name_sounds_as_the_national_archives_write_it(name: str, code: str) -> None:
    for identifier in ("forename", "surname"):
        assert KINDS[identifier].parts(name, "sound") == (code,)


@pytest.mark.parametrize(
    ("identifier", "text", "value"), [(n, t, v) for n in NUMBERS for t, v in FACTS[n]["valid"].items()]
)
def test_a_number_that_fits_its_rule_is_its_canonical_form(identifier: str, text: str, value: str) -> None:
    assert KINDS[identifier].clean(text) == value
    assert KINDS[identifier].parts(value, "whole") == (value,)


@pytest.mark.parametrize(("identifier", "text"), [(n, t) for n in NUMBERS for t in FACTS[n]["invalid"]])
def test_a_number_that_breaks_its_rule_is_no_value(identifier: str, text: str) -> None:
    assert KINDS[identifier].clean(text) is None


def test_of_every_last_digit_at_most_one_makes_an_nhs_number() -> None:
    for nine in ("943476591", "401023213", "100000000", "000000001"):
        weighted = sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True))
        check = (11 - weighted % 11) % 11
        valid = [d for d in "0123456789" if KINDS["nhs_number"].clean(nine + d) is not None]
        assert valid == ([str(check)] if check < 10 else [])


@pytest.mark.parametrize(
    ("text", "parts"), [*FACTS["postcode"]["valid"].items(), *FACTS["postcode"]["not_uk"].items()]
)
def test_a_postcode_has_its_whole_its_sector_and_its_outward_code(text: str, parts: list[str | None]) -> None:
    kind = KINDS["postcode"]
    whole = kind.clean(text)
    assert whole is not None
    assert [kind.part(whole, p) for p in ("whole", "sector", "outward")] == parts


@pytest.mark.parametrize("text", FACTS["postcode"]["invalid"])
def test_what_is_no_postcode_or_stands_for_no_home_is_no_value(text: str) -> None:
    assert KINDS["postcode"].clean(text) is None


@pytest.mark.parametrize(("text", "order", "value"), FACTS["dates"]["cases"])
def test_a_date_is_read_in_its_columns_order_or_not_at_all(text: str, order: str, value: str | None) -> None:
    assert dates.clean_in_order(text, order) == value
