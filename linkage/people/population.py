"""Everybody in the made-up world, as they truly are: before any agency writes anything down."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from .arrays import Floats, Ints, Texts
from .draws import happens, texts
from .errors import WorldSizeError
from .homes import Homes, earlier_homes, make_homes
from .households import PARTNER, Households, make_households
from .naming import Names, make_names
from .places import AREAS

MOST_PEOPLE: Final = 900_000  # the 999 range holds some 909,000 valid NHS numbers
_STOCK_OF_HOMES: Final = 1.25  # homes for each household: some stood empty, or were moved out of
_MOVED_ALONE: Final = 0.20  # people whose earlier address is not their household's
_HAS_EMAIL: Final = 0.80
_SECOND_PARENTS_EMAIL: Final = 0.25  # children of couples for whom the partner's address is given
_MAIL_DOMAINS: Final = ("example.com", "example.org", "example.net")  # reserved for examples, RFC 2606


@dataclass(frozen=True, slots=True)
class Population:
    """Parallel arrays with one entry for each person; a person's number is the index."""

    households: Households
    names: Names
    homes: Homes
    home: Ints  # index into homes
    earlier_home: Ints
    area: Ints  # of the home now; index into places.AREAS
    nhs_number: Texts  # ten digits
    email: Texts  # own, or for children a parent's; None where there is none
    vulnerability: Floats  # latent; mean about 0, standard deviation about 1

    @property
    def people(self) -> int:
        """How many people there are."""
        return len(self.home)


def make_population(people: int, *, rng: np.random.Generator) -> Population:
    """``people`` people with homes, names and identifiers.

    Raises:
        WorldSizeError: fewer than one person, or more than the test range of NHS numbers can number.
    """
    if not 1 <= people <= MOST_PEOPLE:
        raise WorldSizeError(f"people is {people:,}: ask for 1 to {MOST_PEOPLE:,}.")
    households = make_households(people, rng=rng)
    homes = make_homes(int(households.count * _STOCK_OF_HOMES) + 1, rng=rng)
    names = make_names(households, area=homes.area[: households.count], rng=rng)
    home = households.household
    together = earlier_homes(np.arange(households.count), homes=homes, rng=rng)[home]
    alone = earlier_homes(home, homes=homes, rng=rng)
    area = homes.area[home]
    return Population(
        households=households,
        names=names,
        homes=homes,
        home=home,
        earlier_home=np.where(happens(_MOVED_ALONE, size=people, rng=rng), alone, together),
        area=area,
        nhs_number=nhs_numbers(people, rng=rng),
        email=_emails(households, names=names, rng=rng),
        vulnerability=_vulnerability(households, area=area, rng=rng),
    )


def nhs_numbers(count: int, *, rng: np.random.Generator) -> Texts:
    """``count`` different NHS numbers from the range that begins 999, which is kept for testing and never issued.

    The check digit is modulus 11 (NHS Data Dictionary, "NHS NUMBER"): weights 10 to 2, and 11 less the remainder, with
    0 for 11; numbers whose check digit would be 10 do not exist.
    """
    # One in eleven does not exist; the margin is nine standard deviations or more.
    drawn = min(1_000_000, int(count * 1.13) + 100)
    nine = 999_000_000 + rng.choice(1_000_000, size=drawn, replace=False)
    digits = nine[:, None] // 10 ** np.arange(8, -1, -1) % 10
    check = (11 - digits @ np.arange(10, 1, -1) % 11) % 11
    valid = (nine * 10 + check)[check < 10]
    return valid[:count].astype(str).astype(np.object_)


def _vulnerability(households: Households, *, area: Ints, rng: np.random.Generator) -> Floats:
    """Part shared by the household, part one's own, part the area's."""
    shared = rng.normal(0, 0.65, households.count)[households.household]
    hardship = np.array([a.hardship for a in AREAS])[area]
    return np.asarray(shared + rng.normal(0, 0.75, len(area)) + hardship, dtype=np.float64)


def _emails(households: Households, *, names: Names, rng: np.random.Generator) -> Texts:
    """An address made of the person's own name; people under 16 have that of a parent, so brothers and sisters share it."""
    people = len(households.age)
    number = rng.integers(1, 1000, people)
    domain = texts(_MAIL_DOMAINS)[rng.integers(0, len(_MAIL_DOMAINS), people)]
    email = texts([None] * people)
    for row in np.flatnonzero((households.age >= 16) & happens(_HAS_EMAIL, size=people, rng=rng)):
        local = f"{names.forename[row]}.{names.surname[row]}{number[row]}".lower().replace("'", "")
        email[row] = f"{local}@{domain[row]}"
    following = np.minimum(households.first + 1, people - 1)
    second = (households.role[following] == PARTNER) & happens(_SECOND_PARENTS_EMAIL, size=people, rng=rng)
    parent = np.where(second, following, households.first)
    return np.asarray(email[np.where(households.age < 16, parent, np.arange(people))], dtype=np.object_)
