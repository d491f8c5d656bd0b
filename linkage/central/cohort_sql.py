"""Conditions, windows of time and dimensions, compiled to one parameterised statement.

The text of the statement follows from numbers alone: how many partners' tables there are, which columns of theirs a condition or a dimension
looks at, which of five operations a condition is, and how attributes are made of others. Tables and columns have names of our own (`p0`, `c0`), and every text that somebody
wrote, value, order of values or name of a partner, is bound as a parameter. Parameters are bound by DuckDB's prepared statements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from linkage.errors import BadInput

SPINE: Final = "spine"


@dataclass(frozen=True, slots=True)
class Where:
    """One condition on people: the attribute `is`, `is-not` or is `in` the values. A person without a record of it meets none."""

    attribute: str
    op: Literal["is", "is-not", "in"]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """One window: some day of the attribute lies 0 to `days` days after the person's earliest day of the other, or 1 to `days` days before it."""

    attribute: str
    op: Literal["within-days-after", "within-days-before"]
    of: str
    days: int


@dataclass(frozen=True, slots=True)
class Made:
    """An attribute that is made of others: `yes` where each (`every`), or at least one, of the attributes has one of the values beside it, else `no`. It has
    no value for a person of whom none of them is known."""

    every: bool
    of: tuple[tuple[str, tuple[str, ...]], ...]


