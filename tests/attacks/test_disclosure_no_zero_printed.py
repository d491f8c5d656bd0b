"""A table of exact counts without a printed zero tells that no zero was hidden, or that some line has everybody in one category; a reader uses either."""

from itertools import product

import numpy as np
import pytest

from policies.disclosure.errors import Unsafe
from policies.disclosure.printed import Printed
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import attack
from policies.disclosure.rules import TableRules
from policies.disclosure.table import HIDDEN


def with_totals(counts: np.ndarray) -> np.ndarray:
    """Tables (the first axis) with a row and a column of totals."""
    wide = np.concatenate([counts, counts.sum(axis=2, keepdims=True)], axis=2)
    return np.concatenate([wide, wide.sum(axis=1, keepdims=True)], axis=1)


def printed(shown: np.ndarray, rules: TableRules) -> Printed:
    cells = list(product(*([*(f"c{n}" for n in range(size - 1)), "Total"] for size in shown.shape)))
    return Printed("t", ("area", "age"), tuple(cells), tuple(map(str, shown.ravel())), rules)


def some_line_in_one_category(counts: np.ndarray) -> np.ndarray:
    return np.any([((counts > 0).sum(axis=axis) == 1).any(axis=1) for axis in (1, 2)], axis=0)


def narrowest(table: Printed, shape: tuple[int, int]) -> int:
    """The width of the narrowest range of a hidden cell over every table that would be printed so, by enumeration."""
    shown = np.array([-1 if one == HIDDEN else int(one) for one in table.shown])
    rows, columns = shape
    told = shown.reshape(rows + 1, columns + 1)
    limits = [
        [[n for n in (told[r, -1], told[-1, c], told[-1, -1]) if n >= 0] for c in range(columns)]
        for r in range(rows)
    ]
    assert all(all(line) for line in limits), "some total of every cell is printed"
    every = [
        [
            row
            for row in product(
                *(range(min(limits[r][c]) + 1) if told[r, c] < 0 else (told[r, c],) for c in range(columns))
            )
            if told[r, -1] in (-1, sum(row))
        ]
        for r in range(rows)
    ]
    counts = np.array(list(product(*every)))
    whole = with_totals(counts).reshape(len(counts), -1)
    hidden = shown < 0
    fits = (whole[:, ~hidden] == shown[~hidden]).all(axis=1)
    nobody_missing = (whole[:, hidden] > 0).all(axis=1)
    fits &= np.where(some_line_in_one_category(counts), ~(shown == 0).any(), nobody_missing)
    return int(np.ptp(whole[fits][:, hidden], axis=0).min())


def test_where_every_line_has_people_in_two_categories_no_hidden_count_is_zero() -> None:
    """Each row and each column shows two categories, or comes to more than one of its cells can have: nobody is missing, and a count of 0 to 3 is 1 or 2."""
    shown = ["[c]", "6", "[c]", "10", "3", "6", "9", "18", "[c]", "5", "[c]", "11", "6", "17", "16", "39"]
    rules = TableRules(mode="exact", suppress=2, width=3)
    found = attack(printed(np.array(shown, dtype=object).reshape(4, 4), rules)).findings
    assert {one.codes: (one.lower, one.upper) for one in found} == {
        ("c0", "c0"): (1, 2), ("c0", "c2"): (2, 3), ("c2", "c0"): (1, 2), ("c2", "c2"): (4, 5),
    }  # fmt: skip


def test_a_line_that_has_everybody_in_one_category_for_certain_gives_its_zeros_away() -> None:
    """If the second cell of the first hidden pair were 1, no line would have everybody in one category, and zeros would have been printed."""
    shown = ["[c]", "4", "[c]", "9", "[c]", "[c]", "[c]", "5", "9", "[c]", "[c]", "11", "13", "9", "3", "25"]
    rules = TableRules(mode="exact", suppress=2, width=2)
    found = attack(printed(np.array(shown, dtype=object).reshape(4, 4), rules)).findings
    assert {one.codes: (one.lower, one.upper) for one in found} == {("c1", "c2"): (0, 0)}


@pytest.mark.parametrize("seed", range(24))
def test_no_protected_table_is_narrower_than_promised_over_all_tables_that_print_so(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = [(2, 2), (2, 3), (3, 2)][seed % 3]
    counts = rng.choice([0, 1, 2, 3, 5, 6], size=shape, p=[0.15, 0.15, 0.2, 0.2, 0.15, 0.15])
    rules = TableRules(mode="exact", suppress=2, width=2)
    try:
        table = protect_table(printed(with_totals(counts[None])[0], rules), rules=rules).table
    except Unsafe:
        return
    if HIDDEN in table.shown and table.shown[-1] != HIDDEN:
        assert attack(table).safe == (narrowest(table, shape) >= rules.width)
