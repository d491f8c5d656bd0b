"""Tables of sums: how they are read, which sums are hidden for which reason, and what counts, sums, means and rates tell together."""

from dataclasses import replace

import numpy as np
import pytest

from policies.disclosure.csv_table import magnitudes_csv, read_magnitudes
from policies.disclosure.errors import TableInvalid
from policies.disclosure.rules import SumRules, load_rules
from policies.disclosure.sums import Magnitudes, attack_magnitudes, protect_magnitudes
from policies.disclosure.sums.contributions import Contributions
from policies.errors import DocumentInvalid

EXACT = "mode: exact\n"
# Twenty people in every cell, of whom the largest contributes a tenth: nothing tells too much by itself.
QUIET = ["a,20,1000,100,90", "b,20,2000,200,190", "c,20,3000,300,290", "Total,60,6000,300,290"]


def rules(text):
    return load_rules(text, name="rules.yaml")


def read(lines, how=None, name="t.csv"):
    return read_magnitudes("\n".join(lines) + "\n", name=name, rules=None if how is None else rules(how))


def true(lines, how, dimensions="area"):
    return protect_magnitudes(read([f"{dimensions},count,sum,largest,second", *lines], how), rules=rules(how))


def shown(printed):
    return {
        "/".join(codes): one for codes, one in zip(printed.counts.codes, printed.columns["sum"], strict=True)
    }


def bounds(result, measure="sum"):
    return {"/".join(one.codes): (one.lower, one.upper) for one in result.cells if one.measure == measure}


@pytest.mark.parametrize(
    ("lines", "saying"),
    [
        (["area,sum", "a,1"], "row 1: the last heading has to be count"),
        (["area,count,sum,median", "a,1,1,1"], "row 1: the last heading has to be count"),
        (
            ["area,count,sum,largest,mean", "a,1,1,1,1"],
            "row 1: beside largest there have to be sum, largest and second",
        ),
        (["area,count,sum,sum", "a,1,1,1"], "column 4: a heading is empty or occurs twice"),
        (["measure,count,sum", "a,1,1"], "column 1: a report needs this heading for itself"),
        (["area,count,sum", "a,20,-5.25"], "row 2, column sum: neither a number, not negative"),
        (["area,count,sum", "a,20,1.2345"], "row 2, column sum"),
        (["area,count,sum", "a,20,"], "row 2, column sum"),
        (["area,count,sum", "a,2.5,9"], "row 2, column count"),
    ],
)
def test_sums_that_cannot_be_read_are_refused_with_row_and_column_and_no_value(lines, saying):
    with pytest.raises(TableInvalid, match=saying) as caught:
        read(lines)
    assert not any(value in str(caught.value) for value in ("5.25", "1.2345", "2.5"))


@pytest.mark.parametrize(
    ("lines", "saying"),
    [
        (["a,20,1000,,90"], "row 2, column largest: empty: only totals"),
        (["a,20,1000.5,100,90"], "row 2, column sum: no multiple of the unit"),
        (["a,20,[c],100,90"], "row 2, column sum: hidden already"),
        (["a,[c],1000,100,90"], "row 2: so many people cannot"),
        (["a,20,150,100,90"], "row 2: so many people cannot"),  # the two largest are more than the sum
        (["a,20,5000,100,90"], "row 2: so many people cannot"),  # the others would be larger than the second
        (["a,20,1000,90,100"], "row 2: so many people cannot"),
        (["a,0,5,5,0"], "row 2: so many people cannot"),
        (["a,1,10,5,5"], "row 2: so many people cannot"),
        ([*QUIET[:3], "Total,60,6001,300,290"], "row 5, column sum: not what follows"),
        ([*QUIET[:3], "Total,60,6000,300,280"], "row 5, column second: not what follows"),
        ([*QUIET[:3], "Total,61,6000,300,290"], "row 5: a total that is not the sum"),
    ],
)
def test_true_numbers_that_cannot_be_are_refused(lines, saying):
    with pytest.raises(TableInvalid, match=saying):
        true(lines, EXACT)


def test_a_table_without_largest_contributions_is_not_protected():
    with pytest.raises(TableInvalid, match="row 1: sums are protected with the columns sum, largest, second"):
        protect_magnitudes(read(["area,count,sum", "a,20,100"]), rules=rules(EXACT))


