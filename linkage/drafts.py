"""Folders that stand under their name whole or not at all: written beside it under a hidden name, flushed to the disk, renamed when complete.

The rename is the commit point (POSIX rename(2) is atomic; the folder's entries are flushed before it, its parent's after it). A run that was
killed leaves a hidden draft and nothing else; the next run removes it. One run at a time writes a folder: it holds a lock that the system
lets go of when the process ends, however it ends; a process that it forks has no part in the lock.
"""

import errno
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from linkage.errors import NotWritten

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCKED_AT: Final = 1 << 20
_HELD: Final[set[int]] = set()


def _codes(*names: str) -> frozenset[int]:
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


BUSY: Final = _codes("EAGAIN", "EWOULDBLOCK", "EACCES", "EDEADLK")
ADVICE: Final = (
    (
        _codes("ENOSPC", "EDQUOT", "EFBIG"),
        "the disk is full: free some space, or name a folder on a larger disk, and run it again",
    ),
    (
        _codes("EIO", "ESTALE", "ENOTCONN", "ENODEV", "ENXIO", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH"),
        "the disk or network share was lost: connect it, or name a folder on this machine, and run it again",
    ),
    (
        _codes("EACCES", "EPERM", "EROFS"),
        "writing is not allowed there: name a folder that you may write to, and run it again",
    ),
)
NO_LOCKS: Final = _codes("ENOLCK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")
CANNOT_SYNC: Final = _codes("EINVAL", "ENOTSUP", "EOPNOTSUPP")


def hidden(target: Path, kind: str) -> Path:
    """The hidden name beside the target for something of this kind."""
    return target.with_name(f".{target.name}.{kind}")


@contextmanager
def telling(target: Path) -> Iterator[None]:
    """What the system refuses inside becomes an error that says what to do.

    Raises:
        NotWritten: the system refused to write.
    """
    try:
        yield
    except OSError as fault:
        told = next((advice for codes, advice in ADVICE if fault.errno in codes), f"{fault.strerror or fault}")
        raise NotWritten(f"{target.name} could not be written, and nothing of it was left: {told}") from fault


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """A hidden name beside the target for a draft of it; if the block fails, nothing of the draft is left to fill the disk."""
    draft = hidden(target, "draft")
    try:
        yield draft
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


@contextmanager
def alone(target: Path) -> Iterator[None]:
    """Nobody else writes the target while this lasts.

    Raises:
        NotWritten: another run writes it, or its disk has no locks.
    """
    path = hidden(target, "lock")
    with telling(target):
        path.parent.mkdir(parents=True, exist_ok=True)
        held = _hold(path, target)
    try:
        yield
    finally:
        _let_go(held, path)


def _hold(path: Path, target: Path) -> int:
    while True:
        held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(held)
        except OSError as fault:
            other = os.read(held, 20).decode("ascii", errors="replace").strip()
            os.close(held)
            if fault.errno in NO_LOCKS:
                raise NotWritten(
                    f"{target.name}: its disk has no locks, so that two runs could spoil each other; write to a disk of this machine"
                ) from fault
            if fault.errno not in BUSY:
                raise
            raise NotWritten(
                f"another run{f' (process {other})' if other else ''} is writing {target.name} just now: wait until it has ended"
            ) from fault
        if _same_file(held, path):
            os.ftruncate(held, 0)
            os.write(held, f"{os.getpid()}\n".encode())
            _HELD.add(held)
            return held
        os.close(held)


def _not_mine() -> None:
    """A process that was just forked holds no lock: those that it inherited are its parent's, and go with it."""
    while _HELD:
        os.close(_HELD.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_not_mine)


def _same_file(held: int, path: Path) -> bool:
    """Whether the file that is locked still has its name: the run before may have removed it between opening and locking."""
    return path.exists() and os.path.samestat(os.fstat(held), path.stat())


def _lock(held: int) -> None:
    if sys.platform == "win32":
        os.lseek(held, LOCKED_AT, os.SEEK_SET)
        msvcrt.locking(held, msvcrt.LK_NBLCK, 1)
        os.lseek(held, 0, os.SEEK_SET)
    else:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _let_go(held: int, path: Path) -> None:
    _HELD.discard(held)
    if sys.platform == "win32":  # an open file cannot be removed there
        os.close(held)
        path.unlink(missing_ok=True)
    else:
        path.unlink(missing_ok=True)
        os.close(held)


def put_whole(path: Path, content: bytes) -> None:
    """The content stands in the file, on the disk; what stood there before stays until then.

    Raises:
        NotWritten: the system refused.
    """
    with telling(path), drafted(path) as draft:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        sync_folder(path.parent)


def put_unsettled(path: Path, content: bytes) -> None:
    """The content stands in the file, but on the disk, for when the power fails, only after `settle`. To wait for the disk once for many files takes far less than once for each.

    Raises:
        NotWritten: the system refused; nothing of it is left.
    """
    with telling(path):
        try:
            path.write_bytes(content)
        except BaseException:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise


def settle(paths: Sequence[Path]) -> None:
    """These files are on the disk, under their names.

    Raises:
        NotWritten: the system refused.
    """
    for path in paths:
        with telling(path), path.open("rb+") as file:
            os.fsync(file.fileno())
    for folder in dict.fromkeys(path.parent for path in paths):
        with telling(folder):
            sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """The folder's entries are on the disk, where the system can do that."""
    if sys.platform == "win32":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as fault:
        if fault.errno not in CANNOT_SYNC:
            raise
    finally:
        os.close(opened)


def rename_whole(draft: Path, target: Path) -> None:
    """The draft has its final name, also after the power fails."""
    draft.rename(target)
    sync_folder(target.parent)


class FolderDraft:
    """An empty hidden folder beside the target, gone at the end of the block unless it was committed."""

    def __init__(self, target: Path) -> None:
        self.target, self.folder = target, hidden(target, "draft")

    def __enter__(self) -> Self:
        with telling(self.target):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def put(self, name: str, content: bytes) -> None:
        """A file of the draft, on the disk."""
        with (self.folder / name).open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())

    def commit(self) -> None:
        """The draft is the target.

        Raises:
            NotWritten: something stands under the target's name by now.
        """
        sync_folder(self.folder)
        if self.target.exists():
            raise NotWritten(f"{self.target.name} exists by now: somebody else made it; name another folder")
        rename_whole(self.folder, self.target)

    def replace(self) -> None:
        """The draft is the target, in place of what an earlier try may have left there."""
        remove_whole(self.target)
        self.commit()


def remove_whole(target: Path) -> None:
    """Nothing stands under the name; what did is hidden at once and then removed, so that no half of it is ever seen."""
    leaving = hidden(target, "gone")
    shutil.rmtree(leaving, ignore_errors=True)
    if target.exists():
        rename_whole(target, leaving)
        shutil.rmtree(leaving, ignore_errors=True)
