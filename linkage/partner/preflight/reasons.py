"""Why a text is no valid value of an identifier, in words and never in values; and which values are words for "not known"."""

import re
from collections.abc import Callable, Mapping
from typing import Final

PLACEHOLDER: Final = "a word or number that stands for not known"
OTHER: Final = "another form that is not understood"
_WORDS: Final = """
    NA NK NR UNK UNKNOWN UNKNOWNUNKNOWN NOTKNOWN NOTGIVEN NOTSTATED NOTRECORDED NOTSPECIFIED NOTAPPLICABLE NOTPROVIDED NOTAVAILABLE
    NONE NULL NIL NAN TBC TBA MISSING BLANK EMPTY WITHHELD REFUSED DECLINED ANON ANONYMOUS ANONYMISED CONFIDENTIAL REDACTED
    TEST TESTTEST TESTPATIENT DUMMY XX XXX XXXX ZZ ZZZ ZZZZ AAA ASDF NFN NSN FNU LNU NFA NFI NOFIXEDABODE NOFIXEDADDRESS
    NOSURNAME NOFORENAME NONAME BABY BABYBOY BABYGIRL BABYOF INFANT UNBORN MALE FEMALE MALEINFANT FEMALEINFANT
"""
WORDS: Final = frozenset(_WORDS.split())
PLAIN: Final = re.compile(r"[^A-Z0-9]+")
DIGITS: Final = re.compile(r"[^0-9]+")
# A sex is M or F in words too: there these are values.
NO_PLACEHOLDERS_IN: Final = frozenset(["sex"])

Rule = tuple[str, Callable[[str], bool]]


def _digits(text: str) -> str:
    return DIGITS.sub("", text)


def _year(text: str) -> int | None:
    found = re.search(r"(?<!\d)\d{4}(?!\d)", text)
    return int(found.group()) if found else None


_NAMES: Final = (
    "forename",
    "alias_forename",
    "middle_name",
    "surname",
    "previous_surname",
    "alias_surname",
    "town",
)
_POSTCODE: Final[tuple[Rule, ...]] = (
    ("a code for no fixed abode or not known", lambda t: "".join(t.upper().split()).startswith("ZZ99")),
    ("only the first half of a postcode", lambda t: bool(re.fullmatch(r"[A-Za-z]{1,2}\d[A-Za-z0-9]?", t))),
    ("too long for a postcode", lambda t: len("".join(t.split())) > 8),
)
RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "date_of_birth": (
        ("a spreadsheet's day number instead of a date", lambda t: bool(re.fullmatch(r"\d{5}(\.0+)?", t))),
        ("a year of two digits", lambda t: bool(re.fullmatch(r"\d{1,2}\D\d{1,2}\D\d{2}", t))),
        ("a year that is too early or too late", lambda t: (y := _year(t)) is not None and not 1880 <= y <= 2100),
        ("a day or month that does not exist in this order", lambda t: len(_digits(t)) >= 6),
        ("no complete date", lambda t: bool(_digits(t))),
    ),
    "nhs_number": (
        ("letters among the digits", lambda t: any(c.isalpha() for c in t)),
        ("fewer than ten digits", lambda t: len(_digits(t)) < 10),
        ("more than ten digits", lambda t: len(_digits(t)) > 10),
        ("a check digit that does not fit", lambda _: True),
    ),
    **dict.fromkeys(("postcode", "previous_postcode"), _POSTCODE),
    "email": (
        ("no @", lambda t: "@" not in t),
        ("more than one address", lambda t: t.count("@") > 1),
    ),
    "phone": (("too few digits", lambda t: len(_digits(t)) < 10), ("too many digits", lambda t: len(_digits(t)) > 15)),
    **dict.fromkeys(_NAMES, (("no letters", lambda t: not any(c.isalpha() for c in t)),)),
    "sex": (("a word or code that is neither of the two", lambda _: True),),
}  # fmt: skip


def reason(text: str, *, identifier: str) -> str:
    """Why the text, which cleaning refused, is no valid value of the identifier."""
    plain = text.strip()
    if identifier not in NO_PLACEHOLDERS_IN and is_placeholder(plain):
        return PLACEHOLDER
    return next((words for words, holds in RULES.get(identifier, ()) if holds(plain)), OTHER)


def is_placeholder(text: str) -> bool:
    """Whether the text is a word for not known, punctuation alone, or one character over and over."""
    plain = PLAIN.sub("", text.upper())
    return plain in WORDS or (len(set(plain)) <= 1 and len(plain) != 1)
