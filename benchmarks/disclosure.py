"""How long attacks on tables take, and how far the choice of further hidden cells is from the cheapest. `python benchmarks/disclosure.py`

`python benchmarks/disclosure.py random SECONDS` draws exact tables of up to 1,800 cells instead, and tells which took longest to attack.
"""

import argparse
import random
import time
from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import numpy as np

from policies.disclosure import (
    CountTable,
    Layout,
    Restriction,
    View,
    audit,
    refuse_overlap,
    suppress_and_round,
    view,
)
from policies.disclosure import plan as planning
from policies.disclosure.hiding import tells_about_a_class
from policies.disclosure.plan import Plan
from policies.disclosure.printed import Printed
from policies.disclosure.protect_table import Protected, protect_table
from policies.disclosure.reader import attack
from policies.disclosure.rules import TableRules
from policies.disclosure.table import HIDDEN

ROUNDED = TableRules.model_validate({"mode": "rounded"})
EXACT = TableRules.model_validate({"mode": "exact"})
NAMES = "abcdef"


def drawn(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Counts of a sparse table: most small, a few large."""
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(0.5, 30, shape)).astype(np.int64)


def table(counts: np.ndarray, axes: tuple[int, ...], *, totals: bool, name: str = "table") -> Printed:
    """The table over some of the dimensions, with every total or none."""
    summed = counts.sum(axis=tuple(n for n in range(counts.ndim) if n not in axes))
    cells = {}
    for place in product(*(range(size + totals) for size in summed.shape)):
        codes = tuple("Total" if n == size else f"c{n}" for n, size in zip(place, summed.shape, strict=True))
        part = tuple(slice(None) if n == size else n for n, size in zip(place, summed.shape, strict=True))
        cells[codes] = str(int(summed[part].sum()))
    return Printed(name, tuple(NAMES[n] for n in axes), tuple(cells), tuple(cells.values()))


def inside_one_another(shape: tuple[int, ...], sizes: tuple[int, ...], mean: float) -> list[View]:
    """51 rounded tables over some of the dimensions, of four cohorts of which each lies in the next, as those of windows do."""
    rng = np.random.default_rng(1)
    cohorts = tuple(f"window {n}" for n in range(4))
    people = rng.poisson(rng.gamma(0.5, 2 * mean, (4, *shape)))
    views = []
    for axes in (one for size in sizes for one in combinations(range(len(shape)), size)):
        away = tuple(n for n in range(len(shape)) if n not in axes)
        categories = tuple(tuple(f"c{code}" for code in range(shape[n])) for n in axes)
        for last in range(4):
            kept = () if last == 3 else (Restriction("window", cohorts[: last + 1], cohorts),)
            layout = Layout("people", tuple(NAMES[n] for n in axes), categories, kept)
            counts = CountTable(layout, np.asarray(people[: last + 1].sum(axis=0).sum(axis=away)))
            views.append(view(suppress_and_round(counts, rule=ROUNDED.rule), name=f"table {len(views)}"))
    return views[:51]


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """The result, and the CPU seconds it took."""
    start = time.process_time()
    return call(), time.process_time() - start


def line(what: str, cells: int, hidden: int, findings: str, seconds: float) -> None:
    print(f"| {what} | {cells:,} | {hidden:,} | {findings} | {seconds:.2f} |", flush=True)


def speed() -> None:
    """The figures of the first table."""
    print("| attack on | cells | hidden | findings | CPU s |\n|---|---|---|---|---|")
    counts = drawn((9, 2, 2, 5, 10), 1)
    every = tuple(range(5))
    main = protect_table(table(counts, every, totals=False), rules=ROUNDED).table
    earlier = [
        protect_table(table(counts, axes, totals=False, name=str(axes)), rules=ROUNDED).table
        for size in (1, 2)
        for axes in combinations(every, size)
    ]
    threes = [
        protect_table(table(counts, axes, totals=False, name=str(axes)), rules=ROUNDED).table
        for axes in combinations(every, 3)
    ]
    for count, what in ((0, earlier), (3, earlier), (50, earlier), (50, threes)):
        ledger = (what * 5)[:count]
        result, seconds = timed(lambda ledger=ledger: attack(main, earlier=ledger))
        line(
            f"rounded, five dimensions, {count} earlier tables{' of three dimensions' * (what is threes)}",
            len(main.codes),
            result.hidden,
            f"{len(result.findings)}",
            seconds,
        )
    for shape, sizes, mean in (
        ((6, 2, 5, 4), (1, 2, 3), 3.0),
        ((6, 2, 5, 4), (1, 2, 3), 1.5),
        ((9, 2, 2, 5, 4), (2, 3), 1.0),
    ):
        views = inside_one_another(shape, sizes, mean)
        audited, seconds = timed(lambda views=views: audit(views))
        cells = sum(len(one.low) for one in views)
        told = f"at least {len(audited.findings)}"
        line(
            f"51 rounded tables on four cohorts inside one another, {mean} people a cell",
            cells,
            audited.hidden,
            told,
            seconds,
        )
    for shape, seed in (((39, 44), 1), ((6, 6, 6), 1), ((6, 9, 12), 1), ((9, 11, 14), 1), ((4, 5, 5, 9), 1)):
        whole = table(drawn(shape, seed), tuple(range(len(shape))), totals=True)
        alone = Printed(
            "alone",
            whole.dimensions,
            whole.codes,
            tuple(HIDDEN if 0 < int(n) < 10 else n for n in whole.shown),
            EXACT,
        )
        result, seconds = timed(lambda alone=alone: attack(alone))
        line(
            f"exact, {' × '.join(map(str, shape))}, small counts alone hidden",
            len(alone.codes),
            result.hidden,
            f"{len(result.findings)}",
            seconds,
        )
        made, spent = timed(lambda whole=whole: protect_table(whole, rules=EXACT))
        result, seconds = timed(lambda made=made: attack(made.table))
        line(
            f"exact, {' × '.join(map(str, shape))}, protected in {spent:.1f} s",
            len(alone.codes),
            result.hidden,
            f"{len(result.findings)}",
            seconds,
        )


WORST = (
    # shape, shape and mean of the gamma rates, whether every count is at least 1, counts below which are hidden, and the share of others hidden besides; seed
    ((9, 11, 14), 0.7, 60, False, 20, 0.24, 318),
    ((4, 5, 5, 9), 0.3, 4, True, 10, 0.15, 747),
    ((6, 9, 12), 0.3, 8, True, 20, 0.16, 774),
    ((6, 6, 6), 0.7, 30, True, 10, 0.14, 545),
    ((5, 5, 5), 0.7, 15, True, 10, 0.0, 1),
    ((9, 11, 14), 0.5, 4, True, 20, 0.0, 400),
    ((3, 3, 3, 3, 3), 2.0, 4, True, 20, 0.0, 300),
    ((9, 11, 14), 0.5, 6, True, 20, 0.3, 11),
    ((9, 11, 14), 0.5, 4, True, 20, 0.3, 12),
    ((9, 11, 14), 2.0, 4, True, 20, 0.1, 13),
    ((4, 5, 5, 9), 0.3, 4, True, 20, 0.4, 14),
    ((4, 5, 5, 9), 2.0, 4, True, 20, 0.0, 16),
)
"""Exact tables of another tool that were slowest to attack among some hundred of fifteen shapes and many densities, most of them printing no zero."""


def worst() -> None:
    """The figures of the slowest kinds."""
    print("\n| exact, at random | cells | hidden | findings | not settled | CPU s |\n|---|---|---|---|---|---|")
    for shape, form, mean, no_zero, below, share, seed in WORST:
        counts = np.random.default_rng(seed)
        people = counts.poisson(counts.gamma(form, mean / form, shape)).astype(np.int64)
        whole = table(np.maximum(people, int(no_zero)), tuple(range(len(shape))), totals=True)
        besides = np.random.default_rng(0)
        shown = (HIDDEN if 0 < int(n) < below else n for n in whole.shown)
        shown = (HIDDEN if besides.random() < share and n != "0" else n for n in shown)
        alone = Printed("alone", whole.dimensions, whole.codes, tuple(shown), EXACT)
        result, seconds = timed(lambda alone=alone: attack(alone))
        unsettled = sum(not one.settled for one in result.findings)
        print(
            f"| {' × '.join(map(str, shape))} | {len(alone.codes):,} | {result.hidden:,} | {len(result.findings)} | {unsettled} | {seconds:.2f} |",
            flush=True,
        )


SHAPES = (
    (1799,), (899, 1), (599, 2), (449, 3), (299, 5), (149, 11), (163, 9), (129, 12), (80, 21), (59, 29), (57, 30), (41, 41),
    (199, 2, 2), (20, 20, 3), (25, 7, 7), (8, 8, 20), (11, 9, 12), (11, 11, 11), (59, 4, 5),
    (5, 5, 5, 6), (6, 6, 6, 4), (8, 4, 4, 3), (3, 3, 3, 3), (3, 3, 3, 3, 3), (2, 2, 2, 2, 2), (2, 2, 2, 2, 2, 2),
)  # fmt: skip
"""Of the tables drawn at random: none has more than 1,800 cells with its totals."""
BY_PROTECT = 0.05
"""The share of these tables that is protected here, and not by hiding what is small and some of the rest at random."""
SLOW = 3.0
"""The aim, in CPU seconds."""


def another(seed: int) -> tuple[Printed, list[Printed], str]:
    """An exact table, none or one earlier table of the same people, and what is hidden how."""
    rng = np.random.default_rng(seed)
    shape = SHAPES[rng.integers(len(SHAPES))]
    people = rng.poisson(rng.choice([1, 2, 4, 8, 15, 40]), shape)
    people *= rng.random(shape) >= rng.choice([0, 0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.85])
    if rng.random() < 0.3:
        people = (people * rng.lognormal(0, 1.5, shape)).astype(np.int64)
    whole = table(np.maximum(people, int(rng.random() < 0.2)), tuple(range(len(shape))), totals=True)
    below, besides, width = (
        rng.choice([2, 3, 5, 10, 15]),
        rng.choice([0, 0.05, 0.2, 0.4, 0.6, 0.8]),
        rng.choice([1, 2, 4, 8, 20]),
    )
    zeros = bool(rng.random() < 0.3)
    rules = TableRules.model_validate(
        {"mode": "exact", "threshold": int(below), "width": int(width), "hide_zeros": zeros}
    )
    closed = zeros or tells_about_a_class(people, np.zeros(shape, dtype=bool))
    made = []
    for name in ("table", "earlier")[: 1 + int(rng.random() < 0.25)]:
        shown = (
            HIDDEN if (int(n) < below or rng.random() < besides) and (n != "0" or closed) else n
            for n in whole.shown
        )
        made.append(Printed(name, whole.dimensions, whole.codes, tuple(shown), rules))
    what = f"{besides} besides"
    if rng.random() < BY_PROTECT and len(shape) < 3:
        what, made[0] = "protected", protect_table(whole, rules=rules).table
    return (
        made[0],
        made[1:],
        f"{' × '.join(map(str, shape))} (seed {seed}, below {below}, width {width}, {what})",
    )


def at_random(seconds: float) -> None:
    """The slowest of the tables that are drawn and attacked in so many seconds."""
    took: list[tuple[float, str]] = []
    settled = safe = 0
    start = time.process_time()
    while time.process_time() - start < seconds:
        one, earlier, what = another(len(took))
        result, spent = timed(lambda one=one, earlier=earlier: attack(one, earlier=earlier))
        unsettled = sum(not found.settled for found in result.findings)
        settled, safe = settled + (not unsettled), safe + result.safe
        told = f"{len(one.codes):,} | {result.hidden:,} | {len(earlier)} | {len(result.findings)} | {unsettled}"
        took.append((spent, f"{what} | {told}"))
    over = sum(spent > SLOW for spent, _ in took)
    print(
        f"{len(took)} tables, {safe} safe, in {settled} everything settled; mean {np.mean([spent for spent, _ in took]):.2f} CPU s, {over} over {SLOW:.0f} s"
    )
    print(
        "\n| exact | cells | hidden | earlier tables | findings | not settled | CPU s |\n|---|---|---|---|---|---|---|"
    )
    for spent, what in sorted(took, reverse=True)[:10]:
        print(f"| {what} | {spent:.2f} |")


def distance(tables: int) -> None:
    """How much dearer the heuristic is than the cheapest choice, on tables where both can be had."""
    print(
        "\n| tables | cells | cheapest found | cost of the heuristic : cheapest | as cheap | CPU s, heuristic : cheapest |\n|---|---|---|---|---|---|"
    )
    usual = planning.MOST_FOR_BEST
    for shape in ((4, 5), (6, 8), (3, 3, 3), (3, 4, 5), (4, 4, 4)):
        dear, least, same, best, spent = 0.0, 0.0, 0, 0, [0.0, 0.0]
        for seed in range(tables):
            whole = table(drawn(shape, seed), tuple(range(len(shape))), totals=True)
            planning.MOST_FOR_BEST = len(whole.codes)  # type: ignore[misc]
            exact, seconds = timed(lambda whole=whole: _plan(protect_table(whole, rules=EXACT)))
            planning.MOST_FOR_BEST = 0  # type: ignore[misc]
            near, quick = timed(lambda whole=whole: _plan(protect_table(whole, rules=EXACT)))
            planning.MOST_FOR_BEST = usual  # type: ignore[misc]
            spent = [spent[0] + quick, spent[1] + seconds]
            if exact.at_least is not None and exact.cost <= exact.at_least + 1e-6:
                best += 1
                dear, least, same = (
                    dear + near.cost,
                    least + exact.cost,
                    same + (near.cost <= exact.cost + 1e-6),
                )
        cells = int(np.prod([n + 1 for n in shape]))
        print(
            f"| {tables} of {' × '.join(map(str, shape))} | {cells} | {best} | {dear / least:.3f} | {same} | {spent[0]:.1f} : {spent[1]:.1f} |",
            flush=True,
        )


def _plan(made: Protected) -> Plan:
    if made.plan is None:
        raise ValueError("a table in rounded mode has no plan")
    return made.plan


def cohorts() -> None:
    """How long it takes to compare a cohort with fifty earlier ones and all threes of them."""
    rng = random.Random(1)  # noqa: S311  made-up cohorts
    people = [f"p{n}" for n in range(20_000)]
    earlier = {f"release-{n}": set(rng.sample(people, rng.randint(500, 15_000))) for n in range(50)}
    _, seconds = timed(lambda: refuse_overlap(set(rng.sample(people, 5_000)), earlier=earlier, floor=10))
    print(
        f"\nA cohort against 50 earlier ones of 20,000 people, alone, in twos and in threes: {seconds:.1f} CPU s"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tables", type=int, default=20, help="tables of each shape that both choices are made for"
    )
    parser.add_argument("what", nargs="*", help="random SECONDS, for tables that are drawn at random")
    given = parser.parse_args()
    if given.what[:1] == ["random"]:
        at_random(float(given.what[1]))
    else:
        speed()
        worst()
        cohorts()
        distance(given.tables)
