"""A custodian whose clock was put back: what has ended stays ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.demonstration.cast import NOW
from service.errors import BAD_KEY

ENDED = datetime(2027, 4, 2, 12, tzinfo=UTC)


def both(office: Any, order: Any) -> list[Any]:
    return [
        lambda: office.open_suspended(order),
        lambda: office.custodian.open_spine(order, header=office.spine()),
    ]


def test_a_request_whose_time_is_over_does_not_open_again_when_the_clock_is_put_back(office: Any) -> None:
    order = office.order()
    office.at(ENDED)
    office.stays_shut(lambda: office.open_suspended(order), saying="stays shut", because="use-has-ended")
    office.at(ENDED - timedelta(days=30))
    for act in both(office, order):
        office.stays_shut(act, saying="clock says a time before 2027-04-02 12:00", because="clock")


def test_while_the_clock_is_wrong_nothing_opens_and_once_it_is_right_all_is_as_before(office: Any) -> None:
    order = office.order()
    assert office.open_suspended(order)
    office.at(office.now - timedelta(minutes=6))
    for act in both(office, order):
        office.stays_shut(act, saying="clock says a time before", because="clock")
    office.at(office.now)
    assert office.open_suspended(order)


def test_a_clock_that_is_a_little_slow_is_no_attack_and_does_not_creep_back(office: Any) -> None:
    order = office.order()
    assert office.open_suspended(order)
    office.at(office.now - timedelta(minutes=5))
    assert office.open_suspended(order)
    office.at(office.now - timedelta(minutes=10))
    office.stays_shut(lambda: office.open_suspended(order), saying="clock says a time before", because="clock")


@pytest.mark.parametrize("back", [timedelta(minutes=6), timedelta(days=40)])
def test_a_custodian_started_on_a_machine_whose_clock_was_put_back_does_not_start(
    served: Any, back: timedelta
) -> None:
    office = served.office
    served.start()
    assert office.open_suspended(office.order(), of=served.custody())
    served.stop()
    served.launch(now=office.now - back)
    served.ended(11)
    assert "clock" in served.said()
    assert not served.socket.exists()


def test_by_command_the_desk_does_nothing_with_a_clock_that_was_set_back(allowed: Any, set_clock: Any) -> None:
    p = allowed
    set_clock(NOW - timedelta(days=1))
    for told in (p.release(*p.keeper), p.decide(p.folder / "request.note", request_id="request-2")):
        assert (told.code, told.out) == (BAD_KEY, "")
        assert "clock" in told.err
    assert not (p.folder / "out").exists()
    set_clock(NOW + timedelta(hours=2))
    p.well(p.release(*p.keeper))
