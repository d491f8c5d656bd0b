"""Where the passphrase of a protected file comes from: a file or variable that the environment names, the operating system's keyring, or
whoever sits at the terminal. Never the command line, which every user of the machine can read.
"""

import getpass
import os
import stat
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TextIO

from keys.errors import BadKeyFile
from keys.passphrase import Unlock
from keys.secret import Secret
from service.errors import BadPassphrase

__all__ = ["Ask", "Unlock", "asking", "chosen", "from_environment", "unlocker"]

PASSPHRASE_FILE: Final = "LINKAGE_PASSPHRASE_FILE"  # noqa: S105  the name of a variable
PASSPHRASE: Final = "LINKAGE_PASSPHRASE"  # noqa: S105  the name of a variable
NEW_PASSPHRASE_FILE: Final = "LINKAGE_NEW_PASSPHRASE_FILE"  # noqa: S105  the name of a variable
SHORTEST: Final = 12
LONGEST_BYTES: Final = 4096

Ask = Callable[[str], str]
"""Puts a question to whoever sits at the terminal; the answer is not shown."""


def asking(terminal: TextIO) -> Ask | None:
    """How to ask without showing the answer, if this is a terminal."""
    return _hidden if terminal.isatty() else None


def _hidden(question: str) -> str:
    with warnings.catch_warnings():
        # Where the echo cannot be turned off, the library would warn and then show what is typed.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(question)
        except (EOFError, getpass.GetPassWarning):
            return ""


def unlocker(environment: Mapping[str, str], *, ask: Ask | None) -> Unlock:
    """Gives passphrases: what the environment names, else what the keyring keeps, else what is typed; each file is asked for once.

    It raises `BadKeyFile` where none of them gives one, or where the file that the environment names can be read by others.
    """
    given: dict[str, Secret] = {}
    typed: list[Secret] = []

    def unlock(path: str) -> Secret:
        if path not in given:
            file = Path(path)
            # Only who has a protected file waits for the system's keyring to be loaded.
            from service.trust.keeping import kept

            found = from_environment(environment) or (kept(file.read_bytes()) if file.is_file() else None)
            given[path] = found or _typed(file.name, ask, before=typed)
        return given[path]

    return unlock


def _typed(file: str, ask: Ask | None, *, before: list[Secret]) -> Secret:
    """What is typed for the file; an empty answer means the passphrase that was typed before it."""
    if ask is None:
        raise BadKeyFile(
            f"it is protected by a passphrase and there is no terminal to ask at: name a file with it in {PASSPHRASE_FILE}"
        )
    same = " (Enter if it is the same)" if before else ""
    answer = _secret(ask(f"Passphrase of {file}{same}: "), name="passphrase that was typed")
    if not answer.expose():
        if not before:
            raise BadKeyFile("it is protected by a passphrase and none was typed")
        return before[-1]
    before.append(answer)
    return answer


def _secret(text: str, *, name: str) -> Secret:
    """The passphrase as bytes. NFC, because keyboards differ in how they compose one letter (RFC 8265, section 4.2)."""
    return Secret(unicodedata.normalize("NFC", text).encode(errors="surrogateescape"), name=name)


def from_environment(
    environment: Mapping[str, str], *, file: str = PASSPHRASE_FILE, variable: str | None = PASSPHRASE
) -> Secret | None:
    """The passphrase in the file that one variable names, or in the other variable itself; nothing if neither is set.

    Raises:
        BadKeyFile: there is no such file, others can read it, or it holds no passphrase.
    """
    if environment.get(file):
        return _secret(_read(Path(environment[file]), named=file), name=f"passphrase in {file}")
    if variable and environment.get(variable):
        return _secret(environment[variable], name=f"passphrase in {variable}")
    return None


def _read(path: Path, *, named: str) -> str:
    """The one line of a passphrase file. Others may read it only where nobody can write: so do service managers mount a secret."""
    if not path.is_file():
        raise BadKeyFile(f"{named} names no file")
    read_only = hasattr(os, "statvfs") and os.statvfs(path).f_flag & os.ST_RDONLY
    if os.name == "posix" and not read_only and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadKeyFile(
            f"{path.name}, which {named} names, can be read by others: run chmod 600 on it, and change the passphrase"
        )
    with path.open("rb") as source:
        raw = source.read(LONGEST_BYTES + 1)
    text = raw.decode(errors="replace").removesuffix("\n").removesuffix("\r")
    if not text or len(raw) > LONGEST_BYTES or "\n" in text or "\ufffd" in text:
        raise BadKeyFile(f"{path.name}, which {named} names, should hold one line of text, the passphrase")
    return text


def chosen(
    environment: Mapping[str, str], *, file: str, variable: str | None, ask: Ask | None, what: str
) -> Secret:
    """A new passphrase: from the environment, or typed twice.

    Raises:
        BadPassphrase: there is none, it is too short, or it was typed in two ways; `what` says what it was to protect.
        BadKeyFile: the file that the environment names cannot be used.
    """
    found = from_environment(environment, file=file, variable=variable)
    if found is not None:
        return _long_enough(found)
    if ask is None:
        raise BadPassphrase(f"there is no terminal to ask at: name a file with the passphrase in {file}")
    typed = _long_enough(_secret(ask(f"New passphrase for {what}: "), name="new passphrase"))
    if typed != _secret(ask("The same again: "), name="new passphrase"):
        raise BadPassphrase("the two were not the same: nothing was written")
    return typed


def _long_enough(passphrase: Secret) -> Secret:
    if (count := len(passphrase.expose().decode(errors="replace"))) < SHORTEST:
        raise BadPassphrase(
            f"a passphrase of {count} characters can be guessed by whoever copies the file and tries for long: "
            f"use at least {SHORTEST}, such as five words that you pick by chance"
        )
    return passphrase
