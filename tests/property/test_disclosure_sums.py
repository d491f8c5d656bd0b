"""Sums that are protected survive an attacker of two plain programs a number, in which people are whole, and the attack on sums finds what that attacker finds."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, linprog, milp

from policies.disclosure.errors import Unsafe
from policies.disclosure.printed import Printed
from policies.disclosure.rules import TableRules
from policies.disclosure.sums import Magnitudes, attack_every_sum, attack_magnitudes, protect_magnitudes
from policies.disclosure.sums.beside import attack_with_insiders
from policies.disclosure.table import HIDDEN

quick = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
SHAPES = ((3,), (2, 3), (2, 2, 2))
SUMS = {"threshold": 3, "width": 0.1}
EXACT = {"mode": "exact", "threshold": 3, "width": 1}
HOW = {
    "exact": {**EXACT, "sums": SUMS},
    "exact, to 20": {**EXACT, "sums": {**SUMS, "step": 20}},
    "rounded": {"suppress": 2, "round_to": 3, "sums": {**SUMS, "step": 5, "mean": 1}},
}
NEAR = 1e-4


def cells_of(shape):
    return list(
        product(*([*(f"{d}{n}" for n in range(size)), "Total"] for d, size in zip("xyz", shape, strict=False)))
    )


def inside(cell, shape):
    """Which base cells a cell takes in."""
    places = product(*(range(size) for size in shape))
    codes = [tuple(f"{d}{n}" for d, n in zip("xyz", place, strict=False)) for place in places]
    return np.array([all(c in (one, "Total") for c, one in zip(cell, base, strict=True)) for base in codes])


@st.composite
def contributions(draw):
    """A shape, and what each person of each base cell contributes."""
    shape = draw(st.sampled_from(SHAPES))
    amount = st.one_of(st.integers(0, 20), st.integers(50, 200))
    few = st.lists(amount, min_size=0, max_size=7)
    return shape, draw(st.lists(few, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))


def of_cell(cell, shape, people):
    return sorted(
        (v for one, used in zip(people, inside(cell, shape), strict=True) if used for v in one), reverse=True
    )


def true_table(shape, people, rules=None, name="table"):
    cells = cells_of(shape)
    values = [of_cell(cell, shape, people) for cell in cells]
    columns = {
        "sum": tuple(str(sum(one)) for one in values),
        "largest": tuple(str([*one, 0][0]) for one in values),
        "second": tuple(str([*one, 0, 0][1]) for one in values),
    }
    counts = Printed(
        name, tuple("xyz"[: len(shape)]), tuple(cells), tuple(str(len(one)) for one in values), rules
    )
    return Magnitudes(counts, columns)


def hiding(table, mask, *, means=None, sums=True):
    """The table as a tool without rules prints it, with these cells hidden; and true means to so many digits in every cell."""
    counts = [HIDDEN if hide else one for one, hide in zip(table.counts.shown, mask, strict=True)]
    columns = {
        "sum": tuple(
            HIDDEN if hide or not sums else one for one, hide in zip(table.columns["sum"], mask, strict=True)
        )
    }
    if means is not None:
        pairs = zip(table.columns["sum"], table.counts.shown, strict=True)
        columns["mean"] = tuple("[z]" if n == "0" else f"{int(s) / int(n):.{means}f}" for s, n in pairs)
    printed = Printed(table.counts.name, table.counts.dimensions, table.counts.codes, tuple(counts))
    return Magnitudes(printed, columns)


def tells(values):
    """Fewer than three people, two with over nine tenths, a rest below a tenth of the largest, or nothing at all."""
    return (
        len(values) < 3
        or sum(values[:2]) > 0.9 * sum(values)
        or sum(values[2:]) < 0.1 * values[0]
        or not sum(values)
    )


class Plainly:
    """Everything printed, read as it stands, as inequalities over the counts and sums of base cells; each end of a range is a program of its own.

    `each`: between which two numbers everybody's contribution lies. `whole`: sums are whole numbers, as they are read beside true means.
    That nobody contributes nothing is said where nobody is for certain; if `sharp`, of whole people wherever they may be nobody.
    """

    def __init__(self, shape, tables, each=(0, np.inf), *, whole=False, sharp=False):
        self.shape, self.size, self.whole = shape, int(np.prod(shape)), whole
        self.rows, self.limits = [np.zeros(2 * self.size)], [0.0]
        for one in np.eye(self.size):
            self.rows.append(np.concatenate([one * each[0], -one]))
            self.limits.append(0.0)
            if each[1] < np.inf:
                self.rows.append(np.concatenate([-one * each[1], one]))
                self.limits.append(0.0)
        for table in tables:
            for n, codes in enumerate(table.counts.codes):
                self._read(table, n, self.row(codes, "count"), self.row(codes, "sum"))
        if any(HIDDEN in table.counts.shown for table in tables):
            for one in np.eye(self.size):  # nobody contributes nothing
                count, total = (
                    np.concatenate([one, np.zeros(self.size)]),
                    np.concatenate([np.zeros(self.size), one]),
                )
                fewest, of_sum = self._least(-count, whole=sharp), self._least(-total, whole=False)
                if fewest is not None and fewest > -NEAR:
                    self._say(total, 0.0, 0.0)
                elif sharp and of_sum is not None:
                    self.rows.append(total + of_sum * count)
                    self.limits.append(0.0)

    def row(self, cell, measure):
        used, nothing = inside(cell, self.shape).astype(float), np.zeros(self.size)
        return np.concatenate([used, nothing] if measure == "count" else [nothing, used])

    def ends(self, cell, measure):
        """The least and the greatest value that is left."""
        row = self.row(cell, measure)
        most = self._least(-row)
        return self._least(row), np.inf if most is None else -most

    def _least(self, objective, *, whole=True):
        found = linprog(
            objective, A_ub=np.array(self.rows), b_ub=self.limits, method="highs", options={"presolve": False}
        )  # which takes what has no end for impossible now and then
        assert found.status in (0, 3)
        if found.status == 3 or not whole:
            return found.fun
        people = np.repeat([1, int(self.whole)], self.size)
        limits = LinearConstraint(np.array(self.rows), -np.inf, self.limits)
        return milp(objective, integrality=people, constraints=limits, options={"mip_rel_gap": 0}).fun

    def _say(self, coefficients, least, most):
        self.rows += [coefficients, -coefficients]
        self.limits += [most, -least]

    def _read(self, table, n, count, total):
        if (shown := table.counts.shown[n]) != HIDDEN:
            self._say(count, float(shown), float(shown))
            if shown == "0":
                self._say(total, 0.0, 0.0)
        if (shown := table.columns["sum"][n]) != HIDDEN:
            self._say(total, float(shown), float(shown))
        means = table.columns.get("mean")
        if means is not None and means[n] != "[z]":
            half = 0.5 * 10.0 ** -max(len(one.partition(".")[2]) for one in means)
            value = float(means[n])
            self.rows += [total - (value + half) * count, max(value - half, 0.0) * count - total, -count]
            self.limits += [0.0, 0.0, -1.0]  # nobody has a mean


@quick
@given(contributions(), st.data())
def test_the_range_of_every_hidden_sum_is_the_one_that_plain_programs_leave(drawn, data):
    shape, people = drawn
    table = true_table(shape, people)
    mask = data.draw(
        st.lists(st.booleans(), min_size=len(table.counts.codes), max_size=len(table.counts.codes))
    )
    means = data.draw(st.sampled_from([None, 0, 1]))
    printed = hiding(table, mask, means=means)
    result = attack_magnitudes(printed)
    truth = {("count", c): int(v) for c, v in zip(table.counts.codes, table.counts.shown, strict=True)}
    truth |= {("sum", c): int(v) for c, v in zip(table.counts.codes, table.columns["sum"], strict=True)}
    readers = [Plainly(shape, [printed], whole=means is not None, sharp=sharp) for sharp in (False, True)]
    for one in result.cells:
        upper = np.inf if one.upper is None else one.upper
        assert one.lower - NEAR <= truth[one.measure, one.codes] <= upper + NEAR
        if one.measure == "sum" and one.status == "hidden":
            # A sum of nobody whom only whole people show may be left wider: that count is a finding itself.
            (low, high), (sharp_low, sharp_high) = (reader.ends(one.codes, "sum") for reader in readers)
            assert low - 0.01 <= one.lower <= sharp_low + 0.01
            assert sharp_high - 0.01 <= upper <= high + 0.01
    exact = {
        one.codes
        for one in result.cells
        if one.measure == "sum" and one.status == "hidden" and one.lower == one.upper
    }
    assert bool(exact) == any(one.measure == "sum" for one in result.findings)


@quick
@given(contributions(), st.data())
def test_what_one_person_can_contribute_narrows_ranges_as_far_as_plain_programs_say(drawn, data):
    shape, people = drawn
    least, most = data.draw(st.sampled_from([(0, 200), (0, 250), (50, 200), (50, None)]))
    people = [[max(one, least) for one in cell] for cell in people]
    table = true_table(shape, people)
    some = st.lists(st.booleans(), min_size=len(table.counts.codes), max_size=len(table.counts.codes))
    printed = hiding(table, data.draw(some))
    if data.draw(st.booleans()):  # counts are all known, and only sums are hidden
        printed = Magnitudes(replace(printed.counts, shown=table.counts.shown), printed.columns)
    sums = {"least_per_person": least} | ({} if most is None else {"most_per_person": most})
    rules = TableRules.model_validate({"mode": "exact", "hide_zeros": True, "width": 1, "sums": sums})
    result = attack_magnitudes(Magnitudes(replace(printed.counts, rules=rules), printed.columns))
    readers = [Plainly(shape, [printed], (least, most or np.inf), sharp=sharp) for sharp in (False, True)]
    for one in result.cells:
        if one.status == "hidden":
            upper = np.inf if one.upper is None else one.upper
            (low, high), (sharp_low, sharp_high) = (reader.ends(one.codes, one.measure) for reader in readers)
            assert low - 0.01 <= one.lower <= sharp_low + 0.01
            assert sharp_high - 0.01 <= upper <= high + 0.01


@quick
@given(contributions(), st.sampled_from(sorted(HOW)))
def test_no_sum_that_is_hidden_can_be_narrowed_down_by_plain_programs(drawn, how):
    shape, people = drawn
    rules = TableRules.model_validate(HOW[how])
    try:
        printed, sides = protect_magnitudes(true_table(shape, people, rules), rules=rules)
    except Unsafe:
        assume(False)
    if not attack_magnitudes(printed, sides=sides).safe:
        assume(rules.mode == "rounded")  # the counts alone; exact mode always comes out safe
        return
    shown = dict(
        zip(printed.counts.codes, zip(printed.counts.shown, printed.columns["sum"], strict=True), strict=True)
    )
    for cell, (count, total) in shown.items():
        values = of_cell(cell, shape, people)
        assert (count == HIDDEN) == (total == HIDDEN)
        if values and (rules.exact or "Total" not in cell):
            assert total == HIDDEN or not tells(values)
    if not rules.exact or rules.sums.step > 1:
        return
    plain = Magnitudes(
        Printed("t", printed.counts.dimensions, printed.counts.codes, printed.counts.shown), printed.columns
    )
    attacker = Plainly(shape, [plain])
    for cell, (_, total) in shown.items():
        if total != HIDDEN:
            continue
        low, high = attacker.ends(cell, "sum")
        values = of_cell(cell, shape, people)
        assert low - NEAR <= sum(values) <= high + NEAR
        assert high - low >= max(0.1 * high, 1) - NEAR
        if values and tells(values):
            assert low <= sum(values) - 0.1 * values[0] + NEAR
            assert high >= sum(values) + 0.1 * values[0] - NEAR


@quick
@given(contributions(), st.data())
def test_an_earlier_table_never_makes_sums_safer(drawn, data):
    shape, people = drawn
    table = true_table(shape, people)
    masks = st.lists(st.booleans(), min_size=len(table.counts.codes), max_size=len(table.counts.codes))
    printed = hiding(table, data.draw(masks))
    before = hiding(
        true_table(shape, people, name="earlier"), data.draw(masks), means=data.draw(st.sampled_from([None, 1]))
    )
    alone = attack_magnitudes(printed)
    together = attack_magnitudes(printed, earlier=[before])
    assert alone.safe or not together.safe
    for one, other in zip(alone.cells, together.cells, strict=True):
        assert other.lower >= one.lower - 0.01
        assert one.upper is None or (other.upper is not None and other.upper <= one.upper + 0.01)


@quick
@given(contributions(), st.data())
def test_the_numbers_that_are_named_give_the_sum_away_by_themselves(drawn, data):
    shape, people = drawn
    table = true_table(shape, people)
    mask = data.draw(
        st.lists(st.booleans(), min_size=len(table.counts.codes), max_size=len(table.counts.codes))
    )
    means = data.draw(st.sampled_from([None, 1]))
    printed = hiding(table, mask, means=means)
    for finding in attack_magnitudes(printed).findings:
        if finding.measure != "sum" or not finding.because:  # only the first few are explained
            continue
        named = {(tuple(code for _, code in one.cell), one.measure) for one in finding.because}
        codes = printed.counts.codes
        left = {
            measure: tuple(
                one if (cell, measure) in named else "[z]" if measure == "mean" else HIDDEN
                for cell, one in zip(codes, shown, strict=True)
            )
            for measure, shown in {"count": printed.counts.shown, **printed.columns}.items()
        }
        only = Magnitudes(Printed("t", printed.counts.dimensions, codes, left.pop("count")), left)
        low, high = Plainly(shape, [only], whole=means is not None).ends(finding.codes, "sum")
        assert (low, high) == pytest.approx((finding.lower, finding.upper), abs=0.01)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("how", HOW)
def test_the_facts_beside_a_printed_table_judge_people_inside_as_protecting_it_does(how, seed):
    """As if each hidden sum that tells too much were demanded by whoever protects it; half of what protection hides is shown, where rules leave that possible."""
    random = np.random.default_rng(seed)
    shape = SHAPES[seed % len(SHAPES)]
    people = [
        random.choice([0, 3, 8, 15, 60, 150, 200], random.integers(0, 8)).tolist()
        for _ in range(int(np.prod(shape)))
    ]
    rules = TableRules.model_validate(HOW[how])
    table = true_table(shape, people, rules)
    protected, sides = protect_magnitudes(table, rules=rules)
    if how == "exact":  # zeros are shown
        kept = protected.counts.hidden & random.choice([True, False], len(protected.counts.codes))
        kept &= np.array([one != "0" for one in table.counts.shown])
        counts, columns = (
            tuple(HIDDEN if hide else one for hide, one in zip(kept, its, strict=True))
            for its in (table.counts.shown, table.columns["sum"])
        )
        protected = Magnitudes(replace(protected.counts, shown=counts), {"sum": columns})
    facts = {"true_count": table.counts.shown, "true_sum": table.columns["sum"], **table.columns}
    beside = Magnitudes(protected.counts, {**facts, **protected.columns})
    demanded = {codes: one for codes, one in sides.items() if protected.hides(codes, measure="sum")}
    found = attack_with_insiders(beside).findings
    printed = len(sides) - len(demanded)
    assert {one.codes for one in found[:printed]} == sides.keys() - demanded.keys()
    assert found[printed:] == attack_every_sum(protected, sides=demanded).findings
