"""What is around a command: how it is called, and the clock, the keyring and the disk that it finds."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click.testing
import keyring
import pytest
import typer.main
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

import service.clock
import service.custody.quorum
from cli import app
from linkage.partner.tokens import statistics


@dataclass(frozen=True)
class Told:
    """What a command answered."""

    code: int
    out: str
    err: str


# Typer builds all commands anew for every call; here they are built once.
COMMANDS = typer.main.get_command(app)


def told(*words: object) -> Told:
    """What a command of the command line answered; a fault of the program is raised."""
    result = click.testing.CliRunner().invoke(COMMANDS, [str(w) for w in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Told(result.exit_code, result.stdout, result.stderr)


class MadeUpKeyring(KeyringBackend):
    """A keyring in memory. It counts as one that encrypts, unless its priority is lowered."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def made_up_keyring() -> Iterator[MadeUpKeyring]:
    before, one = keyring.get_keyring(), MadeUpKeyring()
    keyring.set_keyring(one)
    yield one
    keyring.set_keyring(before)


@pytest.fixture
def command() -> Callable[..., Told]:
    """Runs a command of the command line; a fault of the program fails the test."""
    return told


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock by which all commands go."""

    def to(now: datetime) -> None:
        monkeypatch.setattr(service.clock, "now", lambda: now)

    return to


@pytest.fixture
def while_waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Says what happens while a process waits for custodians, one thing after the other; after the last its time is over. Gives back what they
    answered."""
    late = [timedelta()]
    monkeypatch.setattr(service.clock, "now", lambda: datetime.now(UTC) + late[0])

    def say(*acts: Callable[[], Any]) -> list[Any]:
        left, answers = list(acts), []

        def sleep(_: float) -> None:
            if left:
                answers.append(left.pop(0)())
            else:
                late[0] += timedelta(hours=2)

        monkeypatch.setattr(service.custody.quorum.time, "sleep", sleep)
        return answers

    return say


@pytest.fixture
def small_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates from few pairs, so that a submission takes no time."""
    monkeypatch.setattr(statistics, "PAIRS", 500)


@pytest.fixture
def no_power_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk: what is not flushed is there all the same, as long as the machine runs."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
