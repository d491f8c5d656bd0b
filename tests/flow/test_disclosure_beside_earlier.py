"""Exact tables protected beside earlier ones of the same people: what was hidden stays hidden, what was printed protects nobody, and what the attack finds gets further cells."""

import json
from itertools import product

import numpy as np
import pytest
from typer.testing import CliRunner

from cli import app
from policies.disclosure.csv_table import magnitudes_csv
from policies.disclosure.printed import Printed
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import attack
from policies.disclosure.rules import TableRules
from policies.disclosure.sums import Magnitudes
from policies.disclosure.table import HIDDEN

EXACT = TableRules.model_validate({"mode": "exact"})
RULES = "mode: exact\n"


def people(seed):
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(0.5, 12, (3, 3, 3)))


def table(counts, axes, name):
    """The table over some of the dimensions, with every total."""
    cells = {}
    for place in product(*(range(n) for n in counts.shape)):
        for codes in product(*((f"{'abc'[axis]}{place[axis]}", "Total") for axis in axes)):
            cells[codes] = cells.get(codes, 0) + int(counts[place])
    return Printed(name, tuple("abc"[axis] for axis in axes), tuple(cells), tuple(map(str, cells.values())))


def protected(counts, axes, name, earlier=()):
    return protect_table(table(counts, axes, name), rules=EXACT, earlier=earlier).table


def shared(new, old, axes):
    """What both print of each cell of the old table."""
    for codes, shown in zip(old.codes, old.shown, strict=True):
        whole = ["Total"] * len(new.dimensions)
        for axis, code in zip(axes, codes, strict=True):
            whole[axis] = code
        yield new.shown[new.at[tuple(whole)]], shown


@pytest.mark.parametrize("seed", [0, 1])
def test_what_an_earlier_table_hides_is_hidden_and_what_it_prints_is_printed(seed):
    counts = people(seed)
    first = protected(counts, (0, 1), "first")
    alone = list(shared(protected(counts, (0, 1, 2), "second"), first, (0, 1)))
    beside = list(shared(protected(counts, (0, 1, 2), "second", [first]), first, (0, 1)))
    assert any((now == HIDDEN) != (before == HIDDEN) for now, before in alone)
    assert all(now == before for now, before in beside)


@pytest.mark.parametrize("seed", [0, 3])
def test_a_table_leaves_safely_when_the_plan_knows_the_earlier_one(seed):
    counts = people(seed)
    first = protected(counts, (0, 1), "first")
    assert not attack(protected(counts, (0, 1, 2), "second"), earlier=[first]).safe
    assert attack(protected(counts, (0, 1, 2), "second", [first]), earlier=[first]).safe


def test_the_command_protects_a_table_that_it_refused_where_the_plan_knew_no_earlier_one(tmp_path):
    counts = people(0)
    first = protected(counts, (0, 1), "first.csv")
    plain = protected(counts, (0, 1, 2), "second.csv")
    assert not attack(plain, earlier=[first]).safe
    before = tmp_path / "before"
    before.mkdir()
    (before / "first.csv").write_text(magnitudes_csv(Magnitudes(first, {})))
    (before / "first.rules.yaml").write_text(RULES)
    (tmp_path / "second.csv").write_text(magnitudes_csv(Magnitudes(table(counts, (0, 1, 2), "second"), {})))
    (tmp_path / "rules.yaml").write_text(RULES)
    done = CliRunner().invoke(
        app,
        ["checker", "protect", str(tmp_path / "second.csv"), "--rules", str(tmp_path / "rules.yaml"),
         "--earlier", str(before), "--json", str(tmp_path / "report.json")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "report.json").read_text())["safe"]


def test_numbers_that_give_away_what_an_earlier_table_hides_are_hidden_though_none_is_small():
    """A total of two areas was hidden under another threshold; both areas are printed now."""
    upper = {"area": {"c0": "north", "c1": "north", "c2": "south", "c3": "south"}}
    before = TableRules.model_validate({"mode": "exact", "threshold": 30, "width": 10, "hierarchies": upper})
    rules = TableRules.model_validate({"mode": "exact", "hierarchies": upper})
    march = Printed("march", ("area",), (("north",), ("south",), ("Total",)), ("[c]", "[c]", "160"), before)
    cells = {}
    for area, counts in {"c0": (14, 11), "c1": (13, 12), "c2": (30, 25), "c3": (25, 30)}.items():
        for sex, count in zip("fm", counts, strict=True):
            for codes in product((area, "Total"), (sex, "Total")):
                cells[codes] = cells.get(codes, 0) + count
    april = Printed("april", ("area", "sex"), tuple(cells), tuple(map(str, cells.values())))
    alone = protect_table(april, rules=rules).table
    assert HIDDEN not in alone.shown
    assert {one.table for one in attack(alone, earlier=[march]).findings} == {"march"}
    beside = protect_table(april, rules=rules, earlier=[march]).table
    assert attack(beside, earlier=[march]).safe
    assert beside.shown[beside.at["Total", "Total"]] == "160"
