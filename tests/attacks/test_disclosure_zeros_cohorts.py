"""Tables that print no zero, on cohorts within cohorts, held against a reader who lists all tables that would be printed so."""

from itertools import combinations, permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from policies.disclosure import CountTable, Layout, PublishedTable, Rule, suppress_and_round, zeros
from policies.disclosure.attack import Finding
from policies.disclosure.errors import Unsafe
from policies.disclosure.exact import show_exactly
from policies.disclosure.printed import Printed
from policies.disclosure.reader import attack
from policies.disclosure.rules import TableRules
from policies.disclosure.table import HIDDEN, Restriction
from policies.disclosure.together import audit_together, most_hidden
from tests.brute_force_reader import Counts, every_arrangement, seen, whom

YES = ("yes", "no")
DIMENSIONS = {"area": ("a", "b", "c"), "fined": YES}
SMALLER = {"area": ("a", "b"), "fined": YES, "missing": YES}
CHOICES = (("area",), ("area",), ("area", "fined"), ("fined",), ())


def told(counts: Counts, dimensions: dict[str, tuple[str, ...]], rng: np.random.Generator) -> PublishedTable:
    """The answer to a question that is drawn: by what, among whom, and whether exactly."""
    names = CHOICES[rng.integers(len(CHOICES))]
    among = [one for one in dimensions if one != "area" and one not in names and rng.random() < 0.5]
    kept = counts[tuple(slice(0, 1) if one in among else slice(None) for one in dimensions)]
    axes = tuple(n for n, name in enumerate(dimensions) if name not in names)
    restrictions = tuple(Restriction(one, ("yes",), YES) for one in among)
    layout = Layout("p", names, tuple(dimensions[n] for n in names), restrictions)
    table = CountTable(layout, np.asarray(kept.sum(axis=axes), dtype=np.int64))
    if rng.random() < 0.75:
        return show_exactly(table, least=4, width=2, hide_zeros=False)
    return suppress_and_round(table, rule=Rule(3, 3, hide_zeros=False))


def found(tables: list[PublishedTable]) -> tuple[Finding, ...]:
    return audit_together([(f"t{n}", one) for n, one in enumerate(tables)]).findings


def narrows(tables: list[PublishedTable], dimensions: dict[str, tuple[str, ...]]) -> bool | None:
    """Whether a hidden cell, or a group between two or three cohorts, comes out narrower than it may."""
    read = [seen(one, dimensions) for one in tables]
    every = every_arrangement(read)
    if every is None:
        return None
    for table, its in zip(tables, read, strict=True):
        wanted = table.width if table.exact else table.rule.largest_hidden - 1
        for cell, hides in zip(its.cells, its.hidden, strict=True):
            if hides and np.ptp(every[:, cell].sum(axis=1)) < wanted:
                return True
    most = max(map(most_hidden, tables))
    for group in between(tables, dimensions):
        people = every[:, group].sum(axis=1)
        if 1 <= people.min() <= people.max() <= most and (people.min(), people.max()) != (1, most):
            return True
    return False


def between(tables: list[PublishedTable], dimensions: dict[str, tuple[str, ...]]) -> list[NDArray[np.bool_]]:
    restricted = [{r.dimension: r.kept for r in one.layout.restrictions} for one in tables]
    cohorts = list(
        {mask.tobytes(): mask for mask in (whom({}, dimensions, one) for one in restricted)}.values()
    )
    groups = [a & ~b for a, b in permutations(cohorts, 2)] + [a & b for a, b in combinations(cohorts, 2)]
    for a, b, c in permutations(cohorts, 3):
        groups += [a & ~b & ~c, a & b & ~c, (a | b) & ~c, a & ~(b & c), a & b & c]
    groups = [one for one in groups if one.any() and not any((one == its).all() for its in cohorts)]
    if all("area" in one.layout.dimensions for one in tables):
        groups += [one & whom({"area": code}, dimensions, {}) for one in groups for code in dimensions["area"]]
    return [one for one in groups if one.any()]


@pytest.mark.parametrize("start", range(0, 90, 30))
def test_nothing_that_a_reader_who_lists_all_tables_narrows_is_called_safe(start: int) -> None:
    judged = 0
    for seed in range(start, start + 30):
        rng = np.random.default_rng(seed)
        dimensions = SMALLER if seed % 4 == 0 else DIMENSIONS
        shape = tuple(len(codes) for codes in dimensions.values())
        counts = np.where(rng.random(shape) < 0.3, 0, rng.integers(1, 6, shape))
        try:
            tables = [told(counts, dimensions, rng) for _ in range(rng.integers(2, 4))]
        except Unsafe:
            continue
        no_zero = [one for one in tables if HIDDEN in one.cells and not seen(one, dimensions).shows_zero]
        judgement = narrows(tables, dimensions) if no_zero else None
        if judgement is not None:
            judged += 1
            assert found(tables) or not judgement, seed
    assert judged > 3


def test_a_way_that_was_not_looked_at_makes_nothing_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is missing from one line of two, which is wide only if either may be it."""
    rules = TableRules(mode="exact", suppress=2, width=2)
    cells = (("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("Total", "x"), ("Total", "y"), ("a", "Total"),
             ("b", "Total"), ("Total", "Total"))  # fmt: skip
    table = Printed("t", ("area", "sex"), cells, (HIDDEN,) * 4 + ("3", "3", "3", "3", "6"), rules)
    assert attack(table).safe
    monkeypatch.setattr(zeros, "MOST_TRIED", 1)
    assert len(attack(table).findings) == 4
    monkeypatch.setattr(zeros, "MOST_TRIED", 0)
    assert [one.settled for one in attack(table).findings] == [False] * 4
