"""Digests in words, so that two people can compare them over the telephone."""

from typing import Final

from shamir_mnemonic.wordlist import WORDLIST

WORDS: Final = 8
BITS_A_WORD: Final = 10


def in_words(digest: bytes) -> str:
    """The first 80 bits as eight words of the list of SLIP-0039 (1,024 words, no two alike in their first four letters).

    Raises:
        ValueError: the digest is shorter.
    """
    whole = WORDS * BITS_A_WORD // 8
    if len(digest) < whole:
        raise ValueError(f"a digest of {len(digest)} bytes has no {WORDS * BITS_A_WORD} bits")
    number = int.from_bytes(digest[:whole], "big")
    places = (number >> BITS_A_WORD * at & (1 << BITS_A_WORD) - 1 for at in reversed(range(WORDS)))
    return " ".join(WORDLIST[place] for place in places)
