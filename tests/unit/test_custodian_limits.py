"""How many keys a custodian opens within an hour, how many requests it serves within a day, and what it remembers of both."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keys import BadSeal, BadSignature, KeysError, NotTrusted
from linkage.errors import BadSubmission
from policies.errors import PolicyError, Refused
from service.custody.asked import MOST_CODES, REFUSALS, codes_of
from service.custody.custodian import Custodian, Limits
from service.errors import BadCall, CustodianRefused, NotApproved, OutOfOrder, RolledBack

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(office: Any) -> Clock:
    return Clock(office.now)


@pytest.fixture
def limited(office: Any, clock: Clock, tmp_path: Path) -> Iterator[Callable[..., Custodian]]:
    """The office's custodian with limits and a memory of its own; made again, it is the same after a restart."""
    made: list[Custodian] = []

    def make(openings: int = 200, requests: int = 20) -> Custodian:
        made.append(
            Custodian(
                tmp_path / "limited",
                identity=office.cast.people["custodian/1"],
                root=office.cast.root,
                one=office.desk.one,
                clock=clock,
                limits=Limits(openings, requests),
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.close()


def logged(custodian: Custodian) -> list[str]:
    return [str(e.details.get("reasons", "opened")) for e in custodian.state.log.events()]


def too_many(act: Callable[[], object]) -> None:
    with pytest.raises(CustodianRefused, match="wait, or have the custodian's limit raised") as caught:
        act()
    assert caught.value.reasons == ("too-many",)


def test_it_opens_so_many_keys_within_an_hour_and_says_once_in_its_log_that_there_were_too_many(
    office: Any, clock: Clock, limited: Callable[..., Custodian]
) -> None:
    custodian, order = limited(openings=2), office.order()
    for _ in range(2):
        assert office.open_suspended(order, of=custodian)
    for _ in range(3):
        too_many(lambda: office.open_suspended(order, of=custodian))
        too_many(lambda: custodian.open_spine(order, header=office.spine()))
    assert logged(custodian) == ["opened", "opened", "too-many"]
    assert custodian.tally().openings == 2
    again = limited(openings=2)
    too_many(lambda: office.open_suspended(order, of=again))
    clock.now += HOUR - timedelta(seconds=1)
    too_many(lambda: office.open_suspended(order, of=again))
    clock.now += timedelta(seconds=1)
    assert office.open_suspended(order, of=again)
    assert logged(again) == ["opened", "opened", "too-many", "opened"]


def test_refusals_count_as_openings_do_so_that_nobody_tries_on_and_on(
    office: Any, limited: Callable[..., Custodian]
) -> None:
    custodian = limited(openings=3)
    denied = office.order(form="pseudonymised-extract")
    for _ in range(3):
        with pytest.raises(CustodianRefused) as caught:
            office.open_suspended(denied, of=custodian)
        assert caught.value.reasons[0] == "policy"
    too_many(lambda: office.open_suspended(office.order(), of=custodian))


def test_it_serves_so_many_different_requests_within_a_day_and_those_as_often_as_they_ask(
    office: Any, clock: Clock, limited: Callable[..., Custodian]
) -> None:
    custodian = limited(requests=2)
    days = ["2027-03-01", "2027-03-02", "2027-03-03"]
    first, second, third = (office.order(release=f"release-{d}", use_until=d) for d in days)
    for order in (first, second, first, second):
        assert office.open_suspended(order, of=custodian)
    too_many(lambda: office.open_suspended(third, of=custodian))
    too_many(lambda: custodian.open_spine(third, header=office.spine()))
    assert custodian.tally().requests == 2
    assert office.open_suspended(first, of=limited(requests=2))
    clock.now += DAY - timedelta(minutes=1)
    too_many(lambda: office.open_suspended(third, of=custodian))
    clock.now += timedelta(minutes=2)
    assert office.open_suspended(third, of=custodian)


def test_strangers_fill_neither_the_log_nor_the_limits(office: Any, limited: Callable[..., Custodian]) -> None:
    custodian = limited(openings=3)
    for _ in range(10):
        custodian.turn_away(BadCall("no call"))
    assert logged(custodian) == ["unreadable"] * 3
    assert office.open_suspended(office.order(), of=custodian)


def test_every_fault_has_a_code_of_the_closed_table() -> None:
    faults = {
        BadSeal("x"): "wrong-key",
        BadSignature("x"): "bad-signature",
        NotTrusted("x"): "not-trusted",
        KeysError("x"): "bad-signature",
        NotApproved("x"): "not-approved",
        RolledBack("x"): "rolled-back",
        PolicyError("x"): "unreadable",
        BadSubmission("x"): "unreadable",
        OutOfOrder("x"): "unreadable",
        CustodianRefused("x"): "unreadable",
        CustodianRefused("x", reasons=("clock",)): "clock",
    }
    for fault, code in faults.items():
        assert codes_of(fault) == (code,)
        assert code in REFUSALS


def test_a_denial_keeps_the_engines_reasons_as_far_as_the_log_takes_them() -> None:
    many = tuple(f"reason-{n:02d}" for n in range(50))
    assert codes_of(Refused("x", reasons=("b", "a", "b"))) == ("policy", "a", "b")
    assert codes_of(Refused("x", reasons=many)) == ("policy", *many[: MOST_CODES - 1])
