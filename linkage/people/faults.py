"""What an agency writes down about its people, faults included."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from . import date_slips, slips
from .aliases import take_aliases
from .arrays import Days, Flags, Floats, Ints, Texts
from .cultures import ORIGINS
from .draws import happens, present
from .fault_rates import FAULTIER_AGAIN, ORIGIN_FACTORS, SPELLING_FAULTS
from .population import Population
from .short_forms import SHORT_FORMS
from .slips import Slip
from .spellings import ACCENTED, SPELLINGS
from .subjects import Subjects

# In this order: a short form may then be mistyped. The last entry says which names the slip is possible for.
_NAME_SLIPS: Final[tuple[tuple[str, str, Slip, Mapping[str, object] | None], ...]] = (
    ("forename_short_form", "forename", slips.short_form, SHORT_FORMS),
    ("forename_respelt", "forename", slips.respelt, SPELLINGS),
    ("surname_respelt", "surname", slips.respelt, SPELLINGS),
    ("forename_phonetic", "forename", slips.phonetic, None),
    ("surname_phonetic", "surname", slips.phonetic, None),
    ("forename_keyboard", "forename", slips.keyboard, None),
    ("surname_keyboard", "surname", slips.keyboard, None),
    ("forename_scanned", "forename", slips.scanned, None),
    ("surname_scanned", "surname", slips.scanned, None),
    ("forename_initial", "forename", slips.initial, None),
    ("middle_name_initial", "middle_name", slips.initial, None),
    ("address_keyboard", "address", slips.keyboard, None),
    ("postcode_wrong", "postcode", slips.wrong_postcode, None),
    ("nhs_number_wrong_digit", "nhs_number", slips.wrong_digit, None),
)
_MISSING: Final = (
    "forename", "middle_name", "surname", "previous_surname", "sex", "postcode", "address", "town", "nhs_number", "email",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entries:
    """What is written, one entry for each subject: upper-case text, dates as days."""

    written: Mapping[str, Texts]  # standard identifier -> text, or None where nothing is written
    born: Days
    home: Ints  # the home whose address is written


@dataclass(frozen=True, slots=True)
class _Chances:
    """Draws which entries a fault befalls."""

    rates: Mapping[str, float]
    factor: Floats  # on every fault, one for each entry
    spelling: Floats
    exchange: Floats
    rng: np.random.Generator

    def befalls(self, fault: str, *, possible: Flags | None = None) -> Ints:
        """Indices of the entries that the fault befalls."""
        chance = self.rates[fault] * self.factor
        if fault in SPELLING_FAULTS:
            chance = chance * self.spelling
        if fault == "names_exchanged":
            chance = chance * self.exchange
        hit = happens(np.minimum(chance, 0.95), size=len(chance), rng=self.rng)
        return np.flatnonzero(hit if possible is None else hit & possible)


def write_down(
    population: Population, *, subjects: Subjects, rates: Mapping[str, float], rng: np.random.Generator
) -> Entries:
    """An entry for each subject, with faults at the given rates (see ``fault_rates``)."""
    person = subjects.person
    origin = population.names.origin[person]
    factors = np.array([ORIGIN_FACTORS[name] for name in ORIGINS])[origin]
    factor = np.where(subjects.again, FAULTIER_AGAIN, 1.0)
    chances = _Chances(rates=rates, factor=factor, spelling=factors[:, 0], exchange=factors[:, 1], rng=rng)
    home = population.home[person].copy()
    moved = chances.befalls("old_address")
    home[moved] = population.earlier_home[person[moved]]
    written = _true_values(population, person=person, home=home)
    born = population.households.born[person].copy()
    _write_surnames(written, chances=chances)
    take_aliases(written, born=born, population=population, subjects=subjects, rng=rng)
    for fault, column, slip, possible in _NAME_SLIPS:
        _slip(written[column], fault=fault, slip=slip, possible=possible, chances=chances)
    rows = chances.befalls("names_exchanged")
    written["forename"][rows], written["surname"][rows] = written["surname"][rows], written["forename"][rows]
    _write_sexes(written["sex"], chances=chances)
    _write_accents(written, chances=chances)
    for column in _MISSING:
        written[column][chances.befalls(f"{column}_missing")] = None
    return Entries(written=written, born=_misdated(born, chances=chances), home=home)


def _true_values(population: Population, *, person: Ints, home: Ints) -> dict[str, Texts]:
    names, homes = population.names, population.homes
    sex = np.where(population.households.female[person], "F", "M").astype(np.object_)
    return {
        "forename": names.forename[person],
        "middle_name": names.middle_name[person],
        "surname": names.surname[person],
        "previous_surname": names.previous_surname[person],
        "sex": sex,
        "postcode": homes.postcode[home],
        "address": homes.address[home],
        "town": homes.town[home],
        "nhs_number": population.nhs_number[person],
        "email": population.email[person],
    }


def _write_surnames(written: dict[str, Texts], *, chances: _Chances) -> None:
    surname, previous = written["surname"], written["previous_surname"]
    rows = chances.befalls("surname_previous", possible=present(previous))
    surname[rows], previous[rows] = previous[rows], None
    double = np.char.find(surname.astype(str), "-") >= 0
    _slip_rows(surname, rows=chances.befalls("surname_half", possible=double), slip=slips.half, rng=chances.rng)


def _slip(
    column: Texts, *, fault: str, slip: Slip, possible: Mapping[str, object] | None, chances: _Chances
) -> None:
    rows = chances.befalls(fault)
    if possible is not None:
        rows = rows[[column[row] in possible for row in rows]]
    _slip_rows(column, rows=rows, slip=slip, rng=chances.rng)


def _slip_rows(column: Texts, *, rows: Ints, slip: Slip, rng: np.random.Generator) -> None:
    numbers = rng.random((len(rows), 2)).tolist()
    for row, (place, kind) in zip(rows.tolist(), numbers, strict=True):
        if column[row]:
            column[row] = slip(column[row], place=place, kind=kind)


def _write_sexes(sex: Texts, *, chances: _Chances) -> None:
    rows = chances.befalls("sex_wrong")
    sex[rows] = np.where(sex[rows] == "F", "M", "F")


def _write_accents(written: dict[str, Texts], *, chances: _Chances) -> None:
    for row in chances.befalls("accents_kept"):
        for column in ("forename", "surname"):
            name = written[column][row]
            written[column][row] = ACCENTED.get(name, name)


def _misdated(born: Days, *, chances: _Chances) -> Days:
    rows = chances.befalls("birth_day_month_swapped", possible=date_slips.can_swap(born))
    born[rows] = date_slips.swapped(born[rows])
    rows = chances.befalls("birth_wrong_digit")
    choices = chances.rng.random(len(rows)).tolist()
    for row, choice in zip(rows.tolist(), choices, strict=True):
        born[row] = date_slips.wrong_digit(born[row].item(), choice=choice)
    rows = chances.befalls("birth_year_off")
    born[rows] = date_slips.year_off(born[rows], number=chances.rng.choice((-1, 1), size=len(rows)))
    rows = chances.befalls("birth_first_of_january")
    born[rows] = date_slips.first_of_january(born[rows])
    born[chances.befalls("birth_missing")] = np.datetime64("NaT", "D")
    return born
