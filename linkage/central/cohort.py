"""From the spine and opened attributes to counts of people. Runs at the release desk, after a permit opened the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.attributes import RECORD_REF
from linkage.central.assembly.spine import (
    SPINE_COLUMNS,
    error_rates_of,
    expected_error_of,
    link_bands,
    read_spine,
)
from linkage.central.cohort_sql import (
    NOTHING_MADE,
    SPINE,
    Column,
    Made,
    Selection,
    Statement,
    Where,
    Within,
    compile_cohort,
    origins,
)
from linkage.central.store import open_locked
from linkage.errors import BadSubmission

__all__ = [
    "NO_RECORD",
    "Cohort",
    "Histories",
    "Made",
    "Selection",
    "Where",
    "Within",
    "count",
    "error_rates_of",
    "expected_error_of",
    "link_bands",
    "read_spine",
    "rows_of",
]

NO_RECORD: Final = "no record"
DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\z"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Everyone in the spine, the people who met the conditions, and how many fall in each cell. `counts` has one axis a dimension, in the order of
    `categories`; a person whom the dimension's partner does not know is under `no record`. `seen` has the values of each attribute that a condition
    looks at and that has no list of its own."""

    everyone: tuple[str, ...]
    people: tuple[str, ...]
    dimensions: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    counts: npt.NDArray[np.int64]
    seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Histories:
    """Everyone in the spine, the people who met the conditions in the order of their ids, and for each of them a value of each column (`no record` where the
    column's partner does not know the person). `categories` are all values that a column has; the first `listed` of them are in the order that was
    given."""

    everyone: tuple[str, ...]
    people: tuple[str, ...]
    columns: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    listed: tuple[int, ...]
    values: tuple[tuple[str, ...], ...]


def count(
    spine: pa.Table,
    tables: Mapping[str, pa.Table],
    *,
    population: Sequence[Selection],
    group_by: Sequence[str],
    order: Mapping[str, Sequence[str]],
    made: Mapping[str, Made] = NOTHING_MADE,
) -> Cohort:
    """The cohort: who meets every condition, counted by the dimensions. `tables` are the opened columns of each partner.

    Where a person's records differ, the value that stands last in `order` counts (so that "yes" beats "no"), and a value that is not in it counts as none;
    without an order, the one that sorts last. A day is written as 2026-12-01. `made` are attributes made of others.

    Raises:
        BadInput: an attribute of a condition or a dimension is not among the tables.
        BadSubmission: what a window looks at is no day.
    """
    columns, rows = _cells(spine, tables, population=population, group_by=group_by, order=order, made=made)
    everyone = sorted(person for row in rows for person in row["people"])
    chosen = [row for row in rows if row["met"]]
    people = sorted(person for row in chosen for person in row["people"])
    asked = {name for one in population for name in _looked_at(one)}
    # Whoever meets a condition on a partner's attribute is known to that partner, for all of its attributes.
    sure = asked | {name.partition(".")[0] for name in asked - made.keys()}
    categories = []
    for number, attribute in enumerate(group_by):
        g = f"g{number}"
        found = {row[g] for row in rows if row[g] is not None}
        known = [v for v in order.get(attribute) or sorted(found) if _possible(v, attribute, population)]
        never_absent = not sure.isdisjoint({attribute, attribute.partition(".")[0]}) and all(
            row[g] is not None for row in chosen
        )
        categories.append(tuple(known) if never_absent else (*known, NO_RECORD))
    counts = np.zeros(tuple(len(its) for its in categories), dtype=np.int64)
    for row in chosen:
        cell = tuple(
            its.index(NO_RECORD if row[f"g{n}"] is None else row[f"g{n}"]) for n, its in enumerate(categories)
        )
        counts[cell] += len(row["people"])
    seen = {
        name: tuple(sorted(v for v in rows[0][f"seen{column.number}"] or [] if v is not None))
        for name, column in columns.items()
        if rows and f"seen{column.number}" in rows[0]
    }
    return Cohort(tuple(everyone), tuple(people), tuple(group_by), tuple(categories), counts, seen)


