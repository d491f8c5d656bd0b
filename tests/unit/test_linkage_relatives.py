"""Relatives beside matches and strangers: the odds by hand, who shares what, and simulated passes in which twins are known."""

import numpy as np
import numpy.typing as npt
import pytest

from linkage.central.pairs.levels import LaneLevels, lane_levels
from linkage.central.pairs.relatives import (
    RELATIVES,
    as_matches,
    belonging,
    by_rule,
    class_odds,
    of_kinds,
)
from linkage.central.pairs.training import Fit, Patterns, fit, log_odds, posterior
from linkage.schema import default_schema

SCHEMA = default_schema()
Floats = npt.NDArray[np.float64]
Rates = dict[str, Floats]


def lanes_of(key: str) -> tuple[LaneLevels, ...]:
    return lane_levels(SCHEMA, SCHEMA.match_key(key), held=frozenset(SCHEMA.comparisons))


def rates(lanes: tuple[LaneLevels, ...], *, equal: float) -> Rates:
    return {lane.lane: np.append(np.full(lane.size - 1, equal / (lane.size - 1)), 1 - equal) for lane in lanes}


def shared(key: str, lane: str) -> frozenset[str]:
    return next(one.shared for one in lanes_of(key) if one.lane == lane)


@pytest.mark.parametrize(
    ("lane", "kinds"),
    [
        ("forename", {"namesakes"}),
        ("surname", set(RELATIVES)),
        ("postcode", set(RELATIVES)),
        ("sex", {"namesakes", "identical twins"}),
        ("middle", set()),
        ("upn", set()),
        ("born", {"twins", "identical twins"}),
    ],
)
def test_a_home_and_a_surname_are_shared_by_all_relatives_and_what_tells_people_apart_by_few_or_none(
    lane: str, kinds: set[str]
) -> None:
    assert shared("nhs-number", lane) == kinds


def test_the_name_that_a_key_holds_is_shared_by_all_who_meet_and_the_other_is_a_forename() -> None:
    assert shared("start-born", "name_a") == set(RELATIVES)
    assert shared("start-born", "name_b") == {"namesakes"}
    assert shared("names-year", "name_a") == shared("names-year", "name_b") == set(RELATIVES)


def test_the_odds_of_a_match_are_bayes_rule_over_matches_relatives_and_strangers() -> None:
    lanes = lanes_of("nhs-number")
    m, u = rates(lanes, equal=0.9), rates(lanes, equal=0.2)
    told = {"twins": 0.05, "namesakes": 0.02, "household": 0.1}
    rng = np.random.default_rng(1)
    levels = np.column_stack([rng.integers(-1, lane.size, 50) for lane in lanes])
    found = posterior(Patterns(levels, np.ones(50)), lanes, prior=0.6, m=m, u=u, relatives=told)
    for row, chance in zip(levels, found, strict=True):
        likely = {"match": 0.6, "stranger": 0.23, **told}
        for at, lane in zip(row, lanes, strict=True):
            for name in likely if at >= 0 else ():
                alike = name == "match" or name in lane.shared
                likely[name] *= (m if alike else u)[lane.lane][at]
        assert chance == pytest.approx(likely["match"] / sum(likely.values()))


def test_no_relatives_at_all_leave_the_model_of_two_classes() -> None:
    lanes = lanes_of("nhs-number")
    m, u = rates(lanes, equal=0.9), rates(lanes, equal=0.2)
    pattern = Patterns(np.zeros((1, len(lanes)), dtype=np.int64), np.ones(1))
    plain = np.log(0.3 / 0.7) + sum(np.log(m[x.lane][0] / u[x.lane][0]) for x in lanes)
    assert log_odds(pattern, lanes, prior=0.3, m=m, u=u) == pytest.approx(plain)
    assert log_odds(pattern, lanes, prior=0.3, m=m, u=u, relatives={"twins": 0.1})[0] < plain


def test_classes_sum_to_one_however_far_apart_their_odds_are() -> None:
    columns = [np.array([1, 2, 0])]
    odds = class_odds(
        columns,
        [as_matches({"twins"}, kinds=("twins",))],
        shares=np.array([0.9, 1e-9, 0.1]),
        weights=[np.array([900.0, -900.0])],
    )
    classes, total = belonging(odds)
    assert classes.sum(axis=0) == pytest.approx(1)
    assert np.isfinite(classes).all()
    assert total == pytest.approx(np.logaddexp.reduce(odds, axis=0))


