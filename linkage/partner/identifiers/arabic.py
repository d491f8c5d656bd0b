"""Words of Arabic script (Arabic, Persian, Urdu, Pashto, Kurdish) in Latin letters.

The script writes consonants and long vowels; a reader supplies the short ones. Here every syllable that shows none is read with A,
which keeps the number of syllables and their consonants as in the English spelling (AHMAD, HASAN, MAHMUD), if not always the vowel
(KHALAD for Khalid). Letters that keyboards of the different languages write apart (two kinds of K, Y and H, the forms of alif)
are one letter here.
"""

from typing import Final

POINTS: Final = (*range(0x0610, 0x061B), *range(0x064B, 0x0660), 0x0670, *range(0x06D6, 0x06EE))
FOLDED: Final = str.maketrans(
    {
        **dict.fromkeys("أإآٱٲٳ", "ا"),
        **dict.fromkeys("ىیېۍۑئےۓ", "ي"),
        **dict.fromkeys("کڪ", "ك"),
        **dict.fromkeys("ةۃہھەۀۂۿ", "ه"),
        **dict.fromkeys("ؤۆۇۈۋ", "و"),
        **dict.fromkeys("ءـ", ""),
        **dict.fromkeys(POINTS, ""),
    }
)
CONSONANTS: Final = {
    "ا": "a", "ب": "b", "پ": "p", "ت": "t", "ٹ": "t", "ث": "th", "ج": "j", "چ": "ch", "ح": "h", "خ": "kh", "د": "d", "ڈ": "d", "ذ": "z",
    "ر": "r", "ڑ": "r", "ړ": "r", "ز": "z", "ژ": "zh", "ږ": "zh", "س": "s", "ش": "sh", "ښ": "sh", "ص": "s", "ض": "d", "ط": "t",
    "ظ": "z", "غ": "gh", "ف": "f", "ڤ": "v", "ق": "q", "ك": "k", "گ": "g", "ګ": "g", "ل": "l", "م": "m", "ن": "n", "ں": "n",
    "ڼ": "n", "ه": "h", "ټ": "t", "ډ": "d", "څ": "ts", "ځ": "dz", "ڵ": "l", "ڕ": "r",
}  # fmt: skip
SHORT: Final = frozenset("aiu")
LONG: Final = {"و": "wu", "ي": "yi"}
ARTICLE, SERVANT_OF, GOD = "ال", "عبدال", "الله"
WHOLE: Final = {GOD: "allah", "عبد": "abd", "ابو": "abu", "بن": "bin", "ابن": "ibn", "محمد": "muhammad"}


def romanised(word: str) -> str:
    """The word in small Latin letters."""
    plain = word.translate(FOLDED)
    if plain in WHOLE:
        return WHOLE[plain]
    if plain.endswith(GOD) and len(plain) > len(GOD):
        return romanised(plain[: -len(GOD)]) + WHOLE[GOD]
    if plain.startswith(SERVANT_OF) and len(plain) > len(SERVANT_OF) + 1:
        return "abdul" + _spelt(plain[len(SERVANT_OF) :])
    if plain.startswith(ARTICLE) and len(plain) > len(ARTICLE) + 1:
        return "al" + _spelt(plain[len(ARTICLE) :])
    return _spelt(plain)


def _spelt(word: str) -> str:
    """The letters, long vowels where they are written, and A in the syllables that show none."""
    sounds = [
        s for at, letter in enumerate(word) if (s := _sound(letter, before=word[:at], after=word[at + 1 :]))
    ]
    out: list[str] = []
    open_syllable = False
    for at, sound in enumerate(sounds):
        out.append(sound)
        if sound in SHORT:
            open_syllable = True
            continue
        meets = at + 1 < len(sounds) and sounds[at + 1] not in SHORT
        if meets and (not open_syllable or at + 2 == len(sounds)):
            out.append("a")
        open_syllable = meets and out[-1] == "a"
    return "".join(out)


def _sound(letter: str, *, before: str, after: str) -> str:
    """What the letter sounds between the letters before and after it."""
    if letter == "ع":
        return "" if "ا" in (before[-1:], after[:1]) else "a"
    if letter in LONG:
        consonant = (
            not before or before[-1] == "ا" or (after[:1] == "ا" or (letter == "و" and after[:1] == "ي"))
        )
        return LONG[letter][0 if consonant else 1]
    if letter == "ه" and before and not after and before[-1] not in "اوي":
        return "a"
    return CONSONANTS.get(letter, "")
