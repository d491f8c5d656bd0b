"""The names people carry: a culture for every household, skewed frequencies, and the customs of marriage and descent."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from .arrays import Flags, Ints, Texts
from .cultures import CULTURES, ORIGIN_SHARES, ORIGINS
from .cultures_type import NameCulture
from .draws import draw, draw_rows, happens, rank_weights, texts
from .forenames import FEMALE_FORENAMES, MALE_FORENAMES
from .households import CHILD, PARTNER, Households
from .places import ORIGIN_TILT
from .rare_surnames import rare_surnames

_MIXED_COUPLES = 0.09
_OTHER_DECADE = 0.12  # British forenames taken from a neighbouring decade
_FATHERS_FORENAME = 0.035  # sons named after the father they live with
_CHILD_OF_ANOTHER_NAME = 0.06  # children who carry another surname than the first adult
_CHANGED_SURNAME = 0.015  # anyone with another earlier surname, whatever the reason
_MAN_KEEPS_SURNAME = 0.80
_DOUBLE_PARTNER = 0.05  # married partners with both surnames
_DOUBLE_CHILD = 0.04  # households whose children have the surnames of both parents
_FEMININE_FORM = 0.85  # women whose surname takes the feminine ending of its language

_OF_ORIGIN: Final = tuple(tuple(i for i, c in enumerate(CULTURES) if c.origin == origin) for origin in ORIGINS)


@dataclass(frozen=True, slots=True)
class Names:
    """Upper-case names in parallel arrays, one entry for each person."""

    origin: Ints  # index into cultures.ORIGINS
    forename: Texts
    middle_name: Texts  # None where there is none
    surname: Texts
    previous_surname: Texts  # None where it never changed
    rare: Flags  # the surname is made from syllables and in no list


def make_names(households: Households, *, area: Ints, rng: np.random.Generator) -> Names:
    """Names for everybody; ``area`` is the area of each household."""
    h = households
    culture = _cultures(h, area=area, rng=rng)
    middle, forename = _middle_names(h, culture=culture, rng=rng), _forenames(h, culture=culture, rng=rng)
    son = np.flatnonzero((h.role == CHILD) & ~h.female & happens(_FATHERS_FORENAME, size=len(h.role), rng=rng))
    father = np.where(h.female[h.first[son]], h.first[son] + 1, h.first[son])
    father = np.where(h.female[father] | (h.role[father] > PARTNER), son, father)
    forename[son] = forename[father]
    sibling = (h.role[1:] == CHILD) & (h.role[:-1] == CHILD) & (h.first[1:] == h.first[:-1])
    alike = np.flatnonzero(sibling & (forename[1:] == forename[:-1])) + 1
    forename[alike] = _forenames(h, culture=culture, rng=rng)[alike]  # parents do not name two children alike
    at_birth, rare = _surnames(culture, rng=rng)
    surname, previous, bearer = _family_surnames(h, culture=culture, at_birth=at_birth, rng=rng)
    origins = np.array([ORIGINS.index(c.origin) for c in CULTURES])
    return Names(
        origin=origins[culture],
        forename=forename,
        middle_name=middle,
        surname=surname,
        previous_surname=previous,
        rare=rare[bearer],
    )


def _cultures(h: Households, *, area: Ints, rng: np.random.Generator) -> Ints:
    """A culture for each person: the household's, but another for some partners."""
    table = np.array(ORIGIN_TILT) * np.array(ORIGIN_SHARES)
    of_household = _within_origin(draw_rows(table, rows=area, rng=rng), rng=rng)
    elsewhere = _within_origin(draw_rows(table, rows=area, rng=rng), rng=rng)
    mixed = (h.role == PARTNER) & happens(_MIXED_COUPLES, size=len(h.role), rng=rng)
    return np.where(mixed, elsewhere[h.household], of_household[h.household])


def _within_origin(origin: Ints, *, rng: np.random.Generator) -> Ints:
    culture = np.zeros(len(origin), dtype=np.int64)
    for code, members in enumerate(_OF_ORIGIN):
        rows = np.flatnonzero(origin == code)
        shares = np.array([CULTURES[m].share for m in members])
        culture[rows] = np.array(members)[draw(shares, size=len(rows), rng=rng)]
    return culture


def _forenames(h: Households, *, culture: Ints, rng: np.random.Generator) -> Texts:
    forename = np.empty(len(culture), dtype=np.object_)
    british = happens(np.array([c.british_forenames for c in CULTURES])[culture], size=len(culture), rng=rng)
    decade = (h.born.astype("M8[Y]").astype(np.int64) + 1970) // 10 * 10
    shifted = np.where(happens(0.5, size=len(culture), rng=rng), decade - 10, decade + 10)
    decade = np.where(happens(_OTHER_DECADE, size=len(culture), rng=rng), shifted, decade)
    decade = decade.clip(min(MALE_FORENAMES), max(MALE_FORENAMES))
    for female, table in ((False, MALE_FORENAMES), (True, FEMALE_FORENAMES)):
        for when, ranked in table.items():
            rows = np.flatnonzero(british & (h.female == female) & (decade == when))
            exponent = 0.85 if when < 1990 else 0.6  # the names of the young are spread more evenly
            forename[rows] = _ranked(ranked, size=len(rows), exponent=exponent, rng=rng)
        for code, known in enumerate(CULTURES):
            rows = np.flatnonzero(~british & (h.female == female) & (culture == code))
            own = known.female if female else known.male
            forename[rows] = _ranked(own, size=len(rows), exponent=0.85, rng=rng)
    return forename


