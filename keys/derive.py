"""Every derivation label of the system, and the one way to derive a key from a secret.

HKDF-SHA-256 as in RFC 5869, by `cryptography`. Tuples are encoded with length prefixes, so that no two different
tuples give the same bytes (the idea of C2SP SequenceHash); strings are never joined.
"""

from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.secret import Secret

LABELS: Final = {
    "part-value": "CMAC key of the values of one part of a match key, or of an exact comparison",
    "pass-block": "key of the KDF over a match key's digests: one output block names the block, the other is the block secret",
    "pass-filter": "AES key of the PRF that places q-grams and makes masks, for one pass",
    "key-check": "value that tells two parties whether they hold the same project secret",
    "record-ref": "pseudonym of a partner's record, for the assembler",
    "row-ref": "pseudonym of a record in one pass file, for the linker",
    "ledger": "CMAC keys of the digests in a partner's own ledger of what it has submitted",
    "person-ref": "pseudonym of a person in the spine",
    "secret-commitment": "what the record of a ceremony says of the project secret, by which its holder knows it again",
    "share-check": "what the record of a ceremony says of one share, by which that share is known again",
    "linker-opening": "seeds of the linker's sealing key, which custodians share",
}


def encode(parts: Sequence[str | bytes]) -> bytes:
    """The parts as bytes: their number, then each one's length (8 bytes, big-endian) and bytes (UTF-8)."""
    return encoded_count(len(parts)) + b"".join(map(encoded_part, parts))


def encoded_count(parts: int) -> bytes:
    """How the encoding of that many parts begins."""
    return parts.to_bytes(8, "big")


def encoded_part(part: str | bytes) -> bytes:
    """One part of an encoding; whoever encodes many tuples of few values encodes each value once and joins."""
    raw = part.encode() if isinstance(part, str) else part
    return len(raw).to_bytes(8, "big") + raw


def label(name: str, *context: str | bytes) -> bytes:
    """The HKDF info of one registered label with its context.

    Raises:
        KeyError: the label is not in `LABELS`.
    """
    if name not in LABELS:
        raise KeyError(f"derivation label {name!r} is not registered in keys.derive.LABELS")
    return encode(["linkage/v1", name, *context])


def derive(secret: Secret, name: str, *context: str | bytes, length: int = 32) -> Secret:
    """A key of `length` bytes for one label and context; different labels give unrelated keys (RFC 5869)."""
    hkdf = HKDF(algorithm=SHA256(), length=length, salt=None, info=label(name, *context))
    return Secret(hkdf.derive(secret.expose()), name=f"{secret.name}/{name}")
