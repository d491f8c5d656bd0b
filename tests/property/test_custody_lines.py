"""What desk and custodian write is what the other reads, whatever text the documents hold."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import Identity
from service.custody.asked import Order
from service.custody.protocol import (
    answer_line,
    call_digest,
    call_line,
    order_text,
    read_answer,
    read_call,
    sha256,
    sign_call,
    unwrap_answer,
    wrap_answer,
)
from service.custody.shapes import AnswerBody, CallBody, Ended, Method
from service.dossier import Dossier
from service.errors import BadCall

DESK, CUSTODIAN = (Identity.make(name, randomness=lambda n: b"k" * n) for name in ("desk/1", "custodian/1"))
AT = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ORDERS = st.builds(
    Order,
    request=TEXTS,
    dossier=st.builds(
        Dossier,
        **dict.fromkeys(("trust", "policy", "catalogue", "gateways", "evidence", "constitution"), TEXTS),
        votes=st.lists(TEXTS, max_size=3).map(tuple),
        adoptions=st.lists(TEXTS, max_size=3).map(tuple),
    ),
    release=st.from_regex(r"[a-z0-9-]{1,80}", fullmatch=True),
)


def call(beside: Order, **changes: Any) -> tuple[CallBody, bytes]:
    text = order_text(beside)
    body = CallBody(
        **{
            "at": AT,
            "custodian": "custodian/1",
            "desk": "desk/1",
            "key": "p/1/schools/area",
            "method": Method.OPEN_COLUMN,
            "nonce": "ab" * 16,
            "order": sha256(text),
            "wrapped": "AAAA",
        }
        | changes
    )
    return body, call_line(sign_call(body, by=DESK), order=text)


@settings(deadline=None, max_examples=60)
@given(order=ORDERS)
def test_a_call_is_read_as_it_was_written_in_one_line_of_ascii(order: Order) -> None:
    body, line = call(order)
    found = read_call(line)
    assert (found.body, found.order, found.wrapped, found.header) == (body, order, b"\0\0\0", None)
    assert line.isascii()
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")
    found.verify(DESK.public)
    with pytest.raises(Exception, match="signature"):
        found.verify(CUSTODIAN.public)


@settings(deadline=None, max_examples=60)
@given(first=ORDERS, second=ORDERS)
def test_a_call_does_not_go_with_another_order(first: Order, second: Order) -> None:
    body, line = call(first, order=sha256(order_text(second)))
    if first == second:
        assert read_call(line).body == body
    else:
        with pytest.raises(BadCall, match="another order"):
            read_call(line)


@settings(deadline=None, max_examples=30)
@given(says=TEXTS, key=st.binary(min_size=32, max_size=32))
def test_an_answer_is_read_by_who_called_and_its_key_opened_by_her_alone(says: str, key: bytes) -> None:
    _, line = call(Order("r", Dossier("", "", "", "", "", "", (), ()), "a"))
    digest = call_digest(read_call(line).note)
    wrapped = wrap_answer(key, to=DESK.public, call=digest)
    body = AnswerBody(
        at=AT, call=digest, custodian="custodian/1", desk="desk/1", outcome=Ended.OPENED, key=wrapped, says=says
    )
    answer = answer_line(body, by=CUSTODIAN)
    assert read_answer(answer, custodian=CUSTODIAN.public, call=digest, desk="desk/1") == body
    assert unwrap_answer(wrapped, by=DESK, call=digest).expose() == key
    assert (answer.isascii(), answer.count(b"\n")) == (True, 1)
    for changes in ({"call": "0" * 64}, {"desk": "desk/2"}):
        with pytest.raises(BadCall):
            read_answer(answer, **({"custodian": CUSTODIAN.public, "call": digest, "desk": "desk/1"} | changes))  # type: ignore[arg-type]
