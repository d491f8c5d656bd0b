"""An attack ends after so much effort, counted in steps. What is not settled by then does not leave, and the report says why."""

import numpy as np
import pytest

from policies.disclosure import (
    CountTable,
    Layout,
    PublishedTable,
    Rule,
    View,
    audit,
    progress,
    suppress_and_round,
    view,
)
from policies.disclosure.bounds import ranges
from policies.disclosure.every_way import ranges_in_every_way
from policies.disclosure.exact import show_exactly
from policies.disclosure.joint import joint
from policies.disclosure.printed import Printed
from policies.disclosure.protect import _in_words
from policies.disclosure.protect_table import protect_table
from policies.disclosure.reader import attack, readings_by_zeros, readings_of
from policies.disclosure.rules import TableRules
from policies.disclosure.together import audit_together

NAMES, SIZES = ("area", "age"), (6, 5)
COUNTS = np.random.default_rng(4).poisson(np.random.default_rng(4).gamma(0.8, 12, SIZES))
EXACT = TableRules.model_validate({"mode": "exact", "width": 4, "threshold": 5})


def cohort(axes: tuple[int, ...], *, exact: bool = False) -> PublishedTable:
    away = tuple(n for n in range(2) if n not in axes)
    categories = tuple(tuple(f"{NAMES[n]}-{code}" for code in range(SIZES[n])) for n in axes)
    layout = Layout("people", tuple(NAMES[n] for n in axes), categories)
    table = CountTable(layout, COUNTS.sum(axis=away))
    if exact:
        return show_exactly(table, least=8, width=6, hide_zeros=True)
    return suppress_and_round(table, rule=Rule(7, 5, hide_zeros=True))


def printed() -> Printed:
    """An exact table with every total, protected."""
    codes = [(f"a{x}", f"b{y}") for x in range(SIZES[0]) for y in range(SIZES[1])]
    shown = [str(COUNTS[x, y]) for x in range(SIZES[0]) for y in range(SIZES[1])]
    codes += [(f"a{x}", "Total") for x in range(SIZES[0])] + [("Total", f"b{y}") for y in range(SIZES[1])]
    shown += [str(n) for n in COUNTS.sum(axis=1)] + [str(n) for n in COUNTS.sum(axis=0)]
    return protect_table(Printed("t", NAMES, tuple(codes), tuple(shown)), rules=EXACT).table


@pytest.fixture
def no_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOST_SPENT", 1)


def test_rounded_tables_that_pass_do_not_leave_where_the_attack_is_given_up(
    request: pytest.FixtureRequest,
) -> None:
    views = [view(cohort(axes), name=str(axes)) for axes in ((0, 1), (0,))]
    assert audit(views).findings == ()
    request.getfixturevalue("no_effort")
    report = audit(views)
    assert {one.code for one in report.findings} == {"unsettled"}
    assert "could not be settled" in _in_words(report)
    assert "nothing leaves" in _in_words(report)


def test_exact_tables_that_pass_do_not_leave_where_the_attack_is_given_up(
    request: pytest.FixtureRequest,
) -> None:
    tables = [("this", cohort((0, 1), exact=True))]
    assert audit_together(tables).findings == ()
    request.getfixturevalue("no_effort")
    report = audit_together(tables)
    assert {one.code for one in report.findings} == {"unsettled"}
    assert "could not be settled" in _in_words(report)


def test_a_table_of_another_tool_is_not_called_safe_where_the_attack_is_given_up(
    request: pytest.FixtureRequest,
) -> None:
    table = printed()
    assert attack(table).safe
    request.getfixturevalue("no_effort")
    found = attack(table)
    assert not found.safe
    assert not any(one.settled or one.because for one in found.findings)


def test_what_is_certain_is_told_before_what_could_not_be_settled(no_effort: None) -> None:
    """Four cells show 20, which is 18 to 22. Where these and a hidden one are 73 people, the hidden one is a single person, whatever else is given up."""
    counts = COUNTS.copy()
    counts[-1] = [20, 20, 20, 20, 1]
    areas = tuple(f"area-{code}" for code in range(SIZES[0]))
    layout = Layout("people", NAMES, (areas, tuple(f"age-{code}" for code in range(SIZES[1]))))
    both, one = Rule(7, 5, hide_zeros=True), np.array([73])
    cells = view(suppress_and_round(CountTable(layout, counts), rule=both), name="cells")
    ages = Layout("people", NAMES[1:], layout.categories[1:])
    across = view(suppress_and_round(CountTable(ages, counts.sum(axis=0)), rule=both), name="ages")
    told = View("a total", Layout("people", NAMES[:1], (areas[-1:],)), one, one, np.array([False]))
    findings = audit([cells, across, told]).findings
    assert [one.code for one in findings[:2]] == ["narrowed", "unsettled"]
    assert (findings[0].cell, findings[0].high) == ((areas[-1], "age-4"), 1)


def test_the_effort_is_the_same_each_time_and_ends_soon_after_its_limit() -> None:
    together = joint(readings_of([printed()]))
    spent = []
    for limit in (None, None, 20_000):
        found = ranges(together.system, together.demanded, wanted=together.wanted, most_spent=limit)
        assert found is not None
        spent.append(found.spent)
    assert spent[0] == spent[1] > 0
    assert spent[2] <= spent[0]
    stopped = ranges(together.system, together.demanded, wanted=together.wanted, most_spent=1)
    assert stopped is not None
    assert stopped.exhausted
    assert stopped.spent < spent[0]


def test_all_ways_in_which_zeros_can_be_hidden_share_the_effort_of_one_attack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What one way leaves of it is for the next ones, and what none of them settles within it is never called safe."""
    rng = np.random.default_rng(5)
    counts = np.maximum(rng.poisson(rng.gamma(0.5, 12, (6, 6, 7))), 1)
    shown = ["[c]" if n < 14 else str(n) for n in counts.ravel()]
    codes = [(f"a{x}", f"b{y}", f"c{z}") for x, y, z in np.ndindex(*counts.shape)]
    for axis in range(3):
        codes += [
            (
                "Total" if axis == 0 else f"a{x}",
                "Total" if axis == 1 else f"b{y}",
                "Total" if axis == 2 else f"c{z}",
            )
            for x, y, z in np.ndindex(*(1 if n == axis else size for n, size in enumerate(counts.shape)))
        ]
        shown += [str(n) for n in counts.sum(axis=axis).ravel()]
    table = Printed("t", ("a", "b", "c"), tuple(codes), tuple(shown), EXACT)
    together = joint(readings_of([table]))
    whole = {one.codes for one in attack(table).findings}
    for limit in (400_000_000, 40_000_000, 20_000_000):
        monkeypatch.setattr(progress, "MOST_LOOKED", limit)
        ways = next(iter(readings_by_zeros(readings_of([table])))).ways
        found = ranges_in_every_way(ways, together.demanded, wanted=together.wanted)
        assert found is not None
        spent = found.looked + ways.spent
        assert spent < 1.25 * limit  # what has begun ends
        assert spent > min(limit, 20_000_000)
        assert whole <= {one.codes for one in attack(table).findings}
    assert whole < {one.codes for one in attack(table).findings}
