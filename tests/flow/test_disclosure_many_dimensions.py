"""Exact tables of three and more dimensions with all their totals: protected at little more than has to be, and safe for the whole attack."""

from itertools import product

import numpy as np
import pytest

from policies.disclosure import plan as planning
from policies.disclosure import protect_table as protecting
from policies.disclosure.boxes import Boxes
from policies.disclosure.cheapest import cheapest
from policies.disclosure.errors import Unsafe
from policies.disclosure.plan import plan
from policies.disclosure.printed import Printed
from policies.disclosure.problem import too_narrow
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import attack
from policies.disclosure.rules import TableRules
from policies.disclosure.table import HIDDEN

EXACT = TableRules.model_validate({"mode": "exact"})


def table(shape, seed, *, zeros):
    """Made-up people by as many dimensions, in all their categories and totals."""
    rng = np.random.default_rng(seed)
    people = rng.poisson(rng.gamma(0.5, 40, shape))
    people = people if zeros else people + 1
    cells = {}
    for place in product(*(range(n) for n in shape)):
        for codes in product(*((f"c{n}", "Total") for n in place)):
            cells[codes] = cells.get(codes, 0) + int(people[place])
    return Printed("t", tuple("abcde"[: len(shape)]), tuple(cells), tuple(map(str, cells.values())))


def problem_of(monkeypatch, given):
    """What the plan of this table is asked."""
    found = []

    def asked(problem):
        found.append(problem)
        return plan(problem)

    monkeypatch.setattr(protecting, "plan", asked)
    made = protect_table(given, rules=EXACT)
    return found[0], made


@pytest.mark.parametrize(("shape", "seed"), [((3, 3, 3, 3), 1), ((2, 3, 3, 2, 2), 1)])
def test_a_table_of_many_dimensions_that_hides_all_its_zeros_leaves_safely(shape, seed):
    made = protect_table(table(shape, seed, zeros=True), rules=EXACT).table
    assert "0" not in made.shown
    found = attack(made)
    assert found.hidden == made.shown.count(HIDDEN) > 0
    assert found.safe


@pytest.mark.parametrize("seed", [0, 2])
def test_what_is_hidden_besides_costs_little_more_than_the_cheapest_choice_there_is(monkeypatch, seed):
    problem, made = problem_of(monkeypatch, table((3, 3, 5), seed, zeros=False))
    assert len(problem.counts) == 96
    best, at_least = cheapest(problem)
    assert best is not None
    assert made.plan.cost >= at_least - 1e-6
    assert made.plan.cost <= 1.2 * problem.cost[best & ~problem.first].sum()


def test_far_less_is_hidden_than_boxes_for_all_small_counts_would_take(monkeypatch):
    problem, made = problem_of(monkeypatch, table((4, 4, 4, 3), 3, zeros=False))
    boxes = Boxes(problem, problem.first).cover(problem.first)
    assert made.plan.cost < 0.6 * problem.cost[boxes & ~problem.first].sum()
    assert attack(made.table).safe


def test_a_choice_stays_where_none_of_the_others_that_are_tried_can_be_made(monkeypatch):
    problem, made = problem_of(monkeypatch, table((3, 3, 5), 0, zeros=False))
    one_by_one, asked = planning._one_by_one, []

    def once(*given):
        asked.append(given)
        if len(asked) > 1:
            raise Unsafe("not from there")
        return one_by_one(*given)

    monkeypatch.setattr(planning, "_one_by_one", once)
    found = plan(problem)
    assert len(asked) > 1
    assert found.cost >= made.plan.cost
    assert not too_narrow(problem, found.hidden).size