Selection: TypeAlias = Where | Within
Parameter: TypeAlias = str | int | list[str]
NOTHING_MADE: Final[Mapping[str, Made]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Column:
    """Where an attribute stands: table `p<table>`, column `c<number>`. `order` lists its values, the strongest last; without one the value that sorts
    last is the strongest."""

    table: int
    number: int
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """The text, and what its parameters are bound to, by name."""

    text: str
    parameters: Mapping[str, Parameter]


def origins(name: str, *, made: Mapping[str, Made]) -> tuple[str, ...]:
    """The attributes of partners that an attribute rests on: itself alone, if it is not made."""
    if name not in made:
        return (name,)
    return tuple(dict.fromkeys(one for source, _ in made[name].of for one in origins(source, made=made)))


def compile_cohort(
    columns: Mapping[str, Column],
    *,
    partners: Sequence[str],
    population: Sequence[Selection],
    group_by: Sequence[str],
    made: Mapping[str, Made] = NOTHING_MADE,
    first: str | None = None,
) -> Statement:
    """The statement that gives a row for each cell, `met` (whether its people meet the conditions), `g0`, `g1`, … (values of the dimensions; null without a
    record), `people`, and `seen<n>` (all values of column n, where a condition looks at it and it has no order), over the tables `spine` (partner, r, person)
    and `p0`, `p1`, … (r, c0, c1, …). An attribute of `made` may stand wherever another may, but in a window. With `first`, a dated attribute, the column `month` has that of
    a person's earliest day, as 2026-12, or null.

    Raises:
        BadInput: a condition or a dimension looks at an attribute that is not among the columns.
    """
    windowed = {name for one in population if isinstance(one, Within) for name in (one.attribute, one.of)}
    windowed |= set() if first is None else {first}
    used = [one.attribute for one in population if isinstance(one, Where)] + list(group_by)
    if both := windowed & set(used):
        raise BadInput(f"{min(both)} is a day, which nobody is compared or counted by")
    making = _makings(used, made)
    valued = {one: _column(columns, one) for name in used for one in origins(name, made=making)}
    tables = sorted({column.table for column in valued.values()})
    reached = {*tables, *(_column(columns, name).table for name in windowed)}
    parameters: dict[str, Parameter] = {f"partner{n}": partners[n] for n in sorted(reached)}
    parts = ["everyone AS (SELECT DISTINCT person FROM spine)"]
    parts += [_values(n, [c for c in valued.values() if c.table == n], parameters) for n in tables]
    shown_as = {name: f"v{column.number}" for name, column in valued.items()}
    for name, rule in making.items():
        shown_as[name] = _made(rule, shown_as, len(shown_as), parameters)
    tests: list[str] = []
    for number, one in enumerate(population):
        if isinstance(one, Where):
            parameters[f"values{number}"] = list(one.values)
            tests.append(_condition(one, shown_as[one.attribute], number))
        else:
            parameters[f"days{number}"] = one.days
            parts += _window(one, columns, number)
            tests.append(f"person IN (SELECT person FROM w{number})")  # noqa: S608  numbers alone
    if first is not None:
        day = _column(columns, first)
        parts.append(
            f"first AS (SELECT s.person, min(t.c{day.number}) AS day {_records(day.table)} GROUP BY s.person)"
        )
    asked = dict.fromkeys(
        valued[one.attribute] for one in population if isinstance(one, Where) and one.attribute in valued
    )
    met = " AND ".join(f"coalesce({test}, false)" for test in tests) or "true"
    cells = "".join(f", {shown_as[name]} AS g{n}" for n, name in enumerate(group_by))
    shown = "".join(f", g{n}" for n in range(len(group_by)))
    if first is not None:
        cells, shown = f"{cells}, strftime(first.day, '%Y-%m') AS month", f"{shown}, month"
    seen = "".join(_seen(column) for column in asked if not column.order)
    joined = "".join(f" LEFT JOIN k{n} USING (person)" for n in tables)
    joined += " LEFT JOIN first USING (person)" if first is not None else ""
    text = (
        f"WITH {', '.join(parts)} SELECT met{shown}, list(person) AS people{seen}"  # noqa: S608  numbers alone
        f" FROM (SELECT person, ({met}) AS met{cells} FROM everyone{joined}) GROUP BY met{shown}"
    )
    return Statement(text, parameters)


def _seen(column: Column) -> str:
    return f", (SELECT list(DISTINCT v{column.number}) FROM k{column.table}) AS seen{column.number}"  # noqa: S608  numbers alone


def _column(columns: Mapping[str, Column], name: str) -> Column:
    if name not in columns:
        raise BadInput(f"{name} is no column that was opened, so nobody can be selected or counted by it")
    return columns[name]


def _values(table: int, columns: Sequence[Column], parameters: dict[str, Parameter]) -> str:
    """One value a person of each column: of several records, the strongest."""
    shown = []
    for column in columns:
        c, v = f"t.c{column.number}", f"v{column.number}"
        if column.order:
            order = f"$order{column.number}"
            parameters[order[1:]] = list(column.order)
            shown.append(
                f"list_extract({order}::VARCHAR[], max(nullif(list_position({order}::VARCHAR[], {c}), 0))) AS {v}"
            )
        else:
            shown.append(f"max({c}) AS {v}")
    return f"k{table} AS (SELECT s.person, {', '.join(shown)} {_records(table)} GROUP BY s.person)"


def _records(table: int) -> str:
    return f"FROM spine s JOIN p{table} t ON t.r = s.r WHERE s.partner = $partner{table}"


def _makings(used: Sequence[str], made: Mapping[str, Made]) -> dict[str, Made]:
    """The attributes that are made and used, directly or for another; those that others are made of first."""
    found: dict[str, Made] = {}

    def add(name: str) -> None:
        if name in made and name not in found:
            for source, _ in made[name].of:
                add(source)
            found[name] = made[name]

    for name in used:
        add(name)
    return found


def _made(one: Made, shown_as: Mapping[str, str], number: int, parameters: dict[str, Parameter]) -> str:
    """A made attribute's value: null, `no` or `yes`."""
    tests = []
    for at, (source, values) in enumerate(one.of):
        bound = f"made{number}_{at}"
        parameters[bound] = list(values)
        tests.append(f"coalesce(list_contains(${bound}::VARCHAR[], {shown_as[source]}), false)")
    known = ", ".join(shown_as[source] for source, _ in one.of)
    holds = (" AND " if one.every else " OR ").join(tests)
    return f"(CASE WHEN coalesce({known}) IS NULL THEN NULL WHEN {holds} THEN 'yes' ELSE 'no' END)"


def _condition(where: Where, value: str, number: int) -> str:
    among = f"list_contains($values{number}::VARCHAR[], {value})"
    return f"{value} IS NOT NULL AND NOT {among}" if where.op == "is-not" else among


def _window(within: Within, columns: Mapping[str, Column], number: int) -> list[str]:
    """The people inside a window: `x` has everybody's earliest day of the one event, `w` who has a day of the other inside."""
    event, index = _column(columns, within.attribute), _column(columns, within.of)
    days = f"$days{number}::INTEGER"
    span = f"x.day AND x.day + {days}" if within.op == "within-days-after" else f"x.day - {days} AND x.day - 1"
    inside = f"SELECT 1 FROM x{number} x WHERE x.person = s.person AND t.c{event.number} BETWEEN {span}"  # noqa: S608  numbers alone
    return [
        f"x{number} AS (SELECT s.person, min(t.c{index.number}) AS day {_records(index.table)} GROUP BY s.person)",
        f"w{number} AS (SELECT DISTINCT s.person {_records(event.table)} AND EXISTS ({inside}))",
    ]
