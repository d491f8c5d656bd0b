"""Tables as other tools print them: read where they can be read in one way only, and else refused with the row, the column and what to do."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app

PLAIN = (
    "area,sex,count\nnorth,m,1204\nnorth,f,[c]\nnorth,Total,1300\nsouth,m,30\nsouth,f,[c]\nsouth,Total,[c]\n"
)
AS_PRINTED = {
    "a byte order mark, semicolons, a capital and Windows line ends": (
        "\ufeff" + PLAIN.replace(",", ";").replace("count", "Count").replace("\n", "\r\n"),
        "",
    ),
    "tabs and thin spaces between thousands": (PLAIN.replace(",", "\t").replace("1204", "1\u202f204"), ""),
    "thousands between quotes, padding and empty lines at the end": (
        PLAIN.replace("1204", '" 1,204 "').replace("area,sex", " area , sex") + "\n,,\n,\n",
        "",
    ),
    "another marker and another name of totals": (
        PLAIN.replace("[c]", "..").replace("Total", "All"),
        "marker: '..'\ntotal: All\n",
    ),
    "an empty column at the end and decimals of a spreadsheet": (PLAIN.replace("\n", ",\n").replace("m,30", "m,30.0"), ""),
}  # fmt: skip


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["checker", *map(str, words)])
    return done.exit_code, done.output


def attacked(folder: Path, text: str, rules: str) -> dict[str, object]:
    table, how, out = folder / "table.csv", folder / "rules.yaml", folder / "report.json"
    table.write_bytes(text.encode())
    how.write_text("mode: exact\nmissing: unknown\n" + rules, encoding="utf-8")
    code, said = run("attack", table, "--rules", how, "--json", out)
    assert code in (0, 17), said
    report: dict[str, object] = json.loads(
        out.read_text("utf-8").replace('"..."', '"[c]"').replace('".."', '"[c]"')
    )
    return report


@pytest.mark.parametrize("how", AS_PRINTED)
def test_a_table_that_can_be_read_in_one_way_is_read_as_if_it_were_written_plainly(
    tmp_path: Path, how: str
) -> None:
    expected = attacked(tmp_path, PLAIN, "")
    assert expected["findings"]
    text, rules = AS_PRINTED[how]
    assert attacked(tmp_path, text, rules) == expected


@pytest.mark.parametrize(
    ("text", "place", "what_to_do"),
    [
        ("Table 3: by area\n\narea,count\nnorth,12\n", "row 1", "take out lines above the headings"),
        ("area,2022,2023\nnorth,12,13\n", "row 1", "write one row for each cell"),
        ("area,count,notes\nnorth,12,provisional\n", "row 1", "column 3 is none of these: take it out"),
        ("area,count\nnorth,12\nSource: police\n", "row 3", "take out notes below the table"),
        ("area,count\nnorth,12\n\nsouth,13\n", "row 3", "take it out"),
        ("area,count\nnorth,12\nsouth,*\n", "row 3, column count", 'say so in the rules (`marker: "*"`)'),
        ("area,count\nnorth,12\nsouth,<5\n", "row 3, column count", 'say so in the rules (`marker: "<5"`)'),
        ("area,count\nnorth,12\nsouth,\n", "row 3, column count", "write a number, [c] if it is hidden"),
        ("area;count\nnorth;1.204\n", "row 2, column count", "without marks between thousands"),
        ("area,count\nnorth,1.204\n", "row 2, column count", "without marks between thousands"),
        ("area,count\nnorth,1.000\n", "row 2, column count", "without marks between thousands"),
        ('area,count\nnorth,"1,20"\n', "row 2, column count", "without marks between thousands"),
        ("area;count;sum\nnorth;12;1,5\n", "row 2, column sum", "with a point"),
        ("area;count;sum\nnorth;12;1.500\n", "row 2, column sum", "with a point"),
        ("area,count\nnorth,12\nsouth,[c]\ntotal,20\n", "row 4, column area", "say in the rules what totals are called"),
        ("area,count\nnorth,12\nsouth,[c]\nAll areas,20\n", "row 4, column area", "write Total"),
        ("area,count\nnorth,12\nNorth total,20\n", "row 3, column area", "`hierarchies:`"),
        ("area,count\nnorth,Jane Doe\n", "row 2, column count", "take out notes"),
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused_with_its_place_and_what_to_do(
    tmp_path: Path, text: str, place: str, what_to_do: str
) -> None:
    table, rules, out = tmp_path / "table.csv", tmp_path / "rules.yaml", tmp_path / "safe.json"
    table.write_text(text, encoding="utf-8")
    rules.write_text("mode: exact\n", encoding="utf-8")
    for words in (("attack", table, "--json", out), ("protect", table, "--rules", rules, "--json", out)):
        code, said = run(*words)
        assert (code, said.count("\n"), f"table.csv, {place}" in said, what_to_do in said) == (
            10,
            1,
            True,
            True,
        ), said
        assert "Jane" not in said
        assert sorted(one.name for one in tmp_path.iterdir()) == ["rules.yaml", "table.csv"]


def test_a_total_of_some_categories_may_be_called_one_where_the_rules_say_of_which(tmp_path: Path) -> None:
    table, rules = tmp_path / "table.csv", tmp_path / "rules.yaml"
    table.write_text("area,count\nnorth-1,12\nnorth-2,[c]\nNorth total,20\n", encoding="utf-8")
    rules.write_text("mode: exact\nhierarchies:\n  area: {north-1: North total, north-2: North total}\n", encoding="utf-8")  # fmt: skip
    code, said = run("attack", table, "--rules", rules)
    assert (code, "area north-2 is 8" in said) == (17, True)


@pytest.mark.parametrize("ward", ["All Saints", "Totterdown", "Overallston", "Small Heath"])
def test_a_ward_whose_name_only_sounds_like_a_total_is_a_category(tmp_path: Path, ward: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"area,count\nnorth,12\n{ward},[c]\nTotal,20\n", encoding="utf-8")
    code, said = run("attack", table)
    assert (code, f"area {ward} is 8" in said) == (17, True)
