"""Tables of sums drawn at random, and how long an attack on each takes: `benchmarks/disclosure_sums.py random SECONDS`."""

import time
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np

from policies.disclosure.errors import TableInvalid, Unsafe
from policies.disclosure.printed import Printed
from policies.disclosure.rules import TableRules
from policies.disclosure.sums import Magnitudes, attack_every_sum, protect_magnitudes
from policies.disclosure.sums.beside import attack_with_insiders
from policies.disclosure.table import HIDDEN

SHAPES = (
    *((39, 44), (11, 11, 11), (599, 2), (1799,), (299, 5), (149, 11), (899, 1), (20, 20), (8, 8, 8)),
    *((5, 5, 5), (15, 13, 6), (30, 30), (9, 9), (300,), (50,), (7, 4, 3), (24, 23, 2), (12, 146)),
)
KINDS = {
    "exact": {"mode": "exact"},
    "totals of printed numbers": {"mode": "rounded"},
    "totals rounded": {"mode": "rounded", "totals": "rounded"},
    "totals exact": {"mode": "rounded", "totals": "exact"},
}
LOADS = {"few": (120, 2.2), "many": (30, 1.5), "thin": (6, 1.5)}
SLOW = 3.0


@dataclass(frozen=True)
class Drawn:
    """A table as it is printed and with what is behind it, earlier ones, and what kind it is."""

    table: Magnitudes
    earlier: list[Magnitudes]
    kind: dict[str, Any]


def people(rng: np.random.Generator, shape: tuple[int, ...], load: str, most: int | None) -> dict[Any, Any]:
    """What each person of each cell contributes."""
    many, spread = LOADS[load]
    count = rng.integers(20, many, shape) if load == "few" else rng.poisson(rng.gamma(0.7, many, shape))
    drawn = rng.integers if most else rng.lognormal
    given = (0, most + 1) if most else (5, spread)
    return {place: np.ceil(drawn(*given, count[place])) for place in product(*map(range, shape))}


def true_table(
    cells: dict[Any, Any], shape: tuple[int, ...], kept: tuple[int, ...], name: str, rules: TableRules
) -> Magnitudes:
    """The table over these dimensions with every total, as it is to be protected."""
    two = [np.zeros(shape) for _ in range(4)]
    for place, one in cells.items():
        top = np.sort(np.concatenate([one, [0, 0]]))
        for array, value in zip(two, (len(one), one.sum(), top[-1], top[-2]), strict=True):
            array[place] = value
    for axis in range(len(shape)):
        top = np.sort(np.concatenate(two[2:], axis=axis), axis=axis)
        totals = [one.sum(axis=axis, keepdims=True) for one in two[:2]]
        totals += [np.take(top, [n], axis=axis) for n in (-1, -2)]
        pairs = zip(two, totals, strict=True)
        two = [np.concatenate([a, b], axis=axis) if axis in kept else b for a, b in pairs]
    places = list(product(*map(range, two[0].shape)))
    codes = tuple(tuple("Total" if p[n] == shape[n] else f"c{p[n]}" for n in kept) for p in places)
    count, total, largest, second = (tuple(str(int(one[p])) for p in places) for one in two)
    table = Printed(name, tuple("abc"[n] for n in kept), codes, count, rules)
    return Magnitudes(table, {"sum": total, "largest": largest, "second": second})


