"""Hidden sums that tell too much, with what whoever protects a table knows about them and its readers do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Codes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """The truth of one such sum: how many contribute, what altogether, and the most that one of them does; all but the first in thousandths.

    `low`, `high`: its range may not be known to end within these. `undivided`: the table does not divide its people further.
    """

    people: int
    total: int
    largest: int
    low: int
    high: int
    undivided: bool


Sides = Mapping[Codes, Telling]
