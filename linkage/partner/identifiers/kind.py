"""What a kind of identifier consists of."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of an identifier are cleaned and taken apart."""

    clean: Callable[[str], str | None]
    part: Callable[[str, str], str | None]