@pytest.mark.parametrize(
    "text",
    ["most_per_person: 0", "most_per_person: 5, least_per_person: 5", "step: 0", "step: 0.0001", "unit: 10", "unit: 3, step: 10", "k: 1.5", "n: 3", "p: 0", "width: 1", "mean: 4", "threshold: 0", "least: 3"],
)  # fmt: skip
def test_rules_of_sums_that_cannot_be_meant_are_refused(text):
    with pytest.raises(DocumentInvalid, match=r"rules.yaml: line"):
        rules(f"sums: {{{text}}}\n")


def test_totals_may_leave_their_largest_contributions_out_for_they_follow():
    one, sides = true(["a,30,1000,100,90", "b,2,500,480,20", "c,30,1500,150,90", "Total,62,3000,,"], EXACT)
    other, same = true(
        ["a,30,1000,100,90", "b,2,500,480,20", "c,30,1500,150,90", "Total,62,3000,480,150"], EXACT
    )
    assert (one.columns, sides) == (other.columns, same)


@pytest.mark.parametrize(
    ("row", "tells"),
    [
        ((9, 900, 100, 100), True),  # nine people
        ((10, 1000, 100, 100), False),
        ((12, 1000, 600, 310), True),  # two make up 91 %
        ((12, 1000, 800, 100), False),
        ((12, 1000, 930, 10), True),
        ((12, 1090, 1000, 20), True),  # the second can tell the first to within 7 %
        ((12, 0, 0, 0), True),  # nobody contributed anything
        ((0, 0, 0, 0), False),
    ],
)
def test_few_contributors_and_large_ones_make_a_sum_tell(row, tells):
    cell = Contributions(*(np.array([n * 1000]) if place else np.array([n]) for place, n in enumerate(row)))
    assert cell.tell(rules=SumRules()).tolist() == [tells]


def test_hiding_takes_count_and_sum_together_and_protects_both_through_the_total():
    printed, sides = true(
        ["a,30,1000,900,5", "b,40,2000,200,190", "c,50,2500,250,240", "Total,120,5500,900,250"], EXACT
    )
    assert list(zip(printed.counts.shown, printed.columns["sum"], strict=True)) == [
        ("[c]", "[c]"), ("[c]", "[c]"), ("50", "2500"), ("120", "5500"),
    ]  # fmt: skip
    assert {codes: (one.low, one.high) for codes, one in sides.items()} == {("a",): (910_000, 1_090_000)}
    result = attack_magnitudes(printed, sides=sides)
    assert result.safe
    assert bounds(result)["a"] == (0, 3000)
    assert bounds(result, "count")["a"] == (1, 69)


def test_a_small_count_hides_its_sum_too():
    printed, _ = true(["a,3,60,25,20", *QUIET[1:3], "Total,43,5060,,"], EXACT)
    assert printed.counts.shown[0] == printed.columns["sum"][0] == "[c]"


def test_two_people_alone_in_one_line_cannot_read_off_each_other():
    """Two cells of one person each are hidden; the total gives their sum, from which either could take off her own."""
    printed, sides = true(
        ["a,1,500,500,0", "b,1,400,400,0", "c,40,2000,200,190", "d,50,2500,250,240", "Total,92,5400,,"], EXACT
    )
    assert sum(one == "[c]" for one in printed.columns["sum"]) == 3
    assert attack_magnitudes(printed, sides=sides).safe


# Row p and column c have a hidden cell each besides, so p/c less r/a follows from the totals, and whoever is alone in r/a could tell what the one in p/c contributes.
ROUND_A_CORNER = [
    "r,a,1,500,500,0", "r,b,30,1000,100,90", "r,c,30,1500,150,140", "r,Total,61,3000,,",
    "p,a,30,2000,200,190", "p,b,30,1000,100,90", "p,c,1,400,400,0", "p,Total,61,3400,,",
    "Total,a,31,2500,,", "Total,b,60,2000,,", "Total,c,31,1900,,", "Total,Total,122,6400,,",
]  # fmt: skip
CORNER = {("r", "a"), ("r", "c"), ("p", "a"), ("p", "c")}


def test_who_is_alone_in_one_cell_cannot_tell_a_sum_that_is_tied_to_it_by_several_equations():
    printed, sides = true(ROUND_A_CORNER, EXACT, dimensions="row,column")
    assert attack_magnitudes(printed, sides=sides).safe
    hidden = {c for c, one in zip(printed.counts.codes, printed.columns["sum"], strict=True) if one == "[c]"}
    assert hidden > CORNER  # four alone, of which one is known, tell the three others


