"""Sealed files: only the named recipient opens them, whole and unaltered, or not at all.

A fresh Cobblestone-256 key streams the body (C2SP chunked-encryption: a truncated or reordered file does not open); the key is
sealed with HPKE (RFC 9180) on the hybrid X25519 + ML-KEM-768. The header is text; it and the caller's context are bound
to both, so that a file cannot be passed off as another.
"""

import base64
import binascii
import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from keys.derive import encode
from keys.errors import BadSeal
from keys.identity import Identity, PublicIdentity
from keys.secret import Secret

SEAL_FORMAT: Final = "linkage-sealed/v1"
SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
CHUNK: Final = 1 << 20
MAX_HEADER: Final = 8192


@dataclass(frozen=True, slots=True)
class SealHeader:
    """The readable top of a sealed file: who may open it, and the wrapped key of its body."""

    to: str
    wrapped: bytes
    text: bytes


def _header_text(to: str, wrapped: bytes) -> bytes:
    return f"{SEAL_FORMAT}\nto {to}\nkey {base64.b64encode(wrapped).decode()}\n\n".encode()


def wrap_key(key: bytes, *, to: PublicIdentity, context: bytes) -> bytes:
    """A key that only `to` can unwrap, and only with the same context (HPKE base mode, single shot)."""
    return SUITE.encrypt(key, to.sealer(), info=encode([SEAL_FORMAT, to.name, context]))


def unwrap_key(wrapped: bytes, *, by: Identity, context: bytes) -> Secret:
    """The key that `wrap_key` wrapped.

    Raises:
        BadSeal: it is for someone else, was altered, or belongs to another context.
    """
    try:
        return Secret(
            SUITE.decrypt(wrapped, by.opener(), info=encode([SEAL_FORMAT, by.name, context])),
            name="wrapped key",
        )
    except (InvalidTag, ValueError) as fault:
        raise BadSeal(
            "this cannot be opened here: it is for someone else, altered, or not what it is said to be"
        ) from fault


def read_header(source: BinaryIO) -> SealHeader:
    """The header of a sealed file; `source` then stands at the body.

    Raises:
        BadSeal: it is no sealed file of this version.
    """
    lines = [source.readline(MAX_HEADER) for _ in range(4)]
    try:
        to = lines[1].decode("ascii").removeprefix("to ").rstrip("\n")
        wrapped = base64.b64decode(lines[2].decode("ascii").removeprefix("key ").rstrip("\n"), validate=True)
    except (UnicodeDecodeError, binascii.Error, ValueError) as fault:
        raise BadSeal(f"this is no {SEAL_FORMAT} file: its header cannot be read") from fault
    header = SealHeader(to, wrapped, b"".join(lines))
    if header.text != _header_text(to, wrapped):
        raise BadSeal(f"this is no {SEAL_FORMAT} file: it is damaged, or made by another version")
    return header


class Sealer:
    """Seals what is written to it, piece by piece, into `sink`; the file is whole only after `finish`."""

    def __init__(self, sink: BinaryIO, *, to: PublicIdentity, context: bytes) -> None:
        key = Cobblestone256Encryptor.generate_key()
        header = _header_text(to.name, wrap_key(key, to=to, context=context))
        sink.write(header)
        self._sink = sink
        self._encryptor = Cobblestone256Encryptor(key, hashlib.sha256(encode([header, context])).digest())

    def write(self, data: bytes) -> int:
        """Takes the bytes; gives back how many."""
        self._sink.write(self._encryptor.update(data))
        return len(data)

    def finish(self) -> None:
        """Writes what shows that nothing is missing."""
        self._sink.write(self._encryptor.finalize())


def seal_stream(source: BinaryIO, sink: BinaryIO, *, to: PublicIdentity, context: bytes) -> None:
    """Writes all of `source` to `sink`, sealed to `to` under `context`."""
    sealer = Sealer(sink, to=to, context=context)
    while chunk := source.read(CHUNK):
        sealer.write(chunk)
    sealer.finish()


def opened_pieces(source: BinaryIO, *, header: SealHeader, key: Secret, context: bytes) -> Iterator[bytes]:
    """The opened body piece by piece, each authentic; only who takes all of them knows that nothing is missing. `source` stands after the header.

    Raises:
        BadSeal: the body was altered, cut short, or belongs to another header or context.
    """
    with _whole():
        decryptor = _decryptor(header, key=key, context=context)
        for chunk in iter(lambda: source.read(CHUNK), b""):
            yield decryptor.update(chunk)
        yield decryptor.finalize()


def open_into(
    pieces: Iterable[memoryview], *, header: SealHeader, key: Secret, context: bytes, room: memoryview
) -> int:
    """The body that comes in these pieces stands opened at the beginning of `room`, which is as long as the sealed file or longer; gives back how long it is. Each piece
    is done with when the next is asked for. What stands in `room` counts for nothing if this fails.

    Raises:
        BadSeal: as `opened_pieces`.
    """
    at = 0
    with _whole():
        decryptor = _decryptor(header, key=key, context=context)
        for piece in pieces:
            at += decryptor.update_into(piece, room[at:])
        last = decryptor.finalize()
    room[at : at + len(last)] = last
    return at + len(last)


def _decryptor(header: SealHeader, *, key: Secret, context: bytes) -> Cobblestone256Decryptor:
    return Cobblestone256Decryptor(key.expose(), hashlib.sha256(encode([header.text, context])).digest())


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except (InvalidTag, ValueError) as fault:
        raise BadSeal("this sealed file was altered or cut short: ask its sender for it again") from fault


def open_body(source: BinaryIO, *, header: SealHeader, key: Secret, context: bytes) -> bytes:
    """The opened body; `source` stands after the header.

    Raises:
        BadSeal: the body was altered, cut short, or belongs to another header or context.
    """
    return b"".join(opened_pieces(source, header=header, key=key, context=context))


def seal(data: bytes, *, to: PublicIdentity, context: bytes) -> bytes:
    """The bytes of a sealed file that holds `data`."""
    sink = io.BytesIO()
    seal_stream(io.BytesIO(data), sink, to=to, context=context)
    return sink.getvalue()


def open_sealed(sealed: bytes, *, by: Identity, context: bytes) -> bytes:
    """What was sealed.

    Raises:
        BadSeal: it is not for `by`, was altered or cut short, or was sealed under another context.
    """
    return b"".join(open_stream(io.BytesIO(sealed), by=by, context=context))


def open_stream(source: BinaryIO, *, by: Identity, context: bytes) -> Iterator[bytes]:
    """What was sealed, piece by piece, as `opened_pieces` gives it.

    Raises:
        BadSeal: it is not for `by`, was altered or cut short, or was sealed under another context.
    """
    header = read_header(source)
    if header.to != by.name:
        raise BadSeal("this sealed file is for another recipient: check that it went to the right folder")
    key = unwrap_key(header.wrapped, by=by, context=context)
    return opened_pieces(source, header=header, key=key, context=context)
