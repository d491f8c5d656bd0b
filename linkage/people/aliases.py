"""The other names and dates of birth that some people give."""

from typing import Final

import numpy as np

from . import date_slips
from .arrays import Days, Ints, Texts
from .draws import draw, present
from .population import Population
from .subjects import Subjects

# What an alias changes: its weight, and whether forename, surname and date of birth are other ones.
_KINDS: Final = (
    (0.30, True, False, False),
    (0.30, False, True, False),
    (0.10, True, True, False),
    (0.15, False, False, True),
    (0.10, True, False, True),
    (0.05, False, True, True),
)
_FAMILY_NAME: Final = 0.6  # surname aliases that are an earlier surname, or that of another in the household


def take_aliases(
    written: dict[str, Texts],
    *,
    born: Days,
    population: Population,
    subjects: Subjects,
    rng: np.random.Generator,
) -> None:
    """Put other names and dates of birth into the entries of aliases, in place.

    Forenames are borrowed from a stranger of the same sex and origin; surnames from the family, or from a stranger of
    the same origin; dates of birth are a year or a digit off, as people keep a false one in mind by changing little.
    """
    rows = np.flatnonzero(subjects.alias)
    kind = draw(np.array([weight for weight, *_ in _KINDS]), size=len(rows), rng=rng)
    forename, surname, date = (np.array([k[i] for k in _KINDS])[kind] for i in (1, 2, 3))
    person = subjects.person[rows]
    group = population.names.origin * 2 + population.households.female
    stranger = _another(person, group=group, rng=rng)
    written["forename"][rows[forename]] = population.names.forename[stranger[forename]]
    own = written["previous_surname"][rows]
    first = population.names.surname[population.households.first[person]]
    family = np.where(present(own), own, first)
    known = (family != written["surname"][rows]) & (rng.random(len(rows)) < _FAMILY_NAME)
    stranger = _another(person, group=population.names.origin, rng=rng)
    other = np.where(known, family, population.names.surname[stranger])
    written["surname"][rows[surname]] = other[surname]
    dated = rows[date]
    born[dated] = date_slips.year_off(born[dated], number=rng.choice((-2, -1, 1, 2), size=len(dated)))
    born[dated] = np.where(
        (rng.random(len(dated)) < 0.3) & date_slips.can_swap(born[dated]),
        date_slips.swapped(born[dated]),
        born[dated],
    )


def _another(person: Ints, *, group: Ints, rng: np.random.Generator) -> Ints:
    """For each person a random one of the same group."""
    by_group = np.argsort(group, kind="stable")
    start = np.searchsorted(group[by_group], group[person])
    end = np.searchsorted(group[by_group], group[person], side="right")
    return by_group[start + (rng.random(len(person)) * (end - start)).astype(np.int64)]