def test_a_finding_names_the_cell_whose_insider_can_tell_and_the_numbers_that_they_use():
    text = read(["row,column,count,sum,largest,second", *ROUND_A_CORNER], EXACT)
    _, sides = true(ROUND_A_CORNER, EXACT, dimensions="row,column")
    columns = [text.counts.shown, text.columns["sum"]]
    counts, sums = (
        tuple("[c]" if cell in CORNER else one for cell, one in zip(text.counts.codes, column, strict=True))
        for column in columns
    )
    printed = Magnitudes(replace(text.counts, shown=counts), {"sum": sums})
    assert attack_magnitudes(printed).safe
    found = attack_magnitudes(printed, sides=sides).findings
    assert {(one.codes, one.known_to, one.lower, one.upper) for one in found} == {
        (("p", "c"), ("r", "a"), 400, 400),
        (("r", "a"), ("p", "c"), 500, 500),
    }
    for one in found:
        assert {given.printed for given in one.because} <= {
            "1000",
            "3000",
            "3400",
            "2500",
            "2000",
            "1900",
            "6400",
        }
        assert one.because


def test_a_sum_by_which_it_is_shared_is_known_to_be_no_smaller_than_the_own_part():
    """Of 3,000 in two cells, one person contributes 2,500, which leaves at most 500 for the other cell, where somebody contributes 480; and the other way round."""
    lines = ["a,15,2510,2500,2", "b,15,490,480,2", "c,40,2000,200,190", "Total,70,5000,,"]
    _, sides = true(lines, EXACT)
    shut = read(["area,count,sum", "a,[c],[c]", "b,[c],[c]", "c,40,2000", "Total,70,5000"], EXACT)
    found = attack_magnitudes(shut, sides=sides).findings
    assert {(one.codes, one.known_to, one.lower, one.upper) for one in found} == {
        (("b",), ("a",), 0, 500),
        (("a",), ("b",), 0, 2520),
    }


def test_sums_that_are_said_to_be_the_true_ones_of_another_table_are_refused():
    printed, sides = true(ROUND_A_CORNER, EXACT, dimensions="row,column")
    wrong = {codes: replace(one, total=one.total * 100) for codes, one in sides.items()}
    with pytest.raises(TableInvalid, match="do not agree with the true ones"):
        attack_magnitudes(printed, sides=wrong)


def test_a_weight_keeps_a_category_shown():
    lines = ["a,30,1000,900,5", "b,40,2000,200,190", "c,50,2500,250,240", "Total,120,5500,,"]
    printed, _ = true(lines, "mode: exact\nweights: {area: {b: 100}}\n")
    assert shown(printed) == {"a": "[c]", "b": "2000", "c": "[c]", "Total": "5500"}


def test_sums_are_protected_through_every_level_of_a_hierarchy():
    wards = "mode: exact\nhierarchies:\n  area: {w1: d1, w2: d1, w3: d2, w4: d2, d1: city, d2: city}\n"
    lines = ["w1,20,1000,900,10", "w2,20,2000,200,190", "d1,40,3000,,", "w3,20,1500,150,140", "w4,20,1600,160,150", "d2,40,3100,,", "city,80,6100,,"]  # fmt: skip
    printed, sides = true(lines, wards)
    assert shown(printed) == {"w1": "[c]", "w2": "[c]", "d1": "3000", "w3": "1500", "w4": "1600", "d2": "3100", "city": "6100"}  # fmt: skip
    assert attack_magnitudes(printed, sides=sides).safe


def test_rounded_tables_print_totals_of_what_they_print_and_means_of_printed_numbers():
    how = "mode: rounded\nsums: {step: 100, mean: 1, rate: 0}\n"
    printed, sides = true(["a,32,1249,100,90", "b,41,2050,200,190", "c,23,900,850,5", "Total,96,4199,,"], how)
    assert magnitudes_csv(printed).split() == [
        "area,count,sum,mean,rate", "a,30,1200,40.0,40000", "b,40,2100,52.5,52500", "c,[c],[c],[c],[c]", "Total,70,3300,47.1,47143",
    ]  # fmt: skip
    result = attack_magnitudes(printed, sides=sides)
    assert result.safe
    assert bounds(result)["a"] == (1150, 1249)
    assert bounds(result, "count")["c"] == (1, None)  # hidden for its sum, so it need not be small


