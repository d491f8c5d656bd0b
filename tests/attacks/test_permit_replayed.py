"""What was allowed once is not opened for something else, and a call that was heard once is not answered again."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from service.custody.protocol import (
    call_digest,
    call_line,
    order_text,
    read_answer,
    read_call,
    sha256,
    sign_call,
)
from service.custody.shapes import CallBody, Ended, Method
from service.errors import REFUSED, CustodianRefused
from service.release import release


def test_a_request_serves_one_release_and_no_other(office: Any) -> None:
    office.open_suspended(office.order(release="release-a"))
    office.open_suspended(office.order(release="release-a"))
    other = office.order(release="release-b")
    for act in (
        lambda: office.open_suspended(other),
        lambda: office.custodian.open_spine(other, header=office.spine()),
    ):
        office.stays_shut(act, saying="used for another release", because="used-before")


def test_opening_the_spine_uses_the_request_too(office: Any) -> None:
    office.custodian.open_spine(office.order(release="release-a"), header=office.spine())
    office.stays_shut(
        lambda: office.open_suspended(office.order(release="release-b")),
        saying="used for another release",
        because="used-before",
    )


def test_the_same_request_written_with_another_comment_is_the_same_request(office: Any) -> None:
    office.open_suspended(office.order(release="release-a"))
    first, _, rest = office.request_text().partition("\n")
    text = f"{first}\n# please\n{rest}"
    order = dataclasses.replace(office.order(release="release-b"), request=office.sign(text))
    assert order.request != office.request()
    office.stays_shut(
        lambda: office.open_suspended(order), saying="used for another release", because="used-before"
    )


def test_a_desk_that_makes_a_second_release_of_one_request_gets_no_key_for_it(served: Any) -> None:
    office = served.office
    served.start()
    desk = served.desk()
    assert release(office.asked("request-9"), by=office.analyst.public, desk=desk).id
    office.asked("request-10")
    served.stop()
    served.start()
    with pytest.raises(CustodianRefused, match="used for another release") as caught:
        release("request-10", by=office.analyst.public, desk=desk)
    assert caught.value.reasons == ("used-before",)
    last = list(office.desk.state.log.events())[-1]
    assert (last.kind, last.details["request"], last.details["reasons"]) == (
        "release-refused",
        "request-10",
        "custodian-refused",
    )


def outcome(served: Any, line: bytes) -> tuple[Ended, tuple[str, ...], str]:
    """How the custodian takes a line, why, and the key in its answer."""
    people = served.office.cast.people
    digest = call_digest(read_call(line).note)
    answer = read_answer(served.send(line), custodian=people["custodian/1"].public, call=digest, desk="desk/1")
    return answer.outcome, answer.reasons, answer.key


def call(office: Any, *, nonce: str, **changes: Any) -> bytes:
    """A call for the spine by the office's desk."""
    text = order_text(office.order())
    body = CallBody(
        **{
            "at": office.now,
            "custodian": "custodian/1",
            "desk": "desk/1",
            "header": office.spine().text.decode(),
            "method": Method.OPEN_SPINE,
            "nonce": nonce,
            "order": sha256(text),
        }
        | changes
    )
    return call_line(sign_call(body, by=office.desk.identity), order=text)


def test_a_call_recorded_on_the_wire_is_answered_once_even_after_a_restart(served: Any, between: Any) -> None:
    office = served.office
    served.start()
    with between() as recorded:
        assert office.open_suspended(office.order(), of=served.custody(path=recorded.path))
    (line,) = recorded.calls
    assert outcome(served, line) == (Ended.REFUSED, ("replayed",), "")
    served.stop()
    served.start()
    assert outcome(served, line) == (Ended.REFUSED, ("replayed",), "")
    kinds = office.trace()[-3:]
    assert kinds == [("column-key-opened", ""), *[("column-key-refused", "replayed")] * 2]


def test_a_nonce_serves_one_call_whatever_else_the_call_says(served: Any) -> None:
    served.start()
    ended, _, key = outcome(served, call(served.office, nonce="ab" * 16))
    assert (ended, bool(key)) == (Ended.OPENED, True)
    later = served.office.now + timedelta(seconds=1)
    assert outcome(served, call(served.office, nonce="ab" * 16, at=later)) == (Ended.REFUSED, ("replayed",), "")
    assert outcome(served, call(served.office, nonce="cd" * 16, at=later))[0] is Ended.OPENED


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_call_held_back_or_dated_ahead_is_not_answered(served: Any, minutes: int) -> None:
    served.start()
    held = call(served.office, nonce="ab" * 16, at=served.office.now + timedelta(minutes=minutes))
    assert outcome(served, held) == (Ended.REFUSED, ("stale",), "")
    near = call(served.office, nonce="ab" * 16, at=served.office.now + timedelta(minutes=minutes) * 5 / 6)
    assert outcome(served, near)[0] is Ended.OPENED


def test_by_command_a_request_that_was_released_gets_no_key_under_another_number(allowed: Any) -> None:
    p = allowed
    p.well(p.release(*p.keeper))
    note = p.folder / "request.note"
    p.well(p.decide(note, request_id="request-2"))
    told = p.release(*p.keeper, request_id="request-2")
    assert (told.code, told.out) == (REFUSED, "")
    assert "this request was used for another release already" in told.err
    assert len(list((p.folder / "out").iterdir())) == 1
    assert p.events("custodian/1")[-1].details["reasons"] == "used-before"
