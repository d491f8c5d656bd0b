"""Earlier tables that sum different things are all attacked, and not only those that come first."""

import pytest

from policies.disclosure.csv_table import read_magnitudes
from policies.disclosure.rules import load_rules
from policies.disclosure.sums import attack_every_sum

COUNTS = "area,count\nnorth,30\nsouth,52\nTotal,82\n"
DAYS = "area,count,sum\nnorth,30,9000\nsouth,52,5100\nTotal,82,14100\n"
POUNDS = "area,count,sum\nnorth,30,[c]\nsouth,52,500\nTotal,82,1400\n"


def table(text, name, of=None):
    sums = "" if of is None else f"sums: {{of: {of}}}\n"
    return read_magnitudes(text, name=name, rules=load_rules(f"mode: exact\n{sums}", name=f"{name}.rules.yaml"))


@pytest.mark.parametrize("newest", [table(COUNTS, "new"), table(DAYS, "new", "days")], ids=["counts", "days"])
@pytest.mark.parametrize("turned", [False, True], ids=["days first", "pounds first"])
def test_a_hidden_sum_that_follows_is_found_whatever_else_is_summed_beside_it(newest, turned):
    earlier = [table(DAYS, "days", "days"), table(POUNDS, "pounds", "pounds")]
    result = attack_every_sum(newest, earlier=earlier[::-1] if turned else earlier)
    assert [(one.table, one.codes, one.measure, one.lower, one.upper) for one in result.findings] == [
        ("pounds", ("north",), "sum", 900, 900)
    ]
    assert result.hidden == {"count": 0, "sum": 1}


def test_sums_of_different_things_are_not_added_up():
    # As pounds, 82 people would have 14,100 and 1,400 at once, which contradicts itself.
    shown = table(POUNDS.replace("[c]", "900"), "pounds", "pounds")
    assert attack_every_sum(table(DAYS, "days", "days"), earlier=[shown]).safe
