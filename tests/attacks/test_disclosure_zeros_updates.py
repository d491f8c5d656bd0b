"""Tables before and after an update of which some print no zero, held against a reader who lists all tables that would be printed so."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from policies.disclosure import CountTable, Layout, PublishedTable, Rule, suppress_and_round
from policies.disclosure.attack import Finding
from policies.disclosure.exact import show_exactly
from policies.disclosure.table import HIDDEN
from policies.disclosure.together import most_hidden
from policies.disclosure.updates import Change, across_update
from tests.brute_force_reader import Counts, Seen, every_arrangement, seen

CODES = ("a", "b", "c")
MOST_PAIRS = 2_000
Ends = dict[tuple[str, tuple[str, ...]], list[int]]


def printed(counts: Counts, population: str, rule: Rule, width: int) -> PublishedTable:
    """Exactly, or if no width is given rounded."""
    dimensions = ("area", "sex")[: counts.ndim]
    table = CountTable(Layout(population, dimensions, tuple(CODES[:n] for n in counts.shape)), counts)
    if width:
        return show_exactly(table, least=rule.suppress + 1, width=width, hide_zeros=False)
    return suppress_and_round(table, rule=rule)


def as_seen(table: PublishedTable) -> Seen:
    return seen(table, dict(zip(table.layout.dimensions, table.layout.categories, strict=True)))


def prints_no_zero(table: PublishedTable) -> bool:
    its = as_seen(table)
    return any(its.hidden) and not its.shows_zero


def ways(now: Counts, then: Counts) -> Iterator[tuple[Counts, Counts, NDArray[np.int64]]]:
    """Who is there after and before, with how many may be both, at most, in every cell."""
    for after in now:
        for before in then:
            yield after, before, np.minimum(after, before)


def known(now: PublishedTable, then: PublishedTable, change: Change, most: int) -> tuple[Ends, Ends] | None:
    """What is left of each hidden cell, and of who came to a cell or left it, for a reader who knows how many came and left; None where that is too much to list."""
    every = [every_arrangement([as_seen(one)]) for one in (now, then)]
    if any(one is None for one in every) or len(every[0]) * len(every[1]) > MOST_PAIRS:
        return None
    stay = [  # who came less those who came to the data changed category; so did those who left
        (after, before, top, range(top.sum() + 1), after.sum() - change.came, before.sum() - change.left)
        for after, before, top in ways(*every)
    ]
    changed = [max(a - n, b - n) for _, _, _, staying, a, b in stay for n in staying if min(a - n, b - n) >= 0]
    spare = min(changed) + most - 1 if min(changed) else 0
    cells, moves = {}, {}
    for after, before, top, staying, a, b in stay:
        fits = [n for n in staying if min(a - n, b - n) >= 0 and max(a - n, b - n) <= spare]
        if not fits:
            continue
        for name, table, counts in (("after", now, after), ("before", then, before)):
            its = as_seen(table)
            told = [*table.layout.cells(), *(cell for cell, _ in table.margins)]
            for cell, mask, hides in zip(told, its.cells, its.hidden, strict=True):
                people = int(counts[mask].sum())
                if hides:
                    widen(cells, (name, cell), people, people)
                if not mask.all():  # how many came or left in all, the reader knew
                    fewest = max(0, min(fits) - int(top[~mask].sum()))
                    widen(moves, (name, cell), people - min(max(fits), int(top[mask].sum())), people - fewest)
    return cells, moves


def widen(ends: Ends, key: tuple[str, tuple[str, ...]], low: int, high: int) -> None:
    one = ends.setdefault(key, [low, high])
    one[:] = min(one[0], low), max(one[1], high)


def tells(now: PublishedTable, then: PublishedTable, change: Change) -> bool | None:
    """Whether a hidden cell is narrower than it has to be, or a few people who came or left come out."""
    most = max(most_hidden(now), most_hidden(then))
    told = known(now, then, change, most)
    if told is None:
        return None
    cells, moves = told
    wanted = {"after": now, "before": then}
    wanted = {
        name: one.width if one.exact else max(one.rule.largest_hidden - 1, 1) for name, one in wanted.items()
    }
    return any(high - low < wanted[name] for (name, _), (low, high) in cells.items()) or any(
        1 <= low <= high <= most and (low, high) != (1, most) for low, high in moves.values()
    )


def drawn(seed: int) -> tuple[PublishedTable, PublishedTable, Change]:
    rng = np.random.default_rng(seed)
    shape = [(3,), (2, 2), (2,)][seed % 3]
    stayed = np.where(rng.random(shape) < 0.4, 0, rng.integers(1, 6, shape))
    came = np.where(rng.random(shape) < 0.5, 0, rng.integers(1, 4, shape))
    left = np.where(rng.random(shape) < 0.6, 0, rng.integers(1, 4, shape))
    rule = Rule(int(rng.integers(1, 3)), 1, hide_zeros=False)
    exactly = [int(rng.integers(1, 4)) if rng.random() < 0.8 else 0 for _ in range(2)]
    moved = int(rng.integers(0, min(came.sum(), left.sum()) + 1)) if rng.random() < 0.3 else 0
    now, then = (
        printed(stayed + came, "after", rule, exactly[0]),
        printed(stayed + left, "before", rule, exactly[1]),
    )
    return now, then, Change(int(came.sum()) - moved, int(left.sum()) - moved)


def found(now: PublishedTable, then: PublishedTable, change: Change) -> tuple[Finding, ...]:
    return across_update([("after", now)], before=[("before", then)], change=change)


@pytest.mark.parametrize("start", range(0, 80, 20))
def test_nothing_that_a_reader_who_lists_all_tables_narrows_is_called_safe_across_an_update(start: int) -> None:
    judged = 0
    for seed in range(start, start + 20):
        now, then, change = drawn(seed)
        if not (prints_no_zero(now) or prints_no_zero(then)):
            continue
        told = tells(now, then, change)
        if told is not None:
            judged += 1
            assert found(now, then, change) or not told, seed
    assert judged > 3


def exactly(counts: list[int], population: str, width: int = 1) -> PublishedTable:
    return printed(np.array(counts), population, Rule(2, 1, hide_zeros=False), width)


def test_where_no_zero_was_printed_before_and_one_is_after_what_follows_of_the_ones_before_is_found() -> None:
    """Before, no line has everybody in one category, so all four hidden are somebody; after, nobody is left of one: so it was the one who left."""
    then, now = exactly([1, 2, 5], "before"), exactly([0, 5, 5], "after")
    assert then.cells == (HIDDEN, HIDDEN, "5")
    assert prints_no_zero(then)
    assert not prints_no_zero(now)
    assert tells(now, then, Change(3, 1))
    assert found(now, then, Change(3, 1))


def test_where_a_zero_was_printed_before_and_none_is_after_what_follows_of_those_who_came_is_found() -> None:
    then, now = exactly([0, 5, 5], "before"), exactly([1, 2, 5], "after")
    assert prints_no_zero(now)
    assert tells(now, then, Change(1, 3))
    assert found(now, then, Change(1, 3))
