"""Tables of any tool: how they are read, what their rules mean, and what an attack on them says."""

import pytest

from policies.disclosure.csv_table import read_table, table_csv
from policies.disclosure.errors import TableInvalid
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import attack
from policies.disclosure.rules import TableRules, load_rules
from policies.errors import DocumentInvalid

WARDS = "hierarchies:\n  area: {w1: d1, w2: d1, w3: d2, w4: d2, d1: city, d2: city}\n"


def rules(text):
    return load_rules(text, name="rules.yaml")


def read(lines, how=None, name="t.csv"):
    return read_table("\n".join(lines) + "\n", name=name, rules=None if how is None else rules(how))


def bounds(result):
    return {"/".join(cell.codes): (cell.lower, cell.upper) for cell in result.cells}


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("", "row 1: the last heading has to be count"),
        ("area,n\na,1\n", "row 1: the last heading has to be count"),
        ("area,area,count\na,b,1\n", "row 1, column 2: a heading is empty or occurs twice"),
        ("value,count\na,1\n", "row 1, column 1: a report needs this heading for itself"),
        ("area,count\n", "no rows"),
        ("area,count\na,1,2\n", "row 2: 3 cells where the headings have 2"),
        ("area,count\na,1\n,2\n", "row 3, column area: empty"),
        ("area,count\na,1\na,2\n", "row 3: these categories stand in an earlier row too"),
        ("area,count\nJane Doe,x7\n", "row 2, column count: neither a whole number"),
        ("area,count\na,-1\n", "row 2, column count"),
        ("area,count\na,1.5\n", "row 2, column count"),
        ("area,count\na,1\n\nb,2\n", "row 3: empty"),
        ('area,count\n"a,1\n', "not CSV"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_row_and_column_and_no_value(text, saying):
    with pytest.raises(TableInvalid, match=saying) as caught:
        read_table(text, name="t.csv")
    assert str(caught.value).startswith("t.csv")
    assert not any(value in str(caught.value) for value in ("Jane", "x7", "-1", "1.5"))


@pytest.mark.parametrize(
    "text",
    [
        "mode: secret\n", "suppress: 3\nthreshold: 4\n", "threshold: 0\n", "mode: exact\nround_to: 5\n", "mode: exact\ntotals: sums\n",
        "marker: '7'\n", "marker: '[z]'\n", "width: wide\n", "colour: red\n", "round_to: 0\n", "weights: {area: {a: 0}}\n",
    ],
)  # fmt: skip
def test_rules_that_cannot_be_meant_are_refused_with_their_line(text):
    with pytest.raises(DocumentInvalid, match=r"rules.yaml: line 1"):
        rules(text)


def test_rules_have_the_defaults_of_the_two_modes():
    rounded, exact = rules("mode: rounded\n"), rules("mode: exact\n")
    assert (rounded.rule.suppress, rounded.rule.round_to, rounded.total_kind, rounded.wanted) == (
        7,
        5,
        "sums",
        6,
    )
    assert (exact.rule.suppress, exact.rule.round_to, exact.total_kind, exact.wanted) == (9, 1, "exact", 8)


def test_codes_that_yaml_would_change_stay_what_they_are():
    assert rules("hierarchies: {age: {10: no, 11: [no, 1e3]}}\n").parents("age") == {
        "10": ("no",),
        "11": ("no", "1e3"),
    }


def test_without_rules_a_count_is_told_if_it_follows_exactly():
    told = attack(read(["area,count", "a,[c]", "b,8", "c,8", "d,8", "Total,25"]))
    (finding,) = told.findings
    assert (finding.codes, finding.lower, finding.upper) == (("a",), 1, 1)
    assert {one.printed for one in finding.because} == {"8", "25"}
    assert attack(read(["area,count", "a,[c]", "b,[c]", "c,8", "Total,25"])).safe


@pytest.mark.parametrize(
    ("totals", "total", "told"), [("sums", 30, (1, 7)), ("rounded", 25, (1, 3)), ("exact", 25, (1, 1))]
)
def test_what_a_total_is_decides_what_it_tells(totals, total, told):
    printed = read(["area,count", "a,[c]", "b,10", "c,10", "d,10", f"Total,{total}"], f"totals: {totals}\n")
    assert bounds(attack(printed))["a"] == told


def test_rules_that_the_printed_numbers_break_are_refused():
    with pytest.raises(TableInvalid, match=r"t.csv, row 2: not a number that its rules print"):
        attack(read(["area,count", "a,8", "b,10"], "mode: rounded\n"))
    with pytest.raises(TableInvalid, match=r"t.csv, row 4: not the sum of the printed numbers"):
        attack(read(["area,count", "a,10", "b,10", "Total,25"], "mode: rounded\n"))


def test_an_earlier_release_that_can_be_subtracted_is_named():
    now = read(["area,count", "a,[c]", "b,10", "c,10", "d,10"], "mode: rounded\n")
    before = read(["area,count", "Total,25"], "mode: rounded\n", name="before.csv")
    assert attack(now).safe
    (finding,) = attack(now, earlier=[before]).findings
    assert "before.csv" in {one.table for one in finding.because}
    narrowed = attack(before, earlier=[now]).findings
    assert [(one.table, one.codes) for one in narrowed] == [("t.csv", ("a",))]


def test_an_earlier_release_on_some_of_the_people_is_read_as_what_it_is():
    everybody = read(["sex,count", "m,[c]", "f,30"], "mode: exact\nwidth: 2\n")
    men = "mode: exact\nrestricted_to: {area: [a, b], sex: [m]}\n"
    part = read(["area,count", "a,12", "b,14"], men, name="men.csv")
    assert bounds(attack(everybody))["m"] == (1, None)
    assert bounds(attack(everybody, earlier=[part]))["m"] == (26, None)


def test_levels_of_a_hierarchy_are_sums_of_those_below():
    printed = read(["area,count", "w1,[c]", "w2,20", "d1,23", "w3,[c]", "w4,[c]", "d2,50", "city,73"], WARDS)
    with pytest.raises(TableInvalid, match="row 4"):
        attack(printed)
    exact = read(
        ["area,count", "w1,[c]", "w2,20", "d1,23", "w3,[c]", "w4,[c]", "d2,50", "city,73"],
        "mode: exact\n" + WARDS,
    )
    result = attack(exact)
    assert bounds(result) == {
        "w1": (3, 3), "w2": (20, 20), "d1": (23, 23), "w3": (1, 49), "w4": (1, 49), "d2": (50, 50), "city": (73, 73),
    }  # fmt: skip
    assert [one.codes for one in result.findings] == [("w1",)]


def test_age_bands_that_cut_across_each_other_are_differenced():
    bands = "mode: exact\nhierarchies:\n  age: {10: [10-11, 10-12], 11: [10-11, 10-12], 12: [12-14, 10-12], 13: [12-14, 13-14], 14: [12-14, 13-14]}\n"
    one = read(["age,count", "10-11,40", "12-14,[c]"], bands)
    two = read(["age,count", "10-12,47", "13-14,30", "Total,77"], bands, name="two.csv")
    assert bounds(attack(one, earlier=[two]))["12-14"] == (37, 37)


def test_a_hierarchy_that_runs_in_a_circle_is_refused():
    with pytest.raises(TableInvalid, match="circle"):
        attack(read(["area,count", "a,1", "b,2"], "mode: exact\nhierarchies: {area: {a: b, b: a}}\n"))


def test_a_combination_without_a_row_is_zero_unless_the_rules_say_it_is_unknown():
    lines = ["x,y,count", "a,m,[c]", "a,Total,5", "b,m,20", "b,f,20", "b,Total,40"]
    assert bounds(attack(read(lines)))["a/m"] == (5, 5)
    assert bounds(attack(read(lines, "mode: exact\nmissing: unknown\n")))["a/m"] == (1 - 1, 5)


def test_margins_alone_are_no_contradiction():
    assert attack(read(["x,y,count", "a,Total,20", "b,Total,30", "Total,m,25", "Total,f,25"])).safe


def test_another_tools_word_for_a_total_is_read_and_written():
    table = read(["area,count", "a,[c]", "b,20", "All,23"], "mode: exact\ntotal: All\n")
    assert bounds(attack(table)) == {"a": (3, 3), "b": (20, 20), "Total": (23, 23)}
    assert "All,23\r\n" in table_csv(table)


@pytest.mark.parametrize("shown", ["m", "*"])
def test_another_tools_marker_is_read_and_written(shown):
    how = f"mode: exact\nmarker: '{shown}'\nwidth: 2\n"
    table = read(["area,count", f"a,{shown}", f"b,{shown}", "c,40", "Total,60"], how)
    assert attack(table).safe
    assert f"a,{shown}\r\n" in table_csv(table)


def test_hidden_zero_and_not_applicable_look_different_and_mean_it():
    printed = read(["x,y,count", "a,m,[c]", "a,f,0", "a,o,30", "b,m,20", "b,f,20", "b,o,[z]"], "mode: exact\n")
    result = attack(printed)
    assert [(c.status, c.value) for c in result.cells] == [
        ("hidden", None), ("shown", 0), ("shown", 30), ("shown", 20), ("shown", 20), ("not-applicable", None),
    ]  # fmt: skip
    assert bounds(result)["a/m"] == (1, None)  # zeros are shown, so this is none


def protected(lines, how):
    return protect_table(read(lines), rules=rules(how)).table


def test_rounding_hides_and_sums_at_every_level():
    table = protected(["area,count", "w1,3", "w2,20", "d1,23", "w3,12", "w4,38", "d2,50", "city,73"], WARDS)
    assert dict(zip([c[0] for c in table.codes], table.shown, strict=True)) == {
        "w1": "[c]", "w2": "20", "d1": "20", "w3": "10", "w4": "40", "d2": "50", "city": "70",
    }  # fmt: skip
    assert attack(table).safe


def test_exact_counts_are_protected_through_every_level_of_a_hierarchy():
    table = protected(
        ["area,count", "w1,3", "w2,20", "d1,23", "w3,12", "w4,38", "d2,50", "city,73"], "mode: exact\n" + WARDS
    )
    assert dict(zip([c[0] for c in table.codes], table.shown, strict=True)) == {
        "w1": "[c]", "w2": "[c]", "d1": "23", "w3": "12", "w4": "38", "d2": "50", "city": "73",
    }  # fmt: skip
    assert attack(table).safe


def test_a_weight_keeps_a_category_shown():
    lines = ["area,count", "a,3", "b,20", "c,30", "Total,53"]
    assert protected(lines, "mode: exact\n").shown == ("[c]", "[c]", "30", "53")
    assert protected(lines, "mode: exact\nweights: {area: {b: 100}}\n").shown == ("[c]", "20", "[c]", "53")


def test_a_row_with_everybody_in_one_category_hides_its_zeros():
    lines = [
        "x,y,count",
        "a,m,40",
        "a,f,0",
        "a,Total,40",
        "b,m,30",
        "b,f,25",
        "b,Total,55",
        "Total,m,70",
        "Total,f,25",
        "Total,Total,95",
    ]
    table = protected(lines, "mode: exact\n")
    assert "0" not in table.shown
    assert table.shown[1] == "[c]"
    result = attack(table)
    assert result.safe
    assert bounds(result)["a/f"][1] >= 8


def test_a_table_whose_rows_leave_out_zeros_is_completed():
    table = protected(["x,y,count", "a,m,40", "b,m,30", "b,f,25", "c,m,30", "c,f,12"], "mode: rounded\n")
    assert table.codes[-1] == ("a", "f")
    assert table.shown[-1] == "[c]"


def test_a_table_that_does_not_add_up_or_is_hidden_already_is_not_protected():
    with pytest.raises(TableInvalid, match=r"row 4: a total that is not the sum"):
        protected(["area,count", "a,3", "b,20", "Total,99"], "mode: rounded\n")
    with pytest.raises(TableInvalid, match=r"row 2: hidden already"):
        protected(["area,count", "a,[c]", "b,20"], "mode: rounded\n")


def test_totals_that_are_exact_beside_rounded_cells_are_caught():
    table = protected(["area,count", "a,1", "b,8", "c,8", "d,8", "Total,25"], "totals: exact\n")
    (finding,) = attack(table).findings
    assert (finding.lower, finding.upper) == (1, 1)


def test_a_single_count_is_a_table():
    assert protected(["count", "6"], "mode: rounded\n").shown == ("[c]",)
    assert attack(read(["count", "25"], "mode: rounded\n")).safe


def test_one_that_is_hidden_alone_is_known_to_be_one():
    table = read(["area,count", "a,[c]", "b,5", "c,0"], "suppress: 1\nround_to: 1\n")
    assert bounds(attack(table))["a"] == (1, 1)
    assert not attack(table).safe


def test_rules_can_be_made_in_code():
    assert TableRules().rule.suppress == 7
