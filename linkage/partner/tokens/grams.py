"""Values as sets of q-grams: for each distinct value a row of 16-bit gram codes, and a few heavier grams beside it.

Names, addresses and e-mails: bigrams of the padded text, to a length beyond which values seldom differ (Schnell, Bachteler and Reiher 2009). Dates: every digit with its place, and day and month
as whole numbers with and without their place, so that an exchange of the two costs little. Postcodes: every character with its place counted
from the gap between outward and inward part, and the outward part as a whole. A heavy gram stands for several light ones: a house number,
an outward code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.partner.identifiers.address import ADDRESS_PARTS

LONGEST: Final = {"name": 14, "address": 12, "email": 12}
SOME_VALUES: Final = 50_000
PLACED: Final = 256
WHOLE: Final = 1 << 15
STREET_KINDS: Final = {
    word: number
    for number, word in enumerate(
        [
            "ROAD",
            "STREET",
            "AVENUE",
            "CLOSE",
            "LANE",
            "DRIVE",
            "COURT",
            "CRESCENT",
            "GARDENS",
            "PLACE",
            "SQUARE",
            "TERRACE",
            "GROVE",
            "GREEN",
            "PARK",
            "HOUSE",
            "WAY",
            "HILL",
            "WALK",
            "RISE",
            "VIEW",
            "FLAT",
        ],
        1,
    )
}


@dataclass(frozen=True, slots=True)
class Heavy:
    """One heavy gram a value: `codes` (0 where there is none), each worth `weight` light ones."""

    codes: npt.NDArray[np.uint32]
    weight: int


@dataclass(frozen=True, slots=True)
class Grams:
    """The grams of n distinct values: value i has the light grams `codes[i, : lengths[i]]`, and its heavy ones."""

    codes: npt.NDArray[np.uint16]
    lengths: npt.NDArray[np.uint8]
    heavy: tuple[Heavy, ...] = ()

    def only(self, which: npt.NDArray[np.int32]) -> "Grams":
        """The grams of these values, in their order."""
        heavy = tuple(Heavy(h.codes.take(which), h.weight) for h in self.heavy)
        return Grams(self.codes.take(which, axis=0), self.lengths.take(which), heavy)

    def then(self, other: "Grams") -> "Grams":
        """These values' grams and after them the others'."""
        width = max(self.codes.shape[1], other.codes.shape[1])
        codes = [np.pad(g.codes, ((0, 0), (0, width - g.codes.shape[1]))) for g in (self, other)]
        heavy = tuple(
            Heavy(np.concatenate([a.codes, b.codes]), a.weight)
            for a, b in zip(self.heavy, other.heavy, strict=True)
        )
        return Grams(np.concatenate(codes), np.concatenate([self.lengths, other.lengths]), heavy)


def _letters(values: npt.NDArray[np.object_], width: int) -> npt.NDArray[np.uint32]:
    """Character codes, (n, width), 0 beyond the end."""
    raw = np.array([v.encode("ascii", "replace")[:width] for v in values], dtype=f"S{width}")
    return raw.view(np.uint8).reshape(len(values), width).astype(np.uint32)


def _packed_left(dense: npt.NDArray[np.uint32], heavy: tuple[Heavy, ...] = ()) -> Grams:
    """The grams of a table of codes in which 0 is no gram: each value's grams moved to the left, and the width to the longest."""
    has = dense > 0
    lengths = has.sum(axis=1)
    order = np.argsort(~has, axis=1, kind="stable")[:, : int(lengths.max(initial=1))]
    return Grams(np.take_along_axis(dense, order, axis=1).astype(np.uint16), lengths.astype(np.uint8), heavy)


def _bigrams(values: npt.NDArray[np.object_], longest: int) -> npt.NDArray[np.uint32]:
    letters = _letters(values, longest)
    padded = np.zeros((len(values), longest + 2), dtype=np.uint32)
    padded[:, 0] = 32
    padded[:, 1:-1] = letters
    length = (letters > 0).sum(axis=1)
    padded[np.arange(len(values)), length + 1] = 32
    left, right = padded[:, :-1], padded[:, 1:]
    return np.where((left > 0) & (right > 0), left * 256 + right, 0).astype(np.uint32)


