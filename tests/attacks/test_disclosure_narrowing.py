"""What a reader can work out about hidden cells, and that such tables do not leave."""

from datetime import UTC, datetime
from importlib.resources import files
from itertools import product

import numpy as np
import pytest

from policies.catalogue_document import load_catalogue
from policies.disclosure import (
    Change,
    CountTable,
    Layout,
    Ledger,
    Restriction,
    Rule,
    Unsafe,
    View,
    audit,
    protect,
    suppress_and_round,
    view,
)
from policies.disclosure.margins import margins_of
from policies.engine import decide
from policies.gateways_document import load_gateways
from policies.load import load_policy
from policies.request import Request
from policies.selftest import PERSON, PROJECT, perfect_facts

LIBRARY = files("policies") / "library"
CATALOGUE = load_catalogue((LIBRARY / "catalogue.yaml").read_text("utf-8"))
GATEWAYS = load_gateways((LIBRARY / "gateways.yaml").read_text("utf-8"))
POLICY = load_policy((LIBRARY / "framework.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
RULE = Rule(7, 5, False)
NAMES = (
    "police.area",
    "police.arrested_violence",
    "schools.suspended",
    "youth-offending.mentoring",
    "police.age_band",
)


def permit():
    request = Request(
        project=PROJECT,
        requester=PERSON,
        role="analyst",
        organisation=PROJECT,
        purpose="strategic-needs-assessment",
        form="aggregate-table",
        attributes=dict.fromkeys(NAMES, "needed"),
        area="local-partnership",
        benefit="earlier help",
        asked_on=NOW.date(),
        use_until=NOW.date(),
    )
    facts = perfect_facts(POLICY, catalogue=CATALOGUE, gateways=GATEWAYS, role="analyst", now=NOW)
    return decide(request, POLICY, facts=facts, now=NOW).require()


def layout(shape, names=NAMES, restrictions=()):
    names = names[: len(shape)]
    return Layout(
        "people",
        names,
        tuple(tuple(f"{name}-{i}" for i in range(n)) for name, n in zip(names, shape, strict=True)),
        restrictions,
    )


def published(counts, **more):
    counts = np.array(counts)
    return suppress_and_round(CountTable(layout(counts.shape, **more), counts), rule=RULE)


def statement(low, high):
    """A total published by somebody else, known to lie in a range."""
    return View("a total", Layout("people", (), ()), np.array([low]), np.array([high]), np.array([False]))


def release(counts, ledger, *, changes=None, **more):
    counts = np.array(counts)
    given = permit()
    return protect(
        CountTable(layout(counts.shape, **more), counts),
        obligations=given.obligations,
        ledger=ledger,
        permit=given,
        changes=changes or {},
    )


def test_a_sum_of_rounded_cells_keeps_the_interval_open():
    result = release([1, 8, 8, 8], Ledger())
    assert result.published.cells == ("[c]", "10", "10", "10")
    assert dict(margins_of(result.published))[("Total",)] == "30"
    assert result.audit.findings == ()


@pytest.mark.parametrize(("low", "high", "inferred"), [(25, 25, (1, 1)), (23, 27, (1, 3))])
def test_an_exact_total_or_one_rounded_on_its_own_narrows_the_hidden_cell(low, high, inferred):
    """The published example: 1, 8, 8, 8 with the total 25, exact and rounded independently."""
    (finding,) = audit([view(published([1, 8, 8, 8]), name="t"), statement(low, high)]).findings
    assert (finding.low, finding.high) == inferred
    assert finding.cell == ("police.area-0",)


def test_an_earlier_release_that_would_be_subtracted_blocks_the_next():
    ledger = Ledger().add("first", table=published(np.array(25)))
    with pytest.raises(Unsafe, match="narrow down") as caught:
        release([1, 8, 8, 8], ledger)
    assert caught.value.findings[0].code == "narrowed"
    assert "25" not in str(caught.value)


def test_a_new_table_may_not_narrow_a_cell_of_an_earlier_one():
    """The new table hides nothing itself; read with the first, it tells about a cell that the first hid."""
    ledger = Ledger().add("first", table=published([1, 8, 8, 8]))
    with pytest.raises(Unsafe) as caught:
        release(np.array(25), ledger)
    assert {finding.table for finding in caught.value.findings} == {"first"}


def test_releases_about_other_people_do_not_matter():
    """Of the 25 people then nobody is among the 64 of now. Where that is not known, other people are those before an update."""
    other = CountTable(Layout("others", (), ()), np.array(25))
    ledger = Ledger().add("first", table=suppress_and_round(other, rule=RULE))
    all_others = {"others": Change(came=64, left=25)}
    assert release([4, 20, 20, 20], ledger, changes=all_others).published.cells[0] == "[c]"
    with pytest.raises(Unsafe, match="before and after an update"):
        release([1, 8, 8, 8], ledger)


def test_the_same_table_may_be_released_again():
    ledger = Ledger().add("first", table=published([[1, 8, 30], [20, 5, 9]]))
    assert release([[1, 8, 30], [20, 5, 9]], ledger).audit.tables == 2


def test_a_condition_is_seen_through():
    """Everybody by arrest, then those who were arrested alone, restricted: the same people, so the totals are compared."""
    values = ("police.arrested_violence-0", "police.arrested_violence-1")
    only = Restriction("police.arrested_violence", values[:1], values)
    first = published([25, 37], names=("police.arrested_violence",))
    narrow = published([1, 8, 8, 8], restrictions=(only,))
    assert audit([view(first, name="first"), view(narrow, name="second")]).findings[0].high == 3
    others = Restriction("police.arrested_violence", values[1:], values)
    assert (
        audit(
            [view(first, name="first"), view(published([1, 12, 12, 12], restrictions=(others,)), name="x")]
        ).findings
        == ()
    )


def test_a_hidden_zero_may_not_be_recognised_as_zero():
    """Everybody in the first row is in one column, so its zero is hidden; the exact total of the row tells it all the same."""
    table = view(published([[0, 18], [30, 40]]), name="t")
    assert table.hidden.tolist() == [True, False, False, False]
    first_row = Layout("people", NAMES[:1], (("police.area-0",),))
    exact = View("row", first_row, np.array([18]), np.array([18]), np.array([False]))
    (finding,) = audit([table, exact]).findings
    assert (finding.cell, finding.low, finding.high) == (("police.area-0", "police.arrested_violence-0"), 0, 0)
    rounded = View("row", first_row, np.array([18]), np.array([27]), np.array([False]))
    assert audit([table, rounded]).findings == ()


def test_tables_that_contradict_each_other_do_not_leave():
    ledger = Ledger().add("first", table=published(np.array(500)))
    with pytest.raises(Unsafe, match="contradict"):
        release([1, 8, 8, 8], ledger)


def test_more_dimensions_than_can_be_checked_do_not_leave():
    ledger = Ledger()
    for index in range(5):
        one = Layout("people", (f"d{index}",), (tuple(f"v{i}" for i in range(12)),))
        ledger = ledger.add(f"r{index}", table=suppress_and_round(CountTable(one, np.full(12, 50)), rule=RULE))
    with pytest.raises(Unsafe, match="too many dimensions"):
        release([1, 8, 600 - 9], ledger)


def brute_force(tables):
    """Every value each hidden cell can take, by listing all two-by-two arrangements of people."""
    possible = {}
    most = 14
    for counts in product(range(most), repeat=4):
        grid = np.array(counts).reshape(2, 2)
        sums = {
            (0, 1): grid.ravel(),
            (0,): grid.sum(axis=1),
            (1,): grid.sum(axis=0),
            (): np.array([grid.sum()]),
        }
        if all(((one.low <= sums[axes]) & (sums[axes] <= one.high)).all() for axes, one in tables):
            for number, (axes, one) in enumerate(tables):
                for cell in np.flatnonzero(one.hidden):
                    possible.setdefault((number, int(cell)), set()).add(int(sums[axes][cell]))
    return possible


@pytest.mark.parametrize("seed", range(6))
def test_the_attack_finds_what_listing_every_arrangement_finds(seed):
    rng = np.random.default_rng(seed)
    grid = rng.integers(1, 13, (2, 2))
    tables = []
    for axes in ((0, 1), (0,), (1,)):
        names = tuple(NAMES[axis] for axis in axes)
        summed = grid.sum(axis=tuple(axis for axis in (0, 1) if axis not in axes))
        tables.append((axes, view(published(summed, names=names), name=str(axes))))
    exact = View(
        "()", Layout("people", (), ()), np.array([grid.sum()]), np.array([grid.sum()]), np.array([False])
    )
    tables.append(((), exact))
    possible = brute_force(tables)
    narrowed = {key for key, values in possible.items() if min(values) > 1 or max(values) < 7}
    found = audit([one for _, one in tables]).findings
    names = [one.name for _, one in tables]
    cells = {(f.table, f.cell): (f.low, f.high) for f in found}
    located = {(names[number], list(tables[number][1].layout.cells())[cell]) for number, cell in narrowed}
    assert cells.keys() == located
    for number, cell in narrowed:
        values = possible[number, cell]
        assert cells[names[number], list(tables[number][1].layout.cells())[cell]] == (min(values), max(values))


def test_1800_cells_with_earlier_releases_are_checked_whole():
    rng = np.random.default_rng(1)
    shape = (9, 2, 2, 5, 10)
    counts = rng.poisson(rng.gamma(0.5, 30, shape)).astype(np.int64)
    ledger = Ledger()
    full = layout(shape)
    for kept in ((0,), (0, 4), (0, 1)):
        part = Layout(
            "people", tuple(full.dimensions[i] for i in kept), tuple(full.categories[i] for i in kept)
        )
        summed = counts.sum(axis=tuple(i for i in range(5) if i not in kept))
        ledger = ledger.add(str(kept), table=suppress_and_round(CountTable(part, summed), rule=RULE))
    result = release(counts, ledger)
    assert result.published.layout.size == 1800
    assert result.audit.hidden > 500
