"""Who lives with whom: couples, parents and children, grandparents, sharers, their ages, sexes and twins.

The population is a study population of households, younger than the country, so that tables about children and young
people hold enough of them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from .arrays import Days, Flags, Floats, Ints
from .draws import draw, happens

STUDY_DATE: Final = np.datetime64("2026-08-31")  # the day on which every age is taken
ADULT, PARTNER, GRANDPARENT, SHARER, CHILD = range(5)  # the role of a person in the household
OLDEST: Final = 100

# Household types: share, adults (ADULT, then PARTNER), grandparents, weights of 0, 1, 2 ... children, and of 0, 1, 2 ...
# sharers beside the first adult.
_TYPES: Final = (
    # share  adults  grandparents  children                          sharers
    (0.15, 1, 0, (1.0,), (1.0,)),
    (0.16, 2, 0, (1.0,), (1.0,)),
    (0.41, 2, 0, (0.0, 0.34, 0.42, 0.16, 0.06, 0.02), (1.0,)),
    (0.15, 1, 0, (0.0, 0.50, 0.34, 0.12, 0.04), (1.0,)),
    (0.04, 2, 1, (0.0, 0.25, 0.45, 0.20, 0.10), (1.0,)),
    (0.09, 1, 0, (1.0,), (0.0, 0.45, 0.30, 0.15, 0.10)),
)  # fmt: skip

_TWINS = 0.03  # of children with an older brother or sister, born on the same day as that one
_TWINS_OF_ONE_SEX = 0.65
_SAME_SEX_COUPLES = 0.03
_LONE_PARENT_IS_MOTHER = 0.86
_WOMAN_COUNTS_FIRST = 0.12  # couples whose first adult, the one who passes on the surname, is a woman


@dataclass(frozen=True, slots=True)
class Households:
    """One entry for each person, the people of a household in one run: adult, partner, grandparent, sharers, children."""

    household: Ints
    first: Ints  # index of the first adult of the person's household
    role: Ints  # ADULT ... CHILD
    born: Days
    age: Ints  # whole years on the study date
    female: Flags
    twin: Flags  # born on the same day as the person before

    @property
    def count(self) -> int:
        """How many households there are."""
        return int(self.household[-1]) + 1


def make_households(people: int, *, rng: np.random.Generator) -> Households:
    """Exactly ``people`` people in households; the last household may be cut short."""
    kind = draw(np.array([t[0] for t in _TYPES]), size=people, rng=rng)
    parts = _parts(kind, rng=rng)
    households = int(np.searchsorted(np.cumsum(parts.sum(axis=1)), people)) + 1
    kind, parts = kind[:households], parts[:households]
    size = parts.sum(axis=1)
    household = np.repeat(np.arange(households), size)[:people]
    start = np.cumsum(size) - size
    place = np.arange(people) - start[household]
    role = (place[:, None] >= np.cumsum(parts, axis=1)[household]).sum(axis=1)
    first = start[household]
    ages, twin = _ages(role, first=first, household=household, rng=rng)
    born = STUDY_DATE - ages.astype("timedelta64[D]")
    return Households(
        household=household,
        first=first,
        role=role,
        born=born,
        age=whole_years(born),
        female=_sexes(role, first=first, household=household, twin=twin, rng=rng),
        twin=twin,
    )


def whole_years(born: Days) -> Ints:
    """Completed years of age on the study date."""
    months = (STUDY_DATE.astype("M8[M]") - born.astype("M8[M]")).astype(np.int64)
    day = (born - born.astype("M8[M]")).astype(np.int64)
    before_birthday = day > (STUDY_DATE - STUDY_DATE.astype("M8[M]").astype("M8[D]")).astype(np.int64)
    return np.asarray((months - before_birthday) // 12, dtype=np.int64)


def _parts(kind: Ints, *, rng: np.random.Generator) -> Ints:
    """People of each role in each household, the columns in the order of the roles."""
    parts = np.zeros((len(kind), 5), dtype=np.int64)
    parts[:, ADULT] = 1
    for number, (_, adults, grandparents, children, sharers) in enumerate(_TYPES):
        rows = np.flatnonzero(kind == number)
        parts[rows, PARTNER] = adults - 1
        parts[rows, GRANDPARENT] = grandparents
        parts[rows, SHARER] = draw(np.array(sharers), size=len(rows), rng=rng)
        parts[rows, CHILD] = draw(np.array(children), size=len(rows), rng=rng)
    return parts


def _ages(role: Ints, *, first: Ints, household: Ints, rng: np.random.Generator) -> tuple[Ints, Flags]:
    """Ages in days, and who is a twin of the person before.

    The youngest child's age is drawn first, then the gaps up to the eldest, then the parents' age at the eldest's
    birth; so nobody is a parent before 16.
    """
    people, households = len(role), int(household[-1]) + 1
    child = role == CHILD
    followed = np.append(
        child[1:] & child[:-1] & (household[1:] == household[:-1]), False
    )  # by a younger child
    gap = np.where(followed, _days(rng.normal(2.9, 1.2, people).clip(0.9)), 0)
    twin = np.zeros(people, dtype=np.bool_)
    twin[1:] = followed[:-1] & happens(_TWINS, size=people - 1, rng=rng)
    gap[:-1][twin[1:]] = 0
    rest = np.cumsum(gap[::-1])[::-1]  # the gaps from this person to the end of the file
    last = np.searchsorted(household, np.arange(households), side="right") - 1
    youngest = _days(rng.beta(1.1, 1.25, households) * 20)
    age = youngest[household] + rest - rest[last[household]]
    eldest = np.full(households, -1)
    np.maximum.at(eldest, household[child], age[child])
    alone = _days(18 + rng.beta(1.05, 1.7, households) * 72)
    parent = eldest + _days(rng.normal(28.5, 5.5, households).clip(16, 45))
    age = np.where(child, age, np.where(eldest >= 0, parent, alone)[household])
    partner, grandparent, sharer = (np.flatnonzero(role == r) for r in (PARTNER, GRANDPARENT, SHARER))
    age[partner] += _days(rng.normal(0, 3.5, len(partner)))
    age[partner] = np.maximum(age[partner], _days(16.0) + eldest[household[partner]].clip(_days(1.0)))
    age[grandparent] += _days(rng.normal(27, 4, len(grandparent)).clip(17))
    age[sharer] = _days(18 + rng.gamma(2.0, 5.0, len(sharer)))
    age[first[sharer]] = _days(18 + rng.gamma(2.0, 5.0, people))[first[sharer]]
    return age.clip(0, _days(float(OLDEST)) - 1), twin


def _days(years: Floats | float) -> Ints:
    return np.asarray(np.rint(np.asarray(years) * 365.2425), dtype=np.int64)


def _sexes(role: Ints, *, first: Ints, household: Ints, twin: Flags, rng: np.random.Generator) -> Flags:
    people = len(role)
    female = happens(0.5, size=people, rng=rng)
    parent = np.isin(household, household[role == CHILD])
    paired = np.isin(household, household[role == PARTNER])
    lone = np.flatnonzero((role == ADULT) & parent & ~paired)
    female[lone] = happens(_LONE_PARENT_IS_MOTHER, size=len(lone), rng=rng)
    partner = np.flatnonzero(role == PARTNER)
    female[first[partner]] = happens(_WOMAN_COUNTS_FIRST, size=len(partner), rng=rng)
    same = happens(_SAME_SEX_COUPLES, size=len(partner), rng=rng)
    female[partner] = female[first[partner]] ^ ~same
    pair = np.flatnonzero(twin & happens(_TWINS_OF_ONE_SEX, size=people, rng=rng))
    female[pair] = female[pair - 1]
    return female
