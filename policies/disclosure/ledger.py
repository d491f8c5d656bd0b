"""What has been released already, and whether two cohorts are too close to describe both.

The ledger holds what readers have: printed cells and the rule behind them. Sets of people stay with whoever holds the
linkage; the ledger knows a population only by a salted commitment, which is nothing once the salt is destroyed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from policies.canonical import canonical, plain
from policies.disclosure.errors import TableInvalid
from policies.disclosure.rounding import Rule
from policies.disclosure.table import Layout, Levels, PublishedTable, Restriction


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One table that left, under the id of its release. `part` tells several tables of one release apart."""

    release: str
    table: PublishedTable
    part: str = ""

    @property
    def name(self) -> str:
        """What a finding calls it."""
        return f"{self.release} ({self.part})" if self.part else self.release


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every table that left, oldest first."""

    entries: tuple[LedgerEntry, ...] = ()

    def on(self, population: str) -> tuple[LedgerEntry, ...]:
        """The releases on one population."""
        return tuple(entry for entry in self.entries if entry.table.layout.population == population)

    def add(self, release: str, *, table: PublishedTable) -> Ledger:
        """The ledger with one more release.

        Raises:
            TableInvalid: a release of this id is in it already.
        """
        if any(entry.release == release for entry in self.entries):
            raise TableInvalid(
                f"release {release} is in the ledger already: give each release an id of its own"
            )
        return Ledger((*self.entries, LedgerEntry(release, table)))


def commit_population(people: Collection[str], *, salt: bytes) -> str:
    """A commitment to a set of people: HMAC-SHA256 (RFC 2104), keyed by the salt, over the ids in order, each with its length."""
    mac = hmac.new(salt, digestmod=hashlib.sha256)
    for person in sorted(set(people)):
        encoded = person.encode()
        mac.update(len(encoded).to_bytes(4, "big") + encoded)
    return "hmac-sha256:" + mac.hexdigest()


class _RuleRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    suppress: int
    round_to: int
    hide_zeros: bool


class _RestrictionRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    dimension: str
    kept: tuple[str, ...]
    all: tuple[str, ...]


class _LevelsRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    dimension: str
    within: tuple[tuple[str, str], ...]


class _LayoutRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    population: str
    dimensions: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    restrictions: tuple[_RestrictionRow, ...]
    levels: tuple[_LevelsRow, ...] = ()


class _TableRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal["linkage-table/v1"]
    layout: _LayoutRow
    rule: _RuleRow
    cells: tuple[str, ...]
    width: int = 0
    margins: tuple[tuple[tuple[str, ...], str], ...] = ()


_TABLE: TypeAdapter[_TableRow] = TypeAdapter(_TableRow)


def table_text(table: PublishedTable) -> str:
    """A published table as one line of canonical JSON."""
    body = plain(table)
    return canonical({"format": "linkage-table/v1", **(body if isinstance(body, dict) else {})}).decode()


def parse_table(text: str) -> PublishedTable:
    """The published table that a line describes.

    Raises:
        TableInvalid: it does not describe one.
    """
    try:
        row = _TABLE.validate_python(_lists_to_tuples(json.loads(text)))
    except (ValidationError, ValueError, RecursionError):
        raise TableInvalid(
            "this line is not a table in the format linkage-table/v1: take it from the ledger as it was written"
        ) from None
    restrictions = tuple(Restriction(r.dimension, r.kept, r.all) for r in row.layout.restrictions)
    levels = tuple(Levels(one.dimension, one.within) for one in row.layout.levels)
    layout = Layout(row.layout.population, row.layout.dimensions, row.layout.categories, restrictions, levels)
    rule = Rule(row.rule.suppress, row.rule.round_to, row.rule.hide_zeros)
    return PublishedTable(layout, rule, row.cells, row.width, row.margins)


def _lists_to_tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_lists_to_tuples(item) for item in value)
    return {key: _lists_to_tuples(item) for key, item in value.items()} if isinstance(value, dict) else value
