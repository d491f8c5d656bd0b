"""The true relations between the facts, and that the files show them."""

from dataclasses import replace

import numpy as np
import pytest

from linkage.people import make_world
from linkage.people.lives import FACTS, Lives, make_lives
from linkage.people.population import Population, make_population

PEOPLE = 150_000


@pytest.fixture(scope="module")
def population() -> Population:
    return make_population(PEOPLE, rng=np.random.default_rng(3))


@pytest.fixture(scope="module")
def lives(population: Population) -> Lives:
    return make_lives(population, rng=np.random.default_rng(4))


def relative_risk(outcome: np.ndarray, *, exposed: np.ndarray, among: np.ndarray) -> float:
    return float(outcome[among & exposed].mean() / outcome[among & ~exposed].mean())


@pytest.mark.parametrize(
    ("cause", "outcome", "least"),
    [
        ("permanently_excluded", "arrested_violence", 4.0),
        ("permanently_excluded", "ae_assault", 3.0),
        ("permanently_excluded", "youth_justice", 4.0),
        ("suspended", "permanently_excluded", 4.0),
        ("suspended", "arrested_violence", 2.0),
        ("free_school_meals", "child_in_need", 2.0),
        ("victim_violence", "ae_assault", 5.0),
        ("arrested_violence", "youth_justice", 10.0),
    ],
)
def test_what_goes_together_goes_together(
    population: Population, lives: Lives, cause: str, outcome: str, least: float
) -> None:
    age = population.households.age
    among = (age >= 10) & (age <= 17)
    assert relative_risk(lives.facts[outcome], exposed=lives.facts[cause], among=among) > least


def test_mentoring_lowers_reoffending_by_about_the_documented_odds_ratio(lives: Lives) -> None:
    facts = lives.facts
    helped = facts["reoffended_12m"][facts["youth_justice"] & facts["mentoring"]].mean()
    others = facts["reoffended_12m"][facts["youth_justice"] & ~facts["mentoring"]].mean()
    odds_ratio = helped / (1 - helped) / (others / (1 - others))
    assert 0.28 < odds_ratio < 0.65  # exp(-0.9) = 0.41


def test_facts_that_need_another_never_stand_alone(population: Population, lives: Lives) -> None:
    facts, age = lives.facts, population.households.age
    for fact in FACTS:
        if fact.among:
            assert not (facts[fact.name] & ~facts[fact.among]).any()
        assert not facts[fact.name][(age < fact.ages[0]) | (age > fact.ages[1])].any()
        assert facts[fact.name].any()


def test_whoever_something_happened_to_is_on_the_files_of_who_saw_it(lives: Lives) -> None:
    facts = lives.facts
    assert facts["known_to_police"][facts["arrested_violence"] | facts["victim_violence"]].all()
    assert facts["known_to_police"][lives.counts["custody_episodes"] > 0].mean() > 0.98
    assert facts["known_to_nhs"][lives.counts["ae_visits"] > 0].all()
    assert facts["known_to_council"][facts["child_in_need"]].all()


def test_counts_fit_the_flags(lives: Lives) -> None:
    assert (lives.counts["custody_episodes"][lives.facts["arrested_violence"]] >= 1).all()
    assert (lives.counts["ae_visits"][lives.facts["ae_assault"]] >= 1).all()


def test_no_fact_depends_on_the_origin_of_a_name(population: Population, lives: Lives) -> None:
    renamed = replace(
        population,
        names=replace(
            population.names,
            origin=population.names.origin[::-1],
            forename=population.names.forename[::-1],
            surname=population.names.surname[::-1],
        ),
    )
    again = make_lives(renamed, rng=np.random.default_rng(4))
    assert all((again.facts[name] == flags).all() for name, flags in lives.facts.items())


def test_the_files_say_what_truly_happened() -> None:
    people, seed = 5_000, 9
    world = make_world(people=people, seed=seed)
    truth = make_lives(
        make_population(people, rng=np.random.default_rng([seed, 0])), rng=np.random.default_rng([seed, 1])
    )
    for agency in world.agencies:
        person = world.truth[agency.name].to_numpy()
        for name in agency.attributes[:-2]:
            written = agency.frame[name].to_numpy()
            if name in truth.counts:
                expected = np.array(["0", "1", "2", "3+"])[np.minimum(truth.counts[name][person], 3)]
            else:
                expected = np.where(truth.facts[name][person], "yes", "no")
            held = agency.frame[name].notna().to_numpy()
            assert held.mean() > 0.9
            assert (written[held] == expected[held]).all()
