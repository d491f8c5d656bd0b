"""Masked Bloom filters whose bit positions and masks come from the block's secret.

The PRF is AES-256 over distinct single blocks (a pseudorandom permutation, used as a PRF well below its birthday bound): input = block secret
XOR (comparison, use, gram). Each 16-bit word of the output names one pattern of a few bits, so that one gram sets equally many bits in either half (a
Bloom filter partitioned into two halves: Kirsch and Mitzenmacher 2008).
"""

import sys
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.partner.tokens.grams import Grams
from linkage.partner.tokens.prf import Prp, Words, xored

USE_GRAM: Final = 1
USE_MASK: Final = 2
USE_EXACT: Final = 3
HEAVY: Final = 32
WORD: Final = 0xFFFF
PATTERNS: Final = 1 << 16
AT_ONCE: Final = 32_768
SPREAD: Final = 40_503
LANE_BITS: Final = 64
PAIR: Final = np.dtype("V16")
LOWEST: Final = 4 if sys.byteorder == "little" else 7


def _tag(slot: int, use: int) -> np.uint64:
    """What is XORed into a block secret's first word: which comparison, and for what."""
    return np.uint64((slot + 1) << 56 | use << 48)


def patterns(bits: int) -> Words:
    """65,536 patterns of 128 bits, (65536, 2) words, with exactly `bits` / 2 bits set in either word.

    Of the C combinations of `bits` / 2 of 64 positions in lexicographic order, pattern n has number floor(n C / 65,536) in its first word
    and number floor((40,503 n mod 65,536) C / 65,536) in its second, so that every position is as likely as any other.
    """
    every = np.array(
        [sum(1 << p for p in c) for c in combinations(range(LANE_BITS), bits // 2)], dtype=np.uint64
    )
    first = np.arange(PATTERNS, dtype=np.int64)
    second = first * SPREAD % PATTERNS
    return np.column_stack([every[n * len(every) // PATTERNS] for n in (first, second)])


_PATTERNS: dict[int, Words] = {}


def _patterns(bits: int) -> Words:
    if bits not in _PATTERNS:
        _PATTERNS[bits] = patterns(bits)
    return _PATTERNS[bits]


def keyed(prf: Prp, secrets: Words, *, slot: int, use: int, gram: npt.NDArray[np.uint64] | int) -> Words:
    """The PRF's (n, 2) words for (n, 2) block secrets and n grams (or one for all) of the comparison in `slot`."""
    return prf(xored(secrets, _tag(slot, use), np.uint64(gram) if isinstance(gram, int) else gram))


def masks(prf: Prp, secrets: Words, *, slot: int) -> Words:
    """The masks of one comparison, (n, 2) words: equal within a block, unrelated between blocks and comparisons."""
    return keyed(prf, secrets, slot=slot, use=USE_MASK, gram=0)


def filters(
    prf: Prp, secrets: Words, grams: Grams, codes: npt.NDArray[np.int32], *, slot: int, bits_per_gram: int
) -> Words:
    """Unmasked 128-bit filters, (n, 2) words, of the values `codes` of `grams` under n block secrets. A light gram sets `bits_per_gram` bits, half
    of them in each word."""
    lengths = grams.lengths.take(codes)
    order = None
    if lengths.min(initial=255) != lengths.max(initial=0):
        order = np.argsort(~lengths, kind="stable")
        secrets, codes, lengths = secrets.take(order, axis=0), codes.take(order), lengths.take(order)
    inputs = xored(secrets, _tag(slot, USE_GRAM), np.uint64(0))
    light = grams.codes.take(codes, axis=0)
    heavy = [(h.codes.take(codes), h.weight) for h in grams.heavy]
    made = np.zeros((len(codes), 2), dtype=np.uint64)
    work = _Work(prf, _patterns(bits_per_gram), rows=min(len(codes), AT_ONCE))
    for start in range(0, len(codes), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        work.light(inputs[some], light[some], lengths[some], made=made[some])
        for number, (codes_of, weight) in enumerate(heavy):
            work.heavy(inputs[some], codes_of[some], weight=weight, number=number, made=made[some])
    if order is None:
        return made
    back = np.empty_like(made)
    _pairs(back)[order] = _pairs(made)
    return back


def _pairs(words: Words) -> npt.NDArray[np.void]:
    """The rows of two words as single items, which numpy puts elsewhere several times faster than rows; they are copied and never looked into."""
    return words.view(PAIR).reshape(-1)


class _Work:
    """Adds grams to filters of few rows, so that all of it stays near the processor; everything is made in place, for new memory costs more than what is
    done in it."""

    def __init__(self, prf: Prp, table: Words, *, rows: int) -> None:
        self._prf, self._table = prf, table
        self._drawn = np.empty((rows + 1, 2), dtype=np.uint64)
        self._number = np.empty(rows, dtype=np.int64)
        self._picked = np.empty((rows, 2), dtype=np.uint64)
        self._to = self._drawn.reshape(-1).view(np.uint8).data
        self._words = self._drawn.view(np.int64)

    def light(
        self, inputs: Words, codes: npt.NDArray[np.uint16], lengths: npt.NDArray[np.uint8], *, made: Words
    ) -> None:
        """All light grams of rows that have the longer ones before the shorter."""
        # A light gram has 16 bits: they change the lowest 16 of the second word alone.
        places = inputs.view(np.uint16).reshape(-1, 8)[:, LOWEST]
        lowest, inward = places.copy(), inputs.reshape(-1).view(np.uint8).data
        longer = len(lengths) - np.cumsum(np.bincount(lengths, minlength=1))
        for at, rows in enumerate(longer[:-1].tolist()):
            np.bitwise_xor(lowest[:rows], codes[:rows, at], out=places[:rows])
            self._prf.into(inward[: 16 * rows], self._to)
            np.bitwise_and(self._words[:rows, 0], WORD, out=self._number[:rows])
            self._set(made[:rows])
        places[:] = lowest

    def heavy(
        self, inputs: Words, codes: npt.NDArray[np.uint32], *, weight: int, number: int, made: Words
    ) -> None:
        """One heavy gram for each row that has it."""
        code = codes.astype(np.uint64)
        without = np.flatnonzero(code == 0)
        kept = made.take(without, axis=0)
        code |= np.uint64((number + 1) << HEAVY)
        drawn = self._prf(xored(inputs, np.uint64(0), code)).view(np.int64)
        numbers = self._number[: len(code)]
        for word in range(weight):
            np.right_shift(drawn[:, word // 4], 16 * (word % 4), out=numbers)
            np.bitwise_and(numbers, WORD, out=numbers)
            self._set(made)
        made[without] = kept

    def _set(self, made: Words) -> None:
        """Sets the bits of the patterns with the numbers at hand."""
        rows = len(made)
        picked = self._picked[:rows]
        self._table.take(self._number[:rows], axis=0, mode="clip", out=picked)
        np.bitwise_or(made, picked, out=made)
