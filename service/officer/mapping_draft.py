"""A mapping on its way from suggestion to file: what was suggested, what a person set, and why each entry is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from linkage.errors import BadInput
from linkage.partner.identifiers.dates import ORDERS
from linkage.partner.normalise import ALTERNATIVES
from linkage.partner.suggestions.date_orders import DateFinding
from linkage.partner.suggestions.suggestion import BORN, Suggestion, percent
from linkage.schema import IDENTIFIERS

KNOWN: Final = (*IDENTIFIERS, *ALTERNATIVES)
READABLE: Final = 0.5
SET: Final = "you said so"

Attribute = tuple[str, str]  # column and gateway


@dataclass(frozen=True, slots=True)
class Draft:
    """What the mapping file will hold, by what is decided so far; None and absent where nothing is."""

    suggestion: Suggestion
    identifiers: Mapping[str, str]
    record_id: str | None
    partner: str | None = None
    gateway: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    date_orders: Mapping[str, str] = field(default_factory=dict)
    pivots: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The file's columns."""
        return tuple(c.column for c in self.suggestion.columns)

    @property
    def date_columns(self) -> tuple[str, ...]:
        """The mapped columns whose values are dates."""
        return tuple(dict.fromkeys(c for i, c in self.identifiers.items() if i == BORN))

    def set(self, word: str) -> "Draft":
        """The draft with one identifier set or, without a column, left out: `surname=FamilyName`, `surname=`.

        Raises:
            BadInput: the identifier or the column is unknown.
        """
        identifier, _, column = (part.strip() for part in word.partition("="))
        if "=" not in word or identifier not in KNOWN:
            raise BadInput(
                f"{identifier!r} is no identifier; write IDENTIFIER=COLUMN with one of {', '.join(KNOWN)}"
            )
        others = {i: c for i, c in self.identifiers.items() if i != identifier and c != column}
        if not column:
            return replace(self, identifiers=others)
        self.check_column(column)
        ordered = {i: c for i in KNOWN for j, c in {**others, identifier: column}.items() if i == j}
        return replace(self, identifiers=ordered, notes={**self.notes, f"identifiers.{identifier}": SET})

    def with_record_id(self, column: str) -> "Draft":
        """The draft with that column as record id.

        Raises:
            BadInput: there is no such column, or in the sample some rows have no value of their own in it.
        """
        self.check_column(column)
        seen = self.suggestion.of(column).profile
        if not seen.unique:
            blank, again = seen.rows - seen.filled, seen.filled - seen.distinct
            raise BadInput(
                f"column {column!r} is no record id: of the first {seen.rows:,} rows {blank:,} have none and {again:,} have one that stood before"
            )
        why = self.suggestion.of(column).reason if column == self.suggestion.record_id else SET
        return replace(self, record_id=column, notes={**self.notes, "record_id": why})

    def with_order(self, column: str, order: str) -> "Draft":
        """The draft with the order in which a column writes its dates.

        Raises:
            BadInput: it is no order, or not even half of the column's dates can be read in it.
        """
        if order not in ORDERS:
            raise BadInput(f"{order!r} is no order of dates; one of {', '.join(ORDERS)}")
        found = self.suggestion.dates(column)
        if found.dates and found.readable[order] < READABLE * found.dates:
            raise BadInput(f"column {column!r}: {read_in(found)}; it is not written in the order {order}")
        return replace(
            self,
            date_orders={**self.date_orders, column: order},
            notes={**self.notes, f"date_orders.{column}": read_in(found)},
        )

    def with_pivot(self, column: str, text: str) -> "Draft":
        """The draft with the latest year that a column of years in two digits can mean.

        Raises:
            BadInput: the text is no year from 1999 to 2099.
        """
        if not (text.isascii() and text.isdigit() and 1999 <= int(text) <= 2099):
            raise BadInput("the latest year is one from 1999 to 2099, such as that of the export")
        year = int(text)
        why = f"years in two digits: {year % 100:02} is {year}, {(year + 1) % 100:02} is {year - 99}"
        return replace(
            self, pivots={**self.pivots, column: year}, notes={**self.notes, f"century_pivot.{column}": why}
        )

    def with_attribute(self, word: str, *, offered: Mapping[str, Sequence[str]] | None) -> "Draft":
        """The draft with one attribute: `NAME=COLUMN=GATEWAY`, or `NAME=COLUMN` or `COLUMN` under the catalogue's first gateway or the tokens'.

        Raises:
            BadInput: there is no such column, or the catalogue does not offer the attribute or not under that gateway.
        """
        parts = [p.strip() for p in word.split("=")]
        name = parts[0]
        column, gateway = (parts[1] if len(parts) > 1 else name), (parts[2] if len(parts) > 2 else "")
        if not all(parts) or len(parts) > 3:
            raise BadInput("write an attribute as NAME=COLUMN=GATEWAY")
        self.check_column(column)
        if offered is not None and name not in offered:
            raise BadInput(
                f"{name!r} is not among {self.partner}'s attributes in the catalogue: {', '.join(offered) or 'none'}"
            )
        under = tuple(offered[name]) if offered is not None else ()
        gateway = gateway or (under[0] if under else self.gateway or "")
        if not gateway:
            raise BadInput(f"name the gateway of {name}: NAME=COLUMN=GATEWAY")
        if under and gateway not in under:
            raise BadInput(f"{name} may go under {', '.join(under)}, not under {gateway}")
        return replace(self, attributes={**self.attributes, name: (column, gateway)})

    def check_column(self, column: str) -> None:
        """Nothing, if the file has the column.

        Raises:
            BadInput: it has not.
        """
        if column not in self.columns:
            raise BadInput(f"{self.suggestion.source}: no column {column!r}; it has {', '.join(self.columns)}")


def started(suggestion: Suggestion) -> Draft:
    """The draft as suggested."""
    identifiers = suggestion.identifiers
    notes = {f"identifiers.{i}": suggestion.of(c).reason for i, c in identifiers.items()}
    if suggestion.record_id is not None:
        notes["record_id"] = suggestion.of(suggestion.record_id).reason
    ordered = {i: identifiers[i] for i in KNOWN if i in identifiers}
    return Draft(suggestion, ordered, suggestion.record_id, notes=notes)


def read_in(found: DateFinding) -> str:
    """How many of a column's dates each order reads, in words."""
    if not found.dates:
        return "none of the values looked at is a date"
    best = sorted(found.readable, key=lambda o: -found.readable[o])
    return ", ".join(f"{o} reads {percent(found.readable[o] / found.dates)}" for o in best) + " of the dates"
