"""What the board, the lawyers and the analyst set an end to opens nothing after it, whatever the desk says the time is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies.errors import Refused
from service.errors import REFUSED, CustodianRefused, OutOfOrder
from service.release import release

AFTER = {
    "the use that was asked for": (datetime(2027, 4, 2, 12, tzinfo=UTC), {}, "use-has-ended"),
    "the review of its clause": (datetime(2027, 6, 15, tzinfo=UTC), {"asked_on": "2027-06-01", "use_until": "2027-06-30"}, "review-passed"),
    "the impact assessment": (datetime(2027, 7, 1, 12, tzinfo=UTC), {"asked_on": "2027-06-01", "use_until": "2027-07-30"}, "dpia-lapsed"),
    "the policy": (datetime(2028, 1, 2, tzinfo=UTC), {"asked_on": "2027-12-30", "use_until": "2028-01-30"}, "expired"),
}  # fmt: skip


@pytest.mark.parametrize("what", AFTER)
def test_after_its_end_nothing_opens(office: Any, what: str) -> None:
    then, changes, code = AFTER[what]
    order = office.order(**changes)
    office.at(then)
    for act in (
        lambda: office.open_suspended(order),
        lambda: office.custodian.open_spine(order, header=office.spine()),
    ):
        office.stays_shut(act, saying="stays shut", because=code)
    assert office.trace()[-1][1].startswith("policy,")


def test_a_permit_that_has_ended_releases_nothing(office: Any) -> None:
    request = office.asked()
    with pytest.raises((Refused, OutOfOrder)):
        release(request, by=office.analyst.public, desk=office.at(office.now + timedelta(days=130)))
    assert list(office.desk.state.log.events())[-1].kind == "release-refused"


def test_a_desk_that_stopped_its_clock_gets_no_key_after_the_end(served: Any) -> None:
    """The desk's engine says yes, as of a day on which it was; its calls bear the custodian's time, so that they are heard."""
    office, then = served.office, datetime(2027, 4, 2, 12, tzinfo=UTC)
    served.start(now=then)
    desk = served.desk(clock=lambda: then)
    with pytest.raises(CustodianRefused, match="stays shut") as caught:
        release(office.asked(), by=office.analyst.public, desk=desk)
    assert caught.value.reasons[0] == "policy"
    assert "use-has-ended" in caught.value.reasons
    served.stop()
    assert office.trace()[-1] == ("column-key-refused", ",".join(caught.value.reasons))


def test_by_command_an_allowed_request_is_not_released_once_the_policy_has_ended(
    allowed: Any, set_clock: Any
) -> None:
    p = allowed
    set_clock(datetime(2028, 1, 2, tzinfo=UTC))
    told = p.release(*p.keeper)
    assert (told.code, told.out) == (REFUSED, "")
    assert told.err.startswith("Denied.")
    assert not (p.folder / "out").exists()
    assert p.kinds()[-1] == "release-refused"
