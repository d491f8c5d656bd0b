"""docs/fairness.md shows every name-origin group, in the columns that the measurement prints."""

from pathlib import Path

import pytest

from linkage.people import fault_rates
from linkage.people.cultures import ORIGINS
from service.officer.fairness import (
    BEGIN,
    END,
    EQUAL_COLUMNS,
    FORM_COLUMNS,
    FORMS,
    LINKAGE_COLUMNS,
    RECORD_COLUMNS,
)

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "fairness.md").read_text(encoding="utf-8")
MEASURED = PAGE.partition(BEGIN)[2].partition(END)[0]


def tables() -> dict[tuple[str, ...], list[list[str]]]:
    """The rows of each table between the markers, by its columns."""
    blocks = [b.strip().splitlines() for b in MEASURED.split("\n\n") if b.strip().startswith("|")]
    cells = [[[c.strip() for c in line.strip("|").split("|")] for line in block] for block in blocks]
    return {tuple(rows[0]): rows[2:] for rows in cells}


@pytest.mark.parametrize("columns", [RECORD_COLUMNS, LINKAGE_COLUMNS, EQUAL_COLUMNS])
def test_a_table_by_origin_has_its_columns_and_every_group_once(columns: tuple[str, ...]) -> None:
    rows = tables()[columns]
    assert [row[0] for row in rows] == list(ORIGINS)
    assert all(len(row) == len(columns) and all(row) for row in rows)


@pytest.mark.parametrize("columns", [LINKAGE_COLUMNS, EQUAL_COLUMNS])
def test_one_group_alone_is_compared_with_none(columns: tuple[str, ...]) -> None:
    gaps = [at for at, name in enumerate(columns) if name == "difference"]
    reference = [row for row in tables()[columns] if all(row[at] == "–" for at in gaps)]
    assert [row[0] for row in reference] == [ORIGINS[0]]


def test_the_table_of_the_public_sets_where_it_stands_names_known_forms_alone() -> None:
    assert {row[1] for row in tables().get(FORM_COLUMNS, [])} <= set(FORMS)


def test_the_page_says_the_factors_that_the_generator_assumes() -> None:
    slips = {origin: factors[0] for origin, factors in fault_rates.ORIGIN_FACTORS.items()}
    exchanged = {origin: factors[1] for origin, factors in fault_rates.ORIGIN_FACTORS.items()}
    least, most = sorted(slips, key=slips.__getitem__)[1], max(slips, key=slips.__getitem__)
    text = " ".join(PAGE.split())
    assert f"{slips[least]} times ({least}) to {slips[most]} times ({most})" in text
    assert max(exchanged.values()) == 10
    assert f"ten times as often ({max(exchanged, key=exchanged.__getitem__)})" in text