def test_totals_that_are_rounded_on_their_own_are_protected_too():
    how = "mode: rounded\ntotals: rounded\nsums: {step: 10}\n"
    printed, sides = true(["a,32,1249,100,90", "b,41,2050,200,190", "c,23,900,850,5", "Total,96,4199,,"], how)
    assert shown(printed) == {"a": "[c]", "b": "2050", "c": "[c]", "Total": "4200"}
    assert attack_magnitudes(printed, sides=sides).safe


def test_pence_are_printed_with_as_many_digits_as_the_step_has():
    how = "mode: exact\nsums: {unit: 0.01, step: 0.1}\n"
    printed, _ = true(["a,20,1000.25,100,90", "b,20,2000.04,200,190", "Total,40,3000.29,200,190"], how)
    assert shown(printed) == {"a": "1000.3", "b": "2000.0", "Total": "3000.3"}


@pytest.mark.parametrize(
    ("how", "text", "told"),
    [("step: 10", "410", (405, 414)), ("step: 5", "10", (8, 12)), ("step: 1", "10", (10, 10)), ("step: 10", "0", (0, 4)), ("unit: 0.01, step: 1", "7", (6.5, 7.49))],
)  # fmt: skip
def test_a_printed_sum_is_read_as_what_is_printed_like_this(how, text, told):
    assert (
        bounds(attack_magnitudes(read(["area,count,sum", f"a,20,{text}"], f"mode: exact\nsums: {{{how}}}\n")))[
            "a"
        ]
        == told
    )


@pytest.mark.parametrize(
    ("lines", "how", "saying"),
    [
        (["a,20,405", "b,20,400"], "sums: {step: 10}\n", "row 2: not a sum that its rules print"),
        (
            ["a,20,400", "b,20,400", "Total,40,900"],
            "sums: {step: 10}\n",
            "row 4: not the sum of the printed sums",
        ),
        (["a,0,400", "b,20,400"], EXACT, "row 2: a sum that is more than 0, of nobody"),
        (["a,20,400", "b,20,400", "Total,40,900"], EXACT, "contradict each other"),
    ],
)
def test_printed_sums_that_their_rules_cannot_print_are_refused(lines, how, saying):
    with pytest.raises(TableInvalid, match=saying):
        attack_magnitudes(read(["area,count,sum", *lines], how))


def test_without_rules_a_sum_is_told_if_it_follows_exactly_and_the_numbers_are_named():
    result = attack_magnitudes(
        read(["area,count,sum", "a,[c],[c]", "b,20,300", "c,[c],80.5", "Total,60,412.5"])
    )
    (finding,) = result.findings
    assert (finding.codes, finding.measure, finding.lower, finding.upper) == (("a",), "sum", 32, 32)
    assert {(one.measure, one.printed) for one in finding.because} == {
        ("sum", "300"),
        ("sum", "80.5"),
        ("sum", "412.5"),
    }
    assert attack_magnitudes(read(["area,count,sum", "a,[c],[c]", "b,[c],[c]", "Total,60,412.5"])).safe


def test_a_range_that_is_narrower_than_the_rules_demand_is_told():
    lines = ["area,count,sum", "a,[c],[c]", "b,[c],[c]", "c,20,9000", "Total,60,9100"]
    assert attack_magnitudes(read(lines, "mode: exact\n")).safe
    (told,) = attack_magnitudes(read(["area,count,sum", "c,[c],[c]", "b,20,100"], EXACT), earlier=[
        read(["area,count,sum", "c,[c],[c]", "a,20,50", "b,20,100", "Total,60,9150"], "mode: exact\nsums: {step: 10}\nmissing: unknown\n", name="e.csv"),
    ]).findings[-1:]  # fmt: skip
    assert (told.measure, told.codes, told.upper - told.lower < 0.1 * told.upper) == ("sum", ("c",), True)


