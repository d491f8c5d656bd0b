"""From opened columns to a protected table with everything that leaves beside it, and to the sheet by which checkers look at it."""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from linkage.central.cohort import error_rates_of, expected_error_of, read_spine
from policies.disclosure import (
    HIDDEN,
    NOT_APPLICABLE,
    CountTable,
    Ledger,
    LedgerEntry,
    PublishedTable,
    SafeTable,
    csv_text,
    map_rows,
    notes,
    protect,
    rate_rows,
    rows,
)
from policies.disclosure.entangled import refuse_entangled
from policies.disclosure.render import RATE
from policies.forms import MAP
from service.desk.changes import changes_since
from service.desk.counting import Counted, counted, counted_among
from service.desk.opening import Opened
from service.desk.package import as_json, described, package_of, parquet_of
from service.desk.shapes import Desk, Going, Output
from service.errors import OutOfOrder

AMONG: Final = "among"
COUNT: Final = "count"
MAP_CSV_FILE: Final = "map.csv"
MARKERS: Final = frozenset({HIDDEN, NOT_APPLICABLE})
SHEET_FORMAT: Final = "linkage-check-sheet/v1"
TABLE_CSV_FILE: Final = "table.csv"
TABLE_PARQUET_FILE: Final = "table.parquet"


def table_output(going: Going, *, opened: Opened, desk: Desk) -> Output:
    """The table that was asked for, protected, attacked together with every earlier one, and with its files. Of rates, the table of those of whom they are
    told leaves beside it.

    Raises:
        Unsafe: a reader could infer a hidden count.
        BadInput, BadSubmission, DisclosureError: as `count` and `protect`.
    """
    spine, asked = read_spine(opened.spine), going.request
    if asked.among is not None:
        among, inside = counted_among(going, spine=spine, opened=opened, desk=desk)
    else:
        among, inside = None, counted(going, spine=spine, opened=opened, desk=desk, population=opened.population, conditions=asked.population)  # fmt: skip
    tables = (inside.table,) if among is None else (inside.table, among.table)
    safe, *others = protect_again(tables, everyone=inside.everyone, going=going, desk=desk)
    beside = next(iter(others), None)
    contents = package_of(
        going, data=_data(going, safe, beside), what="table", reading=_reading(going, safe, beside), rates=error_rates_of(opened.spine),
        told=expected_error_of(opened.spine), obligations=safe.obligations, facts=_facts(going, safe),
    )  # fmt: skip
    sheet = _sheet(going, counted_=inside, safe=safe) | (
        {} if among is None or beside is None else {AMONG: _told(among, beside)}
    )
    whom = among.people if among else None
    return Output(safe, contents, as_json(sheet), inside.people, beside, whom, everyone=inside.everyone)


def protect_again(
    tables: Sequence[CountTable], *, everyone: frozenset[str] | None, going: Going, desk: Desk
) -> tuple[SafeTable, ...]:
    """The tables of one release, protected and attacked with everything released up to now and with each other. `everyone` is in the linked data that they count.

    Raises:
        Unsafe: a reader could infer a hidden count.
    """
    ledger, done = desk.state.ledger(), list[SafeTable]()
    changes = changes_since(everyone, desk=desk)
    for table in reversed(tables):
        refuse_entangled(table.layout, ledger=ledger, catalogue=going.found.facts.catalogue)
        done.append(
            protect(
                table, obligations=going.permit.obligations, ledger=ledger, permit=going.permit, changes=changes
            )
        )
        ledger = Ledger((*ledger.entries, LedgerEntry(going.id, done[-1].published, AMONG)))
    return tuple(reversed(done))


