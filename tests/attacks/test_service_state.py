"""No write without an event: the desk's state changes together with its log, or not at all."""

import ast
import inspect
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import service.custody.custodian_state
import service.custody.strongbox
import service.desk.checks_state
import service.desk.state
from ethics.audit import AuditLog
from ethics.events import Event
from service.demonstration.cast import NOW
from service.desk.state import State, StoredRequest
from service.errors import OutOfOrder

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
EVENT = Event(
    "request-made", at=NOW, by="desk/1", project="p", details={"request": "r-1", "purpose": "x", "form": "y"}
)
# That a call was heard decides nothing: whatever comes of the call is logged by itself.
LOGS_NOTHING = {"hear"}
ONE = StoredRequest("r-1", "text", "digest", "made")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "office.db", origin="log/1")


def statements(tree: ast.AST) -> list[ast.Constant]:
    """Every SQL text that writes."""
    return [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and str(n.value).startswith(WRITES)]


def writers(module: object) -> list[ast.FunctionDef]:
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    return [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and statements(f)]


@pytest.mark.parametrize(
    "module",
    [service.desk.state, service.desk.checks_state, service.custody.custodian_state, service.custody.strongbox],
)
def test_every_function_that_writes_does_so_in_a_transaction_with_an_event(module: object) -> None:
    found = writers(module)
    assert found
    for one in found:
        blocks = [
            n for n in ast.walk(one) if isinstance(n, ast.With) and "transaction(" in ast.unparse(n.items[0])
        ]
        assert len(blocks) == 1, one.name
        assert "log.append(" in ast.unparse(blocks[0]) or one.name in LOGS_NOTHING, one.name
        assert len(statements(blocks[0])) == len(statements(one)), one.name


def test_every_public_writer_of_the_state_demands_its_event() -> None:
    for one in writers(service.desk.state):
        event = inspect.signature(getattr(State, one.name)).parameters["event"]
        assert event.default is inspect.Parameter.empty


WRITERS: dict[str, Callable[[State], object]] = {
    "a request": lambda s: s.add_request(StoredRequest("r-2", "t", "d", "made"), event=EVENT),
    "a decision": lambda s: s.decide_request("r-1", state="allowed", event=EVENT),
    "a mere event": lambda s: s.record(EVENT),
}


def content(state: State) -> tuple[list[Any], int]:
    rows = state.connection.execute("SELECT * FROM requests ORDER BY id").fetchall()
    return rows, len(list(state.log.events()))


@pytest.mark.parametrize("what", WRITERS)
def test_every_write_adds_one_event(state: State, what: str) -> None:
    state.add_request(ONE, event=EVENT)
    before = content(state)
    WRITERS[what](state)
    assert content(state)[1] == before[1] + 1


@pytest.mark.parametrize("what", WRITERS)
def test_a_write_whose_event_fails_did_not_happen(
    state: State, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    state.add_request(ONE, event=EVENT)
    before = content(state)

    def fail(*args: object) -> None:
        raise OSError("no space left on the device")

    monkeypatch.setattr(AuditLog, "append", fail)
    with pytest.raises(OSError, match="no space"):
        WRITERS[what](state)
    monkeypatch.undo()
    assert content(state) == before
    WRITERS[what](state)


def test_an_event_does_not_outlive_a_write_that_fails(state: State) -> None:
    state.add_request(ONE, event=EVENT)
    before = content(state)
    refused: tuple[Callable[[], object], ...] = (
        lambda: state.add_request(ONE, event=EVENT),
        lambda: state.decide_request("nobody", state="allowed", event=EVENT),
    )
    for act in refused:
        with pytest.raises(OutOfOrder):
            act()
    assert content(state) == before


def test_a_decision_is_made_once(state: State) -> None:
    state.add_request(ONE, event=EVENT)
    state.decide_request("r-1", state="refused", event=EVENT)
    with pytest.raises(OutOfOrder, match="decided already"):
        state.decide_request("r-1", state="allowed", event=EVENT)
    assert state.request("r-1").state == "refused"


def test_a_state_of_no_known_name_cannot_be_stored(state: State) -> None:
    state.add_request(ONE, event=EVENT)
    before = content(state)
    with pytest.raises(sqlite3.IntegrityError):
        state.decide_request("r-1", state="anything", event=EVENT)
    assert content(state) == before
