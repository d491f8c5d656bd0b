"""The attack on small tables of sums leaves each hidden number exactly the range that it has among all whole people and whole sums that would be printed so, which are listed."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from policies.disclosure.printed import Printed
from policies.disclosure.rules import TableRules
from policies.disclosure.sums import Magnitudes, attack_magnitudes
from policies.disclosure.table import HIDDEN

SHAPES = ((2,), (3,), (4,), (2, 2))
PER = {"mean": 1, "rate": 1_000}
MOST = 10_000


def every_way(total, parts):
    """All whole numbers, so many, that come to the total."""
    if parts == 1:
        return [[total]]
    return [[one, *rest] for one in range(total + 1) for rest in every_way(total - one, parts - 1)]


def cells_of(shape):
    return list(product(*([*(f"{d}{n}" for n in range(size)), "Total"] for d, size in zip("xy", shape, strict=False))))  # fmt: skip


def taken_in(cell, shape):
    bases = product(*([f"{d}{n}" for n in range(size)] for d, size in zip("xy", shape, strict=False)))
    return [all(c in (one, "Total") for c, one in zip(cell, base, strict=True)) for base in bases]


def printed(rng, name, cells, counts, sums, rules, *, earlier):
    """One table with some counts, sums and true means or rates hidden; the first one always shows what there is altogether."""
    hidden = [rng.random(len(cells)) < rng.choice([0.4, 0.7, 0.9]) for _ in range(2)]
    hidden[1] = hidden[rng.integers(2)]
    shown = [
        [HIDDEN if hide and (earlier or n + 1 < len(cells)) else str(one) for n, (hide, one) in enumerate(zip(where, its, strict=True))]
        for where, its in zip(hidden, (counts, sums), strict=True)
    ]  # fmt: skip
    columns, ratio, digits = {"sum": tuple(shown[1])}, str(rng.choice(list(PER))), int(rng.integers(0, 4))
    if rng.random() < 0.85:
        hide = rng.random(len(cells)) < rng.choice([0.2, 0.5, 0.8])
        told = zip(hide, counts, sums, strict=True)
        columns[ratio] = tuple(
            HIDDEN if h or n == 0 else f"{s * PER[ratio] / n:.{digits}f}" for h, n, s in told
        )
    dimensions = tuple("xy"[: len(cells[0])])
    return Magnitudes(Printed(name, dimensions, tuple(cells), tuple(shown[0]), rules), columns)


def ways_that_print(tables, rows, counts, sums, most):
    """Of all ways to count people and to sum, pairs that every table would print so; each as how many there are in each cell."""
    people, totals = (np.array(every_way(int(one[-1]), rows.shape[1])) for one in (counts, sums))
    for table in tables:
        for row, n, s in zip(rows, table.counts.shown, table.columns["sum"], strict=True):
            people = people if n == HIDDEN else people[people @ row == int(n)]
            totals = totals if s == HIDDEN else totals[totals @ row == int(s)]
    fits = (totals[None] <= people[:, None] * (most or MOST)) | (totals[None] == 0)
    fits &= (people[:, None] > 0) | (totals[None] == 0)
    fits = fits.all(axis=2)
    for table in tables:
        for ratio in table.columns.keys() & PER.keys():
            numbers = [(row, one) for row, one in zip(rows, table.columns[ratio], strict=True) if one != HIDDEN]
            digits = max((len(one.partition(".")[2]) for _, one in numbers), default=0)
            for row, one in numbers:
                middle, scale = int(2 * Fraction(one) * 10**digits), 2 * PER[ratio] * 10**digits
                n, s = (people @ row)[:, None], (totals @ row)[None] * scale
                fits &= (n > 0) & (s >= n * (middle - 1)) & (s <= n * (middle + 1))
    one, other = np.nonzero(fits)
    return people[one] @ rows.T, totals[other] @ rows.T


@pytest.mark.parametrize("seed", range(60))
def test_ranges_are_those_of_all_whole_people_and_sums_that_would_be_printed_so(seed):
    rng = np.random.default_rng(seed)
    shape = SHAPES[rng.integers(len(SHAPES))]
    cells = cells_of(shape)
    rows = np.array([taken_in(one, shape) for one in cells], dtype=np.int64)
    base = rows.shape[1]
    few = base == 4
    people = rng.multinomial(int(rng.integers(4, 10 if few else 14)), np.full(base, 1 / base))
    shares = (people > 0) * rng.random(base)
    together = rng.multinomial(int(rng.integers(3, 20 if few else 50)), shares / shares.sum())
    rules, most, width = None, None, 1
    if rng.random() < 0.5:
        most = int(np.ceil(together / np.maximum(people, 1)).max()) + int(rng.integers(0, 5))
        most, width = most if rng.random() < 0.5 and most else None, int(rng.integers(1, 4))
        sums = {"width": 0.1, **({"most_per_person": most} if most else {})}
        rules = TableRules.model_validate({"mode": "exact", "hide_zeros": True, "width": width, "sums": sums})
    counts, totals = rows @ people, rows @ together
    tables = [
        printed(rng, f"table {n}", cells, counts, totals, rules, earlier=n > 0)
        for n in range(1 + (rng.random() < 0.3))
    ]
    n, s = ways_that_print(tables, rows, counts, totals, most)
    result = attack_magnitudes(tables[0], earlier=tables[1:])
    for one in result.cells:
        if one.status == "hidden":
            left = (n if one.measure == "count" else s)[:, cells.index(one.codes)]
            assert (one.lower, one.upper) == (left.min(), left.max())
            if result.safe:
                assert left.max() - left.min() >= (width if one.measure == "count" else 0.1 * left.max())
                assert len(np.unique(left)) > (width if one.measure == "count" else 1)