def _middle_names(h: Households, *, culture: Ints, rng: np.random.Generator) -> Texts:
    middle = _forenames(h, culture=culture, rng=rng)
    for code, known in enumerate(CULTURES):
        for female, customary in ((False, known.male_middle), (True, known.female_middle)):
            if customary:
                middle[(culture == code) & (h.female == female)] = customary
    has_one = happens(np.array([c.middle_names for c in CULTURES])[culture], size=len(culture), rng=rng)
    middle[~has_one] = None
    return middle


def _ranked(ranked: tuple[str, ...], *, size: int, exponent: float, rng: np.random.Generator) -> Texts:
    if not size:
        return texts(())
    chosen = texts(ranked)[draw(rank_weights(len(ranked), offset=4, exponent=exponent), size=size, rng=rng)]
    return np.asarray(chosen, dtype=np.object_)


def _surnames(culture: Ints, *, rng: np.random.Generator) -> tuple[Texts, Flags]:
    """A surname at birth for each person as if alone, and whether it is a rare one."""
    surname = np.empty(len(culture), dtype=np.object_)
    rare = happens(np.array([c.rare_surnames for c in CULTURES])[culture], size=len(culture), rng=rng)
    for code, known in enumerate(CULTURES):
        common, tail = (np.flatnonzero((culture == code) & (rare == r)) for r in (False, True))
        surname[common] = _ranked(known.surnames, size=len(common), exponent=0.85, rng=rng)
        surname[tail] = rare_surnames(known.rare_style, size=len(tail), rng=rng)
    return surname, rare


def _family_surnames(
    h: Households, *, culture: Ints, at_birth: Texts, rng: np.random.Generator
) -> tuple[Texts, Texts, Ints]:
    """The surname now, an earlier one or None, and the person whose surname at birth the first of these is."""
    people = len(culture)
    partner, child = h.role == PARTNER, h.role == CHILD
    keeps = ~h.female & happens(_MAN_KEEPS_SURNAME, size=people, rng=rng)
    keeps |= happens(np.array([c.keeps_own_surname for c in CULTURES])[culture], size=people, rng=rng)
    follows = (h.first == np.arange(people)) | child & ~happens(_CHILD_OF_ANOTHER_NAME, size=people, rng=rng)
    follows |= partner & ~keeps
    second_parent = np.minimum(h.first + 1, people - 1)  # or, where there is none, the absent one's stand-in
    bearer = np.where(follows, h.first, np.where(child, second_parent, np.arange(people)))
    surname = at_birth[bearer]
    other = at_birth[rng.integers(0, people, people)]
    married = partner & follows
    changed = married | happens(_CHANGED_SURNAME, size=people, rng=rng)
    previous = np.where(married, at_birth, other)
    double = married & happens(_DOUBLE_PARTNER, size=people, rng=rng)
    double |= child & follows & happens(_DOUBLE_CHILD, size=h.count, rng=rng)[h.household]
    half = np.where(married, at_birth, at_birth[second_parent])
    double &= (np.char.find(surname.astype(str), "-") < 0) & (half != surname)
    surname[double] = surname[double] + "-" + half[double]
    for row in np.flatnonzero(h.twin):
        surname[row] = surname[row - 1]
    surname = _feminine(surname, h=h, culture=culture, column=1, rng=rng)
    previous = _feminine(previous, h=h, culture=culture, column=2, rng=rng)
    previous[~changed | (previous == surname)] = None
    return surname, previous, bearer


def _feminine(surname: Texts, *, h: Households, culture: Ints, column: int, rng: np.random.Generator) -> Texts:
    """The surnames with a woman's ending where her language has one; children take the daughter's form."""
    out = surname.copy()
    inflects = np.array([bool(c.feminine) for c in CULTURES])[culture]
    takes = inflects & h.female & happens(_FEMININE_FORM, size=len(surname), rng=rng)
    for row in np.flatnonzero(takes):
        form = 2 if h.role[row] == CHILD else column
        out[row] = _with_ending(surname[row], culture=CULTURES[culture[row]], form=form)
    return out


def _with_ending(surname: str, *, culture: NameCulture, form: int) -> str:
    for endings in culture.feminine:
        if surname.endswith(endings[0]):
            return surname[: -len(endings[0])] + endings[form]
    return surname
