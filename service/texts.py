"""Text files and times that people hand to a command: read whole, or refused in one sentence."""

from datetime import UTC, datetime
from pathlib import Path

from linkage.errors import BadInput


def read_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Line ends of Windows are read as those of everybody else; a carriage return alone stays one, which no signed text holds. A pipe or a device in a file's
    place is never opened: it might not end, or never begin.

    Raises:
        BadInput: it is missing, no file, not to be read, or no UTF-8 text.
    """
    try:
        if path.exists() and not path.is_file():
            raise BadInput(f"{path.name} cannot be read: it is no file")
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError as fault:
        raise BadInput(f"no file {path.name}") from fault
    except UnicodeDecodeError as fault:
        raise BadInput(f"{path.name} is no UTF-8 text: save it as UTF-8") from fault
    except OSError as fault:
        raise BadInput(f"{path.name} cannot be read: {fault.strerror}") from fault


def read_time(text: str, *, option: str) -> datetime:
    """The time that the words after an option name.

    Raises:
        BadInput: they name none, or one without its offset from UTC.
    """
    try:
        named = datetime.fromisoformat(text)
    except ValueError as fault:
        raise BadInput(f"{option} takes a time such as 2026-12-01T10:00Z") from fault
    if named.tzinfo is None:
        raise BadInput(f"{option} takes a time with its offset from UTC, such as 2026-12-01T10:00Z")
    return named.astimezone(UTC)
