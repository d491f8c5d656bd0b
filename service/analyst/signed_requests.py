"""Signed requests: the text of a request as a note by its requester, so that nobody else can ask in an analyst's name."""

from datetime import datetime
from pathlib import Path
from typing import Final

from keys import BadSignature, Identity, NotTrusted, TrustRegister, sign_note, verify_note
from keys.notes import split_note
from keys.passphrase import Unlock
from linkage.errors import BadInput
from policies.load import load_request
from policies.request import Request
from service.texts import read_text

REQUEST_KIND: Final = "# linkage-request/v1"


def text_of(request: str) -> str:
    """The text of a request without the signatures that may stand below it. Nothing is verified."""
    return split_note(request)[0] if is_signed(request) else request


def is_signed(request: str) -> bool:
    """Whether signatures stand below the request, whatever they are worth."""
    try:
        split_note(request)
    except BadSignature:
        return False
    return True


def sign_request(text: str, *, by: Identity) -> str:
    """The request as a note that its requester signed. Its first line says what it is, and is put there if it is missing.

    Raises:
        DocumentInvalid: the text is no request.
        NotTrusted: it names somebody else as its requester.
        BadSignature: it holds control characters.
    """
    request = load_request(text)
    if request.requester != by.name:
        raise NotTrusted(
            f"the request is {request.requester}'s and this identity is {by.name}: a request is signed by whoever makes it"
        )
    body = text.strip("\n") + "\n"
    return sign_note(body if body.startswith(f"{REQUEST_KIND}\n") else f"{REQUEST_KIND}\n{body}", by=by)


def read_request(note: str, *, trust: TrustRegister, at: datetime) -> Request:
    """The request in a note, if the requester that it names signed it and is an analyst at that time.

    Raises:
        BadSignature: it is not signed, by somebody else only, or was altered.
        NotTrusted: its requester is no analyst.
        DocumentInvalid: it is signed and no request.
    """
    if not is_signed(note):
        raise BadSignature("the request is not signed: its requester signs it with linkage analyst sign")
    request = load_request(text_of(note))
    requester = trust.require(request.requester, role="analyst", at=at)
    try:
        verify_note(note, known=[requester], kind=REQUEST_KIND)
    except BadSignature as fault:
        raise BadSignature(f"the request is not as {request.requester} signed it: {fault}") from fault
    return request


def analyst_sign(request: Path, *, identity: Path, out: Path, unlock: Unlock) -> str:
    """The request in `out`, signed by the identity.

    Raises:
        BadInput: there is a file `out` already.
    """
    if out.exists():
        raise BadInput(f"{out.name} exists already: name another file with --out")
    signer = Identity.load(identity, unlock=unlock)
    out.write_text(sign_request(text_of(read_text(request)), by=signer), encoding="utf-8")
    return f"{out.name} is {request.name}, signed by {signer.name}"
