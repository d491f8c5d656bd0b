"""What commands of the release desk answered and left behind, for the tests of its work."""

from pathlib import Path
from typing import Any


class Killed(BaseException):
    """The process ends here."""


def killed(*_: object, **__: object) -> None:
    raise Killed


def refused(told: Any, code: int, saying: str) -> None:
    """It failed with this code, and said so in one line."""
    assert (told.code, told.out) == (code, ""), told
    assert saying in told.err, told.err
    assert told.err.count("\n") == 1, told.err


def content(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, but for what an actor remembers and what SQLite keeps beside its database."""
    passing = ("seen.json", ".seen.json.lock", "office.db-shm", "office.db-wal")
    files = (p for p in folder.rglob("*") if p.is_file() and p.name not in passing)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def handed(project: Any) -> Path:
    """The folder of the one release."""
    (folder,) = (project.folder / "out").iterdir()
    return Path(folder)
