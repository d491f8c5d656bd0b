"""Requests that were made: from the release desk's database, or from a folder of files."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from linkage.errors import BadInput
from policies.load import load_request
from policies.replay import Past
from service.analyst.signed_requests import text_of
from service.desk.record import STATE_FILE
from service.texts import read_text

SUFFIXES: Final = frozenset({".yaml", ".yml", ".note"})


def past_requests(*, desk: Path | None, folder: Path | None) -> tuple[Past, ...]:
    """The requests of a release desk, or of a folder, in the order of their ids. Signatures below them are not looked at.

    Raises:
        BadInput: both are named or neither, or the database or folder is not there or holds no request.
        DocumentInvalid: one of them is no request.
    """
    if (desk is None) == (folder is None):
        raise BadInput(
            "name the past requests once: the desk's folder with --desk, or a folder of files with --requests"
        )
    found = _of_desk(desk) if desk is not None else _of_folder(folder or Path())
    past = tuple(Past(name, load_request(text_of(text), name=name)) for name, text in found)
    if not past:
        raise BadInput(f"{(desk or folder or Path()).name}/ holds no request")
    return past


def _of_desk(desk: Path) -> list[tuple[str, str]]:
    path = desk / STATE_FILE
    if not path.is_file():
        raise BadInput(f"{desk.name}/ is no release desk's folder: it has no {STATE_FILE}")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT id, text FROM requests ORDER BY id").fetchall()
    except sqlite3.Error as fault:
        raise BadInput(f"{path.name} cannot be read as a release desk's database: {fault}") from fault


def _of_folder(folder: Path) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        raise BadInput(f"there is no folder {folder.name}/")
    return ((path.name, read_text(path)) for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES)
