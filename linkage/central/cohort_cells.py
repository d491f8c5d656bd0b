"""The cells of a cohort: people by the values that conditions and dimensions look at, out of the spine and the opened columns, by one statement."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from linkage.attributes import RECORD_REF
from linkage.central.assembly.spine import SPINE_COLUMNS
from linkage.central.cohort_sql import (
    SPINE,
    Column,
    Made,
    Selection,
    Statement,
    Within,
    compile_cohort,
    origins,
)
from linkage.central.store import open_locked
from linkage.errors import BadSubmission

DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\z"


def cells_of(
    spine: pa.Table,
    tables: Mapping[str, pa.Table],
    *,
    population: Sequence[Selection],
    group_by: Sequence[str],
    order: Mapping[str, Sequence[str]],
    made: Mapping[str, Made],
    first: str | None = None,
) -> tuple[dict[str, Column], list[dict[str, Any]]]:
    """The columns that are looked at, and for each combination of values that occurs whether it meets the conditions and who has it."""
    days = frozenset(name for one in population if isinstance(one, Within) for name in (one.attribute, one.of))
    days |= frozenset() if first is None else {first}
    named = {*group_by, *(one.attribute for one in population)}
    used = frozenset(origin for name in named for origin in origins(name, made=made))
    columns, frames = _numbered(tables, used=used | days, days=days, order=order)
    statement = compile_cohort(
        columns, partners=list(tables), population=population, group_by=group_by, made=made, first=first
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
