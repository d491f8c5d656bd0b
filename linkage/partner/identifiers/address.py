"""Addresses as one line of words: capitals, common abbreviations written out, punctuation gone."""

import re
from typing import Final

from anyascii import anyascii

ABBREVIATIONS: Final = {
    "RD": "ROAD", "AVE": "AVENUE", "AV": "AVENUE", "CL": "CLOSE", "LN": "LANE", "DR": "DRIVE", "CT": "COURT", "CRES": "CRESCENT",
    "GDNS": "GARDENS", "PL": "PLACE", "SQ": "SQUARE", "TER": "TERRACE", "TERR": "TERRACE", "GR": "GROVE", "GRN": "GREEN",
    "ST": "STREET", "SAINT": "STREET", "FLT": "FLAT", "APT": "FLAT", "APARTMENT": "FLAT", "PK": "PARK", "HSE": "HOUSE", "CIR": "CIRCUIT",
}  # fmt: skip
NOISE: Final = re.compile(r"[^A-Z0-9 ]+")
NUMBER: Final = re.compile(r"^\d+[A-Z]?$")


def clean(text: str) -> str | None:
    """The address in canonical words, or None where there are none. ST, SAINT and STREET all become STREET."""
    plain = NOISE.sub(" ", anyascii(text).upper().replace("'", "").replace(".", ""))
    out = " ".join(ABBREVIATIONS.get(w, w) for w in plain.split())
    return out or None


def part(value: str, name: str) -> str | None:
    """`whole`; `street`, the first word of three letters or more that is neither number nor FLAT; `house`, number and street."""
    if name == "whole":
        return value
    words = value.split()
    street = next((w for w in words if len(w) >= 3 and w.isalpha() and w not in {"FLAT", "STREET"}), None)
    if name == "street" or street is None:
        return street
    number = next((w for w in words if NUMBER.match(w)), None)
    return None if number is None else f"{number} {street}"
