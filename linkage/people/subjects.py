"""Who is on an agency's files, and with how many records."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .arrays import Flags, Ints
from .draws import happens
from .households import PARTNER
from .lives import Lives
from .population import Population

_TWO_ALIASES = 0.35  # people with an alias who have a second one
_PARENT_ON_FILE = 0.6  # parents of a child known to the council who have a record of their own


@dataclass(frozen=True, slots=True)
class Subjects:
    """One entry for each record to be written, in random order."""

    person: Ints
    again: Flags  # not the person's first record
    alias: Flags  # the person gave another name or date of birth


def known_people(population: Population, *, lives: Lives, agency: str, rng: np.random.Generator) -> Ints:
    """The person numbers of everybody on the agency's files, ascending."""
    fact = {
        "police": "known_to_police",
        "nhs": "known_to_nhs",
        "schools": "known_to_schools",
        "council": "known_to_council",
    }
    known = lives.facts[fact.get(agency, "youth_justice")]
    if agency == "council":
        known = known | _parents(population, of=known, rng=rng)
    return np.flatnonzero(known)


def subjects(people: Ints, *, rates: Mapping[str, float], rng: np.random.Generator) -> Subjects:
    """A record for each of the people, further ones for some, all in random order."""
    second = people[happens(rates["second_record"], size=len(people), rng=rng)]
    alias = people[happens(rates["alias_record"], size=len(people), rng=rng)]
    alias = np.concatenate([alias, alias[happens(_TWO_ALIASES, size=len(alias), rng=rng)]])
    person = np.concatenate([people, second, alias])
    order = rng.permutation(len(person))
    return Subjects(person=person[order], again=order >= len(people), alias=order >= len(people) + len(second))


def _parents(population: Population, *, of: Flags, rng: np.random.Generator) -> Flags:
    households = population.households
    concerned = np.zeros(households.count, dtype=np.bool_)
    concerned[households.household[of]] = True
    parent = concerned[households.household] & (households.role <= PARTNER) & ~of
    return parent & happens(_PARENT_ON_FILE, size=len(parent), rng=rng)
