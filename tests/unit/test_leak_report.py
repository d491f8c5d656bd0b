"""Verdicts: what is within its limit, what is beyond, and what says that the meter is at fault."""

from dataclasses import replace

from linkage.leak.controls import FAMILY, FILTERS, HASHES
from linkage.leak.measure import Figures, Leak
from linkage.leak.report import LIMITS, LeakReport, told

GOOD = Figures("rare", 90, 100, 95, 0.9, 0.06, 3, {"a": 0.005, "b": 0.001, "c": 0.0, "d": 0.0, "e": 0.004})
JOINED = Figures("joined", 100, 300, 200, 0.0, 0.0, 0, {"a": 0.9, "b": 0.02})
CONTROLS = (
    Figures(HASHES, 100, 100, 300, 0.0, 0.0, 0, {"a": 0.99, "b": 0.9}),
    Figures(FILTERS, 100, 100, 100, 1.0, 0.0, 1, {"d": 0.9}),
    Figures(FAMILY, 100, 100, 60, 0.4, 0.0, 5, {"a": 0.1, "b": 0.0, "c": 0.0, "d": 0.2, "e": 0.3}),
)
REPORT = LeakReport("schema version 1", "00", 100, 1, Leak(100, 20, (GOOD,), JOINED), CONTROLS, None)


def with_pass(one: Figures) -> LeakReport:
    return replace(REPORT, leak=replace(REPORT.leak, passes=(GOOD, one)))


def test_figures_at_their_limits_pass_and_the_joined_ones_are_only_shown() -> None:
    assert REPORT.passed
    shown = [v for v in REPORT.verdicts if v.name == "joined"]
    assert [(v.attack, v.value, v.bound, v.within) for v in shown] == [
        ("a", 0.9, None, None),
        ("b", 0.02, None, None),
    ]
    assert told(REPORT)[-1] == "every figure is within its limit"


def test_each_figure_beyond_its_limit_fails_and_is_named() -> None:
    for attack, limit in LIMITS.items():
        report = with_pass(replace(GOOD, name="common", attacks={**GOOD.attacks, attack: limit * 1.01}))
        assert not report.passed
        assert [(v.name, v.attack) for v in report.verdicts if v.within is False] == [("common", attack)]
        assert told(report)[-1] == f"beyond its limit: common: {attack}"
        assert "!" in next(line for line in told(report) if line.startswith("common"))


def test_a_pass_that_could_not_be_measured_does_not_pass() -> None:
    report = with_pass(Figures("phone", 0, 0, 0, 0.0, 0.0, 0, {}))
    assert not report.passed
    assert told(report)[-1] == "phone: could not be measured"


def test_a_control_that_withstands_says_that_the_meter_is_at_fault() -> None:
    for at, (name, attack) in enumerate([(HASHES, "a"), (FILTERS, "d"), (FAMILY, "e")]):
        controls = list(CONTROLS)
        controls[at] = replace(controls[at], attacks={**controls[at].attacks, attack: 0.01})
        report = replace(REPORT, controls=tuple(controls))
        assert not report.passed
        assert told(report)[-1] == f"the meter is at fault: {name} should be broken by {attack}"


def test_the_report_as_plain_values_says_everything() -> None:
    value = REPORT.to_json()
    assert value["passed"] is True
    assert value["passes"][0]["attacks"] == GOOD.attacks
    assert value["joined"]["attacks"] == JOINED.attacks
    assert [c["name"] for c in value["controls"]] == [HASHES, FILTERS, FAMILY]
    assert len(value["verdicts"]) == 5 + 2 + 4
    assert value["accuracy"] is None


def test_accuracy_stands_beside_the_leak() -> None:
    accuracy = {
        "records": 1200,
        "truth_pairs": 300,
        "private": {"default": {"precision": 0.98, "recall": 0.9, "f1": 0.94}},
    }
    lines = told(replace(REPORT, accuracy=accuracy))
    assert any("1,200 records, 300 true pairs" in line and "F1 0.9400" in line for line in lines)
