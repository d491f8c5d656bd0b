"""An output checker protects and attacks tables of any tool on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app

LINES = "area,sex,count\na,m,3\na,f,20\na,Total,23\nb,m,52\nb,f,8\nb,Total,60\nTotal,m,55\nTotal,f,28\nTotal,Total,83\n"


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["checker", *map(str, words)])
    return done.exit_code, done.output


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(LINES, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text("mode: exact\nthreshold: 10\n", encoding="utf-8")
    return path


def test_a_protected_table_survives_the_attack_and_its_report_is_complete(table: Path) -> None:
    out = table.with_name("safe.json")
    code, said = run("protect", table, "--rules", table.with_name("rules.yaml"), "--json", out)
    assert (code, "Protected table: safe.csv" in said) == (0, True)
    report = json.loads(out.read_text("utf-8"))
    assert report["safe"] is True
    assert report["findings"] == []
    assert [list(cell) for cell in report["cells"]] == [
        ["area", "sex", "status", "value", "lower", "upper"]
    ] * 9
    rows = [line.split(",") for line in out.with_suffix(".csv").read_text("utf-8").splitlines()[1:]]
    truth = {tuple(line.split(",")[:2]): int(line.split(",")[2]) for line in LINES.splitlines()[1:]}
    for cell, row in zip(report["cells"], rows, strict=True):
        true = truth[cell["area"], cell["sex"]]
        assert cell["lower"] <= true <= cell["upper"]
        assert row == [cell["area"], cell["sex"], "[c]" if cell["status"] == "hidden" else str(true)]
        assert cell["value"] == (None if cell["status"] == "hidden" else true)
    assert run("attack", out.with_suffix(".csv"), "--rules", table.with_name("rules.yaml"))[0] == 0
    assert run("attack", out.with_suffix(".csv"))[0] == 0


def test_a_table_that_tells_a_hidden_count_has_its_own_exit_code_and_says_why(table: Path) -> None:
    table.write_text(LINES.replace("a,m,3", "a,m,[c]").replace("b,f,8", "b,f,[c]"), encoding="utf-8")
    out = table.with_name("report.json")
    code, said = run("attack", table, "--json", out)
    assert code == 17
    assert "area a, sex m is 3, because of 2 printed numbers" in said
    report = json.loads(out.read_text("utf-8"))
    assert report["safe"] is False
    told = {(one["area"], one["sex"]): (one["lower"], one["upper"]) for one in report["findings"]}
    assert told == {("a", "m"): (3, 3), ("b", "f"): (8, 8)}
    assert report["findings"][0]["because"] == [
        {"table": "table.csv", "cell": {"area": "a", "sex": "f"}, "printed": "20"},
        {"table": "table.csv", "cell": {"area": "a", "sex": "Total"}, "printed": "23"},
    ]


def test_an_earlier_release_that_undoes_a_table_stops_it_and_no_table_is_written(table: Path) -> None:
    earlier = table.with_name("earlier")
    earlier.mkdir()
    (earlier / "march.csv").write_text("area,count\na,23\nb,60\n", encoding="utf-8")
    (earlier / "april.csv").write_text("area,sex,count\na,f,20\n", encoding="utf-8")
    (earlier / "rules.yaml").write_text("mode: exact\n", encoding="utf-8")
    out = table.with_name("safe.json")
    code, said = run(
        "protect", table, "--rules", table.with_name("rules.yaml"), "--earlier", earlier, "--json", out
    )
    assert (code, "Not safe" in said, out.exists(), out.with_suffix(".csv").exists()) == (17, True, True, False)
    rules = table.with_name("rules.yaml")
    assert run("protect", table, "--rules", rules, "--json", out)[0] == 0
    assert out.with_suffix(".csv").exists()
    assert run("protect", table, "--rules", rules, "--earlier", earlier, "--json", out)[0] == 17
    assert not out.with_suffix(".csv").exists()
    told = {
        one["table"] for finding in json.loads(out.read_text("utf-8"))["findings"] for one in finding["because"]
    }
    assert "april.csv" in told


def test_rules_of_its_own_come_before_the_common_ones(table: Path) -> None:
    earlier = table.with_name("earlier")
    earlier.mkdir()
    (earlier / "total.csv").write_text("area,count\nTotal,25\n", encoding="utf-8")
    table.write_text("area,count\na,[c]\nb,10\nc,10\nd,10\n", encoding="utf-8")
    rules = table.with_name("rounded.yaml")
    rules.write_text("mode: rounded\n", encoding="utf-8")
    (earlier / "rules.yaml").write_text("mode: rounded\n", encoding="utf-8")
    report = table.with_name("r.json")
    assert run("attack", table, "--rules", rules, "--earlier", earlier, "--json", report)[0] == 17
    assert json.loads(report.read_text("utf-8"))["findings"][0]["upper"] == 3
    (earlier / "total.rules.yaml").write_text("mode: exact\n", encoding="utf-8")
    assert run("attack", table, "--rules", rules, "--earlier", earlier, "--json", report)[0] == 17
    assert json.loads(report.read_text("utf-8"))["findings"][0]["upper"] == 1


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("area,count\na,seven\n", "table.csv, row 2, column count"),
        ("area,count\nb,1\na,\n", "row 3, column count"),
        ("", "row 1"),
    ],
)
def test_what_is_no_table_is_told_in_one_line_without_its_values(table: Path, text: str, saying: str) -> None:
    table.write_text(text, encoding="utf-8")
    code, said = run("attack", table)
    assert (code, saying in said, "seven" in said, said.count("\n")) == (10, True, False, 1)


def test_files_that_are_not_there_and_a_report_in_the_way_are_refused(table: Path) -> None:
    rules = table.with_name("rules.yaml")
    assert run("attack", table.with_name("none.csv"))[0] == 10
    assert run("attack", table, "--earlier", table.with_name("nowhere"))[0] == 10
    assert run("attack", table, "--json", table.parent / "no" / "r.json")[0] == 10
    code, said = run("protect", table, "--rules", rules, "--json", table.with_suffix(".json"))
    assert (code, "name the report otherwise" in said) == (10, True)
    assert table.read_text("utf-8") == LINES
    table.with_name("mine.csv").write_text("my own", encoding="utf-8")
    assert run("protect", table, "--rules", rules, "--json", table.with_name("mine.json"))[0] == 10
    assert table.with_name("mine.csv").read_text("utf-8") == "my own"
