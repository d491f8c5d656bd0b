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
import pyarrow.compute as pc

from linkage.columns import as_arrow, as_numpy, texts
from linkage.partner.identifiers.buildings import AddressWords, buildings
from linkage.partner.identifiers.email import domains_of, locals_of
from linkage.partner.records import text_bytes

LONGEST: Final = {"name": 14, "address": 12, "email": 12}
SOME_VALUES: Final = 50_000
PLACED: Final = 256
WHOLE: Final = 1 << 15
ASCII: Final = 127
OUTWARD: Final = 5
INWARD: Final = 3
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


def _letters(values: pa.StringArray, width: int) -> npt.NDArray[np.uint32]:
    """Character codes, (n, width), 0 beyond the end; a question mark for what is not ASCII."""
    raw, starts, lengths = text_bytes(values)
    if len(raw) and raw.max() > ASCII:
        return _letters(pc.replace_substring_regex(values, "[^\\x00-\\x7f]", "?"), width)
    place = np.arange(width)
    inside = place < lengths[:, None]
    out = np.zeros((len(values), width), dtype=np.uint32)
    out[inside] = raw[(starts[:, None] + place)[inside]]
    return out


def _packed_left(dense: npt.NDArray[np.uint32], heavy: tuple[Heavy, ...] = ()) -> Grams:
    """The grams of a table of codes in which 0 is no gram: each value's grams moved to the left, and the width to the longest."""
    rows, places = np.nonzero(dense)
    lengths = np.bincount(rows, minlength=len(dense))
    out = np.zeros((len(dense), int(lengths.max(initial=1))), dtype=np.uint16)
    out[rows, np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)] = dense[rows, places]
    return Grams(out, lengths.astype(np.uint8), heavy)


def _bigrams(values: pa.StringArray, longest: int) -> npt.NDArray[np.uint32]:
    letters = _letters(values, longest)
    padded = np.zeros((len(values), longest + 2), dtype=np.uint32)
    padded[:, 0] = 32
    padded[:, 1:-1] = letters
    length = (letters > 0).sum(axis=1)
    padded[np.arange(len(values)), length + 1] = 32
    left, right = padded[:, :-1], padded[:, 1:]
    return np.where((left > 0) & (right > 0), left * 256 + right, 0).astype(np.uint32)


def name_grams(values: pa.StringArray) -> Grams:
    """The bigrams of the name's letters with a space at either end; spaces inside do not count."""
    return _packed_left(_bigrams(pc.replace_substring(values, " ", ""), LONGEST["name"]))


def email_grams(values: pa.StringArray) -> Grams:
    """The bigrams of what stands before the @, and the domain as one gram."""
    domains = domains_of(values).dictionary_encode()
    known = [WHOLE + crc32(d.encode()) % WHOLE for d in domains.dictionary.to_pylist()]
    numbers = np.array(known, dtype=np.uint32).take(as_numpy(domains.indices))
    return _packed_left(np.column_stack([_bigrams(locals_of(values), LONGEST["email"]), numbers]))


def date_grams(values: pa.StringArray) -> Grams:
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


def postcode_grams(values: pa.StringArray) -> Grams:
    """Characters with their place, a gap counting as one, and the outward part as a heavy gram."""
    outward = pc.utf8_slice_codeunits(values, 0, -INWARD)
    aligned = pc.utf8_rpad(pc.utf8_slice_codeunits(outward, 0, OUTWARD), OUTWARD)
    letters = _letters(
        pc.binary_join_element_wise(aligned, pc.utf8_slice_codeunits(values, -INWARD), ""), OUTWARD + INWARD
    )
    place = (np.arange(OUTWARD + INWARD, dtype=np.uint32) + 1) * PLACED
    return _packed_left(place + letters, (Heavy(_packed(letters[:, :OUTWARD]), 2),))


def address_grams(values: pa.StringArray) -> Grams:
    """Bigrams of the words, what kind of street it is as one gram, and the house number as the heaviest gram, for it tells neighbours apart."""
    words = AddressWords.of(values)
    found = buildings(words)
    kind = words.each(lambda w: STREET_KINDS.get(w, 0), np.uint32).take(words.codes)
    kinds = np.zeros((len(values), 1), dtype=np.uint32)
    kinds[words.row[kind > 0], 0] = WHOLE + kind[kind > 0]
    number = {text: at for at, text in enumerate(found.numbers)}
    counts = words.each(lambda w: number.get(w, -1), np.int32).take(words.codes)
    kept = np.flatnonzero((kind == 0) & (counts != found.number.take(words.row)))
    ends = np.cumsum(np.bincount(words.row.take(kept), minlength=len(values)))
    spelt = texts(words.known).take(as_arrow(words.codes.take(kept)))
    begins = as_arrow(np.concatenate([[0], ends]).astype(np.int32))
    streets = pc.binary_join(pa.ListArray.from_arrays(begins, spelt), "")
    numbers = _packed(_letters(texts(found.numbers), 5)).take(found.number)
    dense = np.column_stack([_bigrams(streets, LONGEST["address"]), kinds])
    return _packed_left(dense, (Heavy(numbers, 4),))


def _packed(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Up to five characters as one number of 30 bits, 0 where there are none."""
    code = np.zeros(len(letters), dtype=np.uint32)
    for at in range(letters.shape[1]):
        code = code * np.uint32(64) + letters[:, at] % np.uint32(64)
    return np.where((letters > 32).any(axis=1), code | np.uint32(1 << 31), np.uint32(0)).astype(np.uint32)


GRAMS: Final[dict[str, Callable[[pa.StringArray], Grams]]] = {
    "name": name_grams,
    "date": date_grams,
    "postcode": postcode_grams,
    "address": address_grams,
    "email": email_grams,
}


def grams_of(kind: str, values: pa.StringArray) -> Grams:
    """The grams of all values, made some values at a time."""
    pieces = [GRAMS[kind](values.slice(at, SOME_VALUES)) for at in range(0, max(len(values), 1), SOME_VALUES)]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole.then(piece)
    return whole
