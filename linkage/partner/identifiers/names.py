"""What forenames and surnames have in common.

A clean name is its words in capital Latin letters with one space between words that could stand alone: a double-barrelled surname
(SMITH JONES), several forenames (MARY ANN). Particles belong to the word they lead (VANDERBERG, OCONNOR). What stands in brackets or
quotation marks, or after "known as", is a second name of the same person and follows in round brackets: ROBERT (BOB). Every part reads
the words without the spaces, so that hyphen, space and run-together writing agree, and without the second names. Forename and surname have
the same parts, so that the two exchanged can still meet.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Final

from jellyfish import soundex

from linkage.partner.identifiers.latin import ascii_of
from linkage.partner.identifiers.roots import roots

_TITLES: Final = "MR MRS MISS MS MX DR PROF REV MSTR MISTER CLLR"
TITLES: Final = frozenset(_TITLES.split())
_NO_NAME: Final = """
    UNKNOWN NOTKNOWN UNK NK UK NA NONE NULL NIL NOTGIVEN NOTSTATED NOTRECORDED NOTPROVIDED NOTAVAILABLE NOTAPPLICABLE NOTDISCLOSED
    NOTSUPPLIED NOTSPECIFIED UNAVAILABLE UNSPECIFIED ANON ANONYMOUS NONAME NAME SURNAME FORENAME FIRSTNAME LASTNAME FAMILYNAME GIVENNAME
    NOSURNAME NOFORENAME NOFIRSTNAME NOLASTNAME NOFAMILYNAME NOGIVENNAME NOMIDDLENAME NFN NSN NLN NMN FNU LNU TBC TBA TOBECONFIRMED
    REFUSED DECLINED WITHHELD REDACTED DELETED DUPLICATE DONOTUSE DUMMY TEST TESTING TESTPATIENT TESTCASE XX XYZ ABC ASDF QWERTY
"""
NO_NAME: Final = frozenset(_NO_NAME.split())
# No names alone, but J R are initials.
NO_NAME_ALONE: Final = frozenset(["JR", "JNR", "SNR", "SR", "ESQ"])
# Words that lead to a second name, or say something about it, without being one.
_REMARKS: Final = """
    KNOWN AS AKA ALIAS ALSO NEE BORN MAIDEN NAME FORMERLY PREVIOUSLY PREVIOUS FORMER PREFERRED PREFERS NICKNAME NOW CALLED LEGAL DECEASED
    DECD TWIN MINOR MOTHER FATHER CARER GUARDIAN SIBLING DUPLICATE MALE FEMALE
"""
REMARKS: Final = frozenset(_REMARKS.split())
ASIDE: Final = re.compile(r"""\(([^()]*)\)|"([^"]*)"|(?<![A-Z])'([^']*)'(?![A-Z])""")
KNOWN_AS: Final = re.compile(
    r"(?<=[A-Z]) +(?:ALSO +|FORMERLY +|PREVIOUSLY +|NOW +)?(?:KNOWN +AS|AKA|A +K +A|ALIAS|NEE|FORMERLY|PREVIOUSLY) +(?=[A-Z])"
)
LEADS: Final = frozenset(["KNOWN", "AKA", "ALIAS", "NEE", "FORMERLY", "PREVIOUSLY"])
SIGNS: Final = str.maketrans(
    {
        **{chr(c): chr(c).upper() if chr(c).isalpha() else "" if chr(c).isdigit() else " " for c in range(128)},
        **{"'": "'", "`": "'", '"': '"', "(": "(", ")": ")", "[": "(", "]": ")", "{": "(", "}": ")"},
    }
)
UNSPOKEN: Final = str.maketrans({"'": "", '"': " ", "(": " ", ")": " "})
FIRST_LETTER: Final = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "01230120022455012623010202", strict=True))


@dataclass(frozen=True, slots=True)
class Rule:
    """What sets forenames and surnames apart: what leads, what trails, what joins the word after it, and what is no name."""

    leading: Set[str]
    trailing: Set[str]
    particles: Mapping[str, str]
    no_name: Set[str]
    no_first_word: Set[str]
    no_word: Set[str] = field(init=False)
    no_word_alone: Set[str] = field(init=False)
    notable: Set[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "no_word", TITLES | self.no_name | self.no_first_word)
        object.__setattr__(self, "no_word_alone", self.no_word | NO_NAME_ALONE)
        rest = self.leading | self.trailing | self.particles.keys()
        object.__setattr__(self, "notable", frozenset(TITLES | LEADS | self.no_first_word | rest))


