"""Telephone numbers in international form: + and up to fifteen digits (ITU-T E.164); +44 for those of the United Kingdom.

UK numbers are read in the national form (0 and nine or ten digits), with 0044, 44 or +44 in front, and with the 0 that a spreadsheet took
from a number that begins with 1, 2 or 7. Their lengths follow Ofcom's National Telephone Numbering Plan. The first of two numbers in one
field is taken, an extension is dropped. Numbers that repeat one digit or count up or down at their end stand for nothing known.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

# National digits after +44, by their first digit: Ofcom, National Telephone Numbering Plan, Part A.
UK: Final = re.compile(r"1[0-9]{8,9}|[23579][0-9]{9}|8[0-9]{8,9}|[58]00[0-9]{6}")
FOREIGN: Final = re.compile(r"[1-9][0-9]{7,14}")
MORE: Final = re.compile(r"[/,;&]| OR | AND |(?:EXTENSION|EXTN|EXT|X)[. ]*[0-9]+$")
BEFORE: Final = re.compile(r"^(?:TEL|MOBILE|MOB|HOME|PHONE|T|M|H)[.: ]*(?=[0-9+(])")
GAPS: Final = str.maketrans("", "", " ()-.\t\u00a0\u2010\u2011\u2012\u2013_:'")
LAST: Final = 6
COUNTED: Final = frozenset(
    ["12345678", "23456789", "34567890", "01234567", "87654321", "98765432", "09876543", "76543210"]
)


def clean(text: str) -> str | None:
    """The number in international form, or None where it is none. A spreadsheet's trailing `.0` is dropped."""
    plain = text.removesuffix(".0").translate(GAPS)
    if not (plain.isascii() and plain.removeprefix("+").isdigit()):
        first = MORE.split(BEFORE.sub("", text.removesuffix(".0").strip().upper()), maxsplit=1)[0]
        plain = first.replace("(0)", "").translate(GAPS)
        if not plain.isascii() or not plain.removeprefix("+").isdigit():
            return None
    return _valid(plain)


def _valid(plain: str) -> str | None:
    """The international form of digits with or without a + in front."""
    if plain.startswith("+"):
        number = plain[1:]
    elif plain.startswith("00"):
        number = plain[2:]
    elif plain.startswith("0"):
        number = "44" + plain[1:]
    elif plain.startswith("44") and len(plain) >= 11:
        number = plain
    elif len(plain) == 10 and plain[0] in "127":
        number = "44" + plain
    else:
        return None
    if number.startswith("44"):
        national = number[2:].removeprefix("0")
        number = "44" + national
        if not UK.fullmatch(national):
            return None
    elif not FOREIGN.fullmatch(number):
        return None
    end = number[-8:]
    return None if end[2:] == end[-1] * LAST or end in COUNTED else "+" + number


PHONE_PARTS: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = {
    "whole": lambda value: (value,),
    "last": lambda value: (value[-LAST:],),
}
