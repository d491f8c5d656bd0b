"""What a command of the centre answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as sentences and as JSON."""

    lines: Sequence[str]
    body: Mapping[str, Any]
