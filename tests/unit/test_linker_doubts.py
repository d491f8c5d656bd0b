"""A model says what it rests on: which rates came from the prior, how many pairs taught each, and in sentences where that is too little."""

import json
from dataclasses import replace

import numpy as np
import pytest

from linkage.central.pairs.doubts import ENOUGH_MATCHES
from linkage.central.pairs.levels import LaneLevels, lane_levels
from linkage.central.pairs.model import Model, build, read_model
from linkage.central.pairs.training import (
    PRIOR_M_PAIRS,
    PRIOR_U_PAIRS,
    Patterns,
    combined_u,
    fit_all,
    measured,
    pooled_m,
)
from linkage.errors import BadModel
from linkage.schema import dedupe_schema, default_schema, load_schema
from linkage.tokens import PartnerStatistics

SCHEMA = default_schema()
HELD = frozenset(SCHEMA.comparisons)
KEYS = ("nhs-number", "house-day", "email-forename")


def statistics() -> PartnerStatistics:
    u = {}
    for name, c in SCHEMA.comparisons.items():
        size = len(c.levels) + 1 + 2 * c.banded
        u[name] = (*(0.001 for _ in range(size - 1)), 1 - 0.001 * (size - 1))
    return PartnerStatistics(10_000, dict.fromkeys(HELD, 1.0), u)


def drawn(lanes: tuple[LaneLevels, ...], *, pairs: int, matching: float, seed: int) -> Patterns:
    """Pairs of which so many match: matches mostly agree, others mostly differ."""
    rng = np.random.default_rng(seed)
    match = rng.random(pairs) < matching
    columns = [np.where(rng.random(pairs) < np.where(match, 0.9, 0.05), 0, lane.size - 1) for lane in lanes]
    levels, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
    return Patterns(levels.astype(np.int64), counts.astype(np.float64))


def model_of(pairs: int, *, matching: float = 0.6, told: tuple[PartnerStatistics, ...] | None = None) -> Model:
    lanes = [lane_levels(SCHEMA, SCHEMA.match_key(k), held=HELD) for k in KEYS]
    known = (statistics(),) if told is None else told
    patterns = [drawn(its, pairs=pairs, matching=matching, seed=at) for at, its in enumerate(lanes)]
    fits = fit_all(patterns, lanes, u=[combined_u(known, its) for its in lanes])
    return build(
        fits, keys=KEYS, lanes=lanes, pooled=pooled_m(fits, lanes), schema_digest=SCHEMA.digest, link_type="link_only", held=HELD,
        measured=frozenset(n for its in lanes for n in measured(known, its)),
    )  # fmt: skip


def test_a_model_of_many_pairs_warns_of_nothing_and_says_how_many_taught_each_rate() -> None:
    model = model_of(4_000)
    assert model.warnings == ()
    for one in model.passes:
        assert one.matches == pytest.approx(0.6 * one.pairs, rel=0.05)
        for lane in one.lanes:
            learnt = one.learnt[lane.lane]
            assert (learnt.m, learnt.u) == (("pass", "pass") if lane.dependent else ("passes", "partners"))
            assert learnt.m_pairs > 2_000
            assert (learnt.u_pairs > 1_000) == lane.dependent


@pytest.mark.parametrize("pairs", [1, 2, 5, 20])
def test_a_model_of_few_pairs_is_finite_and_says_that_it_is_a_guess(pairs: int) -> None:
    model = model_of(pairs)
    assert any(w.startswith("No match key has more than about") for w in model.warnings)
    assert any(
        w.startswith("Fewer than 30 pairs share nhs-number, house-day, email-forename") for w in model.warnings
    )
    for one in model.passes:
        assert 0 < one.prior < 1
        assert all(0 < rate < 1 for rates in (*one.m.values(), *one.u.values()) for rate in rates)
        for lane in one.lanes:
            learnt = one.learnt[lane.lane]
            assert (learnt.m == "prior") == (learnt.m_pairs < PRIOR_M_PAIRS)
            if lane.dependent:
                assert (learnt.u == "prior") == (learnt.u_pairs < PRIOR_U_PAIRS)


def test_what_few_matches_say_against_the_prior_counts_for_little_and_what_many_say_for_all() -> None:
    lane = next(x for x in lane_levels(SCHEMA, SCHEMA.match_key("nhs-number"), held=HELD) if x.lane == "middle")
    few, many = (next(p for p in model_of(n).passes if p.key == "nhs-number").m["middle"] for n in (2, 4_000))
    assert few[0] == pytest.approx(lane.prior_m[0], abs=0.12)
    assert many[0] == pytest.approx(0.9, abs=0.02)


def test_rates_that_no_partner_measured_are_said_to_come_from_the_prior() -> None:
    model = model_of(4_000, told=())
    assert any("how often strangers agree" in w and "from the prior" in w for w in model.warnings)
    independent = [one.learnt[x.lane].u for one in model.passes for x in one.lanes if not x.dependent]
    assert set(independent) == {"prior"}


def test_the_border_between_enough_and_too_few_matches_is_where_it_is_said_to_be() -> None:
    few, enough = (model_of(n, matching=0.95) for n in (ENOUGH_MATCHES // 2, ENOUGH_MATCHES * 2))
    assert any(w.startswith("No match key has more than about") for w in few.warnings)
    assert not any(w.startswith("No match key has more than about") for w in enough.warnings)


def test_a_model_that_is_written_and_read_is_the_same_model() -> None:
    model = model_of(50)
    assert read_model(model.to_json(), schema=SCHEMA) == model
    with pytest.raises(BadModel, match="of another schema"):
        read_model(model.to_json(), schema=dedupe_schema())
    with pytest.raises(BadModel, match="altered"):
        read_model(model.to_json().replace("<= 17", "<= 99", 1), schema=SCHEMA)
    with pytest.raises(BadModel, match="first line"):
        read_model("{}", schema=SCHEMA)


def test_a_model_that_is_written_otherwise_says_the_same_and_is_not_the_one_that_a_run_names() -> None:
    model = model_of(50)
    first, _, body = model.to_json().partition("\n")
    other = read_model(f"{first}\n{json.dumps(json.loads(body), indent=2)}\n", schema=SCHEMA)
    assert other == model
    assert other.digest != model.digest
    assert read_model(model.to_json(), schema=SCHEMA).digest == model.digest
    assert replace(other, threshold=0.5).digest != other.digest


def test_frequency_bands_of_names_are_switched_off_in_the_schema() -> None:
    """Then equality of a name is one level, whatever the name, and nothing about how common it is leaves the partner."""
    plain = load_schema(SCHEMA.text.replace(", banded: true", ""))
    for key in SCHEMA.match_keys:
        with_bands, without = (
            {x.lane: x for x in lane_levels(s, s.match_key(key.name), held=HELD)} for s in (SCHEMA, plain)
        )
        assert not any(x.banded or "_band" in " ".join(x.conditions) for x in without.values())
        for name in with_bands.keys() & without.keys():
            assert with_bands[name].size - without[name].size == (2 if with_bands[name].banded else 0)
