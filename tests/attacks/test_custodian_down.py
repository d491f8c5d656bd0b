"""The custodian that is not there, or goes away at any moment: nothing leaves, nothing is used up, and the same release can be made later."""

import dataclasses
import signal
import socket
from collections.abc import Callable
from typing import Any

import pytest

from service.errors import UNAVAILABLE, CustodianUnavailable, exit_code
from service.release import open_release, release


def let_out(office: Any, desk: Any) -> Any:
    return release("request-9", by=office.analyst.public, desk=desk)


def reasons(office: Any) -> list[str]:
    """Why releases were refused, in order, in the desk's own log."""
    events = office.desk.state.log.events()
    return [str(e.details["reasons"]) for e in events if e.kind == "release-refused"]


def stopped(office: Any, desk: Any, *, times: int = 1) -> None:
    """The release stops for want of a custodian, is logged so, and leaves everything as it was."""
    before = office.desk.state.ledger()
    with pytest.raises(CustodianUnavailable, match="nothing is used up") as caught:
        let_out(office, desk)
    assert exit_code(caught.value) == 16
    assert reasons(office) == ["custodian-unavailable"] * times
    assert office.desk.state.request("request-9").state == "allowed"
    assert office.desk.state.ledger() == before


def succeeds(office: Any, desk: Any) -> None:
    made = let_out(office, desk)
    opened = open_release(made.files, release_id=made.id, one=office.desk.one, by=office.analyst)
    assert opened["table.csv"].startswith(b"schools.suspended,schools.free_school_meals,count\r\n")
    assert "column-key-refused" not in [kind for kind, _ in office.trace()]


def test_without_a_custodian_nothing_is_released_until_there_is_one(served: Any) -> None:
    office, desk = served.office, served.desk()
    office.asked()
    stopped(office, desk)
    served.start()
    served.kill()
    assert served.socket.is_socket()
    stopped(office, desk, times=2)
    served.start()
    succeeds(office, desk)


class Dies:
    """The custodian that is killed before its call of that number, counted from nought."""

    def __init__(self, served: Any, at: int) -> None:
        self.served, self.custody, self.left = served, served.custody(), at

    def open_column(self, *order: Any, **what: Any) -> Any:
        return self._ask(self.custody.open_column, order, what)

    def open_spine(self, *order: Any, **what: Any) -> Any:
        return self._ask(self.custody.open_spine, order, what)

    def _ask(self, call: Callable[..., Any], order: Any, what: Any) -> Any:
        if not self.left:
            self.served.kill()
        self.left -= 1
        return call(*order, **what)


@pytest.mark.parametrize("call", [0, 1, 2, 4])
def test_killed_before_any_of_its_calls_it_leaves_a_release_that_can_be_made_again(
    served: Any, call: int
) -> None:
    """Call 0 is for the spine, 1 to 4 are for the footer and the columns of one file."""
    office, desk = served.office, served.desk()
    office.asked()
    served.start()
    dies = Dies(served, call)
    stopped(office, dataclasses.replace(desk, custodian=dies))
    assert dies.left == -1
    served.start()
    succeeds(office, desk)


@pytest.mark.parametrize(
    "cut", [0, 1, 700, -1], ids=["whole", "after-a-byte", "in-the-middle", "before-the-last-byte"]
)
def test_killed_while_it_answers_it_leaves_a_release_that_can_be_made_again(
    served: Any, between: Any, cut: int
) -> None:
    """The key was opened, and logged as opened, and never came."""
    office = served.office
    office.asked()
    served.start()
    with between() as wire:

        def dies(answer: bytes) -> bytes:
            served.kill()
            return answer[:cut]

        wire.on_answer = dies
        before = len(office.trace())
        stopped(office, served.desk(path=wire.path))
        assert office.trace()[before:] == [("column-key-opened", "")]
    served.start()
    succeeds(office, served.desk())


def test_a_call_that_never_arrives_and_one_that_is_never_answered_end_in_time(
    served: Any, between: Any
) -> None:
    office = served.office
    office.asked()
    served.start()
    with between(on_call=lambda _: None) as wire:
        stopped(office, served.desk(path=wire.path))
    silent = served.socket.with_name("silent.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(silent))
        listener.listen()
        stopped(office, served.desk(path=silent, patience=0.2), times=2)
        order = office.order()
        large = dataclasses.replace(order, dossier=dataclasses.replace(order.dossier, trust="x" * 3_000_000))
        with pytest.raises(CustodianUnavailable, match="timed out"):
            office.open_suspended(large, of=served.custody(path=silent, patience=0.2))
    succeeds(office, served.desk())


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_stopped_by_its_keeper_it_leaves_no_socket_and_says_so(served: Any, sign: signal.Signals) -> None:
    served.start()
    served.stop(sign)
    assert not served.socket.exists()
    assert served.said().endswith("custodian/1 answers at custodian.sock\ncustodian/1 has stopped\nexit 0\n")


def test_a_socket_that_somebody_listens_at_is_not_taken_over(served: Any) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(served.socket))
        listener.listen()
        served.launch()
        served.ended(10)
        assert "somebody listens at custodian.sock already" in served.said()
        assert served.socket.is_socket()


def test_a_custodian_that_runs_is_not_started_a_second_time(served: Any) -> None:
    served.start()
    first = served.process
    served.launch("--socket", str(served.socket.with_name("second.sock")))
    served.ended(10)
    assert "runs already" in served.said()
    served.process = first
    assert served.custody().status().openings_an_hour == 200


def test_what_is_no_socket_is_not_removed(served: Any) -> None:
    served.socket.write_text("mine", encoding="utf-8")
    served.launch()
    served.ended(10)
    assert "is no socket" in served.said()
    assert served.socket.read_text("utf-8") == "mine"


def test_by_command_a_release_without_its_custodian_stops_and_the_same_words_work_later(allowed: Any) -> None:
    p = allowed
    told = p.release("--socket", p.folder / "nobody.sock")
    assert (told.code, told.out) == (UNAVAILABLE, "")
    assert told.err.count("\n") == 1
    assert not (p.folder / "out").exists()
    assert p.kinds()[-1] == "release-refused"
    p.well(p.release(*p.keeper))
    assert len(list((p.folder / "out").iterdir())) == 1
