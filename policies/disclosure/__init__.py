"""Statistical disclosure control: what shape of table may leave, and what a reader could infer from it."""

from policies.disclosure.attack import Audit, Finding, View, audit, view
from policies.disclosure.errors import DisclosureError, NotPermitted, TableInvalid, Unsafe
from policies.disclosure.hiding import suppress_and_round
from policies.disclosure.ledger import (
    Ledger,
    LedgerEntry,
    commit_population,
    parse_table,
    table_text,
)
from policies.disclosure.overlap import refuse_overlap
from policies.disclosure.protect import SafeTable, protect
from policies.disclosure.render import csv_text, map_rows, notes, rate_rows, rows
from policies.disclosure.rounding import Rule
from policies.disclosure.table import (
    HIDDEN,
    NOT_APPLICABLE,
    CountTable,
    Layout,
    Levels,
    PublishedTable,
    Restriction,
)
from policies.disclosure.updates import Change

__all__ = [
    "HIDDEN",
    "NOT_APPLICABLE",
    "Audit",
    "Change",
    "CountTable",
    "DisclosureError",
    "Finding",
    "Layout",
    "Ledger",
    "LedgerEntry",
    "Levels",
    "NotPermitted",
    "PublishedTable",
    "Restriction",
    "Rule",
    "SafeTable",
    "TableInvalid",
    "Unsafe",
    "View",
    "audit",
    "commit_population",
    "csv_text",
    "map_rows",
    "notes",
    "parse_table",
    "protect",
    "rate_rows",
    "refuse_overlap",
    "rows",
    "suppress_and_round",
    "table_text",
    "view",
]
