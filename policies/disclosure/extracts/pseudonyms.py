"""Names for the rows of one extract, which mean nothing in another."""

from __future__ import annotations

import hmac
from collections.abc import Sequence


def pseudonyms(people: Sequence[str], *, key: bytes) -> tuple[str, ...]:
    """A pseudonym for each person: HMAC-SHA-256 (RFC 2104) of the person's id, cut to 128 bits, hexadecimal.

    With a key of 32 random bytes that is made for one extract and kept by nobody, nobody can make a pseudonym again, tell whose it is, or find the same person
    in another extract by it.
    """
    return tuple(hmac.digest(key, person.encode(), "sha256")[:16].hex() for person in people)
