"""The custodian as a process of its own: a Unix domain socket at which one desk after another is answered, all in one thread."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket as sockets
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from keys import Identity, NotTrusted
from keys.passphrase import Unlock
from linkage.errors import BadInput
from service.custody.custodian import Custodian, Limits
from service.custody.protocol import MAX_LINE, UNREADABLE
from service.custody.window import Window
from service.memory import read_remembered
from service.shared import read_root

IDENTITY_FILE: Final = "identity.key"
SECONDS_TO_ASK: Final = 10.0
SECONDS_TO_READ: Final = 10.0
MOST_CONNECTIONS: Final = 16
Say = Callable[[str], None]


def run(
    folder: Path,
    *,
    shared: Path,
    root: Path,
    socket: Path,
    limits: Limits,
    unlock: Unlock,
    clock: Callable[[], datetime],
    say: Say,
) -> None:
    """The custodian of this folder answers at the socket until it is stopped by SIGTERM or SIGINT.

    Raises:
        BadInput: the socket's folder is open to others, somebody listens there already, or the custodian runs already.
        KeysError: the identity or the trust register cannot be used.
    """
    top = read_root(root)
    project = read_remembered(shared, folder=folder, now=clock(), root=top)
    identity = Identity.load(folder / IDENTITY_FILE, unlock=unlock)
    if project.trust.require(identity.name, role="custodian", at=clock()) != identity.public:
        raise NotTrusted(f"this identity is not that of {identity.name} in the trust register")
    with _alone(folder), _listening(socket) as listener:
        custodian = Custodian(folder, identity=identity, root=top, one=project.one, clock=clock, limits=limits)
        window = Window(custodian, identity=identity, root=top, one=project.one, own=project.trust, clock=clock)
        try:
            asyncio.run(Server(window, listener, say).serve(f"{identity.name} answers at {socket.name}"))
        finally:
            custodian.close()
    say(f"{identity.name} has stopped")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process serves this custodian's folder meanwhile.

    Raises:
        BadInput: one does.
    """
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise BadInput(f"the custodian in {folder.name}/ runs already: stop it first") from fault
        yield
    finally:
        os.close(held)


@contextlib.contextmanager
def _listening(path: Path) -> Iterator[sockets.socket]:
    """A socket of mode 0600 that takes connections; its file is gone afterwards.

    Raises:
        BadInput: others can reach its folder, or something stands there already.
    """
    _check_folder(path.parent)
    _clear(path)
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as listener:
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        made = path.lstat()
        try:
            listener.listen(MOST_CONNECTIONS)
            listener.setblocking(False)
            yield listener
        finally:
            # Another custodian could have taken the name since: only what was made here is removed.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(path.lstat(), made):
                    path.unlink()


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise BadInput(f"there is no folder {folder.name}/ for the socket: make it with mkdir -m 700")
    found = folder.stat()
    if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid():
        raise BadInput(
            f"others can reach {folder.name}/, where the socket is to be: use a folder of your own with mode 700"
        )


def _clear(path: Path) -> None:
    """A socket file that nobody listens at is removed."""
    if not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise BadInput(f"{path.name} stands there already and is no socket: name another")
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise BadInput(f"somebody listens at {path.name} already: stop them, or name another socket")


@dataclass(slots=True)
class Server:
    """Takes connections, one line each. Slow, oversized and unreadable ones are cut off, and harm no other."""

    window: Window
    listener: sockets.socket
    say: Say
    connections: int = 0

    async def serve(self, ready: str) -> None:
        """Answers until SIGTERM or SIGINT; `ready` is told once calls are taken."""
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        server = await asyncio.start_unix_server(self._connected, sock=self.listener, limit=MAX_LINE)
        self.say(ready)
        try:
            await stop.wait()
        finally:
            server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.connections <= MOST_CONNECTIONS:
                await self._one_call(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # cut off, or gone by itself
        except Exception as fault:  # noqa: BLE001  whatever one call brought, the next is answered; the caller is told nothing
            self.say(f"a call was not answered: {type(fault).__name__}")
        finally:
            self.connections -= 1
            writer.transport.abort()

    async def _one_call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\n"), SECONDS_TO_ASK)
        except asyncio.LimitOverrunError:
            writer.write(UNREADABLE)
        else:
            writer.write(self.window.answer(line))
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), SECONDS_TO_READ)
