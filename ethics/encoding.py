"""Numbers and hashes as text with exactly one spelling each, so that no byte of a file can change unnoticed.

Base64 as Python decodes it ignores the unused bits of the last character, and `int` accepts signs, underscores and
leading zeroes: a file could differ in a byte and still say the same. Here a second spelling is an error.
"""

import base64
import binascii
import re
from typing import Final

DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def decimal(text: str) -> int:
    """The whole number that `text` spells in ASCII digits without leading zeroes (at most 19 digits).

    Raises:
        ValueError: it is spelt otherwise.
    """
    if not DECIMAL.fullmatch(text):
        raise ValueError("a whole number without sign or leading zeroes is expected")
    return int(text)


def to_base64(raw: bytes) -> str:
    """Standard Base 64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(raw).decode("ascii")


def from_base64(text: str) -> bytes:
    """The bytes that `text` spells in standard Base 64, with zero bits where bits are unused (RFC 4648, section 3.5).

    Raises:
        ValueError: it is not Base 64, or another spelling of the same bytes.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as fault:
        raise ValueError("base64 is expected") from fault
    if to_base64(raw) != text:
        raise ValueError("base64 in its one canonical spelling is expected")
    return raw


def from_base64_hash(text: str) -> bytes:
    """The 32 bytes of a SHA-256 hash.

    Raises:
        ValueError: it spells something else.
    """
    raw = from_base64(text)
    if len(raw) != 32:
        raise ValueError("a hash of 32 bytes is expected")
    return raw
