"""Unique property reference numbers: one to twelve digits without leading zeros (BS 7666; GeoPlace, the UPRN of AddressBase).

There is no check digit. Numbers of six digits or more that are all one digit, and 123456789012, stand for nothing known.
"""

from typing import Final

LONGEST: Final = 12
REPEATED: Final = 6
COUNTED: Final = frozenset(
    ["123456789", "1234567890", "12345678901", "123456789012", "1234567891", "12345678910"]
)
GAPS: Final = str.maketrans("", "", " \t\u00a0")


def clean(text: str) -> str | None:
    """The number without leading zeros, or None where it is none. A spreadsheet's trailing `.0` is dropped."""
    plain = text.translate(GAPS).removesuffix(".0").lstrip("0")
    if not (plain.isascii() and plain.isdigit()) or len(plain) > LONGEST or plain in COUNTED:
        return None
    return None if len(plain) >= REPEATED and plain == plain[0] * len(plain) else plain
