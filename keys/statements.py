"""Notes whose body is one JSON object, in the one spelling that is accepted: a reader writes what it read again and compares."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from keys.errors import BadSignature
from keys.identity import PublicIdentity
from keys.notes import check_text, verify_note
from keys.trust import TrustRegister

DIGEST: Final = re.compile(r"[0-9a-f]{64}")
Statement = TypeVar("Statement")


def statement(kind: str, body: Mapping[str, Any]) -> str:
    """The text of a note: its kind, then the body, keys sorted."""
    return check_text(f"{kind}\n{json.dumps(body, indent=1, sort_keys=True)}\n")


def text_digest(text: str) -> str:
    """SHA-256 of a note's text, without its signatures, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def parse(
    text: str,
    *,
    kind: str,
    read: Callable[[dict[str, Any]], Statement],
    write: Callable[[Statement], str],
) -> Statement:
    """What the text states.

    Raises:
        BadSignature: it is of another kind, not readable, or says something that `read` passes over.
    """
    first, _, body = text.partition("\n")
    if first != kind:
        raise BadSignature(f"expected a note of kind {kind}: check that it is the right file")
    try:
        found = read(json.loads(body))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise BadSignature(f"this {kind} is not readable: it is damaged, or made by another version") from fault
    if write(found) != text:
        raise BadSignature(f"this {kind} says more than this version reads, or says it otherwise")
    return found


def verify_by(
    note: str, *, kind: str, by: str, role: str, at: datetime, trust: TrustRegister
) -> PublicIdentity:
    """The identity of `by`, who signed the note and held the role at that time.

    Raises:
        NotTrusted: it did not hold the role then.
        BadSignature: it did not sign this.
    """
    signer = trust.require(by, role=role, at=at)
    verify_note(note, known=[signer], kind=kind)
    return signer


def moment(text: Any) -> datetime:
    """The time in the text.

    Raises:
        ValueError: it has no offset from UTC.
    """
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("a time without an offset from UTC")
    return when


def digest(text: Any) -> str:
    """The text, if it is a SHA-256 in hexadecimal.

    Raises:
        ValueError: it is not.
    """
    if not DIGEST.fullmatch(text):
        raise ValueError("no SHA-256 in hexadecimal")
    return str(text)


def whole(value: Any, *, least: int) -> int:
    """The value, if it is a whole number of at least `least`.

    Raises:
        ValueError: it is not.
    """
    if type(value) is not int or value < least:
        raise ValueError("not a whole number, or too small")
    return value
