"""The buildings of many addresses at once: what `address` says of one, said of arrays, one place of a word after another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.columns import as_arrow, as_numpy, texts
from linkage.partner.identifiers.address import NO_STREET, UNITS, digits_of, named_house

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class AddressWords:
    """The words of n addresses one after another: word i of them has the text `known[codes[i]]` and is of address `row[i]`. The words of an address begin at
    `starts` and are `lengths` many."""

    known: list[str]
    codes: Codes
    row: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]

    @classmethod
    def of(cls, values: pa.StringArray) -> "AddressWords":
        """The words of canonical addresses."""
        split = pc.split_pattern(values, " ")
        lengths = as_numpy(pc.list_value_length(split)).astype(np.int64)
        words = split.flatten().dictionary_encode()
        row = np.repeat(np.arange(len(values)), lengths)
        return cls(
            words.dictionary.to_pylist(), as_numpy(words.indices), row, np.cumsum(lengths) - lengths, lengths
        )

    def each(self, of: Callable[[str], object], kind: type[np.generic]) -> npt.NDArray[Any]:
        """The function's value at every known word."""
        return np.fromiter(map(of, self.known), dtype=kind, count=len(self.known))


@dataclass(frozen=True, slots=True)
class Buildings:
    """The number of each address's building as a code into `numbers`, whose first is empty, and the first word of its street as one into `streets`, whose
    first is empty too."""

    numbers: list[str]
    number: Codes
    streets: list[str]
    street: Codes


def buildings(words: AddressWords) -> Buildings:
    """Number and street of each address, found as `address` finds them."""
    numeric = words.each(lambda w: w[:1] <= "9", np.bool_)
    digits = [digits_of(w) if n else "" for w, n in zip(words.known, numeric, strict=True)]
    numbers = list(dict.fromkeys(["", *digits]))
    place = {text: at for at, text in enumerate(numbers)}
    digit = np.fromiter(map(place.__getitem__, digits), dtype=np.int32, count=len(digits))
    unit = words.each(UNITS.__contains__, np.bool_)
    first_of_street = words.each(lambda w: len(w) >= 3 and w not in NO_STREET, np.bool_)
    alone = words.each(lambda w: w == "STREET", np.bool_)
    number, flat, street, earlier, lone = np.zeros((5, len(words.lengths)), dtype=np.int32)
    of_unit = np.zeros(len(words.lengths), dtype=bool)
    for at in range(int(words.lengths.max(initial=0))):
        rows = np.flatnonzero(words.lengths > at)
        word = words.codes.take(words.starts.take(rows) + at)
        its = numeric.take(word)
        counted, told = rows[its], digit.take(word[its])
        flats = of_unit.take(counted) & (flat.take(counted) == 0)
        flat[counted[flats]] = told[flats]
        found = ~of_unit.take(counted) & (number.take(counted) == 0) & (told > 0)
        numbered = counted[found]
        number[numbered] = told[found]
        earlier[numbered], street[numbered] = street[numbered], 0
        of_unit[rows] = unit.take(word)
        spoken, word = rows[~its], word[~its]
        lone[spoken[alone.take(word)]] = 1
        opens = first_of_street.take(word) & (street.take(spoken) == 0)
        street[spoken[opens]] = word[opens] + 2
    streets = ["", "STREET", *words.known]
    first = np.where(street > 0, street, np.where(earlier > 0, earlier, lone))
    return Buildings(numbers, np.where(number > 0, number, flat), streets, first)


def numbers_of(values: pa.StringArray) -> pa.StringArray:
    """The part `number` of each address, null where it has none."""
    found = buildings(AddressWords.of(values))
    return _told(found.numbers, found.number)


def houses_of(values: pa.StringArray) -> pa.StringArray:
    """The part `house` of each address, null where it has none."""
    found = buildings(AddressWords.of(values))
    both = pc.binary_join_element_wise(
        _told(found.numbers, found.number), _told(found.streets, found.street), " "
    )
    without = np.flatnonzero(found.number == 0)
    names = [named_house(value) for value in values.take(as_arrow(without)).to_pylist()]
    every = texts([*names, ""])
    at = np.full(len(values), len(names), dtype=np.int64)
    at[without] = np.arange(len(without))
    named = every.take(as_arrow(at))
    return pc.coalesce(both, pc.if_else(pc.equal(named, ""), pa.scalar(None, pa.string()), named))


def _told(known: list[str], codes: Codes) -> pa.StringArray:
    every = texts(known).take(as_arrow(codes.astype(np.int32)))
    return pc.if_else(as_arrow(codes == 0), pa.scalar(None, pa.string()), every)