@pytest.mark.parametrize(("column", "printed"), [("mean", "10.5"), ("rate", "10500.0")])
def test_a_printed_mean_or_rate_beside_a_printed_count_bounds_the_sum(column, printed):
    lines = [f"area,count,sum,{column}", f"a,20,[c],{printed}", "b,30,[c],[c]", "Total,50,600,[c]"]
    result = attack_magnitudes(read(lines, EXACT))
    low, high = bounds(result)["a"]
    assert (low, high) == ((209, 211) if column == "mean" else (210, 210))
    told = next(one for one in result.findings if one.codes == ("a",))
    assert {one.measure for one in told.because} == {"count", column}
    assert bounds(result)["b"] == (600 - high, 600 - low)


def test_means_tell_the_counts_that_they_were_made_with():
    lines = ["area,count,sum,mean", "a,[c],[c],10.00", "b,[c],[c],20.00", "Total,20,300,15.00"]
    result = attack_magnitudes(read(lines))
    assert bounds(result, "count") == {"a": (10, 10), "b": (10, 10), "Total": (20, 20)}
    assert {one.measure for one in result.findings} == {"count", "sum"}  # 10 people with 10.00 each have 100
    told = next(one for one in result.findings if one.codes == ("a",))
    assert {(one.measure, one.printed) for one in told.because} == {("mean", "10.00"), ("mean", "20.00"), ("sum", "300"), ("count", "20")}  # fmt: skip


def test_a_mean_that_is_said_to_be_made_of_printed_numbers_has_to_be():
    how = "mode: exact\nsums: {mean: 1}\n"
    assert attack_magnitudes(read(["area,count,sum,mean", "a,20,250,12.5", "b,[c],[c],[c]"], how)).safe
    with pytest.raises(TableInvalid, match="row 2, column mean: not made of the two numbers"):
        attack_magnitudes(read(["area,count,sum,mean", "a,20,250,12.6"], how))
    with pytest.raises(TableInvalid, match="row 3, column mean"):
        attack_magnitudes(read(["area,count,sum,mean", "a,20,250,12.5", "b,[c],[c],3.1"], how))


def test_an_earlier_table_of_the_same_sums_can_be_subtracted_and_one_of_others_cannot():
    now = read(["area,count,sum", "a,[c],[c]", "b,30,500"], "mode: exact\nsums: {of: days}\n")
    days = read(["area,count,sum", "Total,[c],540"], "mode: exact\nsums: {of: days}\n", name="before.csv")
    money = read(["area,count,sum", "Total,[c],540"], "mode: exact\nsums: {of: pounds}\n", name="before.csv")
    result = attack_magnitudes(now, earlier=[days])
    assert bounds(result)["a"] == (40, 40)
    assert "before.csv" in {one.table for finding in result.findings for one in finding.because}
    assert bounds(attack_magnitudes(now, earlier=[money]))["a"] == (0, None)


def test_where_an_earlier_table_says_that_nobody_is_there_the_sum_is_nothing():
    now = read(["area,count,sum", "a,[c],[c]", "b,30,500"])
    before = read(["area,count", "a,0", "b,30"], name="before.csv")
    result = attack_magnitudes(now, earlier=[before])
    told = next(one for one in result.findings if one.measure == "sum")
    assert (told.codes, told.lower, told.upper) == (("a",), 0, 0)
    assert ("before.csv", "count", "0") in {(one.table, one.measure, one.printed) for one in told.because}


def test_rules_of_sums_change_nothing_for_a_table_of_counts_alone():
    how = "mode: rounded\ntotals: exact\nsums: {step: 10}\n"
    (finding,) = attack_magnitudes(read(["area,count", "a,[c]", "b,10", "Total,17"], how)).findings
    assert (finding.measure, finding.lower, finding.upper) == ("count", 5, 7)


def test_a_marker_and_a_word_for_totals_of_another_tool_are_read_and_written():
    how = "mode: exact\nmarker: '*'\ntotal: All\n"
    printed = read(["area,count,sum", "a,*,*", "b,*,*", "All,60,1000"], how)
    assert attack_magnitudes(printed).safe
    assert magnitudes_csv(printed).split() == ["area,count,sum", "a,*,*", "b,*,*", "All,60,1000"]


def each(least, most):
    return f"mode: exact\nsums: {{of: days, least_per_person: {least}, most_per_person: {most}}}\n"


