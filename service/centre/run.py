"""Linker and assembler on one machine by one command: two processes of the operating system all the same, each with its own folder, key and log.

Neither process is given the other's identity, and this one opens none. Whoever runs both has both keys on one machine; in earnest they are two organisations.
"""

import io
import multiprocessing
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, TypeAlias

from linkage.errors import BadInput
from service.places import IDENTITY_FILE

PAIRS_FOLDER: Final = "pairs"
CAN_FORK: Final = sys.platform == "linux"
GRACE: Final = 5.0
"""Seconds that an interrupted process has to end by itself."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process answered: its exit code, and its words."""

    code: int
    told: str


Process: TypeAlias = Callable[[Sequence[str]], Ran]
Link: TypeAlias = "Connection[Any, Any]"


def run_centre(
    linker: Path, assembler: Path, *, shared: Path, out: Path, process: Process, more: Sequence[str] = ()
) -> list[Ran]:
    """The linker's run and, if it went well, the assembler's, one after the other, each a `process` that runs a command of the centre; `more` are further words for
    the linker. Errors and progress go where this process's go.

    Raises:
        BadInput: the two folders are one, or one holds no identity.
    """
    if linker.resolve() == assembler.resolve():
        raise BadInput("the linker and the assembler need a folder each: neither may hold the other's key")
    for folder in (linker, assembler):
        if not (folder / IDENTITY_FILE).is_file():
            raise BadInput(
                f"{folder.name}/ has no {IDENTITY_FILE}: name the folder of the linker, then that of the assembler"
            )
    pairs = assembler / PAIRS_FOLDER
    linked = process(["link", str(linker), "--shared", str(shared), "--out", str(pairs), *more])
    if linked.code:
        return [linked]
    return [linked, process(["assemble", str(assembler), "--shared", str(shared), "--out", str(out)])]


def started(words: Sequence[str]) -> Ran:
    """A command of the centre in a process that loads everything anew. `-P` keeps the working directory off the module path: a stranger's `cli.py` that lies there
    is not run."""
    run = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-P", "-m", "cli", "centre", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env=os.environ,
    )
    return Ran(run.returncode, run.stdout.strip())


def forked(command: Callable[[Sequence[str]], None]) -> Process:
    """Processes that each run `command` and have all that this one has loaded. Standard input is empty there; a passphrase is asked for at the terminal itself."""

    def process(words: Sequence[str]) -> Ran:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        child = multiprocessing.get_context("fork").Process(target=_tell, args=(command, words, theirs))
        with warnings.catch_warnings():
            # Python 3.12 warns where threads run: those of numpy and pyarrow, which make theirs anew in a forked process.
            warnings.simplefilter("ignore", DeprecationWarning)
            child.start()
        theirs.close()
        try:
            told = _heard(ours)
            child.join()
        except KeyboardInterrupt:
            # The terminal has interrupted both; the other one puts away what it had begun.
            child.join(GRACE)
            raise
        finally:
            child.kill()
            child.join()
            ours.close()
        return Ran(child.exitcode or 0, told)

    return process


def _tell(command: Callable[[Sequence[str]], None], words: Sequence[str], link: "Link") -> None:
    """The command is run, and what it prints goes through the link. Its exit code is that of this process."""
    with redirect_stdout(io.StringIO()) as printed:
        try:
            command(words)
        finally:
            link.send_bytes(printed.getvalue().encode())


def _heard(link: "Link") -> str:
    try:
        return link.recv_bytes().decode().strip()
    except EOFError:
        return ""
