"""Linker and assembler on one machine by one command: two processes of the operating system all the same, each with its own folder, key and log.

Neither process is given the other's identity, and this one opens none. Whoever runs both has both keys on one machine; in earnest they are two organisations.
"""

import io
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from linkage.errors import BadInput
from service.errors import UNEXPECTED
from service.places import IDENTITY_FILE

PAIRS_FOLDER: Final = "pairs"
CAN_FORK: Final = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process answered: its exit code, and its words."""

    code: int
    told: str


Process: TypeAlias = Callable[[Sequence[str]], Ran]


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
    """Processes that each run `command` and have all that this one has loaded, and its terminal."""

    def process(words: Sequence[str]) -> Ran:
        heard, tells = os.pipe()
        with warnings.catch_warnings():
            # Python 3.12 warns where threads run: those of numpy and pyarrow, which make theirs anew in a forked process.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            os.close(heard)
            _tell(command, words, tells)
        os.close(tells)
        with os.fdopen(heard, encoding="utf-8") as answer:
            try:
                told = answer.read().strip()
            finally:
                # The terminal interrupts both; the other one puts away what it had begun.
                status = os.waitpid(child, 0)[1]
        return Ran(os.waitstatus_to_exitcode(status), told)

    return process


def _tell(command: Callable[[Sequence[str]], None], words: Sequence[str], tells: int) -> NoReturn:
    """The command is run, what it prints is told, and this process ends with its exit code."""
    code, printed = UNEXPECTED, io.StringIO()
    try:
        with redirect_stdout(printed):
            command(words)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else UNEXPECTED
    except BaseException:  # noqa: BLE001  whatever it is, this process ends here
        traceback.print_exc()
    finally:
        # Whatever happens here, this process must not go on with what the other one does after it.
        try:
            with os.fdopen(tells, "w", encoding="utf-8", errors="replace") as answer:
                answer.write(printed.getvalue())
            sys.stderr.flush()
        finally:
            os._exit(code)
