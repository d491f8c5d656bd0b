"""Scans one file, handed over piece by piece, for the first six bytes of many patterns at once, and then for the whole patterns.

One pass over the bytes looks up the places 4 to 6 of every window in tables; what passes (a place in some forty) is looked up at the other three, and what
passes all six (a place in some thousands) is compared exactly.
"""

import string
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from linkage.partner.rawsearch.needles import LONGEST, SHORTEST, Needles, begins

BLOCK: Final = 1 << 18
READ: Final = 1 << 22
LONG_RUN: Final = 64
TEXT_RUN: Final = 24
ENOUGH_HITS: Final = 1000
SHOWN: Final = 20
PLACES: Final = (5, 4, 3)
OTHER_PLACES: Final = (2, 1, 0)
BASE64: Final = frozenset((string.ascii_letters + string.digits + "+/=").encode())
PRINTABLE: Final = frozenset(string.printable.encode())
Context = Literal["base64", "text", "bytes"]
Kind = tuple[int, Context]


@dataclass(frozen=True, slots=True)
class Found:
    """Where a form of a raw value stands: the file, the byte counted from 0, and which identifier's value it is. Never the value."""

    file: str
    offset: int
    identifier: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What the search of one file met: `counts` by length in bytes and surroundings, and the first of each kind."""

    file: str
    size: int
    counts: Mapping[Kind, int]
    first: Mapping[Kind, tuple[Found, ...]]

    def told(self) -> dict[str, Any]:
        """The same, as JSON can say it."""
        return {
            "file": self.file,
            "size": self.size,
            "counts": [(*kind, count) for kind, count in self.counts.items()],
            "first": [(*kind, [(f.offset, f.identifier) for f in found]) for kind, found in self.first.items()],
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Hits":
        """The hits of which that was told."""
        file = told["file"]
        return cls(
            file,
            told["size"],
            {(length, context): count for length, context, count in told["counts"]},
            {
                (length, context): tuple(Found(file, *place) for place in found)
                for length, context, found in told["first"]
            },
        )


class Scan:
    """The search of one file. An occurrence inside one of the `known` texts does not count. It stops looking at a thousand occurrences."""

    def __init__(self, file: str, *, needles: Needles, known: tuple[bytes, ...]) -> None:
        self._file, self._needles, self._known = file, needles, known
        self._margin = max([LONGEST, LONG_RUN, *map(len, self._known)])
        self._held = bytearray()
        self._begin = 0
        self._next = 0
        self._counts: Counter[Kind] = Counter()
        self._first: dict[Kind, tuple[Found, ...]] = {}

    def feed(self, data: bytes | memoryview) -> None:
        """Takes the next bytes of the file."""
        for at in range(0, len(data), READ):
            self._held += data[at : at + READ]
            ready = self._begin + len(self._held) - self._margin
            if ready - self._next >= BLOCK:
                self._search_to(ready)

    def finish(self) -> Hits:
        """What was met in the whole file."""
        size = self._begin + len(self._held)
        self._search_to(size)
        return Hits(self._file, size, dict(self._counts), dict(self._first))

    def _search_to(self, end: int) -> None:
        for start in range(self._next, end, BLOCK):
            stop = min(start + BLOCK, end)
            at = start - self._begin
            self._search_block(bytes(self._held[at : at + stop - start + LONGEST]), start=start, stop=stop)
        self._next = max(end, self._next)
        drop = max(0, self._next - self._margin - self._begin)
        del self._held[:drop]
        self._begin += drop

    def _search_block(self, block: bytes, *, start: int, stop: int) -> None:
        needles = self._needles
        for at, group in candidates(block, needles=needles, starts=stop - start):
            if self._counts.total() >= ENOUGH_HITS:
                return
            for pattern in _matches(block[at : at + LONGEST], needles=needles, group=group):
                self._note(start + at, needles.pattern(pattern), int(needles.identifier[pattern]))

    def _note(self, offset: int, pattern: bytes, identifier: int) -> None:
        at = offset - self._begin
        if any(_inside(self._held, at, pattern, known) for known in self._known):
            return
        kind: Kind = (len(pattern), _context(self._held, at, len(pattern)))
        self._counts[kind] += 1
        shown = self._first.get(kind, ())
        if len(shown) < SHOWN:
            self._first[kind] = (*shown, Found(self._file, offset, self._needles.names[identifier]))


def candidates(block: bytes, *, needles: Needles, starts: int) -> list[tuple[int, int]]:
    """The places among the first `starts` of the block where some pattern's six first bytes stand, each with its group."""
    starts = min(starts, len(block) - SHORTEST + 1)
    if starts <= 0 or not len(needles.keys):
        return []
    passing = np.full(starts, 255, dtype=np.uint8)
    for place in PLACES:
        looked_up = np.frombuffer(block.translate(needles.tables[place]), dtype=np.uint8)
        passing &= looked_up[place : place + starts]
    at = np.flatnonzero(passing != 0)
    raw = np.frombuffer(block, dtype=np.uint8)
    left = passing.take(at)
    for place in OTHER_PLACES:
        left &= np.frombuffer(needles.tables[place], dtype=np.uint8).take(raw.take(at + place))
    at = at[left != 0]
    keys = begins(raw[at[:, None] + np.arange(SHORTEST)])
    group = np.searchsorted(needles.keys, keys)
    group[group == len(needles.keys)] = 0
    same = needles.keys[group] == keys
    return list(zip(at[same].tolist(), group[same].tolist(), strict=True))


def _matches(window: bytes, *, needles: Needles, group: int) -> list[int]:
    """The patterns of the group with which the window begins."""
    low, high = int(needles.group[group]), int(needles.group[group + 1])
    out = []
    for length in np.unique(np.diff(needles.start[low : high + 1])).tolist():
        if length > len(window):
            break
        wanted = window[:length]
        at = bisect_left(range(high), wanted, lo=low, key=needles.pattern)
        if at < high and needles.pattern(at) == wanted:
            out.append(at)
    return out


def _inside(held: bytearray, at: int, pattern: bytes, known: bytes) -> bool:
    """Whether the pattern at this place is a part of the known text."""
    part = known.find(pattern)
    while part >= 0:
        if part <= at and held[at - part : at - part + len(known)] == known:
            return True
        part = known.find(pattern, part + 1)
    return False


def _context(held: bytearray, at: int, length: int) -> Context:
    """In what surroundings the place lies."""
    if _run(held, at, length, of=BASE64, most=LONG_RUN) >= LONG_RUN:
        return "base64"
    return "text" if _run(held, at, length, of=PRINTABLE, most=TEXT_RUN) >= TEXT_RUN else "bytes"


def _run(held: bytearray, at: int, length: int, *, of: frozenset[int], most: int) -> int:
    """How many bytes of a kind stand around and at the place without a break, counted up to `most`; 0 where it is of another kind."""
    left, right = at, at + length
    if not of.issuperset(held[left:right]):
        return 0
    while left > 0 and right - left < most and held[left - 1] in of:
        left -= 1
    while right < len(held) and right - left < most and held[right] in of:
        right += 1
    return right - left
