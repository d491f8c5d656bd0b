"""A sum above nothing is not that of nobody: what sums tell of the counts beside them."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from policies.disclosure.csv_table import read_magnitudes
from policies.disclosure.rules import load_rules
from policies.disclosure.sums import attack_magnitudes, protect_magnitudes
from policies.disclosure.sums.somebody import somebody

HIDES_ZEROS = "mode: exact\nthreshold: 3\nwidth: 2\nhide_zeros: true\nsums: {threshold: 3}\n"
SHOWS_ZEROS = HIDES_ZEROS.replace("hide_zeros: true\n", "")
# Three cells of three people, and each of their sums is at least 30.
THREE = [
    *(f"a0,b{n},1,50,50,0" for n in range(3)),
    *(f"a1,b{n},3,10,4,3" for n in range(3)),
]
TOTALS = ["a0,Total,3,150,,", "a1,Total,9,30,,"]
OF_SIX = [*THREE, *TOTALS, *(f"Total,b{n},4,60,," for n in range(3)), "Total,Total,12,180,,"]
# The same beside a line with everybody in one cell, so that zeros are hidden.
OF_NINE = [
    *THREE, "a2,b0,4,8,2,2", "a2,b1,0,0,0,0", "a2,b2,0,0,0,0", *TOTALS, "a2,Total,4,8,,",
    "Total,b0,8,68,,", "Total,b1,4,60,,", "Total,b2,4,60,,", "Total,Total,16,188,,",
]  # fmt: skip


def read(lines, how):
    return read_magnitudes("\n".join(lines) + "\n", name="t.csv", rules=load_rules(how, name="rules.yaml"))


@pytest.mark.parametrize(("lines", "how"), [(OF_SIX, HIDES_ZEROS), (OF_NINE, SHOWS_ZEROS)])
def test_three_people_in_three_cells_that_each_have_a_sum_are_one_in_each(lines, how):
    true = read(["area,age,count,sum,largest,second", *lines], how)
    printed, sides = protect_magnitudes(true, rules=load_rules(how, name="rules.yaml"))
    result = attack_magnitudes(printed, sides=sides)
    ranges = {one.codes: (one.lower, one.upper) for one in result.cells if one.measure == "count"}
    assert [ranges["a0", f"b{n}"] for n in range(3)] == 3 * [(1, 1)]
    told = {one.codes for one in result.findings if one.measure == "count"}
    assert {("a0", "b0"), ("a0", "b1"), ("a0", "b2")} <= told


def test_where_sums_may_be_nothing_counts_may_be_too():
    lines = ["area,count,sum", "a,[c],[c]", "b,[c],[c]", "c,[c],[c]", "Total,20,100"]
    printed = read(lines, "mode: exact\nhide_zeros: true\nsums: {threshold: 3}\n")
    assert somebody([printed], of="sum") == []


@pytest.mark.parametrize("zeros", ["hide_zeros: true\n", ""])
def test_one_person_with_more_than_a_column_has_is_not_in_that_column(zeros):
    inside = [f"p{i},q{j},[c],[c]" for i in (1, 2) for j in (1, 2, 3)]
    totals = ["p1,Total,1,105", "p2,Total,47,954", "Total,q1,23,500", "Total,q2,5,59", "Total,q3,20,500", "Total,Total,48,1059"]  # fmt: skip
    how = f"mode: exact\nthreshold: 1\nwidth: 1\n{zeros}sums: {{threshold: 1, n: 1, k: 1, width: 0.05}}\n"
    result = attack_magnitudes(read(["p,q,count,sum", *inside, *totals], how))
    ranges = {one.codes: (one.lower, one.upper) for one in result.cells if one.measure == "count"}
    assert (ranges["p1", "q2"], ranges["p2", "q2"]) == ((0, 0), (5, 5))
    assert not result.safe


@pytest.mark.parametrize("columns", [20, 40])
def test_the_same_is_found_where_many_counts_are_open(columns):
    people, sums = [23, 5, *(columns - 2) * [20]], [500, 59, *(columns - 2) * [500]]
    lines = [f"p{i},q{j},[c],[c]" for i in range(3) for j in range(columns)]
    lines += ["p0,Total,1,105", f"p1,Total,40,{sum(sums) - 6105}", f"p2,Total,{sum(people) - 41},6000"]
    lines += [f"Total,q{j},{n},{s}" for j, (n, s) in enumerate(zip(people, sums, strict=True))]
    lines.append(f"Total,Total,{sum(people)},{sum(sums)}")
    how = (
        "mode: exact\nthreshold: 1\nwidth: 1\nhide_zeros: true\nsums: {threshold: 1, n: 1, k: 1, width: 0.05}\n"
    )
    told = {
        (one.codes, one.measure): one
        for one in attack_magnitudes(read(["p,q,count,sum", *lines], how)).findings
    }
    one = told[("p0", "q1"), "count"]
    assert (one.lower, one.upper, one.settled) == (0, 0, True)
    assert {(said.measure, said.printed) for said in one.because} == {
        ("count", "1"),
        ("sum", "105"),
        ("sum", "59"),
    }


@pytest.mark.parametrize("seed", range(12))
def test_the_counts_that_are_at_least_one_are_those_whose_smallest_sum_is_above_nothing(seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 9, size=(3, 4)) * rng.integers(0, 2, size=(3, 4))
    hidden = rng.random((3, 4)) < 0.6
    lines, rows, limits = ["x,y,count,sum"], [], []
    for i, j in product((*range(3), None), (*range(4), None)):
        at = np.ix_(range(3) if i is None else [i], range(4) if j is None else [j])
        closed = bool(hidden[at].all()) and (i is not None or j is not None)
        names = "Total" if i is None else f"x{i}", "Total" if j is None else f"y{j}"
        total = int(values[at].sum())
        lines.append(",".join([*names, *(("[c]", "[c]") if closed else (str(10 * total), str(total)))]))
        chosen = np.zeros((3, 4))
        chosen[at] = 1
        rows.append((names, chosen.ravel(), closed))
        if not closed:
            limits.append((chosen.ravel(), total))
    printed = read(lines, "mode: exact\nhide_zeros: true\nsums: {threshold: 3}\n")
    smallest = {
        names: linprog(chosen, A_eq=[one for one, _ in limits], b_eq=[total for _, total in limits]).fun
        for names, chosen, closed in rows
        if closed
    }
    found = {codes for one in somebody([printed], of="sum") for codes in one.table.codes}
    assert found == {names for names, least in smallest.items() if least > 1e-6}
