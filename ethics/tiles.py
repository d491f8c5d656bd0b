"""The files of a log at rest (C2SP tlog-tiles): which there are at a given size, and what is in each.

`checkpoint`; `tile/<level>/<number>` with 256 hashes each, level 0 being the leaves and each hash above the root of a full tile
below; `tile/entries/<number>` with 256 entries each. The last of each row is partial, and named `<number>.p/<width>`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from ethics.merkle import NodeReader, leaf_hash, levels_of

TILE: Final = 256
TILE_HEIGHT: Final = 8
HASH: Final = 32
TILES_KEPT: Final = 64
MAX_ENTRY: Final = 65535
CHECKPOINT: Final = "checkpoint"
_NUMBER: Final = r"(?:x[0-9]{3}/)*[0-9]{3}"
TILE_PATH: Final = re.compile(
    rf"tile/(?:entries|[0-9]|[1-5][0-9]|6[0-3])/{_NUMBER}(?:\.p/[1-9][0-9]{{0,2}})?", re.ASCII
)


def tile_path(row: str, *, number: int, width: int) -> str:
    """Where a tile lies, relative to the log's directory; `row` is a level or `entries`."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03d}")
    return f"tile/{row}/{'/'.join(reversed(groups))}" + ("" if width == TILE else f".p/{width}")


def _row(row: str, items: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    for number, start in enumerate(range(0, len(items), TILE)):
        chunk = items[start : start + TILE]
        yield tile_path(row, number=number, width=len(chunk)), b"".join(chunk)


def framed(entry: bytes) -> bytes:
    """An entry as it stands in a bundle: two bytes of length, big-endian, and its bytes.

    Raises:
        ValueError: it is longer than 65,535 bytes.
    """
    if len(entry) > MAX_ENTRY:
        raise ValueError(f"an entry of {len(entry)} bytes does not fit a bundle: {MAX_ENTRY} is the most")
    return len(entry).to_bytes(2, "big") + entry


def unframed(bundle: bytes) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        ValueError: it ends inside an entry.
    """
    entries, position = [], 0
    while position < len(bundle):
        start = position + 2
        position = start + int.from_bytes(bundle[position:start], "big")
        entries.append(bundle[start:position])
    if position != len(bundle):
        raise ValueError("the bundle ends inside an entry")
    return entries


def hash_levels(entries: Sequence[bytes]) -> list[list[bytes]]:
    """All complete Merkle subtrees over the entries."""
    return levels_of([leaf_hash(entry) for entry in entries])


def tiles_of(entries: Sequence[bytes], *, levels: Sequence[Sequence[bytes]]) -> Iterator[tuple[str, bytes]]:
    """Every file but the checkpoint, as its path and bytes; `levels` are the subtrees over the entries."""
    yield from _row("entries", [framed(entry) for entry in entries])
    for level in range(0, len(levels), TILE_HEIGHT):
        yield from _row(str(level // TILE_HEIGHT), levels[level])


def bundle_paths(size: int) -> Iterator[str]:
    """Where the entry bundles of a log of `size` entries lie, in order."""
    for number, start in enumerate(range(0, size, TILE)):
        yield tile_path("entries", number=number, width=min(TILE, size - start))


def tile_reader(read: Callable[[str], bytes], *, size: int) -> NodeReader:
    """Reads the complete subtrees of a log of `size` entries out of its hash tiles, of which `read` gives the bytes by path.

    No entry is read, and few tiles: a proof takes two or three of each level. Nothing is verified here: what is put together from these hashes
    holds if it leads to a root that somebody signed.

    Raises:
        ValueError: when read, a tile has another length than one of such a log.
    """

    @lru_cache(maxsize=TILES_KEPT)
    def tile(row: int, number: int) -> bytes:
        width = min(TILE, (size >> (TILE_HEIGHT * row)) - TILE * number)
        content = read(tile_path(str(row), number=number, width=width))
        if len(content) != HASH * width:
            raise ValueError(f"a tile of {width} hashes has {len(content)} bytes")
        return content

    def node(level: int, number: int) -> bytes:
        row, above = divmod(level, TILE_HEIGHT)
        first, wide = number << above, 1 << above
        hashes, start = tile(row, first // TILE), first % TILE
        leaves = [hashes[HASH * n : HASH * (n + 1)] for n in range(start, start + wide)]
        return levels_of(leaves)[-1][0]

    return node
