"""From opened columns to rows of people for the secure setting, with everything that goes there beside them, and to the sheet for the checkers."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from linkage.central.assembly.weakest import BANDS, LIKELY_FROM, NOT_SAID, SURE_FROM
from linkage.central.cohort import Histories, error_rates_of, expected_error_of, link_bands, read_spine, rows_of
from policies.catalogue import Attribute
from policies.disclosure.extracts import Column, Joins, Rows, SafeExtract, protect_rows, pseudonyms, role_of
from policies.disclosure.render import plain_cell
from service.desk.counting import upwards_of
from service.desk.opening import Opened
from service.desk.package import as_json, described, package_of, parquet_of
from service.desk.shapes import Desk, Going, Output
from service.desk.tables import SHEET_FORMAT
from service.errors import OutOfOrder

ROWS_CSV_FILE: Final = "rows.csv"
ROWS_PARQUET_FILE: Final = "rows.parquet"
PSEUDONYM: Final = "pseudonym"
BAND: Final = "linkage_band"
KEY_BYTES: Final = 32
ROUGHLY: Final = 10
METHOD: Final = "full-domain generalisation with suppression of rows (Samarati 2001); distinct l-diversity"


def extract_output(going: Going, *, opened: Opened, desk: Desk) -> Output:
    """The rows that were asked for, safe enough for the secure setting, under pseudonyms of this release alone, and with their files.

    Raises:
        Unsafe: these people and columns cannot be made safe.
        OutOfOrder: the request names no column that may be shown.
        BadInput, BadSubmission, DisclosureError: as `rows_of` and `protect_rows`.
    """
    found = rows_of(
        read_spine(opened.spine),
        opened.tables,
        population=opened.population,
        columns=_columns(going),
        order=opened.order,
        made=opened.made,
        upwards=upwards_of(going, names=_columns(going)),
    )
    safe = protect_rows(_rows(going, found), obligations=going.permit.obligations, permit=going.permit)
    heading, lines = _lines(safe, found, opened, desk=desk)
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([heading, *([plain_cell(cell) for cell in line] for line in lines)])  # fmt: skip
    contents = package_of(
        going,
        data={
            ROWS_CSV_FILE: text.getvalue().encode(),
            ROWS_PARQUET_FILE: parquet_of(
                heading,
                columns=[pa.array([line[n] for line in lines], pa.string()) for n in range(len(heading))],
            ),
        },
        what="extract",
        reading=_reading(going, safe),
        rates=error_rates_of(opened.spine),
        told=expected_error_of(opened.spine),
        obligations=safe.obligations,
        facts=_facts(going, safe),
    )
    sheet = _sheet(going, safe=safe, people=len(found.people), earlier=desk.state.extracts())
    alike = dict(zip((found.people[n] for n in safe.kept), safe.groups, strict=True))
    joins = Joins(tuple(sorted(safe.coarse)), alike, _values(safe, found))
    return Output(None, contents, sheet, frozenset(found.people), joins=joins)


def _values(safe: SafeExtract, found: Histories) -> dict[str, dict[str, str]]:
    """What each person in the extract has of each sensitive column."""
    people = [found.people[n] for n in safe.kept]
    return {
        column.name: dict(zip(people, (row[n] for row in safe.rows), strict=True))
        for n, column in enumerate(safe.columns)
        if column.name not in safe.coarse
    }


def _columns(going: Going) -> tuple[str, ...]:
    """The attributes that the request divides by; all that may be shown, if it divides by none. A day is never shown."""
    known = going.found.facts.catalogue.attributes
    asked = going.request.group_by or tuple(one.attribute for one in going.request.attributes)
    columns = tuple(name for name in asked if not known[name].dated)
    if not columns:
        raise OutOfOrder("the request names no attribute that may be shown in a row")
    return columns


def _rows(going: Going, found: Histories) -> Rows:
    known = going.found.facts.catalogue.attributes
    columns = tuple(
        Column(name, role_of(known[name]), categories or ("",), listed, _coarser(known[name], categories))
        for name, categories, listed in zip(found.columns, found.categories, found.listed, strict=True)
    )
    places = [{value: code for code, value in enumerate(its)} for its in found.categories]
    codes = np.array(
        [[place[value] for place, value in zip(places, row, strict=True)] for row in found.values],
        dtype=np.int64,
    ).reshape(len(found.people), len(columns))
    return Rows(found.people, columns, codes)


def _coarser(attribute: Attribute, categories: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Of areas, what each becomes at every level above; a missing record stays one."""
    found, up = list[tuple[str, ...]](), dict(() if attribute.areas is None else attribute.areas.within)
    level = tuple(up.get(code, code) for code in categories)
    while up and level != (found[-1] if found else tuple(categories)):
        found.append(level)
        level = tuple(up.get(code, code) for code in level)
    return tuple(found)


