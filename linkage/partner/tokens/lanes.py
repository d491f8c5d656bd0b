"""From rows of a pass to the lanes that leave: filters, codes and bands, each masked by what comes from the row's block secret.

A row is made as so many 64-bit words beside each other, in the order of the file, so that it can be sorted as a whole. What stands where a value is
missing is drawn last of all, when the rows are in the order of their references.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.partner.tokens.blocks import Ways
from linkage.partner.tokens.filters import USE_EXACT, filters, keyed, masks
from linkage.partner.tokens.prepared import Prepared
from linkage.partner.tokens.prf import Fresh, Prp, Words
from linkage.schema import MOST_COMPARISONS, NAMES, MatchKey, Schema
from linkage.tokens import EXACT_BITS, PRESENCE_BITS, Compared, Lane, compared_names, lanes_of

# Where more than one row in so many has no value, the others are picked out first.
MANY: Final = 5
MASK_PRESENCE: Final = 200
MASK_EXACT: Final = 220
BAND: Final = "_band"
BAND_BITS: Final = 2
CODE: Final = np.uint64((1 << EXACT_BITS) - 1)


@dataclass(frozen=True, slots=True)
class PassChunk:
    """Some rows of a pass: its lanes, and for the assembler's map the records' references, (n, 16) bytes."""

    lanes: dict[str, Lane]
    refs: npt.NDArray[np.uint8]


class Lanes:
    """The rows of one pass as words: the lanes but for the bands; then one word of marks (bit i: comparison i has no value; then its band, in two bits);
    then the record's reference."""

    def __init__(self, key: MatchKey, *, schema: Schema, prf: Prp) -> None:
        self._schema, self._prf = schema, prf
        self._compared = compared_names(schema, key)
        self._names = lanes_of(schema, key)
        words = [n for n in self._names if not n.endswith(BAND)]
        self._at = {n: at for at, n in enumerate(words)}
        self._marks = len(words)
        self._ref = len(words) + 1
        self.width = len(words) + 3

    def make(
        self,
        ways: Ways,
        *,
        refs: npt.NDArray[np.int64],
        record_refs: Words,
        prepared: Mapping[str, Prepared],
        out: Words,
    ) -> None:
        """Writes the rows of these ways, (n, width) words; `refs` are the rows' references, `record_refs` those of their records."""
        out[:, self._at["row_ref"]], out[:, self._at["block"]] = refs, ways.block.view(np.uint64)
        for word in (0, 1):
            out[:, self._ref + word] = record_refs[:, word]
        marks = np.zeros(len(refs), dtype=np.uint64)
        codes = {
            lane: masks(self._prf, ways.secret, slot=_slot(lane))[:, 0]
            for lane in self._at
            if lane.startswith(("presence_", "exact_"))
        }
        for at, one in enumerate(self._compared):
            values = _Values(one, prepared, ways=ways)
            if values.nobody:
                marks |= np.uint64(1 << at)
                continue
            if values.absent is not None:
                marks |= values.absent.astype(np.uint64) << np.uint64(at)
            if one.filtered:
                first = self._at[f"{one.lane}_0"]
                bits = self._schema.comparisons[one.comparison].bits_per_gram
                values.filters_into((out[:, first], out[:, first + 1]), self._prf, bits_per_gram=bits)
            if one.banded:
                marks |= values.bands() << np.uint64(MOST_COMPARISONS + BAND_BITS * at)
            if one.place is not None:
                lane, shift = one.place
                codes[lane] ^= values.exact(self._prf) << np.uint64(shift)
        for lane, code in codes.items():
            out[:, self._at[lane]] = code
        out[:, self._marks] = marks

    def chunk(self, rows: Words, *, fresh: Fresh) -> PassChunk:
        """Rows as they leave; what stands for missing values is drawn."""
        words = rows.T.copy()
        marks = words[self._marks]
        some, every = int(np.bitwise_or.reduce(marks)), int(np.bitwise_and.reduce(marks))
        bands = {}
        for at, one in enumerate(self._compared):
            if one.banded:
                band = marks >> np.uint64(MOST_COMPARISONS + BAND_BITS * at)
                bands[f"{one.lane}{BAND}"] = (band & np.uint64((1 << BAND_BITS) - 1)).astype(np.int8)
            if some >> at & 1:
                self._draw(
                    one,
                    words,
                    absent=None if every >> at & 1 else np.flatnonzero(marks & np.uint64(1 << at)),
                    fresh=fresh,
                )
        lanes: dict[str, Lane] = {
            n: bands[n] if n in bands else words[self._at[n]].view(np.int64) for n in self._names
        }
        return PassChunk(lanes, np.ascontiguousarray(rows[:, self._ref :]).view(np.uint8))

    def _draw(self, one: Compared, words: Words, *, absent: npt.NDArray[np.int64] | None, fresh: Fresh) -> None:
        """Draws what stands for the values that are absent: those of the rows with these numbers, or all."""
        count = words.shape[1] if absent is None else len(absent)
        where: slice | npt.NDArray[np.int64] = slice(None) if absent is None else absent
        lane, shift = one.presence
        missing = fresh.words(count) % np.uint64((1 << PRESENCE_BITS) - 1) + np.uint64(1)
        words[self._at[lane]][where] ^= missing << np.uint64(shift)
        if one.filtered:
            first, instead = self._at[f"{one.lane}_0"], fresh.words(count, 2)
            words[first][where], words[first + 1][where] = instead[:, 0], instead[:, 1]
        if one.place is not None:
            lane, shift = one.place
            words[self._at[lane]][where] ^= (fresh.words(count) & CODE) << np.uint64(shift)


