"""True means and rates beside hidden numbers: of few people only few come out so, for sums are whole numbers of their unit."""

import pytest

from policies.disclosure.csv_table import read_magnitudes
from policies.disclosure.rules import load_rules
from policies.disclosure.sums import attack_magnitudes
from policies.disclosure.sums.beside import attack_with_insiders

EXACT = "mode: exact\nthreshold: 3\nhide_zeros: true\n"


def read(*lines, how=None, name="t.csv"):
    rules = None if how is None else load_rules(how, name="rules.yaml")
    return read_magnitudes("\n".join(lines) + "\n", name=name, rules=rules)


def ranges(result):
    return {
        (one.codes[0], one.measure): (one.lower, one.upper) for one in result.cells if one.status == "hidden"
    }


@pytest.mark.parametrize(("column", "printed"), [("mean", "3.143"), ("rate", "3142.9")])
@pytest.mark.parametrize("how", [None, EXACT + "sums: {step: 1}\n"])
def test_only_seven_of_twelve_people_have_a_mean_of_three_and_a_seventh(column, printed, how):
    lines = [f"area,count,sum,{column}", f"a,[c],[c],{printed}", "b,[c],[c],[c]", "Total,12,50,[c]"]
    result = attack_magnitudes(read(*lines, how=how))
    assert ranges(result) == {
        ("a", "count"): (7, 7), ("a", "sum"): (22, 22), ("b", "count"): (5, 5), ("b", "sum"): (28, 28)
    }  # fmt: skip
    for one in result.findings:
        assert one.settled
        assert {(said.measure, said.printed) for said in one.because} >= {(column, printed), ("count", "12")}


def test_a_mean_that_an_earlier_table_prints_is_read_so_too():
    before = read("area,count,mean", "a,[c],3.143", "b,[c],[c]", name="before")
    result = attack_magnitudes(
        read("area,count,sum", "a,[c],[c]", "b,[c],[c]", "Total,12,50"), earlier=[before]
    )
    assert ranges(result)["a", "count"] == (7, 7)


def test_in_pence_more_counts_come_out_as_the_same_mean_and_in_tens_fewer():
    lines = ["area,count,sum,mean", "a,[c],[c],3.16", "b,[c],[c],[c]", "Total,40,100.00,[c]"]
    assert ranges(attack_magnitudes(read(*lines)))["a", "count"] == (1, 31)
    pounds = [one.replace("100.00", "100") for one in lines]
    assert ranges(attack_magnitudes(read(*pounds)))["a", "count"] == (19, 31)  # 60 / 19 to 98 / 31
    tens = EXACT + "sums: {unit: 10, step: 10}\n"
    assert ranges(attack_magnitudes(read(*pounds, how=tens)))["a", "count"] == (19, 19)


def test_a_mean_of_a_printed_count_shows_that_sums_have_pence():
    lines = ["area,count,mean", "a,4,12.35", "b,[c],10.20", "c,[c],[c]", "Total,24,11.00"]
    assert ranges(attack_magnitudes(read(*lines)))["b", "count"] == (1, 19)


def test_nobody_has_no_mean():
    result = attack_magnitudes(read("area,count,mean", "a,[c],0", "b,[c],[c]", "Total,9,[c]"))
    assert ranges(result)["a", "count"] == (1, 9)


def test_a_count_with_fewer_numbers_left_than_its_width_has_is_too_narrow():
    lines = ["area,count,sum,mean", "a,[c],[c],3.143", "b,[c],[c],[c]", "Total,20,70,[c]"]
    wide = attack_magnitudes(read(*lines))
    assert ranges(wide)["a", "count"] == (7, 14)
    assert wide.safe
    told = attack_magnitudes(read(*lines, how=EXACT + "width: 2\nsums: {step: 1}\n")).findings
    only = next(one for one in told if (one.codes, one.measure) == (("a",), "count"))
    assert (only.lower, only.upper, only.settled) == (7, 14, False)
    assert [(said.measure, said.printed) for said in only.because] == [("mean", "3.143")]


def test_where_too_many_counts_are_open_for_whole_sums_such_a_table_is_not_safe():
    lines = [f"a{n},[c],[c],{3 if n else '3.0'}" for n in range(45)]
    table = read("area,count,sum,mean", *lines, "Total,4500,13500,[c]")
    result = attack_magnitudes(table)
    told = {(one.codes, one.measure): one for one in result.findings}
    assert len(told) == 90
    one = told[("a0",), "count"]
    assert not one.settled
    assert [said.printed for said in one.because] == ["3.0"]


def test_what_people_inside_could_tell_beside_such_a_mean_is_not_settled():
    heading = "area,count,sum,mean,true_count,true_sum,largest,second"
    hidden = ["a,[c],[c],{},30,93,60,20", "b,[c],[c],[c],40,200,150,40", "c,[c],[c],[c],50,300,280,10"]
    lines = [heading, *hidden, "Total,120,593,[c],,,,"]
    table = read(*[one.format("3.1") for one in lines])
    told = attack_with_insiders(table).findings
    assert any(not one.settled and [said.measure for said in one.because] == ["mean"] for one in told)