def _lines(
    safe: SafeExtract, found: Histories, opened: Opened, *, desk: Desk
) -> tuple[list[str], list[tuple[str, ...]]]:
    """The heading and the rows, in the order of pseudonyms whose key nobody keeps."""
    people = [found.people[n] for n in safe.kept]
    named = pseudonyms(people, key=desk.randomness(KEY_BYTES))
    bands = link_bands(opened.spine)
    lines = sorted(
        (pseudonym, *row, bands[person])
        for pseudonym, row, person in zip(named, safe.rows, people, strict=True)
    )
    return [PSEUDONYM, *(column.name for column in safe.columns), BAND], lines


def _roughly(count: int) -> str:
    return f"fewer than {ROUGHLY}" if count < ROUGHLY else f"about {count // ROUGHLY * ROUGHLY}"


def _reading(going: Going, safe: SafeExtract) -> list[str]:
    sensitive = [c.name for c in safe.columns if c.name not in safe.coarse]
    return [
        "Each row is one person. Its pseudonym was made for this release alone, and the key of it was thrown away: it is found in no other extract.",
        f"By {_listed(list(safe.coarse))} every row looks like at least {safe.k - 1} others.",
        *(
            [f"Rows that look alike have at least {safe.l} different values of {_listed(sensitive)}."]
            if sensitive
            else []
        ),
        *(
            f"{described(going, attribute=name)} ({name}) was made coarser; its values are {_listed(list(labels))}."
            for name, (level, labels) in safe.coarse.items()
            if level
        ),
        f"Rows left out because too few others looked like them: {_roughly(safe.dropped)}.",
        "no record stands for people whom that partner does not know.",
        f"{BAND} says how surely the records of a person belong together, by the weakest link between them: {BANDS['s']} from {SURE_FROM:.0%}, "
        f"{BANDS['l']} from {LIKELY_FROM:.0%}, {BANDS['w']} below, {BANDS['-']} where there was nothing to link, {NOT_SAID} where the linkage did not say. "
        "Repeat an analysis without the weak ones, and state what changes.",
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "everything that others could know"


def _facts(going: Going, safe: SafeExtract) -> dict[str, Any]:
    return {
        "measure": "one row for each person",
        "rows": len(safe.rows),
        "left_out": _roughly(safe.dropped),
        "columns": [
            {
                "attribute": column.name,
                "says": described(going, attribute=column.name),
                "role": column.role,
                "level": safe.coarse[column.name][0] if column.name in safe.coarse else 0,
                "values": list(
                    safe.coarse[column.name][1] if column.name in safe.coarse else column.categories
                ),
            }
            for column in safe.columns
        ],
        "rule": {"k": safe.k, "l": safe.l, "loss": round(safe.loss, 4), "method": METHOD},
        "linkage_bands": {BANDS["s"]: SURE_FROM, BANDS["l"]: LIKELY_FROM, BANDS["w"]: 0.0},
    }


def _sheet(going: Going, *, safe: SafeExtract, people: int, earlier: Sequence[str]) -> bytes:
    return as_json(
        {
            "format": SHEET_FORMAT,
            "release": going.id,
            "request": going.request.model_dump(mode="json", by_alias=True, exclude_none=True),
            "people": people,
            "rows": len(safe.rows),
            "left_out": safe.dropped,
            "k": safe.k,
            "l": safe.l,
            "earlier_extracts": list(earlier),
            "alone_by_what_others_know_before": [list(row) for row in safe.uniques_before],
            "alone_by_all_columns": [list(row) for row in safe.uniques_after],
        }
    )
