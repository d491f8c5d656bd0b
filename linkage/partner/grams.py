"""Values as sets of q-grams, vectorised: one row of integer codes a distinct value, 0 where there is no further gram.

Names, addresses and e-mails: bigrams of the padded text (Schnell, Bachteler and Reiher 2009). Dates: every digit with its place, and day and month
as whole numbers without their place, so that an exchange of the two costs little. Postcodes: every character with its place counted
from the gap between outward and inward part, and the outward part as a whole.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

Grams = npt.NDArray[np.uint64]
LONGEST: Final = {"name": 20, "address": 28, "email": 28}
WHOLE: Final = np.uint64(1 << 40)


def _letters(values: npt.NDArray[np.object_], width: int) -> npt.NDArray[np.uint64]:
    """Character codes, (n, width), 0 beyond the end."""
    raw = np.array([v.encode("ascii", "replace")[:width] for v in values], dtype=f"S{width}")
    return raw.view(np.uint8).reshape(len(values), width).astype(np.uint64)


def bigrams(values: npt.NDArray[np.object_], *, longest: int) -> Grams:
    """The bigrams of ` value `, at most `longest` + 1 a value."""
    letters = _letters(values, longest)
    padded = np.zeros((len(values), longest + 2), dtype=np.uint64)
    padded[:, 0] = 32
    padded[:, 1:-1] = letters
    length = (letters > 0).sum(axis=1)
    padded[np.arange(len(values)), length + 1] = 32
    left, right = padded[:, :-1], padded[:, 1:]
    return np.where((left > 0) & (right > 0), left * np.uint64(256) + right, np.uint64(0))


def date_grams(values: npt.NDArray[np.object_]) -> Grams:
    """Digits with their place, and day and month without; what is not known gives no gram."""
    digits = _letters(values, 8)
    known = digits != ord("?")
    place = (np.arange(8, dtype=np.uint64) + np.uint64(1)) * np.uint64(256)
    singles = np.where(known, place + digits, np.uint64(0))
    wholes = []
    for at in (4, 6):
        both = known[:, at] & known[:, at + 1]
        number = digits[:, at] * np.uint64(256) + digits[:, at + 1]
        wholes += [np.where(both, WHOLE * np.uint64(n) + number, np.uint64(0)) for n in (1, 2)]
    return np.column_stack([singles, *wholes])


def postcode_grams(values: npt.NDArray[np.object_]) -> Grams:
    """Characters with their place, and the outward part as a whole."""
    aligned = np.array([f"{v[:-3]:<5.5}{v[-3:]}" for v in values], dtype=object)
    letters = _letters(aligned, 8)
    place = (np.arange(8, dtype=np.uint64) + np.uint64(1)) * np.uint64(256)
    singles = np.where(letters > 32, place + letters, np.uint64(0))
    outward = np.zeros(len(values), dtype=np.uint64)
    for at in range(5):
        outward = outward * np.uint64(64) + letters[:, at] % np.uint64(64)
    return np.column_stack([singles, WHOLE + outward, WHOLE * np.uint64(2) + outward])


def address_grams(values: npt.NDArray[np.object_]) -> Grams:
    """Bigrams of the words, and the first number as a whole, five times over, for it tells neighbours apart."""
    numbers = np.array([next((w for w in v.split() if w[0].isdigit()), "") for v in values], dtype=object)
    streets = np.array(
        [v.replace(n, "", 1).replace(" ", "") for v, n in zip(values, numbers, strict=True)], dtype=object
    )
    number = _letters(numbers, 5)
    code = np.zeros(len(values), dtype=np.uint64)
    for at in range(5):
        code = code * np.uint64(64) + number[:, at] % np.uint64(64)
    wholes = [np.where(code > 0, WHOLE * np.uint64(n) + code, np.uint64(0)) for n in range(1, 6)]
    return np.column_stack([bigrams(streets, longest=LONGEST["address"]), *wholes])


GRAMS: Final[dict[str, Callable[[npt.NDArray[np.object_]], Grams]]] = {
    "name": lambda values: bigrams(values, longest=LONGEST["name"]),
    "date": date_grams,
    "postcode": postcode_grams,
    "address": address_grams,
    "email": lambda values: bigrams(values, longest=LONGEST["email"]),
}
