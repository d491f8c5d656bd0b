"""Linker and assembler on one machine by one command: two processes of the operating system all the same, each with its own folder, key and log.

Neither process is given the other's identity. Whoever runs both has both keys on one machine; in earnest they are two organisations.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from linkage.errors import BadInput
from service.places import IDENTITY_FILE

PAIRS_FOLDER: Final = "pairs"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process answered: its exit code, and its words."""

    code: int
    told: str


def run_centre(
    linker: Path, assembler: Path, *, shared: Path, out: Path, more: Sequence[str] = ()
) -> list[Ran]:
    """The linker's run and, if it went well, the assembler's, one after the other; `more` are further words for the linker. Errors and progress go where this
    process's go.

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
    pairs = str(assembler / PAIRS_FOLDER)
    words = [
        "link",
        str(linker),
        "--shared",
        str(shared),
        "--out",
        pairs,
        *more,
    ]
    linked = _process(*words)
    if linked.code:
        return [linked]
    return [linked, _process("assemble", str(assembler), "--shared", str(shared), "--out", str(out))]


def _process(*words: str) -> Ran:
    """A command of the centre in a process of its own. `-P` keeps the working directory off the module path: a stranger's `cli.py` that lies there is not run."""
    run = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-P", "-m", "cli", "centre", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env=os.environ,
    )
    return Ran(run.returncode, run.stdout.strip())
