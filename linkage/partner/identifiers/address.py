"""Addresses as one line of words: capitals, common abbreviations written out, punctuation gone (after BS 7666, Part 5: delivery points).

A range of house numbers stays one word (12-14), a letter belongs to its number (12A). The parts are those of the building: of FLAT 2
14 HIGH STREET the number is 14 and the street HIGH; of THE OLD MILL, which has no number, the house is OLD MILL. Texts that say that
there is no address (no fixed abode) are no values.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from linkage.partner.identifiers.latin import ascii_of
from linkage.partner.records import image_of_others

ABBREVIATIONS: Final = {
    "RD": "ROAD", "AVE": "AVENUE", "AV": "AVENUE", "CL": "CLOSE", "LN": "LANE", "DR": "DRIVE", "CT": "COURT", "CRES": "CRESCENT",
    "CRESC": "CRESCENT", "GDNS": "GARDENS", "GDN": "GARDENS", "PL": "PLACE", "SQ": "SQUARE", "TER": "TERRACE", "TERR": "TERRACE",
    "TCE": "TERRACE", "GR": "GROVE", "GRN": "GREEN", "ST": "STREET", "STR": "STREET", "SAINT": "STREET", "FLT": "FLAT", "APT": "FLAT",
    "APARTMENT": "FLAT", "PK": "PARK", "HSE": "HOUSE", "CIR": "CIRCUIT", "WY": "WAY", "BLVD": "BOULEVARD", "COTT": "COTTAGE",
    "BLDG": "BUILDING", "BLDGS": "BUILDINGS", "MT": "MOUNT", "NTH": "NORTH", "STH": "SOUTH",
}  # fmt: skip
UNITS: Final = frozenset(
    ["FLAT", "UNIT", "ROOM", "STUDIO", "SUITE", "FLOOR", "PLOT", "BLOCK", "BEDSIT", "CARAVAN", "BERTH"]
)
NO_STREET: Final = UNITS | {"STREET", "THE", "AND"}
_HOUSES: Final = """
    HOUSE COTTAGE COTTAGES FARM FARMHOUSE LODGE MILL BARN VILLA BUNGALOW MANOR RECTORY VICARAGE GRANGE HALL COURT TOWER HOSTEL STABLES
    CHALET VIEW
"""
HOUSES: Final = frozenset(_HOUSES.split())
NO_ADDRESS: Final = re.compile(
    r"(?:OF )?(?:NFA|NO FIXED (?:ABODE|ADDRESS)|HOMELESS|ROUGH SLEEP(?:ER|ING)|SOFA SURF(?:ER|ING))(?: .*)?"
    r"|(?:ADDRESS )?(?:NOT KNOWN|UNKNOWN)(?: ADDRESS)?|UNK|NK|N A|NA|NONE|NULL|NIL|TBC|XX+|ADDRESS"
    r"|(?:ADDRESS )?(?:NOT (?:GIVEN|STATED|RECORDED|PROVIDED)|WITHHELD|REFUSED|CONFIDENTIAL)|NO ADDRESS(?: .*)?"
)
_SAYS_NONE: Final = """
    OF NFA NO HOMELESS ROUGH SOFA ADDRESS NOT UNKNOWN UNK NK N NA NONE NULL NIL TBC WITHHELD REFUSED CONFIDENTIAL XX XXX XXXX XXXXX
"""
SAYS_NONE: Final = frozenset(_SAYS_NONE.split())
SPACED_RANGE: Final = re.compile(r"(?<=[0-9]) *- *(?=[0-9])")
HYPHEN: Final = re.compile(r"(?<![0-9])-|-(?![0-9])")
LETTER_APART: Final = re.compile(r"(?<![A-Z0-9-])([0-9]+) ([ABCD])(?= )")
SIGNS: Final = str.maketrans(
    {
        **{chr(c): chr(c).upper() if chr(c).isalnum() else " " for c in range(128)},
        **{"'": "", ".": "", "`": "", "-": "-"},
    }
)
# Capitals and digits with single spaces between the words: canonical as they are, but for what stands in UNUSUAL.
USUAL: Final = "^[A-Z0-9]+(?: [A-Z0-9]+)*$"
UNUSUAL: Final = (
    rf"(?:^| )(?:{'|'.join(ABBREVIATIONS)})(?: |$)|^(?:{'|'.join(sorted(SAYS_NONE))})(?: |$)|[0-9] [ABCD] "
)


def clean(text: str) -> str | None:
    """The address in canonical words, or None where there are none. ST, SAINT and STREET all become STREET."""
    plain = ascii_of(text).translate(SIGNS)
    if "-" in plain:
        plain = HYPHEN.sub(" ", SPACED_RANGE.sub("-", plain))
    words = plain.split()
    if not words or (words[0] in SAYS_NONE and NO_ADDRESS.fullmatch(" ".join(words))):
        return None
    get = ABBREVIATIONS.get
    out = " ".join([get(w, w) for w in words])
    if " A " in out or " B " in out or " C " in out or " D " in out:
        out = LETTER_APART.sub(r"\1\2", out)
    return out


def clean_many(texts: pa.StringArray) -> pa.StringArray:
    """`clean` of every text; most need no more than capitals."""
    plain = pc.ascii_upper(texts)
    usual = pc.and_not(
        pc.match_substring_regex(plain, pattern=USUAL), pc.match_substring_regex(plain, pattern=UNUSUAL)
    )
    return image_of_others(texts, clean, usual=usual, plain=plain)


def _building(value: str) -> tuple[str, str]:
    """The building's number and the first word of its street, each empty where there is none.

    A number after FLAT and the like is the building's only where there is no other. The street is looked for after the number first; of
    THE STREET it is STREET.
    """
    number = street = earlier = flat = lone = ""
    of_unit = False
    for word in value.split():
        if number and street:
            break
        if word[0] <= "9":
            if of_unit:
                flat = flat or digits_of(word)
            elif not number and (number := digits_of(word)):
                street, earlier = "", street
            of_unit = False
            continue
        of_unit = word in UNITS
        if word == "STREET":
            lone = word
        elif not street and len(word) >= 3 and word not in NO_STREET:
            street = word
    return number or flat, street or earlier or lone


def digits_of(word: str) -> str:
    """The house number in a word such as 12, 12A or 12-14; empty in 2ND."""
    if word.isdigit():
        return word
    first = word.partition("-")[0]
    if first[-1].isalpha():
        first = first[:-1]
    return first if first.isdigit() else ""


def named_house(value: str) -> str:
    """The name of a house that has no number, such as OLD MILL; empty where there is none."""
    words = value.split()
    for name, kind in pairwise(words):
        if kind in HOUSES and len(name) >= 3 and name not in NO_STREET and name.isalpha():
            return f"{name} {kind}"
    return ""


def _house(value: str) -> tuple[str, ...]:
    number, street = _building(value)
    if number:
        return (f"{number} {street}",) if street else ()
    named = named_house(value)
    return (named,) if named else ()


def _only(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


ADDRESS_PARTS: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = {
    "whole": lambda value: (value,),
    "house": _house,
    "street": lambda value: _only(_building(value)[1]),
    "number": lambda value: _only(_building(value)[0]),
}