def particles(words: Iterable[str]) -> dict[str, str]:
    """Each particle as it is written before the word it leads."""
    return {w: "ST" if w == "SAINT" else w for w in words}


def capitals(text: str) -> str:
    """The text in A-Z, spaces, apostrophes, quotation marks and round brackets; digits and other signs are gone."""
    return ascii_of(text).translate(SIGNS)


def clean_name(text: str, *, rule: Rule) -> str | None:
    """The canonical name, or None where there is none."""
    if text.isascii() and text.isalpha():
        word = text.upper()
        return None if word in rule.no_word_alone or _repeats(word) else word
    plain = capitals(text)
    if "'" in plain and " '" not in plain and plain[0] != "'":
        plain = plain.replace("'", "")
    words = plain.split()
    if (
        "'" in plain
        or '"' in plain
        or "(" in plain
        or ")" in plain
        or " A K A " in plain
        or not LEADS.isdisjoint(words)
    ):
        return _with_seconds(plain, rule=rule)
    return _valid(words, rule=rule)


def _with_seconds(plain: str, *, rule: Rule) -> str | None:
    """The canonical name of a text that may carry second names."""
    asides = [m[1] or m[2] or m[3] or "" for m in ASIDE.finditer(plain)]
    main, *others = KNOWN_AS.split(ASIDE.sub(" ", plain).translate(UNSPOKEN))
    seconds = [found for text in (*others, *asides) if (found := _second(text, rule=rule))]
    words = main.split()
    name = _valid(words, rule=rule) if words else next(iter(seconds), None)
    if name is None:
        return None
    return " ".join([name, *(f"({s})" for s in dict.fromkeys(seconds) if s != name)])


def _second(text: str, *, rule: Rule) -> str | None:
    """The name that a remark gives, or None where it gives none."""
    words = [w for w in text.translate(UNSPOKEN).split() if w not in REMARKS]
    found = _valid(words, rule=rule)
    return found if found is not None and len(found) > 1 else None


def _valid(words: list[str], *, rule: Rule) -> str | None:
    """The words that make the name, or None where they make none."""
    plain = rule.notable.isdisjoint(words)
    kept = words if plain else _bare(words, rule=rule)
    joined = "".join(kept)
    refused = rule.no_word if len(kept) > 1 else rule.no_word_alone
    if not joined or joined in refused or kept[0] in rule.no_first_word or _repeats(joined):
        return None
    if plain or len(led := _led(kept, rule.particles)) == len(kept):
        return " ".join(kept)
    return _valid(led, rule=rule)


def _repeats(word: str) -> bool:
    """Whether the word is one letter three times or more: XXX stands for nothing known."""
    return len(word) > 2 and word == word[0] * len(word)


def _bare(words: list[str], *, rule: Rule) -> list[str]:
    """The words without titles and suffixes."""
    kept = [w for w in words if w not in TITLES]
    while len(kept) > 1 and kept[0] in rule.leading:
        kept.pop(0)
    while len(kept) > 1 and kept[-1] in rule.trailing:
        kept.pop()
    return kept


def _led(words: list[str], particles: Mapping[str, str]) -> list[str]:
    """The words, each particle joined to the word it leads."""
    out: list[str] = []
    prefix = ""
    for word in words[:-1]:
        if word in particles:
            prefix += particles[word]
        else:
            out.append(prefix + word)
            prefix = ""
    return words if prefix + words[-1] in LEADS else [*out, prefix + words[-1]]


def main(value: str) -> str:
    """The name without its second names."""
    return value.partition(" (")[0]


def seconds(value: str) -> list[str]:
    """The second names that the value carries in brackets."""
    return [a.removesuffix(")") for a in value.split(" (")[1:]]


def joined(value: str) -> str:
    """The name's letters, without its second names."""
    return main(value).replace(" ", "") if " " in value else value


def sound(value: str) -> str:
    """American Soundex, as the US National Archives define it."""
    return soundex(joined(value))


def phonetic(value: str) -> str:
    """Soundex with the first letter coded like the others, so that KATHERINE and CATHERINE, OMAR and UMAR agree.

    The first letter was first coded so by Daitch and Mokotoff (1985), for names that were brought from one alphabet to another.
    """
    code = soundex(joined(value))
    return FIRST_LETTER[code[0]] + code[1:]


PARTS: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = {
    "whole": lambda value: (joined(value),),
    "initial": lambda value: (value[0],),
    "start": lambda value: (joined(value)[:3],),
    "end": lambda value: (joined(value)[-3:],),
    "sound": lambda value: (sound(value),),
    "phonetic": lambda value: (phonetic(value),),
    "root": lambda value: roots(joined(value)),
}
