"""Masked Bloom filters whose bit positions and masks come from the block's secret.

The PRF is AES-256 in ECB over distinct 16-byte inputs (a pseudorandom permutation, used as a PRF well below its birthday bound): input =
block secret XOR (comparison, use, gram). One call encrypts a whole buffer; nothing is encrypted gram by gram in Python.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from keys import Secret
from linkage.partner.grams import Grams

Words = npt.NDArray[np.uint64]
USE_GRAM: Final = 1
USE_MASK: Final = 2
USE_EXACT: Final = 3
CHUNK_ROWS: Final = 8192


class BlockPrf:
    """The PRF of one pass, keyed for it alone."""

    def __init__(self, key: Secret) -> None:
        self._cipher = Cipher(algorithms.AES(key.expose()), modes.ECB())  # noqa: S305  one block an input: a PRF, not a mode

    def __call__(self, secrets: Words, *, slot: int, use: int, gram: Words | int) -> Words:
        """(n, 2) words for (n, 2) block secrets and n grams (or one for all) of the comparison in `slot`."""
        tag = np.uint64((slot + 1) << 56 | use << 48)
        inputs = np.empty_like(secrets)
        inputs[:, 0] = secrets[:, 0] ^ tag
        inputs[:, 1] = secrets[:, 1] ^ np.asarray(gram, dtype=np.uint64)
        encryptor = self._cipher.encryptor()
        return np.frombuffer(encryptor.update(inputs.tobytes()), dtype=np.uint64).reshape(-1, 2)


def filters(prf: BlockPrf, secrets: Words, grams: Grams, *, slot: int, bits_per_gram: int) -> Words:
    """Unmasked 128-bit filters, (n, 2) words, of n values with their block secrets; each gram sets at most `bits_per_gram` bits."""
    out = np.empty((len(secrets), 2), dtype=np.uint64)
    for start in range(0, len(secrets), CHUNK_ROWS):
        rows = slice(start, min(start + CHUNK_ROWS, len(secrets)))
        part = grams[rows]
        row, column = np.nonzero(part)
        stream = prf(secrets[rows][row], slot=slot, use=USE_GRAM, gram=part[row, column])
        places = stream.view(np.uint8).reshape(-1, 16)[:, :bits_per_gram] & np.uint8(127)
        bits = np.zeros((part.shape[0], 128), dtype=np.uint8)
        bits.ravel()[(row[:, None] * 128 + places).ravel()] = 1
        out[rows] = np.packbits(bits, axis=1).view(np.uint64)
    return out


def masks(prf: BlockPrf, secrets: Words, *, slot: int) -> Words:
    """The masks of one comparison, (n, 2) words: equal within a block, unrelated between blocks and comparisons."""
    return prf(secrets, slot=slot, use=USE_MASK, gram=0)


def random_words(shape: tuple[int, ...], randomness: Callable[[int], bytes]) -> Words:
    """Uniform 64-bit words."""
    count = int(np.prod(shape))
    return np.frombuffer(randomness(count * 8), dtype=np.uint64).reshape(shape)
