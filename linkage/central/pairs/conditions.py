"""What a level of a comparison asks of two rows: said once, read as SQL by Splink and over arrays by the linker. Tests hold the two against each other.

Inside a block the masks cancel: two masked words differ where the unmasked ones do, and the bits that differ in a filter are its Hamming distance.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from linkage.tokens import EXACT_BITS, PRESENCE_BITS

PRESENCE: Final = (1 << PRESENCE_BITS) - 1
EXACT: Final = (1 << EXACT_BITS) - 1
# What a database must know before it can read the SQL of the conditions.
MACROS: Final = (
    f"CREATE OR REPLACE MACRO absent(l, r, shift) AS ((xor(l, r) >> shift) & {PRESENCE}) <> 0",
    f"CREATE OR REPLACE MACRO same(l, r, shift) AS ((xor(l, r) >> shift) & {EXACT}) = 0",
    "CREATE OR REPLACE MACRO apart(l0, r0, l1, r1) AS bit_count(xor(l0, r0))::INT + bit_count(xor(l1, r1))::INT",
)

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sides:
    """The rows of `count` pairs: `of` gives a column of the left ones and of the right ones. What several conditions look at is worked out once."""

    count: int
    of: Callable[[str], tuple[npt.NDArray[Any], npt.NDArray[Any]]]
    known: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    def differing(self, lane: str) -> npt.NDArray[np.uint64]:
        """The bits of the lane in which the two rows differ."""
        if lane not in self.known:
            left, right = self.of(lane)
            self.known[lane] = (left ^ right).view(np.uint64)
        return self.known[lane]

    def apart(self, lane: str) -> npt.NDArray[np.uint8]:
        """How many bits lie between the filters of the two rows."""
        name = f"{lane} apart"
        if name not in self.known:
            words = [self.of(f"{lane}_{half}") for half in (0, 1)]
            counts = [np.bitwise_count((left ^ right).view(np.uint64)) for left, right in words]
            self.known[name] = counts[0] + counts[1]
        return self.known[name]

    def commoner(self, lane: str) -> npt.NDArray[np.int8]:
        """The band of the commoner of the two names."""
        name = f"{lane}_band"
        if name not in self.known:
            self.known[name] = np.maximum(*self.of(name))
        return self.known[name]


class Condition(Protocol):
    """A question about two rows."""

    @property
    def sql(self) -> str:
        """The question about columns that end in _l and _r."""

    def holds(self, sides: Sides, /) -> Bools | bool:
        """The answer for every pair, or the one for all."""


@dataclass(frozen=True, slots=True)
class Absent:
    """One of the rows lacks a value: the six bits at this place differ."""

    lane: str
    shift: int

    @property
    def sql(self) -> str:
        """The question about columns that end in _l and _r."""
        return f"absent({self.lane}_l, {self.lane}_r, {self.shift})"

    def holds(self, sides: Sides, /) -> Bools | bool:
        """The answer for every pair, or the one for all."""
        mask = np.uint64(PRESENCE << self.shift)
        there: Bools = (sides.differing(self.lane) & mask) != 0
        return there


@dataclass(frozen=True, slots=True)
class Same:
    """The sixteen bits at this place are equal."""

    lane: str
    shift: int

    @property
    def sql(self) -> str:
        """The question about columns that end in _l and _r."""
        return f"same({self.lane}_l, {self.lane}_r, {self.shift})"

    def holds(self, sides: Sides, /) -> Bools | bool:
        """The answer for every pair, or the one for all."""
        mask = np.uint64(EXACT << self.shift)
        equal: Bools = (sides.differing(self.lane) & mask) == 0
        return equal


@dataclass(frozen=True, slots=True)
class Near:
    """The filters are at most so many bits apart. What has no filter is never apart."""

    lane: str | None
    most: int

    @property
    def sql(self) -> str:
        """The question about columns that end in _l and _r."""
        return f"{_apart(self.lane)} <= {self.most}"

    def holds(self, sides: Sides, /) -> Bools | bool:
        """The answer for every pair, or the one for all."""
        return True if self.lane is None else sides.apart(self.lane) <= self.most


@dataclass(frozen=True, slots=True)
class Alike:
    """The filters are equal. What has no filter always is."""

    lane: str | None

    @property
    def sql(self) -> str:
        """The question about columns that end in _l and _r."""
        return f"{_apart(self.lane)} = 0"

    def holds(self, sides: Sides, /) -> Bools | bool:
        """The answer for every pair, or the one for all."""
        return Near(self.lane, 0).holds(sides)


def _apart(lane: str | None) -> str:
    return f"apart({lane}_0_l, {lane}_0_r, {lane}_1_l, {lane}_1_r)" if lane else "0"


@dataclass(frozen=True, slots=True)
class InBand:
    """The commoner of the two names stands in this band."""

    lane: str
    band: int

    @property
    def sql(self) -> str:
        """The question about columns that end in _l and _r."""
        return f"greatest({self.lane}_band_l, {self.lane}_band_r) = {self.band}"

    def holds(self, sides: Sides, /) -> Bools | bool:
        """The answer for every pair, or the one for all."""
        its: Bools = sides.commoner(self.lane) == self.band
        return its


@dataclass(frozen=True, slots=True)
class Every:
    """All of these hold; nothing is asked where there are none."""

    of: tuple[Condition, ...]

    @property
    def sql(self) -> str:
        """The question about columns that end in _l and _r."""
        return " AND ".join(one.sql for one in self.of) or "TRUE"

    def holds(self, sides: Sides, /) -> Bools | bool:
        """The answer for every pair, or the one for all."""
        answer: Bools | bool = True
        for one in self.of:
            answer = one.holds(sides) if answer is True else answer & one.holds(sides)
        return answer


@dataclass(frozen=True, slots=True)
class There:
    """Neither row lacks the value, and this holds of it."""

    absent: Condition
    reached: Condition

    @property
    def sql(self) -> str:
        """The question about columns that end in _l and _r."""
        return f"(NOT {self.absent.sql} AND {self.reached.sql})"

    def holds(self, sides: Sides, /) -> Bools | bool:
        """The answer for every pair, or the one for all."""
        return np.logical_not(self.absent.holds(sides)) & self.reached.holds(sides)


@dataclass(frozen=True, slots=True)
class Never:
    """Nothing meets it."""

    @property
    def sql(self) -> str:
        """The question about columns that end in _l and _r."""
        return "FALSE"

    def holds(self, sides: Sides, /) -> Bools | bool:
        """The answer for every pair, or the one for all."""
        del sides
        return False
