"""The keyed functions that tokens are made of, each over a whole array at once: AES-256 on single blocks, AES-CMAC of texts, and a KDF over digests.

Only standard constructions: AES as a pseudorandom permutation of single blocks (FIPS 197), CMAC (NIST SP 800-38B, RFC 4493), and the key
derivation function in counter mode with CMAC as its PRF (NIST SP 800-108r1 §4.1, counter of 32 bits after the fixed data). The block cipher
is `cryptography`'s; what is here lays out its inputs so that one call serves a whole buffer.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from keys import Secret
from linkage.partner.records import text_bytes

Words = npt.NDArray[np.uint64]
Operand = npt.NDArray[np.uint64] | np.uint64
BLOCK: Final = 16
CHUNK: Final = 32_768
_DOUBLING: Final = 0x87


class Prp:
    """AES-256 under one key, applied to blocks given as (n, 2) words of 64 bits."""

    def __init__(self, key: Secret) -> None:
        # Single blocks: no mode is meant, and no state is kept between calls.
        self._blocks = Cipher(algorithms.AES(key.expose()), modes.ECB()).encryptor()  # noqa: S305

    def __call__(self, blocks: Words) -> Words:
        """The (n, 2) images of (n, 2) blocks."""
        flat = np.ascontiguousarray(blocks).reshape(-1)
        out = np.empty(len(flat) + 2, dtype=np.uint64)
        self.into(flat.view(np.uint8).data, out.view(np.uint8).data)
        return out[:-2].reshape(-1, 2)

    def into(self, blocks: memoryview, out: memoryview) -> None:
        """Writes the images of whole blocks over the beginning of `out`, which is a block longer than they are."""
        if len(blocks):
            self._blocks.update_into(blocks, out)


def xored(blocks: Words, first: Operand, second: Operand) -> Words:
    """The (n, 2) blocks with one word, or one a row, XORed into each of their two. (numpy loops over rows of two words far more slowly than over columns.)"""
    out = np.empty(blocks.shape, dtype=np.uint64)
    np.bitwise_xor(blocks[:, 0], first, out=out[:, 0])
    np.bitwise_xor(blocks[:, 1], second, out=out[:, 1])
    return out


def _doubled(block: bytes) -> bytes:
    """The block times x in GF(2^128), as SP 800-38B derives its subkeys."""
    number = int.from_bytes(block, "big") << 1
    carry = number >> 128
    return ((number & ((1 << 128) - 1)) ^ (_DOUBLING * carry)).to_bytes(16, "big")


def _words(block: bytes) -> Words:
    return np.frombuffer(block, dtype=np.uint64)


class Cmac:
    """AES-256-CMAC under one key, of many texts or of many rows of digests at once."""

    def __init__(self, key: Secret) -> None:
        self._prp = Prp(key)
        first = _doubled(self._prp(np.zeros((1, 2), dtype=np.uint64)).tobytes())
        self._whole = _words(first)
        self._partial = _words(_doubled(first))

    def texts(self, values: pa.StringArray) -> Words:
        """The CMAC of each text's UTF-8 bytes, (n, 2) words. The array must hold no null."""
        out = np.empty((len(values), 2), dtype=np.uint64)
        for start in range(0, len(values), CHUNK):
            out[start : start + CHUNK] = self._some(values.slice(start, CHUNK))
        return out

    def _some(self, values: pa.StringArray) -> Words:
        data, starts, length = text_bytes(values)
        blocks = np.maximum(1, -(-length // BLOCK))
        out = np.empty((len(values), 2), dtype=np.uint64)
        for count in np.unique(blocks):
            which = np.flatnonzero(blocks == count)
            out[which] = self._of_blocks(data, starts[which], length[which], int(count))
        return out

    def _of_blocks(
        self,
        data: npt.NDArray[np.uint8],
        starts: npt.NDArray[np.int64],
        length: npt.NDArray[np.int64],
        count: int,
    ) -> Words:
        place = np.arange(count * BLOCK)
        inside = place < length[:, None]
        message = np.zeros((len(starts), count * BLOCK), dtype=np.uint8)
        message[inside] = data[(starts[:, None] + place)[inside]]
        cut = length < count * BLOCK
        message[np.flatnonzero(cut), length[cut]] = 0x80
        words = message.view(np.uint64).reshape(len(starts), count, 2)
        words[:, -1] ^= np.where(cut[:, None], self._partial, self._whole)
        state = self._prp(words[:, 0])
        for at in range(1, count):
            state = self._prp(state ^ words[:, at])
        return state

    def derive(self, digests: Sequence[Words], *, counters: Sequence[int]) -> list[Words]:
        """Output blocks of the KDF in counter mode, one (n, 2) array a counter, over rows whose fixed data are their digests one after
        another (each (n, 2) words; every row has as many)."""
        state = self._prp(digests[0])
        for one in digests[1:]:
            state ^= one
            state = self._prp(state)
        return [self._prp(xored(state, *self._last(counter))) for counter in counters]

    def _last(self, counter: int) -> Words:
        return _words((counter.to_bytes(4, "big") + b"\x80").ljust(BLOCK, b"\0")) ^ self._partial


class Fresh:
    """Fast randomness for what stands where a value is missing: an AES-256-CTR key stream (SP 800-38A) under a fresh key."""

    def __init__(self, key: bytes) -> None:
        self._stream = Cipher(algorithms.AES(key), modes.CTR(bytes(BLOCK))).encryptor()

    def words(self, *shape: int) -> Words:
        """Uniform 64-bit words; no two calls give the same."""
        count = int(np.prod(shape))
        return np.frombuffer(self._stream.update(bytes(8 * count)), dtype=np.uint64).reshape(shape).copy()
