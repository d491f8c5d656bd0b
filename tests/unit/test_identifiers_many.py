"""Parts of many canonical values at once are those of each."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.partner.identifiers import KINDS
from linkage.partner.identifiers.address import ADDRESS_PARTS, clean
from linkage.partner.identifiers.buildings import AddressWords, buildings

_WORDS = """
    FLAT UNIT 2 2A 12 12A 12-14 2ND - -7 THE AND OF HIGH STREET OLD MILL HOUSE ROAD A B QZ ROSE COTTAGE LANE 007 9-B CLOSE
"""
addresses = st.lists(st.sampled_from(_WORDS.split()), max_size=9).map(" ".join)
VALUES = {
    "sex": ["F", "M"],
    "date_of_birth": [
        "20040309",
        "20040903",
        "20040404",
        "20040101",
        "2004??09",
        "200409??",
        "????0101",
        "????0312",
        "2004????",
    ],
    "postcode": ["OX41AB", "SW1A2AA", "90210"],
    "email": ["a@b.org", "mary.smith@mail.example", "zoë@café.example", "abcd@x"],
    "phone": ["07700900123"],
    "nhs_number": ["9434765919"],
    "upn": ["H801200001001"],
    "pnc_id": ["2003/0000001A"],
    "uprn": ["100023336956"],
    "address": ["12 HIGH STREET", "THE OLD MILL", "FLAT 2", "STREET"],
}


def one_by_one(identifier: str, part: str, values: list[str]) -> list[str | None]:
    return [KINDS[identifier].part(v, part) for v in values]


@pytest.mark.parametrize("identifier", [i for i, kind in KINDS.items() if kind.parts_many])
def test_parts_of_many_values_are_those_of_each(identifier: str) -> None:
    for part, many in KINDS[identifier].parts_many.items():
        for values in (VALUES[identifier], VALUES[identifier][1:], []):
            made = many(pa.array(values, pa.string()))
            assert made.to_pylist() == one_by_one(identifier, part, values), part


@given(st.lists(addresses, max_size=6))
def test_the_buildings_of_many_addresses_are_those_of_each(texts: list[str]) -> None:
    values = [v for v in map(clean, texts) if v]
    for part, many in KINDS["address"].parts_many.items():
        assert many(pa.array(values, pa.string())).to_pylist() == one_by_one("address", part, values), part


@given(st.lists(addresses, max_size=6))
def test_number_and_street_of_many_addresses_are_those_of_each(texts: list[str]) -> None:
    values = [v for v in map(clean, texts) if v]
    found = buildings(AddressWords.of(pa.array(values, pa.string())))
    for part, known, codes in (
        ("number", found.numbers, found.number),
        ("street", found.streets, found.street),
    ):
        wanted = ["".join(ADDRESS_PARTS[part](v)) for v in values]
        assert [known[code] for code in codes] == wanted
