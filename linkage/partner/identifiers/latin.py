"""Any script in Latin letters, so that one rule serves every writer.

Letters that carry marks lose them, other alphabets are transliterated: letter by letter (anyascii) where that reads well, by the
rules of `arabic` and `indic` where vowels are not written as letters. Composed and decomposed writing of one text (Unicode normal
forms NFC and NFD, Unicode Standard Annex 15), with and without vowel points, give the same. Symbols, digits and emoji are no letters.
"""

import re
import unicodedata
from typing import Final

from anyascii import anyascii

from linkage.partner.identifiers.arabic import romanised as romanised_arabic
from linkage.partner.identifiers.indic import romanised as romanised_indic

# Scripts that need more than one letter at a time: Greek, Arabic, those of India.
BY_WORD: Final = re.compile("[\u0370-\u03ff\u0610-\u06ff\u0900-\u0d7f\ufb50-\ufdff\ufe70-\ufefc]")
# Vowel points of Hebrew, which some write and most leave out; those of Arabic are left out by `arabic`.
POINTS: Final = frozenset(map(chr, range(0x0591, 0x05C8)))
ARABIC_WORD: Final = re.compile("[\u0610-\u06ff\ufb50-\ufdff\ufe70-\ufefc]+")
INDIC_WORD: Final = re.compile("[\u0900-\u0d7f\u200c\u200d]+")
GREEK: Final = re.compile("[\u0391\u0395\u039f\u03b1\u03b5\u03bf][\u03a5\u03c5\u03cd\u038e]|[\u0393\u03b3]{2}")
DIGRAPHS: Final = {"\u03b1": "av", "\u03b5": "ev", "\u03bf": "ou", "\u03b3": "ng"}


# What anyascii writes for punctuation that means something in a name or an address.
SIGNS: Final = {**{c: c for c in "',\"()-./@"}, "`": "'", "<<": '"', ">>": '"', "''": '"', "--": "-"}
ACCENTS: Final = frozenset("\u00b4\uff40")


class _Ascii(dict[int, str]):
    """What stands for each character beyond ASCII; characters are looked up once."""

    def __missing__(self, code: int) -> str:
        """ASCII stands for itself; see `_one`."""
        out = self[code] = chr(code) if code < 128 else _one(chr(code))
        return out


def _one(character: str) -> str:
    """The character's capital Latin letters, its digit, a space, the ASCII sign that is meant, or nothing."""
    kind = unicodedata.category(character)
    if kind[0] in "LM":
        plain = "" if character in POINTS else anyascii(character)
        return "".join(c for c in plain.upper() if "A" <= c <= "Z")
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind == "Cc" or kind[0] == "Z":
        return " "
    if kind[0] == "P" or character in ACCENTS:
        return SIGNS.get(anyascii(character), " ")
    return ""


ASCII: Final = _Ascii()


def ascii_of(text: str) -> str:
    """The text in ASCII: letters that are not Latin A-Z as capital letters, everything that was ASCII as it was."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFC", text)
    return (_by_word(plain) if BY_WORD.search(plain) else plain).translate(ASCII)


def _by_word(text: str) -> str:
    """The text with the words of Arabic and Indic scripts, and the pairs of letters that Greek writes for one sound, in Latin."""
    plain = ARABIC_WORD.sub(lambda m: romanised_arabic(unicodedata.normalize("NFKC", m[0])), text)
    plain = INDIC_WORD.sub(lambda m: romanised_indic(m[0]), plain)
    return GREEK.sub(lambda m: DIGRAPHS[m[0][0].lower()], plain)
