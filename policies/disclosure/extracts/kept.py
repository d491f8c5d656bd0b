"""What is kept of an extract that left, so that later ones can be laid beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Joins:
    """How an extract can be joined with others: its quasi-identifiers, for each person in it the number of the group that looks alike, and the sensitive values,
    by column and person. `values` is None where an extract was kept without them."""

    columns: tuple[str, ...]
    group_of: Mapping[str, int]
    values: Mapping[str, Mapping[str, str]] | None = field(default_factory=dict)

    def tells(self, column: str) -> bool:
        """Whether its reader has the values of this sensitive column, as far as is known."""
        return self.values is None or column in self.values
