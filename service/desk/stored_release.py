"""What the desk's state keeps of a release."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from policies.disclosure import PublishedTable, table_text


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
    """All that is stored of a release. `table` is what a reader has of it, None for an extract; `cohort` its people, sealed to the desk; `checked` how
    many earlier releases it was held against."""

    id: str
    request: str
    terms: Terms
    table: PublishedTable | None
    cohort: bytes
    files: Mapping[str, bytes]
    checked: int


def ledger_line(table: PublishedTable | None) -> str:
    """What the ledger keeps of a release: its table as text, and nothing of an extract."""
    return "" if table is None else table_text(table)
