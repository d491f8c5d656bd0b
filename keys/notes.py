"""Signed notes: text that a person can read and a machine can verify (C2SP signed-note, Ed25519).

A note is text that ends in a newline, an empty line, then one line a signature:
`— <name> <base64 of key hash (4 bytes) and signature (64 bytes)>`. The signature is over the text with its last newline.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature

from keys.errors import BadSignature
from keys.identity import Identity, PublicIdentity

DASH: Final = "— "
MAX_SIGNATURES: Final = 100
CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Note:
    """A verified note: its text, and the names whose signatures were checked."""

    text: str
    signers: frozenset[str]

    @property
    def kind(self) -> str:
        """The first line: what the note is, and its version."""
        return self.text.partition("\n")[0]

    @property
    def body(self) -> str:
        """All after the first line."""
        return self.text.partition("\n")[2]


def check_text(text: str) -> str:
    """The text, if it can be signed: it ends in one newline and has no empty last line nor control characters.

    Raises:
        BadSignature: it has not that form.
    """
    if not text.endswith("\n") or text.endswith("\n\n") or CONTROL.search(text):
        raise BadSignature(
            "this text cannot be signed: it must end in exactly one newline and hold no control characters"
        )
    return text


def signature_line(text: str, *, by: Identity) -> str:
    """One signature line for the text."""
    blob = by.public.key_hash + by.signer().sign(check_text(text).encode())
    return f"{DASH}{by.name} {base64.b64encode(blob).decode()}\n"


def sign_note(text: str, *, by: Identity) -> str:
    """The text as a note that `by` has signed."""
    return check_text(text) + "\n" + signature_line(text, by=by)


def add_signature(note: str, *, by: Identity) -> str:
    """The note with one more signature over the same text; signing twice changes nothing."""
    text, lines = split_note(note)
    line = signature_line(text, by=by)
    return note if line.rstrip("\n") in lines else note + line


def split_note(note: str) -> tuple[str, list[str]]:
    """Text and signature lines of a note.

    Raises:
        BadSignature: it is no signed note.
    """
    text, gap, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines[-1] != "" or len(lines) < 2 or len(lines) > MAX_SIGNATURES:
        raise BadSignature(
            "this is no signed note: after the text an empty line and one to 99 signature lines are expected"
        )
    if any(not line.startswith(DASH) for line in lines[:-1]):
        raise BadSignature("this note is damaged: a line among its signatures is no signature")
    return text + "\n", lines[:-1]


def verify_note(note: str, *, known: Iterable[PublicIdentity], kind: str) -> Note:
    """The note with the names of those among `known` who signed it; at least one, and each name once.

    A signature by an unknown key is passed over, as the specification asks; one by a known key that does not verify
    spoils the note.

    Raises:
        BadSignature: the note is malformed, of another kind, wrongly signed, or signed by nobody known.
    """
    text, lines = split_note(note)
    check_text(text)
    found = text.partition("\n")[0]
    if found != kind:
        raise BadSignature(
            f"expected a note of kind {kind}; its first line says something else: check that it is the right file"
        )
    by_line = {(one.name, one.key_hash): one for one in known}
    signers: set[str] = set()
    for line in lines:
        name, _, coded = line.removeprefix(DASH).partition(" ")
        try:
            blob = base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError) as fault:
            raise BadSignature("this note is damaged: a signature line is not readable") from fault
        # base64 leaves two bits of the last letter without meaning: of the four spellings, one is taken.
        if base64.b64encode(blob).decode() != coded:
            raise BadSignature("this note is damaged: a signature line is spelt otherwise than it is written")
        signer = by_line.get((name, blob[:4]))
        if signer is None:
            continue
        try:
            signer.verifier().verify(blob[4:], text.encode())
        except InvalidSignature as fault:
            raise BadSignature(
                f"the signature of {name} does not fit this {kind}: it was altered, or signed as something else"
            ) from fault
        signers.add(name)
    if not signers:
        raise BadSignature(
            f"this {kind} carries no signature by anyone who is known here: check the trust register"
        )
    return Note(text, frozenset(signers))
