"""How long the newest of up to fifty-one tables, drawn at random, takes to be attacked beside all before it. `python benchmarks/disclosure_ledgers.py --first 0 --seconds 300`"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from policies.disclosure import (
    Change,
    CountTable,
    Layout,
    Levels,
    PublishedTable,
    Restriction,
    Rule,
    Unsafe,
    progress,
    suppress_and_round,
)
from policies.disclosure.exact import show_exactly
from policies.disclosure.progress import Effort
from policies.disclosure.subtracted import refuse_subtracted
from policies.disclosure.together import audit_together
from policies.disclosure.updates import across_update

EARLIER = 50
MOST_CELLS = 400
MOST_PEOPLE = 30_000
"""Combinations of all categories and cohorts."""
BUILDING = 60.0
"""CPU seconds in which a ledger is made."""
NAMES = ("area", "age", "ethnicity", "sex", "outcome", "month")
SIZES = ((4, 20), (3, 9), (3, 6), (2, 2), (2, 5), (3, 12))
LEVELLED = ("area", "month")
Named = tuple[str, PublishedTable]


@dataclass(frozen=True)
class Kind:
    """`cohorts`: one, nested as windows are, overlapping, or both. `checked`: what did not pass did not leave; else tables left by the threshold alone."""

    cohorts: str
    counts: str
    levels: bool
    updates: bool
    checked: bool
    hide_zeros: bool
    mean: float

    def __str__(self) -> str:
        also = (name for name in ("levels", "updates", "checked", "hide_zeros") if getattr(self, name))
        return ", ".join([self.cohorts, self.counts, *also, f"mean {self.mean:g}"])


@dataclass(frozen=True)
class World:
    """Everybody by windows, marks and every dimension; before and, if there is one, after an update."""

    sizes: tuple[int, ...]
    people: list[np.ndarray]


def drawn_kind(rng: np.random.Generator) -> Kind:
    return Kind(
        cohorts=str(rng.choice(["one", "one", "nested", "overlapping", "both"])),
        counts=str(rng.choice(["rounded", "rounded", "exact", "mixed"])),
        levels=bool(rng.random() < 0.3),
        updates=bool(rng.random() < 0.3),
        checked=bool(rng.random() < 0.5),
        hide_zeros=bool(rng.random() < 0.15),
        mean=float(rng.choice([0.3, 1, 3, 10, 40])),
    )


def drawn_world(rng: np.random.Generator, kind: Kind) -> World:
    while True:
        sizes = tuple(int(rng.integers(low, high + 1)) for low, high in SIZES[: int(rng.integers(3, 7))])
        windows = int(rng.integers(2, 6)) if kind.cohorts in ("nested", "both") else 1
        marks = int(rng.integers(2, 6)) if kind.cohorts in ("overlapping", "both") else 1
        if windows * marks * np.prod(sizes) <= MOST_PEOPLE:
            break
    rates = rng.gamma(0.5, 2 * kind.mean / (windows * marks), (windows, marks, *sizes))
    people = [rng.poisson(rates)]
    if kind.updates:
        people.append(rng.binomial(people[0], 0.93) + rng.poisson(rates * 0.1))
    return World(sizes, people)


def drawn_table(rng: np.random.Generator, kind: Kind, world: World, *, when: int) -> CountTable:
    """A table by one to four dimensions, of everybody or of a cohort."""
    while True:
        size = int(rng.choice([1, 2, 2, 3, 3, 4]))
        axes = sorted(rng.permutation(len(world.sizes))[:size].tolist())
        if np.prod([world.sizes[n] for n in axes]) <= MOST_CELLS:
            break
    people, kept = world.people[when], []
    windows, marks = people.shape[:2]
    if (last := int(rng.integers(1, windows + 1))) < windows:
        every = tuple(f"window {n}" for n in range(windows))
        kept.append(Restriction("window", every[:last], every))
        people = people[:last]
    chosen = np.flatnonzero(rng.random(marks) < 0.5)
    if 0 < len(chosen) < marks:
        every = tuple(f"mark {n}" for n in range(marks))
        kept.append(Restriction("mark", tuple(every[n] for n in chosen), every))
        people = people[:, chosen]
    counts = people.sum(axis=tuple(n for n in range(people.ndim) if n - 2 not in axes))
    names = tuple(NAMES[n] for n in axes)
    categories = tuple(tuple(f"{NAMES[n]} {code}" for code in range(world.sizes[n])) for n in axes)
    levels = tuple(
        Levels(name, tuple((code, f"above {code.split()[0]} {number // 3}") for number, code in enumerate(its)))
        for name, its in zip(names, categories, strict=True)
        if kind.levels and name in LEVELLED
    )
    return CountTable(Layout(f"people {when}", names, categories, tuple(kept), levels), np.asarray(counts))


def printed(table: CountTable, *, exact: bool, hide_zeros: bool) -> PublishedTable:
    if exact:
        return show_exactly(table, least=10, width=8, hide_zeros=hide_zeros)
    return suppress_and_round(table, rule=Rule(7, 5, hide_zeros))


def attacked(new: PublishedTable, ledger: list[Named], *, change: Change | None) -> tuple[str, float]:
    """What the questions of `protect` find, and the CPU seconds that they take."""
    start, found = time.process_time(), Counter[str]()
    same = new.layout.population
    here = [("new", new), *(one for one in ledger if one[1].layout.population == same)]
    before = [one for one in ledger if one[1].layout.population != same]
    effort = Effort(progress.MOST_SPENT)
    found.update(one.code for one in audit_together(here, effort=effort).findings)
    if before and not found:
        effort.until = progress.WITH_UPDATES
        findings = across_update(here, before=before, change=change, effort=effort)
        found.update(f"{one.code} by the update" for one in findings)
    try:
        refuse_subtracted(new, earlier=ledger, suppress=9 if new.exact else 7)
    except Unsafe:
        found["subtracted"] += 1
    return ", ".join(f"{n} {what}" for what, n in found.items()), time.process_time() - start


def ledgers(seed: int) -> Iterator[tuple[Kind, int, int, str, float]]:
    """Every attack on one ledger: its kind, the tables before and their cells, what was found, CPU seconds."""
    rng = np.random.default_rng(seed)
    kind = drawn_kind(rng)
    world = drawn_world(rng, kind)
    totals = [int(one.sum()) for one in world.people]
    change = Change(max(totals[-1] - totals[0], 0) + 5, max(totals[0] - totals[-1], 0) + 5)
    ledger: list[Named] = []
    start = time.process_time()
    for _ in range(3 * EARLIER):
        late = time.process_time() - start > BUILDING
        table = drawn_table(rng, kind, world, when=int(kind.updates and len(ledger) >= EARLIER // 2))
        exact = kind.counts == "exact" or (kind.counts == "mixed" and rng.random() < 0.5)
        try:
            new = printed(table, exact=exact, hide_zeros=kind.hide_zeros)
        except Unsafe:
            continue
        found = ""
        if kind.checked or late or len(ledger) == EARLIER:
            found, seconds = attacked(new, ledger, change=change)
            cells = sum(len(one.cells) + len(one.margins) for _, one in ledger)
            yield kind, len(ledger), cells, found, seconds
        if late or len(ledger) == EARLIER:
            break
        if not (kind.checked and found):
            ledger.append((f"table {len(ledger)}", new))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the number of the first ledger")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long to look, in CPU seconds")
    given = parser.parse_args()
    print("| ledger | kind | tables before | cells | found | CPU s |\n|---|---|---|---|---|---|")
    begun, number = time.process_time(), given.first
    while time.process_time() - begun < given.seconds:
        slowest = max(ledgers(number), key=lambda one: one[-1], default=None)
        if slowest is not None:
            kind, tables, cells, found, seconds = slowest
            print(f"| {number} | {kind} | {tables} | {cells:,} | {found} | {seconds:.2f} |", flush=True)
        number += 1
