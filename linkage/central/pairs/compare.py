"""Pairs of one pass's rows, compared: for each pair its agreement pattern, which training counts and the model scores.

A pattern is the level of every comparison. Many pairs share few patterns, so that what costs time, finding and comparing pairs, is done once, and
all that follows works on patterns (fastLink, Enamorado, Fifield and Imai 2019).
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from linkage.central.pairs.conditions import Sides
from linkage.central.pairs.levels import LaneLevels
from linkage.central.pairs.meeting import Rows, meeting
from linkage.central.pairs.model import LinkType
from linkage.central.pairs.training import Patterns
from linkage.errors import BadModel
from linkage.tokens import PassTable

Refs = npt.NDArray[np.int64]

LARGEST_CODE: Final = 1 << 62
THREADS: Final = 2
# Starting threads takes as long as comparing so many pairs.
WORTH_THREADS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Compared:
    """Pairs and their patterns: `pairs` has source_l, source_r (int8, numbers into `partners`), row_ref_l, row_ref_r (int64) and `pattern`
    (int32, a number into `codes`), in the order of row references; `codes` (int64, rising) are the patterns. Where pairs with new rows alone were
    compared, `again` (bool) marks those with a row that stands in place of an earlier one of its reference."""

    partners: tuple[str, ...]
    pairs: Mapping[str, npt.NDArray[Any]]
    codes: npt.NDArray[np.int64]

    @property
    def counts(self) -> npt.NDArray[np.float64]:
        """How many pairs there are of each pattern."""
        return np.bincount(self.pairs["pattern"], minlength=len(self.codes)).astype(np.float64)


def levels_of(codes: npt.NDArray[np.int64], lanes: Sequence[LaneLevels]) -> npt.NDArray[np.int64]:
    """The level of every lane in each pattern: (patterns, lanes), -1 where a value is missing."""
    out = np.empty((len(codes), len(lanes)), dtype=np.int64)
    for at, (lane, stride) in enumerate(zip(lanes, _strides(lanes), strict=True)):
        out[:, at] = codes // stride % (lane.size + 1) - 1
    return out


@dataclass(frozen=True, slots=True)
class Counted:
    """How many pairs show each pattern: `codes` rise, `counts` are as many."""

    codes: npt.NDArray[np.int64]
    counts: npt.NDArray[np.float64]

    def patterns(self, lanes: Sequence[LaneLevels]) -> Patterns:
        """The same as training reads it, in one order whatever that of the pairs: sums of floats, and so the model, must not depend on it."""
        return Patterns(levels_of(self.codes, lanes), self.counts)


def counted(several: Sequence[Compared]) -> Counted:
    """How often each pattern occurs in all of these."""
    return added([Counted(one.codes, one.counts) for one in several])


def added(several: Sequence[Counted]) -> Counted:
    """The counts of all of these together."""
    codes, where = np.unique(
        np.concatenate([np.empty(0, dtype=np.int64), *(one.codes for one in several)]), return_inverse=True
    )
    counts = np.concatenate([np.empty(0), *(one.counts for one in several)])
    return Counted(codes, np.bincount(where, weights=counts, minlength=len(codes)).astype(np.float64))


def compare(
    tables: Mapping[str, PassTable],
    lanes: Sequence[LaneLevels],
    *,
    link_type: LinkType,
    partners: Sequence[str] | None = None,
    fresh: Mapping[str, npt.NDArray[np.int8]] | None = None,
    threads: int = THREADS,
) -> Compared:
    """All pairs of rows of one pass that share a block, with their patterns. `tables` are the partners' rows by partner name; `fresh`, where given, says
    of every row whether it is old (0), new (1), or new in place of an earlier one of the same reference (2): a pair must then have a row that is not old.
    `partners` numbers them all.

    Raises:
        BadModel: there are more patterns than can be told apart.
    """
    names = tuple(partners or sorted(tables))
    strides = _strides(lanes)
    rows = Rows.of(tables, partners=names)
    new = None if fresh is None else rows.joined([fresh[n] for n in rows.names])
    left, right = meeting(rows, link_type=link_type, among=None if new is None else new > 0)
    code = np.zeros(len(left), dtype=np.int64)
    sides = Sides(len(left), partial(rows.sides, left=left, right=right))
    for level, stride in zip(_levels(lanes, sides, threads=threads), strides, strict=True):
        code += level * np.int64(stride)
    codes, pattern = np.unique(code, return_inverse=True)
    pairs: dict[str, npt.NDArray[Any]] = {
        "source_l": rows.source[left],
        "row_ref_l": rows.row_ref[left],
        "source_r": rows.source[right],
        "row_ref_r": rows.row_ref[right],
        "pattern": pattern.astype(np.int32),
    }
    if new is not None:
        pairs["again"] = (new[left] > 1) | (new[right] > 1)
    # A record may have two rows of one reference in a block: the order of their pairs must not tell which came first.
    order = _order(pairs["row_ref_l"], pairs["row_ref_r"], pairs["pattern"])
    return Compared(names, {n: c[order] for n, c in pairs.items()}, codes)


def _order(left: Refs, right: Refs, pattern: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    """The order of pairs by their left reference, then the right one, then their pattern. As one number each, of their places among all, they are ordered several times
    as fast as one after another."""
    (lefts, first), (rights, second) = _placed(left), _placed(right)
    patterns = int(pattern.max(initial=0)) + 1
    if lefts * rights * patterns > LARGEST_CODE:
        return np.lexsort((pattern, right, left))
    return np.argsort((first * rights + second) * patterns + pattern)


def _placed(words: Refs) -> tuple[int, Refs]:
    """How many different words there are, and the place of each among these as they rise."""
    order = np.argsort(words)
    rising = words[order]
    other = np.zeros(len(words), dtype=np.int64)
    np.not_equal(rising[1:], rising[:-1], out=other[1:], casting="unsafe")
    place = np.empty_like(order)
    place[order] = np.cumsum(other)
    return int(other.sum()) + 1, place


def _levels(lanes: Sequence[LaneLevels], sides: Sides, *, threads: int) -> Iterator[npt.NDArray[np.int8]]:
    """The level of every pair in each lane."""
    level = partial(_level, sides=sides)
    if sides.count < WORTH_THREADS:
        yield from map(level, lanes)
        return
    with ThreadPoolExecutor(threads) as workers:
        yield from workers.map(level, lanes)


def _level(lane: LaneLevels, *, sides: Sides) -> npt.NDArray[np.int8]:
    """For every pair, 0 where a value is absent, else the number of the first level that it meets, from 1; the last where it meets none."""
    absent = lane.missing.holds(sides)
    out = np.full(sides.count, lane.size, dtype=np.int8)
    for at in reversed(range(len(lane.levels))):
        out[lane.levels[at].holds(sides)] = at + 1
    out[absent] = 0
    return out


def _strides(lanes: Sequence[LaneLevels]) -> list[int]:
    """What each lane's level counts for in a code: numbers of a mixed base."""
    out, stride = [], 1
    for lane in lanes:
        out.append(stride)
        stride *= lane.size + 1
    if stride > LARGEST_CODE:
        raise BadModel("the schema compares more levels than one pass can tell apart: name fewer comparisons")
    return out
