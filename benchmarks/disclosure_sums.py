"""How long tables of sums take to protect and to attack. `python benchmarks/disclosure_sums.py`; `... random SECONDS [FIRST]` attacks tables drawn at random instead."""

import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from sums_at_random import search

from policies.disclosure.printed import Printed
from policies.disclosure.rules import TableRules
from policies.disclosure.sums import Magnitudes, attack_magnitudes, protect_magnitudes
from policies.disclosure.table import HIDDEN

SUMS = {"mean": 1, "step": 10}
EXACT = TableRules.model_validate({"mode": "exact", "sums": SUMS})
ROUNDED = TableRules.model_validate({"mode": "rounded", "sums": SUMS})
ON_THEIR_OWN = TableRules.model_validate({"mode": "rounded", "totals": "rounded", "sums": SUMS})


def drawn(shape: tuple[int, ...], rules: TableRules, *, few: bool, seed: int = 1) -> Magnitudes:
    """Made-up contributions, most small and a few very large, with every total. `few`: cells of 20 to 120 people, of whom few tell too much; else of few and of many."""
    rng = np.random.default_rng(seed)
    people = rng.integers(20, 120, shape) if few else rng.poisson(rng.gamma(0.7, 30, shape)) + 1
    spread = 2.2 if few else 1.5
    cells = {place: np.ceil(rng.lognormal(5, spread, people[place])) for place in product(*map(range, shape))}
    found = {}
    for place in product(*(range(size + 1) for size in shape)):
        codes = tuple("Total" if n == size else f"c{n}" for n, size in zip(place, shape, strict=True))
        sides = ((n,) if n < size else range(size) for n, size in zip(place, shape, strict=True))
        found[codes] = np.sort(np.concatenate([cells[one] for one in product(*sides)] + [np.zeros(2)]))[::-1]
    counts = tuple(str(len(one) - 2) for one in found.values())
    table = Printed("table", tuple("abcde"[: len(shape)]), tuple(found), counts, rules)
    columns = {
        "sum": [one.sum() for one in found.values()],
        "largest": [one[0] for one in found.values()],
        "second": [one[1] for one in found.values()],
    }
    return Magnitudes(
        table, {name: tuple(str(int(value)) for value in column) for name, column in columns.items()}
    )


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """The result, and the CPU seconds it took."""
    start = time.process_time()
    return call(), time.process_time() - start


def broken(table: Magnitudes, sides: Any, rules: TableRules) -> Magnitudes:
    """Only what tells too much by itself hidden, and nothing to protect it, as it would be done by hand."""
    hide = [codes in sides for codes in table.counts.codes]
    columns = [table.counts.shown, table.columns["sum"]]
    counts, sums = (
        tuple(HIDDEN if one else shown for one, shown in zip(hide, column, strict=True)) for column in columns
    )
    plain = rules.model_copy(
        update={"sums": rules.sums.model_copy(update={"step": 1.0}) if rules.sums else None}
    )
    return Magnitudes(
        Printed("by hand", table.counts.dimensions, table.counts.codes, counts, plain), {"sum": sums}
    )


def with_true_means(table: Magnitudes, made: Magnitudes, rules: TableRules) -> Magnitudes:
    """What is printed, and beside every number, hidden or not, the true mean, as another tool might print it."""
    pairs = zip(table.columns["sum"], table.counts.shown, strict=True)
    means = tuple(f"{int(total) / int(count):.1f}" for total, count in pairs)
    plain = rules.model_copy(
        update={"sums": rules.sums.model_copy(update={"mean": None}) if rules.sums else None}
    )
    counts = Printed("means", made.counts.dimensions, made.counts.codes, made.counts.shown, plain)
    return Magnitudes(counts, {"sum": made.columns["sum"], "mean": means})


def line(what: str, table: Magnitudes, result: Any, protecting: float | None, attacking: float) -> None:
    spent = "" if protecting is None else f"{protecting:.2f}"
    cells = len(table.counts.codes)
    print(
        f"| {what} | {cells:,} | {result.hidden['sum']:,} | {len(result.findings)} | {spent} | {attacking:.2f} |",
        flush=True,
    )


if __name__ == "__main__" and sys.argv[1:2] == ["random"]:
    search(float(sys.argv[2]), first=int(sys.argv[3]) if len(sys.argv) > 3 else 0)
elif __name__ == "__main__":
    print(
        "| table | cells | hidden sums | findings | CPU s to protect | CPU s to attack |\n|---|---|---|---|---|---|"
    )
    for name, rules, shape, few in (
        ("rounded, totals of printed numbers", ROUNDED, (39, 44), False),
        ("rounded, totals rounded on their own", ON_THEIR_OWN, (39, 44), False),
        ("exact counts, sums to 10", EXACT, (39, 44), False),
        ("exact counts, sums to 10, few tell", EXACT, (39, 44), True),
        ("exact counts, sums to 10", EXACT, (5, 5, 5), False),
    ):
        table = drawn(shape, rules, few=few)
        (made, sides), spent = timed(partial(protect_magnitudes, table, rules=rules))
        result, seconds = timed(partial(attack_magnitudes, made, sides=sides))
        where = " × ".join(map(str, shape))
        line(f"{name}, {where}", made, result, spent, seconds)
        if rules is EXACT:
            true_means = with_true_means(table, made, rules)
            result, seconds = timed(partial(attack_magnitudes, true_means))
            line(f"the same, with true means beside every number, {where}", true_means, result, None, seconds)
            alone = broken(table, sides, rules)
            result, seconds = timed(partial(attack_magnitudes, alone))
            line(f"the same, where only what tells too much is hidden, {where}", alone, result, None, seconds)