def by_hand(true: Magnitudes, rng: np.random.Generator, share: float) -> Magnitudes:
    """Small counts, dominated sums and, of the others, a random share hidden; the rest as the rules print it."""
    rules, columns, counts = true.counts.rules or TableRules(), true.columns, list(map(int, true.counts.shown))
    sums, largest = list(map(int, columns["sum"])), list(map(int, columns["largest"]))
    hide = [
        k > 0 and (k < 10 or top > 0.8 * total or rng.random() < share)
        for k, total, top in zip(counts, sums, largest, strict=True)
    ]
    unit, step = rules.rule.round_to, int(true.rules.step)
    exact = [rules.exact or (rules.total_kind == "exact" and "Total" in one) for one in true.counts.codes]
    shown = [
        k if sharp else (2 * k + unit) // (2 * unit) * unit for k, sharp in zip(counts, exact, strict=True)
    ]
    texts = ([*map(str, shown)], [str((2 * one + step) // (2 * step) * step) for one in sums])
    two = [tuple(HIDDEN if h else t for h, t in zip(hide, one, strict=True)) for one in texts]
    return Magnitudes(replace(true.counts, shown=two[0]), {"sum": two[1]})


def printed(
    true: Magnitudes, rng: np.random.Generator, how: str, share: float, ratio: tuple[str, int, bool] | None
) -> Magnitudes:
    """As somebody prints it; with true means or rates beside every number, or beside those shown."""
    made = (
        protect_magnitudes(true, rules=true.counts.rules or TableRules())[0]
        if how == "protect"
        else by_hand(true, rng, share)
    )
    if ratio is None:
        return made
    name, digits, everywhere = ratio
    per = {"mean": 1, "rate": 1_000}[name]
    rows = zip(true.columns["sum"], true.counts.shown, made.counts.shown, strict=True)
    texts = tuple(
        HIDDEN if k == "0" or (shown == HIDDEN and not everywhere) else f"{int(s) * per / int(k):.{digits}f}"
        for s, k, shown in rows
    )
    return Magnitudes(made.counts, {**made.columns, name: texts})


def draw(seed: int) -> Drawn:
    """One of all kinds, of up to 1,800 cells.

    Raises:
        Unsafe: it was to be protected and cannot be.
    """
    rng = np.random.default_rng(seed)
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    load, kind = str(rng.choice(list(LOADS))), str(rng.choice(list(KINDS), p=[0.55, 0.15, 0.15, 0.15]))
    most = int(rng.choice([30, 365])) if rng.random() < 0.3 else None
    sums = {"step": int(rng.choice([1, 10])), **({"most_per_person": most} if most else {})}
    hidden = {"hide_zeros": True} if rng.random() < 0.25 else {}
    rules = TableRules.model_validate({**KINDS[kind], **hidden, "sums": sums})
    small = np.prod(np.array(shape) + 1) < 350
    how = "protect" if kind == "totals of printed numbers" or (small and rng.random() < 0.4) else "by hand"
    share = float(rng.choice([0.1, 0.3, 0.6, 0.9]))
    ratio = (str(rng.choice(["mean", "rate"])), int(rng.integers(0, 3)), rng.random() < 0.7)
    printed_ratio = ratio if rng.random() < 0.45 else None
    cells = people(rng, shape, load, most)
    every = tuple(range(len(shape)))
    true = true_table(cells, shape, every, "table", rules)
    table = printed(true, rng, how, share, printed_ratio)
    insiders = bool(rng.random() < 0.5)
    if insiders:
        known = {"true_count": true.counts.shown, "true_sum": true.columns["sum"]}
        table = Magnitudes(table.counts, {**table.columns, **known, **{one: true.columns[one] for one in ("largest", "second")}})  # fmt: skip
    earlier = []
    for n in range(int(rng.choice([0, 0, 1, 2]))):
        parts = [one for size in every for one in combinations(every, size + 1)]
        part = parts[int(rng.integers(len(parts)))]
        before = true_table(cells, shape, part, f"earlier {n}", rules)
        way = "protect" if kind == "totals of printed numbers" else "by hand"
        beside = printed_ratio if rng.random() < 0.5 else None
        earlier.append(printed(before, rng, way, float(rng.choice([0.05, 0.2, 0.5])), beside))
    said = {"shape": shape, "load": load, "kind": kind, "how": how, "share": share, "ratio": printed_ratio}
    return Drawn(table, earlier, {**said, "insiders": insiders, "earlier": len(earlier), **sums, **hidden})


def search(seconds: float, *, first: int) -> None:
    """Draws and attacks tables for so many CPU seconds, and prints those that take long, and how long all take."""
    begin, seed, taken = time.process_time(), first, []
    while time.process_time() - begin < seconds:
        seed += 1
        try:
            one = draw(seed - 1)
        except Unsafe:
            continue
        attack = attack_with_insiders if one.kind["insiders"] else attack_every_sum
        start = time.process_time()
        try:
            found = attack(one.table, earlier=one.earlier)
        except TableInvalid:  # rounding hides what the rules say is shown
            continue
        taken.append(time.process_time() - start)
        if taken[-1] > SLOW:
            unsettled = sum(not told.settled for told in found.findings)
            print(f"{seed - 1}: {taken[-1]:.2f} s, {len(found.findings)} findings, {unsettled} not settled, {one.kind}", flush=True)  # fmt: skip
    spent = np.array(taken)
    quarters = ", ".join(f"{one:.2f}" for one in np.quantile(spent, [0.5, 0.9, 0.99, 1.0]))
    print(f"{len(spent)} tables (seeds {first} to {seed - 1}): {quarters} s (half, 90 %, 99 %, all of them within); {(spent > SLOW).sum()} over {SLOW:g} s")  # fmt: skip
