"""Made-up people and the files that five made-up agencies hold about them, with the truth of who is who.

Nothing here describes a real person, and nothing is read from a file or a network: the same arguments always give the
same bytes. What makes the files hard to link is set in ``fault_rates``; what the attributes truly mean, and how they
hang together, is in ``lives``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from .agencies import PROFILES, AgencyProfile
from .cultures import ORIGINS
from .draws import texts
from .errors import WorldSizeError
from .export import export
from .fault_rates import rates_of
from .faults import write_down
from .lives import Lives, make_lives
from .population import Population, make_population
from .subjects import known_people, subjects


@dataclass(frozen=True, slots=True)
class AgencyFile:
    """What one agency exports about the people it knows."""

    name: str  # police, nhs, schools, youth-offending, council
    title: str
    frame: pd.DataFrame  # text columns of str or missing, rows in random order
    record_id: str  # column of the local record id
    identifiers: Mapping[str, str]  # standard identifier -> the agency's column name
    date_order: str  # "YMD" or "DMY": the order in which the agency writes dates
    attributes: tuple[str, ...]  # attribute columns, area and age_band included


@dataclass(frozen=True, slots=True)
class World:
    """Five agencies, and what none of them knows: who is who."""

    agencies: tuple[AgencyFile, ...]
    truth: Mapping[str, pd.Series]  # agency name -> person number, indexed by local record id
    origin: pd.Series  # person number -> name-origin group; for measuring fairness, held by no agency
    people: int


def make_world(*, people: int, seed: int) -> World:
    """A world of ``people`` people, the same for the same arguments.

    Raises:
        WorldSizeError: ``people`` is outside 1 to 900,000, or ``seed`` is negative.
    """
    if seed < 0:
        raise WorldSizeError(f"seed is {seed}: give 0 or a larger whole number.")
    population = make_population(people, rng=np.random.default_rng([seed, 0]))
    lives = make_lives(population, rng=np.random.default_rng([seed, 1]))
    agencies, truth = [], {}
    for number, profile in enumerate(PROFILES):
        rng = np.random.default_rng([seed, 2 + number])
        agency, person = _agency(profile, population=population, lives=lives, rng=rng)
        agencies.append(agency)
        truth[profile.name] = person
    return World(
        agencies=tuple(agencies),
        truth=MappingProxyType(truth),
        origin=pd.Series(texts(ORIGINS)[population.names.origin], dtype="str", name="origin"),
        people=people,
    )


def _agency(
    profile: AgencyProfile, *, population: Population, lives: Lives, rng: np.random.Generator
) -> tuple[AgencyFile, pd.Series]:
    rates = rates_of(profile.name)
    known = known_people(population, lives=lives, agency=profile.name, rng=rng)
    recorded = subjects(known, rates=rates, rng=rng)
    entries = write_down(population, subjects=recorded, rates=rates, rng=rng)
    frame = export(
        entries, subjects=recorded, population=population, lives=lives, profile=profile, rates=rates, rng=rng
    )
    agency = AgencyFile(
        name=profile.name,
        title=profile.title,
        frame=frame,
        record_id=profile.record_id,
        identifiers=profile.identifiers,
        date_order=profile.style.date_order,
        attributes=(*profile.attributes, "area", "age_band"),
    )
    index = pd.Index(frame[profile.record_id], name=profile.record_id)
    return agency, pd.Series(recorded.person, index=index, name="person")
