"""The made-up board that comes with the package, for tests of what a board does."""

from importlib.resources import files

from ethics.board import Constitution
from ethics.documents import parse_document


def demo_constitution() -> Constitution:
    """The made-up board that comes with this package."""
    text = files("ethics").joinpath("library", "board.yaml").read_text(encoding="utf-8")
    return parse_document(text, model=Constitution, name="library/board.yaml")
