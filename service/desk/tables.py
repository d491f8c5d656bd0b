"""From opened columns to a protected table with everything that leaves beside it, and to the sheet by which checkers look at it."""

import json
from typing import Any, Final

import numpy as np
import pyarrow as pa

from linkage.central.cohort import count, error_rates_of, expected_error_of, read_spine
from policies.disclosure import (
    CountTable,
    Layout,
    PublishedTable,
    SafeTable,
    commit_population,
    csv_text,
    notes,
    protect,
    rows,
)
from policies.disclosure.entangled import refuse_entangled
from service.desk.opening import Opened, restrictions_of
from service.desk.package import as_json, described, package_of, parquet_of
from service.desk.shapes import Desk, Going, Output
from service.errors import OutOfOrder

SHEET_FORMAT: Final = "linkage-check-sheet/v1"
TABLE_CSV_FILE: Final = "table.csv"
TABLE_PARQUET_FILE: Final = "table.parquet"


def table_output(going: Going, *, opened: Opened, desk: Desk) -> Output:
    """The table that was asked for, protected, attacked together with every earlier one, and with its files.

    Raises:
        Unsafe: a reader could infer a hidden count.
        BadInput, BadSubmission, DisclosureError: as `count` and `protect`.
    """
    cohort = count(
        read_spine(opened.spine),
        opened.tables,
        population=opened.population,
        group_by=going.request.group_by,
        order=opened.order,
        made=opened.made,
    )
    layout = Layout(
        commit_population(cohort.everyone, salt=desk.salt.expose()),
        cohort.dimensions,
        cohort.categories,
        restrictions_of(going, cohort=cohort),
    )
    table = CountTable(layout, cohort.counts)
    safe = protect_again(table, going=going, desk=desk)
    contents = package_of(
        going, data=_data(safe), what="table", reading=notes(safe), rates=error_rates_of(opened.spine),
        told=expected_error_of(opened.spine), obligations=safe.obligations, facts=_facts(going, safe),
    )  # fmt: skip
    sheet = _sheet(going, table=table, safe=safe, people=len(cohort.people))
    return Output(safe, contents, sheet, frozenset(cohort.people))


def protect_again(table: CountTable, *, going: Going, desk: Desk) -> SafeTable:
    """The table, protected and attacked with everything released up to now.

    Raises:
        Unsafe: a reader could infer a hidden count.
    """
    ledger = desk.state.ledger()
    refuse_entangled(table.layout, ledger=ledger, catalogue=going.found.facts.catalogue)
    return protect(table, obligations=going.permit.obligations, ledger=ledger, permit=going.permit)


def still_safe(sheet: bytes, *, printed: PublishedTable, going: Going, desk: Desk) -> SafeTable:
    """What the checkers approved, protected and attacked once more by all that was released meanwhile.

    Raises:
        OutOfOrder: it would be printed otherwise now.
        Unsafe: a reader could infer a hidden count now.
    """
    counts = np.array(json.loads(sheet)["counts"], dtype=np.int64).reshape(printed.layout.shape)
    safe = protect_again(CountTable(printed.layout, counts), going=going, desk=desk)
    if safe.published != printed:
        raise OutOfOrder(f"{going.id} would be printed otherwise by now: ask again with a new request")
    return safe


def _data(safe: SafeTable) -> dict[str, bytes]:
    heading, *lines = rows(safe)
    told = [line[-1] for line in lines]
    columns: list[Any] = [pa.array([line[n] for line in lines], pa.string()) for n in range(len(heading) - 1)]
    columns.append(pa.array([int(cell) if cell.isdecimal() else None for cell in told], pa.int64()))
    columns.append(pa.array([None if cell.isdecimal() else cell for cell in told], pa.string()))
    return {
        TABLE_CSV_FILE: csv_text(safe).encode(),
        TABLE_PARQUET_FILE: parquet_of([*heading, "marker"], columns=columns),
    }


def _facts(going: Going, safe: SafeTable) -> dict[str, Any]:
    layout, rule = safe.published.layout, safe.published.rule
    return {
        "measure": "people",
        "dimensions": [
            {"attribute": name, "says": described(going, attribute=name), "categories": list(categories)}
            for name, categories in zip(layout.dimensions, layout.categories, strict=True)
        ],
        "rule": {
            "suppress": rule.suppress,
            "round_to": rule.round_to,
            "hide_zeros": rule.hide_zeros,
            "hidden": "[c]",
            "not_applicable": "[z]",
            "totals": "sums of the printed numbers",
        },
    }


def _sheet(going: Going, *, table: CountTable, safe: SafeTable, people: int) -> bytes:
    return as_json(
        {
            "format": SHEET_FORMAT,
            "release": going.id,
            "request": going.request.model_dump(mode="json", by_alias=True),
            "people": people,
            "dimensions": list(table.layout.dimensions),
            "categories": [list(its) for its in table.layout.categories],
            "counts": [int(n) for n in table.counts.ravel()],
            "printed": list(safe.published.cells),
            "attack": {
                "hidden_cells": safe.audit.hidden,
                "tables_together": safe.audit.tables,
                "findings": len(safe.audit.findings),
            },
        }
    )
