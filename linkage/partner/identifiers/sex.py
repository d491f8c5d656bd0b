"""Sex as recorded: M or F; anything else is not compared (codes follow the NHS data dictionary, PERSON STATED GENDER CODE).

Codes 0 (not known), 9 (indeterminate or not specified), X, U and words for other genders give no value: a record is never linked or kept
apart by them.
"""

from typing import Final

WORDS: Final = {
    "M": ["M", "MALE", "MAN", "BOY", "MASCULINE", "GENTLEMAN", "1"],
    "F": ["F", "FEMALE", "WOMAN", "GIRL", "FEMININE", "LADY", "2"],
}
CODES: Final = {word: code for code, words in WORDS.items() for word in words}
GAPS: Final = str.maketrans(dict.fromkeys("-:=.,;/()[]'\"_", " "))


def clean(text: str) -> str | None:
    """M or F, or None where neither is meant. A code beside its word ("1 - Male") is read where both say the same."""
    plain = text.strip().upper()
    if plain in CODES:
        return CODES[plain]
    found = {CODES.get(word) for word in plain.translate(GAPS).split()}
    return found.pop() if len(found) == 1 else None
