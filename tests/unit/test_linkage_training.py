"""Training without labels: simulated passes whose truth is known, and the passes that make other trainers fail."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from linkage.central.pairs.levels import LaneLevels, lane_levels
from linkage.central.pairs.training import Fit, Patterns, combined_u, fit, fit_all, pooled_m, posterior
from linkage.schema import load_schema
from linkage.tokens import PartnerStatistics

SCHEMA = load_schema((Path(__file__).parents[1] / "schemas" / "core.yaml").read_text("utf-8"))
HELD = frozenset(SCHEMA.comparisons)
Floats = npt.NDArray[np.float64]


def lanes_of_pass(key: str) -> tuple[LaneLevels, ...]:
    return lane_levels(SCHEMA, SCHEMA.match_key(key), held=HELD)


def some_rates(lanes: tuple[LaneLevels, ...], *, equal: float) -> dict[str, Floats]:
    """For each lane: `equal` on its levels of agreement, falling, and the rest on disagreement."""
    out = {}
    for lane in lanes:
        falling = np.array([0.5**n for n in range(lane.size - 1)])
        out[lane.lane] = np.append(equal * falling / falling.sum(), 1 - equal)
    return out


def simulated(
    lanes: tuple[LaneLevels, ...],
    *,
    pairs: int,
    prior: float,
    m: dict[str, Floats],
    u: dict[str, Floats],
    missing: float = 0.0,
) -> Patterns:
    rng = np.random.default_rng(7)
    match = rng.random(pairs) < prior
    columns = []
    for lane in lanes:
        drawn = [rng.choice(lane.size, size=pairs, p=p[lane.lane]) for p in (m, u)]
        level = np.where(match, *drawn)
        level[rng.random(pairs) < missing] = -1
        columns.append(level)
    levels, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
    return Patterns(levels.astype(np.int64), counts.astype(np.float64))


@pytest.mark.parametrize("prior", [0.2, 0.6, 0.95])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_training_finds_the_share_of_matches_and_m_again_where_u_is_known(prior: float, missing: float) -> None:
    lanes = lanes_of_pass("nhs-number")
    assert not any(lane.dependent for lane in lanes)
    m, u = some_rates(lanes, equal=0.85), some_rates(lanes, equal=0.03)
    found = fit(simulated(lanes, pairs=20_000, prior=prior, m=m, u=u, missing=missing), lanes, u=u)
    assert found.prior == pytest.approx(prior, abs=0.01)
    assert found.matches == pytest.approx(prior * 20_000, rel=0.02)
    for lane in lanes:
        assert np.array(found.m[lane.lane]) == pytest.approx(m[lane.lane], abs=0.03), lane.lane
        assert found.u[lane.lane] == pytest.approx(tuple(u[lane.lane]))


def test_training_learns_u_where_strangers_who_share_the_key_agree() -> None:
    lanes = lanes_of_pass("house-year")
    dependent = {lane.lane for lane in lanes if lane.dependent}
    assert dependent
    assert dependent < {lane.lane for lane in lanes}
    m, told = some_rates(lanes, equal=0.9), some_rates(lanes, equal=0.02)
    true_u = {n: some_rates(lanes, equal=0.5)[n] if n in dependent else told[n] for n in told}
    found = fit(simulated(lanes, pairs=20_000, prior=0.5, m=m, u=true_u), lanes, u=told)
    assert found.prior == pytest.approx(0.5, abs=0.02)
    for name in dependent:
        assert np.array(found.u[name]) == pytest.approx(true_u[name], abs=0.03), name


@pytest.mark.parametrize("key", [k.name for k in SCHEMA.match_keys])
@pytest.mark.parametrize("pairs", [1, 3, 5000])
def test_a_pass_whose_pairs_all_match_in_everything_trains_to_finite_rates(key: str, pairs: int) -> None:
    lanes = lanes_of_pass(key)
    patterns = Patterns(np.zeros((1, len(lanes)), dtype=np.int64), np.array([float(pairs)]))
    found = fit(patterns, lanes, u=some_rates(lanes, equal=0.01))
    check_finite(found, lanes)
    assert found.prior > 0.8


def check_finite(found: Fit, lanes: tuple[LaneLevels, ...]) -> None:
    assert 0 < found.prior < 1
    for lane in lanes:
        for rates in (found.m[lane.lane], found.u[lane.lane]):
            assert len(rates) == lane.size
            assert all(0 < r < 1 for r in rates)
            assert sum(rates) == pytest.approx(1)


def test_a_pass_of_strangers_alone_trains_to_few_matches() -> None:
    lanes = lanes_of_pass("nhs-number")
    u = some_rates(lanes, equal=0.02)
    found = fit(simulated(lanes, pairs=10_000, prior=0.0, m=u, u=u), lanes, u=u)
    check_finite(found, lanes)
    assert found.prior < 0.01


def test_a_pass_in_which_every_value_is_missing_teaches_nothing() -> None:
    lanes = lanes_of_pass("born-name")
    patterns = Patterns(np.full((1, len(lanes)), -1, dtype=np.int64), np.array([50.0]))
    found = fit(patterns, lanes, u=some_rates(lanes, equal=0.02))
    check_finite(found, lanes)
    for lane in lanes:
        assert found.m[lane.lane] == pytest.approx(lane.prior_m)


def test_the_posterior_is_bayes_rule_and_a_missing_value_says_nothing() -> None:
    lanes = lanes_of_pass("nhs-number")[:2]
    m, u = some_rates(lanes, equal=0.8), some_rates(lanes, equal=0.1)
    grid = np.array([[0, 1], [0, -1], [-1, -1]], dtype=np.int64)
    found = posterior(Patterns(grid, np.ones(3)), lanes, prior=0.3, m=m, u=u)
    first, second = (lane.lane for lane in lanes)
    odds = 0.3 / 0.7 * m[first][0] / u[first][0] * np.array([m[second][1] / u[second][1], 1.0])
    assert found[:2] == pytest.approx(odds / (1 + odds))
    assert found[2] == pytest.approx(0.3)


def test_m_is_pooled_over_passes_by_the_matches_they_expect_and_never_from_dependent_lanes() -> None:
    lanes = [lanes_of_pass(k) for k in ("nhs-number", "postcode-day", "house-year")]
    fits = [
        Fit(0.5, {x.lane: tuple(np.full(x.size, at + 1.0)) for x in its}, {}, 10, matches, 1)
        for at, (its, matches) in enumerate(zip(lanes, (30.0, 10.0, 0.0), strict=True))
    ]
    pooled = pooled_m(fits, lanes)
    for name, rates in pooled.items():
        told = [
            (f.matches + 1e-9, at + 1.0)
            for at, (f, its) in enumerate(zip(fits, lanes, strict=True))
            for x in its
            if x.lane == name and not x.dependent
        ]
        assert rates[0] == pytest.approx(sum(w * v for w, v in told) / sum(w for w, _ in told))
    always = {x.lane for its in lanes for x in its} - {x.lane for its in lanes for x in its if not x.dependent}
    assert not always & pooled.keys()


def test_all_passes_together_keep_one_that_cannot_tell_its_matches_from_going_astray() -> None:
    lanes = [lanes_of_pass("nhs-number"), lanes_of_pass("email-local")]
    m = [some_rates(its, equal=0.85) for its in lanes]
    u = [some_rates(its, equal=0.03) for its in lanes]
    counted = [
        simulated(its, pairs=n, prior=p, m=a, u=b)
        for its, n, p, a, b in zip(lanes, (20_000, 40), (0.9, 0.5), m, u, strict=True)
    ]
    fits = fit_all(counted, lanes, u=u)
    assert [f.pairs for f in fits] == [20_000, 40]
    for found, its in zip(fits, lanes, strict=True):
        check_finite(found, its)
    assert fits[1].prior == pytest.approx(0.5, abs=0.25)


def statistics(records: int, **u: tuple[float, ...]) -> PartnerStatistics:
    return PartnerStatistics(records, dict.fromkeys(SCHEMA.comparisons, 1.0), u)


def test_u_is_the_partners_rates_weighted_by_their_records() -> None:
    lanes = lanes_of_pass("nhs-number")
    u = combined_u([statistics(300, sex=(0.5, 0.5)), statistics(100, sex=(0.9, 0.1)), statistics(500)], lanes)
    assert u["sex"] == pytest.approx([0.6, 0.4])
    assert all(
        v.sum() == pytest.approx(1) and len(v) == lane.size
        for lane, v in zip(lanes, (u[x.lane] for x in lanes), strict=True)
    )


def test_u_of_a_lane_for_either_name_is_the_geometric_mean_of_the_two() -> None:
    lanes = [x for x in lanes_of_pass("names-year") if x.lane == "name_a"]
    forename = (0.01, 0.02, 0.03, 0.04, 0.1, 0.8)
    surname = (0.001, 0.002, 0.003, 0.004, 0.1, 0.89)
    u = combined_u([statistics(100, forename=forename, surname=surname)], lanes)
    mean = np.sqrt(np.array(forename) * np.array(surname))
    assert u["name_a"] == pytest.approx(mean / mean.sum())


def test_u_that_no_partner_could_measure_is_taken_from_the_prior_and_is_positive() -> None:
    lanes = lanes_of_pass("born-name")
    u = combined_u([], lanes)
    assert all((u[x.lane] > 0).all() and u[x.lane].sum() == pytest.approx(1) for x in lanes)
    assert all(u[x.lane][-1] == u[x.lane].max() for x in lanes if not x.banded)