def name_grams(values: npt.NDArray[np.object_]) -> Grams:
    """The bigrams of the name's letters with a space at either end; spaces inside do not count."""
    return _packed_left(_bigrams(np.array([v.replace(" ", "") for v in values], dtype=object), LONGEST["name"]))


def email_grams(values: npt.NDArray[np.object_]) -> Grams:
    """The bigrams of what stands before the @, and the domain as one gram."""
    locals_, domains = zip(*(v.partition("@")[::2] for v in values), strict=True) if len(values) else ((), ())
    known = {d: WHOLE + crc32(d.encode()) % WHOLE for d in set(domains)}
    dense = _bigrams(np.array(locals_, dtype=object), LONGEST["email"])
    return _packed_left(np.column_stack([dense, np.array([known[d] for d in domains], dtype=np.uint32)]))


def date_grams(values: npt.NDArray[np.object_]) -> Grams:
    """Digits of decade, year, month and day with their place, and day and month as numbers; what is not known gives no gram."""
    digits = _letters(values, 8)
    known = digits != ord("?")
    century = np.where(known[:, 0] & known[:, 1], PLACED + digits[:, 0] % 16 * 16 + digits[:, 1] % 16, 0)
    place = (np.arange(2, 8, dtype=np.uint32)) * PLACED
    singles = np.where(known[:, 2:], place + digits[:, 2:], 0)
    wholes = []
    for number, at in enumerate((4, 6)):
        both = known[:, at] & known[:, at + 1]
        two = digits[:, at] % 16 * 16 + digits[:, at + 1] % 16
        wholes += [np.where(both, WHOLE + two, 0), np.where(both, WHOLE + (number + 1) * PLACED + two, 0)]
    return _packed_left(np.column_stack([century, singles, *wholes]).astype(np.uint32))


def postcode_grams(values: npt.NDArray[np.object_]) -> Grams:
    """Characters with their place, a gap counting as one, and the outward part as a heavy gram."""
    aligned = np.array([f"{v[:-3]:<5.5}{v[-3:]}" for v in values], dtype=object)
    letters = _letters(aligned, 8)
    place = (np.arange(8, dtype=np.uint32) + 1) * PLACED
    return _packed_left(place + letters, (Heavy(_packed(letters[:, :5]), 2),))


def address_grams(values: npt.NDArray[np.object_]) -> Grams:
    """Bigrams of the words, what kind of street it is as one gram, and the house number as the heaviest gram, for it tells neighbours apart."""
    numbers, streets, kinds = [], [], np.zeros((len(values), 1), dtype=np.uint32)
    for at, value in enumerate(values):
        number = next(iter(ADDRESS_PARTS["number"](value)), "")
        words = []
        for word in value.split():
            if word in STREET_KINDS:
                kinds[at] = WHOLE + STREET_KINDS[word]
            elif word != number:
                words.append(word)
        numbers.append(number)
        streets.append("".join(words))
    dense = _bigrams(np.array(streets, dtype=object), LONGEST["address"])
    number_codes = _packed(_letters(np.array(numbers, dtype=object), 5))
    return _packed_left(np.column_stack([dense, kinds]), (Heavy(number_codes, 4),))


def _packed(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Up to five characters as one number of 30 bits, 0 where there are none."""
    code = np.zeros(len(letters), dtype=np.uint32)
    for at in range(letters.shape[1]):
        code = code * np.uint32(64) + letters[:, at] % np.uint32(64)
    return np.where((letters > 32).any(axis=1), code | np.uint32(1 << 31), np.uint32(0)).astype(np.uint32)


GRAMS: Final[dict[str, Callable[[npt.NDArray[np.object_]], Grams]]] = {
    "name": name_grams,
    "date": date_grams,
    "postcode": postcode_grams,
    "address": address_grams,
    "email": email_grams,
}


def grams_of(kind: str, values: pa.StringArray) -> Grams:
    """The grams of all values, made some values at a time."""
    pieces = [
        GRAMS[kind](np.array(values.slice(at, SOME_VALUES).to_pylist(), dtype=object))
        for at in range(0, max(len(values), 1), SOME_VALUES)
    ]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole.then(piece)
    return whole