def still_safe(
    sheet: bytes,
    *,
    printed: Sequence[PublishedTable],
    everyone: frozenset[str] | None,
    going: Going,
    desk: Desk,
) -> tuple[SafeTable, ...]:
    """What the checkers approved, protected and attacked once more by all that was released meanwhile.

    Raises:
        OutOfOrder: it would be printed otherwise now.
        Unsafe: a reader could infer a hidden count now.
    """
    told = json.loads(sheet)
    tables = []
    for one, its in zip(printed, (told, told.get(AMONG)), strict=False):
        counts = np.array(its["counts"], dtype=np.int64).reshape(one.layout.shape)
        absent = np.array([cell == NOT_APPLICABLE for cell in one.cells]).reshape(one.layout.shape)
        tables.append(CountTable(one.layout, counts, absent))
    safe = protect_again(tables, everyone=everyone, going=going, desk=desk)
    if tuple(one.published for one in safe) != tuple(printed):
        raise OutOfOrder(f"{going.id} would be printed otherwise by now: ask again with a new request")
    return safe


def _data(going: Going, safe: SafeTable, beside: SafeTable | None) -> dict[str, bytes]:
    lines = rows(safe) if beside is None else rate_rows(safe, among=beside)
    dimensions, heading = len(safe.published.layout.dimensions), list[str]()
    columns: list[Any] = []
    for n, name in enumerate(lines[0]):
        told = [line[n] for line in lines[1:]]
        if n < dimensions:
            heading, columns = [*heading, name], [*columns, pa.array(told, pa.string())]
            continue
        number, marker = (float, pa.float64()) if name == RATE else (int, pa.int64())
        heading += [name, "marker" if name == COUNT else f"{name}_marker"]
        columns += [
            pa.array([None if cell in MARKERS else number(cell) for cell in told], marker),
            pa.array([cell if cell in MARKERS else None for cell in told], pa.string()),
        ]
    files = {TABLE_CSV_FILE: csv_text(lines).encode(), TABLE_PARQUET_FILE: parquet_of(heading, columns=columns)}
    if going.permit.form != MAP:
        return files
    areas = going.found.facts.catalogue.attributes[going.request.group_by[0]].areas
    level_of = (
        {}
        if areas is None
        else {code: level for level, its in zip(areas.levels, areas.at, strict=True) for code in its}
    )
    return {**files, MAP_CSV_FILE: csv_text(map_rows(safe, level_of=level_of)).encode()}


def _reading(going: Going, safe: SafeTable, beside: SafeTable | None) -> tuple[str, ...]:
    told = notes(safe)
    if beside is not None:
        told += (
            f"{RATE} is made of the two printed numbers beside it, so it is hidden where either is, and {NOT_APPLICABLE} where nobody is to divide by.",
        )
    if safe.published.layout.levels:
        told += ("A coarser area or period stands below the finer ones that it is made of; All is everything.",)
    if going.permit.form == MAP:
        told += (
            f"{MAP_CSV_FILE} has a row for each area's code and level; hidden, zero and not-applicable are told apart under state.",
        )
    return told


def _facts(going: Going, safe: SafeTable) -> dict[str, Any]:
    layout, rule, exact = safe.published.layout, safe.published.rule, safe.published.exact
    return {
        "measure": "people",
        "dimensions": [
            {"attribute": name, "says": described(going, attribute=name), "categories": list(categories)}
            for name, categories in zip(layout.dimensions, layout.categories, strict=True)
        ],
        "rule": {
            "mode": "exact" if exact else "rounded",
            "suppress": rule.suppress,
            "round_to": rule.round_to,
            "hide_zeros": rule.hide_zeros,
            "hidden": "[c]",
            "not_applicable": "[z]",
            "totals": "exact, or hidden" if exact else "sums of the printed numbers",
        },
    }


def _sheet(going: Going, *, counted_: Counted, safe: SafeTable) -> dict[str, Any]:
    return {
        "format": SHEET_FORMAT,
        "release": going.id,
        "request": going.request.model_dump(mode="json", by_alias=True, exclude_none=True),
        **_told(counted_, safe),
        "dimensions": list(safe.published.layout.dimensions),
        "categories": [list(its) for its in safe.published.layout.categories],
        "attack": {
            "hidden_cells": safe.audit.hidden,
            "tables_together": safe.audit.tables,
            "findings": len(safe.audit.findings),
        },
    }


def _told(one: Counted, safe: SafeTable) -> dict[str, Any]:
    return {
        "people": len(one.people),
        "counts": [int(n) for n in one.table.counts.ravel()],
        "printed": list(safe.published.cells),
    }
