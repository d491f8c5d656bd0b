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

from linkage.partner.grams import Grams, Heavy
from linkage.partner.prf import Prp, Words

USE_GRAM: Final = 1
USE_MASK: Final = 2
USE_EXACT: Final = 3
HEAVY: Final = 32
WORD: Final = 0xFFFF
PATTERNS: Final = 1 << 16
SPREAD: Final = 40_503
LANE_BITS: Final = 64
LOWEST: Final = 4 if sys.byteorder == "little" else 7


def _tagged(slot: int, use: int) -> Words:
    """What is XORed into a block secret: which comparison, and for what."""
    return np.array([(slot + 1) << 56 | use << 48, 0], dtype=np.uint64)


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
    inputs = secrets ^ _tagged(slot, use)
    inputs[:, 1] ^= np.asarray(gram, dtype=np.uint64)
    return prf(inputs)


def masks(prf: Prp, secrets: Words, *, slot: int) -> Words:
    """The masks of one comparison, (n, 2) words: equal within a block, unrelated between blocks and comparisons."""
    return keyed(prf, secrets, slot=slot, use=USE_MASK, gram=0)


def filters(
    prf: Prp, secrets: Words, grams: Grams, codes: npt.NDArray[np.int32], *, slot: int, bits_per_gram: int
) -> Words:
    """Unmasked 128-bit filters, (n, 2) words, of the values `codes` of `grams` under n block secrets. A light gram sets `bits_per_gram` bits, half
    of them in each word."""
    table = _patterns(bits_per_gram)
    lengths = grams.lengths.take(codes)
    order = None
    if lengths.min(initial=255) != lengths.max(initial=0):
        order = np.argsort(~lengths, kind="stable")
        secrets, codes = secrets.take(order, axis=0), codes.take(order)
    light = grams.codes.take(codes, axis=0).T.copy()
    inputs = secrets ^ _tagged(slot, USE_GRAM)
    # A light gram has 16 bits: they change the lowest 16 of the second word alone.
    places = inputs.view(np.uint16).reshape(-1, 8)[:, LOWEST]
    lowest = places.copy()
    made = np.zeros((len(codes), 2), dtype=np.uint64)
    longer = len(codes) - np.cumsum(np.bincount(lengths, minlength=1))
    for at, rows in enumerate(longer[:-1]):
        np.bitwise_xor(lowest[:rows], light[at, :rows], out=places[:rows])
        _set(made, prf(inputs[:rows]), table, words=1)
    places[:] = lowest
    for number, heavy in enumerate(grams.heavy):
        _set_heavy(made, prf, inputs, heavy, codes, table, number=number)
    if order is None:
        return made
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return made.take(back, axis=0)


def _set(made: Words, drawn: Words, table: Words, *, words: int) -> None:
    """Sets the bits of one gram a row in the first rows of `made`, which are as many as the PRF's outputs `drawn`."""
    signed = drawn.view(np.int64)
    for word in range(words):
        number = (signed[:, word // 4] >> (16 * (word % 4))) & WORD
        made[: len(drawn)] |= table.take(number, axis=0, mode="clip")


def _set_heavy(
    made: Words,
    prf: Prp,
    inputs: Words,
    heavy: Heavy,
    codes: npt.NDArray[np.int32],
    table: Words,
    *,
    number: int,
) -> None:
    code = heavy.codes.take(codes).astype(np.uint64)
    gram = np.stack([np.zeros_like(code), code | np.uint64((number + 1) << HEAVY)], axis=1)
    some = np.zeros_like(made)
    _set(some, prf(inputs ^ gram), table, words=heavy.weight)
    # Multiplied by 0 where there is no such gram.
    made |= some * (code != 0)[:, None].astype(np.uint64)
