"""The server behind the socket: a fault of the program in one call is told to nobody, and the next call is answered."""

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.custody.server import Server


class Faulty:
    """A window that answers every other line, and has a fault at the others."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def answer(self, line: bytes) -> bytes:
        self.heard.append(line)
        if len(self.heard) % 2:
            raise ZeroDivisionError("Jane Roe")
        return b"well\n"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with tempfile.TemporaryDirectory(prefix="c") as folder, socket.socket(socket.AF_UNIX) as one:
        one.bind(str(Path(folder) / "s"))
        one.listen()
        one.setblocking(False)
        yield one


async def sent(path: str, *lines: bytes) -> list[bytes]:
    out = []
    for line in lines:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        out.append(await reader.read())
        writer.close()
    return out


def test_a_fault_in_one_call_ends_that_call_alone_and_says_nothing_of_what_was_in_it(
    listener: socket.socket, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    window: Any = Faulty()

    async def play() -> list[bytes]:
        serving = asyncio.create_task(Server(window, listener, said.append).serve("ready"))
        while not said:
            await asyncio.sleep(0)
        got = await sent(listener.getsockname(), b"one\n", b"two\n", b"three\n", b"four\n")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 5)
        return got

    assert asyncio.run(play()) == [b"", b"well\n", b"", b"well\n"]
    assert said == ["ready", *["a call was not answered: ZeroDivisionError"] * 2]
    assert window.heard == [b"one\n", b"two\n", b"three\n", b"four\n"]
    out, err = capfd.readouterr()
    assert "Jane Roe" not in out + err + "".join(said)


def test_one_connection_is_one_call(listener: socket.socket) -> None:
    said: list[str] = []
    window: Any = Faulty()
    window.heard.append(b"before")

    async def play() -> list[bytes]:
        serving = asyncio.create_task(Server(window, listener, said.append).serve("ready"))
        while not said:
            await asyncio.sleep(0)
        got = await sent(listener.getsockname(), b"one\ntwo\nthree\n")
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(serving, 5)
        return got

    assert asyncio.run(play()) == [b"well\n"]
    assert window.heard == [b"before", b"one\n"]
