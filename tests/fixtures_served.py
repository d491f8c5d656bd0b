"""A custodian as a process of its own, and somebody on the wire between it and the desk."""

import contextlib
import dataclasses
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from keys import Identity
from service.custody.client import RemoteCustody
from service.custody.protocol import MAX_LINE
from service.release import Desk
from tests.fixtures_office import Office

# The command itself, with another clock: the demonstration's documents are of a day of their own. All that it imports is there already
# when a custodian is asked for, which is a child of this process, so that each starts at once.
NURSERY = """
import datetime, json, os, signal, sys, typer
import service.custody.server
from service import clock
from service.commands.custody import serve
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
for line in sys.stdin:
    now, said, seconds, words = json.loads(line)
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for out in (1, 2):
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), out)
    at = datetime.datetime.fromisoformat(now)
    clock.now = lambda: at
    service.custody.server.SECONDS_TO_ASK = seconds
    sys.argv = ["serve", *words]
    try:
        typer.run(serve)
    except SystemExit as ended:
        print("exit", ended.code or 0, flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="session")
def nursery() -> Iterator[Callable[..., int]]:
    """Starts the command `linkage custodian serve` as a process of its own; gives back its number."""
    parent = subprocess.Popen(
        [sys.executable, "-P", "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"

    def start(*words: str, now: datetime, said: Path, seconds: float) -> int:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(json.dumps([now.isoformat(), str(said), seconds, words]) + "\n")
        parent.stdin.flush()
        return int(parent.stdout.readline())

    yield start
    parent.stdin.close()
    parent.wait(timeout=60)
    parent.stdout.close()


@dataclass
class Served:
    """The office's custodian as a process of its own, at a socket in a folder of its own."""

    office: Office
    folder: Path
    nursery: Callable[..., int]
    process: int = 0

    @property
    def socket(self) -> Path:
        return self.folder / "custodian.sock"

    def said(self) -> str:
        """All that it has printed."""
        path = self.folder / "said.txt"
        return path.read_text("utf-8") if path.exists() else ""

    def start(self, *words: str, now: datetime | None = None, seconds: float = 5.0) -> None:
        """It answers, and gives a caller so many seconds to ask; `words` are further options of the command."""
        before = len(self.said())
        self.launch(*words, now=now, seconds=seconds)
        until(lambda: "answers at" in self.said()[before:] or "exit" in self.said()[before:])
        assert "exit" not in self.said()[before:], self.said()[before:]

    def launch(self, *words: str, now: datetime | None = None, seconds: float = 5.0) -> None:
        """The command runs; whether it answers is another question."""
        places = self.office.places
        named = ("--shared", places.shared, "--root", places.shared / "root.json", "--socket", self.socket)
        every = [str(w) for w in (places.custodian, *named, *words)]
        self.process = self.nursery(
            *every, now=now or self.office.now, said=self.folder / "said.txt", seconds=seconds
        )

    def ended(self, code: int) -> None:
        """The command that was launched has ended by itself with this exit code."""
        until(lambda: not _runs(self.process))
        self.process = 0
        assert self.said().endswith(f"exit {code}\n"), self.said()

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """It runs no more."""
        if not self.process:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, sign)
        until(lambda: not _runs(self.process))
        self.process = 0

    def kill(self) -> None:
        """It is gone from one moment to the next."""
        self.stop(signal.SIGKILL)

    def custody(
        self, *, identity: Identity | None = None, path: Path | None = None, **changes: Any
    ) -> RemoteCustody:
        """The custodian as the desk sees it, or as somebody else does."""
        people = self.office.cast.people
        return RemoteCustody(
            path or self.socket,
            identity=identity or people["desk/1"],
            **{"custodian": people["custodian/1"].public, "clock": lambda: self.office.now, "patience": 15.0}
            | changes,
        )

    def desk(self, **changes: Any) -> Desk:
        """The office's desk, which asks this custodian."""
        return dataclasses.replace(self.office.desk, custodian=self.custody(**changes))

    def send(self, content: bytes) -> bytes:
        """What comes back to some bytes, until the connection ends."""
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(15)
            wire.connect(str(self.socket))
            got = b""
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                wire.sendall(content)
                wire.shutdown(socket.SHUT_WR)
                while piece := wire.recv(1 << 16):
                    got += piece
            return got


def until(happened: Callable[[], bool]) -> None:
    """Returns once it has happened.

    Raises:
        AssertionError: it did not within a minute.
    """
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def served(office: Office, nursery: Callable[..., int]) -> Iterator[Served]:
    """The office's custodian, to be started as a process."""
    # A socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="c") as folder:
        one = Served(office, Path(folder), nursery)
        yield one
        one.stop()
        assert "Traceback" not in one.said()


@dataclass
class Between:
    """Somebody on the wire: sees every line both ways, and may change it. `None` in place of a line cuts the connection."""

    path: Path
    to: Path
    on_call: Callable[[bytes], bytes | None] = lambda line: line
    on_answer: Callable[[bytes], bytes | None] = lambda line: line
    calls: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Between":
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._listener.close()
        self.path.unlink()

    def _run(self) -> None:
        while not self._stop.is_set():
            if select.select([self._listener], [], [], 0.05)[0]:
                connection, _ = self._listener.accept()
                with connection:
                    self._carry(connection)

    def _carry(self, connection: socket.socket) -> None:
        self.calls.append(_line(connection))
        if (call := self.on_call(self.calls[-1])) is None:
            return
        with socket.socket(socket.AF_UNIX) as wire:
            try:
                wire.connect(str(self.to))
                wire.sendall(call)
                self.answers.append(_line(wire))
            except OSError:
                return
        if (answer := self.on_answer(self.answers[-1])) is not None:
            connection.sendall(answer)


def _line(wire: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\n") and len(got) <= MAX_LINE and (piece := wire.recv(1 << 16)):
        got += piece
    return got


@pytest.fixture
def between(served: Served) -> Callable[..., Between]:
    """Makes somebody between the desk and the served custodian."""
    return lambda **how: Between(served.socket.with_name("between.sock"), served.socket, **how)
