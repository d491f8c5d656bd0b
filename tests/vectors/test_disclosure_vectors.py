"""Our primary rules have the defaults of ACRO, the tool that British secure settings use, and decide as it describes."""

import json
from pathlib import Path

import numpy as np
import pytest

from policies.disclosure.errors import TableInvalid
from policies.disclosure.magnitude import Dominance, may_show, ratio, tells_of_one
from policies.disclosure.rules import TableRules
from policies.disclosure.table import Layout, PublishedTable

ACRO = json.loads((Path(__file__).parent / "acro.json").read_text("utf-8"))


def test_the_defaults_of_the_exact_mode_and_of_dominance_are_those_of_acro():
    assert TableRules.model_validate({"mode": "exact"}).rule.suppress + 1 == ACRO["safe_threshold"]
    rule = Dominance()
    assert (rule.threshold, rule.n, rule.k, rule.p) == (
        ACRO["safe_threshold"], ACRO["safe_nk_n"], ACRO["safe_nk_k"], ACRO["safe_pratio_p"],
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_a_sum_is_judged_as_acro_describes(seed):
    rng = np.random.default_rng(seed)
    values = np.sort(rng.pareto(0.4, 14))[::-1]
    n, k, p = ACRO["safe_nk_n"], ACRO["safe_nk_k"], ACRO["safe_pratio_p"]
    safe = (
        len(values) >= ACRO["safe_threshold"]
        and values[:n].sum() <= k * values.sum()
        and values[2:].sum() >= p * values[0]
    )
    assert tells_of_one(list(rng.permutation(values)), rule=Dominance()) != safe


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1.0] * 9, True),
        ([1.0] * 10, False),
        ([100.0, 80.0, *[1.0] * 10], True),  # two make up 95 %
        ([100.0, *[1.0] * 9], True),  # the second can tell the first to within 8 %
        ([50.0, 50.0, *[5.0] * 10], False),
        ([0.0] * 12, False),
    ],
)
def test_few_contributors_and_large_ones_hide_a_sum(values, told):
    assert tells_of_one(values, rule=Dominance()) is told
    assert may_show([values], rule=Dominance()).tolist() == [not told]


@pytest.mark.parametrize("values", [[-1.0, 2.0], [float("nan")] * 12])
def test_what_is_no_contribution_is_refused(values):
    with pytest.raises(TableInvalid):
        tells_of_one(values, rule=Dominance())


def test_a_dominance_rule_has_sensible_numbers():
    for wrong in ({"threshold": 0}, {"n": 0}, {"k": 1.5}, {"p": 0.0}):
        with pytest.raises(TableInvalid):
            Dominance(**wrong)


def published(*cells):
    layout = Layout("people", ("area",), (tuple(f"a{n}" for n in range(len(cells))),))
    return PublishedTable(layout, TableRules().rule, cells)


def test_a_rate_is_hidden_where_either_part_is_and_made_of_printed_numbers():
    above, below = (
        published("10", "[c]", "15", "[z]", "0", "5"),
        published("250", "100", "[c]", "40", "30", "0"),
    )
    assert ratio(above, below, per=1000) == ("40.0", "[c]", "[c]", "[z]", "0.0", "[z]")
    assert ratio(published("5"), published("15"), per=1, digits=3) == ("0.333",)


def test_a_rate_of_two_different_tables_is_refused():
    with pytest.raises(TableInvalid, match="same dimensions"):
        ratio(published("10"), published("10", "20"))
    with pytest.raises(TableInvalid, match="digits"):
        ratio(published("10"), published("10"), digits=9)
