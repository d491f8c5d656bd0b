"""The whole leak report of the default schema, small."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from linkage.errors import BadInput, BadSchema
from linkage.leak.made_up import made_up_file
from linkage.leak.measure import ATTACKS, measure
from linkage.leak.report import LeakReport
from linkage.schema import dedupe_schema, default_schema
from service.centre.leak import lint, run

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PEOPLE = 1_500


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def report(told: list[str]) -> LeakReport:
    return run(None, people=PEOPLE, seed=4, now=NOW, say=told.append)


def test_the_report_holds_every_pass_the_joined_figures_the_controls_and_the_accuracy(
    report: LeakReport,
) -> None:
    value = json.loads(json.dumps(report.to_json()))
    assert [p["name"] for p in value["passes"]] == list(default_schema().keys)
    assert value["digest"] == default_schema().digest
    assert value["people"] == PEOPLE
    assert value["records"] == PEOPLE
    assert value["records_of_file_in_b"] == PEOPLE // 5
    assert set(value["joined"]["attacks"]) == {"a", "b"}
    assert len(value["controls"]) == 3
    assert 0.5 < value["accuracy"]["private"]["default"]["f1"] <= 1
    for verdict in value["verdicts"]:
        if verdict["bound"] is not None and verdict["value"] is not None:
            inside = (
                verdict["value"] >= verdict["bound"]
                if verdict["at_least"]
                else verdict["value"] <= verdict["bound"]
            )
            assert verdict["within"] is inside
    assert value["passed"] is report.passed


def test_joining_the_passes_tells_far_more_than_any_of_them(report: LeakReport) -> None:
    assert report.leak.joined is not None
    assert report.leak.joined.attacks["a"] > max(p.attacks["a"] for p in report.leak.passes)
    assert report.leak.joined.attacks["a"] > 0.02


def test_no_pass_of_the_schema_tells_anything_across_blocks(report: LeakReport) -> None:
    """The graph of two dozen towns may fit so few rows by chance. The attacker then names a town for every row, and is right as often as with any
    guess: at most one in fourteen."""
    for figures in report.leak.passes:
        assert figures.parts["d_values_across"] <= 1 / 14, figures.name
        assert figures.parts["d_rows_across"] == 0, figures.name


def test_no_pass_of_the_schema_is_beyond_the_bounds_of_a_file_of_this_size(report: LeakReport) -> None:
    """In so small a file one row is a good part of a thousandth, so that these bounds are wider than the meter's limits."""
    assert [p.name for p in report.leak.passes] == list(default_schema().keys)
    for figures in report.leak.passes:
        assert set(figures.attacks) == set(ATTACKS)
        assert figures.attacks["b"] <= 0.01, figures.name
        assert figures.attacks["c"] <= 0.02 + 10 / figures.rows, figures.name
        together = 1 - figures.alone
        assert figures.attacks["d"] <= max(together, figures.parts["d_values_across"]) + 1e-9, figures.name
        assert figures.attacks["e"] <= together + 1e-9, figures.name
        assert figures.attacks["a"] <= 2.1 * together + 0.005, figures.name


def test_what_rows_share_a_block_is_what_leaks() -> None:
    """The attack on distances does bite where people of one file meet: it names the greater part of what it can."""
    schema = dedupe_schema()
    file = made_up_file(PEOPLE, schema=schema, seed=4, repeats=False)
    only, rng = "postcode-forename", np.random.default_rng(4)
    one = measure(file, schema=schema, rng=rng, only=only, say=lambda _: None).passes[0]
    together = 1 - one.alone
    assert together > 0.02
    assert 0.5 * together < one.attacks["e"] <= together


def test_what_leaks_of_one_persons_own_records_is_told_apart(report: LeakReport) -> None:
    assert all(0 <= p.own <= 1 - p.alone + 1e-9 for p in report.leak.passes)
    assert all(p.parts["e_of_one_person"] <= min(p.own, p.attacks["e"]) + 1e-9 for p in report.leak.passes)


def test_the_table_shows_each_pass_each_control_and_f1(report: LeakReport, told: list[str]) -> None:
    for figures in (*report.leak.passes, *report.controls):
        assert any(line.startswith(figures.name) and f"{figures.rows:,}" in line for line in told)
    assert any(line.startswith("joined ") for line in told)
    assert any("precision" in line and "F1" in line for line in told)


def test_the_same_seed_gives_the_same_figures() -> None:
    a, b = (
        run(None, people=400, seed=9, only="nhs-number", now=NOW, say=lambda _: None).to_json()
        for _ in range(2)
    )
    assert a == b
    assert [p["name"] for p in a["passes"]] == ["nhs-number"]
    assert a["joined"] is None
    assert a["accuracy"] is None


def test_people_who_are_in_the_file_several_times_share_blocks_with_themselves() -> None:
    once, often = (
        run(None, people=400, seed=9, only="nhs-number", repeats=r, now=NOW, say=lambda _: None).leak
        for r in (False, True)
    )
    assert (once.records, once.passes[0].alone, once.passes[0].own) == (400, 1.0, 0.0)
    assert often.records > 400
    assert often.passes[0].own == pytest.approx(1 - often.passes[0].alone)
    assert often.passes[0].own > 0.1


def test_an_unknown_key_too_few_people_and_a_bad_seed_are_refused() -> None:
    for fault, words in (
        ({"only": "shoe-size"}, "no match key 'shoe-size'"),
        ({"people": 20}, "people is 20: ask for 100 to"),
        ({"seed": -1}, "seed is -1"),
    ):
        with pytest.raises(BadInput, match=words):
            run(None, now=NOW, say=lambda _: None, **fault)  # type: ignore[arg-type]


def test_a_schema_file_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    text = dedupe_schema().text
    head = text[: text.index("keys:\n")]
    path.write_text(head + "keys:\n  family: [surname.whole, postcode.whole]\n", "utf-8")
    lines: list[str] = []
    findings = lint(path, say=lines.append)
    assert [f.where for f in findings] == ["family", "family"]
    assert lines[0].startswith("leaks    family: a family shares every part of it")
    lines.clear()
    assert not lint(None, say=lines.append)
    assert lines == ["nothing found"]
    path.write_text("keys: {}\n", "utf-8")
    with pytest.raises(BadSchema):
        lint(path, say=lines.append)
    with pytest.raises(BadInput):
        lint(tmp_path / "none.yaml", say=lines.append)