def rows_of(
    spine: pa.Table,
    tables: Mapping[str, pa.Table],
    *,
    population: Sequence[Selection],
    columns: Sequence[str],
    order: Mapping[str, Sequence[str]],
    made: Mapping[str, Made] = NOTHING_MADE,
) -> Histories:
    """The same people as `count` counts, one by one, with what it would count them by.

    Raises:
        BadInput, BadSubmission: as `count`.
    """
    _, cells = _cells(spine, tables, population=population, group_by=columns, order=order, made=made)
    found = sorted(
        (person, tuple(NO_RECORD if cell[f"g{n}"] is None else cell[f"g{n}"] for n in range(len(columns))))
        for cell in cells
        if cell["met"]
        for person in cell["people"]
    )
    values = tuple(row for _, row in found)
    listed, categories = [], []
    for number, name in enumerate(columns):
        given = tuple(order.get(name) or ())
        listed.append(len(given))
        categories.append(tuple(dict.fromkeys((*given, *sorted({row[number] for row in values})))))
    return Histories(
        tuple(sorted(person for cell in cells for person in cell["people"])),
        tuple(person for person, _ in found),
        tuple(columns),
        tuple(categories),
        tuple(listed),
        values,
    )


def _cells(
    spine: pa.Table,
    tables: Mapping[str, pa.Table],
    *,
    population: Sequence[Selection],
    group_by: Sequence[str],
    order: Mapping[str, Sequence[str]],
    made: Mapping[str, Made],
) -> tuple[dict[str, Column], list[dict[str, Any]]]:
    """The columns that are looked at, and for each combination of values that occurs whether it meets the conditions and who has it."""
    days = frozenset(name for one in population if isinstance(one, Within) for name in (one.attribute, one.of))
    named = {*group_by, *(one.attribute for one in population)}
    used = frozenset(origin for name in named for origin in origins(name, made=made))
    columns, frames = _numbered(tables, used=used | days, days=days, order=order)
    statement = compile_cohort(
        columns, partners=list(tables), population=population, group_by=group_by, made=made
    )
    rows = _run(
        statement, {SPINE: spine.select(SPINE_COLUMNS).rename_columns(["partner", "r", "person"]), **frames}
    )
    return columns, rows


def _numbered(
    tables: Mapping[str, pa.Table],
    *,
    used: frozenset[str],
    days: frozenset[str],
    order: Mapping[str, Sequence[str]],
) -> tuple[dict[str, Column], dict[str, pa.Table]]:
    """The columns that are looked at, under numbers, and the tables that hold them."""
    columns: dict[str, Column] = {}
    frames: dict[str, pa.Table] = {}
    for place, (partner, table) in enumerate(tables.items()):
        held = {"r": table.column(RECORD_REF)}
        for name in (n for n in table.column_names if n != RECORD_REF and f"{partner}.{n}" in used):
            attribute = f"{partner}.{name}"
            number = len(columns)
            columns[attribute] = Column(place, number, tuple(order.get(attribute) or ()))
            values = table.column(name).cast(pa.string())
            held[f"c{number}"] = _days(values, attribute) if attribute in days else values
        frames[f"p{place}"] = pa.table(held)
    return columns, frames


def _days(values: pa.ChunkedArray, attribute: str) -> pa.ChunkedArray:
    """The values as days; an empty one is none.

    Raises:
        BadSubmission: some are written otherwise, or are no day of the calendar. The message says how many, never which.
    """
    given = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
    wrong = pc.sum(pc.invert(pc.match_substring_regex(given, DAY))).as_py() or 0
    if not wrong:
        found = pc.strptime(given, format="%Y-%m-%d", unit="s", error_is_null=True).cast(pa.date32())
        again = pc.equal(pc.strftime(found, format="%Y-%m-%d"), given)
        wrong = len(given) - given.null_count - (pc.sum(again).as_py() or 0)
    if wrong:
        raise BadSubmission(f"{wrong} values of {attribute} are no days written as 2026-12-01: submit it again")
    return found


def _run(statement: Statement, tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """The rows that the statement gives over these tables."""
    with open_locked() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        rows: list[dict[str, Any]] = (
            connection.sql(statement.text, params=dict(statement.parameters)).to_arrow_table().to_pylist()
        )
    return rows


def _looked_at(one: Selection) -> tuple[str, ...]:
    return (one.attribute, one.of) if isinstance(one, Within) else (one.attribute,)


def _possible(value: str, attribute: str, population: Sequence[Selection]) -> bool:
    """Whether a person who meets the conditions can have the value."""
    return all(
        isinstance(w, Within) or w.attribute != attribute or (value in w.values) == (w.op != "is-not")
        for w in population
    )
