"""Small files that others read: under their name whole or not at all, whatever breaks off."""

import os
from pathlib import Path

from linkage.drafts import hidden, sync_folder, telling
from linkage.errors import BadInput


def write_whole(path: Path, text: str) -> None:
    """The text stands in the file, on the disk; what stood there before stays until then.

    Raises:
        NotWritten: the system refused.
    """
    with telling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = hidden(path, "draft")
        with draft.open("w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        sync_folder(path.parent)


def check_new(path: Path) -> Path:
    """The path, if nothing stands there and its folder exists.

    Raises:
        BadInput: something does, or it has no folder.
    """
    if path.exists():
        raise BadInput(f"{path.name} exists already: name another with --out")
    if not path.parent.is_dir():
        raise BadInput(f"there is no folder {path.parent.name}/: make it first")
    return path


def as_file_name(name: str) -> str:
    """An identity's name as the name of a file or folder: `custodian/1` becomes `custodian_1`. No two names become one, for none has an underscore."""
    return name.replace("/", "_")
