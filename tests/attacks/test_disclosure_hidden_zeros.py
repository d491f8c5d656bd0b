"""Where the zeros of a table are hidden, its exact totals may print a zero all the same: a reader learns from it, and the table does not contradict itself."""

from itertools import product

import numpy as np
import pytest

from policies.disclosure.printed import Printed
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import attack
from policies.disclosure.rules import TableRules

RULES = TableRules.model_validate({"mode": "rounded", "totals": "exact"})


def table(counts: np.ndarray) -> Printed:
    """Counts by two dimensions with every total."""
    cells = {}
    for place in product(*(range(size + 1) for size in counts.shape)):
        part = tuple(slice(None) if n == size else n for n, size in zip(place, counts.shape, strict=True))
        codes = tuple("Total" if n == size else f"c{n}" for n, size in zip(place, counts.shape, strict=True))
        cells[codes] = str(int(counts[part].sum()))
    return protect_table(Printed("t", ("area", "age"), tuple(cells), tuple(cells.values())), rules=RULES).table


def test_a_total_of_zero_gives_the_hidden_zeros_below_it_away() -> None:
    """Nobody is in the second area, and everybody of one age is in the first, so that zeros are hidden."""
    printed = table(np.array([[4, 1, 5, 8], [0, 0, 0, 0], [1, 5, 0, 0]]))
    assert printed.shown[printed.at["c1", "c0"]] == "[c]"
    assert printed.shown[printed.at["c1", "Total"]] == "0"
    found = {one.codes: (one.lower, one.upper) for one in attack(printed).findings}
    assert all(found["c1", f"c{n}"] == (0, 0) for n in range(4))


@pytest.mark.parametrize("seed", [9, 18, 20, 25, 35, 36, 37])
def test_a_table_under_its_own_rules_does_not_contradict_itself(seed: int) -> None:
    """Each of these hides zeros and prints a total of zero; what a reader concludes is true."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.gamma(0.5, 6, (3, 4)))
    printed = table(counts)
    assert "0" in printed.shown
    cells = attack(printed).cells
    for cell, true in zip(
        product(("c0", "c1", "c2"), ("c0", "c1", "c2", "c3")), counts.ravel().tolist(), strict=True
    ):
        found = cells[printed.at[cell]]
        assert found.lower <= true
        assert found.upper is None or true <= found.upper
