"""UK postcodes (BS 7666 form: area, district, sector, unit), and other countries' codes as they stand.

A UK code has one of six shapes of outward code and the inward code digit-letter-letter, the letters without C I K M O V. The codes
that stand for "no fixed abode" (ZZ99) and for placeholders are no values. What is no UK shape but letters and digits of four to eight
characters is kept as a foreign code, so that it can still agree; it is its own sector and has no outward part.
"""

import re
from typing import Final

UK: Final = re.compile(r"^([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][ABD-HJLNP-UW-Z]{2})$")
FOREIGN: Final = re.compile(r"^[A-Z0-9]{4,8}$")
DIGITS: Final = str.maketrans("OIL", "011")


def clean(text: str) -> str | None:
    """The code in capitals without a space, or None where it is none."""
    plain = "".join(text.upper().split())
    if plain.startswith("ZZ99") or len(set(plain)) == 1:
        return None
    if UK.match(plain):
        return plain
    if (
        len(plain) >= 5
        and plain[-3] in "OIL"
        and UK.match(mended := plain[:-3] + plain[-3].translate(DIGITS) + plain[-2:])
    ):
        return mended
    return plain if FOREIGN.match(plain) else None


def part(value: str, name: str) -> str | None:
    """`whole`; `sector`, without the unit's two letters; `outward`, the part before the space."""
    if name == "whole":
        return value
    uk = UK.match(value)
    if name == "sector":
        return value[:-2] if uk else value
    return uk.group(1) if uk else None
