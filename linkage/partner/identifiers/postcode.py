"""UK postcodes (BS 7666 and Royal Mail's rules for their shape), and other countries' codes as they stand.

A UK code is an outward code of one of six shapes and an inward code of digit, letter, letter; which letters may stand where is fixed,
so that the letters O and I written for the digits 0 and 1, or the digits for the letters, can be put right where only one reading has a
shape. GIR 0AA, the forces' BFPO numbers and the codes of Jersey, Guernsey and Man are valid. The codes that the NHS uses for "no fixed
abode", "not known" and for countries (ZZ99, Organisation Data Service) are no values, nor are words. What is no UK shape but letters
and digits of four to eight characters, at least one of them a digit, is kept as a foreign code, so that it can still agree; it is its
own sector and has no outward part. The first half of a UK code (OX14, OX14 1) is none: it would be everybody's who lives there.
"""

import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from linkage.partner.records import image_of_others

FIRST: Final = "ABCDEFGHIJKLMNOPRSTUWYZ"
SECOND: Final = "ABCDEFGHKLMNOPQRSTUVWXY"
THIRD: Final = "ABCDEFGHJKPSTUW"
FOURTH: Final = "ABEHMNPRVWXY"
UNIT: Final = "ABDEFGHJLNPQRSTUWXYZ"
OUTWARD: Final = rf"[{FIRST}](?:[0-9]|[1-9][0-9]|[0-9][{THIRD}]|[{SECOND}](?:[0-9]|[1-9][0-9]|[0-9][{FOURTH}]))"
UK: Final = re.compile(rf"(?:{OUTWARD}|GIR)[0-9][{UNIT}]{{2}}")
FIRST_HALF: Final = re.compile(rf"{OUTWARD}[0-9]?")
FORCES: Final = re.compile(r"BFPO[1-9][0-9]{0,3}")
# Without S, whose 0 may be the letter of SO.
PADDED: Final = re.compile(rf"([{FIRST}][{SECOND}]|[BEGLMNW])0([1-9])([0-9][{UNIT}]{{2}})")
UNCLEAR: Final = re.compile(r"S0[1-9][0-9][A-Z]{2}")
FOREIGN: Final = re.compile(r"(?=.*[0-9])[A-Z0-9]{4,8}")
_AREAS: Final = """
    AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY
    HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG
    RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE
"""
AREAS: Final = frozenset(_AREAS.split())
CONFUSED: Final = {"O": "O0", "0": "0O", "I": "I1", "1": "1I", "L": "L1"}
NO_CODE: Final = frozenset(
    ["AA11AA", "AA111AA", "AA999AA", "XX11XX", "XX111XX", "XX999XX", "ZZ11ZZ", "ZZ111ZZ", "A11AA"]
)
USUAL: Final = f"^{OUTWARD}[0-9][{UNIT}]{{2}}$"
UNUSUAL: Final = f"^(?:ZZ99.*|{'|'.join(sorted(NO_CODE))})$"
UNWRITTEN: Final = str.maketrans("", "", " \t\n\r.,-_*'\u00a0")


def clean(text: str) -> str | None:
    """The code in capitals without a space, or None where it is none."""
    plain = text.upper().translate(UNWRITTEN)
    if UK.fullmatch(plain):
        return None if plain.startswith("ZZ99") or plain in NO_CODE else plain
    return _unusual(plain)


def clean_many(texts: pa.StringArray) -> pa.StringArray:
    """`clean` of every text; most need no more than capitals and the space taken out."""
    plain = pc.replace_substring(pc.ascii_upper(texts), " ", "")
    usual = pc.and_not(
        pc.match_substring_regex(plain, pattern=USUAL), pc.match_substring_regex(plain, pattern=UNUSUAL)
    )
    return image_of_others(texts, clean, usual=usual, plain=plain)


def _unusual(plain: str) -> str | None:
    """A forces' or foreign code, or a UK code put right; half a UK code is none."""
    if FORCES.fullmatch(plain):
        return plain
    if not FOREIGN.fullmatch(plain) or plain.startswith("ZZ99") or plain in NO_CODE or len(set(plain)) == 1:
        return None
    if FIRST_HALF.fullmatch(plain) and area(plain) in AREAS:
        return None
    if padded := PADDED.fullmatch(plain):
        return padded[1] + padded[2] + padded[3]
    if 5 <= len(plain) <= 7 and not UNCLEAR.fullmatch(plain) and len(right := _readings(plain)) == 1:
        return right.pop()
    return plain


def _readings(plain: str) -> set[str]:
    """The UK codes of areas that exist that are had by reading the fewest characters as the ones they are confused with."""
    choices = [CONFUSED.get(c, c) for c in plain]
    by_changes: dict[int, set[str]] = {}
    for letters in product(*choices):
        reading = "".join(letters)
        if UK.fullmatch(reading) and area(reading) in AREAS:
            by_changes.setdefault(sum(a != b for a, b in zip(plain, letters, strict=True)), set()).add(reading)
    return by_changes[min(by_changes)] if by_changes else set()


def _sector(value: str) -> tuple[str, ...]:
    return (value[:-2] if UK.fullmatch(value) else value,)


def _outward(value: str) -> tuple[str, ...]:
    return (value[:-3],) if UK.fullmatch(value) else ()


def area(value: str) -> str:
    """The one or two letters in front: OX of OX4 1AB."""
    return value[:2] if value[1].isalpha() else value[0]


POSTCODE_PARTS: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = {
    "whole": lambda value: (value,),
    "sector": _sector,
    "outward": _outward,
    "area": lambda value: (area(value),) if UK.fullmatch(value) else (),
}
