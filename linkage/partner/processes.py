"""Independent pieces of work, shared out among processes that are forked for them and end with them.

Only where the system is Linux: elsewhere a fork is unsafe or unknown, and everything is done here, piece after piece. A forked process has all that this
one has, so that a piece is asked for by its number alone. What it tells comes back as JSON and plain arrays (nothing is unpickled), through a socket that
nobody else holds. Whoever has made a piece gets the next.

None outlives this process, however it ends: each holds the end of a pipe into which nobody writes, and has asked the system for a signal when the other end
closes (fcntl(2): F_SETOWN and O_ASYNC; SIGIO ends a process). The system sends it at once, also to a process that hangs.
"""

import json
import os
import select
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage import errors
from linkage.errors import LinkageError, NotWritten
from linkage.partner.freed_memory import give_back_memory

if sys.platform == "linux":
    import fcntl

MOST: Final = 4
# A smaller file's passes are made about as fast by one process.
WORTH_IT: Final = 20_000
CAN_FORK: Final = sys.platform == "linux"
FAULTS: Final[Mapping[str, type[Exception]]] = {"MemoryError": MemoryError} | {
    name: one for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, LinkageError)
}
Link: TypeAlias = "Connection[Any, Any]"
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a piece that is made: words that JSON can say, and arrays of one dimension."""

    words: Mapping[str, Any]
    arrays: tuple[Array, ...] = ()


def processes_for(records: int, *, asked: int | None) -> int:
    """How many processes are to make the passes of so many records: as many as were asked for, or else one for each processor core that this process
    may use, at most four; one for a small file, and where the system is not Linux."""
    if not CAN_FORK:
        return 1
    if asked is not None:
        return asked
    return min(MOST, _cores()) if records >= WORTH_IT else 1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def shared_out(
    count: int,
    *,
    make: Callable[[int], Told],
    processes: int,
    begin: Callable[[int, int], None],
    costs: Sequence[float],
) -> list[Told]:
    """What `make` tells of the pieces 0 to `count` - 1, in their order. `begin` is told, in this process, which piece is begun and how many are made by
    then. Several processes begin with the pieces that cost most, so that they end together; one takes them as they come.

    Raises:
        NotWritten: one of the processes was ended from outside; the others have ended too.
        RuntimeError: a fault in a process that is neither one of ours nor the system's; those are raised here as they are.
    """
    made: dict[int, Told] = {}
    if min(processes, count) > 1:
        with _forked(min(processes, count), make) as helpers:
            made = _by(helpers, count=count, begin=begin, costs=costs)
    for at in range(len(made), count):
        begin(at, at)
        made[at] = make(at)
    return [made[at] for at in range(count)]


def _by(
    helpers: Sequence["_Helper"], *, count: int, begin: Callable[[int, int], None], costs: Sequence[float]
) -> dict[int, Told]:
    """What the helpers made, all or, where there is no helper, nothing."""
    left = sorted(range(count), key=lambda at: -costs[at])
    made: dict[int, Told] = {}
    busy: dict[Link, _Helper] = {}
    idle = list(helpers)
    while idle:
        for helper, at in zip(idle, left, strict=False):
            begin(at, len(made))
            helper.ask(at)
            busy[helper.link] = helper
        left = left[len(idle) :]
        idle = [busy.pop(link) for link in wait(list(busy))] if busy else []  # type: ignore[call-overload]  # links alone
        made |= (helper.take() for helper in idle)
    return made


class _Helper:
    """A forked process as this one knows it: its number, the socket to it, and the end of the pipe that closes when this process ends."""

    def __init__(self, process: int, *, link: Link, lifeline: int) -> None:
        self.link = link
        self._process, self._lifeline = process, lifeline
        self._status: int | None = None

    def ask(self, piece: int) -> None:
        """The process makes the piece.

        Raises:
            NotWritten: it was ended.
        """
        try:
            self.link.send_bytes(json.dumps(piece).encode())
        except OSError as fault:
            raise self._lost() from fault

    def take(self) -> tuple[int, Told]:
        """The number of the piece that it has made, and what it tells of it.

        Raises:
            NotWritten: it was ended. Whatever was raised there is raised here.
        """
        try:
            head = json.loads(self.link.recv_bytes())
            arrays = tuple(np.frombuffer(self.link.recv_bytes(), dtype=kind) for kind in head["arrays"])
        except (EOFError, OSError) as gone:
            raise self._lost() from gone
        if head["fault"] is not None:
            raise _fault(**head["fault"])
        return head["piece"], Told(head["words"], arrays)

    def end(self) -> int:
        """It has ended, if it had not; what the system says of how."""
        if self._status is None:
            os.kill(self._process, signal.SIGKILL)
            self._status = os.waitpid(self._process, 0)[1]
            self.let_go()
        return self._status

    def let_go(self) -> None:
        """This process has no connection to it any more."""
        self.link.close()
        os.close(self._lifeline)

    def _lost(self) -> NotWritten:
        code = os.waitstatus_to_exitcode(self.end())
        how = f"by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"with code {code}"
        return NotWritten(
            f"one of the processes that made the passes was ended from outside, {how}, and nothing was left: a system that runs out of"
            " memory does that. Close other programs and run it again, or let one process make all passes (--processes 1)"
        )


@contextmanager
def _forked(count: int, make: Callable[[int], Told]) -> Iterator[list[_Helper]]:
    """So many processes that make pieces; at the end of the block they have ended, whatever they were doing."""
    helpers: list[_Helper] = []
    give_back_memory()
    # An interrupt between a fork and its entry in the list would leave a process behind.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        # Where the system counts too little memory for one more, those that there are do it, or this process alone.
        with suppress(OSError):
            for _ in range(count):
                helpers.append(_fork(make, others=helpers, signals=before))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield helpers
    finally:
        for helper in helpers:
            helper.end()


def _fork(
    make: Callable[[int], Told], *, others: Sequence[_Helper], signals: set[int | signal.Signals]
) -> _Helper:
    ours, theirs = Pipe()
    their_line, our_line = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns where threads run. The bar on a terminal has one, and pyarrow's pools: the new process draws nothing, and
        # pyarrow makes its pools anew.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            process = os.fork()
        except OSError:
            ours.close()
            theirs.close()
            os.close(their_line)
            os.close(our_line)
            raise
    helper = _Helper(process, link=ours, lifeline=our_line)
    if not process:
        try:
            for one in (*others, helper):
                one.let_go()
            _live_with(their_line)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, signals)
            pa.set_cpu_count(1)
            _serve(theirs, make)
        finally:
            os._exit(1)
    theirs.close()
    os.close(their_line)
    return helper


def _live_with(lifeline: int) -> None:
    """This process ends when the other end of the pipe is closed, or was before."""
    if sys.platform == "linux":
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGIO})
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([lifeline], [], [], 0)[0]:
            os._exit(1)


def _serve(link: Link, make: Callable[[int], Told]) -> None:
    """Makes the pieces that are asked for; never comes back but by an error."""
    while True:
        piece, fault, told = json.loads(link.recv_bytes()), None, Told({})
        try:
            told = make(piece)
        except BaseException as raised:  # noqa: BLE001  it is raised again, where it can be dealt with
            fault = _told(raised)
        head = {
            "piece": piece,
            "words": told.words,
            "arrays": [a.dtype.str for a in told.arrays],
            "fault": fault,
        }
        link.send_bytes(json.dumps(head).encode())
        for one in told.arrays:
            link.send_bytes(np.ascontiguousarray(one).view(np.uint8).data)


def _told(fault: BaseException) -> dict[str, Any]:
    """A fault as JSON. What one says that is not ours is left out, for it may name a value."""
    kind = type(fault).__name__
    return {
        "kind": kind,
        "says": str(fault) if kind in FAULTS else "",
        "system": [fault.errno, fault.strerror] if isinstance(fault, OSError) else None,
        "where": "".join(traceback.format_tb(fault.__traceback__)),
    }


def _fault(*, kind: str, says: str, system: Sequence[Any] | None, where: str) -> Exception:
    """The fault that was told."""
    made: Exception
    if system is not None:
        made = OSError(*system)
    elif kind in FAULTS:
        made = FAULTS[kind](says)
    else:
        made = RuntimeError(f"{kind} in a process that made a pass")
    made.add_note(where)
    return made
