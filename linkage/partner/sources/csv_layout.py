"""How a CSV file is written: its encoding, its delimiter, and where its header stands."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from linkage.errors import BadInput
from linkage.partner.sources.csv_faults import unreadable, where_broken
from linkage.partner.sources.texts import check_names

DELIMITERS: Final = (",", ";", "\t", "|")
NAMED: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "bar": "|"}
HEAD_BYTES: Final = 1 << 20
GUESS_BYTES: Final = 1 << 26
SOME_ROWS: Final = 50
MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Layout:
    """A CSV file's codec, delimiter and columns; data begin after `skip` characters, and the header is row `header_row`."""

    codec: str
    delimiter: str
    columns: tuple[str, ...]
    header_row: int
    skip: int


def guess_encoding(path: Path) -> str:
    """UTF-16 or UTF-8 where the file's mark says so, UTF-8 where its first 64 MB are, else cp1252, as Excel writes it.

    Raises:
        BadInput: it is missing or cannot be read.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    with path.open("rb") as source:
        start = source.read(4)
        if marked := [name for mark, name in MARKS if start.startswith(mark)]:
            return marked[0]
        source.seek(0)
        try:
            while read < GUESS_BYTES and (block := source.read(HEAD_BYTES)):
                read += len(block)
                decoder.decode(block)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def codec_of(encoding: str) -> str:
    """The codec of that name; of UTF-8 the one that takes a byte order mark off.

    Raises:
        BadInput: there is no such encoding of texts.
    """
    try:
        # Python knows encodings of bytes too; this asks for one of texts.
        io.TextIOWrapper(io.BytesIO(), encoding=encoding).close()
        name = codecs.lookup(encoding).name
    except LookupError as fault:
        raise BadInput(f"{encoding} is no known encoding; usual ones are utf-8 and cp1252") from fault
    return "utf-8-sig" if name == "utf-8" else name


def layout_of(path: Path, *, encoding: str, delimiter: str | None) -> Layout:
    """The file's layout; the delimiter is the one that parts the header into most columns, unless it is given.

    Raises:
        BadInput: the file is empty, not in this encoding, or its header has a blank name or one name twice.
    """
    codec = codec_of(encoding)
    given = None if delimiter is None else _delimiter(delimiter, file=path.name)
    head, whole = _head(path, codec)
    used = given or _likeliest(head)
    found = next((r for r in _records(head, used) if any(c.strip() for c in r.cells)), None)
    if found is None:
        raise BadInput(f"{path.name} is empty")
    if "\0" in head[: found.end]:
        raise where_broken(path, codec=codec, delimiter=used, columns=())
    if found.end >= len(head) and not whole:
        raise unreadable(path.name, row=found.number, why="the header is longer than a megabyte")
    columns = tuple(found.cells)
    check_names(columns, file=path.name)
    return Layout(codec, used, columns, found.number, found.end)


@dataclass(frozen=True, slots=True)
class _Record:
    cells: list[str]
    number: int
    end: int  # characters up to and with its line end


def _head(path: Path, codec: str) -> tuple[str, bool]:
    """The first characters of the file, and whether they are all."""
    with path.open("rb") as source:
        block = source.read(HEAD_BYTES)
    whole = len(block) < HEAD_BYTES
    try:
        return codecs.getincrementaldecoder(codec)().decode(block, whole), whole
    except UnicodeDecodeError:
        text = block.decode(codec, "replace")
        used = _likeliest(text)
        columns = next((r.cells for r in _records(text, used) if r.cells), [])
        raise where_broken(path, codec=codec, delimiter=used, columns=columns) from None


def _records(text: str, delimiter: str) -> Iterator[_Record]:
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for line in io.StringIO(text, newline=""):
            taken += len(line)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, 1):
            yield _Record(cells, number, taken)
    except csv.Error:
        return


def _likeliest(head: str) -> str:
    """The delimiter with most cells in the header; of equals, the one by which more rows are as wide; a comma where there is none."""

    def rank(delimiter: str) -> tuple[int, int]:
        widths = [
            len(r.cells) for r, _ in zip(_records(head, delimiter), range(SOME_ROWS), strict=False) if r.cells
        ]
        return (widths[0], widths.count(widths[0])) if widths else (0, 0)

    return max(DELIMITERS, key=rank)


def _delimiter(text: str, *, file: str) -> str:
    one = NAMED.get(text.lower(), text)
    if len(one) != 1 or one in '"\r\n\0' or not one.isascii():
        raise BadInput(
            f"{file}: a delimiter is one character, or one of {', '.join(n for n in NAMED if n.isalpha())}"
        )
    return one
