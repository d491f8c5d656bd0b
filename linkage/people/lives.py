"""What truly happened to people in the last twelve months, and why: the relations that a sound table should show.

Each fact is drawn with ``log odds = log odds(base chance of the age band) + sum of effects``. An effect multiplies a
fact drawn earlier (0 or 1), or the latent vulnerability (mean about 0, standard deviation about 1). ``exp(effect)`` is
therefore the true odds ratio, everything else being equal; crude tables show more, because vulnerability drives
everything. No fact depends on the origin of a name; where people of an origin live does differ, and so does hardship
by area.

The relations that matter most (odds ratios, everything else equal):

- permanent exclusion: x 5 after a suspension; and then x 3.7 for arrest for violence, x 3.3 for A&E after an assault;
- victims of violence are arrested more often (x 1.8) and attend A&E for assault far more often (x 12);
- free school meals, absence, suspension, need and protection plans rise together through vulnerability;
- mentoring lowers re-offending: x 0.4. Places go by area, not by need, so a crude comparison is nearly fair.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from .arrays import Flags, Floats, Ints
from .draws import happens_logit, log_odds
from .places import AREAS
from .population import Population

AGE_BANDS: Final = ("0-9", "10-14", "15-17", "18-24", "25-34", "35-54", "55+")
_BAND_STARTS: Final = np.array([10, 15, 18, 25, 35, 55])
_SCHOOL: Final = (5, 17)
_CHILD: Final = (0, 17)
_ANY: Final = (0, 200)
_MENTORING_AREAS: Final = frozenset(  # about as much hardship inside as outside
    ("Cherwell", "West Oxfordshire", "Aylesbury", "Chiltern", "Milton Keynes North", "Milton Keynes South",
     "Reading East", "Reading West", "Maidenhead")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """How one yes-or-no fact comes about."""

    name: str
    base: tuple[float, ...]  # chance in each age band, for vulnerability 0 and no other fact
    effects: Mapping[str, float]  # earlier fact, or "vulnerability" or "male" -> change of the log odds
    ages: tuple[int, int] = _ANY  # never outside these, in whole years
    among: str = ""  # only among those of whom this earlier fact is true
    certain: tuple[str, ...] = ()  # earlier facts that bring this one with them


#                              0-9     10-14   15-17   18-24   25-34   35-54   55+
FACTS: Final[tuple[Fact, ...]] = (
    Fact("free_school_meals", (0.20, 0.20, 0.18, 0.0, 0.0, 0.0, 0.0), {"vulnerability": 0.9}, _SCHOOL),
    Fact("persistent_absence", (0.12, 0.17, 0.20, 0.0, 0.0, 0.0, 0.0), {"vulnerability": 0.7, "free_school_meals": 0.5}, _SCHOOL),
    Fact("suspended", (0.006, 0.05, 0.06, 0.0, 0.0, 0.0, 0.0), {"vulnerability": 0.9, "male": 0.6, "free_school_meals": 0.4}, _SCHOOL),
    Fact("permanently_excluded", (0.0005, 0.011, 0.022, 0.0, 0.0, 0.0, 0.0), {"vulnerability": 0.8, "male": 0.4, "suspended": 1.6}, _SCHOOL),
    Fact("child_in_need", (0.045, 0.05, 0.045, 0.0, 0.0, 0.0, 0.0), {"vulnerability": 1.0, "free_school_meals": 0.4, "persistent_absence": 0.4}, _CHILD),
    Fact("protection_plan", (0.20, 0.15, 0.10, 0.0, 0.0, 0.0, 0.0), {"vulnerability": 0.5}, _CHILD, among="child_in_need"),
    Fact("victim_violence", (0.006, 0.018, 0.03, 0.035, 0.025, 0.016, 0.006), {"vulnerability": 0.7, "child_in_need": 0.6}),
    Fact("arrested_violence", (0.0, 0.007, 0.022, 0.030, 0.022, 0.010, 0.003), {"vulnerability": 0.9, "male": 0.9, "suspended": 0.7, "permanently_excluded": 1.3, "victim_violence": 0.6}),
    Fact("ae_assault", (0.001, 0.005, 0.009, 0.011, 0.008, 0.004, 0.0015), {"vulnerability": 0.6, "male": 0.4, "permanently_excluded": 1.2, "arrested_violence": 0.6, "victim_violence": 2.5}),
    Fact("other_custody", (0.0, 0.003, 0.008, 0.012, 0.010, 0.006, 0.001), {"vulnerability": 0.9, "male": 0.8}),
    Fact("youth_justice", (0.0, 0.006, 0.020, 0.012, 0.0, 0.0, 0.0), {"vulnerability": 0.7, "male": 0.4, "suspended": 0.5, "permanently_excluded": 1.0, "arrested_violence": 2.8}, (10, 19)),
    Fact("mentoring", (0.0, 0.28, 0.28, 0.28, 0.0, 0.0, 0.0), {"mentoring_area": 1.3}, (10, 19), among="youth_justice"),
    Fact("reoffended_12m", (0.0, 0.42, 0.45, 0.42, 0.0, 0.0, 0.0), {"vulnerability": 0.3, "permanently_excluded": 0.3, "mentoring": -0.9}, (10, 19), among="youth_justice"),
    # Who is on an agency's files: everybody to whom one of its facts happened, and others.
    Fact("known_to_police", (0.008, 0.025, 0.07, 0.10, 0.09, 0.07, 0.03), {"vulnerability": 0.5, "male": 0.2, "other_custody": 9.0, "youth_justice": 1.5}, certain=("arrested_violence", "victim_violence")),
    Fact("known_to_nhs", (0.60, 0.42, 0.40, 0.44, 0.48, 0.52, 0.70), {"vulnerability": 0.15}, certain=("ae_visited", "ae_assault")),
    Fact("known_to_schools", (0.96, 0.96, 0.94, 0.0, 0.0, 0.0, 0.0), {}, _SCHOOL, certain=("suspended", "permanently_excluded")),
    Fact("known_to_council", (0.035, 0.035, 0.035, 0.0, 0.0, 0.0, 0.0), {"vulnerability": 0.8}, _CHILD, certain=("child_in_need",)),
)  # fmt: skip

# A year, not counting assaults, by age band, for vulnerability 0.
_AE_VISITS: Final = np.array([0.32, 0.22, 0.24, 0.28, 0.24, 0.22, 0.36])


@dataclass(frozen=True, slots=True)
class Lives:
    """The facts of everybody, in the order of the person numbers."""

    facts: Mapping[str, Flags]
    counts: Mapping[str, Ints]


def make_lives(population: Population, *, rng: np.random.Generator) -> Lives:
    """The facts of the last twelve months for everybody in the population."""
    age = population.households.age
    band = age_band_index(age)
    visits = rng.poisson(_AE_VISITS[band] * np.exp(0.25 * population.vulnerability))
    known: dict[str, Flags | Floats] = {
        "vulnerability": population.vulnerability,
        "male": ~population.households.female,
        "mentoring_area": np.array([area.name in _MENTORING_AREAS for area in AREAS])[population.area],
        "ae_visited": visits > 0,
    }
    for fact in FACTS:
        odds = log_odds(np.array(fact.base))[band]
        for cause, effect in fact.effects.items():
            odds = odds + effect * known[cause]
        true = happens_logit(odds, rng=rng)
        for cause in fact.certain:
            true |= known[cause].astype(np.bool_)
        true &= (age >= fact.ages[0]) & (age <= fact.ages[1])
        known[fact.name] = true & known[fact.among].astype(np.bool_) if fact.among else true
    facts = {fact.name: known[fact.name].astype(np.bool_) for fact in FACTS}
    again = rng.poisson(0.5 * np.exp(0.4 * population.vulnerability))
    arrested = facts["arrested_violence"]
    return Lives(
        facts=facts,
        counts={
            "custody_episodes": np.where(arrested, 1 + again, 0) + facts["other_custody"],
            "ae_visits": visits + facts["ae_assault"],
        },
    )


def age_band_index(age: Ints) -> Ints:
    """For each age in whole years, the index of its band in ``AGE_BANDS``."""
    return np.searchsorted(_BAND_STARTS, age, side="right").astype(np.int64)
