"""Our primary rules have the defaults of ACRO, the tool that British secure settings use, and decide as it describes."""

import json
from pathlib import Path

import numpy as np
import pytest

from policies.disclosure.errors import TableInvalid
from policies.disclosure.magnitude import Dominance, quotient
from policies.disclosure.rules import SumRules, TableRules
from policies.disclosure.sums.contributions import Contributions

ACRO = json.loads((Path(__file__).parent / "acro.json").read_text("utf-8"))


def test_the_defaults_of_the_exact_mode_and_of_dominance_are_those_of_acro():
    assert TableRules.model_validate({"mode": "exact"}).rule.suppress + 1 == ACRO["safe_threshold"]
    rule = Dominance()
    assert (rule.threshold, rule.n, rule.k, rule.p) == (
        ACRO["safe_threshold"], ACRO["safe_nk_n"], ACRO["safe_nk_k"], ACRO["safe_pratio_p"],
    )  # fmt: skip


def told(values):
    """Whether the sum of these contributions, in whole thousandths, tells too much about one of them."""
    first, second = [*sorted(values, reverse=True), 0, 0][:2]
    cell = Contributions(
        *(np.array([one], dtype=np.int64) for one in (len(values), sum(values), first, second))
    )
    return bool(cell.tell(rules=SumRules())[0])


@pytest.mark.parametrize("seed", range(20))
def test_a_sum_is_judged_as_acro_describes(seed):
    rng = np.random.default_rng(seed)
    values = np.sort(np.ceil(1000 * rng.pareto(0.4, 14)))[::-1].astype(np.int64)
    n, k, p = ACRO["safe_nk_n"], ACRO["safe_nk_k"], ACRO["safe_pratio_p"]
    safe = (
        len(values) >= ACRO["safe_threshold"]
        and values[:n].sum() <= k * values.sum()
        and values[2:].sum() >= p * values[0]
    )
    assert told([int(one) for one in rng.permutation(values)]) != safe


@pytest.mark.parametrize(
    ("values", "tells"),
    [
        ([1] * 9, True),
        ([1] * 10, False),
        ([100, 80, *[1] * 10], True),  # two make up 95 %
        ([100, *[1] * 9], True),  # the second can tell the first to within 8 %
        ([50, 50, *[5] * 10], False),
        ([0] * 12, ACRO["zeros_are_disclosive"]),  # nobody contributed anything
    ],
)
def test_few_contributors_and_large_ones_hide_a_sum(values, tells):
    assert told(values) is tells


def test_a_dominance_rule_has_sensible_numbers():
    for wrong in ({"threshold": 0}, {"n": 0}, {"k": 1.5}, {"p": 0.0}):
        with pytest.raises(TableInvalid):
            Dominance(**wrong)


@pytest.mark.parametrize(
    ("above", "below", "per", "digits", "printed"),
    [
        ("10", "250", 1000, 1, "40.0"), ("[c]", "100", 1000, 1, "[c]"), ("15", "[c]", 1000, 1, "[c]"), ("[z]", "40", 1, 1, "[z]"),
        ("0", "30", 1000, 1, "0.0"), ("5", "0", 1, 1, "[z]"), ("5", "15", 1, 3, "0.333"), ("12.5", "5", 1, 0, "3"),
    ],
)  # fmt: skip
def test_a_rate_is_hidden_where_either_part_is_and_made_of_printed_numbers(above, below, per, digits, printed):
    assert quotient(above, below, per=per, digits=digits) == printed
