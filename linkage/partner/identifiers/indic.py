"""Words of the scripts of India (Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada, Malayalam) in Latin letters.

In these scripts a consonant without a vowel sign carries an A. The Unicode blocks share one layout (from ISCII, IS 13194:1991), so one
table serves all. In the northern languages the A is silent at the end of a word and between a syllable and the next that has a vowel
(Ohala 1983, The schwa in Hindi): RAHMAN, not RAHAMANA. Consonants are written as names are in English: CH and SH, not C and S.
"""

from typing import Final

from anyascii import anyascii

FIRST: Final = 0x0900
BLOCK: Final = 0x80
SOUTHERN: Final = 0x0B80
CONSONANTS: Final = range(0x15, 0x3A)
SIGNS: Final = range(0x3E, 0x4D)
NUKTA, VIRAMA = 0x3C, 0x4D
NASALS: Final = frozenset({0x01, 0x02, 0x70})
GURMUKHI: Final = 0x0A00
DOUBLED: Final = 0x71
SPELT_IN: Final = {(0x0B80, 0x1A): "s", (0x0980, 0x2B): "f", (0x0A00, 0x35): "w"}
SPELT: Final = {0x1A: "ch", 0x1B: "chh", 0x36: "sh", 0x37: "sh"}
WITH_NUKTA: Final = {
    0x15: "q", 0x16: "kh", 0x17: "gh", 0x1C: "z", 0x21: "r", 0x22: "rh", 0x2B: "f", 0x2F: "y", 0x32: "l", 0x38: "sh",
}  # fmt: skip
INHERENT: Final = "\u0259"
LABIALS: Final = frozenset({"p", "b", "m"})
SONORANTS: Final = frozenset({"r", "y", "l", "v", "w", "n", "m"})
WHOLE: Final = {"\u0938\u093f\u0902\u0939": "singh"}


def romanised(word: str) -> str:
    """The word in small Latin letters."""
    if word in WHOLE:
        return WHOLE[word]
    syllables, southern = _syllables(word)
    if not southern:
        _silence(syllables)
    return "".join(onset + ("a" if vowel == INHERENT else vowel) for onset, vowel in syllables)


def _syllables(word: str) -> tuple[list[list[str]], bool]:
    """Each consonant with the vowel that follows it, each free vowel on its own; and whether the script is a southern one."""
    out: list[list[str]] = []
    southern = False
    signs = word.replace("\u200c", "").replace("\u200d", "")
    for at, character in enumerate(signs):
        block, place = divmod(ord(character) - FIRST, BLOCK)
        base = FIRST + block * BLOCK
        southern = southern or base >= SOUTHERN
        if place in CONSONANTS:
            spelt = SPELT_IN.get((base, place)) or SPELT.get(place) or anyascii(character)
            out.append([spelt, INHERENT])
        elif place == NUKTA and out:
            out[-1][0] = WITH_NUKTA.get((ord(signs[at - 1]) - FIRST) % BLOCK, out[-1][0])
        elif place == VIRAMA and out:
            out[-1][1] = ""
        elif place in SIGNS and out and out[-1][1] == INHERENT:
            out[-1][1] = anyascii(character)
        elif place in NASALS or (place == DOUBLED and base == GURMUKHI):
            following = anyascii(signs[at + 1 : at + 2])[:1]
            out.append([following if place == DOUBLED else "m" if following in LABIALS else "n", ""])
        else:
            out.append(["", "".join(c for c in anyascii(character) if c.isalpha())])
    return out, southern


def _silence(syllables: list[list[str]]) -> None:
    """Takes away the A that northern languages do not sound, from the end of the word to its beginning."""
    spelt = [tuple(s) for s in syllables]
    last = len(spelt) - 1
    if last > 0 and spelt[last][1] == INHERENT and any(v for _, v in spelt[:last]) and not _clustered(spelt):
        syllables[last][1] = ""
    for at in range(last - 1, 0, -1):
        following_sounded = syllables[at + 1][1] == spelt[at + 1][1] and any(v for _, v in spelt[at + 1 :])
        doubled = spelt[at + 1][1] == "" and at + 2 <= last and spelt[at + 1][0] == spelt[at + 2][0]
        if spelt[at][1] == INHERENT and spelt[at - 1][1] and following_sounded and not doubled:
            syllables[at][1] = ""


def _clustered(spelt: list[tuple[str, ...]]) -> bool:
    """Whether the word ends in two consonants that need the A to be spoken (CHANDRA, but ANAND)."""
    (before, vowel), (onset, _) = spelt[-2:]
    return vowel == "" and onset in SONORANTS and before not in {"n", "m", onset}
