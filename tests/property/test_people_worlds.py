"""Properties of every world, however small."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.people import make_world
from linkage.people.population import make_population


@settings(max_examples=25, deadline=None)
@given(people=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_a_world_of_any_size_is_whole(people: int, seed: int) -> None:
    world = make_world(people=people, seed=seed)
    assert world.people == len(world.origin) == people
    assert set(world.truth) == {agency.name for agency in world.agencies}
    for agency in world.agencies:
        truth = world.truth[agency.name]
        assert list(truth.index) == list(agency.frame[agency.record_id])
        assert truth.index.is_unique
        assert truth.between(0, people - 1).all()
        assert all(isinstance(v, str) for c in agency.frame for v in agency.frame[c].dropna())


@settings(max_examples=40, deadline=None)
@given(people=st.integers(1, 400), seed=st.integers(0, 2**32))
def test_a_population_of_any_size_lives_in_whole_households(people: int, seed: int) -> None:
    population = make_population(people, rng=np.random.default_rng(seed))
    h = population.households
    assert len(h.age) == population.people == people
    assert (h.household[h.first] == h.household).all()
    assert (np.diff(h.household) >= 0).all()
    assert (np.diff(h.household) <= 1).all()
    assert h.age.min() >= 0
    assert not any(name is None or not name for name in population.names.forename)
    assert not any(name is None or not name for name in population.names.surname)
