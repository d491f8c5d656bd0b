"""Further cells to hide as the corners of boxes: what is hidden, and that an attack finds every range as wide as demanded."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from policies.disclosure import protect_table as protecting
from policies.disclosure.boxes import Boxes, boxed, withstanding
from policies.disclosure.plan import Plan
from policies.disclosure.printed import Printed
from policies.disclosure.problem import too_narrow
from policies.disclosure.protect_table import protect_table
from policies.disclosure.rules import TableRules

LEVELS = {"c0": "north", "c1": "north", "c2": "south", "c3": "south"}


def problem_of(monkeypatch, shape, seed, **more):
    """The problem of a table with every total, of which the first dimension may have two levels."""
    rules = TableRules.model_validate({"mode": "exact", **more})
    rng = np.random.default_rng(seed)
    people = rng.poisson(rng.gamma(0.5, 60, shape)) + 1
    up = rules.hierarchies.get("a", {})
    cells = {}
    for place in product(*(range(n) for n in shape)):
        leaf = [f"c{n}" for n in place]
        above = [[leaf[0], *([up[leaf[0]]] if up else []), "Total"], *([one, "Total"] for one in leaf[1:])]
        for codes in product(*above):
            cells[codes] = cells.get(codes, 0) + int(people[place])
    table = Printed("t", tuple("abcd"[: len(shape)]), tuple(cells), tuple(map(str, cells.values())))
    found = []

    def plan(problem):
        found.append(problem)
        return Plan(problem.first, 0.0, None)

    monkeypatch.setattr(protecting, "plan", plan)
    protect_table(table, rules=rules)
    return found[0], list(cells)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("shape", "more"),
    [
        ((5, 6), {}),
        ((4, 4, 4), {}),
        ((3, 3, 3, 3), {}),
        ((4, 4, 3), {"hierarchies": {"a": LEVELS}}),
        ((4, 4, 4), {"width": 13}),
    ],
)
def test_an_attack_finds_every_range_wide_enough_once_each_small_count_is_a_corner(
    monkeypatch, shape, more, seed
):
    problem, _ = problem_of(monkeypatch, shape, seed, **more)
    assert too_narrow(problem, problem.first).size
    hidden = Boxes(problem, problem.first).cover(problem.first)
    assert hidden is not None
    assert hidden[problem.first].all()
    assert not too_narrow(problem, hidden).size


def test_a_heavy_category_is_no_corner_where_others_can_be(monkeypatch):
    problem, codes = problem_of(monkeypatch, (5, 6), 1)
    heavy, _ = problem_of(monkeypatch, (5, 6), 1, weights={"b": {"c0": 10_000, "Total": 10_000}})
    of_it = np.array([cell[1] in {"c0", "Total"} for cell in codes])
    further = [Boxes(one, one.first).cover(one.first) & ~one.first for one in (problem, heavy)]
    assert (further[0] & of_it).sum() > (further[1] & of_it).sum()


def test_a_count_with_no_other_that_may_be_hidden_is_a_corner_of_no_box(monkeypatch):
    problem, _ = problem_of(monkeypatch, (4, 4), 2)
    problem.allowed[:] = False
    alone = np.zeros_like(problem.first)
    alone[np.flatnonzero(problem.first)[0]] = True
    assert Boxes(problem, alone).cover(alone) is None


def test_boxes_for_a_part_of_the_cells_at_a_time_cost_less_than_boxes_for_all(monkeypatch):
    costs = []
    for seed in range(4):
        problem, _ = problem_of(monkeypatch, (3, 3, 3, 3), seed)
        needed = problem.first
        parts = boxed(problem, needed, needed=needed, at_first=needed)
        every = Boxes(problem, needed).cover(needed)
        assert parts is not None
        assert every is not None
        assert not problem.attacked(parts).size
        costs.append([problem.cost[one & ~needed].sum() for one in (parts, every)])
    in_parts, at_once = np.sum(costs, axis=0)
    assert in_parts < at_once, costs


def test_what_the_whole_attack_finds_gets_further_boxes_and_what_it_still_finds_stays_as_it_was(monkeypatch):
    problem, _ = problem_of(monkeypatch, (4, 4, 4), 0)
    needed = problem.first
    plain = boxed(problem, needed, needed=needed, at_first=needed)
    assert plain is not None
    calls = []

    def once(hidden):
        calls.append(hidden)
        return np.flatnonzero(problem.first)[: 1 if len(calls) == 1 else 0]

    further = withstanding(replace(problem, attacked=once), plain)
    assert further.sum() > plain.sum()
    assert further[plain].all()
    assert np.array_equal(calls[-1], further)
    always = replace(problem, attacked=lambda hidden: np.flatnonzero(problem.first)[:1])
    assert np.array_equal(withstanding(always, plain), plain)


def test_what_the_whole_attack_does_not_find_gets_no_further_boxes(monkeypatch):
    problem, _ = problem_of(monkeypatch, (4, 4, 4), 0)
    plain = boxed(problem, problem.first, needed=problem.first, at_first=problem.first)
    assert withstanding(problem, plain) is plain
