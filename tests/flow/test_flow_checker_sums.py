"""An output checker protects and attacks a table of sums on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app

LINES = (
    "area,sex,count,sum,largest,second\na,m,30,9000,8800,50\na,f,40,4000,400,390\na,Total,70,13000,,\nb,m,52,5100,500,490\nb,f,48,4700,450,440\n"
    "b,Total,100,9800,,\nTotal,m,82,14100,,\nTotal,f,88,8700,,\nTotal,Total,170,22800,,\n"
)
RULES = "mode: exact\nsums: {of: days, step: 10, mean: 1}\n"


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["checker", *map(str, words)])
    return done.exit_code, done.output


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "days.csv"
    path.write_text(LINES, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return path


def test_a_protected_table_of_sums_survives_the_attack_and_its_report_is_complete(table: Path) -> None:
    out, rules = table.with_name("safe.json"), table.with_name("rules.yaml")
    code, said = run("protect", table, "--rules", rules, "--json", out)
    assert (code, "9 cells, 4 hidden counts and 4 hidden sums." in said) == (0, True)
    report = json.loads(out.read_text("utf-8"))
    assert (report["safe"], report["findings"]) == (True, [])
    assert [list(cell) for cell in report["cells"]] == [
        ["area", "sex", "measure", "status", "value", "lower", "upper"]
    ] * 18
    printed = [line.split(",") for line in out.with_suffix(".csv").read_text("utf-8").splitlines()]
    assert printed[0] == ["area", "sex", "count", "sum", "mean"]
    truth = {tuple(one[:2]): one[2:4] for one in (line.split(",") for line in LINES.splitlines()[1:])}
    for row in printed[1:]:
        counts, sums = (
            next(c for c in report["cells"] if [c["area"], c["sex"], c["measure"]] == [*row[:2], measure])
            for measure in ("count", "sum")
        )
        for cell, true, shown in zip((counts, sums), truth[row[0], row[1]], row[2:4], strict=True):
            assert cell["lower"] <= int(true) <= cell["upper"]
            assert shown == ("[c]" if cell["status"] == "hidden" else str(cell["value"]))
        assert (row[4] == "[c]") == (counts["status"] == "hidden") == (sums["status"] == "hidden")
    assert run("attack", out.with_suffix(".csv"), "--rules", rules)[0] == 0


def test_a_sum_that_follows_has_the_exit_code_of_a_disclosure_and_says_why(table: Path) -> None:
    table.write_text("area,count,sum,mean\na,20,[c],12.5\nb,30,[c],[c]\nTotal,50,1000,20.0\n", encoding="utf-8")
    out = table.with_name("report.json")
    code, said = run("attack", table, "--json", out, "--rules", _plain(table))
    assert code == 17
    assert "area a (sum) is 249 to 251, because of 2 printed numbers" in said
    assert "area a (mean): 12.5" in said
    told = json.loads(out.read_text("utf-8"))["findings"]
    assert [(one["area"], one["measure"]) for one in told] == [("a", "sum"), ("b", "sum")]
    assert {tuple(one) for one in told[0]["because"]} == {("table", "cell", "measure", "printed")}


def test_an_earlier_table_of_the_same_sums_stops_a_table(table: Path) -> None:
    earlier = table.with_name("earlier")
    earlier.mkdir()
    (earlier / "march.csv").write_text("area,sex,count,sum\na,m,[c],9000\n", encoding="utf-8")
    (earlier / "rules.yaml").write_text(RULES, encoding="utf-8")
    out = table.with_name("safe.json")
    code, said = run(
        "protect", table, "--rules", table.with_name("rules.yaml"), "--earlier", earlier, "--json", out
    )
    assert (code, "Not safe" in said, out.with_suffix(".csv").exists()) == (17, True, False)
    (earlier / "rules.yaml").write_text(RULES.replace("days", "pounds"), encoding="utf-8")
    assert (
        run("protect", table, "--rules", table.with_name("rules.yaml"), "--earlier", earlier, "--json", out)[0]
        == 0
    )


def test_a_report_names_the_cell_whose_insider_can_tell(table: Path) -> None:
    table.write_text(
        "area,count,sum,largest,second\na,1,500,500,0\nb,1,400,400,0\nc,40,2000,200,190\nd,50,2500,250,240\nTotal,92,5400,,\n",
        encoding="utf-8",
    )
    rules, out = _plain(table), table.with_name("safe.json")
    assert run("protect", table, "--rules", rules, "--json", out)[0] == 0  # one of c and d hidden besides
    earlier = table.with_name("earlier")
    earlier.mkdir()
    (earlier / "march.csv").write_text("area,count,sum\nc,40,2000\nd,50,2500\n", encoding="utf-8")
    (earlier / "rules.yaml").write_text("mode: exact\nmissing: unknown\n", encoding="utf-8")
    code, said = run("protect", table, "--rules", rules, "--earlier", earlier, "--json", out)
    assert code == 17
    assert "area b (sum) is 400, known to whoever contributes most to area a, because of" in said
    told = [one for one in json.loads(out.read_text("utf-8"))["findings"] if "known_to" in one]
    assert [(one["area"], one["known_to"]) for one in told] == [("a", {"area": "b"}), ("b", {"area": "a"})]


def test_what_one_person_can_contribute_is_named_where_a_sum_follows_from_it(table: Path) -> None:
    table.write_text("area,count,sum\na,1,[c]\nb,2,[c]\nTotal,3,1090\n", encoding="utf-8")
    assert run("attack", table, "--rules", _plain(table))[0] == 0
    rules = _plain(table)
    rules.write_text("mode: exact\nsums: {most_per_person: 365}\n", encoding="utf-8")
    code, said = run("attack", table, "--rules", rules)
    assert code == 17
    assert "area a (sum) is 360 to 365, because of" in said
    assert "days.csv: everybody (per person): 0 to 365" in said


def _plain(table: Path) -> Path:
    rules = table.with_name("plain.yaml")
    rules.write_text("mode: exact\n", encoding="utf-8")
    return rules


INSIDE = "area,count,sum,largest,second\na,1,500,500,0\nb,1,400,400,0\nc,40,2000,200,190\nd,50,2500,250,240\nTotal,92,5400,,\n"


def _as_another_tool_prints_it(table: Path, printed: Path) -> None:
    """The printed table with what the checker knows beside it, the true numbers only where they are hidden."""
    facts = {one.split(",")[0]: one.split(",")[1:] for one in table.read_text("utf-8").splitlines()[1:]}
    lines = ["area,count,sum,true_count,true_sum,largest,second"]
    for area, count, total in (one.split(",") for one in printed.read_text("utf-8").splitlines()[1:]):
        true = facts[area][:2] if "[c]" in (count, total) else ["", ""]
        lines.append(",".join([area, count, total, *true, *facts[area][2:]]))
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_with_the_facts_beside_it_a_table_of_another_tool_is_judged_as_one_protected_here(table: Path) -> None:
    table.write_text(INSIDE, encoding="utf-8")
    rules, safe, out = _plain(table), table.with_name("safe.json"), table.with_name("report.json")
    assert run("protect", table, "--rules", rules, "--json", safe)[0] == 0
    assert json.loads(safe.read_text("utf-8"))["insiders"] == "looked at"
    earlier = table.with_name("earlier")
    earlier.mkdir()
    (earlier / "march.csv").write_text("area,count,sum\nc,40,2000\nd,50,2500\n", encoding="utf-8")
    (earlier / "rules.yaml").write_text("mode: exact\nmissing: unknown\n", encoding="utf-8")
    printed = safe.with_suffix(".csv")
    run("attack", printed, "--rules", rules, "--earlier", earlier, "--json", out)
    assert not any("known_to" in one for one in json.loads(out.read_text("utf-8"))["findings"])
    judged = table.with_name("judged.json")
    assert run("protect", table, "--rules", rules, "--earlier", earlier, "--json", judged)[0] == 17
    expected = json.loads(judged.read_text("utf-8"))["findings"]
    _as_another_tool_prints_it(table, printed)
    assert run("attack", table, "--rules", rules)[0] == 0
    code, said = run("attack", table, "--rules", rules, "--earlier", earlier, "--json", out)
    assert (code, "not looked at" in said) == (17, False)
    report = json.loads(out.read_text("utf-8"))
    assert report["insiders"] == "looked at"
    assert [{**one, "because": []} for one in report["findings"]] == [
        {**one, "because": []} for one in expected
    ]
    assert [one["known_to"] for one in report["findings"] if "known_to" in one] == [
        {"area": "b"},
        {"area": "a"},
    ]


def test_without_the_facts_the_report_says_in_one_sentence_that_nobody_inside_was_looked_at(
    table: Path,
) -> None:
    table.write_text("area,count,sum\na,[c],[c]\nb,[c],[c]\nTotal,60,1200\n", encoding="utf-8")
    out = table.with_name("report.json")
    code, said = run("attack", table, "--rules", _plain(table), "--json", out)
    assert (code, said.count("was not looked at")) == (0, 1)
    assert json.loads(out.read_text("utf-8"))["insiders"] == "not looked at"
    table.write_text("area,count\na,[c]\nb,[c]\nTotal,60\n", encoding="utf-8")
    code, said = run("attack", table, "--rules", _plain(table), "--json", out)
    assert (code, "not looked at" in said, "insiders" in json.loads(out.read_text("utf-8"))) == (
        0,
        False,
        False,
    )


def test_a_sum_that_is_printed_though_one_person_has_nearly_all_of_it_is_found(table: Path) -> None:
    table.write_text("area,count,sum,largest,second\na,30,9000,8800,50\nb,52,5100,500,490\nTotal,82,14100,,\n", encoding="utf-8")  # fmt: skip
    out = table.with_name("report.json")
    assert run("attack", table)[0] == 0  # without rules nobody said what tells too much
    code, said = run("attack", table, "--rules", _plain(table), "--json", out)
    assert (code, "area a (sum) is printed" in said, "hidden" in said.split("\n", 1)[1]) == (17, True, False)
    (finding,) = json.loads(out.read_text("utf-8"))["findings"]
    assert (finding["area"], finding["known_to"], finding["lower"], finding["upper"]) == (
        "a",
        {"area": "a"},
        9000,
        9000,
    )


@pytest.mark.parametrize(
    ("lines", "saying"),
    [
        ("area,count,sum,largest,second\na,[c],[c],500,0\nb,52,5100,500,490\n", "row 2, column true_count: missing"),
        ("area,count,sum,true_count,true_sum,largest,second\na,[c],[c],20,,500,0\nb,52,5100,,,500,490\n", "row 2, column true_sum: missing"),
        ("area,count,sum,true_count,true_sum,largest,second\na,[c],[c],20,[c],500,0\nb,52,5100,,,500,490\n", "row 2, column true_sum: missing"),
        ("area,count,sum,true_count,true_sum,largest,second\na,[c],[c],20,9000,500,0\nb,52,5100,,,500,490\n", "row 2: so many people cannot have"),
        ("area,count,sum,largest,second\na,52,5100,500,490\nb,52,5100,,\n", "row 3, column largest: empty"),
        ("area,count,sum,true_count,true_sum\na,[c],[c],20,9000\n", "row 1: beside true_count, true_sum there have to be"),
    ],
)  # fmt: skip
def test_facts_that_are_missing_or_cannot_be_are_told_with_their_row(
    table: Path, lines: str, saying: str
) -> None:
    table.write_text(lines, encoding="utf-8")
    code, said = run("attack", table, "--rules", _plain(table))
    assert (code, saying in said, said.count("\n")) == (10, True, 1), said


def test_true_numbers_that_do_not_agree_with_the_printed_ones_are_refused(table: Path) -> None:
    table.write_text("area,count,sum,true_count,true_sum,largest,second\na,[c],[c],3,900,880,10\nb,[c],[c],4,500,480,10\nTotal,9,1500,,,,\n", encoding="utf-8")  # fmt: skip
    code, said = run("attack", table, "--rules", _plain(table))
    assert (code, "do not agree with the true ones" in said) == (10, True)


def test_a_printed_column_in_a_table_to_be_protected_is_refused_by_name(table: Path) -> None:
    table.write_text("area,count,sum,mean,largest,second\na,30,9000,300,8800,50\n", encoding="utf-8")
    out = table.with_name("safe.json")
    code, said = run("protect", table, "--rules", _plain(table), "--json", out)
    assert (code, "row 1, column mean" in said, out.exists()) == (10, True, False)