def simulated(
    shares: dict[str, float], *, pairs: int
) -> tuple[tuple[LaneLevels, ...], Patterns, Floats, Rates]:
    """A pass of matches, relatives of each kind and strangers; the patterns, the share of matches in each, and the partners' u."""
    told = ("forename", "surname", "born", "sex", "place", "middle", "email")
    lanes = tuple(lane for lane in lanes_of("nhs-number") if lane.lane in told)
    m, u = rates(lanes, equal=0.85), rates(lanes, equal=0.2)
    rng = np.random.default_rng(5)
    kind = rng.choice(np.array(list(shares)), size=pairs, p=list(shares.values()))
    columns = []
    for lane in lanes:
        alike = np.isin(kind, ["match", *lane.shared])
        drawn = [rng.choice(lane.size, size=pairs, p=p[lane.lane]) for p in (m, u)]
        columns.append(np.where(alike, *drawn))
    levels, of, counts = np.unique(np.column_stack(columns), axis=0, return_inverse=True, return_counts=True)
    true = np.bincount(of.ravel(), weights=kind == "match", minlength=len(counts)) / counts
    return lanes, Patterns(levels.astype(np.int64), counts.astype(np.float64)), true, u


def said(
    found: Fit, lanes: tuple[LaneLevels, ...], patterns: Patterns, *, relatives: dict[str, float]
) -> Floats:
    m, u = ({n: np.array(v) for n, v in p.items()} for p in (found.m, found.u))
    return posterior(patterns, lanes, prior=found.prior, m=m, u=u, relatives=relatives)


def test_training_finds_each_kind_of_relatives_and_says_of_their_pairs_what_is_true() -> None:
    shares = {
        "match": 0.8,
        "twins": 0.04,
        "identical twins": 0.02,
        "namesakes": 0.05,
        "household": 0.04,
        "stranger": 0.05,
    }
    lanes, patterns, true, u = simulated(shares, pairs=40_000)
    found = fit(patterns, lanes, u=u)
    assert found.prior == pytest.approx(0.8, abs=0.01)
    for kind in RELATIVES:
        assert found.relatives[kind] == pytest.approx(shares[kind], abs=0.01), kind
    chance = said(found, lanes, patterns, relatives=dict(found.relatives))
    for low, high in ((0.05, 0.3), (0.3, 0.7), (0.7, 0.97)):
        here = (chance >= low) & (chance < high)
        weight = patterns.counts[here]
        assert weight.sum() > 100
        assert np.average(chance[here], weights=weight) == pytest.approx(
            np.average(true[here], weights=weight), abs=0.05
        ), low


def test_where_there_are_no_relatives_next_to_none_are_found() -> None:
    lanes, patterns, _, u = simulated({"match": 0.9, "stranger": 0.1}, pairs=20_000)
    found = fit(patterns, lanes, u=u)
    assert sum(found.relatives.values()) < 0.01
    assert found.prior == pytest.approx(0.9, abs=0.01)
    assert found.rounds < 1000


def test_twins_of_two_sexes_say_how_many_twins_of_one_sex_there_are() -> None:
    shares = {"match": 0.9, "twins": 0.04, "identical twins": 0.02, "stranger": 0.04}
    lanes, patterns, true, u = simulated(shares, pairs=40_000)
    found = fit(patterns, lanes, u=u)
    assert found.relatives["identical twins"] == pytest.approx(found.relatives["twins"] / 2)
    names = [lane.lane for lane in lanes]
    here = patterns.levels[:, names.index("forename")] == lanes[names.index("forename")].size - 1
    for lane in ("born", "surname", "sex"):
        here &= patterns.levels[:, names.index(lane)] < lanes[names.index(lane)].size - 1
    chance = said(found, lanes, patterns, relatives=dict(found.relatives))
    weight = patterns.counts[here]
    assert np.average(chance[here], weights=weight) == pytest.approx(
        np.average(true[here], weights=weight), abs=0.03
    )


def test_the_sorts_of_twins_are_divided_by_rule_and_no_other_share_is_touched() -> None:
    kinds = tuple(RELATIVES)
    shares = np.array([0.7, 0.09, 0.0, 0.05, 0.06, 0.1])
    assert by_rule(shares, kinds=kinds) == pytest.approx([0.7, 0.06, 0.03, 0.05, 0.06, 0.1])
    assert sum(of_kinds(0.3, kinds=kinds)) == pytest.approx(0.9)
