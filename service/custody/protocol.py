"""What desk and custodian say to each other: one line each way, JSON in ASCII, at most 4 MiB, one call a connection.

A call is `{"call": <note>, "order": <text or null>}`. The note is signed by the desk; its first line is `linkage-custody-call/v1`, its second a
JSON object with

    at         when it was made, ISO 8601 with its offset; the custodian takes five minutes before and after its own time
    custodian  the name of the custodian that is called
    desk       the name of the desk that calls
    header     of `open-spine` the header of the sealed spine, else ""
    key        of `open-column` the key's id, else ""
    method     open-column, open-spine or status
    nonce      16 random bytes, hexadecimal; heard once
    order      SHA-256 of the order's text, hexadecimal; of `status` ""
    wrapped    of `open-column` the wrapped key, base64, else ""

The order is the text of a JSON object with `request` (the note that the analyst signed), `release` and `dossier` (the documents as text).

An answer is `{"answer": <note>}`. The note is signed by the custodian; its first line is `linkage-custody-answer/v1`, its second a JSON object with

    at         when it was made
    call       SHA-256 of the call's text without its signatures, hexadecimal
    custodian  who answers
    desk       whom
    key        of a key that was opened: the key, wrapped (HPKE, as in a sealed file) to the desk under the context
               `encode(["linkage-custody-answer/v1", <call>])`, base64; else ""
    outcome    opened, refused or status
    reasons    of a refusal its codes
    says       of a refusal its sentence, else ""
    status     of `status` how much of its limits the custodian has used, else null

Whoever carries the lines sees the request, the documents, wrapped keys and refusals, and no key. What cannot be read as a call gets the line
`{"error": "unreadable"}`, and the connection is closed after any answer.
"""

import base64
import binascii
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from keys import BadSeal, BadSignature, Identity, PublicIdentity, Secret, encode, sign_note, verify_note
from keys.notes import split_note
from keys.sealing import SealHeader, read_header, unwrap_key, wrap_key
from service.custody.asked import Order
from service.custody.shapes import CARRIES, AnswerBody, AnswerLine, CallBody, CallLine, OrderBody
from service.dossier import Dossier
from service.errors import BadCall

CALL_FORMAT: Final = "linkage-custody-call/v1"
ANSWER_FORMAT: Final = "linkage-custody-answer/v1"
MAX_LINE: Final = 4 << 20
UNREADABLE: Final = b'{"error": "unreadable"}\n'


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it came in. `body` says what it claims; nothing of it is verified."""

    note: str
    body: CallBody
    digest: str
    order: Order | None
    wrapped: bytes
    header: SealHeader | None

    def verify(self, desk: PublicIdentity) -> None:
        """Returns if the desk signed it.

        Raises:
            BadSignature: it did not, or the call was altered.
        """
        verify_note(self.note, known=[desk], kind=CALL_FORMAT)


def order_text(order: Order) -> str:
    """The order as JSON, the same for equal orders."""
    return _json({"request": order.request, "release": order.release, "dossier": asdict(order.dossier)})


def sign_call(body: CallBody, *, by: Identity) -> str:
    """The call as a note."""
    return sign_note(f"{CALL_FORMAT}\n{_json(body.model_dump(mode='json'))}\n", by=by)


def call_line(note: str, *, order: str | None) -> bytes:
    """The call as it goes over the wire."""
    return _line({"call": note, "order": order})


def read_call(line: bytes) -> Call:
    """The call in a line.

    Raises:
        BadCall: it is none, or does not fit the order beside it.
    """
    if len(line) > MAX_LINE:
        raise BadCall(f"a call has at most {MAX_LINE:,} bytes")
    outer = _model(CallLine, line)
    body = _model(CallBody, _body_of(outer.call, kind=CALL_FORMAT))
    if {name for name in ("header", "key", "order", "wrapped") if getattr(body, name)} != CARRIES[body.method]:
        raise BadCall(f"a call to {body.method} carries {', '.join(sorted(CARRIES[body.method])) or 'nothing'}")
    if body.order != ("" if outer.order is None else sha256(outer.order)):
        raise BadCall("this call is for another order than the one beside it")
    return Call(
        outer.call,
        body,
        call_digest(outer.call),
        None if outer.order is None else _order(_model(OrderBody, outer.order)),
        _decoded(body.wrapped),
        _header(body.header) if body.header else None,
    )


def call_digest(note: str) -> str:
    """What an answer calls a call: SHA-256 of its text without the signatures, hexadecimal."""
    return sha256(split_note(note)[0])


def answer_line(body: AnswerBody, *, by: Identity) -> bytes:
    """The answer as it goes over the wire, signed."""
    return _line({"answer": sign_note(f"{ANSWER_FORMAT}\n{_json(body.model_dump(mode='json'))}\n", by=by)})


def read_answer(line: bytes, *, custodian: PublicIdentity, call: str, desk: str) -> AnswerBody:
    """The custodian's answer to the call of that digest.

    Raises:
        BadCall: it is no answer, somebody else's, or to another call.
    """
    note = _model(AnswerLine, line).answer
    try:
        verify_note(note, known=[custodian], kind=ANSWER_FORMAT)
    except BadSignature as fault:
        raise BadCall(f"what answers is not {custodian.name}: {fault}") from fault
    body = _model(AnswerBody, _body_of(note, kind=ANSWER_FORMAT))
    if (body.call, body.custodian, body.desk) != (call, custodian.name, desk):
        raise BadCall("the custodian answered another call")
    return body


def wrap_answer(key: bytes, *, to: PublicIdentity, call: str) -> str:
    """The opened key for the desk that called, base64."""
    return base64.b64encode(wrap_key(key, to=to, context=_context(call))).decode()


def unwrap_answer(wrapped: str, *, by: Identity, call: str) -> Secret:
    """The key in an answer.

    Raises:
        BadSeal: it is for another desk or another call, or was altered.
        BadCall: it is not base64.
    """
    return unwrap_key(_decoded(wrapped), by=by, context=_context(call))


def sha256(text: str) -> str:
    """SHA-256 of the text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _context(call: str) -> bytes:
    return encode([ANSWER_FORMAT, call])


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _line(value: Mapping[str, Any]) -> bytes:
    return _json(value).encode("ascii") + b"\n"


def _body_of(note: str, *, kind: str) -> str:
    try:
        text, _ = split_note(note)
    except BadSignature as fault:
        raise BadCall(f"this is no signed {kind}") from fault
    first, _, body = text.partition("\n")
    if first != kind:
        raise BadCall(f"this is no {kind}")
    return body


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise BadCall("what should be base64 is not") from fault


def _header(text: str) -> SealHeader:
    try:
        return read_header(io.BytesIO(text.encode()))
    except BadSeal as fault:
        raise BadCall("what should be the header of a sealed file is not") from fault


def _order(body: OrderBody) -> Order:
    one = body.dossier
    return Order(body.request, Dossier(**one.model_dump()), body.release)


Model = TypeVar("Model", bound=BaseModel)


def _model(model: type[Model], text: str | bytes) -> Model:
    try:
        return model.model_validate_json(text)
    except (ValidationError, ValueError) as fault:
        # What was sent is not repeated: it could be anything.
        raise BadCall(f"this cannot be read as {model.__name__}") from fault
