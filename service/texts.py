"""Text files that people hand to a command: read whole, or refused in one sentence."""

from pathlib import Path

from linkage.errors import BadInput


def read_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        BadInput: it is missing, a folder, not to be read, or no UTF-8 text.
    """
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as fault:
        raise BadInput(f"no file {path.name}") from fault
    except UnicodeDecodeError as fault:
        raise BadInput(f"{path.name} is no UTF-8 text: save it as UTF-8") from fault
    except OSError as fault:
        raise BadInput(f"{path.name} cannot be read: {fault.strerror}") from fault
