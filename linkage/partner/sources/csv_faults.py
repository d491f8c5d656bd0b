"""Where a CSV file is broken: read once more, slowly and exactly, to name the row and the column. Never a value."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from linkage.errors import BadInput

# What Python puts in place of bytes that are no text; of UTF-16, which cannot carry them along, the replacement character.
UNDECODED: Final = {True: re.compile("[\udc80-\udcff]"), False: re.compile("\ufffd")}
LONGEST_CELL: Final = csv.field_size_limit()


def unreadable(file: str, *, row: int, why: str) -> BadInput:
    """The refusal of a file that is no CSV."""
    return BadInput(f"{file}, row {row}: {why}; this is no readable CSV: export it again with all cells quoted")


def ragged(file: str, *, row: int, cells: int, expected: int, delimiter: str) -> BadInput:
    """The refusal of a row that is wider or narrower than the header."""
    plain = {",": "commas", ";": "semicolons", "\t": "tabs"}.get(delimiter, f"{delimiter!r} signs")
    return BadInput(
        f"{file}, row {row}: it has {cells} cells and the header {expected}; quote cells that contain {plain}, quotes or line breaks"
    )


def where_broken(path: Path, *, codec: str, delimiter: str, columns: Sequence[str]) -> BadInput:
    """What is wrong with the first cell that is no text of the encoding, holds a NUL, or is endless."""
    carried = not codec.startswith(("utf-16", "utf-32"))
    undecoded = UNDECODED[carried]
    row = 0
    with path.open(encoding=codec, errors="surrogateescape" if carried else "replace", newline="") as source:
        reader = csv.reader(source, delimiter=delimiter)
        try:
            for row, cells in enumerate(reader, 1):
                joined = "".join(cells)
                if not joined.isascii() and undecoded.search(joined):
                    at = next(i for i, c in enumerate(cells) if undecoded.search(c))
                    return _not_text(path.name, row=row, column=_named(at, columns), codec=codec)
                if "\0" in joined:
                    at = next(i for i, c in enumerate(cells) if "\0" in c)
                    return _null(path.name, row=row, column=_named(at, columns))
        except csv.Error:
            return endless(path.name, row=row + 1)
    return BadInput(f"{path.name} is no readable CSV: export it again with all cells quoted")


def endless(file: str, *, row: int, column: str = "") -> BadInput:
    """The refusal of a cell beyond every use; most often a quote that is never closed."""
    at = f" in {column}" if column else ""
    return unreadable(
        file,
        row=row,
        why=f"a cell{at} has more than {LONGEST_CELL:,} characters, perhaps after a quote that is never closed",
    )


def _named(at: int, columns: Sequence[str]) -> str:
    name = columns[at] if at < len(columns) else ""
    return f"column {name!r}" if name.isprintable() and name and "\ufffd" not in name else f"column {at + 1}"


def _not_text(file: str, *, row: int, column: str, codec: str) -> BadInput:
    name = "utf-8" if codec == "utf-8-sig" else codec
    return BadInput(
        f"{file}, row {row}: not {name} text; save it as UTF-8, or name its encoding (Excel often writes cp1252)."
        f" It is in {column}"
    )


def _null(file: str, *, row: int, column: str) -> BadInput:
    return BadInput(
        f"{file}, row {row}, {column}: a NUL character, which no text has; export it again (if the file is UTF-16, name that encoding)"
    )
