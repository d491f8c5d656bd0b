"""What holds of every protected table."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from policies.disclosure import (
    CountTable,
    Layout,
    Rule,
    audit,
    parse_table,
    suppress_and_round,
    table_text,
    view,
)
from policies.disclosure.margins import margins_of

counts = arrays(
    np.int64,
    array_shapes(min_dims=1, max_dims=3, max_side=4),
    elements=st.one_of(st.integers(0, 12), st.integers(0, 5000)),
)
rules = st.builds(
    Rule, suppress=st.integers(1, 20), round_to=st.sampled_from([5, 10, 50, 100]), hide_zeros=st.booleans()
)


def layout(shape):
    return Layout("people", tuple("abc"[: len(shape)]), tuple(tuple(f"v{i}" for i in range(n)) for n in shape))


def protected(numbers, rule):
    return suppress_and_round(CountTable(layout(numbers.shape), numbers), rule=rule)


@given(counts, rules)
def test_no_small_count_is_printed_and_every_printed_count_is_rounded(numbers, rule):
    for true, shown in zip(numbers.ravel(), protected(numbers, rule).cells, strict=True):
        if 0 < true <= rule.suppress:
            assert shown == "[c]"
        elif shown != "[c]":
            assert int(shown) % rule.round_to == 0
            assert abs(int(shown) - true) <= rule.round_to // 2
            assert (int(shown) == 0) == (true == 0)


@given(counts, rules)
def test_the_truth_is_always_among_what_a_reader_thinks_possible(numbers, rule):
    seen = view(protected(numbers, rule), name="t")
    low = np.where(seen.hidden & seen.zeros_may_hide, 0, seen.low)
    assert (low <= numbers.ravel()).all()
    assert (numbers.ravel() <= seen.high).all()


@given(rules, st.integers(0, 40))
def test_a_reader_thinks_possible_exactly_the_counts_that_print_as_this_one(rule, count):
    counted = {
        n: protected(np.array([n, 1000]), rule).cells[0] for n in range(max(0, count - 120), count + 121)
    }
    alike = [n for n, shown in counted.items() if shown == counted[count]]
    if counted[count] != "[c]":
        assert rule.range_of_shown(int(counted[count])) == (min(alike), max(alike))
    else:
        assert max(alike) == rule.largest_hidden


@given(counts, rules)
def test_zeros_are_shown_all_together_or_not_at_all(numbers, rule):
    shown = [
        cell for true, cell in zip(numbers.ravel(), protected(numbers, rule).cells, strict=True) if true == 0
    ]
    assert len(set(shown)) <= 1


def one_way(table, axis):
    """The totals of one dimension, which are the cells themselves where it is the only one."""
    if len(table.layout.dimensions) == 1:
        return table.cells
    told = dict(margins_of(table))
    blank = ["Total"] * len(table.layout.dimensions)
    return [told[*blank[:axis], code, *blank[axis + 1 :]] for code in table.layout.categories[axis]]


@given(counts, rules)
def test_totals_are_sums_of_printed_cells_over_every_margin(numbers, rule):
    table = protected(numbers, rule)
    grid = np.array([0 if cell == "[c]" else int(cell) for cell in table.cells]).reshape(numbers.shape)
    names = table.layout.dimensions
    for axis in range(len(names)):
        sums = grid.sum(axis=tuple(i for i in range(len(names)) if i != axis))
        for total, shown in zip(sums, one_way(table, axis), strict=True):
            assert shown in (str(total), "[c]")
            assert shown != "[c]" or total == 0


@given(counts, rules)
def test_protecting_twice_the_same_counts_prints_the_same(numbers, rule):
    first, second = protected(numbers, rule), protected(numbers.copy(), rule)
    assert first == second == parse_table(table_text(first))


@settings(max_examples=25, deadline=None)
@given(arrays(np.int64, (3, 4), elements=st.integers(0, 30)))
def test_an_audit_of_true_tables_never_calls_them_contradictory(numbers):
    rule = Rule(7, 5, False)
    rows = CountTable(Layout("people", ("a",), (("v0", "v1", "v2"),)), numbers.sum(axis=1))
    report = audit(
        [view(protected(numbers, rule), name="cells"), view(suppress_and_round(rows, rule=rule), name="rows")]
    )
    assert {finding.code for finding in report.findings} <= {"narrowed"}


@settings(max_examples=25, deadline=None)
@given(arrays(np.int64, (3, 4), elements=st.integers(0, 30)), st.integers(0, 2))
def test_more_published_tables_never_hide_a_finding(numbers, row):
    rule = Rule(7, 5, True)
    cells = view(protected(numbers, rule), name="cells")
    rows = view(
        suppress_and_round(
            CountTable(Layout("people", ("a",), (("v0", "v1", "v2"),)), numbers.sum(axis=1)), rule=rule
        ),
        name="rows",
    )
    columns = CountTable(Layout("people", ("b",), (tuple(f"v{i}" for i in range(4)),)), numbers.sum(axis=0))
    few = audit([cells, rows]).findings
    many = audit([cells, rows, view(suppress_and_round(columns, rule=rule), name="columns")]).findings
    assert {(f.table, f.cell) for f in few} <= {(f.table, f.cell) for f in many}