def _slot(lane: str) -> int:
    kind, _, number = lane.rpartition("_")
    return (MASK_PRESENCE if kind == "presence" else MASK_EXACT) + int(number)


class _Values:
    """The values of one comparison in some rows: where the names are swapped, forename and surname change places. `nobody` says that no row has one;
    `absent` marks those that have none, if there are any."""

    def __init__(self, one: Compared, prepared: Mapping[str, Prepared], *, ways: Ways) -> None:
        self._one, self._secrets, self._source = one, ways.secret, prepared[one.comparison]
        self.absent: npt.NDArray[np.bool_] | None = None
        self.nobody = not self._source.values
        if self.nobody:
            return
        codes = self._source.codes.take(ways.row)
        if one.lane != one.comparison and ways.swapped.any():
            other = prepared[NAMES[1 - NAMES.index(one.comparison)]]
            codes = np.where(ways.swapped, other.codes.take(ways.row), codes)
        self._codes, self._many = codes, False
        if codes.min(initial=0) < 0:
            self.absent = codes < 0
            missing = int(np.count_nonzero(self.absent))
            self.nobody, self._many = missing == len(codes), missing * MANY >= len(codes)
            self._codes = np.maximum(codes, 0)

    def filters_into(
        self, out: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]], prf: Prp, *, bits_per_gram: int
    ) -> None:
        """Writes masked filters, one column a word; anything where there is no value."""
        secrets, codes = self._secrets, self._codes
        where: slice | npt.NDArray[np.int64] = slice(None)
        if self.absent is not None and self._many:
            there = np.flatnonzero(~self.absent)
            where, secrets, codes = there, secrets.take(there, axis=0), codes.take(there)
        assert self._source.grams is not None  # noqa: S101  asked for filters alone
        slot = self._one.slot
        made = filters(prf, secrets, self._source.grams, codes, slot=slot, bits_per_gram=bits_per_gram)
        mask = masks(prf, secrets, slot=slot)
        for word, column in enumerate(out):
            column[where] = made[:, word] ^ mask[:, word]

    def bands(self) -> npt.NDArray[np.uint64]:
        """The frequency band of each row's name, 0 where there is none."""
        assert self._source.band is not None  # noqa: S101  asked for banded names alone
        out = self._source.band.take(self._codes).astype(np.uint64)
        return out if self.absent is None else out * ~self.absent

    def exact(self, prf: Prp) -> npt.NDArray[np.uint64]:
        """A 16-bit code of the value under the block secret, 0 where there is none: equal values have equal codes, others one time in 65,536. The value
        enters by its digest, so that all of it counts."""
        assert self._source.digest is not None  # noqa: S101  asked for exact comparisons alone
        value = self._source.digest.take(self._codes)
        code = keyed(prf, self._secrets, slot=self._one.slot, use=USE_EXACT, gram=value)[:, 0] & CODE
        return code if self.absent is None else code * ~self.absent
