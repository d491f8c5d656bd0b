"""Rows of people before protection: one row a person, one column an attribute, each value a number into the column's categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.disclosure.errors import TableInvalid
from policies.disclosure.extracts.roles import QUASI, SENSITIVE, Role

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute of an extract. `categories` are all its values; the first `listed` of them are in an order in which neighbours can be joined, and the
    others can only be joined with everything. `coarser` gives, for each level of areas above, what every category becomes there: neighbours then do not
    count."""

    name: str
    role: Role
    categories: tuple[str, ...]
    listed: int
    coarser: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if not self.categories or len(set(self.categories)) != len(self.categories):
            raise TableInvalid(
                f"{self.name}: categories have to be different from each other, and at least one"
            )
        if not 0 <= self.listed <= len(self.categories):
            raise TableInvalid(f"{self.name}: more categories are in an order than there are")
        if any(len(level) != len(self.categories) for level in self.coarser):
            raise TableInvalid(f"{self.name}: a coarser level has to say what every category becomes")


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The people of an extract and their values: `codes` has a row for each person and a column for each attribute."""

    people: tuple[str, ...]
    columns: tuple[Column, ...]
    codes: Codes

    def __post_init__(self) -> None:
        codes = np.asarray(self.codes, dtype=np.int64)
        if codes.shape != (len(self.people), len(self.columns)):
            raise TableInvalid(
                f"the values have the shape {codes.shape} for {len(self.people)} people and {len(self.columns)} columns"
            )
        if len({column.name for column in self.columns}) != len(self.columns):
            raise TableInvalid("an extract has a column twice: keep it once")
        if len(set(self.people)) != len(self.people):
            raise TableInvalid("an extract has one row for each person")
        sizes = np.array([len(column.categories) for column in self.columns], dtype=np.int64)
        if ((codes < 0) | (codes >= sizes)).any():
            raise TableInvalid("a value is none of its column's categories")
        codes = codes.copy()
        codes.flags.writeable = False
        object.__setattr__(self, "codes", codes)

    def places(self, role: Role) -> tuple[int, ...]:
        """Where the columns of a role stand."""
        return tuple(place for place, column in enumerate(self.columns) if column.role == role)

    @property
    def quasi(self) -> tuple[int, ...]:
        """Where the quasi-identifiers stand."""
        return self.places(QUASI)

    @property
    def sensitive(self) -> tuple[int, ...]:
        """Where the sensitive attributes stand."""
        return self.places(SENSITIVE)
