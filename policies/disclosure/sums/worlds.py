"""What printed counts and sums say together in each way in which zeros can be hidden (see `policies.disclosure.zeros`), and the ranges that all of them leave open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.joint import Reading
from policies.disclosure.reader import Said, readings_by_zeros
from policies.disclosure.sums.each import per_person
from policies.disclosure.sums.magnitudes import Magnitudes
from policies.disclosure.sums.statements import Statements, are_tied, statements
from policies.disclosure.zeros import NONE

MOST_WAYS: Final = 12
"""Ways in which zeros can be hidden that are looked at. What none of them leaves open counts as too narrow."""
Ints = NDArray[np.int64]


class Worlds:
    """The statements of each such way, in the order in which they are asked for. Counts are those of whole people in each; whether sums can be as printed is not looked at."""

    def __init__(
        self, tables: Sequence[Magnitudes], readings: Sequence[Reading], said: Said, of: str | None
    ) -> None:
        self._tables, self._readings, self._said, self._of = tables, readings, said, of
        self._person = per_person(tables, of)
        self._tied = are_tied(tables, said.together.system, of=of, person=self._person)
        self._made: list[Statements] = []

    @property
    def doubtful(self) -> bool:
        """Whether there may be several ways."""
        return self._said.ways.doubtful

    def at(self, number: int, *, narrow: Ints = NONE) -> Statements | None:
        """Those of this number; None if no other way was found. Another one is looked for among those that have somebody in these rows of counts first."""
        while number >= len(self._made):
            system = self._said.ways.at(len(self._made), narrow=narrow)
            if system is None:
                return None
            counts = replace(self._said.together, system=system)
            self._made.append(
                statements(
                    self._tables,
                    self._readings,
                    of=self._of,
                    counts=counts,
                    tied=self._tied,
                    person=self._person,
                )
            )
        return self._made[number]

    def with_people(self, cells: Ints, *, alone: NDArray[np.bool_]) -> Worlds:
        """Of the same statements, the ways that leave somebody in all these cells of the first table, and one person where somebody is alone."""
        system, rows = self._said.together.system, self._said.together.rows[0][cells]
        low, high = system.low.copy(), system.high.copy()
        low[rows], high[rows] = np.maximum(low[rows], 1.0), np.where(alone, 1.0, high[rows])
        ways = self._said.ways.among(replace(system, low=low, high=high))
        return Worlds(self._tables, self._readings, replace(self._said, ways=ways), self._of)

    def __iter__(self) -> Iterator[Statements]:
        """The first few, as many as are looked at."""
        for number in range(MOST_WAYS):
            together = self.at(number)
            if together is None:
                return
            yield together


def worlds(tables: Sequence[Magnitudes], readings: Sequence[Reading], *, of: str | None) -> Iterator[Worlds]:
    """First as if no rounded table hid zeros, and then as if those that print none could, as `readings_by_zeros`.

    Raises:
        TableInvalid: a printed number cannot come about under its rules.
    """
    for said in readings_by_zeros(readings):
        yield Worlds(tables, readings, said, of)
