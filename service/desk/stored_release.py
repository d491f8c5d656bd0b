"""What the desk's state keeps of a release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from policies.disclosure import PublishedTable, parse_table, table_text


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a release left: `recipient` is whose key it was sealed to, `holder` in which role; it is used up to `expires`, and `certify` says
    whether its destruction is to be certified then. `files_digest` is what the log says of its files."""

    recipient: str
    holder: str
    expires: date
    certify: bool
    files_digest: str


@dataclass(frozen=True, slots=True)
class NewRelease:
    """All that is stored of a release. `tables` is what a reader has of it, none for an extract; `cohort` its people, sealed to the desk; `checked` how
    many earlier releases it was held against."""

    id: str
    request: str
    terms: Terms
    tables: tuple[PublishedTable, ...]
    cohort: bytes
    files: Mapping[str, bytes]
    checked: int


def ledger_lines(tables: Sequence[PublishedTable]) -> str:
    """What the ledger keeps of a release: each of its tables as a line, and nothing of an extract."""
    return "\n".join(map(table_text, tables))


def ledger_tables(lines: str) -> tuple[PublishedTable, ...]:
    """The tables that `ledger_lines` wrote.

    Raises:
        TableInvalid: a line describes none.
    """
    return tuple(map(parse_table, lines.splitlines()))
