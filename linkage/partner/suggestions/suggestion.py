"""A suggested mapping: what each column is taken for, how sure that is, and why. Headers and counts, no values."""

from dataclasses import dataclass
from typing import Final, Literal

from linkage.partner.suggestions.content import Profile
from linkage.partner.suggestions.date_orders import DateFinding

BORN: Final = "date_of_birth"

Role = Literal["identifier", "record id", "attribute", "nothing"]
Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class ColumnSuggestion:
    """What a column is taken for, how sure that is, and why in one sentence."""

    column: str
    role: Role
    identifier: str | None
    confidence: Confidence
    reason: str
    profile: Profile
    plainness: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mapping to be confirmed: one entry a column in the file's order, made from the first `rows` rows of `source`."""

    source: str
    rows: int
    columns: tuple[ColumnSuggestion, ...]

    @property
    def identifiers(self) -> dict[str, str]:
        """Identifier -> column, of those that are more than a guess."""
        return {c.identifier: c.column for c in self.columns if c.identifier and c.confidence != "low"}

    @property
    def record_id(self) -> str | None:
        """The column of record ids, if there is one."""
        return next((c.column for c in self.columns if c.role == "record id"), None)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Columns that could go along as attributes."""
        return tuple(c.column for c in self.columns if c.role == "attribute")

    def of(self, column: str) -> ColumnSuggestion:
        """The entry of a column."""
        return next(c for c in self.columns if c.column == column)

    def dates(self, column: str) -> DateFinding:
        """How the column's values read as dates."""
        return self.of(column).profile.dates


def percent(share: float) -> str:
    """The share in whole per cent, 100 only where it is all."""
    return f"{int(share * 100)} %"
