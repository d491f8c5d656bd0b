"""Areas that lie in each other, as a catalogue declares them: small areas in wards, wards in districts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from policies.catalogue import Areas
from policies.reading import Area, Document, complain, spelt
from policies.terms import AREAS

AreasName = Annotated[str, spelt(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", like="thames-valley", most=40)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=80)]
RESERVED = frozenset({"Total", "All", "no record", "any"})


class AreasRow(Document):
    """`levels` from fine to coarse; `within`: each area with the one that it lies in. An area of the coarsest level lies in none."""

    levels: tuple[Area, ...] = Field(min_length=2)
    within: dict[Code, Code] = Field(min_length=1)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for fault in self._faults():
            raise fault
        return self

    def _faults(self) -> Iterator[PydanticCustomError]:
        fineness = [AREAS.index(word) for word in self.levels]
        if fineness != sorted(set(fineness), reverse=True):
            yield complain(
                "The levels do not go from fine to coarse.", fix="Begin with the finest.", at=("levels",)
            )
        for code in {*self.within, *self.within.values()} & RESERVED:
            fix = "Use its code."
            yield complain(
                f"An area is called {code}, which has another meaning in a table.", fix=fix, at=("within",)
            )
        for code in self.within.keys() - set(self.within.values()) or self.within.keys():
            if self._steps(code) != len(self.levels) - 1:
                fix = "Give each of the finest areas one area of every level above it."
                yield complain("It does not lie in an area of each level.", fix=fix, at=("within", code))

    def _steps(self, code: str) -> int:
        """How many areas it lies in; as many as there are levels, if they run in a circle."""
        steps = 0
        while code in self.within and steps < len(self.levels):
            code, steps = self.within[code], steps + 1
        return steps

    def built(self) -> Areas:
        """The areas by level."""
        last = len(self.levels) - 1
        every = dict.fromkeys((*self.within, *self.within.values()))
        at = tuple(
            tuple(code for code in every if last - self._steps(code) == place)
            for place in range(len(self.levels))
        )
        return Areas(self.levels, tuple(self.within.items()), at)
