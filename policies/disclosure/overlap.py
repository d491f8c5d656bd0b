"""Whether a cohort could be subtracted from earlier ones, alone or several together, down to a few people.

Tables on two cohorts that differ by n people can be subtracted to describe those n. The same holds for sums and differences of several cohorts:
if everybody in A who is in neither B nor C was described piece by piece, a table on nearly the same people tells about the difference. Everything is
compared inside, as sets; nothing about them is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.errors import Unsafe

MOST_TOGETHER: Final = 3
"""Earlier cohorts that are combined with one another."""
MOST_COHORTS: Final = 60
"""Different earlier cohorts up to which three are combined; up to ten times as many, two are; beyond, each is compared alone."""
_CHUNK: Final = 4_096
_FIRST: Final = 64
Regions = NDArray[np.float32]


def refuse_overlap(people: Collection[str], *, earlier: Mapping[str, Collection[str]], floor: int) -> None:
    """Nothing, once it is certain that no earlier cohort, union, difference or sum of up to three differs from this one by a few people only.

    The same cohort again, and one that follows from earlier ones exactly, are for the attacker of `protect`. `earlier` maps a release to its people.

    Raises:
        Unsafe: some combination differs by at least one and fewer than `floor` people.
    """
    here = frozenset(people)
    different: dict[frozenset[str], str] = {}
    for name in sorted(earlier):
        different.setdefault(frozenset(earlier[name]), name)
    alone = sorted(name for others, name in different.items() if 0 < len(here ^ others) < floor)
    if alone:
        raise Unsafe(
            f"this cohort differs from that of {', '.join(alone)} by fewer than {floor} people, so the two could be subtracted: "
            "use the same cohort again, or one that differs more"
        )
    names = [name for others, name in different.items() if others != here]
    close = _close(here, [others for others in different if others != here], floor)
    if close:
        raise Unsafe(
            f"this cohort differs from what follows of {', '.join(names[n] for n in close)} together by fewer than {floor} people, so they could be "
            "subtracted: use one of these cohorts again, or one that differs more"
        )


def _close(here: frozenset[str], cohorts: list[frozenset[str]], floor: int) -> tuple[int, ...]:
    """The first few cohorts that together come too close; none if there are none."""
    together = MOST_TOGETHER if len(cohorts) <= MOST_COHORTS else 2 if len(cohorts) <= 10 * MOST_COHORTS else 1
    own, member, size = _regions(here, cohorts)
    for count in range(2, together + 1):
        for chosen in _chunks(len(cohorts), count):
            columns = np.array(chosen)
            for signs in (*product((1.0, -1.0), repeat=count), ()):
                for part in (True, False):
                    near = _near(own, member, size, columns, signs, floor, whole=part)
                    if near is not None:
                        return chosen[near]
    return ()


def _near(
    own: Regions,
    member: Regions,
    size: Regions,
    columns: NDArray[np.int64],
    signs: tuple[float, ...],
    floor: int,
    *,
    whole: bool,
) -> int | None:
    """The first of these combinations that comes too close. Most differ by enough in the largest groups alone, so that the others need no look."""
    left = np.arange(len(columns))
    for first in dict.fromkeys((min(_FIRST, len(size)), len(size))):
        members = [member[columns[left, n], :first] for n in range(columns.shape[1])]
        combined = _combined(members, signs, whole=whole)
        if combined is None:
            return None
        apart = np.abs(combined - own[:first]) @ size[:first]
        keep = apart < floor - 0.5
        left, apart = left[keep], apart[keep]
    near = left[apart > 0.5]
    return int(near[0]) if near.size else None


def _regions(here: frozenset[str], cohorts: list[frozenset[str]]) -> tuple[Regions, Regions, Regions]:
    """Who lies in the same cohorts counts as one: whether such a group is in this cohort and in each other one, and how many they are."""
    groups: dict[tuple[bool, ...], int] = {}
    for person in here.union(*cohorts):
        mark = (person in here, *(person in one for one in cohorts))
        groups[mark] = groups.get(mark, 0) + 1
    marks = np.array(list(groups), dtype=np.float32).reshape(len(groups), len(cohorts) + 1)
    size = np.array(list(groups.values()), dtype=np.float32)
    largest = np.argsort(-size, kind="stable")
    return marks[largest, 0], marks[largest, 1:].T.copy(), size[largest]


def _chunks(cohorts: int, count: int) -> Iterator[list[tuple[int, ...]]]:
    chunk: list[tuple[int, ...]] = []
    for chosen in combinations(range(cohorts), count):
        chunk.append(chosen)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _combined(members: list[Regions], signs: tuple[float, ...], *, whole: bool) -> Regions | None:
    """These cohorts combined, as how often each group is counted: as a sum with signs; or (`whole`) as the union of those with a plus without the others;
    without signs, the part that all have in common. None if there is nothing to combine."""
    if not signs:
        return _together(np.minimum, members) if whole else None
    if max(signs) < 0:
        return None
    if not whole:
        return _together(np.add, [np.float32(sign) * one for sign, one in zip(signs, members, strict=True)])
    inside = _together(np.maximum, [one for sign, one in zip(signs, members, strict=True) if sign > 0])
    outside = [one for sign, one in zip(signs, members, strict=True) if sign < 0]
    return inside * (np.float32(1.0) - _together(np.maximum, outside)) if outside else inside


def _together(how: np.ufunc, members: list[Regions]) -> Regions:
    return np.asarray(how.reduce(members), dtype=np.float32)
