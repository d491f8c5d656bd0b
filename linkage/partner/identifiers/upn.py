"""Unique pupil numbers: check letter, authority (3 digits), school (4), year (2), serial (3, or of a temporary number 2 and a letter).

The check letter is the sum of the twelve that follow, weighted 2 to 13, modulo 23, over A-Z without I, O and S; a letter at the end
counts by its place in the same row (Department for Education, Unique Pupil Numbers: guidance; Government Data Standards Catalogue,
Unique Pupil Number 2.0). A former UPN is written in the same way. Codes of authorities are not checked: they change with every
reorganisation (Northamptonshire 2021, Cumbria and North Yorkshire 2023), and a list would refuse the numbers of new authorities.
"""

import re
from typing import Final

SHAPE: Final = re.compile(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]")
ALPHABET: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
VALUES: Final = {ord(c): int(c) for c in "0123456789"} | {ord(c): i for i, c in enumerate(ALPHABET)}
GAPS: Final = str.maketrans("", "", " -\t\u00a0")


def clean(text: str) -> str | None:
    """The thirteen characters in capitals, or None where the check letter does not fit."""
    plain = text.upper().translate(GAPS)
    if not SHAPE.fullmatch(plain):
        return None
    _, b, c, d, e, f, g, h, i, j, k, m, n = plain.encode()
    digits = 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * m
    # 48, the code of the digit 0, stands 2 + 3 + ... + 12 = 77 times in the sum.
    if plain[0] != ALPHABET[(digits - 48 * 77 + 13 * VALUES[n]) % 23] or plain[1:].strip("0") == "":
        return None
    return plain
