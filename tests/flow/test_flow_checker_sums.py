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
