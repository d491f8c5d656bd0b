"""Wherever whole people wander, they satisfy every statement: against every arrangement of small systems, listed one by one."""

from itertools import product

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from policies.disclosure.bounds import ranges
from policies.disclosure.lattice import Lattices
from policies.disclosure.system import System, satisfies
from policies.disclosure.walking import CHAINS, Walk

MANY = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 100_000)


def drawn(seed):
    """Statements about a few counts, equations most of them, with their limits; and whole counts that satisfy them."""
    rng = np.random.default_rng(seed)
    width = int(rng.integers(3, 8))
    rows = rng.integers(0, 2, (int(rng.integers(1, 5)), width)).astype(np.float64)
    if rng.random() < 0.2:
        rows[0] *= rng.integers(1, 3, width) * rng.choice([-1, 1], width)
    least = rng.integers(0, 2, width).astype(np.float64)
    counts = least + rng.integers(0, 3, width)
    most = counts + rng.integers(0, 3, width)
    low, high = rows @ counts, rows @ counts
    loose = rng.random(len(rows)) < 0.3
    low[loose] -= rng.integers(0, 2, loose.sum())
    high[loose] += rng.integers(0, 3, loose.sum())
    high[loose & (rng.random(len(rows)) < 0.3)] = np.inf
    return System(csr_array(rows), low, high), least, most, counts


def listed(system, least, most):
    every = np.array(list(product(*(range(int(a), int(b) + 1) for a, b in zip(least, most, strict=True)))))
    sums = every @ system.matrix.T.toarray()
    return every[((sums >= system.low - 1e-9) & (sums <= system.high + 1e-9)).all(axis=1)]


def walk_of(system, least, most, sums=None):
    width = len(least)
    sums = csr_array(np.eye(width)) if sums is None else sums
    return Walk(system, sums, least=least, most=most, lattices=Lattices())


@MANY
@given(seed=seeds)
def test_all_arrangements_of_a_walk_satisfy_every_statement_at_every_step(seed):
    system, least, most, counts = drawn(seed)
    one, rng = walk_of(system, least, most), np.random.default_rng(seed)
    assert one.begin([counts])
    every = np.arange(len(least))
    for step in range(12):
        if step % 3:
            one.make_for(rng.choice(every, CHAINS), rng.choice([-1.0, 1.0], CHAINS))
        else:
            one.wander()
        now = one.people(CHAINS)
        assert len(now) == CHAINS
        low, high = one.apart(every)
        assert np.array_equal(low, np.min(now, axis=0))
        assert np.array_equal(high, np.max(now, axis=0))


@MANY
@given(seed=seeds)
def test_no_sum_is_shown_to_be_what_it_can_not_be(seed):
    system, least, most, counts = drawn(seed)
    rng = np.random.default_rng(seed)
    sums = rng.integers(0, 2, (5, len(least))).astype(np.float64)
    one, every = walk_of(system, least, most, csr_array(sums)), listed(system, least, most)
    possible = [set(its) for its in (every @ sums.T).T]
    assert one.begin([counts])
    for _ in range(20):
        one.wander()
        for values in one.apart(np.arange(5)):
            assert all(value in its for value, its in zip(values, possible, strict=True))


@MANY
@given(seed=seeds)
def test_people_close_to_fractions_of_people_satisfy_every_statement(seed):
    system, least, most, counts = drawn(seed)
    fractions = counts + np.random.default_rng(seed).uniform(-1.0, 1.0, len(counts))
    for people in walk_of(system, least, most).near(fractions):
        assert np.array_equal(people, np.round(people))
        assert satisfies(system, people, least=least, most=most)


def test_people_are_found_close_to_fractions_nearly_always_and_walks_reach_nearly_all_there_is():
    found = reached = asked = 0
    for seed in range(120):
        system, least, most, counts = drawn(seed)
        one, every = walk_of(system, least, most), np.arange(len(least))
        found += bool(one.near(np.mean(listed(system, least, most), axis=0)))
        one.begin([counts])
        lows, highs = counts.copy(), counts.copy()
        for step in range(12):
            if step < 6:
                one.wander()
            else:
                one.make_for(np.resize(every, CHAINS), np.resize([1.0, -1.0, -1.0], CHAINS))
            low, high = one.apart(every)
            lows, highs = np.minimum(lows, low), np.maximum(highs, high)
        ends = listed(system, least, most)
        reached += int((lows == ends.min(axis=0)).sum() + (highs == ends.max(axis=0)).sum())
        asked += 2 * len(every)
    assert found > 110
    assert reached > 0.95 * asked


@MANY
@given(seed=seeds)
def test_a_walk_begins_with_nobody_who_does_not_satisfy_the_statements(seed):
    system, least, most, counts = drawn(seed)
    one = walk_of(system, least, most)
    assert not one.begin([])
    assert not one.begin([counts + 0.5])
    assert not one.begin([most + 1.0])
    assert one.begin([most + 1.0, counts])


@MANY
@given(seed=seeds)
def test_ranges_that_a_walk_alone_shows_are_possible_and_those_it_does_not_stay_narrow(seed):
    system, least, most, counts = drawn(seed)
    own = csr_array(np.vstack([system.matrix.toarray(), np.eye(len(least))]))
    whole = System(own, np.concatenate([system.low, least]), np.concatenate([system.high, most]))
    assume(set(own.data.tolist()) == {1.0})  # what is printed are sums
    rows = np.arange(system.matrix.shape[0], own.shape[0])
    found = ranges(whole, rows, wanted=np.full(len(rows), 2.0), walking=True, start=counts)
    ends = listed(system, least, most)
    assert found is not None
    assert (found.reached_low >= ends.min(axis=0) - 1e-9).all()
    assert (found.reached_high <= ends.max(axis=0) + 1e-9).all()
    assert (found.least <= ends.min(axis=0)).all()
    assert (found.most >= ends.max(axis=0)).all()
