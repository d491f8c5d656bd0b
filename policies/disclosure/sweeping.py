"""Moves that have nothing in common, made together, and in many arrangements at once.

Each arrangement is known by its room: by how much it keeps each limit. No two moves of one group change the same limit, so that a group is made with a few operations on whole arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Whole = NDArray[np.int64]
Rooms = NDArray[np.signedinteger[Any]]
Drawn = NDArray[np.float32]
FAR: Final = 50
"""People, if nothing limits a move."""
MOST_TOGETHER: Final = 32
"""Moves of one group."""
BY: Final = (-2, -1, 0, 1, 2)
"""Of how many people a move is that brings somebody back."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Moves by their `numbers`; the limits that they leave less room, and more (moves x limits), and how much (moves x limits x 1), None if it is 1 everywhere.

    Where one of them changes fewer limits than others, its rows are filled up with the last limit, which is none.
    """

    numbers: Whole
    falling: Whole
    rising: Whole
    falls: Whole | None
    rises: Whole | None

    def make(self, room: Rooms, drawn: Drawn) -> Rooms:
        """How many times each was made in each arrangement (moves x arrangements), once the room is changed by it: from as often as possible backward, where 0 was `drawn`, to as often as possible forward, where 1 was."""
        down, up = room.take(self.falling, axis=0), room.take(self.rising, axis=0)
        forward = (down if self.falls is None else down // self.falls).min(axis=1, initial=FAR)
        backward = (up if self.rises is None else up // self.rises).min(axis=1, initial=FAR)
        span = forward + backward
        times = np.minimum((drawn * (span + 1)).astype(room.dtype), span) - backward
        return self._made(room, down, up, times)

    def mend(self, room: Rooms, drawn: Drawn) -> Rooms:
        """The same, each as often as leaves the least room missing; what is `drawn` (ways to make it x moves x arrangements; less than 1) decides among equals."""
        down, up = room.take(self.falling, axis=0), room.take(self.rising, axis=0)
        falls, rises = (1 if one is None else one for one in (self.falls, self.rises))
        kept = [
            np.minimum(down - by * falls, 0).sum(axis=1) + np.minimum(up + by * rises, 0).sum(axis=1)
            for by in BY
        ]
        return self._made(room, down, up, np.array(BY)[(np.stack(kept) + drawn).argmax(axis=0)])

    def _made(self, room: Rooms, down: Rooms, up: Rooms, times: Rooms) -> Rooms:
        each = times[:, None, :]
        room[self.falling] = down - (each if self.falls is None else each * self.falls)
        room[self.rising] = up + (each if self.rises is None else each * self.rises)
        room[-1] = FAR
        return times


def groups(changed: csr_array) -> list[Group]:
    """Moves in groups, by how much each changes the room of each limit (moves x limits)."""
    rows = _rows_of(changed)
    even = np.array([bool((np.abs(by) == 1).all()) for _, by in rows], dtype=bool)
    found = []
    for alike in (np.flatnonzero(even), np.flatnonzero(~even)):
        for numbers in _apart(alike, [rows[n][0] for n in alike]):
            found.append(_group(numbers, [rows[n] for n in numbers], nothing=changed.shape[1]))
    return found


def _rows_of(changed: csr_array) -> list[tuple[Whole, Whole]]:
    ends = changed.indptr
    return [
        (changed.indices[begin:end].astype(np.int64), changed.data[begin:end].astype(np.int64))
        for begin, end in pairwise(ends)
    ]


def _apart(numbers: Whole, limits: Sequence[Whole]) -> list[list[int]]:
    """In groups, of which no two members change the same limit: those that change many come first, each joins the first group that it can."""
    found: list[list[int]] = []
    taken: list[int] = []
    for n in sorted(range(len(numbers)), key=lambda n: -len(limits[n])):
        its = sum(1 << int(limit) for limit in limits[n])
        into = next(
            (g for g, used in enumerate(taken) if not used & its and len(found[g]) < MOST_TOGETHER), None
        )
        if into is None:
            into = len(found)
            found.append([])
            taken.append(0)
        found[into].append(int(numbers[n]))
        taken[into] |= its
    return found


def _group(numbers: Sequence[int], rows: Sequence[tuple[Whole, Whole]], *, nothing: int) -> Group:
    falling, falls = _filled([(which[by < 0], -by[by < 0]) for which, by in rows], nothing)
    rising, rises = _filled([(which[by > 0], by[by > 0]) for which, by in rows], nothing)
    return Group(np.array(numbers, dtype=np.int64), falling, rising, falls, rises)


def _filled(rows: Sequence[tuple[Whole, Whole]], nothing: int) -> tuple[Whole, Whole | None]:
    width = max(len(which) for which, _ in rows)
    out, much = np.full((len(rows), width), nothing), np.ones((len(rows), width, 1), dtype=np.int64)
    for n, (which, by) in enumerate(rows):
        out[n, : len(which)] = which
        much[n, : len(by), 0] = by
    return out, (None if (much == 1).all() else much)
