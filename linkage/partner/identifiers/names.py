"""Forenames, surnames and place names.

Any script is transliterated to Latin letters (anyascii), so that the same rule serves every writer; accents, apostrophes,
hyphens and spaces go; titles, suffixes and words that say "unknown" are no names. What comes out is A-Z only.
"""

import re
from typing import Final

from anyascii import anyascii
from jellyfish import soundex

TITLES: Final = frozenset(
    ["MR", "MRS", "MISS", "MS", "MX", "DR", "PROF", "REV", "SIR", "LADY", "LORD", "MASTER"]
)
SUFFIXES: Final = frozenset(["JR", "SNR", "SR", "II", "III", "IV", "ESQ", "OBE", "MBE"])
NO_NAME: Final = frozenset(
    [
        "UNKNOWN",
        "NOTKNOWN",
        "UNK",
        "NA",
        "NONE",
        "NULL",
        "NIL",
        "TEST",
        "BABY",
        "BABYBOY",
        "BABYGIRL",
        "INFANT",
        "NOTGIVEN",
        "NOTSTATED",
        "ANON",
        "ANONYMOUS",
        "XX",
        "XXX",
        "NFN",
        "NSN",
        "TBC",
    ]
)
LETTERS: Final = re.compile(r"[^A-Z ]+")
SPACING: Final = re.compile(r"[\s\-/,;]+")
DROPPED: Final = re.compile(r"['’`´.\"()]+")


def words(text: str) -> list[str]:
    """The words of a name in capital Latin letters."""
    plain = anyascii(text).upper()
    return LETTERS.sub("", SPACING.sub(" ", DROPPED.sub("", plain))).split()


def clean_forename(text: str) -> str | None:
    """The first forenames joined, without titles."""
    return _joined([w for w in words(text) if w not in TITLES])


def clean_surname(text: str) -> str | None:
    """The surname's words joined, without titles and suffixes; particles belong to the name."""
    return _joined([w for w in words(text) if w not in TITLES and w not in SUFFIXES])


def clean_place(text: str) -> str | None:
    """A town's words joined; a leading SAINT is written ST."""
    return _joined(["ST" if w == "SAINT" else w for w in words(text)])


def _joined(parts: list[str]) -> str | None:
    whole = "".join(parts)
    return None if not whole or whole in NO_NAME else whole


def part(value: str, name: str) -> str | None:
    """`whole`, `initial`, or `sound` (American Soundex, as the US National Archives define it)."""
    if name == "whole":
        return value
    if name == "initial":
        return value[0]
    return soundex(value)
