"""The slips that happen when one text is heard, read, typed or scanned.

Each function takes upper-case text and two numbers in [0, 1) that choose where and how it goes wrong, so that the same
numbers give the same slip. Where a slip is not possible the text comes back as it was.

Kinds of error after Christen and Vatsalan, "Flexible and extensible generation and corruption of personal data" (CIKM
2013): keyboard, phonetic and optical-character errors.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from .short_forms import SHORT_FORMS
from .spellings import SPELLINGS


class Slip(Protocol):
    """One way of getting a text wrong."""

    def __call__(self, text: str, *, place: float, kind: float) -> str:
        """The text with the slip that the two numbers choose."""
        ...


_KEYBOARD: Final[Mapping[str, str]] = {
    "A": "QSZ", "B": "VGN", "C": "XVD", "D": "SFE", "E": "WRD", "F": "DGR", "G": "FHT", "H": "GJY", "I": "UOK",
    "J": "HKU", "K": "JLI", "L": "KO", "M": "NJ", "N": "BMH", "O": "IPL", "P": "OL", "Q": "WA", "R": "ETF", "S": "ADW",
    "T": "RYG", "U": "YIJ", "V": "CBF", "W": "QES", "X": "ZCS", "Y": "TUH", "Z": "XA",
    "0": "9", "1": "2", "2": "13", "3": "24", "4": "35", "5": "46", "6": "57", "7": "68", "8": "79", "9": "80",
}  # fmt: skip

_SOUNDS: Final[tuple[tuple[str, str], ...]] = (
    ("PH", "F"), ("F", "PH"), ("CK", "K"), ("C", "K"), ("K", "C"), ("QU", "KW"), ("X", "CKS"), ("GH", ""), ("DGE", "GE"),
    ("TION", "SHUN"), ("EE", "EA"), ("EA", "EE"), ("IE", "Y"), ("EY", "Y"), ("Y", "IE"), ("AI", "AY"), ("AY", "AI"),
    ("OU", "U"), ("OO", "U"), ("ER", "AR"), ("OR", "ER"), ("MAC", "MC"), ("MC", "MAC"), ("SON", "SEN"), ("Z", "S"),
    ("S", "Z"), ("LL", "L"), ("L", "LL"), ("NN", "N"), ("N", "NN"), ("TT", "T"), ("T", "TT"), ("W", "V"), ("V", "W"),
    ("SZ", "SH"), ("CZ", "CH"), ("J", "Y"), ("H", ""), ("E", ""), ("A", "E"), ("I", "E"), ("U", "O"),
)  # fmt: skip

_LOOKALIKES: Final[tuple[tuple[str, str], ...]] = (
    ("RN", "M"), ("M", "RN"), ("CL", "D"), ("D", "CL"), ("VV", "W"), ("W", "VV"), ("O", "0"), ("I", "1"), ("L", "1"),
    ("S", "5"), ("B", "8"), ("G", "6"), ("Z", "2"), ("E", "F"), ("U", "V"), ("H", "N"), ("C", "G"), ("T", "I"), ("N", "H"),
    ("0", "O"), ("1", "I"), ("5", "S"), ("8", "B"), ("6", "G"),
)  # fmt: skip


def keyboard(text: str, *, place: float, kind: float) -> str:
    """One key wrong: a neighbouring key, a letter left out, doubled, or two letters exchanged."""
    at = int(place * len(text))
    if kind < 0.40:
        return text[:at] + _pick(_KEYBOARD.get(text[at], text[at]), number=kind / 0.40) + text[at + 1 :]
    if kind < 0.65 and len(text) > 2:
        return text[:at] + text[at + 1 :]
    if kind < 0.80 or len(text) < 2:
        return text[: at + 1] + text[at:]
    at = min(at, len(text) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def phonetic(text: str, *, place: float, kind: float) -> str:
    """One sound spelled another way, after the first letter."""
    return _replaced(text, table=_SOUNDS, first=1, place=place, kind=kind)


def scanned(text: str, *, place: float, kind: float) -> str:
    """One letter read as another that looks like it."""
    return _replaced(text, table=_LOOKALIKES, first=0, place=place, kind=kind)


def short_form(text: str, *, place: float, kind: float) -> str:  # noqa: ARG001  every slip takes both numbers
    """A short form that people use for the name; the usual one more often than the others."""
    return _pick(SHORT_FORMS[text], number=kind * kind) if text in SHORT_FORMS else text


def respelt(text: str, *, place: float, kind: float) -> str:  # noqa: ARG001
    """Another spelling of the same name."""
    return _pick(SPELLINGS[text], number=kind * kind) if text in SPELLINGS else text


def initial(text: str, *, place: float, kind: float) -> str:  # noqa: ARG001
    """The first letter alone."""
    return text[0]


def half(text: str, *, place: float, kind: float) -> str:  # noqa: ARG001
    """One half of a double-barrelled surname; from AL-HASSAN the article is lost."""
    left, hyphen, right = text.partition("-")
    if not hyphen:
        return text
    return left if kind < 0.5 and len(left) > 2 else right


def wrong_digit(text: str, *, place: float, kind: float) -> str:
    """One digit is another digit."""
    digits = [i for i, c in enumerate(text) if c.isdigit()]
    if not digits:
        return text
    at = int(_pick([str(i) for i in digits], number=place))
    return text[:at] + str((int(text[at]) + 1 + int(kind * 9)) % 10) + text[at + 1 :]


def wrong_postcode(text: str, *, place: float, kind: float) -> str:
    """A digit of the postcode is wrong, or one of its last two letters is its neighbour on the keyboard."""
    if kind < 0.5:
        return wrong_digit(text, place=place, kind=kind * 2)
    at = len(text) - 1 - int(place * 2)
    return text[:at] + _pick(_KEYBOARD[text[at]], number=(kind - 0.5) * 2) + text[at + 1 :]


def _replaced(text: str, *, table: Sequence[tuple[str, str]], first: int, place: float, kind: float) -> str:
    possible = [(old, new) for old, new in table if text.find(old, first) >= 0]
    if not possible:
        return text
    old, new = possible[int(kind * len(possible))]
    found = [i for i in range(first, len(text)) if text.startswith(old, i)]
    at = found[int(place * len(found))]
    return text[:at] + new + text[at + len(old) :]


def _pick(options: Sequence[str], *, number: float) -> str:
    return options[min(int(number * len(options)), len(options) - 1)]