def test_what_one_person_can_contribute_bounds_the_sums_of_people_who_are_counted():
    lines = ["area,count,sum", "a,1,[c]", "b,2,[c]", "Total,3,900"]
    assert bounds(attack_magnitudes(read(lines, EXACT)))["a"] == (0, 900)
    result = attack_magnitudes(read(lines, each(0, 365)))
    assert bounds(result) == {"a": (170, 365), "b": (535, 730), "Total": (900, 900)}
    assert bounds(attack_magnitudes(read(lines, each(250, 365))))["a"] == (250, 365)
    told = attack_magnitudes(
        read(["area,count,sum", "a,1,[c]", "b,2,[c]", "Total,3,1090"], each(0, 365))
    ).findings
    assert [(one.codes, one.lower, one.upper) for one in told] == [(("a",), 360, 365), (("b",), 725, 730)]
    assert ("per person", "0 to 365") in {(one.measure, one.printed) for one in told[0].because}


def test_a_sum_tells_how_many_whole_people_there_are_at_least_and_at_most():
    lines = ["area,count,sum", "a,[c],3000", "b,[c],400", "Total,20,3400"]
    assert bounds(attack_magnitudes(read(lines, each(0, 365))), "count") == {
        "a": (9, 18),
        "b": (2, 11),
        "Total": (20, 20),
    }
    assert bounds(attack_magnitudes(read(lines, each(150, 365))), "count")["b"] == (2, 2)


@pytest.mark.parametrize(
    ("row", "least", "most", "tells"),
    [
        ((12, 4380, 365, 365), 0, 365, True),  # everybody as much as they can
        ((12, 4379, 365, 365), 0, 365, True),  # the last one lacks a day
        ((12, 2000, 365, 365), 0, 365, False),
        ((12, 1200, 100, 100), 100, 365, True),  # everybody as little
        ((12, 1320, 200, 120), 100, 365, True),  # the others' 1,000 are known beforehand
        ((12, 1400, 200, 180), 100, 365, False),
    ],
)
def test_what_others_are_known_to_contribute_hides_nobody(row, least, most, tells):
    cell = Contributions(*(np.array([n * 1000]) if place else np.array([n]) for place, n in enumerate(row)))
    told = cell.tell(rules=SumRules.model_validate({"least_per_person": least, "most_per_person": most}))
    assert told.tolist() == [tells]


@pytest.mark.parametrize("row", ["a,20,1000,400,90", "a,20,1000,100,20", "a,20,700,100,90", "a,1,20,20,0"])
def test_contributions_beyond_what_the_rules_say_of_one_person_are_refused(row):
    with pytest.raises(TableInvalid, match="row 2: so many people cannot have this sum"):
        true([row], each(30, 365))


def test_a_sum_near_the_most_that_people_can_contribute_is_protected_as_far_as_readers_do_not_know_it_anyway():
    lines = ["a,1,360,360,0", "b,30,3000,300,290", "c,30,2500,250,240", "d,40,2000,200,190", "Total,101,7860,,"]
    printed, sides = true(lines, each(0, 365))
    assert {codes: (one.low, one.high) for codes, one in sides.items()} == {("a",): (324_000, 365_000)}
    assert attack_magnitudes(printed, sides=sides).safe
    assert sum(one == "[c]" for one in printed.columns["sum"]) == 2


def test_very_large_sums_are_told_as_surely_as_small_ones():
    told = attack_magnitudes(
        read(["area,count,sum", "a,[c],[c]", "b,20,900000000", "Total,60,900000100"])
    ).findings
    assert [(one.measure, one.lower, one.upper) for one in told if one.measure == "sum"] == [("sum", 100, 100)]


def test_a_total_of_hidden_counts_alone_is_printed_as_nothing_and_says_nothing_about_its_sum():
    """Both cells with people are hidden, so the sum of the printed numbers is 0; the true one is not."""
    how = "mode: rounded\nsums: {mean: 1}\n"
    table = read(
        ["area,count,sum,largest,second", "a,1,150,150,0", "b,3,68,60,8", "z,0,0,0,0", "Total,4,218,,"], how
    )
    printed, sides = protect_magnitudes(table, rules=rules(how))
    assert (printed.counts.shown, printed.columns["sum"]) == (
        ("[c]", "[c]", "0", "0"),
        ("[c]", "[c]", "0", "0"),
    )
    result = attack_magnitudes(printed, sides=sides)
    assert result.safe
    assert bounds(result) == {"a": (0, None), "b": (0, None), "z": (0, 0), "Total": (0, None)}
