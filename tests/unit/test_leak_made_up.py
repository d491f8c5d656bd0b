"""The made-up file: it holds everything that a schema can ask for, and says rightly who is who."""

import numpy as np
import pytest

from linkage.errors import BadInput
from linkage.leak.made_up import made_up_file
from linkage.leak.numbers import numbers_of
from linkage.partner.identifiers import KINDS
from linkage.people.population import make_population
from linkage.schema import IDENTIFIERS, default_schema

PEOPLE = 800


def test_every_identifier_of_the_default_schema_is_held_by_some() -> None:
    schema = default_schema()
    file = made_up_file(PEOPLE, schema=schema, seed=3)
    wanted = {c.identifier for c in schema.comparisons.values()} | {
        i for k in schema.match_keys for i in k.identifiers
    }
    assert set(file.clean.columns) == wanted
    assert {i for i, c in file.clean.columns.items() if not c.present.any()} == set()


def test_further_numbers_are_valid_and_their_own() -> None:
    population = make_population(PEOPLE, rng=np.random.default_rng(1))
    person = np.arange(PEOPLE)
    made = numbers_of(person, population.home, population=population, rng=np.random.default_rng(2))
    assert set(made) == {"phone", "upn", "pnc_id", "uprn"} <= set(IDENTIFIERS)
    for name, values in made.items():
        given = [v for v in values if v is not None]
        assert len(given) > 20
        assert [KINDS[name].clean(v) for v in given] == given, name
        if name in ("upn", "pnc_id"):
            assert len(set(given)) == len(given), name
    home = {h: v for h, v in zip(population.home, made["uprn"], strict=True) if v is not None}
    assert all(v is None or home[h] == v for h, v in zip(population.home, made["uprn"], strict=True))
    child = population.households.age < 16
    shared = set(made["phone"][child]) - {None}
    assert len(shared) < len([v for v in made["phone"][child] if v is not None])
    assert shared & (set(made["phone"][~child]))


def test_people_are_repeated_or_once_each_as_asked() -> None:
    schema = default_schema()
    often, once = (made_up_file(PEOPLE, schema=schema, seed=3, repeats=r) for r in (True, False))
    assert len(once.person) == once.clean.records == PEOPLE
    assert sorted(once.person) == list(range(PEOPLE))
    assert often.clean.records > PEOPLE
    assert set(often.person) == set(range(PEOPLE))
    numbers = often.clean.columns["nhs_number"].texts()[: often.clean.records]
    assert len({(p, n) for p, n in zip(often.person, numbers, strict=True) if n}) <= PEOPLE


def test_the_same_seed_makes_the_same_file() -> None:
    schema = default_schema()
    a, b, c = (made_up_file(PEOPLE, schema=schema, seed=s) for s in (3, 3, 4))
    texts = [list(f.clean.columns["surname"].texts()) for f in (a, b, c)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(("people", "seed"), [(99, 1), (900_001, 1), (200, -1)])
def test_what_cannot_be_made_is_refused(people: int, seed: int) -> None:
    with pytest.raises(BadInput):
        made_up_file(people, schema=default_schema(), seed=seed)
