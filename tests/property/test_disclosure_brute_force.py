"""The attack on a table finds what listing every table finds, and what is protected survives both."""

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from policies.disclosure.errors import TableInvalid, Unsafe
from policies.disclosure.printed import Printed
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import attack
from policies.disclosure.rules import TableRules
from policies.disclosure.table import HIDDEN

MOST = 12
GRIDS = np.stack(np.meshgrid(*[np.arange(MOST + 1)] * 4, indexing="ij"), axis=-1).reshape(-1, 2, 2)
CELLS = tuple(product(("x0", "x1", "Total"), ("y0", "y1", "Total")))
quick = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
counts = arrays(np.int64, (2, 2), elements=st.integers(0, 3))
EXACT = TableRules.model_validate({"mode": "exact", "threshold": 3, "hide_zeros": True, "width": 2})
ROUNDED = TableRules.model_validate({"mode": "rounded", "suppress": 2, "round_to": 3, "hide_zeros": True})


def sums(grids):
    """Every cell of the table with its totals, for each grid."""
    full = np.concatenate([grids, grids.sum(axis=1, keepdims=True)], axis=1)
    return np.concatenate([full, full.sum(axis=2, keepdims=True)], axis=2).reshape(len(grids), 9)


ALL = sums(GRIDS)


def table(grid, rules=None, name="table"):
    return Printed(name, ("x", "y"), CELLS, tuple(map(str, sums(grid[None])[0])), rules)


def hiding(printed, mask, rules=None):
    shown = tuple(HIDDEN if hide else one for one, hide in zip(printed.shown, mask, strict=True))
    return Printed(printed.name, printed.dimensions, printed.codes, shown, rules)


def every_table(*printed):
    """All tables of at most 12 people a cell that fit everything printed under the rules."""
    fits = np.ones(len(ALL), dtype=bool)
    for one in printed:
        place = [CELLS.index((*codes, "Total") if len(codes) == 1 else codes) for codes in one.codes]
        for n, codes, shown in zip(place, one.codes, one.shown, strict=True):
            rounded = one.rules is not None and not one.rules.exact
            if rounded and "Total" in codes:
                continue
            if not rounded and shown != HIDDEN:
                fits &= ALL[:, n] == int(shown)
            elif rounded:
                low, high = (
                    (0, one.rules.rule.largest_hidden)
                    if shown == HIDDEN
                    else one.rules.rule.range_of_shown(int(shown))
                )
                fits &= (low <= ALL[:, n]) & (ALL[:, n] <= high)
    return ALL[fits]


@quick
@given(counts, arrays(np.bool_, 9))
def test_the_range_of_every_cell_is_the_one_that_all_tables_leave(grid, mask):
    mask[8] = False
    printed = hiding(table(grid), mask)
    possible = every_table(printed)
    result = attack(printed)
    assert [(c.lower, c.upper) for c in result.cells] == [
        (int(possible[:, n].min()), int(possible[:, n].max())) for n in range(9)
    ]
    exactly = {printed.codes[n] for n in np.flatnonzero(mask) if len(set(possible[:, n])) == 1}
    # One sum can stand in two places of a table, so a finding may name either.
    known = {(f.lower, f.upper) for f in result.findings}
    assert bool(result.findings) == bool(exactly)
    assert all(low == high for low, high in known)


@quick
@given(counts, st.sampled_from([EXACT, ROUNDED]))
def test_no_hidden_count_of_a_protected_table_can_be_told_by_listing_all_tables(grid, rules):
    try:
        protected = protect_table(table(grid), rules=rules).table
    except Unsafe:
        return
    possible = every_table(protected)
    assert (possible == sums(grid[None])[0]).all(axis=1).any()
    for n, shown in enumerate(protected.shown):
        if shown == HIDDEN and (rules.exact or "Total" not in CELLS[n]):
            assert possible[:, n].max() - possible[:, n].min() >= rules.wanted


@quick
@given(counts, st.sampled_from([EXACT, ROUNDED]), st.sampled_from([0, 1]))
def test_two_releases_that_pass_together_cannot_be_subtracted(grid, rules, axis):
    margin = grid.sum(axis=axis)
    names, codes = (("x",), (("x0",), ("x1",))) if axis == 1 else (("y",), (("y0",), ("y1",)))
    try:
        first = protect_table(Printed("first", names, codes, tuple(map(str, margin))), rules=ROUNDED).table
        second = protect_table(table(grid), rules=rules).table
    except Unsafe:
        return
    result = attack(second, earlier=[first])
    assume(result.safe)
    fits = every_table(second)
    for n in range(2):
        place = CELLS.index((f"x{n}", "Total") if axis == 1 else ("Total", f"y{n}"))
        low, high = (0, 2) if first.shown[n] == HIDDEN else ROUNDED.rule.range_of_shown(int(first.shown[n]))
        fits = fits[(low <= fits[:, place]) & (fits[:, place] <= high)]
    for n, shown in enumerate(second.shown):
        if shown == HIDDEN and (rules.exact or "Total" not in CELLS[n]):
            assert fits[:, n].max() - fits[:, n].min() >= rules.wanted


@quick
@given(counts, arrays(np.bool_, 9), arrays(np.bool_, 9), st.sampled_from([None, EXACT]))
def test_an_earlier_release_never_makes_a_table_safer(grid, mask, other, rules):
    printed = hiding(table(grid), mask, rules)
    alone = attack(printed)
    together = attack(printed, earlier=[hiding(table(grid, name="earlier"), other, rules)])
    assert alone.safe or not together.safe
    for before, after in zip(alone.cells, together.cells, strict=True):
        assert before.lower <= after.lower
        assert before.upper is None or (after.upper is not None and after.upper <= before.upper)


@quick
@given(counts, st.sampled_from([EXACT, ROUNDED]))
def test_the_same_table_is_protected_in_the_same_way(grid, rules):
    def made():
        try:
            return protect_table(table(grid), rules=rules).table
        except Unsafe as fault:
            return str(fault)

    assert made() == made()


@quick
@given(counts, arrays(np.bool_, 9))
def test_the_numbers_that_are_named_give_the_count_away_by_themselves(grid, mask):
    mask[8] = False
    printed = hiding(table(grid), mask)
    for finding in attack(printed).findings:
        fits = np.ones(len(ALL), dtype=bool)
        for one in finding.because:
            if one.printed.isdecimal():
                fits &= ALL[:, CELLS.index(tuple(code for _, code in one.cell))] == int(one.printed)
        values = ALL[fits][:, CELLS.index(finding.codes)]
        assert (values.min(), values.max()) == (finding.lower, finding.upper)


def test_numbers_that_cannot_belong_together_are_refused():
    printed = Printed("t", ("x",), (("a",), ("b",), ("Total",)), ("1", "2", "4"))
    with pytest.raises(TableInvalid, match="contradict"):
        attack(printed)
