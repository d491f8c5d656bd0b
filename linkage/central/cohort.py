"""From the spine and opened attributes to counts of people. Runs at the release desk, after a permit opened the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.central.assembly.spine import (
    error_rates_of,
    expected_error_of,
    link_bands,
    read_spine,
)
from linkage.central.cohort_cells import cells_of
from linkage.central.cohort_sql import (
    NOTHING_MADE,
    Made,
    Selection,
    Where,
    Within,
)

__all__ = [
    "NO_RECORD",
    "Cohort",
    "Histories",
    "Made",
    "Over",
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


@dataclass(frozen=True, slots=True)
class Over:
    """Time as a dimension: whose earliest day of the attribute is in one of the months is counted in the period beside it, and nobody else is counted."""

    attribute: str
    dimension: str
    periods: Mapping[str, str]


NO_AREAS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({})


def count(
    spine: pa.Table,
    tables: Mapping[str, pa.Table],
    *,
    population: Sequence[Selection],
    group_by: Sequence[str],
    order: Mapping[str, Sequence[str]],
    made: Mapping[str, Made] = NOTHING_MADE,
    upwards: Mapping[str, Mapping[str, str]] = NO_AREAS,
    over: Over | None = None,
) -> Cohort:
    """The cohort: who meets every condition, counted by the dimensions. `tables` are the opened columns of each partner.

    Where a person's records differ, the value that stands last in `order` counts (so that "yes" beats "no"), and a value that is not in it counts as none;
    without an order, the one that sorts last. A day is written as 2026-12-01. `made` are attributes made of others. `upwards` gives, for dimensions that are
    counted by something coarser, each value and what it is counted as. `over` is the last dimension, if time is one.

    Raises:
        BadInput: an attribute of a condition or a dimension is not among the tables.
        BadSubmission: what a window looks at is no day.
    """
    first = None if over is None else over.attribute
    columns, rows = cells_of(
        spine, tables, population=population, group_by=group_by, order=order, made=made, first=first
    )
    everyone = sorted(person for row in rows for person in row["people"])
    chosen = [row for row in rows if row["met"] and (over is None or row["month"] in over.periods)]
    people = sorted(person for row in chosen for person in row["people"])
    asked = {name for one in population for name in _looked_at(one)} | (set() if first is None else {first})
    # Whoever meets a condition on a partner's attribute is known to that partner, for all of its attributes.
    sure = asked | {name.partition(".")[0] for name in asked - made.keys()}
    categories = []
    for number, attribute in enumerate(group_by):
        g = f"g{number}"
        found = {row[g] for row in rows if row[g] is not None}
        up = upwards.get(attribute, {})
        possible = (v for v in order.get(attribute) or sorted(found) if _possible(v, attribute, population))
        known = list(dict.fromkeys(up.get(v, v) for v in possible))
        never_absent = not sure.isdisjoint({attribute, attribute.partition(".")[0]}) and all(
            row[g] is not None for row in chosen
        )
        categories.append(tuple(known) if never_absent else (*known, NO_RECORD))
    if over is not None:
        categories.append(tuple(dict.fromkeys(over.periods.values())))
    places = [{value: place for place, value in enumerate(its)} for its in categories]
    counts = np.zeros(tuple(len(its) for its in categories), dtype=np.int64)
    for row in chosen:
        values = [_counted_as(row[f"g{n}"], upwards.get(name, {})) for n, name in enumerate(group_by)]
        values += [] if over is None else [over.periods[row["month"]]]
        counts[tuple(place[value] for place, value in zip(places, values, strict=True))] += len(row["people"])
    seen = {
        name: tuple(sorted(v for v in rows[0][f"seen{column.number}"] or [] if v is not None))
        for name, column in columns.items()
        if rows and f"seen{column.number}" in rows[0]
    }
    dimensions = (*group_by, *(() if over is None else (over.dimension,)))
    return Cohort(tuple(everyone), tuple(people), dimensions, tuple(categories), counts, seen)


def rows_of(
    spine: pa.Table,
    tables: Mapping[str, pa.Table],
    *,
    population: Sequence[Selection],
    columns: Sequence[str],
    order: Mapping[str, Sequence[str]],
    made: Mapping[str, Made] = NOTHING_MADE,
    upwards: Mapping[str, Mapping[str, str]] = NO_AREAS,
) -> Histories:
    """The same people as `count` counts, one by one, with what it would count them by.

    Raises:
        BadInput, BadSubmission: as `count`.
    """
    _, cells = cells_of(spine, tables, population=population, group_by=columns, order=order, made=made)
    found = sorted(
        (person, tuple(_counted_as(cell[f"g{n}"], upwards.get(name, {})) for n, name in enumerate(columns)))
        for cell in cells
        if cell["met"]
        for person in cell["people"]
    )
    values = tuple(row for _, row in found)
    listed, categories = [], []
    for number, name in enumerate(columns):
        up = upwards.get(name, {})
        given = tuple(dict.fromkeys(up.get(value, value) for value in order.get(name) or ()))
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


def _counted_as(value: str | None, up: Mapping[str, str]) -> str:
    return NO_RECORD if value is None else up.get(value, value)


def _looked_at(one: Selection) -> tuple[str, ...]:
    return (one.attribute, one.of) if isinstance(one, Within) else (one.attribute,)


def _possible(value: str, attribute: str, population: Sequence[Selection]) -> bool:
    """Whether a person who meets the conditions can have the value."""
    return all(
        isinstance(w, Within) or w.attribute != attribute or (value in w.values) == (w.op != "is-not")
        for w in population
    )
