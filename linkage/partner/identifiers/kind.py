"""What a kind of identifier consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

Parts = Callable[[str, str], tuple[str, ...]]
Many = Callable[[pa.StringArray], pa.StringArray]


def no_alternatives(value: str) -> tuple[str, ...]:
    """Nothing: the value has no second form by which the same person may be known."""
    del value
    return ()


def parts_by(table: Mapping[str, Callable[[str], tuple[str, ...]]]) -> Parts:
    """The parts of an identifier, by the table's names.

    Raises (the returned function):
        KeyError: the identifier has no part of that name.
    """

    def parts(value: str, name: str) -> tuple[str, ...]:
        return table[name](value)

    return parts


def whole(value: str) -> tuple[str, ...]:
    """The canonical value itself."""
    return (value,)


def themselves(values: pa.StringArray) -> pa.StringArray:
    """The canonical values themselves."""
    return values


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of an identifier are cleaned and taken apart.

    `clean` gives the canonical value of a text, or None where the text is no valid value.
    `parts` gives the values of a named part of a canonical value: none, one, or several (the roots of a nickname).
    `alternatives` gives further canonical values by which the same person may be known, of a canonical value.
    `main` takes from a canonical value what only `alternatives` reads (a second name in brackets), so that the rest can be compared; None
    where there is never such a thing.
    `clean_many` is `clean` for a whole array at once, where that is worth having; None where it is not.
    `parts_many` has, for parts that never have several values and where that is worth having, the part of each of many canonical values, null where
    it has none.
    """

    clean: Callable[[str], str | None]
    parts: Parts
    alternatives: Callable[[str], tuple[str, ...]] = no_alternatives
    main: Callable[[str], str] | None = None
    clean_many: Many | None = None
    parts_many: Mapping[str, Many] = field(default_factory=dict)

    def part(self, value: str, name: str) -> str | None:
        """The first value of the named part, or None where it has none."""
        return next(iter(self.parts(value, name)), None)
